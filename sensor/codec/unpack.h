/* unpack.h - gzip, zlib, raw deflate, brotli and zstd of pieces that lie in memory as a whole.
 *
 * One state for each, taken from an arena at start and used again; nothing is allocated
 * afterwards.  Bounded by room; what came out before an error, a cut or the bound counts.
 * Checksums are not checked.  Bodies that come in runs: codec/inflate.h. */
#ifndef SEKISHO_CODEC_UNPACK_H
#define SEKISHO_CODEC_UNPACK_H

#include "base/arena.h"
#include "base/bytes.h"

enum packed { PACKED_GZIP, PACKED_ZLIB, PACKED_DEFLATE, PACKED_BROTLI, PACKED_ZSTD };

struct unpacker; /* one thread's */

size_t unpacker_bytes(void);
/* NULL if the arena is full. */
struct unpacker *unpacker_new(struct arena *arena);

struct unpacked {
	size_t len;  /* bytes written to out */
	size_t used; /* bytes of in that were needed */
	bool ended;  /* the format's own end was reached */
	bool broken; /* the bytes are not written so from somewhere on */
};

/* A piece that begins with in; what follows its end is left.  room bounds what comes out. */
struct unpacked unpack(
	struct unpacker *unpacker, enum packed kind, struct bytes in, uint8_t *out, size_t room);

#endif
