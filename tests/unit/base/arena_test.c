#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

#define ARENA_LEN ((size_t)1 << 20)
#define ITEMS 5

static void what_is_taken_is_zeroed_aligned_and_apart(void **state)
{
	struct arena arena;
	struct err err = {0};

	(void)state;
	assert_true(arena_new(&arena, ARENA_LEN, &err));
	uint8_t *last_end = arena.base;
	for (size_t len = 0; len < 200; len += 7) {
		uint8_t *part = arena_take(&arena, len);

		assert_non_null(part);
		assert_int_equal((uintptr_t)part % 64, 0);
		assert_true(part >= last_end);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(part[i], 0);
		memset(part, 0xff, len);
		last_end = part + len;
	}
	arena_free(&arena);
	assert_null(arena.base);
}

static void a_full_arena_gives_nothing(void **state)
{
	struct arena arena;
	struct err err = {0};

	(void)state;
	assert_true(arena_new(&arena, 1, &err)); /* one page */
	assert_null(arena_take(&arena, arena.size + 1));
	assert_null(arena_take(&arena, SIZE_MAX));
	assert_non_null(arena_take(&arena, arena.size));
	assert_null(arena_take(&arena, 1));
	arena_free(&arena);
	assert_null(arena_take(&arena, 1));
}

static void impossible_sizes_are_refused_with_a_reason(void **state)
{
	struct arena arena;
	struct err err = {0};

	(void)state;
	assert_false(arena_new(&arena, 0, &err));
	assert_int_equal(err.status, EXIT_CANNOT);
	assert_string_equal(err.text, "memory: 0 bytes cannot be mapped");
	assert_false(arena_new(&arena, SIZE_MAX, &err));
	assert_string_equal(err.text, "memory: 18446744073709551615 bytes cannot be mapped");
	assert_false(arena_new(&arena, (size_t)1 << 60, &err));
	assert_string_equal(err.text,
		"memory: 1152921504606846976 bytes cannot be mapped: Cannot allocate memory. Lower "
		"\"memory\" or raise the limit of the service");
	assert_null(arena.base);
}

/* The kernel's own word for it: flag dd in the VmFlags of the mapping. */
static void an_arena_stays_out_of_core_dumps(void **state)
{
	struct arena arena;
	struct err err = {0};
	char line[512], start[32];
	bool inside = false, found = false;

	(void)state;
	assert_true(arena_new(&arena, ARENA_LEN, &err));
	snprintf(start, sizeof(start), "%" PRIxPTR "-", (uintptr_t)arena.base);
	FILE *maps = fopen("/proc/self/smaps", "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		inside = inside || strncmp(line, start, strlen(start)) == 0;
		if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			found = strstr(line, " dd") != NULL;
			break;
		}
	}
	fclose(maps);
	assert_true(inside);
	assert_true(found);
	arena_free(&arena);
}

static void a_pool_gives_each_item_once(void **state)
{
	struct arena arena;
	struct err err = {0};
	struct pool pool;

	(void)state;
	assert_true(arena_new(&arena, ARENA_LEN, &err));
	assert_true(pool_new(&pool, &arena, 13, ITEMS));
	assert_int_equal(pool.item_size, 16);
	for (uint32_t i = 1; i <= ITEMS; i++) {
		assert_int_equal(pool_take(&pool), i);
		memset(pool_at(&pool, i), (int)i, pool.item_size);
	}
	assert_int_equal(pool_take(&pool), 0);
	assert_int_equal(pool_take(&pool), 0);
	assert_int_equal(pool.refused, 2);
	assert_int_equal(pool.used, ITEMS);
	for (uint32_t i = 1; i <= ITEMS; i++)
		assert_int_equal(((uint8_t *)pool_at(&pool, i))[15], i);
	arena_free(&arena);
}

static void given_items_come_back_and_the_peak_is_kept(void **state)
{
	struct arena arena;
	struct err err = {0};
	struct pool pool;

	(void)state;
	assert_true(arena_new(&arena, ARENA_LEN, &err));
	assert_true(pool_new(&pool, &arena, 1, ITEMS));
	for (uint32_t i = 1; i <= 3; i++)
		pool_take(&pool);
	pool_give(&pool, 2);
	pool_give(&pool, 1);
	assert_int_equal(pool.used, 1);
	assert_int_equal(pool_take(&pool), 1);
	assert_int_equal(pool_take(&pool), 2);
	assert_int_equal(pool_take(&pool), 4);
	assert_int_equal(pool_take(&pool), 5);
	assert_int_equal(pool_take(&pool), 0);
	assert_int_equal(pool.used_max, ITEMS);
	pool_give(&pool, 3);
	assert_int_equal(pool.used_max, ITEMS);
	arena_free(&arena);
}

static void a_pool_needs_what_it_says_and_not_less(void **state)
{
	struct arena arena;
	struct err err = {0};
	struct pool pool, none;

	(void)state;
	assert_true(arena_new(&arena, ARENA_LEN, &err));
	size_t need = pool_bytes(24, 1000);
	assert_true(need >= 24 * 1001);
	assert_non_null(arena_take(&arena, arena.size - need));
	assert_true(pool_new(&pool, &arena, 24, 1000));
	assert_false(pool_new(&none, &arena, 24, 1));
	while (pool_take(&pool) != 0)
		continue;
	memset(pool_at(&pool, 1000), 0xff, pool.item_size); /* the last one lies inside */
	assert_true((uint8_t *)pool_at(&pool, 1000) + pool.item_size <= arena.base + arena.size);
	assert_true(pool_bytes(UINT32_MAX - 7, UINT32_MAX) > UINT64_C(1) << 63);
	arena_free(&arena);
}

static void an_erased_item_is_wiped_as_far_as_it_was_used(void **state)
{
	struct arena arena;
	struct pool pool;
	struct err err = {0};
	static const uint8_t none[56];

	(void)state;
	assert_true(arena_new(&arena, 4096, &err));
	assert_true(pool_new(&pool, &arena, 64, 4));
	uint32_t a = pool_take(&pool), b = pool_take(&pool);
	memset(pool_at(&pool, a), 0x34, 64);
	memset(pool_at(&pool, b), 0x34, 64);
	pool_erase(&pool, a, SIZE_MAX);
	pool_erase(&pool, b, 60);
	/* the first bytes are the free list's */
	assert_memory_equal((uint8_t *)pool_at(&pool, a) + 8, none, 56);
	assert_memory_equal((uint8_t *)pool_at(&pool, b) + 8, none, 52);
	assert_int_equal(((uint8_t *)pool_at(&pool, b))[60], 0x34);
	assert_int_equal(pool.used, 0);
	assert_int_equal(pool_take(&pool), b);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_zeroed_aligned_and_apart),
		cmocka_unit_test(a_full_arena_gives_nothing),
		cmocka_unit_test(impossible_sizes_are_refused_with_a_reason),
		cmocka_unit_test(an_arena_stays_out_of_core_dumps),
		cmocka_unit_test(a_pool_gives_each_item_once),
		cmocka_unit_test(given_items_come_back_and_the_peak_is_kept),
		cmocka_unit_test(a_pool_needs_what_it_says_and_not_less),
		cmocka_unit_test(an_erased_item_is_wiped_as_far_as_it_was_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
