/* Goal: percent and JSON escapes mean what Python says, and what is broken
 * stands as it is, however the text is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "codec/text.h"
#include "codec/vectors.h"
#include "guard.h"

#define TEXT_MAX 512

static const char *vectors_path;

static size_t put(bool json, bool plus, struct text_decoder *decoder, struct bytes in, uint8_t *out)
{
	return json ? text_json_put(decoder, in, out) : text_percent_put(decoder, in, plus, out);
}

static void check_cut(bool json, bool plus, struct bytes coded, size_t cut, struct bytes plain)
{
	uint8_t out[TEXT_MAX + 2 * TEXT_HELD_MAX];
	struct text_decoder decoder = {.held_len = 0};
	size_t n = put(json, plus, &decoder, bytes_head(coded, cut), out);

	n += put(json, plus, &decoder, bytes_skip(coded, cut), out + n);
	n += text_end(&decoder, out + n);
	assert_true(bytes_equal(bytes_of(out, n), plain));
}

static void check_bytes(bool json, bool plus, struct bytes coded, struct bytes plain)
{
	uint8_t out[TEXT_MAX + TEXT_HELD_MAX];
	struct text_decoder decoder = {.held_len = 0};
	size_t n = 0;

	for (size_t i = 0; i < coded.len; i++)
		n += put(json, plus, &decoder, bytes_of(coded.ptr + i, 1), out + n);
	n += text_end(&decoder, out + n);
	assert_true(bytes_equal(bytes_of(out, n), plain));
}

static void check(bool json, bool plus, struct bytes coded, struct bytes plain, bool differs)
{
	struct bytes room = guarded(coded.ptr, coded.len); /* as long as the input, no more */
	uint8_t *out = (uint8_t *)(uintptr_t)room.ptr;
	bool changed = false;
	size_t n = json ? text_json(guarded(coded.ptr, coded.len), out, &changed)
			: text_percent(guarded(coded.ptr, coded.len), plus, out, &changed);

	assert_true(coded.len <= TEXT_MAX);
	assert_true(bytes_equal(bytes_of(out, n), plain));
	assert_int_equal(changed, differs);
	for (size_t cut = 0; cut <= coded.len; cut++)
		check_cut(json, plus, coded, cut, plain);
	check_bytes(json, plus, coded, plain);
	guard_free();
}

static void every_text_means_what_python_says_however_it_is_cut(void **state)
{
	struct bytes left = vectors_load(vectors_path);
	void *file = (void *)(uintptr_t)left.ptr;
	int count = 0;

	(void)state;
	for (; left.len > 0; count++) {
		struct bytes kind = vectors_field(&left), coded = vectors_field(&left);
		struct bytes plain = vectors_field(&left);

		check(bytes_equal(kind, bytes_text("json")), bytes_equal(kind, bytes_text("form")),
			coded, plain, vectors_number(&left) != 0);
	}
	assert_true(count == 900);
	free(file);
}

static void what_is_broken_in_json_stands_as_it_is(void **state)
{
	static const struct {
		const char *coded, *plain;
		bool differs;
	} rows[] = {
		{"\\ud83d", "\\ud83d", false},
		{"\\ud83dx", "\\ud83dx", false},
		{"\\udcb3", "\\udcb3", false},
		{"\\ud83d\\n", "\\ud83d\n", true},
		{"\\ud83d\\ud83d\\udcb3", "\\ud83d\xf0\x9f\x92\xb3", true},
		{"\\ud83d\\u0041",
			"\\ud83d"
			"A",
			true},
		{"\\ud83d\\u00", "\\ud83d\\u00", false},
		{"\\ud83d\\q", "\\ud83d\\q", false},
		{"\\u12\\u0041",
			"\\u12"
			"A",
			true},
		{"\\u12g4", "\\u12g4", false},
		{"\\q\\", "\\q\\", false},
		{"\\U0041", "\\U0041", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(true, false, bytes_text(rows[i].coded), bytes_text(rows[i].plain),
			rows[i].differs);
}

static void a_quote_ends_a_string_unless_a_backslash_stands_before_it(void **state)
{
	static const struct {
		const char *before;
		bool escapes;
	} rows[] = {{"", false}, {"a", false}, {"\\", true}, {"\\\\", false}, {"\\u", false},
		{"\\u12", false}, {"\\ud83d", false}, {"\\ud83d\\", true}, {"\\ud83d\\u", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t out[TEXT_MAX];
		struct text_decoder decoder = {.held_len = 0};

		text_json_put(&decoder, bytes_text(rows[i].before), out);
		assert_int_equal(text_json_escapes(&decoder), rows[i].escapes);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_means_what_python_says_however_it_is_cut),
		cmocka_unit_test(what_is_broken_in_json_stands_as_it_is),
		cmocka_unit_test(a_quote_ends_a_string_unless_a_backslash_stands_before_it),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
