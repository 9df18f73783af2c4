/* limit.h - the names of what bounds the work: none bites in silence. */
#ifndef SEKISHO_BASE_LIMIT_H
#define SEKISHO_BASE_LIMIT_H

#include <stdbool.h>

enum limit {
#define LIMIT(symbol, word, text) LIMIT_##symbol,
#define QUOTA(symbol, word, text) LIMIT_##symbol,
#include "base/limit.def"
#undef LIMIT
#undef QUOTA
	LIMIT_COUNT
};

const char *limit_word(enum limit limit);
const char *limit_text(enum limit limit); /* goes on behind a number */
bool limit_is_quota(enum limit limit);
/* LIMIT_COUNT: no limit has that word. */
enum limit limit_find(const char *word);

#endif
