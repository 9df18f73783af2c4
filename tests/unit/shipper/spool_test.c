/* Goal: whatever the disk does, a number that was durable is read back as it
 * was written or as one GAP event, and no event of the ring is lost or doubled.
 * Method: a disk in memory; every call fails, is cut short or is the last;
 * every byte of a segment is changed; the last records are cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_lab.h"

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
		assert_int_equal(spool_admit(lab->spool, &other, bytes_of(body, len), SPOOL_SHEDS),
			SPOOL_REPEATED);
		spool_ack(lab->spool, 10);
		assert_true(spool_tend(lab->spool, lab->now, &lab->err));
		close_spool(lab);
		must_open(lab);
	}
	size_t len = body_of(11, EVENT_P0, body);
	assert_int_equal(
		spool_admit(lab->spool, &other, bytes_of(body, len), SPOOL_SHEDS), SPOOL_TAKEN);
}

static void what_came_after_the_superblock_counts_too(void **state)
{
	struct lab *lab = *state;
	const struct spool_origin same = {.ring = RING_ID, .position = 11 * 1024};
	struct record record;
	uint8_t body[2048];

	must_open(lab);
	put(lab, 1, 10);
	spool_ack(lab->spool, 10);
	assert_true(spool_tend(lab->spool, lab->now, &lab->err));
	put(lab, 11, 11);
	close_spool(lab);
	must_open(lab);
	assert_int_equal(admit(lab, 11), SPOOL_REPEATED);
	/* another run, so only the place tells */
	size_t len = body_of(1, EVENT_P0, body);
	memcpy(&record, body, sizeof(record));
	record.run++;
	memcpy(body, &record, sizeof(record));
	assert_int_equal(
		spool_admit(lab->spool, &same, bytes_of(body, len), SPOOL_SHEDS), SPOOL_REPEATED);
}

static void a_damaged_slot_of_the_superblock_leaves_the_one_before(void **state)
{
	struct lab *lab = *state;

	must_open(lab);
	put(lab, 1, 30);
	spool_ack(lab->spool, 10);
	assert_true(spool_tend(lab->spool, lab->now, &lab->err));
	spool_ack(lab->spool, 20);
	assert_true(spool_tend(lab->spool, lab->now, &lab->err));
	close_spool(lab);
	struct model_file *file = model_file(&lab->model, "superblock");
	uint8_t image[8192];
	memcpy(image, file->data, sizeof(image));
	for (int slot = 0; slot < 2; slot++) {
		memcpy(file->data, image, sizeof(image));
		file->data[slot * 4096 + 50] ^= 1;
		must_open(lab);
		/* three were written: made, 10, 20 */
		assert_int_equal(spool_state(lab->spool).acked, slot == 0 ? 20 : 10);
		close_spool(lab);
	}
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
		assert_int_equal(spool_admit(lab->spool, &origin, bytes_of(body, cut), SPOOL_SHEDS),
			SPOOL_BAD);
	memcpy(&record, body, sizeof(record));
	record.kind = 0;
	memcpy(body, &record, sizeof(record));
	assert_int_equal(
		spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_SHEDS), SPOOL_BAD);
	record.kind = EVENT_ALERT;
	record.event_class = EVENT_P2 + 1;
	memcpy(body, &record, sizeof(record));
	assert_int_equal(
		spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_SHEDS), SPOOL_BAD);
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
			(void)spool_tend(lab->spool, lab->now, &err);
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

/* Where record n stands, by its lengths as written in disk.h: 56 bytes of head. */
static size_t place_of(uint64_t n, size_t *len)
{
	uint8_t body[2048];
	size_t at = 4096;

	for (uint64_t i = 1; i < n; i++)
		at += 56 + ((body_of(i, EVENT_P0, body) + 7) & ~(size_t)7);
	*len = 56 + body_of(n, EVENT_P0, body);
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

static int segments(struct lab *lab)
{
	int count = 0;

	while (model_name(&lab->model, "e", count) != NULL)
		count++;
	return count;
}

static void acknowledged_segments_stay_for_a_day_and_the_rest_for_ever(void **state)
{
	const uint64_t day = UINT64_C(86400) * 1000000000;
	struct lab *lab = *state;
	struct spool_cursor cursor = {.seq = 1};

	must_open(lab);
	put(lab, 1, EVENTS);
	int before = segments(lab);
	assert_true(before >= 3);
	spool_ack(lab->spool, 300);
	spool_ack(lab->spool, 200);
	assert_int_equal(spool_state(lab->spool).acked, 300);
	for (lab->now = 1; lab->now < day; lab->now += day - 1) {
		assert_true(spool_tend(lab->spool, lab->now, &lab->err));
		assert_int_equal(segments(lab), before);
		assert_int_equal(spool_state(lab->spool).oldest, 1);
	}
	close_spool(lab); /* from now on it is another day */
	must_open(lab);
	for (uint64_t n = 1; n <= EVENTS; n++)
		assert_int_equal(read_one(lab, &cursor), n);
	for (uint64_t now = lab->now; now <= lab->now + day; now += day) {
		assert_int_equal(segments(lab), before);
		assert_true(spool_tend(lab->spool, now, &lab->err));
	}
	assert_true(segments(lab) < before);
	assert_in_range(spool_state(lab->spool).oldest, 2, 301);
	close_spool(lab);
	must_open(lab);
	assert_int_equal(spool_state(lab->spool).acked, 300);
	cursor = (struct spool_cursor){.seq = spool_state(lab->spool).oldest};
	for (uint64_t n = cursor.seq; n <= EVENTS; n++)
		assert_int_equal(read_one(lab, &cursor), n);
}

static void what_is_only_kept_is_a_quarter_at_most_and_gives_way(void **state)
{
	struct lab *lab = *state;
	uint64_t n = 0, taken[2] = {0, 0};

	for (int round = 0; round < 2; round++) { /* the second above what the first left */
		must_open(lab);
		uint64_t from = n;
		for (enum spool_rc rc = SPOOL_TAKEN; rc != SPOOL_FULL; n += rc == SPOOL_TAKEN) {
			rc = admit(lab, n + 1);
			if (rc == SPOOL_BUSY)
				assert_true(sync_spool(lab));
		}
		assert_true(sync_spool(lab));
		taken[round] = n - from;
		spool_ack(lab->spool, n);
		assert_true(spool_tend(lab->spool, 1, &lab->err));
		assert_int_equal(segments(lab), ROOM / SEGMENT / 4 + 1);
		close_spool(lab);
	}
	assert_in_range(taken[1], taken[0] - taken[0] / 10, taken[0] + taken[0] / 10);
}

static void a_spool_of_another_version_is_refused_and_left_alone(void **state)
{
	struct lab *lab = *state;
	const char *name;

	small_spool(lab, 12, &name);
	struct model_file *super = model_file(&lab->model, "superblock");
	super->data[8] = super->data[4096 + 8] = 9; /* version, in both slots */
	super->data[200] ^= 1;                      /* and more than one bit that turned over */
	super->data[4096 + 200] ^= 1;
	assert_false(open_spool(lab));
	assert_int_equal(lab->err.status, EXIT_CANNOT);
	assert_string_equal(lab->err.text,
		"spool: a spool of version 9, or of another kind of machine; this program knows "
		"2: let the program that wrote it deliver what waits, or give --spool another "
		"folder");
	assert_non_null(model_file(&lab->model, name));
	super->data[8] = super->data[4096 + 8] = 2;
	super->data[200] ^= 1;
	super->data[4096 + 200] ^= 1;
	must_open(lab);
	assert_int_equal(spool_state(lab->spool).next_seq, 13);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(numbers_are_contiguous_and_survive_the_next_start),
		T(repetitions_are_known_by_position_and_by_run_and_ordinal),
		T(what_came_after_the_superblock_counts_too),
		T(a_damaged_slot_of_the_superblock_leaves_the_one_before),
		T(what_is_no_record_is_refused),
		cmocka_unit_test(a_kill_at_any_call_loses_and_doubles_nothing),
		cmocka_unit_test(a_loss_of_power_at_any_call_loses_and_doubles_nothing),
		cmocka_unit_test(an_error_at_any_call_loses_and_doubles_nothing),
		T(a_torn_tail_keeps_whole_records_and_gives_no_number_twice),
		T(a_changed_bit_costs_the_record_it_stands_in_and_says_so),
		T(a_missing_segment_is_told_number_by_number),
		T(without_a_superblock_the_segments_say_who_we_are),
		T(segments_of_another_spool_are_put_aside),
		T(acknowledged_segments_stay_for_a_day_and_the_rest_for_ever),
		T(what_is_only_kept_is_a_quarter_at_most_and_gives_way),
		T(a_spool_of_another_version_is_refused_and_left_alone),
		T(a_failed_group_goes_to_another_segment_and_never_to_the_same_file),
		T(a_disk_that_fails_for_good_is_named_and_loses_nothing),
		T(errors_at_the_start_name_file_and_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
