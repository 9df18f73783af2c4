/* rich.h - text that knows where its card numbers lie, through every coding.
 *
 * A template is text with {placeholders} and the escapes \n \r \t \\ \xNN; "{{"
 * is a brace.  A brace that no lower-case word follows stands for itself, so
 * JSON needs no escapes.  The placeholders are listed in README.md. */
#ifndef FORGE_RICH_H
#define FORGE_RICH_H

#include "buf.h"
#include "person.h"

enum coding {
	CODING_NONE = 0,
	CODING_URL = 1,    /* application/x-www-form-urlencoded */
	CODING_JSON = 2,   /* inside a JSON string */
	CODING_BASE64 = 3, /* a mark then covers whole groups of four */
};

struct mark {
	size_t from, to; /* in text */
	struct person person;
	bool test;
};

struct rich {
	struct buf text;
	struct mark *marks;
	size_t mark_cnt, mark_cap;
	bool exp, cvv, name, mail; /* what stands in it besides */
};

struct named_person {
	char name[24];
	struct person person;
	bool test;
};

/* Who plays: the persons with a name, and one by chance for each exchange. */
struct cast {
	struct rng *rng;
	struct named_person *persons; /* the last of a name counts */
	size_t cnt, cap;
	struct named_person fresh; /* drawn at the first use; "" again: draw anew */
	unsigned round;            /* {i}: rounds of the innermost repeat, from 1 */
	int64_t now_ns;            /* {time} */
	char problem[128];         /* set when rich_expand() is false */
};

bool rich_expand(struct rich *out, struct cast *cast, const char *template);
/* Appends in, coded, with its marks. */
void rich_add(struct rich *out, const struct rich *in, enum coding coding);
void rich_text(struct rich *out, const char *text);
void rich_fini(struct rich *rich);

#endif
