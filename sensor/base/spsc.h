/* spsc.h - a ring of variable records from one thread (or process) to one other.
 *
 * The control block and the data lie in memory given by the caller: anonymous
 * for worker -> join and dealer -> worker, a shared mapping for join ->
 * shipper, where it survives a crash of either side (only committed records
 * are ever seen, and the position of a record never changes).
 * Records are 8-byte aligned and contiguous; a record never wraps.
 *
 * The consumer trusts nothing the other process wrote: it copies size at
 * attach and checks each length once read.  Bytes of a record may still change
 * under its eyes if the producer is hostile. */
#ifndef SEKISHO_BASE_SPSC_H
#define SEKISHO_BASE_SPSC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spsc_control {
	uint64_t magic;
	uint64_t size;                       /* of the data, power of two */
	_Alignas(64) _Atomic uint64_t head;  /* bytes ever committed */
	_Alignas(64) _Atomic uint64_t tail;  /* bytes ever released */
	_Alignas(64) _Atomic uint64_t words[8]; /* for the owner: marks, counters, beat */
};

struct spsc {
	struct spsc_control *control;
	uint8_t *data;
	uint64_t size;     /* of the data, as attached */
	uint64_t reserved; /* producer: position of the open reservation */
	uint64_t seen;     /* consumer: position after the last record returned */
	uint64_t cached;   /* producer: last tail read; consumer: last head read */
	uint32_t reserved_len; /* producer: of the open reservation */
	bool broken;           /* consumer: lengths contradict, nothing more is read */
};

/* Bytes of memory a ring with that much data needs. */
size_t spsc_bytes(uint64_t size);
/* Starts an empty ring in mem (zeroed, 64-byte aligned). size: power of two >= 4096. */
void spsc_format(void *mem, uint64_t size);
/* Uses a formatted ring; false if mem is none (wrong magic, size or positions).  as_producer
 * continues at head, a consumer at tail. */
bool spsc_attach(struct spsc *ring, void *mem, size_t mem_len, bool as_producer);

/* Room for a record of len bytes (<= size/4), or NULL: full now.  One reservation at a time. */
void *spsc_reserve(struct spsc *ring, uint32_t len);
/* Publishes the reserved record, len may be smaller than reserved.  Store-release. */
void spsc_commit(struct spsc *ring, uint32_t len);

/* The next record not yet returned, or NULL: empty now.  Valid until released.
 * NULL for ever, and ring->broken, if the ring contradicts itself.
 * *position: where it stands in the life of the ring; grows with each record. */
void *spsc_next(struct spsc *ring, uint32_t *len, uint64_t *position);
/* Gives back everything returned by spsc_next so far. */
void spsc_release(struct spsc *ring);

/* Bytes committed and not yet released, of size: who sends may hold back what matters less. */
uint64_t spsc_fill(const struct spsc *ring);

#endif
