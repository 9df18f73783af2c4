/* Goal: names of one client, server and domain come together and of no others, and no more of
 * them are kept than is said: the last half of PIECES_NAMES at least, SPREAD_AGE_NS long, in as
 * many rows as there are; what goes is wiped.  Method: rows of a pool of a few. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/spread.h"
#include "guard.h"

#define ROWS 4
#define SECOND UINT64_C(1000000000)

static struct arena arena;
static struct spreads spreads;
static const struct hash_key key = {.k0 = 3, .k1 = 5};

static int start(void **state)
{
	(void)state;
	assert_true(arena_new(&arena, spreads_bytes(ROWS) + 256, NULL));
	assert_true(spreads_new(&spreads, &arena, ROWS, &key));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_free(&arena);
	guard_free();
	return 0;
}

static struct tuple query(uint32_t client, uint16_t port)
{
	const struct tuple t = {.src = addr_from4(client),
		.dst = addr_from4(0xc6120001),
		.sport = port,
		.dport = TUPLE_DNS_PORT,
		.proto = PROTO_UDP};

	return tuple_pair(&t);
}

static struct spread *add(const struct tuple *pair, const char *name, uint64_t now_ns)
{
	return spread_add(&spreads, pair, guarded(name, strlen(name)), now_ns);
}

static void assert_names(const struct spread *row, const char *const names[], uint32_t count)
{
	struct pieces pieces;

	assert_non_null(row);
	spread_pieces(row, &pieces);
	assert_int_equal(pieces.count, count);
	for (uint32_t i = 0; i < count; i++)
		assert_true(bytes_equal(pieces.name[i], bytes_text(names[i])));
}

static void queries_from_any_port_come_together(void **state)
{
	static const char *const names[] = {"aaa1.0", "bbb2.1", "ccc3.2"};
	const struct tuple one = query(7, 40000), two = query(7, 40001), three = query(7, 1);

	(void)state;
	assert_null(add(&one, "aaa1.0.example.net", SECOND));
	assert_names(add(&two, "bbb2.1.example.net", SECOND), names, 2);
	assert_names(add(&three, "ccc3.2.EXAMPLE.net", SECOND), names, 3);
	assert_int_equal(spreads.pool.used, 1);
}

static void an_answer_has_the_pair_of_its_query(void **state)
{
	struct tuple ask = {.src = addr_from4(9),
		.dst = addr_from4(2),
		.sport = 4444,
		.dport = TUPLE_DNS_PORT,
		.tenant = 3,
		.proto = PROTO_UDP};
	struct tuple answer = tuple_turned(&ask, true);
	struct tuple one = tuple_pair(&ask), other = tuple_pair(&answer);

	(void)state;
	assert_memory_equal(&one, &other, sizeof(one));
	assert_int_equal(one.sport, 0);
	ask.proto = PROTO_TCP;
	one = tuple_pair(&ask);
	assert_int_equal(one.dport, 4444);
	assert_int_equal(one.sport, TUPLE_DNS_PORT);
}

static void other_clients_tenants_and_domains_stand_apart(void **state)
{
	const struct tuple one = query(7, 1), two = query(8, 1);
	struct tuple tenant = one;

	(void)state;
	tenant.tenant = 1;
	assert_null(add(&one, "aaa1.example.net", SECOND));
	assert_null(add(&two, "bbb1.example.net", SECOND));
	assert_null(add(&tenant, "ccc1.example.net", SECOND));
	assert_null(add(&one, "ddd1.example.com", SECOND));
	assert_int_equal(spreads.pool.used, 4);
}

static void a_name_that_was_said_is_not_kept_again(void **state)
{
	static const char *const names[] = {"aaa1", "aAa1"};
	const struct tuple one = query(7, 1);

	(void)state;
	assert_null(add(&one, "aaa1.example.net", SECOND));
	assert_null(add(&one, "aaa1.example.net", SECOND));
	assert_names(add(&one, "aAa1.example.net", SECOND), names, 2);
	assert_null(add(&one, "aaa1.example.net", SECOND));
}

static void words_and_domains_take_no_row(void **state)
{
	const struct tuple one = query(7, 1);

	(void)state;
	assert_null(add(&one, "", SECOND));
	assert_null(add(&one, "www.example.net", SECOND));
	assert_null(add(&one, "example1.net", SECOND));
	assert_int_equal(spreads.pool.used, 0);
	assert_null(add(&one, "aaa1.example.net", SECOND));
	assert_non_null(add(&one, "www.example.net", SECOND));
}

static void the_last_half_of_the_names_stays(void **state)
{
	const struct tuple one = query(7, 1);
	struct pieces pieces;
	char name[64];

	(void)state;
	for (uint32_t i = 0; i < 5 * PIECES_NAMES; i++) {
		snprintf(name, sizeof(name), "aaa%u.example.net", i);
		struct spread *row = add(&one, name, SECOND);
		if (row == NULL)
			continue;
		spread_pieces(row, &pieces);
		assert_int_equal(row->base + pieces.count, i + 1);
		for (uint32_t k = 0; k < pieces.count && k < PIECES_NAMES / 2; k++) {
			snprintf(name, sizeof(name), "aaa%u", i - k);
			assert_true(
				bytes_equal(pieces.name[pieces.count - 1 - k], bytes_text(name)));
		}
		assert_true(pieces.count > PIECES_NAMES / 2 || pieces.count == i + 1 ||
			    pieces.count >= PIECES_NAMES / 2);
	}
}

static void longest_names_fit_and_longer_ones_are_left(void **state)
{
	const struct tuple one = query(7, 1);
	char name[300];

	(void)state;
	for (int i = 0; i < 40; i++) {
		memset(name, 'a' + i % 26, 243);
		name[0] = (char)('0' + i / 26);
		memcpy(name + 243, ".example.net", 13);
		add(&one, name, SECOND);
	}
	assert_int_equal(spreads.pool.used, 1);
	memset(name, '1', 256);
	memcpy(name + 256, ".example.net", 13);
	assert_null(add(&one, name, SECOND));
}

static void rows_age_and_are_wiped(void **state)
{
	const struct tuple one = query(7, 1), two = query(8, 1);

	(void)state;
	assert_true(spread_due(&spreads) == UINT64_MAX);
	add(&one, "aaa1.example.net", SECOND);
	add(&two, "bbb1.example.net", 2 * SECOND);
	assert_true(spread_due(&spreads) == SECOND + SPREAD_AGE_NS);
	spread_expire(&spreads, SECOND + SPREAD_AGE_NS - 1);
	assert_int_equal(spreads.pool.used, 2);
	spread_expire(&spreads, SECOND + SPREAD_AGE_NS);
	assert_int_equal(spreads.pool.used, 1);
	assert_int_equal(spreads.evicted, 0);
	spread_expire(&spreads, UINT64_MAX - 1);
	assert_int_equal(spreads.pool.used, 0);
	for (uint32_t i = 1; i <= ROWS; i++) {
		const struct spread *row = pool_at(&spreads.pool, i);
		for (size_t k = 0; k < sizeof(row->text); k++)
			assert_int_equal(row->text[k], 0);
	}
}

static void a_row_too_many_takes_the_oldest_and_is_counted(void **state)
{
	static const char *const names[] = {"aaa1", "aaa2"};
	struct tuple from[ROWS + 1];

	(void)state;
	for (uint32_t i = 0; i <= ROWS; i++)
		from[i] = query(100 + i, 1);
	for (uint32_t i = 0; i < ROWS; i++)
		assert_null(add(&from[i], "aaa1.example.net", SECOND + i));
	assert_int_equal(spreads.evicted, 0);
	assert_names(add(&from[0], "aaa2.example.net", 2 * SECOND), names, 2);
	assert_null(add(&from[ROWS], "aaa1.example.net", 2 * SECOND));
	assert_int_equal(spreads.evicted, 1);
	assert_int_equal(spreads.pool.used, ROWS);
	assert_null(add(&from[1], "aaa2.example.net", 2 * SECOND)); /* it was the oldest */
	assert_int_equal(spreads.evicted, 2);
}

static void looks_cost_no_more_than_was_earned(void **state)
{
	const struct tuple one = query(7, 1);
	uint64_t bytes = 0, looked = 0;
	char name[64];

	(void)state;
	for (uint32_t i = 0; i < 20000; i++) {
		int len = snprintf(name, sizeof(name), "abcdefghijklmnop%u.example.net", i);
		struct spread *row = add(&one, name, SECOND);
		bytes += (uint64_t)len - strlen(".example.net");
		if (row == NULL)
			continue;
		looked += row->end[row->count - 1];
		if (i % 512 == 0)
			guard_free();
	}
	assert_true(looked <= SPREAD_CREDIT + SPREAD_PER_BYTE * bytes);
	assert_true(looked >= bytes);
	assert_true(spreads.passed > 0);
	assert_non_null(add(&one, "xyz1.example.net", 200 * SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(queries_from_any_port_come_together, start, stop),
		cmocka_unit_test_setup_teardown(an_answer_has_the_pair_of_its_query, start, stop),
		cmocka_unit_test_setup_teardown(
			other_clients_tenants_and_domains_stand_apart, start, stop),
		cmocka_unit_test_setup_teardown(
			a_name_that_was_said_is_not_kept_again, start, stop),
		cmocka_unit_test_setup_teardown(words_and_domains_take_no_row, start, stop),
		cmocka_unit_test_setup_teardown(the_last_half_of_the_names_stays, start, stop),
		cmocka_unit_test_setup_teardown(
			longest_names_fit_and_longer_ones_are_left, start, stop),
		cmocka_unit_test_setup_teardown(rows_age_and_are_wiped, start, stop),
		cmocka_unit_test_setup_teardown(
			a_row_too_many_takes_the_oldest_and_is_counted, start, stop),
		cmocka_unit_test_setup_teardown(looks_cost_no_more_than_was_earned, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
