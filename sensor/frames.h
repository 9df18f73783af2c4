/* frames.h - the capture thread's own sums: frames by input, once a minute. */
#ifndef SEKISHO_FRAMES_H
#define SEKISHO_FRAMES_H

#include "capture/source.h"
#include "decode/decode.h"
#include "detect/emit.h"

struct frames_book {
	struct source *source;
	struct decoder *decoder;
	struct emit *emit;
	struct decode_counters decoded[SOURCE_INPUTS_MAX]; /* as they were told */
	struct source_input input[SOURCE_INPUTS_MAX];
};

/* Borrows all three.  What an engine before this one has told is not told again. */
void frames_book_init(struct frames_book *book, struct source *source, struct decoder *decoder,
	struct emit *emit);
/* A fact of what came since the last one, of that minute; none if nothing did. */
void frames_book(struct frames_book *book, uint16_t input, uint64_t minute, uint64_t stamp_ns);

#endif
