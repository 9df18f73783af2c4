/* why.h - the table of reasons (why.def). */
#ifndef SEKISHO_BASE_WHY_H
#define SEKISHO_BASE_WHY_H

#include <stdint.h>

#include "base/category.h"

enum why_home { WHY_HOME_WORKER, WHY_HOME_JOIN };

enum why {
#define WHY(symbol, word, home, weight, sentence) WHY_##symbol,
#include "base/why.def"
#undef WHY
	WHY_COUNT
};
_Static_assert(WHY_COUNT <= 64, "a set of reasons is one 64-bit word");

#define WHY_BIT(why) (UINT64_C(1) << (why))

struct why_row {
	const char *word, *sentence;
	enum why_home home;
	int weight; /* tenths */
};

const struct why_row *why_row(enum why why);
/* Sum of the weights of a set of WHY_BITs, in tenths. */
int why_sum(uint64_t set);

/* What a set of reasons makes of so many distinct cards, wherever they go. */
enum confidence why_confidence(uint64_t set, uint32_t distinct);

#define WHY_ALERT 90    /* a why_sum() (tenths) from here on is high, */
#define WHY_EVIDENCE 60 /* one below this is low; between: why_confidence() */

#endif
