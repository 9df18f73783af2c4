/* Goal: a wrong card file is refused with a text that names file, line and
 * fix; a damaged image is refused, never read beyond its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "files.h"
#include "guard.h"
#include "pan/fixture.h"
#include "pan/image.h"

#define GOOD_ISSUER "visa,4,16,luhn,3,1,6\n"
#define GOOD_TEST "visa,4111111111111111,luhn\n"
#define GOOD_WORD "card,exact,pan\n"

static const char *const files[] = {"issuers.csv", "test-pans.csv", "key-words.csv"};

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file_write_text(path, text);
}

/* Builds from three texts; the error's text without its folder, or "". */
static void build(const char *const texts[3], char *out, size_t size)
{
	char dir[] = "cards-XXXXXX", path[256];
	struct err err = {.status = 0};
	uint8_t *image = NULL;
	size_t len;

	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 3; i++)
		write_file(dir, files[i], texts[i]);
	bool good = pan_table_build(dir, &image, &len, &err);
	assert_true(good == (err.status == 0));
	assert_true(good || err.status == EXIT_USAGE);
	snprintf(out, size, "%s", good ? "" : err.text + strlen(dir) + 1);
	free(image);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void each_mistake_has_its_line_and_text(void **unused)
{
	static const struct {
		int file;
		const char *text, *want;
	} cases[] = {
		{0, GOOD_ISSUER "visa,4,16,luhn,3,1\n",
			"issuers.csv:2: a line is brand,prefix,lengths,check,code,tier,shown, got "
			"\"visa\""},
		{0, "# c\n\nVisa,4,16,luhn,3,1,6\n",
			"issuers.csv:3: a brand is 1 to 23 of a-z, 0-9 and -, got \"Visa\""},
		{0, "visa,4x,16,luhn,3,1,6\n",
			"issuers.csv:1: a prefix is 1 to 8 digits, or LOW-HIGH of the same length, "
			"got \"4x\""},
		{0, "visa,40-399,16,luhn,3,1,6\n",
			"issuers.csv:1: a prefix is 1 to 8 digits, or LOW-HIGH of the same length, "
			"got \"40-399\""},
		{0, "visa,411111111,16,luhn,3,1,6\n",
			"issuers.csv:1: a prefix is 1 to 8 digits, or LOW-HIGH of the same length, "
			"got "
			"\"411111111\""},
		{0, "visa,4,11,luhn,3,1,6\n",
			"issuers.csv:1: lengths are 12 to 19, or LOW-HIGH, got \"11\""},
		{0, "visa,4,16-20,luhn,3,1,6\n",
			"issuers.csv:1: lengths are 12 to 19, or LOW-HIGH, got \"16-20\""},
		{0, "visa,4,16,yes,3,1,6\n", "issuers.csv:1: check is luhn or none, got \"yes\""},
		{0, "visa,4,16,luhn,5,1,6\n", "issuers.csv:1: code is 0, 3 or 4, got \"5\""},
		{0, "visa,4,16,luhn,3,3,6\n", "issuers.csv:1: tier is 1, 2 or off, got \"3\""},
		{0, "visa,4,16,luhn,3,1,7\n", "issuers.csv:1: shown is 6 or 8, got \"7\""},
		{0, "visa,4,16,luhn,3,1,6,x\n", "issuers.csv:1: too many fields, got \"x\""},
		{1, "visa,4111111111111111\n",
			"test-pans.csv:1: a line is brand,number,check, got \"visa\""},
		{1, "visa,41111111111,luhn\n",
			"test-pans.csv:1: a test number is 12 to 19 digits, got \"41111111111\""},
		{1, "visa,4111111111111112,luhn\n",
			"test-pans.csv:1: the check digit says otherwise, got \"luhn\""},
		{1, "visa,4111111111111111,no\n",
			"test-pans.csv:1: check is luhn or none, got \"no\""},
		{2, "card,exact\n", "key-words.csv:1: a line is class,match,word, got \"card\""},
		{2, "karte,exact,pan\n", "key-words.csv:1: unknown class, got \"karte\""},
		{2, "card,begin,pan\n",
			"key-words.csv:1: match is exact, end or part, got \"begin\""},
		{2, "card,exact,card_no\n",
			"key-words.csv:1: a word is a-z and 0-9, or for part hex: and bytes, up to "
			"59, got "
			"\"card_no\""},
		{2, "card,part,hex:e3f\n",
			"key-words.csv:1: a word is a-z and 0-9, or for part hex: and bytes, up to "
			"59, got "
			"\"hex:e3f\""},
	};
	char got[512];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *texts[3] = {GOOD_ISSUER, GOOD_TEST, GOOD_WORD};
		texts[cases[i].file] = cases[i].text;
		build(texts, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
	}
	const char *const good[3] = {GOOD_ISSUER, GOOD_TEST, GOOD_WORD};
	build(good, got, sizeof(got));
	assert_string_equal(got, "");
}

static void a_missing_file_is_named(void **unused)
{
	struct err err = {.status = 0};
	uint8_t *image;
	size_t len;

	(void)unused;
	assert_false(pan_table_build("/nonexistent", &image, &len, &err));
	assert_int_equal(err.status, EXIT_USAGE);
	assert_string_equal(err.text, "/nonexistent/issuers.csv: No such file or directory; it "
				      "holds what a card looks like");
}

static void refused(const void *data, size_t len, const char *want)
{
	struct pan_table table;
	struct err err = {.status = 0};

	assert_false(pan_table_open(&table, guarded(data, len), &err));
	assert_int_equal(err.status, EXIT_CANNOT);
	if (want != NULL)
		assert_string_equal(err.text, want);
}

static void a_damaged_image_is_refused(void **unused)
{
	struct bytes good = fixture_table()->image;
	uint8_t *copy = malloc(good.len);
	static const size_t places[] = {offsetof(struct card_image, size),
		offsetof(struct card_image, brand_cnt), offsetof(struct card_image, row_cnt),
		offsetof(struct card_image, list_cnt), offsetof(struct card_image, test_cnt),
		offsetof(struct card_image, word_cnt), offsetof(struct card_image, brand_off),
		offsetof(struct card_image, row_off), offsetof(struct card_image, list_off),
		offsetof(struct card_image, test_off), offsetof(struct card_image, word_off)};

	(void)unused;
	assert_non_null(copy);
	refused(good.ptr, 8, "section cards: too short or not aligned");
	for (size_t len = 0; len < good.len; len += 8)
		refused(good.ptr, len, NULL);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint32_t huge = UINT32_MAX - 7;
		memcpy(copy, good.ptr, good.len);
		memcpy(copy + places[i], &huge, 4);
		refused(copy, good.len, "section cards: damaged, build it again");
	}
	memcpy(copy, good.ptr, good.len);
	copy[0] ^= 1;
	refused(copy, good.len, "section cards: made by another version, build it again");
	free(copy);
	guard_free();
}

/* A damaged image that still passes must not make the finder read beyond it. */
static void random_damage_never_reads_outside(void **unused)
{
	struct bytes good = fixture_table()->image;
	static const struct hash_key key = {.k0 = 1, .k1 = 2};
	struct bytes text = bytes_text("card 4111111111111111 12/27 123 6759649826438453");
	uint8_t *copy = malloc(good.len);
	uint64_t state = 11;

	(void)unused;
	assert_non_null(copy);
	for (int i = 0; i < 3000; i++) {
		struct pan_table table;
		struct err err = {.status = 0};
		struct pan_scan out;
		memcpy(copy, good.ptr, good.len);
		for (int n = 0; n < 4; n++)
			copy[fixture_below(&state, good.len)] = (uint8_t)fixture_random(&state);
		if (!pan_table_open(&table, guarded(copy, good.len), &err))
			continue;
		pan_find(&table, &key, text, 0, text.len, true, true, &out);
		for (uint32_t h = 0; h < out.count; h++)
			assert_non_null(pan_brand_name(&table, out.hit[h].brand));
		pan_context(&table, text, 5, 16, bytes_text("cc_number"));
	}
	free(copy);
	guard_free();
}

static void brands_have_names(void **unused)
{
	(void)unused;
	assert_string_equal(pan_brand_name(fixture_table(), 0), "visa");
	assert_string_equal(pan_brand_name(fixture_table(), 255), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_has_its_line_and_text),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(a_damaged_image_is_refused),
		cmocka_unit_test(random_damage_never_reads_outside),
		cmocka_unit_test(brands_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
