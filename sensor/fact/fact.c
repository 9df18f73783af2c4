#include "fact/sums.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct fact_finding) + (size_t)TEXT_COUNT * MASKED_MAX <= FACT_MAX + 64,
	"every slot of a finding has room for nearly all it may hold");
static_assert(sizeof(struct fact_more_cards) <= FACT_MAX, "a chunk of cards is one fact");
static_assert(sizeof(struct account_key) == 32, "hashed as bytes: no padding");

const char *fact_kind_word(enum fact_kind kind)
{
	static const char *const words[] = {"finding", "more-cards", "name", "repeat", "called",
		"contact", "coverage", "limits", "frames", "listed", "swap", "note"};

	return words[kind];
}

void fact_text_put(struct fact_finding *finding, enum fact_text slot, const struct masked *text)
{
	uint32_t used = finding->fact.size - (uint32_t)sizeof(*finding);
	uint32_t room = FACT_MAX - finding->fact.size;
	uint16_t len = text->len <= room ? text->len : (uint16_t)room;

	assert(finding->slot[slot].len == 0);
	memcpy(finding->text + used, text->text, len);
	finding->slot[slot].off = (uint16_t)used;
	finding->slot[slot].len = len;
	finding->fact.size += len;
}

void fact_text_get(const struct fact_finding *finding, enum fact_text slot, struct masked *out)
{
	out->len = finding->slot[slot].len;
	out->cut = 0;
	out->zero = 0;
	memcpy(out->text, finding->text + finding->slot[slot].off, out->len);
}
