#include "base/why.h"

#include <stdbool.h>

static const struct why_row rows[WHY_COUNT] = {
#define WHY(symbol, word, home, weight, sentence) {word, sentence, WHY_HOME_##home, weight},
#include "base/why.def"
#undef WHY
};

const struct why_row *why_row(enum why why)
{
	return &rows[why];
}

int why_sum(uint64_t set)
{
	int sum = 0;

	for (int i = 0; i < WHY_COUNT; i++)
		if (set & WHY_BIT(i))
			sum += rows[i].weight;
	return sum;
}

enum confidence why_confidence(uint64_t set, uint32_t distinct)
{
	const uint64_t beside = WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_EXPIRY) |
				WHY_BIT(WHY_CARD_CODE) | WHY_BIT(WHY_CARD_HOLDER);
	const uint64_t context = WHY_BIT(WHY_CARD_GROUPED) | WHY_BIT(WHY_CARD_SECOND) |
				 WHY_BIT(WHY_CARD_DECODED) | WHY_BIT(WHY_CARD_TRACK) |
				 WHY_BIT(WHY_CARD_EMV) | WHY_BIT(WHY_CARD_SPLIT) |
				 WHY_BIT(WHY_CARD_PLACE) | WHY_BIT(WHY_TYPE_LIES);
	const uint64_t against = WHY_BIT(WHY_CARD_NEIGHBOURS) | WHY_BIT(WHY_CARD_DECOY_KEY) |
				 WHY_BIT(WHY_CARD_REPEATED);
	bool several = distinct >= 2 && (set & against) == 0;
	int sum = why_sum(set);

	if (sum >= WHY_ALERT)
		return CONFIDENCE_HIGH;
	if (sum >= WHY_EVIDENCE && (several || (set & (beside & ~WHY_BIT(WHY_CARD_HOLDER))) != 0))
		return CONFIDENCE_HIGH;
	if (sum >= WHY_EVIDENCE && (set & (beside | context)) != 0)
		return CONFIDENCE_MEDIUM;
	return CONFIDENCE_LOW;
}
