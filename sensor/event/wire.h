/* wire.h - what sensor and aggregator say to each other over ZeroMQ.
 *
 * DEALER (sensor, connects) -> ROUTER (aggregator, binds).  Each message is
 * one frame: a fixed header, then its body.  Cumulative acknowledgement after
 * commit; everything may be repeated: the aggregator keeps one high-water mark
 * per (sensor, epoch) and drops what is not above it; the sensor rewinds where
 * it is told to.
 *   HELLO  sensor -> aggregator: who, oldest and next sequence number
 *   BATCH  sensor -> aggregator: records first_seq .. first_seq + count - 1
 *   ACK    aggregator -> sensor: stored up to hw_seq; credit in batches (0: wait) */
#ifndef SEKISHO_EVENT_WIRE_H
#define SEKISHO_EVENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "event/record.h"

#define WIRE_MAGIC 0x31484b53u /* "SKH1" */
#define WIRE_BATCH_MAX (256u << 10)
#define WIRE_BATCH_EVENTS_MAX 512
#define WIRE_MESSAGE_MAX (1u << 20)
#define WIRE_CREDIT 64

enum wire_kind { WIRE_HELLO = 1, WIRE_BATCH = 2, WIRE_ACK = 3 };

struct wire_header {
	uint32_t magic;
	uint16_t version; /* 1 */
	uint16_t kind;
	uint64_t sensor_id, epoch;
	uint32_t body_len;
	uint32_t crc; /* CRC-32C of the body */
};

struct wire_hello {
	uint64_t oldest_seq, next_seq;
	char name[64]; /* of the sensor, NUL-terminated */
};

struct wire_batch {
	uint64_t first_seq;
	uint32_t count, zero;
	/* then count times: struct record and its JSON, padded to 8 bytes */
};

struct wire_ack {
	uint64_t hw_seq;
	uint32_t credit;
	uint32_t reason; /* 0 fine, 1 gap: rewind to hw_seq + 1, 2 store is full or failing: wait */
};

/* Writes header and body to out (size >= header + body); returns its length. */
size_t wire_put(void *out, size_t size, enum wire_kind kind, uint64_t sensor_id, uint64_t epoch,
	struct bytes body);
/* Checks magic, version, length and sum; body is cut from message.  False: not ours. */
bool wire_get(struct bytes message, struct wire_header *header, struct bytes *body);
/* The next record of a batch's body after wire_batch; moves *at.  False: end or broken. */
bool wire_record(struct bytes *at, struct record *record, struct bytes *json);

#endif
