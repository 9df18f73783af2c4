/* explain_event.c - a stored alert in the shape of an explanation.  Its texts passed the sensor's
 * masker; they pass it once more here. */
#include <math.h>
#include <stdio.h>

#include "base/safe_text.h"
#include "mask/mask.h"
#include "sekisho/explain.h"

static void masked_of(const struct value *value, struct masked *out)
{
	struct bytes text = bytes_of(NULL, 0);

	*out = (struct masked){.len = 0};
	if (value_text(value, &text))
		mask_text(out, text);
}

/* Masked, and cut to what a word may have. */
static void word_of(const struct value *value, char *out, size_t size)
{
	struct masked text;

	masked_of(value, &text);
	size_t len = safe_line(out, size, bytes_of(text.text, text.len));
	out[len] = '\0';
}

static int tenths_of(const struct value *value)
{
	double weight = 0;

	if (!value_real(value, &weight) || !(fabs(weight) < 10000))
		return 0;
	return (int)lround(weight * 10);
}

static const char *sentence_of(const char *id)
{
	for (int i = 0; i < WHY_COUNT; i++)
		if (strcmp(why_row((enum why)i)->word, id) == 0)
			return why_row((enum why)i)->sentence;
	return NULL;
}

static void read_reasons(const struct value *rows, struct explain_reasons *out)
{
	for (size_t i = 0; i < value_count(rows) && out->count < WHY_COUNT; i++) {
		const struct value *row = value_item(rows, i);
		struct explain_reason *reason = &out->row[out->count++];
		word_of(value_at(row, "id"), reason->id, sizeof(reason->id));
		reason->weight = tenths_of(value_at(row, "weight"));
		reason->sentence = sentence_of(reason->id);
	}
}

static void read_place(const struct value *ours, struct explain_place *place)
{
	const struct value *layers = value_at(ours, "encoding");

	for (size_t i = 0; i < value_count(layers) && place->layers < CARD_LAYERS; i++)
		word_of(value_item(layers, i), place->layer[place->layers++], EXPLAIN_WORD);
	word_of(value_at(ours, "field"), place->field, sizeof(place->field));
	masked_of(value_at(ours, "key"), &place->key);
	value_u64(value_at(ours, "offset"), &place->offset);
}

static void read_cards(const struct value *cards, struct explain_found *found)
{
	const struct value *list = value_at(cards, "list");
	uint64_t number = 0;

	if (value_u64(value_at(cards, "distinct"), &number))
		found->distinct = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
	found->test = value_true(value_at(cards, "test"));
	found->estimated = value_true(value_at(cards, "estimated"));
	for (size_t i = 0; i < value_count(list) && found->cards < EXPLAIN_CARDS; i++) {
		const struct value *row = value_item(list, i);
		struct explain_card *card = &found->card[found->cards++];
		word_of(value_at(row, "brand"), card->brand, sizeof(card->brand));
		word_of(value_at(row, "bin"), card->bin, sizeof(card->bin));
		word_of(value_at(row, "last4"), card->last4, sizeof(card->last4));
		if (value_u64(value_at(row, "digits"), &number) && number <= UINT8_MAX)
			card->digits = (uint8_t)number;
	}
}

static bool is_of_cards(const struct explain_found *found)
{
	return strncmp(found->category, "card-", 5) == 0;
}

bool explain_event(const struct value *row, struct explained *out, struct err *err)
{
	const struct value *event = value_at(row, "event"), *ours = value_at(event, "sekisho");
	struct explain_found *found = &out->found;
	char type[EXPLAIN_WORD];

	*out = (struct explained){.of_event = true, .has_found = true};
	value_u64(value_at(row, "id"), &out->event);
	word_of(value_at(event, "event_type"), type, sizeof(type));
	if (strcmp(type, "alert") != 0 || !value_is_array(value_at(ours, "reasons")))
		return err_set(err, EXIT_USAGE,
			"event %llu is of type \"%s\": alerts alone have a score to explain; "
			"sekisho tail --after %llu --json shows it",
			(unsigned long long)out->event, type, (unsigned long long)out->event - 1);
	word_of(value_at(ours, "confidence"), found->confidence, sizeof(found->confidence));
	word_of(value_at(ours, "category"), found->category, sizeof(found->category));
	word_of(value_at(ours, "technique"), found->technique, sizeof(found->technique));
	found->score = tenths_of(value_at(ours, "score"));
	found->lowered = is_of_cards(found) && found->score >= WHY_ALERT &&
			 strcmp(found->confidence, "high") != 0;
	read_reasons(value_at(ours, "reasons"), &found->why);
	read_place(ours, &found->place);
	read_cards(value_at(ours, "cards"), found);
	masked_of(value_at(ours, "evidence"), &found->evidence);
	return true;
}
