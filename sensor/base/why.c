#include "base/why.h"

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
