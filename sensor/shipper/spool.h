/* spool.h - events that wait on disk until they are acknowledged.
 *
 * Files: preallocated segments e<epoch>-<first seq>.seg, one spare, and a
 * superblock of two slots written in turn.  A record has its number (seq, from
 * 1, contiguous), a CRC-32C and where it came from in the ring.
 * Acknowledged segments stay for a while (spool_tend).
 * Never: gives a number twice to what may have been sent; forgets a number: one
 * that cannot be read any more is read as a GAP event (spool_corrupt) in its
 * place; deletes a segment before the acknowledgement of all of it is durable;
 * syncs a descriptor again that failed once (the group goes to a new segment).
 * One thread. */
#ifndef SEKISHO_SHIPPER_SPOOL_H
#define SEKISHO_SHIPPER_SPOOL_H

#include "event/record.h"
#include "shipper/spool_io.h"

#define SPOOL_SEGMENT_BYTES (16u << 20)
#define SPOOL_SEGMENT_MIN (64u << 10)
#define SPOOL_BODY_MAX (sizeof(struct record) + EVENT_JSON_MAX)
#define SPOOL_GROUP_MAX 256 /* records of one sync */

struct spool_conf {
	const char *path;       /* of the folder, for messages */
	const char *sensor;     /* name, for GAP events */
	uint64_t bytes;         /* at most; >= 4 segments */
	uint32_t segment_bytes; /* >= SPOOL_SEGMENT_MIN, multiple of 4096 */
};

/* Where a record stood: the ring's number and the position in it. */
struct spool_origin {
	uint64_t ring, position;
	uint64_t real_ns; /* now */
};

/* What becomes of a record that its class leaves no room for: P2 has room up to 70 % of the
 * spool, P1 up to 85 %, P0 up to 95 %; the rest is for GAP events. */
enum spool_patience {
	SPOOL_WAITS,     /* SPOOL_FULL: it comes again */
	SPOOL_SHEDS,     /* P1 and P2 are refused, P0 comes again */
	SPOOL_SHEDS_ALL, /* refused */
};

enum spool_rc {
	SPOOL_TAKEN = 0,
	SPOOL_REPEATED = 1, /* it is there already: position or (run, n) */
	SPOOL_REFUSED = 2,  /* shed; counted by class, see spool_tell */
	SPOOL_BUSY = 3,     /* spool_sync first */
	SPOOL_FULL = 4,     /* no room: wait for acknowledgements */
	SPOOL_BAD = 5,      /* not a record */
};

struct spool_state {
	uint64_t sensor_id, epoch;
	uint64_t acked;      /* all numbers up to this are acknowledged */
	uint64_t oldest;     /* the first number that can still be read */
	uint64_t next_seq;   /* numbers below are durable and may be sent */
	uint64_t lost;       /* unacknowledged numbers that were unreadable at the start */
	uint64_t refused[3]; /* since the start, by class */
	uint64_t untold;     /* refusals that no durable record tells yet */
	bool settled;        /* all that was admitted or refused is durable: the ring may go */
};

struct spool_cursor {
	uint64_t seq; /* next to be read; set only this, the rest zero */
	uint64_t segment;
	uint32_t at;
};

struct spool;

/* Opens or makes the spool.  io is copied, its self borrowed.  NULL and err:
 * EXIT_CANNOT (disk), EXIT_USAGE (sizes). */
struct spool *spool_open(const struct spool_io *io, const struct spool_conf *conf, struct err *err);
void spool_close(struct spool *spool); /* NULL is fine; writes nothing */
struct spool_state spool_state(const struct spool *spool);

/* body: struct record and its JSON. */
enum spool_rc spool_admit(struct spool *spool, const struct spool_origin *origin, struct bytes body,
	enum spool_patience patience);
/* Counts events that were refused before they came here. */
void spool_refuse(struct spool *spool, enum event_class event_class, uint32_t n);
/* Writes GAP records of what was refused.  SPOOL_TAKEN, SPOOL_BUSY or SPOOL_FULL. */
enum spool_rc spool_tell(struct spool *spool, uint64_t real_ns);
/* Makes the group durable (trying one further segment if the first fails), and
 * the superblock if it is due.  False: the group still waits in memory. */
bool spool_sync(struct spool *spool, struct err *err);

/* All up to seq is stored by the aggregator; not above next_seq - 1. */
void spool_ack(struct spool *spool, uint64_t seq);
/* Writes the acknowledged number; deletes what it covered for 24 h, or at once
 * what is beyond a quarter of the spool or in the way: an aggregator that was
 * restored from a copy may ask for it again.  Makes a spare if there is none.
 * Only with nothing in the group.  False: the disk said no. */
bool spool_tend(struct spool *spool, uint64_t real_ns, struct err *err);

/* The body of cursor->seq into out, moves the cursor; 0: not durable yet. */
size_t spool_read(
	struct spool *spool, struct spool_cursor *cursor, uint8_t out[static SPOOL_BODY_MAX]);

#endif
