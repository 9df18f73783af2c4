/* Goal: a full spool or disk refuses by class, counts exactly and tells the
 * counts.  Method: fill it, with and without space on the disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_lab.h"

/* Fills with all classes; what was refused of each. */
static uint64_t fill_up(struct lab *lab, uint64_t refused[3])
{
	uint64_t n = 0;

	for (;;) {
		if (n % 10 == 0) {
			assert_true(sync_spool(lab));
			assert_true(spool_tend(lab->spool, lab->now, &lab->err));
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
		"\"sensor\":\"lab\",\"sekisho\":{\"reason\":\"no_room\",\"class\":%d,\"n\":%llu,"
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
	assert_true(spool_tend(lab->spool, lab->now, &lab->err));
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

/* P0 too, where nothing else is left to be done. */
static void at_the_very_limit_even_the_last_class_is_shed_and_told(void **state)
{
	struct lab *lab = *state;
	uint64_t refused[3] = {0, 0, 0};
	const struct spool_origin origin = {.ring = RING_ID, .position = 1u << 30};
	uint8_t body[2048];

	must_open(lab);
	uint64_t last = fill_up(lab, refused); /* the next P0 finds no room */
	struct spool_state full = spool_state(lab->spool);
	assert_int_equal(full.refused[EVENT_P0], 0);
	size_t len = body_of(last + 1, EVENT_P0, body);
	assert_int_equal(
		spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_SHEDS), SPOOL_FULL);
	assert_int_equal(spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_SHEDS_ALL),
		SPOOL_REFUSED);
	spool_refuse(lab->spool, EVENT_P1, 7); /* by somebody before us */
	assert_int_equal(spool_state(lab->spool).refused[EVENT_P0], 1);
	assert_int_equal(spool_state(lab->spool).untold, refused[1] + refused[2] + 8);
	assert_int_equal(spool_tell(lab->spool, UINT64_C(1000000000)), SPOOL_TAKEN);
	assert_true(sync_spool(lab));
	told(lab, full.next_seq, 0, 1);
	told(lab, full.next_seq + 1, 1, refused[EVENT_P1] + 7);
	told(lab, full.next_seq + 2, 2, refused[EVENT_P2]);
	assert_int_equal(spool_state(lab->spool).untold, 0);
}

/* Each class finds room up to the byte of its share, and not one further. */
static void each_class_has_room_up_to_its_limit(void **state)
{
	static const uint64_t percent[] = {95, 85, 70};
	struct lab *lab = *state;
	uint8_t body[2048];
	uint64_t n = 0, written = 0;

	must_open(lab);
	for (int event_class = EVENT_P2; event_class >= EVENT_P0; event_class--) {
		enum spool_rc rc = SPOOL_TAKEN;
		uint64_t used = 0, need = 0;

		while (rc == SPOOL_TAKEN) {
			assert_true(sync_spool(lab));
			assert_true(spool_tend(lab->spool, lab->now, &lab->err));
			used = written;
			need = (body_of(++n, (enum event_class)event_class, body) + 7) / 8 * 8 + 56;
			rc = admit_class(lab, n, (enum event_class)event_class);
			written += rc == SPOOL_TAKEN ? need : 0;
		}
		n--;
		assert_int_equal(rc, event_class == EVENT_P0 ? SPOOL_FULL : SPOOL_REFUSED);
		/* heads of segments and their unused ends are used room as well */
		uint64_t limit = ROOM / 100 * percent[event_class];
		assert_true(used + need + (ROOM / SEGMENT) * (4096 + 2048) > limit);
		assert_true(used <= limit);
	}
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
	assert_int_equal(
		spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_WAITS), SPOOL_FULL);
	assert_int_equal(
		spool_admit(lab->spool, &origin, bytes_of(body, len), SPOOL_SHEDS), SPOOL_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_full_spool_sheds_by_class_and_tells_the_counts),
		T(a_full_disk_sheds_by_class_and_tells_the_counts),
		T(at_the_very_limit_even_the_last_class_is_shed_and_told),
		T(each_class_has_room_up_to_its_limit),
		T(counts_of_refusals_survive_a_crash_if_their_record_is_durable),
		T(who_waits_is_not_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
