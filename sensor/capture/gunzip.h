/* gunzip.h - a gzip'd file as a row of inflated blocks (zlib).
 *
 * A ring of GUNZIP_BLOCKS blocks; each is filled with GUNZIP_FILL bytes, or
 * with more if one record needs more (up to SOURCE_BLOCK_MAX and a little), so
 * memory is at most GUNZIP_BLOCKS * 16 MiB for a file made to cost that, and
 * 2 MiB otherwise.  A block is used again when nobody holds it.
 * Members may follow each other; zeros behind the last one are padding. */
#ifndef SEKISHO_CAPTURE_GUNZIP_H
#define SEKISHO_CAPTURE_GUNZIP_H

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/err.h"

#define GUNZIP_BLOCKS 8
#define GUNZIP_FILL (256u << 10)

struct gunzip;

/* True if raw begins as gzip does. */
bool gunzip_is(struct bytes raw);
/* holds: GUNZIP_BLOCKS counts.  All memory is taken here. */
struct gunzip *gunzip_new(
	struct bytes raw, _Atomic uint32_t *holds, const char *name, struct err *err);
void gunzip_free(struct gunzip *gunzip);

/* Moves to the next block: rest (what is left of the block at hand) first, then
 * inflated bytes until there are at least len, if the file has them.  False:
 * that block is held, nothing happened. */
bool gunzip_next(struct gunzip *gunzip, struct bytes rest, size_t len, struct bytes *out);
/* Index of the block at hand, 0..GUNZIP_BLOCKS - 1. */
uint32_t gunzip_at(const struct gunzip *gunzip);
/* True if the block gunzip_next() would use is held. */
bool gunzip_held(const struct gunzip *gunzip);
/* True if no byte is left to inflate. */
bool gunzip_ended(const struct gunzip *gunzip);
/* NULL, or what is wrong with the gzip stream, once it ended. */
const char *gunzip_fault(const struct gunzip *gunzip);

#endif
