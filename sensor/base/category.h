/* category.h - categories and confidence of findings (category.def), shared by
 * both programs and the hand tool. */
#ifndef SEKISHO_BASE_CATEGORY_H
#define SEKISHO_BASE_CATEGORY_H

enum category {
#define CATEGORY(symbol, word, family, sentence) CATEGORY_##symbol,
#include "base/category.def"
#undef CATEGORY
	CATEGORY_COUNT
};

enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

const char *category_word(enum category category);
const char *category_family(enum category category);
const char *category_sentence(enum category category);
/* -1 if there is none of that name. */
int category_find(const char *word);
const char *confidence_word(enum confidence confidence);
/* 1 highest .. 3, as in EVE. */
int category_severity(enum category category, enum confidence confidence);

#endif
