#include "base/category.h"

#include <stdbool.h>
#include <string.h>

static const struct {
	const char *word, *family, *sentence;
} rows[CATEGORY_COUNT] = {
#define CATEGORY(symbol, word, family, sentence) {word, family, sentence},
#include "base/category.def"
#undef CATEGORY
};

const char *category_word(enum category category)
{
	return rows[category].word;
}

const char *category_family(enum category category)
{
	return rows[category].family;
}

const char *category_sentence(enum category category)
{
	return rows[category].sentence;
}

int category_find(const char *word)
{
	for (int i = 0; i < CATEGORY_COUNT; i++)
		if (strcmp(rows[i].word, word) == 0)
			return i;
	return -1;
}

const char *confidence_word(enum confidence confidence)
{
	static const char *const words[] = {"low", "medium", "high"};

	return words[confidence];
}

int category_severity(enum category category, enum confidence confidence)
{
	bool grave = category == CATEGORY_CARD_EXFIL || category == CATEGORY_TAKEDOWN_CONTACT ||
		     category == CATEGORY_HOSTED_C2 || category == CATEGORY_INFOSTEALER_C2;

	if (confidence == CONFIDENCE_HIGH)
		return grave ? 1 : 2;
	return confidence == CONFIDENCE_MEDIUM && grave ? 2 : 3;
}
