/* The oracle is a plain search of every literal at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard.h"
#include "match/match.h"

#define LITERALS 40
#define ROUNDS 4000
#define BUFFER 600 /* beyond what the first test is asked about */

struct set {
	uint8_t text[LITERALS][24];
	struct match_literal literal[LITERALS];
	struct arena arena;
	uint8_t *image;
	size_t image_len;
	struct match *match;
	struct match_scratch *scratch;
};

static void fill(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t) "aAbB/.\0\xff"[draw() % 8];
}

static void set_open(struct set *set)
{
	struct err err = {0};

	assert_true(match_compile(set->literal, LITERALS, &set->image, &set->image_len, &err));
	assert_true(match_bytes(bytes_of(set->image, set->image_len)) > 0);
	assert_true(
		arena_new(&set->arena, match_bytes(bytes_of(set->image, set->image_len)), &err));
	set->match = match_open(bytes_of(set->image, set->image_len), &set->arena, &err);
	assert_non_null(set->match);
	set->scratch = match_scratch_new((const struct match *const[]){set->match}, 1, &err);
	assert_non_null(set->scratch);
}

/* Literals of min to 23 bytes. */
static void set_draw(struct set *set, size_t min)
{
	for (uint32_t i = 0; i < LITERALS; i++) {
		size_t len = min + draw() % (24 - min);
		fill(set->text[i], len);
		set->literal[i] = (struct match_literal){.text = bytes_of(set->text[i], len),
			.nocase = draw() % 2 == 0,
			.id = i * 3};
	}
	set_open(set);
}

static void set_close(struct set *set)
{
	match_scratch_free(set->scratch);
	arena_free(&set->arena);
	free(set->image);
}

static bool stands(const struct match_literal *literal, struct bytes buf)
{
	for (size_t at = 0; at + literal->text.len <= buf.len; at++) {
		struct bytes here = bytes_of(buf.ptr + at, literal->text.len);
		if (literal->nocase ? bytes_equal_nocase(here, literal->text)
				    : bytes_equal(here, literal->text))
			return true;
	}
	return false;
}

static void check(struct set *set, struct bytes buf)
{
	struct match_hit hits[MATCH_HITS_MAX];
	uint32_t more, want = 0;
	uint32_t count = match_scan(set->match, set->scratch, buf, hits, &more);

	assert_int_equal(more, 0);
	for (uint32_t i = 0; i < LITERALS; i++)
		if (stands(&set->literal[i], buf)) {
			assert_true(want < count);
			assert_int_equal(hits[want++].id, i * 3);
		}
	assert_int_equal(count, want);
}

static void check_many(size_t min)
{
	static struct set set;
	uint8_t data[BUFFER];

	set_draw(&set, min);
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = 1 + draw() % (round % 8 == 0 ? BUFFER : 40);
		const struct match_literal *one = &set.literal[draw() % LITERALS];
		fill(data, len);
		if (one->text.len <= len) {
			size_t at = draw() % (len - one->text.len + 1);
			memcpy(data + at, one->text.ptr, one->text.len);
			for (size_t i = at; one->nocase && i < at + one->text.len; i++)
				if (byte_lower(data[i]) >= 'a' && byte_lower(data[i]) <= 'z')
					data[i] ^= (uint8_t)(draw() % 2 * 0x20);
		}
		check(&set, guarded(data, len));
		check(&set, guarded_front(data, len));
		guard_free();
	}
	set_close(&set);
}

static void a_literal_is_found_wherever_it_stands(void **state)
{
	(void)state;
	draw_seed(11);
	for (size_t min = 1; min <= 12; min++)
		check_many(min);
}

static void short_buffers_without_any_literal_have_no_hit(void **state)
{
	static struct set set;

	(void)state;
	draw_seed(12);
	set_draw(&set, 4);
	for (size_t len = 1; len < 300; len++) {
		uint8_t data[300];
		memset(data, 'z', len);
		check(&set, guarded(data, len));
		guard_free();
	}
	set_close(&set);
}

static void every_prefix_of_an_image_is_refused(void **state)
{
	static struct set set;
	struct err err = {0};

	(void)state;
	draw_seed(13);
	set_draw(&set, 4);
	for (size_t len = 0; len < set.image_len; len += len < 1000 ? 1 : 97) {
		struct arena arena;
		struct bytes part = guarded(set.image, len);
		err.status = 0;
		assert_true(arena_new(&arena, set.image_len * 4 + 4096, &err));
		assert_null(match_open(part, &arena, &err));
		assert_int_equal(err.status, EXIT_USAGE);
		assert_string_equal(
			err.text, "a pattern database is damaged; build the signatures anew");
		arena_free(&arena);
		guard_free();
	}
	set_close(&set);
}

static void a_literal_too_long_is_an_error_with_its_length(void **state)
{
	static const uint8_t text[MATCH_LITERAL_MAX + 1];
	struct match_literal literal = {.text = bytes_of(text, sizeof(text))};
	struct err err = {0};
	uint8_t *out;
	size_t len;

	(void)state;
	assert_false(match_compile(&literal, 1, &out, &len, &err));
	assert_string_equal(err.text, "a literal of 129 bytes; 1 to 128 are taken");
	literal.text.len = MATCH_LITERAL_MAX;
	assert_true(match_compile(&literal, 1, &out, &len, &err));
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_literal_is_found_wherever_it_stands),
		cmocka_unit_test(short_buffers_without_any_literal_have_no_hit),
		cmocka_unit_test(every_prefix_of_an_image_is_refused),
		cmocka_unit_test(a_literal_too_long_is_an_error_with_its_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
