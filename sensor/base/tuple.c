#include "base/tuple.h"

_Static_assert(sizeof(struct tuple) == 40, "hashed and compared as bytes: no padding");

bool tuple_normalise(struct tuple *t)
{
	int order = addr_compare(&t->src, &t->dst);

	if (order < 0 || (order == 0 && t->sport <= t->dport))
		return false;
	struct tuple was = *t;
	t->src = was.dst;
	t->dst = was.src;
	t->sport = was.dport;
	t->dport = was.sport;
	return true;
}

struct tuple tuple_pair(const struct tuple *t)
{
	struct tuple pair = *t;

	if (tuple_asks_names(t))
		pair.sport = pair.dport = 0;
	(void)tuple_normalise(&pair);
	return pair;
}
