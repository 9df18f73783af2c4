/* Goal: whatever the disk does, a number that was durable is read back as it
 * was written or as one GAP event, and no event of the ring is lost or doubled.
 * Method: a disk in memory; every call fails, is cut short or is the last;
 * every byte of a segment is changed; the last records are cut at every byte. */
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
	uint64_t durable; /* events up to this n are synced */
};

static int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	model_open(&lab->model, SEGMENT, &lab->io);
	lab->conf = (struct spool_conf){
		.path = "spool", .sensor = "lab", .bytes = ROOM, .segment_bytes = SEGMENT};
	*state = lab;
	return 0;
}

static int lab_close(void **state)
{
	struct lab *lab = *state;

	spool_close(lab->spool);
	assert_int_equal(lab->model.open_cnt, 0);
	model_close(&lab->model);
	free(lab);
	return 0;
}

static bool open_spool(struct lab *lab)
{
	lab->err = (struct err){0};
	lab->spool = spool_open(&lab->io, &lab->conf, &lab->err);
	return lab->spool != NULL;
}

static void must_open(struct lab *lab)
{
	if (!open_spool(lab))
		fail_msg("%s", lab->err.text);
}

static void close_spool(struct lab *lab)
{
	spool_close(lab->spool);
	lab->spool = NULL;
}

static size_t body_of(uint64_t n, enum event_class event_class, uint8_t out[2048])
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

static enum spool_rc admit_class(struct lab *lab, uint64_t n, enum event_class event_class)
{
	const struct spool_origin origin = {.ring = RING_ID,
		.position = n * 1024,
		.real_ns = UINT64_C(1700000000000000000) + n};
	uint8_t body[2048];
	size_t len = body_of(n, event_class, body);

	return spool_admit(lab->spool, &origin, bytes_of(body, len), false);
}

static enum spool_rc admit(struct lab *lab, uint64_t n)
{
	return admit_class(lab, n, EVENT_P0);
}

static bool sync_spool(struct lab *lab)
{
	struct err err = {0};

	return spool_sync(lab->spool, &err);
}

static void put(struct lab *lab, uint64_t from, uint64_t to)
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

/* The n of a number, 0 for a GAP event; fails if it is anything else. */
static uint64_t read_one(struct lab *lab, struct spool_cursor *cursor)
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
		"\"sekisho\":{\"reason\":\"spool_corrupt\",\"class\":0,\"n\":1,\"first_seq\":%llu}"
		"}",
		(unsigned long long)seq);
	assert_int_equal(record.n, 0);
	assert_memory_equal(out + len - size, expected, size);
	return 0;
}

static void numbers_are_contiguous_and_survive_the_next_start(void **state)
{
	struct lab *lab = *state;
	struct spool_cursor cursor = {.seq = 1};
	uint8_t out[SPOOL_BODY_MAX];

	must_open(lab);
	struct spool_state first = spool_state(lab->spool);
	assert_int_equal(first.next_seq, 1);
	assert_true(first.sensor_id != 0 && first.epoch != 0);
	assert_int_equal(admit(lab, 1), SPOOL_TAKEN);
	assert_false(spool_state(lab->spool).settled);
	assert_int_equal(spool_read(lab->spool, &cursor, out), 0);
	assert_true(sync_spool(lab));
	assert_true(spool_state(lab->spool).settled);
	put(lab, 2, EVENTS);
	for (int pass = 0; pass < 2; pass++) {
		cursor = (struct spool_cursor){.seq = 1};
		for (uint64_t n = 1; n <= EVENTS; n++)
			assert_int_equal(read_one(lab, &cursor), n);
		assert_int_equal(spool_read(lab->spool, &cursor, out), 0);
		close_spool(lab);
		must_open(lab);
	}
	struct spool_state again = spool_state(lab->spool);
	assert_int_equal(again.sensor_id, first.sensor_id);
	assert_int_equal(again.epoch, first.epoch);
	assert_int_equal(again.next_seq, EVENTS + 1);
	assert_int_equal(again.lost, 0);
}

static void repetitions_are_known_by_position_and_by_run_and_ordinal(void **state)
{
	struct lab *lab = *state;
	struct spool_origin other = {.ring = 6, .position = 8};
	uint8_t body[2048];

	must_open(lab);
	put(lab, 1, 10);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(admit(lab, 10), SPOOL_REPEATED);
		size_t len = body_of(10, EVENT_P0, body);
		assert_int_equal(spool_admit(lab->spool, &other, bytes_of(body, len), false),
			SPOOL_REPEATED);
		spool_ack(lab->spool, 10);
		assert_true(spool_tend(lab->spool, &lab->err));
		close_spool(lab);
		must_open(lab);
	}
	size_t len = body_of(11, EVENT_P0, body);
	assert_int_equal(spool_admit(lab->spool, &other, bytes_of(body, len), false), SPOOL_TAKEN);
}

static void what_is_no_record_is_refused(void **state)
{
	struct lab *lab = *state;
	const struct spool_origin origin = {.ring = 1, .position = 8};
	uint8_t body[2048];
	size_t len = body_of(1, EVENT_P0, body);
	struct record record;

	must_open(lab);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(
			spool_admit(lab->spool, &origin, bytes_of(body, cut), false), SPOOL_BAD);
	memcpy(&record, body, sizeof(record));
	record.kind = 0;
	memcpy(body, &record, sizeof(record));
	assert_int_equal(spool_admit(lab->spool, &origin, bytes_of(body, len), false), SPOOL_BAD);
	record.kind = EVENT_ALERT;
	record.event_class = EVENT_P2 + 1;
	memcpy(body, &record, sizeof(record));
	assert_int_equal(spool_admit(lab->spool, &origin, bytes_of(body, len), false), SPOOL_BAD);
}

/* Ships events until the disk dies or all are durable; acknowledges on the way. */
static void live(struct lab *lab)
{
	struct err err = {0};

	if (!open_spool(lab))
		return;
	for (uint64_t n = 1; n <= EVENTS && !lab->model.dead; n++) {
		enum spool_rc rc = admit(lab, n);
		if (rc == SPOOL_BUSY && sync_spool(lab)) {
			lab->durable = n - 1;
			rc = admit(lab, n);
		}
		if (rc == SPOOL_FULL || rc == SPOOL_BUSY)
			break;
		if (n % 37 == 0 && sync_spool(lab))
			lab->durable = n;
		if (n % 111 == 0 && lab->durable == n) {
			spool_ack(lab->spool, n - 100);
			(void)spool_tend(lab->spool, &err);
		}
	}
}

/* A new process: what is there must be right, the rest comes from the ring again. */
static void come_back(struct lab *lab)
{
	close_spool(lab);
	model_restart(&lab->model);
	must_open(lab);
	struct spool_state state = spool_state(lab->spool);
	struct spool_cursor cursor = {.seq = state.acked + 1};
	assert_true(state.acked <= lab->durable);
	for (uint64_t n = state.acked + 1; n <= lab->durable; n++)
		assert_int_equal(read_one(lab, &cursor), n);
	for (uint64_t n = lab->durable + 1; n <= EVENTS; n++) {
		enum spool_rc rc = admit(lab, n);
		if (rc == SPOOL_BUSY) {
			assert_true(sync_spool(lab));
			rc = admit(lab, n);
		}
		assert_true(rc == SPOOL_TAKEN || rc == SPOOL_REPEATED);
	}
	assert_true(sync_spool(lab));
	cursor = (struct spool_cursor){.seq = state.acked + 1};
	uint64_t n = state.acked;
	while (cursor.seq < spool_state(lab->spool).next_seq) {
		uint64_t found = read_one(lab, &cursor);
		if (found != 0)
			assert_int_equal(found, ++n);
	}
	assert_int_equal(n, EVENTS);
}

static uint64_t calls_of_a_life(void)
{
	struct lab *lab;
	void *state;

	lab_open(&state);
	lab = state;
	lab->model.fault = MODEL_SHORT; /* counts, never strikes */
	live(lab);
	assert_int_equal(lab->durable, EVENTS / 37 * 37);
	uint64_t calls = lab->model.calls;
	lab_close(&state);
	return calls;
}

static void every_call(enum model_fault fault)
{
	uint64_t calls = calls_of_a_life();

	assert_true(calls > 60);
	for (uint64_t at = 1; at <= calls; at++) {
		struct lab *lab;
		void *state;

		lab_open(&state);
		lab = state;
		lab->model.fault = fault;
		lab->model.fault_at = at;
		live(lab);
		come_back(lab);
		lab_close(&state);
	}
}

static void a_kill_at_any_call_loses_and_doubles_nothing(void **state)
{
	(void)state;
	every_call(MODEL_KILL);
}

static void a_loss_of_power_at_any_call_loses_and_doubles_nothing(void **state)
{
	(void)state;
	every_call(MODEL_POWER);
}

static void an_error_at_any_call_loses_and_doubles_nothing(void **state)
{
	(void)state;
	every_call(MODEL_EIO);
	every_call(MODEL_ENOSPC);
	every_call(MODEL_SHORT);
}

/* A closed spool of that many events in one segment; its file. */
static struct model_file *small_spool(struct lab *lab, uint64_t events, const char **name)
{
	must_open(lab);
	put(lab, 1, events);
	close_spool(lab);
	*name = model_name(&lab->model, "e", 0);
	assert_null(model_name(&lab->model, "e", 1));
	return model_file(&lab->model, *name);
}

/* Where record n stands, by its lengths as written in disk.h: 48 bytes of head. */
static size_t place_of(uint64_t n, size_t *len)
{
	uint8_t body[2048];
	size_t at = 4096;

	for (uint64_t i = 1; i < n; i++)
		at += 48 + ((body_of(i, EVENT_P0, body) + 7) & ~(size_t)7);
	*len = 48 + body_of(n, EVENT_P0, body);
	return at;
}

static size_t end_of(uint64_t n)
{
	size_t len;
	size_t begin = place_of(n, &len);

	return begin + len;
}

static void a_torn_tail_keeps_whole_records_and_gives_no_number_twice(void **state)
{
	struct lab *lab = *state;
	const char *name;
	size_t len;
	struct model_file *file = small_spool(lab, 12, &name);
	struct model_file *super = model_file(&lab->model, "superblock");
	uint8_t *image = malloc(SEGMENT), super_image[8192];
	size_t begin = place_of(10, &len), end = place_of(13, &len);

	assert_non_null(image);
	memcpy(image, file->data, SEGMENT);
	memcpy(super_image, super->data, sizeof(super_image));
	for (size_t cut = begin; cut <= end; cut++) {
		uint64_t whole = 12;
		memcpy(file->data, image, SEGMENT);
		memcpy(super->data, super_image, sizeof(super_image));
		memset(file->data + cut, 0, SEGMENT - cut);
		while (end_of(whole) > cut && memcmp(file->data, image, end_of(whole)) != 0)
			whole--;
		bool torn = memcmp(file->data + place_of(whole + 1, &len), (const uint8_t[600]){0},
				    600) != 0;
		must_open(lab);
		struct spool_cursor cursor = {.seq = 1};
		assert_int_equal(spool_state(lab->spool).next_seq, whole + 1 + (torn ? 1 : 0));
		assert_int_equal(spool_state(lab->spool).lost, torn ? 1 : 0);
		put(lab, 13, 14);
		close_spool(lab);
		must_open(lab);
		for (uint64_t n = 1; n <= whole; n++)
			assert_int_equal(read_one(lab, &cursor), n);
		if (torn)
			assert_int_equal(read_one(lab, &cursor), 0);
		assert_int_equal(read_one(lab, &cursor), 13);
		assert_int_equal(read_one(lab, &cursor), 14);
		close_spool(lab);
	}
	free(image);
}

static void a_changed_bit_costs_the_record_it_stands_in_and_says_so(void **state)
{
	struct lab *lab = *state;
	const char *name;
	size_t len;
	struct model_file *file = small_spool(lab, 12, &name);
	size_t end = place_of(13, &len);

	for (size_t at = 0; at < end; at++) {
		uint64_t hit = 0;
		for (uint64_t n = 1; n <= 12; n++) {
			size_t begin = place_of(n, &len);
			if (at >= begin && at < begin + len)
				hit = n;
		}
		file->data[at] ^= (uint8_t)(1u << at % 8);
		uint8_t *image = malloc(SEGMENT);
		memcpy(image, file->data, SEGMENT);
		must_open(lab);
		struct spool_cursor cursor = {.seq = 1};
		assert_int_equal(spool_state(lab->spool).lost, hit == 0 ? 0 : 1);
		assert_true(spool_state(lab->spool).next_seq >= 13);
		for (uint64_t seq = 1; seq <= 12; seq++)
			assert_int_equal(read_one(lab, &cursor), seq == hit ? 0 : seq);
		close_spool(lab);
		memcpy(file->data, image, SEGMENT);
		free(image);
		file->data[at] ^= (uint8_t)(1u << at % 8);
	}
}

static void a_missing_segment_is_told_number_by_number(void **state)
{
	struct lab *lab = *state;
	char second[64] = "";
	struct spool_cursor cursor = {.seq = 1};
	uint64_t lost = 0;

	must_open(lab);
	put(lab, 1, EVENTS);
	close_spool(lab);
	for (int i = 0; model_name(&lab->model, "e", i) != NULL; i++) {
		const char *name = model_name(&lab->model, "e", i);
		if (strstr(name, "-0000000000000001") == NULL &&
			(second[0] == '\0' || strcmp(name, second) < 0))
			snprintf(second, sizeof(second), "%s", name);
	}
	assert_int_equal(lab->io.unlink(lab->io.self, second), 0);
	must_open(lab);
	for (uint64_t seq = 1; seq <= EVENTS; seq++) {
		uint64_t n = read_one(lab, &cursor);
		assert_true(n == 0 || n == seq);
		lost += n == 0;
	}
	assert_true(lost > 50);
	assert_int_equal(spool_state(lab->spool).lost, lost);
}

static void without_a_superblock_the_segments_say_who_we_are(void **state)
{
	struct lab *lab = *state;
	struct spool_cursor cursor = {.seq = 1};

	must_open(lab);
	struct spool_state first = spool_state(lab->spool);
	put(lab, 1, EVENTS);
	close_spool(lab);
	memset(model_file(&lab->model, "superblock")->data, 0x55, 8192);
	must_open(lab);
	assert_int_equal(spool_state(lab->spool).epoch, first.epoch);
	assert_int_equal(spool_state(lab->spool).sensor_id, first.sensor_id);
	for (uint64_t n = 1; n <= EVENTS; n++)
		assert_int_equal(read_one(lab, &cursor), n);
	close_spool(lab);
	assert_int_equal(lab->io.unlink(lab->io.self, "superblock"), 0);
	must_open(lab);
	assert_int_equal(spool_state(lab->spool).epoch, first.epoch);
}

static void segments_of_another_spool_are_put_aside(void **state)
{
	struct lab *lab = *state;
	const char *alien = "e00000000000000aa-0000000000000001.seg";

	must_open(lab);
	close_spool(lab);
	lab->io.close(lab->io.self, lab->io.open(lab->io.self, alien, true));
	must_open(lab);
	assert_null(model_file(&lab->model, alien));
	assert_non_null(model_file(&lab->model, "e00000000000000aa-0000000000000001.seg.bad"));
	assert_int_equal(spool_state(lab->spool).next_seq, 1);
}

static void acknowledged_segments_go_and_the_rest_stays(void **state)
{
	struct lab *lab = *state;
	struct spool_cursor cursor = {.seq = 301};
	int before = 0, after = 0;

	must_open(lab);
	put(lab, 1, EVENTS);
	while (model_name(&lab->model, "e", before) != NULL)
		before++;
	spool_ack(lab->spool, 300);
	spool_ack(lab->spool, 200);
	assert_int_equal(spool_state(lab->spool).acked, 300);
	assert_true(spool_tend(lab->spool, &lab->err));
	while (model_name(&lab->model, "e", after) != NULL)
		after++;
	assert_true(after < before);
	close_spool(lab);
	must_open(lab);
	assert_int_equal(spool_state(lab->spool).acked, 300);
	for (uint64_t n = 301; n <= EVENTS; n++)
		assert_int_equal(read_one(lab, &cursor), n);
}

/* Fills with all classes; what was refused of each. */
static uint64_t fill_up(struct lab *lab, uint64_t refused[3])
{
	uint64_t n = 0;

	for (;;) {
		if (n % 10 == 0) {
			assert_true(sync_spool(lab));
			assert_true(spool_tend(lab->spool, &lab->err));
		}
		enum event_class event_class = ++n % 3;
		enum spool_rc rc = admit_class(lab, n, event_class);
		if (rc == SPOOL_BUSY) {
			assert_true(sync_spool(lab));
			rc = admit_class(lab, n, event_class);
		}
		if (rc == SPOOL_FULL) {
			assert_int_equal(event_class, EVENT_P0);
			break;
		}
		if (rc == SPOOL_REFUSED)
			refused[event_class]++;
		else
			assert_int_equal(rc, SPOOL_TAKEN);
		assert_true(refused[EVENT_P2] > 0 || refused[EVENT_P1] == 0);
	}
	assert_true(sync_spool(lab));
	return n - 1;
}

static void told(struct lab *lab, uint64_t seq, int event_class, uint64_t n)
{
	uint8_t out[SPOOL_BODY_MAX];
	struct spool_cursor cursor = {.seq = seq};
	char expected[160];
	size_t len = spool_read(lab->spool, &cursor, out);
	size_t size = (size_t)snprintf(expected, sizeof(expected),
		"{\"timestamp\":\"1970-01-01T00:00:01.000000+0000\",\"event_type\":\"health\","
		"\"sensor\":\"lab\",\"sekisho\":{\"reason\":\"spool_full\",\"class\":%d,\"n\":%llu,"
		"\"first_seq\":%llu}}",
		event_class, (unsigned long long)n, (unsigned long long)seq);

	assert_int_equal(len, sizeof(struct record) + size);
	assert_memory_equal(out + sizeof(struct record), expected, size);
}

static void refuses_in_order(struct lab *lab)
{
	uint64_t refused[3] = {0, 0, 0};

	must_open(lab);
	fill_up(lab, refused);
	struct spool_state full = spool_state(lab->spool);
	assert_true(refused[EVENT_P2] > refused[EVENT_P1] && refused[EVENT_P1] > 0);
	assert_int_equal(full.refused[EVENT_P1], refused[EVENT_P1]);
	assert_int_equal(full.refused[EVENT_P2], refused[EVENT_P2]);
	assert_int_equal(full.untold, refused[EVENT_P1] + refused[EVENT_P2]);
	assert_int_equal(spool_tell(lab->spool, UINT64_C(1000000000)), SPOOL_TAKEN);
	assert_true(sync_spool(lab));
	assert_true(spool_state(lab->spool).settled);
	assert_int_equal(spool_state(lab->spool).untold, 0);
	told(lab, full.next_seq, 1, refused[EVENT_P1]);
	told(lab, full.next_seq + 1, 2, refused[EVENT_P2]);
	spool_ack(lab->spool, full.next_seq + 1);
	assert_true(spool_tend(lab->spool, &lab->err));
	assert_int_equal(admit_class(lab, 1000000, EVENT_P2), SPOOL_TAKEN);
}

static void a_full_spool_sheds_by_class_and_tells_the_counts(void **state)
{
	refuses_in_order(*state);
}

static void a_full_disk_sheds_by_class_and_tells_the_counts(void **state)
{
	struct lab *lab = *state;

	lab->model.space = 6 * SEGMENT + 8192;
	refuses_in_order(lab);
	/* what was given back is used again */
	put(lab, 1000001, 1000300);
	assert_int_equal(spool_state(lab->spool).lost, 0);
}

static void counts_of_refusals_survive_a_crash_if_their_record_is_durable(void **state)
{
	struct lab *lab = *state;
	uint64_t refused[3] = {0, 0, 0};

	must_open(lab);
	uint64_t last = fill_up(lab, refused);
	while (spool_state(lab->spool).settled) {
		last++;
		assert_int_equal(admit_class(lab, last, EVENT_P2), SPOOL_REFUSED);
	}
	uint64_t open = 1; /* comes again from the ring after a crash */
	uint64_t untold = spool_state(lab->spool).untold;
	close_spool(lab);
	must_open(lab);
	assert_in_range(spool_state(lab->spool).untold, 1, untold - open);
	assert_int_equal(admit_class(lab, last, EVENT_P2), SPOOL_REFUSED);
}

static void who_waits_is_not_refused(void **state)
{
	struct lab *lab = *state;
	const struct spool_origin origin = {.ring = RING_ID, .position = 1u << 30};
	uint64_t refused[3] = {0, 0, 0};
	uint8_t body[2048];

	must_open(lab);
	fill_up(lab, refused);
	size_t len = body_of(1000000, EVENT_P2, body);
	assert_int_equal(spool_admit(lab->spool, &origin, bytes_of(body, len), true), SPOOL_FULL);
	assert_int_equal(
		spool_admit(lab->spool, &origin, bytes_of(body, len), false), SPOOL_REFUSED);
}

static void a_failed_group_goes_to_another_segment_and_never_to_the_same_file(void **state)
{
	struct lab *lab = *state;
	struct spool_cursor cursor = {.seq = 1};

	must_open(lab);
	put(lab, 1, 5);
	assert_int_equal(admit(lab, 6), SPOOL_TAKEN);
	lab->model.calls = 0;
	lab->model.fault = MODEL_EIO;
	lab->model.fault_at = 2; /* the sync */
	assert_true(sync_spool(lab));
	assert_non_null(model_name(&lab->model, "e", 1));
	lab->model.fault = MODEL_NONE;
	put(lab, 7, 9);
	for (uint64_t n = 1; n <= 9; n++)
		assert_int_equal(read_one(lab, &cursor), n);
}

static void a_disk_that_fails_for_good_is_named_and_loses_nothing(void **state)
{
	struct lab *lab = *state;
	struct spool_cursor cursor = {.seq = 1};
	struct err err = {0};

	must_open(lab);
	put(lab, 1, 5);
	assert_int_equal(admit(lab, 6), SPOOL_TAKEN);
	lab->model.dead = true;
	assert_false(spool_sync(lab->spool, &err));
	assert_int_equal(err.status, EXIT_CANNOT);
	assert_string_equal(err.text, "spool/spare.seg: cannot make: Input/output error");
	assert_false(spool_state(lab->spool).settled);
	lab->model.dead = false;
	assert_true(sync_spool(lab));
	for (uint64_t n = 1; n <= 6; n++)
		assert_int_equal(read_one(lab, &cursor), n);
}

static void refused_at(struct lab *lab, uint64_t call, const char *text)
{
	lab->model.calls = 0;
	lab->model.fault = MODEL_EIO;
	lab->model.fault_at = call;
	assert_false(open_spool(lab));
	assert_int_equal(lab->err.status, EXIT_CANNOT);
	assert_string_equal(lab->err.text, text);
}

static void errors_at_the_start_name_file_and_reason(void **state)
{
	struct lab *lab = *state;

	refused_at(lab, 1, "spool/superblock: cannot open: Input/output error");
	refused_at(lab, 2, "spool: cannot read the folder: Input/output error");
	refused_at(lab, 4, "spool/superblock: cannot make: Input/output error");
	lab->model.space = 8192;
	lab->model.fault = MODEL_NONE;
	assert_false(open_spool(lab));
	assert_string_equal(
		lab->err.text, "spool/spare.seg: cannot reserve room: No space left on device");
	lab->model.space = 0;
	lab->conf.bytes = 3 * SEGMENT;
	assert_false(open_spool(lab));
	assert_int_equal(lab->err.status, EXIT_USAGE);
	assert_string_equal(
		lab->err.text, "spool: a spool of 196608 bytes is too small; 4 segments of 65536");
}

#define T(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(numbers_are_contiguous_and_survive_the_next_start),
		T(repetitions_are_known_by_position_and_by_run_and_ordinal),
		T(what_is_no_record_is_refused),
		cmocka_unit_test(a_kill_at_any_call_loses_and_doubles_nothing),
		cmocka_unit_test(a_loss_of_power_at_any_call_loses_and_doubles_nothing),
		cmocka_unit_test(an_error_at_any_call_loses_and_doubles_nothing),
		T(a_torn_tail_keeps_whole_records_and_gives_no_number_twice),
		T(a_changed_bit_costs_the_record_it_stands_in_and_says_so),
		T(a_missing_segment_is_told_number_by_number),
		T(without_a_superblock_the_segments_say_who_we_are),
		T(segments_of_another_spool_are_put_aside),
		T(acknowledged_segments_go_and_the_rest_stays),
		T(a_full_spool_sheds_by_class_and_tells_the_counts),
		T(a_full_disk_sheds_by_class_and_tells_the_counts),
		T(counts_of_refusals_survive_a_crash_if_their_record_is_durable),
		T(who_waits_is_not_refused),
		T(a_failed_group_goes_to_another_segment_and_never_to_the_same_file),
		T(a_disk_that_fails_for_good_is_named_and_loses_nothing),
		T(errors_at_the_start_name_file_and_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
