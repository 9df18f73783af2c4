/* unpack.h - gzip, zlib, raw deflate, brotli and zstd of pieces that lie in memory as a whole.
 *
 * One state for each, taken from an arena at start and used again; nothing is allocated
 * afterwards.  Bounded by room; what came out before an error, a cut or the bound counts; of a
 * cut piece the last symbols may be missing, of zstd its last block.  Windows and frames of
 * brotli and zstd: codec/windowed.h.  Members of gzip and frames of zstd that follow each other
 * are one piece.  Checksums are not checked.  Bodies that come in runs: codec/inflate.h,
 * codec/expand.h.
 * Cost: linear in what is read and written.  1 KiB of noise is refused as gzip, zlib, deflate or
 * brotli after 0.2 us (median; mean 0.8, brotli 1.2), behind the magic of zstd after 10 us;
 * 0.4 % of it is deflate and 6 % brotli to its end or for a while (packed.c tells). */
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

/* Length of the gzip header (RFC 1952 section 2.3) that in begins with; 0: it is none, or cut. */
size_t unpack_gzip_header(struct bytes in);
/* True if it begins like zlib without a preset dictionary (RFC 1950 section 2.2). */
bool unpack_is_zlib(struct bytes in);

#endif
