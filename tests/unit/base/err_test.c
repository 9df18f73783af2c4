#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#define OUT_MAX 4096

/* What log_line() writes, caught from stderr. */
static size_t caught(char out[static OUT_MAX], enum log_level level, const char *text)
{
	int ends[2], kept = dup(STDERR_FILENO);

	assert_int_not_equal(kept, -1);
	assert_int_not_equal(pipe(ends), -1);
	assert_int_not_equal(dup2(ends[1], STDERR_FILENO), -1);
	log_line(level, "%s", text);
	assert_int_not_equal(dup2(kept, STDERR_FILENO), -1);
	close(ends[1]);
	ssize_t len = read(ends[0], out, OUT_MAX - 1);
	close(ends[0]);
	close(kept);
	assert_true(len > 0);
	out[len] = '\0';
	return (size_t)len;
}

static void an_error_keeps_status_and_text_and_is_false(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(err_set(&err, EXIT_USAGE, "%s:%d: unknown key \"%s\"", "a.yaml", 4, "x"));
	assert_int_equal(err.status, EXIT_USAGE);
	assert_string_equal(err.text, "a.yaml:4: unknown key \"x\"");
}

static void hostile_text_in_an_error_is_escaped(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, EXIT_USAGE, "key %s", "a\x1b]0;owned\a\nb\xe3\x81\x82\xff");
	assert_string_equal(err.text, "key a\\x1b]0;owned\\x07\\x0ab\xe3\x81\x82\\xff");
}

static void the_text_of_another_error_is_not_escaped_again(void **state)
{
	struct err first = {0}, second = {0};

	(void)state;
	err_set(&first, EXIT_USAGE, "f:1: \"%s\"", "a\x1b\\b");
	err_set(&second, EXIT_USAGE, "--rules: %s", first.text);
	assert_string_equal(second.text, "--rules: f:1: \"a\\x1b\\x5cb\"");
}

static void a_long_error_is_cut_at_a_whole_character(void **state)
{
	char text[2000];
	struct err err = {0};

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	err_set(&err, EXIT_CANNOT, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	memcpy(text + sizeof(err.text) - 2, "\xe3\x81\x82", 3);
	err_set(&err, EXIT_CANNOT, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 2);
	memset(text, 1, sizeof(text) - 1);
	err_set(&err, EXIT_CANNOT, "%s", text);
	assert_int_equal(strlen(err.text), 476); /* 119 escapes of 4 */
}

static void a_log_line_has_time_level_and_message(void **state)
{
	static const char *const words[] = {"info", "warn", "error"};
	char out[OUT_MAX], wanted[64];
	uint64_t ns;

	(void)state;
	for (int level = LOG_LEVEL_INFO; level <= LOG_LEVEL_ERROR; level++) {
		size_t len =
			caught(out, (enum log_level)level, "worker=3 n=1842 hint=\"raise it\"");

		snprintf(wanted, sizeof(wanted), "Z %s worker=3 n=1842 hint=\"raise it\"\n",
			words[level]);
		assert_int_equal(len, 23 + strlen(wanted));
		assert_string_equal(out + 23, wanted);
		assert_true(clock_parse(bytes_of(out, 24), &ns));
		assert_true(ns <= clock_real_ns());
	}
}

static void a_log_line_stays_one_line(void **state)
{
	char out[OUT_MAX], text[3000];

	(void)state;
	size_t len = caught(out, LOG_LEVEL_WARN, "a\nb\x1b[2J");
	assert_string_equal(out + 23, "Z warn a\\x0ab\\x1b[2J\n");
	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	len = caught(out, LOG_LEVEL_WARN, text);
	assert_true(len <= 1536);
	assert_ptr_equal(memchr(out, '\n', len), out + len - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_keeps_status_and_text_and_is_false),
		cmocka_unit_test(hostile_text_in_an_error_is_escaped),
		cmocka_unit_test(the_text_of_another_error_is_not_escaped_again),
		cmocka_unit_test(a_long_error_is_cut_at_a_whole_character),
		cmocka_unit_test(a_log_line_has_time_level_and_message),
		cmocka_unit_test(a_log_line_stays_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
