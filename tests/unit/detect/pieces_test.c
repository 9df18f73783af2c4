/* Goal: what was cut into the labels of several names comes out whole, whatever else stands in
 * them, in any order and with older names before it; and no number is made of labels that do not
 * count.  Method: texts are cut as tools that carry data in names do; names end at an unreadable
 * page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/pieces.h"
#include "guard.h"

static const char text[] = "NTI2MzY0MTQ3Nzg1NzQ0N3wxMi8yOHwxMjN8VEFSTyBURVNU";

static struct pieces given(const char *const names[], uint32_t count)
{
	struct pieces pieces = {.count = count};

	for (uint32_t i = 0; i < count; i++)
		pieces.name[i] = guarded(names[i], strlen(names[i]));
	return pieces;
}

static struct pieces_text joined(const struct pieces *pieces, enum pieces_way way)
{
	struct pieces_order order;
	struct pieces_text out;

	pieces_sort(pieces, &order);
	pieces_join(&order, way, &out);
	return out;
}

static void assert_text(const struct pieces_text *out, const char *wanted)
{
	assert_int_equal(out->len, strlen(wanted));
	assert_memory_equal(out->data, wanted, out->len);
}

/* The names that carry the text in pieces of a length; pattern: the piece, then its number. */
static struct pieces cut(const char *pattern, size_t piece, uint32_t first)
{
	struct pieces pieces = {.count = 0};
	char name[256];

	for (size_t from = 0; from < sizeof(text) - 1; from += piece) {
		int len = snprintf(
			name, sizeof(name), pattern, (int)piece, text + from, first + pieces.count);
		pieces.name[pieces.count++] = guarded(name, (size_t)len);
	}
	return pieces;
}

static void pieces_come_together_at_every_length(void **state)
{
	(void)state;
	for (size_t piece = 2; piece < sizeof(text) - 1; piece++) {
		struct pieces numbered = cut("%.*s.%u.355a", piece, 0);
		struct pieces lettered = cut("%.*s.s%u", piece, 1);
		struct pieces_text out = joined(&numbered, PIECES_WHOLE);

		assert_text(&out, text);
		assert_true(out.plain);
		out = joined(&lettered, PIECES_WHOLE);
		assert_text(&out, text);
		guard_free();
	}
}

static void a_number_in_front_counts_too(void **state)
{
	static const char *const names[] = {"2.cc.dd.x", "0.aaa.bb.x", "1.cccc.x"};
	const struct pieces pieces = given(names, 3);
	struct pieces_text out = joined(&pieces, PIECES_WHOLE);

	(void)state;
	assert_text(&out, "aaabbccccccdd");
	guard_free();
}

static void every_order_gives_the_same(void **state)
{
	struct pieces pieces = cut("%.*s.%u.tag", 8, 0);

	(void)state;
	draw_seed(5);
	for (int round = 0; round < 500; round++) {
		for (uint32_t i = pieces.count - 1; i > 0; i--) {
			uint32_t other = draw() % (i + 1);
			struct bytes was = pieces.name[i];
			pieces.name[i] = pieces.name[other];
			pieces.name[other] = was;
		}
		struct pieces_text out = joined(&pieces, PIECES_WHOLE);
		assert_text(&out, text);
	}
	guard_free();
}

static void without_numbers_they_stand_as_they_came(void **state)
{
	static const char *const names[] = {"NTI2MzY.x", "0MTQ3Nz.x", "g1NzQ0N.x"};
	const struct pieces pieces = given(names, 3);
	struct pieces_text out = joined(&pieces, PIECES_WHOLE);

	(void)state;
	assert_text(&out, "NTI2MzY0MTQ3Nzg1NzQ0N");
	assert_false(out.plain);
	out = joined(&pieces, PIECES_LEFT);
	assert_int_equal(out.len, 0);
	guard_free();
}

static void a_label_by_chance_stands_beside_them(void **state)
{
	static const char *const behind[] = {"NTI2Mz.x8q", "Y0MTQ3.ppw", "Nzg1Nz.m0e"};
	static const char *const before[] = {"x8q.NTI2Mz.0.t", "ppw.Y0MTQ3.1.t", "m0e.Nzg1Nz.2.t"};
	struct pieces pieces = given(behind, 3);
	struct pieces_text out = joined(&pieces, PIECES_LEFT);

	(void)state;
	assert_text(&out, "NTI2MzY0MTQ3Nzg1Nz");
	pieces = given(before, 3);
	out = joined(&pieces, PIECES_RIGHT);
	assert_text(&out, "NTI2MzY0MTQ3Nzg1Nz");
	guard_free();
}

static void an_older_text_and_a_second_one_between_stay_out(void **state)
{
	static const char *const older[] = {"aaaa.0.t1", "bbbb.1.t1", "cccc.2.t1", "1111.0.t2",
		"dddd.3.t1", "2222.1.t2", "eeee.4.t1", "33.2.t2"};
	static const char *const untold[] = {"aaaa.0", "bbbb.1", "cccc.2", "1111.0", "22.1"};
	struct pieces pieces = given(older, 8);
	struct pieces_text out = joined(&pieces, PIECES_WHOLE);

	(void)state;
	assert_text(&out, "1111222233");
	assert_true(out.plain);
	pieces = given(untold, 5);
	out = joined(&pieces, PIECES_WHOLE);
	assert_text(&out, "111122");
	guard_free();
}

/* The name of an address backwards, numbers by chance, and a row that begins far up. */
static void digits_that_do_not_count_are_no_number(void **state)
{
	static const char *const listed[] = {"1.2.0.192", "77.9.13.10", "4.3.2.10"};
	static const char *const chance[] = {
		"4821.probe", "1740.probe", "9913.probe", "2204.probe"};
	static const char *const far[] = {"4821.5", "1740.6", "9913.7", "2204.8"};
	static const char *const uneven[] = {"4821.0", "174.1", "9913.2", "2204.3"};
	static const char *const longer[] = {"4821.0", "1740.1", "9913.2", "22041.3"};
	static const char *const twice[] = {"1.5.7.0", "2.4.7.1", "3.4.8.2", "9.1.1.3"};
	static const char *const between[] = {"4821.0", "1740.1", "2204.9", "9913.2"};
	static const char *const even[] = {"4821.0", "1740.1", "9913.2", "2204.3"};
	const struct {
		const char *const *names;
		uint32_t count;
		bool plain;
	} all[] = {{listed, 3, false}, {chance, 4, false}, {far, 4, false}, {uneven, 4, false},
		{longer, 4, false}, {twice, 4, false}, {between, 4, false}, {even, 4, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct pieces pieces = given(all[i].names, all[i].count);
		for (int way = 0; way < PIECES_WAYS; way++) {
			struct pieces_text out = joined(&pieces, (enum pieces_way)way);
			assert_true(out.len == 0 || out.plain == all[i].plain);
		}
		guard_free();
	}
}

static void one_name_is_nothing_to_join(void **state)
{
	static const char *const one[] = {"NTI2MzY0MTQ3Nzg1.0"};
	const struct pieces pieces = given(one, 1);
	struct pieces_text out = joined(&pieces, PIECES_WHOLE);

	(void)state;
	assert_int_equal(out.len, 0);
	guard_free();
}

static void as_many_names_as_fit_are_joined(void **state)
{
	char name[PIECES_ROOM / PIECES_NAMES + 1] = "";
	struct pieces pieces = {.count = PIECES_NAMES};
	struct pieces_order order;
	struct pieces_text out;

	(void)state;
	for (uint32_t i = 0; i < PIECES_NAMES; i++) {
		memset(name, 'a' + (int)(i % 26), sizeof(name) - 1);
		pieces.name[i] = guarded(name, sizeof(name) - 1);
	}
	pieces_sort(&pieces, &order);
	assert_int_equal(order.count, PIECES_NAMES);
	pieces_join(&order, PIECES_WHOLE, &out);
	assert_int_equal(out.len, PIECES_ROOM);
	guard_free();
}

static void domain_is_what_can_be_registered(void **state)
{
	static const struct {
		const char *name;
		size_t rest;
	} all[] = {{"", 0}, {"net", 0}, {"example.net", 0}, {"a.example.net", 1},
		{"1234.0.example.net", 6}, {"a.example.co.jp", 1}, {"example.co.jp", 0},
		{"a.b.example.CO.JP", 3}, {"a.bc.jp", 1}, {"a.co.com", 1}, {"...", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(
			pieces_domain(guarded(all[i].name, strlen(all[i].name))), all[i].rest);
	guard_free();
}

static void words_carry_nothing(void **state)
{
	(void)state;
	assert_false(pieces_carries(bytes_text("")));
	assert_false(pieces_carries(bytes_text("www")));
	assert_false(pieces_carries(bytes_text("WWW.static")));
	assert_true(pieces_carries(bytes_text("IzfDEyLzI")));
	assert_true(pieces_carries(bytes_text("a.zF")));
	assert_true(pieces_carries(bytes_text("NTIzXYZabcdef")));
	assert_true(pieces_carries(bytes_text("s1")));
	assert_false(pieces_carries(bytes_text("abcdefg.abcdefg")));
	assert_true(pieces_carries(bytes_text("abcdefgh")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_come_together_at_every_length),
		cmocka_unit_test(a_number_in_front_counts_too),
		cmocka_unit_test(every_order_gives_the_same),
		cmocka_unit_test(without_numbers_they_stand_as_they_came),
		cmocka_unit_test(a_label_by_chance_stands_beside_them),
		cmocka_unit_test(an_older_text_and_a_second_one_between_stay_out),
		cmocka_unit_test(digits_that_do_not_count_are_no_number),
		cmocka_unit_test(one_name_is_nothing_to_join),
		cmocka_unit_test(as_many_names_as_fit_are_joined),
		cmocka_unit_test(domain_is_what_can_be_registered),
		cmocka_unit_test(words_carry_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
