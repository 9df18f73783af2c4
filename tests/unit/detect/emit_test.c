/* Goal: live nothing waits long for the join, and what is dropped is told by class.
 * Method: a small ring that nobody reads. */
#include "detect/emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SIZE 4096u
#define FACT_LEN 64u

static const int never;
static _Alignas(64) uint8_t memory[sizeof(struct spsc_control) + SIZE];

static struct emit fresh(bool live)
{
	struct emit emit = {.live = live, .stop = &never};

	memset(memory, 0, sizeof(memory));
	spsc_format(memory, SIZE);
	assert_true(spsc_attach(&emit.ring, memory, sizeof(memory), true));
	return emit;
}

static bool put(struct emit *emit, enum fact_kind kind)
{
	struct fact *fact = emit_reserve(emit, kind, FACT_LEN);

	if (fact != NULL)
		emit_commit(emit, fact);
	return fact != NULL;
}

static uint64_t lost(const struct emit *emit, enum fact_lost what)
{
	return atomic_load(&emit->ring.control->words[LOST_WORD + what]);
}

static void names_and_values_go_first(void **state)
{
	struct emit emit = fresh(true);
	uint32_t names = 0;

	(void)state;
	while (put(&emit, FACT_NAME))
		names++;
	assert_false(put(&emit, FACT_REPEAT));
	assert_int_equal(lost(&emit, LOST_NAMES), 1);
	assert_int_equal(lost(&emit, LOST_VALUES), 1);
	assert_int_equal(emit.dropped[FACT_NAME], 1);
	assert_in_range(spsc_fill(&emit.ring), SIZE / 4 * 3, SIZE / 4 * 3 + FACT_LEN + 8);
	assert_true(put(&emit, FACT_FINDING)); /* for these there is room */
	assert_true(names > 0);
	assert_int_equal(lost(&emit, LOST_FINDINGS), 0);
}

static void a_finding_without_room_is_told(void **state)
{
	struct emit emit = fresh(true);

	(void)state;
	while (put(&emit, FACT_LISTED))
		continue;
	assert_false(put(&emit, FACT_FINDING));
	assert_int_equal(lost(&emit, LOST_FINDINGS), 2);
	assert_int_equal(lost(&emit, LOST_NAMES), 0);
}

static void sums_are_not_lost(void **state)
{
	struct emit emit = fresh(true);

	(void)state;
	while (put(&emit, FACT_COVERAGE))
		continue;
	assert_false(put(&emit, FACT_CONTACT));
	assert_int_equal(emit.kept, 2);
	for (int what = 0; what < LOST_COUNT; what++)
		assert_int_equal(lost(&emit, (enum fact_lost)what), 0);
	assert_int_equal(emit.dropped[FACT_COVERAGE] + emit.dropped[FACT_CONTACT], 0);
}

static void in_files_names_use_the_whole_ring(void **state)
{
	struct emit emit = fresh(false);
	uint32_t count = SIZE / (FACT_LEN + 8);

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		assert_true(put(&emit, FACT_NAME));
	assert_true(spsc_fill(&emit.ring) > SIZE - FACT_LEN - 8);
}

/* Wherever in the ring it stands: the largest record needs at most half of it. */
static void where_there_is_room_nothing_is_dropped(void **state)
{
	(void)state;
	for (uint32_t passed = 0; passed < SIZE / 8; passed++) {
		struct emit emit = fresh(true);
		struct spsc reader;
		uint64_t position;
		uint32_t len;

		assert_true(spsc_attach(&reader, memory, sizeof(memory), false));
		for (uint32_t i = 0; i < passed; i++) {
			assert_non_null(spsc_reserve(&emit.ring, 1));
			spsc_commit(&emit.ring, 1);
			assert_non_null(spsc_next(&reader, &len, &position));
			spsc_release(&reader);
		}
		while (emit_has_room(&emit)) {
			struct fact *fact = emit_reserve(&emit, FACT_FINDING, SIZE / 4);
			assert_non_null(fact);
			fact->size = FACT_LEN; /* many small ones: the edge is met closely */
			emit_commit(&emit, fact);
		}
		assert_int_equal(emit.dropped[FACT_FINDING], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_values_go_first),
		cmocka_unit_test(a_finding_without_room_is_told),
		cmocka_unit_test(sums_are_not_lost),
		cmocka_unit_test(in_files_names_use_the_whole_ring),
		cmocka_unit_test(where_there_is_room_nothing_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
