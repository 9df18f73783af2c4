/* afpacket.h - one interface through a TPACKET_V3 ring (packet(7),
 * Documentation/networking/packet_mmap.rst).
 *
 * The kernel fills blocks of AFPACKET_BLOCK in order; one closes when it is
 * full or AFPACKET_CLOSE_MS old.  A block goes back to the kernel when its
 * count is 0: one for the reader while it walks, one per frame not released. */
#ifndef SEKISHO_CAPTURE_AFPACKET_H
#define SEKISHO_CAPTURE_AFPACKET_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/err.h"
#include "base/frame.h"

#define AFPACKET_BLOCK (1u << 20) /* IPv6 BIG TCP frames have 512 KiB */
#define AFPACKET_CLOSE_MS 10
#define AFPACKET_BLOCKS_MIN 4

/* How far the reader is, for the one after it. */
struct afpacket_read {
	_Atomic uint64_t seq;  /* number of the block read last */
	_Atomic uint32_t left; /* frames of it not yet lent */
};

struct afpacket {
	int fd;
	uint16_t source;
	struct afpacket_read *read; /* in shared memory; set before afpacket_open() */
	uint16_t link;
	uint8_t *map;
	uint32_t blocks;
	uint32_t first_block;    /* number of the first one in the source */
	_Atomic uint32_t *holds; /* of the first one */
	bool loopback;           /* every frame comes twice: out and in */
	bool lost;               /* where the kernel is: after source_take_over() */
	uint32_t at;             /* block read now or next */
	uint64_t seq_read;       /* number of the block read last */
	uint32_t left;           /* frames of it not yet lent */
	const uint8_t *next;     /* header of the first of them */
	const uint8_t *warm, *end;
	uint64_t number;
};

/* Blocks of a ring of about that many bytes. */
uint32_t afpacket_blocks(size_t ring_bytes);
/* Frames wait in the ring from here on.  holds: counts of all blocks of the
 * source.  On failure nothing stays open. */
bool afpacket_open(struct afpacket *ring, const char *name, const char *bpf, uint32_t blocks,
	_Atomic uint32_t *holds, uint32_t first_block, struct err *err);
void afpacket_close(struct afpacket *ring);

/* True if a frame waits; *ts_ns: its stamp. */
bool afpacket_ready(struct afpacket *ring, uint64_t *ts_ns);
/* After afpacket_ready(): frames stamped at most until_ns (the first one in any
 * case) out of one block.  May be 0. */
uint32_t afpacket_fill(
	struct afpacket *ring, struct frame frames[], uint32_t max, uint64_t until_ns);
void afpacket_release(struct afpacket *ring, uint32_t block);
/* Gives all closed blocks back; how many frames in them were never lent. */
uint64_t afpacket_skip(struct afpacket *ring);

/* Frames dropped since the last call: reading clears the kernel's counter. */
uint64_t afpacket_drops(const struct afpacket *ring);
/* Takes a pending error of the socket (ENETDOWN) away, so that poll() waits. */
void afpacket_clear_error(const struct afpacket *ring);
/* False once the interface was removed, until afpacket_bind_again(). */
bool afpacket_exists(const struct afpacket *ring);
/* Whether it is up. */
bool afpacket_is_up(const struct afpacket *ring, const char *name);
/* Listens to the interface that has that name now, with the same ring and filter.  False:
 * there is none, or one of another kind. */
bool afpacket_bind_again(struct afpacket *ring, const char *name);

#endif
