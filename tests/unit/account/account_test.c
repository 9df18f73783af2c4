#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "account/account.h"

static struct arena arena;
static const struct hash_key key = {1, 2};

static struct account_key row_key(uint64_t minute, uint32_t merchant)
{
	return (struct account_key){.minute = minute, .merchant = merchant};
}

struct taken {
	uint32_t rows, room_for; /* 0: for all */
	struct account_counts sum;
	uint64_t minute_max;
};

static bool take(void *self, const struct account_row *row)
{
	struct taken *taken = self;

	if (taken->room_for != 0 && taken->rows == taken->room_for)
		return false;
	taken->rows++;
	account_add(&taken->sum, &row->counts);
	if (row->key.minute > taken->minute_max)
		taken->minute_max = row->key.minute;
	return true;
}

static void the_same_key_is_the_same_row(void **state)
{
	struct account *account = account_new(&arena, 16, &key);
	struct account_key a = row_key(1, 7), b = row_key(1, 8);

	(void)state;
	account_row(account, &a)->payload += 5;
	account_row(account, &a)->payload += 6;
	account_row(account, &b)->payload += 7;
	assert_int_equal(account_row(account, &a)->payload, 11);
	assert_int_equal(account_row(account, &b)->payload, 7);
}

static void only_minutes_before_are_taken(void **state)
{
	struct account *account = account_new(&arena, 64, &key);
	struct taken taken = {0};

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		struct account_key k = row_key(i % 4, i);
		account_row(account, &k)->payload = 1;
	}
	account_take(account, 2, take, &taken);
	assert_int_equal(taken.rows, 20);
	assert_int_equal(taken.minute_max, 1);
	struct account_key kept = row_key(3, 3);
	assert_int_equal(account_row(account, &kept)->payload, 1);
	taken = (struct taken){0};
	account_take(account, UINT64_MAX, take, &taken);
	assert_int_equal(taken.rows, 20);
}

static void what_is_not_taken_stays_and_is_added_to(void **state)
{
	struct account *account = account_new(&arena, 64, &key);
	struct taken taken = {.room_for = 3};

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 10; i++) {
			struct account_key k = row_key(1, i + 1);
			account_row(account, &k)->payload += 5;
		}
		account_take(account, UINT64_MAX, take, &taken);
		assert_int_equal(taken.rows, round == 0 ? 3 : 13);
		taken.room_for = 0;
	}
	assert_int_equal(taken.sum.payload, 2 * 10 * 5);
}

static void a_full_table_loses_no_byte_and_is_counted(void **state)
{
	struct account *account = account_new(&arena, 8, &key);
	struct taken taken = {0};

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct account_key k = row_key(5, i + 1);
		account_row(account, &k)->payload += 3;
	}
	account_take(account, UINT64_MAX, take, &taken);
	assert_int_equal(taken.rows, 8);
	assert_int_equal(taken.sum.payload, 3000);
	assert_int_equal(account_overflow(account), 1000 - 7);
}

static void books_balance_only_if_every_byte_has_a_name(void **state)
{
	struct account_counts counts = {.payload = 100, .inspected = 50, .duplicate = 20};

	(void)state;
	counts.skipped[SKIP_ENCRYPTED] = 20;
	counts.pending = 9;
	assert_int_equal(account_imbalance(&counts), 1);
	counts.pending = 10;
	counts.missing = 1000; /* beside it */
	assert_int_equal(account_imbalance(&counts), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_key_is_the_same_row),
		cmocka_unit_test(only_minutes_before_are_taken),
		cmocka_unit_test(what_is_not_taken_stays_and_is_added_to),
		cmocka_unit_test(a_full_table_loses_no_byte_and_is_counted),
		cmocka_unit_test(books_balance_only_if_every_byte_has_a_name),
	};
	struct err err = {0};

	if (!arena_new(&arena, 1u << 20, &err))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
