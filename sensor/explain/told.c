/* told.c - an explanation as JSON, and its sentences. */
#include <stdlib.h>

#include "event/json.h"
#include "explain/state.h"

static bool outweighs(const struct explain_reason *a, const struct explain_reason *b)
{
	return abs(a->weight) > abs(b->weight);
}

static void put_reason(struct explain_reasons *out, enum why why)
{
	const struct why_row *row = why_row(why);
	struct explain_reason reason = {.weight = row->weight, .sentence = row->sentence};
	uint32_t at = out->count++;

	word_put(reason.id, row->word);
	for (; at > 0 && outweighs(&reason, &out->row[at - 1]); at--)
		out->row[at] = out->row[at - 1];
	out->row[at] = reason;
}

void explain_reasons(uint64_t why, struct explain_reasons *out)
{
	out->count = 0;
	for (int i = 0; i < WHY_COUNT; i++)
		if ((why & WHY_BIT(i)) != 0)
			put_reason(out, (enum why)i);
}

void explain_unknown(struct explain_reasons *out)
{
	explain_reasons(WHY_BIT(WHY_DEST_NEW) | WHY_BIT(WHY_DEST_LISTED) | WHY_BIT(WHY_DEST_PSP) |
				WHY_BIT(WHY_CARD_REPEATED) | WHY_BIT(WHY_TYPE_LIES),
		out);
}

static const struct {
	const char *word, *sentence;
} lacks[] = {
	{"edge", "it is a part of something longer: other characters stand right beside it"},
	{"check-digit", "its check digit (Luhn) is wrong"},
	{"variety", "it has fewer than four different digits, as placeholders have"},
	{"groups", "no card is written in groups of these lengths"},
	{"issuer", "no issuer's range begins so"},
	{"length", "it has too few or too many digits for a card of that beginning"},
};
#define LACKS (sizeof(lacks) / sizeof(lacks[0]))

const char *explain_lack(unsigned bit)
{
	return bit < LACKS ? lacks[bit].sentence : NULL;
}

static const struct {
	const char *word, *sentence;
} stops[] = {
	[EXPLAIN_SCORE] = {"score",
		"it is a card's number, but what speaks for it weighs too little, or nothing "
		"stands beside it"},
	[EXPLAIN_UNNAMED] = {"name", "so short a number counts in a field that is named like a "
				     "card's alone"},
	[EXPLAIN_BY_CHANCE] = {"proof",
		"a key was searched for, which makes numbers by chance, and "
		"nothing beside this one says that it is a card's"},
};

const char *explain_stop(enum explain_stop stop)
{
	return stops[stop].sentence;
}

static void put_layers(struct json *json, const char layer[][EXPLAIN_WORD], uint32_t layers)
{
	json_array(json, "encoding");
	for (uint32_t i = 0; i < layers; i++)
		json_text(json, NULL, layer[i]);
	json_close(json);
}

static void put_place(struct json *json, const struct explain_place *place)
{
	put_layers(json, place->layer, place->layers);
	json_text(json, "field", place->field);
	if (place->key.len > 0)
		json_masked(json, "key", &place->key);
	json_u64(json, "offset", place->offset);
}

/* sign: of the weights that are wanted; 0 weighs nothing and stands with those for it. */
static void put_weighed(
	struct json *json, const char *name, const struct explain_reasons *reasons, bool against)
{
	json_array(json, name);
	for (uint32_t i = 0; i < reasons->count; i++) {
		const struct explain_reason *row = &reasons->row[i];
		if ((row->weight < 0) != against)
			continue;
		json_object(json, NULL);
		json_text(json, "id", row->id);
		json_tenths(json, "weight", row->weight);
		if (row->sentence != NULL)
			json_text(json, "sentence", row->sentence);
		json_close(json);
	}
	json_close(json);
}

static void put_card_list(struct json *json, const struct explain_found *found)
{
	json_object(json, "cards");
	json_u64(json, "distinct", found->distinct);
	json_bool(json, "estimated", found->estimated);
	json_bool(json, "test", found->test);
	json_array(json, "list");
	for (uint32_t i = 0; i < found->cards; i++) {
		json_object(json, NULL);
		json_text(json, "brand", found->card[i].brand);
		json_text(json, "bin", found->card[i].bin);
		json_text(json, "last4", found->card[i].last4);
		json_u64(json, "digits", found->card[i].digits);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void put_found(struct json *json, const struct explained *explained)
{
	const struct explain_found *found = &explained->found;

	if (!explained->has_found)
		return;
	json_object(json, "found");
	json_text(json, "confidence", found->confidence);
	json_tenths(json, "score", found->score);
	if (explained->of_event) {
		json_text(json, "category", found->category);
		json_text(json, "technique", found->technique);
		json_bool(json, "lowered", found->lowered);
	} else {
		json_object(json, "at_new_destination");
		json_text(json, "confidence", found->new_confidence);
		json_tenths(json, "score", found->new_score);
		json_close(json);
	}
	put_place(json, &found->place);
	put_card_list(json, found);
	json_masked(json, "evidence", &found->evidence);
	put_weighed(json, "reasons", &found->why, false);
	put_weighed(json, "against", &found->why, true);
	json_close(json);
}

static void put_lack(struct json *json, const char *word, const char *sentence)
{
	json_object(json, NULL);
	json_text(json, "id", word);
	json_text(json, "sentence", sentence);
	json_close(json);
}

static void put_miss(struct json *json, const struct explained *explained)
{
	const struct explain_miss *miss = &explained->miss;

	if (!explained->has_miss)
		return;
	json_object(json, "nearest_miss");
	json_array(json, "lacks");
	for (unsigned i = 0; i < LACKS && miss->stop == EXPLAIN_LACKS; i++)
		if ((miss->lacks & 1u << i) != 0)
			put_lack(json, lacks[i].word, lacks[i].sentence);
	if (miss->stop != EXPLAIN_LACKS)
		put_lack(json, stops[miss->stop].word, stops[miss->stop].sentence);
	json_close(json);
	json_u64(json, "digits", miss->digits);
	json_tenths(json, "score", miss->score);
	put_place(json, &miss->place);
	json_masked(json, "shape", &miss->shape);
	put_weighed(json, "reasons", &miss->why, false);
	put_weighed(json, "against", &miss->why, true);
	json_close(json);
}

static void put_looked(struct json *json, const struct explained *explained)
{
	struct explain_reasons unknown;

	json_u64(json, "bytes", explained->bytes);
	json_u64(json, "messages", explained->messages);
	json_u64(json, "texts", explained->texts);
	json_array(json, "undone");
	for (uint32_t i = 0; i < explained->undones; i++) {
		json_object(json, NULL);
		put_layers(json, explained->undone[i].layer, explained->undone[i].layers);
		json_u64(json, "texts", explained->undone[i].texts);
		json_u64(json, "bytes", explained->undone[i].bytes);
		json_close(json);
	}
	json_close(json);
	json_u64(json, "undone_more", explained->undone_more);
	json_array(json, "limits");
	for (uint32_t i = 0; i < explained->limits; i++) {
		json_object(json, NULL);
		json_text(json, "what", explained->limit[i].what);
		json_u64(json, "count", explained->limit[i].count);
		json_close(json);
	}
	json_close(json);
	explain_unknown(&unknown);
	put_weighed(json, "unknown_for", &unknown, false);
	put_weighed(json, "unknown_against", &unknown, true);
}

size_t explain_json(const struct explained *explained, char *out, size_t size)
{
	struct json json;

	json_start(&json, out, size);
	json_text(&json, "explains", explained->of_event ? "event" : "bytes");
	if (explained->of_event)
		json_u64(&json, "event", explained->event);
	put_found(&json, explained);
	put_miss(&json, explained);
	if (explained->of_event) {
		json_array(&json, "not_kept");
		json_text(&json, NULL, "the bytes");
		json_text(&json, NULL, "other numbers in them, and what those lacked");
		json_text(&json, NULL, "what was undone and held no card");
		json_close(&json);
	} else {
		put_looked(&json, explained);
	}
	return json_end(&json);
}
