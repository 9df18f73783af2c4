#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/spsc.h"

#define RING 4096
#define MODEL_STEPS 200000
#define MODEL_MAX 512
#define THREAD_RECORDS 200000

struct memory {
	_Alignas(64) uint8_t bytes[sizeof(struct spsc_control) + RING];
};

static void open_both(struct memory *memory, struct spsc *producer, struct spsc *consumer)
{
	memset(memory, 0, sizeof(*memory));
	assert_int_equal(spsc_bytes(RING), sizeof(memory->bytes));
	spsc_format(memory->bytes, RING);
	assert_true(spsc_attach(producer, memory->bytes, sizeof(memory->bytes), true));
	assert_true(spsc_attach(consumer, memory->bytes, sizeof(memory->bytes), false));
}

static uint8_t pattern(uint32_t record, uint32_t i)
{
	return (uint8_t)(record * 31 + i * 7);
}

static bool put(struct spsc *ring, uint32_t record, uint32_t reserved, uint32_t len)
{
	uint8_t *room = spsc_reserve(ring, reserved);

	if (room == NULL)
		return false;
	assert_int_equal((uintptr_t)room % 8, 0);
	for (uint32_t i = 0; i < len; i++)
		room[i] = pattern(record, i);
	spsc_commit(ring, len);
	return true;
}

static void check(const uint8_t *data, uint32_t record, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (data[i] != pattern(record, i))
			fail_msg("record %u differs at %u", record, i);
}

static void nothing_is_seen_before_commit(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len;

	(void)state;
	open_both(&memory, &producer, &consumer);
	assert_null(spsc_next(&consumer, &len, &position));
	assert_non_null(spsc_reserve(&producer, 100));
	assert_null(spsc_next(&consumer, &len, &position));
	assert_int_equal(spsc_fill(&producer), 0);
	spsc_commit(&producer, 60);
	assert_non_null(spsc_next(&consumer, &len, &position));
	assert_int_equal(len, 60);
	assert_int_equal(spsc_fill(&producer), 72);
	assert_null(spsc_next(&consumer, &len, &position));
	spsc_release(&consumer);
	assert_int_equal(spsc_fill(&consumer), 0);
	assert_false(consumer.broken);
}

static void the_largest_record_always_fits_an_empty_ring(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len;

	(void)state;
	for (uint32_t before = 0; before < RING / 4; before += 8) {
		open_both(&memory, &producer, &consumer);
		for (uint32_t i = 0; i < 4; i++) {
			assert_true(put(&producer, i, before, before));
			assert_non_null(spsc_next(&consumer, &len, &position));
			spsc_release(&consumer);
			assert_true(put(&producer, i, RING / 4, RING / 4));
			check(spsc_next(&consumer, &len, &position), i, RING / 4);
			spsc_release(&consumer);
		}
	}
	assert_null(spsc_reserve(&producer, RING / 4 + 1));
	assert_null(spsc_reserve(&producer, UINT32_MAX));
}

/* Against a queue of (number, length): what goes in comes out, in order, whole
 * and at a rising position; a refused record is one that truly had no room. */
static void what_goes_in_comes_out_in_order(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint32_t lens[MODEL_MAX], in = 0, out = 0, len, seed = 20261121;
	uint64_t position, last = 0, refused = 0;

	(void)state;
	open_both(&memory, &producer, &consumer);
	for (int step = 0; step < MODEL_STEPS; step++) {
		seed = seed * 1664525 + 1013904223;
		uint32_t random = seed >> 8;
		uint32_t most = random % 16 == 0 ? RING / 4 : 96;
		uint32_t reserved = random / 16 % (most + 1), used = random % (reserved + 1);

		if (random % 2 == 0 && in - out < MODEL_MAX) {
			bool done = put(&producer, in, reserved, used);

			assert_true(done || spsc_fill(&producer) + 2 * (reserved + 16) > RING);
			refused += !done;
			if (done)
				lens[in++ % MODEL_MAX] = used;
			continue;
		}
		const uint8_t *data = spsc_next(&consumer, &len, &position);
		assert_int_equal(data != NULL, in != out);
		if (data != NULL) {
			assert_int_equal(len, lens[out % MODEL_MAX]);
			check(data, out++, len);
			assert_true(data + len <= memory.bytes + sizeof(memory.bytes));
			assert_true(out == 1 || position > last);
			last = position;
		}
		if (random % 4 == 1)
			spsc_release(&consumer);
	}
	assert_true(refused > 100 && out > 10000);
}

static void a_consumer_that_died_reads_again_what_it_did_not_release(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t first, again;
	uint32_t len;

	(void)state;
	open_both(&memory, &producer, &consumer);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(put(&producer, i, 40, 40));
	assert_non_null(spsc_next(&consumer, &len, &first));
	spsc_release(&consumer);
	assert_non_null(spsc_next(&consumer, &len, &first));
	assert_non_null(spsc_next(&consumer, &len, &again));
	assert_true(spsc_attach(&consumer, memory.bytes, sizeof(memory.bytes), false));
	check(spsc_next(&consumer, &len, &again), 1, 40);
	assert_int_equal(again, first);
}

static void a_producer_that_died_goes_on_behind_what_it_committed(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len;

	(void)state;
	open_both(&memory, &producer, &consumer);
	assert_true(put(&producer, 0, 40, 40));
	memset(spsc_reserve(&producer, 40), 0xee, 40);
	assert_true(spsc_attach(&producer, memory.bytes, sizeof(memory.bytes), true));
	assert_true(put(&producer, 1, 24, 24));
	check(spsc_next(&consumer, &len, &position), 0, 40);
	check(spsc_next(&consumer, &len, &position), 1, 24);
	assert_null(spsc_next(&consumer, &len, &position));
}

static void memory_that_is_no_ring_is_refused(void **state)
{
	static struct memory memory = {0};
	struct spsc ring;
	struct spsc_control *control = (struct spsc_control *)(void *)memory.bytes;

	(void)state;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	spsc_format(memory.bytes, RING);
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes) - 1, false));
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(*control) - 1, false));
	control->size = RING + 8;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	control->size = RING / 2;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	control->size = UINT64_C(1) << 63;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	control->size = RING;
	control->head = RING + 8;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	control->head = 12;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	control->head = 16;
	assert_true(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
	control->magic++;
	assert_false(spsc_attach(&ring, memory.bytes, sizeof(memory.bytes), false));
}

/* The producer may be broken into: no length it writes moves the consumer out
 * of the data, and what contradicts itself ends the reading. */
static void forged_lengths_are_refused_for_ever(void **state)
{
	static const uint32_t forged[] = {41, 48, RING / 4, RING / 4 + 1, RING, 0x7fffffff,
		UINT32_MAX - 1, UINT32_MAX /* padding with nothing behind */};
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		open_both(&memory, &producer, &consumer);
		assert_true(put(&producer, 0, 40, 40));
		memcpy(memory.bytes + sizeof(struct spsc_control), &forged[i], 4);
		assert_null(spsc_next(&consumer, &len, &position));
		assert_true(consumer.broken);
		assert_true(put(&producer, 0, 40, 40));
		assert_null(spsc_next(&consumer, &len, &position));
	}
	static const uint64_t heads[] = {4, RING + 8, UINT64_MAX - 7};
	for (size_t i = 0; i < 3; i++) {
		open_both(&memory, &producer, &consumer);
		((struct spsc_control *)(void *)memory.bytes)->head = heads[i];
		assert_null(spsc_next(&consumer, &len, &position));
		assert_true(consumer.broken);
	}
}

static void a_record_larger_than_any_is_refused_though_it_was_committed(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len, forged = RING / 4 + 1;

	(void)state;
	open_both(&memory, &producer, &consumer);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(put(&producer, i, 1000, 1000));
	memcpy(memory.bytes + sizeof(struct spsc_control), &forged, 4);
	assert_null(spsc_next(&consumer, &len, &position));
	assert_true(consumer.broken);
}

/* Padding reaches to the end of data: behind it old records must not come alive. */
static void forged_padding_does_not_bring_back_old_records(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len, forged = UINT32_MAX;

	(void)state;
	open_both(&memory, &producer, &consumer);
	assert_true(put(&producer, 0, 40, 40));
	assert_non_null(spsc_next(&consumer, &len, &position));
	spsc_release(&consumer);
	assert_true(put(&producer, 1, 40, 40));
	memcpy(memory.bytes + sizeof(struct spsc_control) + 48, &forged, 4);
	assert_null(spsc_next(&consumer, &len, &position));
	assert_true(consumer.broken);
}

static void a_size_changed_after_attach_is_not_believed(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len;

	(void)state;
	open_both(&memory, &producer, &consumer);
	((struct spsc_control *)(void *)memory.bytes)->size = UINT64_C(1) << 40;
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(put(&producer, i, 1000, 1000));
		check(spsc_next(&consumer, &len, &position), i, 1000);
		spsc_release(&consumer);
	}
}

static void *produce(void *argument)
{
	struct spsc *ring = argument;

	for (uint32_t i = 0; i < THREAD_RECORDS; i++)
		while (!put(ring, i, i % 200 + 8, i % 200))
			sched_yield();
	return NULL;
}

static void two_threads_hand_over_every_record(void **state)
{
	static struct memory memory;
	struct spsc producer, consumer;
	uint64_t position;
	uint32_t len;
	pthread_t thread;

	(void)state;
	open_both(&memory, &producer, &consumer);
	assert_int_equal(pthread_create(&thread, NULL, produce, &producer), 0);
	for (uint32_t i = 0; i < THREAD_RECORDS;) {
		const uint8_t *data = spsc_next(&consumer, &len, &position);

		if (data == NULL) {
			sched_yield();
			continue;
		}
		if (len != i % 200)
			fail_msg("record %u has %u bytes", i, len);
		check(data, i++, len);
		spsc_release(&consumer);
	}
	pthread_join(thread, NULL);
	assert_int_equal(spsc_fill(&consumer), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_seen_before_commit),
		cmocka_unit_test(the_largest_record_always_fits_an_empty_ring),
		cmocka_unit_test(what_goes_in_comes_out_in_order),
		cmocka_unit_test(a_consumer_that_died_reads_again_what_it_did_not_release),
		cmocka_unit_test(a_producer_that_died_goes_on_behind_what_it_committed),
		cmocka_unit_test(memory_that_is_no_ring_is_refused),
		cmocka_unit_test(forged_lengths_are_refused_for_ever),
		cmocka_unit_test(a_record_larger_than_any_is_refused_though_it_was_committed),
		cmocka_unit_test(forged_padding_does_not_bring_back_old_records),
		cmocka_unit_test(a_size_changed_after_attach_is_not_believed),
		cmocka_unit_test(two_threads_hand_over_every_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
