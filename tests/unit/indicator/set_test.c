/* Lists against a naive reading of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "files.h"
#include "guard.h"
#include "indicator/indicator.h"

#define NAMES 3000
#define TEXT 40

static char (*names)[TEXT];
static struct indicators set;
static uint8_t *image;

static void random_label(char *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[draw() % 36];
	out[len] = '\0';
}

/* Names of every length from "a.jp" on, many of which begin and end alike. */
static void random_name(char out[static TEXT])
{
	static const char *const ends[] = {"jp", "example.com", "long-domain.example.net", "de"};
	char label[24];

	random_label(label, 1 + (size_t)draw() % 14);
	for (size_t i = 0; draw() % 4 == 0 && i < 8 && label[i] != '\0'; i++)
		label[i] = "beginsas"[i];
	snprintf(out, TEXT, "%s.%s", label, ends[draw() % 4]);
}

static int setup(void **state)
{
	struct err err = {0};
	size_t len;
	const char *const paths[] = {"set_test.list"};
	char *text = calloc(NAMES + 4, TEXT);

	(void)state;
	names = calloc(NAMES, sizeof(*names));
	assert_true(text != NULL && names != NULL);
	draw_seed(11);
	print_message("# seed 11\n");
	for (size_t i = 0, at = 0; i < NAMES; i++) {
		random_name(names[i]);
		at += (size_t)snprintf(text + at, 2 * TEXT, "%s\n%s", names[i],
			i + 1 < NAMES ? "" : "192.0.2.7\n198.51.100.0/25\n2001:db8:1::/48\n");
	}
	file_write_text(paths[0], text);
	free(text);
	if (!indicators_build(paths, 1, &image, &len, &err))
		fail_msg("%s", err.text);
	assert_true(indicators_open(&set, bytes_of(image, len), &err));
	remove(paths[0]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(image);
	free(names);
	return 0;
}

/* Is the name on the list, or below one that is? */
static bool naive(const char *name)
{
	for (size_t i = 0; i < NAMES; i++) {
		size_t own = strlen(names[i]), all = strlen(name);

		if (all >= own && strcmp(name + all - own, names[i]) == 0 &&
			(all == own || name[all - own - 1] == '.'))
			return true;
	}
	return false;
}

static bool holds(const char *name)
{
	uint32_t rows[INDICATOR_HITS_MAX];

	return indicators_domain(&set, guarded(name, strlen(name)), rows) > 0;
}

static void every_name_is_found_and_below_it(void **state)
{
	char below[2 * TEXT];

	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		assert_true(holds(names[i]));
		snprintf(below, sizeof(below), "WwW.%s", names[i]);
		assert_true(holds(below));
		snprintf(below, sizeof(below), "%s.", names[i]);
		assert_true(holds(below));
		if (i % 100 == 0)
			guard_free();
	}
	guard_free();
}

static void other_names_are_as_a_naive_reading_says(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		char name[TEXT];

		random_name(name);
		if (i % 2 == 0) { /* one letter of a listed one is another */
			snprintf(name, sizeof(name), "%s", names[(size_t)draw() % NAMES]);
			name[(size_t)draw() % strlen(name)] = 'q';
		}
		assert_int_equal(holds(name), naive(name));
		found += holds(name);
		if (i % 100 == 0)
			guard_free();
	}
	assert_true(found > 100 && found < 19900);
	assert_false(holds(""));
	assert_false(holds("."));
	guard_free();
}

static bool holds_address(const char *text)
{
	uint32_t rows[INDICATOR_HITS_MAX];
	struct addr addr;

	assert_true(addr_parse(bytes_text(text), &addr));
	return indicators_addr(&set, &addr, rows) > 0;
}

static void addresses_and_prefixes_are_found(void **state)
{
	(void)state;
	assert_true(holds_address("192.0.2.7"));
	assert_false(holds_address("192.0.2.8"));
	assert_true(holds_address("198.51.100.0"));
	assert_true(holds_address("198.51.100.127"));
	assert_false(holds_address("198.51.100.128"));
	assert_true(holds_address("2001:db8:1:ffff::1"));
	assert_false(holds_address("2001:db8:2::"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_found_and_below_it),
		cmocka_unit_test(other_names_are_as_a_naive_reading_says),
		cmocka_unit_test(addresses_and_prefixes_are_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
