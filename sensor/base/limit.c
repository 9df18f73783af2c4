#include "base/limit.h"

#include <string.h>

static const struct {
	const char *word, *text;
	bool quota;
} rows[LIMIT_COUNT] = {
#define LIMIT(symbol, word, text) {word, text, false},
#define QUOTA(symbol, word, text) {word, text, true},
#include "base/limit.def"
#undef LIMIT
#undef QUOTA
};

const char *limit_word(enum limit limit)
{
	return rows[limit].word;
}

const char *limit_text(enum limit limit)
{
	return rows[limit].text;
}

bool limit_is_quota(enum limit limit)
{
	return rows[limit].quota;
}

enum limit limit_find(const char *word)
{
	enum limit limit = 0;

	while (limit < LIMIT_COUNT && strcmp(rows[limit].word, word) != 0)
		limit++;
	return limit;
}
