/* inflate.h - gzip, zlib and raw deflate, streaming, from a pool of states.
 *
 * Around ISA-L (isal_inflate).  Which of the three it is, is found out from the
 * first bytes, whatever was declared: a declared "deflate" may be zlib or raw
 * (RFC 9110 8.4.1.2 and what servers really send), a declared "gzip" anything.
 * Members of gzip may follow each other; what could be decoded before an error
 * is told.  Checksums are not checked: what came out is shown whatever they say.
 * Bounded: output per body and ratio stop it; that is a limit (same bytes, same
 * place), and counted.
 * Input is taken in blocks of INFLATE_STAGE, so blocks, errors and limits are
 * functions of the bytes alone, however they were cut. */
#ifndef SEKISHO_CODEC_INFLATE_H
#define SEKISHO_CODEC_INFLATE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "codec/unpack.h"

#define INFLATE_STAGE (4u << 10)    /* input is decoded in blocks of this */
#define INFLATE_BLOCK (16u << 10)   /* output is told in blocks of at most this */
#define INFLATE_OUT_MAX (16u << 20) /* bytes out per body, over all its members */
#define INFLATE_RATIO_MAX 200       /* out : in, checked beyond INFLATE_RATIO_FROM out */
#define INFLATE_RATIO_FROM (1u << 20)

enum inflate_kind {
	INFLATE_AUTO, /* gzip, zlib or raw deflate, found out */
	INFLATE_RAW,
};
enum inflate_rc {
	INFLATE_OK,
	INFLATE_DONE,  /* the stream ended, or its input did; inflate_rest() is what follows */
	INFLATE_ERROR, /* broken at inflate_rest() */
	INFLATE_BOMB,  /* a limit was reached */
};

struct inflaters; /* pool of states; one thread */

size_t inflaters_bytes(uint32_t states);
/* NULL if the arena is full. */
struct inflaters *inflaters_new(struct arena *arena, uint32_t states);

/* True if the bytes begin like a gzip member (RFC 1952) without optional
 * fields, in which anything might be hidden. */
bool inflate_is_plain_gzip(struct bytes head);

/* A state, or 0: none free (a quota, counted by the caller). */
uint32_t inflate_open(struct inflaters *inflaters, enum inflate_kind kind);
/* Takes bytes of *in (moved past what was taken) until it has a block to show
 * (*out, valid until the state's next call) or needs more input.  Call
 * until *in and *out are empty, or it is not INFLATE_OK (then *out is empty).
 * last: nothing follows *in; then call until it is not INFLATE_OK. */
enum inflate_rc inflate_step(struct inflaters *inflaters, uint32_t state, struct bytes *in,
	bool last, struct bytes *out);
/* What was taken and is not decoded (yet), at most INFLATE_STAGE + 8 bytes;
 * valid until the state's next step.  After an error before anything came out
 * it begins where the stream began, if that is still held. */
struct bytes inflate_rest(const struct inflaters *inflaters, uint32_t state);
/* Length of the stage at hand, decoded or not: what the last block came from. */
size_t inflate_staged(const struct inflaters *inflaters, uint32_t state);
void inflate_close(struct inflaters *inflaters, uint32_t state);

/* Raw deflate that lies in memory as a whole (unpack.c).  once: inflate_once_bytes() of memory,
 * aligned to 64, nothing of which is asked about later. */
size_t inflate_once_bytes(void);
struct unpacked inflate_once(void *once, struct bytes in, uint8_t *out, size_t room);

#endif
