#include "detect/card_set.h"

#include <assert.h>
#include <string.h>

static_assert(FACT_DISTINCT_MAX <= 1u << (CARD_SET_BITS - 1), "at most half full: few steps");

static uint32_t place_of(uint64_t quick)
{
	return (uint32_t)(quick >> (64 - CARD_SET_BITS));
}

void card_set_start(struct card_set *set, uint32_t most)
{
	assert(most > 0 && most <= FACT_DISTINCT_MAX);
	set->count = set->top = set->free = 0;
	set->most = most;
	set->over = false;
	memset(set->slot, 0, sizeof(set->slot));
}

static uint64_t value_at(const struct card_set *set, uint32_t slot)
{
	return set->card[set->slot[slot] - 1].quick;
}

/* The slot where that value is or would be put. */
static uint32_t find(const struct card_set *set, uint64_t quick)
{
	uint32_t slot = place_of(quick);

	while (slot < CARD_SET_SLOTS && set->slot[slot] != 0 && value_at(set, slot) < quick)
		slot++;
	return slot;
}

static uint32_t last_slot(struct card_set *set)
{
	while (set->slot[set->top - 1] == 0)
		set->top--;
	return set->top - 1;
}

bool card_set_wants(struct card_set *set, uint64_t quick)
{
	uint32_t slot = find(set, quick);

	if (slot < CARD_SET_SLOTS && set->slot[slot] != 0 && value_at(set, slot) == quick)
		return false;
	if (set->count < set->most)
		return true;
	set->over = true;
	return quick < value_at(set, last_slot(set));
}

static void drop_last(struct card_set *set)
{
	uint32_t slot = last_slot(set);

	set->free = set->slot[slot];
	set->slot[slot] = 0;
	set->top = slot;
	set->count--;
}

/* Makes room: what stands from there on moves up to the next empty slot. */
static bool shift(struct card_set *set, uint32_t slot)
{
	uint32_t empty = slot;

	while (empty < CARD_SET_SLOTS && set->slot[empty] != 0)
		empty++;
	if (empty == CARD_SET_SLOTS)
		return false;
	memmove(&set->slot[slot + 1], &set->slot[slot], (empty - slot) * sizeof(set->slot[0]));
	if (empty >= set->top)
		set->top = empty + 1;
	return true;
}

void card_set_add(struct card_set *set, const struct fact_card *card)
{
	if (set->count == set->most)
		drop_last(set);
	uint32_t slot = find(set, card->quick);
	if (slot == CARD_SET_SLOTS || !shift(set, slot)) {
		set->over = true; /* no key makes so many of one place: it cannot be told */
		return;
	}
	uint32_t number = set->free != 0 ? set->free : set->count + 1;
	set->free = 0;
	set->card[number - 1] = *card;
	set->own[number - 1] = 0;
	set->slot[slot] = (uint16_t)number;
	set->count++;
}

void card_set_note(struct card_set *set, uint64_t quick, uint8_t own)
{
	uint32_t slot = find(set, quick);

	if (slot < CARD_SET_SLOTS && set->slot[slot] != 0 && value_at(set, slot) == quick)
		set->own[set->slot[slot] - 1] |= own;
}

void card_set_choose(struct card_set *set, uint8_t mask, uint8_t want)
{
	for (uint32_t slot = 0; slot < set->top; slot++) {
		if (set->slot[slot] == 0 || (set->own[set->slot[slot] - 1] & mask) == want)
			continue;
		set->slot[slot] = 0;
		set->count--;
	}
}

const struct fact_card *card_set_next(const struct card_set *set, uint32_t *slot)
{
	while (*slot < set->top) {
		uint32_t number = set->slot[(*slot)++];
		if (number != 0)
			return &set->card[number - 1];
	}
	return NULL;
}

uint32_t card_estimate(uint32_t set, uint32_t bits)
{
	uint64_t sum = 0;

	for (uint32_t empty = bits - set + 1; empty <= bits; empty++)
		sum += ((uint64_t)bits << 16) / empty;
	return (uint32_t)(sum >> 16);
}
