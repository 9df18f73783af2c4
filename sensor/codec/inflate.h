/* inflate.h - gzip, zlib and raw deflate, streaming, from a pool of states.
 *
 * Around ISA-L (isal_inflate).  Members may follow each other; what could be
 * decoded before an error is told.  A declared "deflate" may be zlib or raw
 * (RFC 9110 8.4.1.2 and what servers really send).  Bounded: output per body
 * and ratio stop it; that is a limit (same bytes, same place), and counted. */
#ifndef SEKISHO_CODEC_INFLATE_H
#define SEKISHO_CODEC_INFLATE_H

#include "base/arena.h"
#include "base/bytes.h"

#define INFLATE_BLOCK (16u << 10)      /* output is told in blocks of at most this */
#define INFLATE_OUT_MAX (16u << 20)    /* bytes out per body */
#define INFLATE_RATIO_MAX 200          /* out : in, checked beyond 1 MiB out */

enum inflate_kind { INFLATE_GZIP, INFLATE_DEFLATE /* zlib or raw, found out */, INFLATE_RAW };
enum inflate_rc {
	INFLATE_OK,
	INFLATE_DONE,   /* the stream ended; what follows is told raw by the caller */
	INFLATE_ERROR,  /* broken here */
	INFLATE_BOMB,   /* a limit was reached */
};

struct inflaters; /* pool of states; one thread */

size_t inflaters_bytes(uint32_t states);
struct inflaters *inflaters_new(struct arena *arena, uint32_t states);

/* A state, or 0: none free (a quota, counted by the caller). */
uint32_t inflate_open(struct inflaters *inflaters, enum inflate_kind kind);
/* Takes bytes of *in (moved past what was used) until it has a block to show
 * (*out, valid until the next call) or needs more input (*out empty and *in
 * empty).  Call until *in is empty and *out is empty. */
enum inflate_rc inflate_step(struct inflaters *inflaters, uint32_t state, struct bytes *in,
	struct bytes *out);
void inflate_close(struct inflaters *inflaters, uint32_t state);

#endif
