#include "pan/fixture.h"

#include <stdio.h>
#include <stdlib.h>

const char *fixture_cards_dir(void)
{
	return CARDS_DIR;
}

const struct pan_table *fixture_table(void)
{
	static struct pan_table table;
	struct err err = {.status = 0};
	uint8_t *image;
	size_t len;

	if (table.image.ptr != NULL)
		return &table;
	if (!pan_table_build(CARDS_DIR, &image, &len, &err) ||
		!pan_table_open(&table, bytes_of(image, len), &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return &table;
}

uint64_t fixture_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545F4914F6CDD1D);
}

uint64_t fixture_below(uint64_t *state, uint64_t limit)
{
	return (fixture_random(state) >> 16) % limit;
}
