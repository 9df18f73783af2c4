/* dns_test.c - what the DNS parser tells.  The messages are written by hand
 * after RFC 1035; tshark 4.0 reads them the same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "say.h"

#define QUERY                                                                                      \
	"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"                                         \
	"\x03WwW\x07"                                                                              \
	"example\x03"                                                                              \
	"com\x00\x00\x01\x00\x01"                                                                  \
	"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00"
#define ANSWER                                                                                     \
	"\x12\x34\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00"                                         \
	"\x03www\x07"                                                                              \
	"example\x03"                                                                              \
	"com\x00\x00\x01\x00\x01"                                                                  \
	"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\x03xyz\xc0\x10"                          \
	"\xc0\x2d\x00\x01\x00\x01\x00\x00\x01\x00\x00\x04\xc0\x00\x02\x01"                         \
	"\xc0\x2d\x00\x0f\x00\x01\x00\x00\x00\x05\x00\x07\x00\x0a\x02mx\xc0\x10"
#define TOLD_QUERY " 1 0 dns.query (WwW.example.com) www.example.com\n complete\n"
#define TOLD_ANSWER                                                                                \
	" 1 0 dns.query www.example.com\n 0 0 dns.rcode \n"                                        \
	" 5 60 dns.answer (www.example.com) xyz.example.com\n"                                     \
	" 1 256 dns.answer (xyz.example.com) \\xc0\\x00\\x02\\x01\n"                               \
	" 15 5 dns.answer (xyz.example.com) mx.example.com\n complete\n"

static void start(struct drive *drive, bool datagram)
{
	drive_new(drive, &parser_dns, 8);
	drive->io.datagram = datagram;
}

static void datagrams(const struct say *says, size_t count, const char *client, const char *server)
{
	struct drive drive;

	start(&drive, true);
	for (size_t i = 0; i < count; i++)
		drive_data(&drive, says[i].dir, guarded(says[i].data.ptr, says[i].data.len));
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0), client);
	assert_string_equal(drive_text(&drive, 1), server);
	drive_free(&drive);
	guard_free();
}

static void a_query_and_its_answer(void **state)
{
	const struct say says[] = {SAY(0, QUERY), SAY(1, ANSWER), SAY(1, ANSWER)};

	(void)state;
	datagrams(says, COUNT(says), "query 0\n" TOLD_QUERY,
		"answer 0\n" TOLD_ANSWER "answer 0\n" TOLD_ANSWER);
}

static void an_answer_without_query_is_an_orphan(void **state)
{
	const struct say says[] = {SAY(1, ANSWER)};

	(void)state;
	datagrams(says, 1, "", "answer 0 orphan\n" TOLD_ANSWER);
}

/* Between any two messages of datagrams the state may rest in its memo. */
static void a_query_is_remembered_at_rest(void **state)
{
	uint8_t memo[PARSER_MEMO_MAX];
	struct drive drive;

	(void)state;
	start(&drive, true);
	drive_data(&drive, 0, bytes_of(QUERY, sizeof(QUERY) - 1));
	assert_true(parser_dns.rest(drive.state, memo) > 0);
	memset(drive.state, 0, sizeof(drive.state));
	parser_dns.wake(drive.state, memo);
	drive_data(&drive, 1, bytes_of(ANSWER, sizeof(ANSWER) - 1));
	assert_int_equal(parser_dns.rest(drive.state, memo), 0);
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 1), "answer 0\n" TOLD_ANSWER);
	drive_free(&drive);
}

static void a_query_is_remembered_for_sixteen(void **state)
{
	for (int more = 15; more <= 16; more++) {
		struct drive drive;
		char query[] = QUERY;

		(void)state;
		start(&drive, true);
		drive_data(&drive, 0, bytes_of(query, sizeof(query) - 1));
		for (int i = 0; i < more; i++) {
			query[0] = (char)(0x40 + i);
			drive_data(&drive, 0, bytes_of(query, sizeof(query) - 1));
		}
		drive_data(&drive, 1, bytes_of(ANSWER, sizeof(ANSWER) - 1));
		drive_end(&drive);
		assert_int_equal(drive_told(&drive, "orphan"), more == 16);
		drive_free(&drive);
	}
}

static void over_tcp_any_cut_tells_the_same(void **state)
{
	const struct say says[] = {
		SAY(0, "\x00\x2c" QUERY "\x00\x2c" QUERY),
		SAY(1, "\x00\x56" ANSWER),
	};
	struct drive drive;

	(void)state;
	assert_int_equal(sizeof(QUERY) - 1, 0x2c);
	assert_int_equal(sizeof(ANSWER) - 1, 0x56);
	start(&drive, false);
	for (size_t i = 0; i < COUNT(says); i++)
		drive_data(&drive, says[i].dir, says[i].data);
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0), "query 0\n" TOLD_QUERY "query 1\n" TOLD_QUERY);
	assert_string_equal(drive_text(&drive, 1), "answer 1\n" TOLD_ANSWER);
	drive_free(&drive);
	assert_true(same_in_any_cut(&parser_dns, says, COUNT(says)));
}

/* A message of several thousand bytes: a TXT record behind the window is told raw. */
static void what_lies_behind_the_window_is_told_raw(void **state)
{
	static const char head[] = "\x13\x88" /* 5,000 */ ANSWER;
	static char text[5002 + 46];
	struct drive drive;

	(void)state;
	memcpy(text, head, sizeof(head) - 1);
	memset(text + sizeof(head) - 1, 'x', sizeof(text) - sizeof(head) + 1);
	memcpy(text + 4000, "4111111111111111", 16);
	memcpy(text + 5002, "\x00\x2c" QUERY, 46);
	struct say say = {1, bytes_of(text, sizeof(text))};
	start(&drive, false);
	drive_data(&drive, 1, say.data);
	drive_end(&drive);
	assert_true(drive_told(&drive, "x4111111111111111x"));
	assert_true(drive_told(&drive, " complete\nquery 0\n" TOLD_QUERY));
	drive_free(&drive);
	assert_true(same_in_any_cut(&parser_dns, &say, 1));
}

static void what_is_no_message_is_told_raw(void **state)
{
	const struct say bad = SAY(0, "\x00\x2c" QUERY "\x00\x05hello and more");
	struct drive drive;

	(void)state;
	start(&drive, false);
	drive_data(&drive, 0, bad.data);
	drive_end(&drive);
	assert_string_equal(
		drive_text(&drive, 0), "query 0\n" TOLD_QUERY "raw \\x00\\x05hello and more\n");
	drive_free(&drive);
	assert_true(same_in_any_cut(&parser_dns, &bad, 1));
}

static bool has(const char *text, size_t len, const char *needle)
{
	struct drive drive;

	start(&drive, true);
	drive_data(&drive, 0, guarded(text, len));
	drive_end(&drive);
	bool told = drive_told(&drive, needle);
	assert_true(drive_clean(&drive));
	drive_free(&drive);
	guard_free();
	return told;
}

static bool is_told(const char *text, size_t len)
{
	return has(text, len, " dns.query ");
}

static void every_prefix_of_a_question_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(QUERY) - 1 - 11; len++)
		assert_false(is_told(QUERY, len));
	assert_true(is_told(QUERY, sizeof(QUERY) - 1 - 11));
	for (size_t len = 33; len < sizeof(ANSWER) - 1; len++) { /* the answers may be cut */
		assert_true(is_told(ANSWER, len));
		assert_int_equal(has(ANSWER, len, " 5 60 dns.answer "), len >= 33 + 18);
		assert_int_equal(has(ANSWER, len, " 1 256 dns.answer "), len >= 33 + 18 + 16);
		assert_false(has(ANSWER, len, " 15 5 dns.answer "));
	}
}

#define ONE "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define TWO "\x12\x34\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00"

static void pointers_go_backward_or_the_message_is_refused(void **state)
{
	(void)state;
	assert_false(is_told(ONE "\xc0\x0c\x00\x01\x00\x01", 18));      /* to itself */
	assert_false(is_told(ONE "\xc0\x0e\x00\x00\x01\x00\x01", 19));  /* forward */
	assert_false(is_told(ONE "\xc0\x00\x00\x01\x00\x01", 18));      /* into the header */
	assert_false(is_told(ONE "\x40\x0c\x00\x01\x00\x01", 18));      /* reserved */
	assert_false(is_told(ONE "\x01z\xc0\x0c\x00\x01\x00\x01", 20)); /* its own beginning */
	assert_true(is_told(TWO "\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01", 23));
}

/* The value of a first answer is a chain of pointers, each to the one before;
 * the owner of the second points to its end. */
static void thirty_two_pointers_are_the_limit(void **state)
{
	(void)state;
	for (size_t pointers = 31; pointers <= 32; pointers++) {
		char text[256] = "\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x01z\x00"
				 "\x00\x01\x00\x01"
				 "\x00\x00\x10\x00\x01\x00\x00\x00\x00\x00";
		size_t len = 12 + 7 + 10;
		struct drive drive;

		text[len++] = (char)(2 * pointers);
		for (size_t i = 0; i < pointers; i++, len += 2) {
			text[len] = (char)0xc0;
			text[len + 1] = (char)(i == 0 ? 12 : len - 2);
		}
		text[len] = (char)0xc0;
		text[len + 1] = (char)(len - 2);
		memcpy(text + len + 2, "\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00", 10);
		start(&drive, true);
		drive_data(&drive, 1, guarded(text, len + 12));
		drive_end(&drive);
		assert_int_equal(drive_told(&drive, " 1 0 dns.answer (z)"), pointers + 1 <= 32);
		drive_free(&drive);
		guard_free();
	}
}

static void sixteen_answers_are_told_and_the_rest_raw(void **state)
{
	char text[12 + 5 + 40 * 16] =
		"\x12\x34\x81\x80\x00\x01\x00\x28\x00\x00\x00\x00\x00\x00\x01\x00\x01";
	struct drive drive;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		memcpy(text + 17 + i * 16,
			"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04"
			"abcd",
			16);
	start(&drive, true);
	drive_data(&drive, 0, guarded(text, sizeof(text)));
	drive_end(&drive);
	assert_int_equal(drive.record.runs, 1 + 1 + 16 + 1);
	assert_int_equal(drive.record.bytes, 1 + 16 * 4 + 24 * 16);
	drive_free(&drive);
	guard_free();
}

static enum probe_rc probe(const char *text, size_t len, bool datagram, uint16_t port)
{
	struct probe probe = {.head = guarded(text, len),
		.datagram = datagram,
		.port_low = port,
		.port_high = 50000};
	enum probe_rc rc = parser_dns.probe(&probe);

	guard_free();
	return rc;
}

static void probing_knows_dns_on_any_port_but_is_stricter_there(void **state)
{
	(void)state;
	assert_int_equal(probe(QUERY, sizeof(QUERY) - 1, true, 53), PROBE_YES);
	assert_int_equal(probe(QUERY, sizeof(QUERY) - 1, true, 4000), PROBE_YES);
	assert_int_equal(probe(ANSWER, sizeof(ANSWER) - 1, true, 4000), PROBE_YES);
	assert_int_equal(probe(QUERY "x", sizeof(QUERY), true, 53), PROBE_YES);
	assert_int_equal(probe(QUERY "x", sizeof(QUERY), true, 4000), PROBE_NO);
	assert_int_equal(probe("\x01\x02 something else", 18, true, 53), PROBE_NO);
	assert_int_equal(probe("\x00\x2c" QUERY, 14, false, 53), PROBE_YES);
	assert_int_equal(probe("\x00\x2c" QUERY, 14, false, 4000), PROBE_MORE);
	assert_int_equal(probe("\x00\x2c" QUERY, 18, false, 4000), PROBE_YES);
	assert_int_equal(probe("220 he", 6, false, 53), PROBE_NO);
}

#define RESERVED                                                                                   \
	"\x12\x34\x01\x40\x00\x01\x00\x00\x00\x00\x00\x00"                                         \
	"\x01z\x00\x00\x01\x00\x01"

/* Servers answer queries with the bit: a name must not hide behind it. */
static void the_reserved_bit_hides_no_name_on_known_ports(void **state)
{
	(void)state;
	assert_true(has(RESERVED, sizeof(RESERVED) - 1, " 1 0 dns.query z\n"));
	assert_int_equal(probe(RESERVED, sizeof(RESERVED) - 1, true, 53), PROBE_YES);
	assert_int_equal(probe(RESERVED, sizeof(RESERVED) - 1, true, 4000), PROBE_NO);
	assert_int_equal(probe("\x00\x13" RESERVED, 14, false, 53), PROBE_YES);
	assert_int_equal(probe("\x00\x13" RESERVED, 6, false, 4000), PROBE_NO);
}

static void an_update_over_tcp_is_dns(void **state)
{
	static const char update[] = "\x00\x94\x12\x34\x28\x00\x00\x01\x00\x00\x00\x01\x00\x01"
				     "\x01z\x00\x00\x06\x00\x01";

	(void)state;
	assert_int_equal(probe(update, 14, false, 53), PROBE_YES);
	assert_int_equal(probe(update, sizeof(update) - 1, false, 4000), PROBE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_and_its_answer),
		cmocka_unit_test(an_answer_without_query_is_an_orphan),
		cmocka_unit_test(a_query_is_remembered_at_rest),
		cmocka_unit_test(a_query_is_remembered_for_sixteen),
		cmocka_unit_test(over_tcp_any_cut_tells_the_same),
		cmocka_unit_test(what_lies_behind_the_window_is_told_raw),
		cmocka_unit_test(what_is_no_message_is_told_raw),
		cmocka_unit_test(every_prefix_of_a_question_is_refused),
		cmocka_unit_test(pointers_go_backward_or_the_message_is_refused),
		cmocka_unit_test(thirty_two_pointers_are_the_limit),
		cmocka_unit_test(sixteen_answers_are_told_and_the_rest_raw),
		cmocka_unit_test(probing_knows_dns_on_any_port_but_is_stricter_there),
		cmocka_unit_test(the_reserved_bit_hides_no_name_on_known_ports),
		cmocka_unit_test(an_update_over_tcp_is_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
