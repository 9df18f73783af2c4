/* spool_lab.h - a spool on the disk model, and records known by their number. */
#ifndef SEKISHO_TEST_SHIPPER_SPOOL_LAB_H
#define SEKISHO_TEST_SHIPPER_SPOOL_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_model.h"
#include "shipper/spool.h"

#define SEGMENT (64u << 10)
#define ROOM (16 * SEGMENT)
#define RING_ID 5
#define EVENTS 500

struct lab {
	struct model model;
	struct spool_io io;
	struct spool_conf conf;
	struct spool *spool;
	struct err err;
	uint64_t durable, now; /* events up to this n are synced; ns, for what is kept */
};

static inline int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	model_open(&lab->model, SEGMENT, &lab->io);
	lab->conf = (struct spool_conf){
		.path = "spool", .sensor = "lab", .bytes = ROOM, .segment_bytes = SEGMENT};
	*state = lab;
	return 0;
}

static inline int lab_close(void **state)
{
	struct lab *lab = *state;

	spool_close(lab->spool);
	assert_int_equal(lab->model.open_cnt, 0);
	model_close(&lab->model);
	free(lab);
	return 0;
}

static inline bool open_spool(struct lab *lab)
{
	lab->err = (struct err){0};
	lab->spool = spool_open(&lab->io, &lab->conf, &lab->err);
	return lab->spool != NULL;
}

static inline void must_open(struct lab *lab)
{
	if (!open_spool(lab))
		fail_msg("%s", lab->err.text);
}

static inline void close_spool(struct lab *lab)
{
	spool_close(lab->spool);
	lab->spool = NULL;
}

static inline size_t body_of(uint64_t n, enum event_class event_class, uint8_t out[2048])
{
	struct record record = {.n = n,
		.run = 9,
		.len = (uint32_t)(12 + n % 97 * 5),
		.kind = EVENT_ALERT,
		.event_class = (uint8_t)event_class};

	memcpy(out, &record, sizeof(record));
	memset(out + sizeof(record), 'a' + (int)(n % 26), record.len);
	return sizeof(record) + record.len;
}

static inline enum spool_rc admit_class(struct lab *lab, uint64_t n, enum event_class event_class)
{
	const struct spool_origin origin = {.ring = RING_ID,
		.position = n * 1024,
		.real_ns = UINT64_C(1700000000000000000) + n};
	uint8_t body[2048];
	size_t len = body_of(n, event_class, body);

	return spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_SHEDS);
}

static inline enum spool_rc admit(struct lab *lab, uint64_t n)
{
	return admit_class(lab, n, EVENT_P0);
}

static inline bool sync_spool(struct lab *lab)
{
	return spool_sync(lab->spool, &(struct err){0});
}

static inline void put(struct lab *lab, uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n <= to; n++) {
		enum spool_rc rc = admit(lab, n);
		if (rc == SPOOL_BUSY) {
			assert_true(sync_spool(lab));
			rc = admit(lab, n);
		}
		assert_int_equal(rc, SPOOL_TAKEN);
	}
	assert_true(sync_spool(lab));
}

/* The n of a number, 0 for a GAP event. */
static inline uint64_t read_one(struct lab *lab, struct spool_cursor *cursor)
{
	static uint8_t out[SPOOL_BODY_MAX];
	uint64_t seq = cursor->seq;
	char expected[128];
	struct record record;
	uint8_t body[2048];

	size_t len = spool_read(lab->spool, cursor, out);
	assert_true(len > sizeof(record));
	assert_int_equal(cursor->seq, seq + 1);
	memcpy(&record, out, sizeof(record));
	assert_int_equal(record.len, len - sizeof(record));
	if (record.kind != EVENT_GAP) {
		assert_int_equal(len, body_of(record.n, record.event_class, body));
		assert_memory_equal(out, body, len);
		return record.n;
	}
	size_t size = (size_t)snprintf(expected, sizeof(expected),
		"\"sekisho\":{\"reason\":\"spool_corrupt\",\"class\":0,\"n\":1,"
		"\"first_seq\":%llu}}",
		(unsigned long long)seq);
	assert_int_equal(record.n, 0);
	assert_memory_equal(out + len - size, expected, size);
	return 0;
}
#define T(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

#endif
