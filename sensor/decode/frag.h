/* frag.h - fragments of IPv4 (RFC 791) and IPv6 (RFC 8200 section 4.5) to
 * whole datagrams, in any order.
 *
 * Out:   the first copy of a byte wins; a later copy that differs is told.
 * Bound: a fixed number of buffers of 64 KiB.  If none is free, the oldest
 *        datagram is given up; buffers that are lent cannot be taken back.
 * Time:  packet time only; a datagram is given up FRAG_TIMEOUT_NS after its
 *        first fragment came.
 * One thread, but for frag_return(). */
#ifndef SEKISHO_DECODE_FRAG_H
#define SEKISHO_DECODE_FRAG_H

#include "base/addr.h"
#include "base/arena.h"
#include "base/hash.h"
#include "decode/decode.h"

#define FRAG_DATAGRAM_MAX 65535u
#define FRAG_NONE UINT32_MAX

/* What fragments of one datagram share.  Hashed and compared as bytes, so it
 * begins zeroed.  IPv6 leaves proto 0: only the fragment at offset 0 counts
 * (RFC 8200).  The VLAN ids are part of it, since two networks behind one tap
 * may use the same addresses. */
struct frag_key {
	struct addr src, dst;
	uint32_t id, vni;
	uint16_t vlans[DECODE_DEPTH];
	uint16_t tenant;
	uint8_t proto, family; /* 4 or 6 */
	uint8_t zero[4];
};

struct frag_part {
	struct frag_key key;
	struct bytes data; /* of the fragment, without its headers */
	uint32_t off;      /* in the datagram, a multiple of 8 */
	bool more;         /* not the last */
	uint8_t proto;     /* of what follows; believed at offset 0 */
	uint16_t source;
	uint64_t now_ns;
};

struct frag_whole {
	struct bytes data;
	uint32_t buffer; /* lent until frag_return() */
	uint8_t proto;
	bool conflict; /* copies differed */
};

enum frag_rc {
	FRAG_KEPT,
	FRAG_WHOLE,
	FRAG_BAD,  /* cannot be placed */
	FRAG_FULL, /* every buffer is lent, or there is none */
};

struct frag_table;

size_t frag_bytes(uint32_t buffers);
/* counters: one per source.  NULL if the arena is full. */
struct frag_table *frag_new(struct arena *arena, uint32_t buffers, const struct hash_key *key,
	struct decode_counters *counters);
/* Counts conflicts, datagrams and what is given up. */
enum frag_rc frag_push(
	struct frag_table *table, const struct frag_part *part, struct frag_whole *out);
/* Thread-safe. */
void frag_return(struct frag_table *table, uint32_t buffer);
void frag_expire(struct frag_table *table, uint64_t now_ns);

#endif
