/* expand.h - brotli and zstd bodies that come in runs, from a pool of states.
 *
 * As inflate.h has it: input in blocks of INFLATE_STAGE, output in blocks of INFLATE_BLOCK, the
 * same limits, so that blocks, errors and limits are functions of the bytes alone.  A state is
 * WINDOWED_BYTES and a little more; what it can decode: codec/windowed.h. */
#ifndef SEKISHO_CODEC_EXPAND_H
#define SEKISHO_CODEC_EXPAND_H

#include "codec/inflate.h"

enum expand_kind { EXPAND_BROTLI, EXPAND_ZSTD };

struct expanders; /* pool of states; one thread */

size_t expanders_bytes(uint32_t states);
/* NULL if the arena is full. */
struct expanders *expanders_new(struct arena *arena, uint32_t states);

/* True if the bytes begin like a frame of zstd (RFC 8878 section 3.1.1). */
bool expand_is_zstd(struct bytes head);

/* Each as its inflate_ namesake. */
uint32_t expand_open(struct expanders *expanders, enum expand_kind kind);
enum inflate_rc expand_step(struct expanders *expanders, uint32_t state, struct bytes *in,
	bool last, struct bytes *out);
struct bytes expand_rest(const struct expanders *expanders, uint32_t state);
size_t expand_staged(const struct expanders *expanders, uint32_t state);
void expand_close(struct expanders *expanders, uint32_t state);

#endif
