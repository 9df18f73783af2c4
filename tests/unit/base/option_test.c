/* option_test.c - a command line says what it means, or is refused by a line that names the
 * word and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/option.h"

#define WORDS_MAX 16

enum { READ = 1, TEST = 300, POLICY = 0, POOL = 7 };

static const struct option_row rows[] = {{"read", 'r', true, READ}, {"test", 'T', false, TEST},
	{"policy", 0, true, POLICY}, {"pool", 0, false, POOL}};

struct line {
	char *words[WORDS_MAX + 1];
	struct option_walk walk;
};

static void start(struct line *line, const char *const words[])
{
	int count = 1;

	line->words[0] = (char *)(uintptr_t) "program";
	for (; words[count - 1] != NULL; count++) {
		assert_true(count < WORDS_MAX);
		line->words[count] = (char *)(uintptr_t)words[count - 1];
	}
	line->words[count] = NULL;
	line->walk = options_of(rows, sizeof(rows) / sizeof(rows[0]), count, line->words);
}

#define START(line, ...) start(line, (const char *const[]){__VA_ARGS__, NULL})

static void refused(struct line *line, const char *text)
{
	struct err err = {0};
	int code;

	while ((code = option_next(&line->walk, &err)) >= 0)
		continue;
	assert_int_equal(code, OPTION_WRONG);
	assert_int_equal(err.status, EXIT_USAGE);
	assert_string_equal(err.text, text);
}

static void options_come_in_their_order_and_operands_stand_last(void **state)
{
	struct line line;
	struct err err = {0};

	(void)state;
	START(&line, "a.pcap", "-Tr", "b.pcap", "--policy=x", "--read", "c", "d.pcap", "--pool");
	assert_int_equal(option_next(&line.walk, &err), TEST);
	assert_null(line.walk.value);
	assert_int_equal(option_next(&line.walk, &err), READ);
	assert_string_equal(line.walk.value, "b.pcap");
	assert_int_equal(option_next(&line.walk, &err), POLICY);
	assert_string_equal(line.walk.value, "x");
	assert_int_equal(option_next(&line.walk, &err), READ);
	assert_string_equal(line.walk.value, "c");
	assert_int_equal(option_next(&line.walk, &err), POOL);
	assert_int_equal(option_next(&line.walk, &err), OPTION_END);
	assert_int_equal(line.walk.at, line.walk.argc - 2);
	assert_string_equal(line.words[line.walk.at], "a.pcap");
	assert_string_equal(line.words[line.walk.at + 1], "d.pcap");
	assert_int_equal(err.status, 0);
}

static void what_stands_behind_two_dashes_is_no_option(void **state)
{
	struct line line;
	struct err err = {0};

	(void)state;
	START(&line, "-T", "--", "--policy");
	assert_int_equal(option_next(&line.walk, &err), TEST);
	assert_int_equal(option_next(&line.walk, &err), OPTION_END);
	assert_string_equal(line.words[line.walk.at], "--policy");
}

static void a_second_walk_begins_anew(void **state)
{
	struct line line;
	struct err err = {0};

	(void)state;
	START(&line, "-T", "x", "--polcy");
	refused(&line, "unknown option --polcy; nearest is --policy");
	START(&line, "-T");
	assert_int_equal(option_next(&line.walk, &err), TEST);
	assert_int_equal(option_next(&line.walk, &err), OPTION_END);
	assert_int_equal(line.walk.at, line.walk.argc);
}

static void an_unknown_word_is_named_with_its_nearest(void **state)
{
	struct line line;

	(void)state;
	START(&line, "--polcy", "x");
	refused(&line, "unknown option --polcy; nearest is --policy");
	START(&line, "--raed=x");
	refused(&line, "unknown option --raed; nearest is --read");
	START(&line, "--colour");
	refused(&line, "unknown option --colour; see --help");
	START(&line, "--\x1b[2J");
	refused(&line, "unknown option --\\x1b[2J; see --help");
	START(&line, "x", "-q");
	refused(&line, "unknown option -q; see --help");
	START(&line, "-Tq");
	refused(&line, "unknown option -q; see --help");
	START(&line, "-qT", "x");
	refused(&line, "unknown option -q; see --help");
}

static void a_cut_name_must_be_one_options(void **state)
{
	struct line line;
	struct err err = {0};

	(void)state;
	START(&line, "--pol", "x");
	assert_int_equal(option_next(&line.walk, &err), POLICY);
	START(&line, "--po", "x");
	refused(&line, "unknown option --po; see --help");
}

static void a_value_is_there_where_it_belongs_and_nowhere_else(void **state)
{
	struct line line;

	(void)state;
	START(&line, "-r");
	refused(&line, "-r needs a value; see --help");
	START(&line, "x", "-Tr");
	refused(&line, "-r needs a value; see --help");
	START(&line, "--policy");
	refused(&line, "--policy needs a value; see --help");
	START(&line, "--test=x");
	refused(&line, "--test takes no value; see --help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_come_in_their_order_and_operands_stand_last),
		cmocka_unit_test(what_stands_behind_two_dashes_is_no_option),
		cmocka_unit_test(a_second_walk_begins_anew),
		cmocka_unit_test(an_unknown_word_is_named_with_its_nearest),
		cmocka_unit_test(a_cut_name_must_be_one_options),
		cmocka_unit_test(a_value_is_there_where_it_belongs_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
