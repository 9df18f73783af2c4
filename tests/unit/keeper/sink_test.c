/* Goal: while the shipper is stuck the ring keeps room for what matters, and
 * what is given up for that is counted; a run of files gives up nothing.
 * Method: a ring that nobody reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "keeper/sink.h"
#include "shipper/shipper.h"

#define RING 65536
#define EVENT 512 /* with its head in the ring 520 */

struct lab {
	void *mem;
	struct ring_sink sink;
	volatile int stop;
};

static int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->mem = aligned_alloc(64, (spsc_bytes(RING) + 63) / 64 * 64);
	memset(lab->mem, 0, spsc_bytes(RING));
	spsc_format(lab->mem, RING);
	assert_true(spsc_attach(&lab->sink.ring, lab->mem, spsc_bytes(RING), true));
	lab->sink.live = true;
	lab->sink.stop = &lab->stop;
	*state = lab;
	return 0;
}

static int lab_close(void **state)
{
	struct lab *lab = *state;

	free(lab->mem);
	free(lab);
	return 0;
}

static bool put(struct lab *lab, enum event_class event_class)
{
	const struct record record = {.event_class = (uint8_t)event_class};
	struct event_sink sink = ring_sink(&lab->sink);
	void *room = sink.reserve(sink.self, EVENT);

	if (room == NULL)
		return false;
	memset(room, 0, EVENT);
	memcpy(room, &record, sizeof(record));
	sink.commit(sink.self, EVENT);
	return true;
}

static uint64_t word(const struct lab *lab, enum shipper_word word)
{
	return atomic_load(&lab->sink.ring.control->words[word]);
}

/* How many of a class it takes before the first is given up. */
static uint64_t taken(struct lab *lab, enum event_class event_class, enum shipper_word count)
{
	uint64_t n = 0;

	while (word(lab, count) == 0) {
		assert_true(put(lab, event_class));
		n++;
	}
	return n - 1;
}

static void telemetry_goes_first_then_p1_and_p0_waits(void **state)
{
	struct lab *lab = *state;
	struct spsc reader;
	uint32_t len;
	uint64_t position, p0 = 0, seen[3] = {0, 0, 0};

	uint64_t p2 = taken(lab, EVENT_P2, SHIPPER_WORD_REFUSED_P2);
	assert_in_range(spsc_fill(&lab->sink.ring), RING * 70 / 100, RING * 71 / 100);
	uint64_t p1 = taken(lab, EVENT_P1, SHIPPER_WORD_REFUSED_P1);
	assert_in_range(spsc_fill(&lab->sink.ring), RING * 85 / 100, RING * 86 / 100);
	assert_true(put(lab, EVENT_P2));
	lab->stop = 1; /* full: it would wait */
	while (put(lab, EVENT_P0))
		p0++;
	assert_true(spsc_fill(&lab->sink.ring) > RING - 2 * (EVENT + 8));
	assert_int_equal(word(lab, SHIPPER_WORD_REFUSED_P1), 1);
	assert_int_equal(word(lab, SHIPPER_WORD_REFUSED_P2), 2);
	assert_true(spsc_attach(&reader, lab->mem, spsc_bytes(RING), false));
	for (const uint8_t *data; (data = spsc_next(&reader, &len, &position)) != NULL;) {
		struct record record;

		memcpy(&record, data, sizeof(record));
		assert_int_equal(len, EVENT);
		seen[record.event_class]++;
	}
	assert_int_equal(seen[EVENT_P2], p2);
	assert_int_equal(seen[EVENT_P1], p1);
	assert_int_equal(seen[EVENT_P0], p0);
	spsc_release(&reader);
	assert_true(put(lab, EVENT_P2));
	assert_int_equal(word(lab, SHIPPER_WORD_REFUSED_P2), 2);
}

static void a_run_of_files_gives_up_nothing(void **state)
{
	struct lab *lab = *state;

	lab->sink.live = false;
	lab->stop = 1;
	while (put(lab, EVENT_P2))
		continue;
	assert_true(spsc_fill(&lab->sink.ring) > RING - 2 * (EVENT + 8));
	assert_int_equal(word(lab, SHIPPER_WORD_REFUSED_P2), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(telemetry_goes_first_then_p1_and_p0_waits),
		T(a_run_of_files_gives_up_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
