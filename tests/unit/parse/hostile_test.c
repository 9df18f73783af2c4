/* hostile_test.c - inputs of the shapes that made other parsers quadratic.
 *
 * Goal: linear work.  Method: a million of each, in pieces of one byte; what
 * is told is counted, and a parser that looks at bytes again would not end
 * before the time limit of the test by orders of magnitude. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "say.h"

struct count {
	uint64_t opened, closed, runs, bytes;
};

static void on_open(void *self, const struct message *message)
{
	(void)message;
	((struct count *)self)->opened++;
}

static void on_run(void *self, const struct message *message, const struct run *run)
{
	struct count *count = self;

	(void)message;
	count->runs++;
	count->bytes += run->data.len;
}

static void on_gap(void *self, const struct message *message, enum field_role role, uint64_t len)
{
	(void)self;
	(void)message;
	(void)role;
	(void)len;
}

static void on_close(void *self, const struct message *message, enum close_reason reason)
{
	(void)message;
	(void)reason;
	((struct count *)self)->closed++;
}

/* head once, then line so many times, then tail; each in pieces of that size. */
static struct count run(
	const char *head, const char *line, size_t times, const char *tail, size_t piece)
{
	struct drive drive;
	struct count count = {0};

	drive_new(&drive, &parser_http1, 4);
	drive.io.sink = (struct message_sink){&count, on_open, on_run, on_gap, on_close};
	for (size_t i = 0; i < times + 2; i++) {
		const char *text = i == 0 ? head : i <= times ? line : tail;

		for (struct bytes left = bytes_text(text); left.len > 0;
			left = bytes_skip(left, piece))
			drive_data(&drive, 0, bytes_head(left, piece));
	}
	drive_end(&drive);
	assert_int_equal(count.opened, count.closed);
	assert_int_equal(drive.hold.used, 0);
	drive_free(&drive);
	return count;
}

#define MILLION 1000000

static void a_million_folds(void **state)
{
	(void)state;
	struct count count = run("GET / HTTP/1.1\r\nX: a\r\n", " b\r\n", MILLION, "\r\n", 1);
	assert_int_equal(count.opened, 1);
	assert_int_equal(count.bytes, strlen("GET/HTTP/1.1a") + 2 * MILLION);
}

static void a_hundred_thousand_fields(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 200; piece += 100) {
		struct count count = run("GET / HTTP/1.1\r\n", "A: b\r\n", 100000, "\r\n", piece);
		assert_int_equal(count.opened, 1);
		assert_true(count.bytes > 100000);
	}
}

static void a_million_lines_that_are_no_request(void **state)
{
	(void)state;
	struct count count = run("", "GET /\r\n", MILLION, "", 1);
	assert_int_equal(count.opened, MILLION);
	count = run("GET / HTTP/1.1\r\n\r\n", "Get lost\r\n", MILLION, "", 1);
	assert_int_equal(count.opened, 2);
}

static void a_million_requests_without_answer(void **state)
{
	(void)state;
	struct count count = run("", "GET / HTTP/1.1\r\n\r\n", MILLION, "", 1);
	assert_int_equal(count.opened, MILLION);
}

static void a_million_chunks_of_one_byte(void **state)
{
	(void)state;
	struct count count = run("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"1;x\r\ny\r\n", MILLION, "0\r\n\r\n", 1);
	assert_int_equal(count.opened, 1);
	assert_true(count.bytes >= 3 * MILLION);
}

static void a_line_of_megabytes_without_end(void **state)
{
	(void)state;
	struct count count = run("GET /", "a a HTTP/1.1 HTTP/", MILLION, "", 1);
	assert_int_equal(count.opened, 1);
	assert_int_equal(count.bytes, strlen("GET/") + 18 * MILLION);
}

static void a_million_beginnings_of_start_lines_in_content(void **state)
{
	(void)state;
	struct count count =
		run("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET \n", MILLION, "", 1);
	assert_int_equal(count.opened, 1);
	assert_int_equal(count.bytes, strlen("POST/HTTP/1.1x") + 5 * MILLION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_folds),
		cmocka_unit_test(a_hundred_thousand_fields),
		cmocka_unit_test(a_million_lines_that_are_no_request),
		cmocka_unit_test(a_million_requests_without_answer),
		cmocka_unit_test(a_million_chunks_of_one_byte),
		cmocka_unit_test(a_line_of_megabytes_without_end),
		cmocka_unit_test(a_million_beginnings_of_start_lines_in_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
