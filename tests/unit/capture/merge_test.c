#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode.h"
#include "reading.h"

/* A file with one frame per letter: 'a' is second 1, 'b' second 2, ...  A frame's
 * fill is file * 32 + its place. */
static void encode_letters(struct encode *e, uint8_t file, const char *letters)
{
	encode_pcap(e, PCAP_MICRO, 1);
	for (uint8_t i = 0; letters[i] != '\0'; i++)
		encode_record(e, false, (uint32_t)(letters[i] - 'a' + 1), 0, 20, 20,
			(uint8_t)(file * 32 + i));
}

/* expected: for each frame the file's digit, e.g. "0011". */
static void expect_order(
	const char *const files[], uint32_t count, const char *expected, bool gzipped)
{
	struct encode e[8] = {{.len = 0}}, gz[8] = {{.len = 0}};
	struct bytes parts[8];
	uint8_t place[8];

	for (uint32_t i = 0; i < count; i++) {
		encode_letters(&e[i], (uint8_t)i, files[i]);
		encode_gzip(&gz[i], encode_bytes(&e[i]));
		parts[i] = encode_bytes(gzipped && i % 2 == 0 ? &gz[i] : &e[i]);
	}
	for (uint32_t batch = 1; batch <= 5; batch++) {
		struct reading r;

		memset(place, 0, sizeof(place));
		read_parts(&r, parts, count, batch);
		assert_string_equal(r.error, "");
		assert_string_equal(r.damage, "");
		assert_int_equal(r.count, strlen(expected));
		assert_int_equal(r.input_frames, strlen(expected));
		for (uint32_t i = 0; i < r.count; i++) {
			uint16_t file = r.frames[i].source;

			assert_int_equal(file, expected[i] - '0');
			assert_int_equal(r.frames[i].fill, file * 32 + place[file]);
			assert_int_equal(r.frames[i].number, place[file] + 1);
			assert_true(r.frames[i].right_bytes);
			place[file]++;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		encode_free(&e[i]);
		encode_free(&gz[i]);
	}
}

static void expect_both(const char *const files[], uint32_t count, const char *expected)
{
	expect_order(files, count, expected, false);
	expect_order(files, count, expected, true);
}

static void frames_come_in_the_order_of_their_stamps(void **state)
{
	static const char *const files[] = {"adg", "beh", "cfi"};

	(void)state;
	expect_both(files, 3, "012012012");
}

static void of_equal_stamps_the_earlier_path_goes_first(void **state)
{
	static const char *const files[] = {"bb", "abbb", "b", "aab"};

	(void)state;
	expect_both(files, 4, "1330011123");
}

static void one_file_keeps_its_order_whatever_its_stamps_say(void **state)
{
	static const char *const files[] = {"zab", "mno", "cx"};

	(void)state;
	/* c, m n o, x, then z, and only then its own a and b. */
	expect_both(files, 3, "21112000");
}

static void empty_files_are_passed(void **state)
{
	static const char *const files[] = {"", "ac", "", "b", ""};
	static const char *const none[] = {"", "", ""};

	(void)state;
	expect_both(files, 5, "131");
	expect_both(none, 3, "");
}

static void any_number_of_files_is_sorted(void **state)
{
	static const char *const files[] = {"h", "g", "f", "e", "d", "c", "b", "a"};
	static const char order[] = "76543210";

	(void)state;
	for (uint32_t count = 1; count <= 8; count++)
		expect_both(files, count, order + 8 - count);
}

static void a_damaged_file_leaves_and_the_others_go_on(void **state)
{
	struct encode e[2] = {{.len = 0}};
	struct reading r;

	(void)state;
	encode_letters(&e[0], 0, "ac");
	encode_letters(&e[1], 1, "bd");
	struct bytes parts[] = {bytes_of(e[0].data, e[0].len - 1), encode_bytes(&e[1])};

	read_parts(&r, parts, 2, 8);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.frames[0].source, 0);
	assert_int_equal(r.frames[1].source, 1);
	assert_int_equal(r.frames[2].source, 1);
	assert_string_equal(r.damage, "truncated record at offset 60");
	encode_free(&e[0]);
	encode_free(&e[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_in_the_order_of_their_stamps),
		cmocka_unit_test(of_equal_stamps_the_earlier_path_goes_first),
		cmocka_unit_test(one_file_keeps_its_order_whatever_its_stamps_say),
		cmocka_unit_test(empty_files_are_passed),
		cmocka_unit_test(any_number_of_files_is_sorted),
		cmocka_unit_test(a_damaged_file_leaves_and_the_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
