/* windowed.h - brotli and zstd in one block of memory each: brotli.c, zstd.c.
 *
 * All that a decoder needs, its window included, is in the block; a stream whose window or
 * tables do not fit is broken from there on (the same bytes, the same place).  brotli
 * (RFC 7932): any window, of which as much must fit as the stream really fills; 4 MiB and
 * all tables do.  zstd (RFC 8878): windows of at most 8 MiB, as RFC 9659 has it; no
 * dictionary; frames, also skippable ones, may follow each other; checksums are not asked.
 * A block of zstd comes out once all of it is there, brotli as it comes.
 * Cost besides the bytes: what a stream filled is wiped at its end, tables too (zstd: 10 us).
 * Threads: any; a block is one thread's.  Never: allocates elsewhere. */
#ifndef SEKISHO_CODEC_WINDOWED_H
#define SEKISHO_CODEC_WINDOWED_H

#include "base/bytes.h"

#define WINDOWED_BYTES (10u << 20)

enum windowed_rc {
	WINDOWED_INPUT,  /* all input is taken: more is needed */
	WINDOWED_OUTPUT, /* no room left */
	WINDOWED_PAUSE,  /* the same, or the stream ended here */
	WINDOWED_END,    /* the stream ended, at the beginning of *in */
	WINDOWED_BROKEN,
};

struct windowed {
	/* block: WINDOWED_BYTES, aligned to 64, whatever is in it. */
	bool (*start)(void *block);
	/* Takes of *in, writes at most room (not 0) bytes to out; *made: how many.  After
	 * WINDOWED_OUTPUT also without input. */
	enum windowed_rc (*step)(
		void *block, struct bytes *in, uint8_t *out, size_t room, size_t *made);
	void (*stop)(void *block);
};

extern const struct windowed windowed_brotli, windowed_zstd;

#endif
