/* unpacking.h - an unpacker for a group of tests: its set-up and tear-down. */
#ifndef SEKISHO_TEST_UNPACKING_H
#define SEKISHO_TEST_UNPACKING_H

#include "base/arena.h"
#include "codec/unpack.h"

static struct arena arena;
static struct unpacker *unpacker;

static int set_up(void **state)
{
	struct err err;

	(void)state;
	if (!arena_new(&arena, unpacker_bytes() + 4096, &err))
		return -1;
	unpacker = unpacker_new(&arena);
	return unpacker == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

#endif
