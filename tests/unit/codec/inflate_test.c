/* Goal: what zlib makes of a stream, inflate makes of it however it is cut.
 * Method: vectors written by Python's zlib when the tests are built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "codec/cut.h"
#include "codec/vectors.h"
#include "guard.h"

#define STATES 3
#define CUTS 150
/* What a decoder may hold back where a stream is cut; and where it is broken,
 * Python loses what zlib made of the last byte. */
#define SYMBOLS_LATE 600

static struct arena arena;
static struct inflaters *inflaters;
static const char *vectors_path;

static uint32_t open_auto(void)
{
	return inflate_open(inflaters, INFLATE_AUTO);
}

static enum inflate_rc step(uint32_t state, struct bytes *in, bool last, struct bytes *out)
{
	return inflate_step(inflaters, state, in, last, out);
}

static struct bytes rest_of(uint32_t state)
{
	return inflate_rest(inflaters, state);
}

static void close_state(uint32_t state)
{
	inflate_close(inflaters, state);
}

static const struct cut_decoder decoder = {open_auto, step, rest_of, close_state};

static bool check_vector(struct bytes *left)
{
	struct bytes name = vectors_field(left), coded = vectors_field(left);
	struct bytes plain = vectors_field(left);
	long end = vectors_number(left), rest = vectors_number(left),
	     complete = vectors_number(left);
	struct cut_result result = cut_run(&decoder, guarded(coded.ptr, coded.len), coded.len, 1);
	size_t both = result.len < plain.len ? result.len : plain.len;
	bool prefix = both == 0 || memcmp(result.data, plain.ptr, both) == 0;

	if (end == INFLATE_BOMB)
		assert_in_range(result.len, INFLATE_RATIO_FROM,
			INFLATE_RATIO_FROM + INFLATE_BLOCK + INFLATE_RATIO_MAX * INFLATE_STAGE);
	else if (complete == 0)
		assert_true(both + SYMBOLS_LATE >= plain.len && both + SYMBOLS_LATE >= result.len);
	if (!prefix || (long)result.rc != end || (complete != 0 && result.len != plain.len) ||
		(rest >= 0 && result.rest_len != (size_t)rest)) {
		print_error("%.*s: end %d, %zu bytes (zlib %zu), rest %zu\n", (int)name.len,
			(const char *)name.ptr, (int)result.rc, result.len, plain.len,
			result.rest_len);
		fail();
	}
	cut_check(&decoder, coded, &result, CUTS);
	free(result.data);
	return true;
}

static void every_vector_comes_out_however_it_is_cut(void **state)
{
	(void)state;
	assert_true(vectors_each(vectors_path, check_vector) > 150);
}

/* A stored gzip member of n bytes, which do not shrink. */
static struct bytes stored(size_t n)
{
	size_t blocks = (n + 65534) / 65535, len = 10 + n + 5 * blocks + 8, at = 10;
	uint8_t *made = calloc(1, len);

	memcpy(made, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	for (size_t left = n; left > 0;) {
		size_t part = left < 65535 ? left : 65535;

		left -= part;
		made[at] = left == 0;
		made[at + 1] = (uint8_t)part;
		made[at + 2] = (uint8_t)(part >> 8);
		made[at + 3] = (uint8_t)~made[at + 1];
		made[at + 4] = (uint8_t)~made[at + 2];
		memset(made + at + 5, 'x', part);
		at += 5 + part;
	}
	return bytes_of(made, len);
}

static void the_limit_of_output_holds_and_one_byte_more_is_a_bomb(void **state)
{
	struct bytes most = stored(INFLATE_OUT_MAX), more = stored(INFLATE_OUT_MAX + 1);
	struct cut_result result = cut_run(&decoder, most, most.len, 1);

	(void)state;
	assert_int_equal(result.rc, INFLATE_DONE);
	assert_int_equal(result.len, INFLATE_OUT_MAX);
	free(result.data);
	result = cut_run(&decoder, more, more.len, 1);
	assert_int_equal(result.rc, INFLATE_BOMB);
	assert_int_equal(result.len, INFLATE_OUT_MAX);
	cut_same(&decoder, more, &result, 1448, 1448);
	free(result.data);
	free((void *)(uintptr_t)most.ptr);
	free((void *)(uintptr_t)more.ptr);
}

static void put_bits(uint8_t *made, size_t *bit, const char *bits)
{
	for (; *bits != 0; bits++, (*bit)++)
		made[*bit / 8] = (uint8_t)(made[*bit / 8] | (*bits - '0') << *bit % 8);
}

/* A fixed block of n matches of 258 zeros at distance 1: 13 bits for 258 bytes. */
static struct bytes zeros(size_t matches)
{
	uint8_t *made = calloc(1, matches * 2 + 32);
	size_t bit = 0;

	put_bits(made, &bit, "110" /* last, fixed */ "00110000" /* literal 0 */);
	for (size_t i = 0; i < matches; i++)
		put_bits(made, &bit, "11000101" /* 258 */ "00000" /* distance 1 */);
	return bytes_of(made, (bit + 7 + 7) / 8); /* end of block: seven zeros */
}

/* ISA-L counts a match from before the beginning as output. */
static void a_broken_stream_shows_nothing_of_the_one_before_it(void **state)
{
	struct bytes secret = stored(100000);
	uint8_t made[200] = {0};
	size_t bit = 0;
	struct cut_result result = cut_run(&decoder, secret, secret.len, 1);

	(void)state;
	free(result.data);
	put_bits(made, &bit,
		"110"
		"10010001" /* a */ "11000101"
		"11101"
		"1111111111111");
	result = cut_run(&decoder, bytes_of(made, sizeof(made)), sizeof(made), 1);
	assert_int_equal(result.rc, INFLATE_ERROR);
	assert_int_equal(result.data[0], 'a');
	assert_null(memchr(result.data, 'x', result.len));
	free(result.data);
	free((void *)(uintptr_t)secret.ptr);
}

static void what_shrinks_just_less_than_the_ratio_comes_out_whole(void **state)
{
	struct bytes coded = zeros(60000); /* 158 : 1 */
	struct cut_result result = cut_run(&decoder, coded, coded.len, 1);

	(void)state;
	assert_int_equal(result.rc, INFLATE_DONE);
	assert_int_equal(result.len, 60000 * 258 + 1);
	free(result.data);
	free((void *)(uintptr_t)coded.ptr);
}

static void members_share_one_limit(void **state)
{
	struct bytes half = stored(INFLATE_OUT_MAX / 2 + 1);
	uint8_t *two = malloc(2 * half.len);
	struct cut_result result;

	(void)state;
	memcpy(two, half.ptr, half.len);
	memcpy(two + half.len, half.ptr, half.len);
	result = cut_run(&decoder, bytes_of(two, 2 * half.len), SIZE_MAX / 2, 1);
	assert_int_equal(result.rc, INFLATE_BOMB);
	assert_int_equal(result.len, INFLATE_OUT_MAX);
	free(result.data);
	free(two);
	free((void *)(uintptr_t)half.ptr);
}

static void states_are_refused_when_all_are_taken_and_free_again(void **state)
{
	uint32_t id[STATES];

	(void)state;
	for (int i = 0; i < STATES; i++)
		assert_int_not_equal(id[i] = inflate_open(inflaters, INFLATE_AUTO), 0);
	assert_int_equal(inflate_open(inflaters, INFLATE_AUTO), 0);
	inflate_close(inflaters, id[1]);
	assert_int_equal(inflate_open(inflaters, INFLATE_RAW), id[1]);
	for (int i = 0; i < STATES; i++)
		inflate_close(inflaters, id[i]);
}

static void plain_gzip_hides_nothing_in_its_header(void **state)
{
	(void)state;
	assert_true(inflate_is_plain_gzip(bytes_of("\x1f\x8b\x08\x00\0\0\0\0\0\3", 10)));
	assert_true(inflate_is_plain_gzip(bytes_of("\x1f\x8b\x08\x02\0\0\0\0\0\3", 10)));
	assert_false(inflate_is_plain_gzip(bytes_of("\x1f\x8b\x08\x00\0\0\0\0\0", 9)));
	assert_false(inflate_is_plain_gzip(bytes_of("\x1f\x8b\x08\x08\0\0\0\0\0\3", 10)));
	assert_false(inflate_is_plain_gzip(bytes_of("\x1f\x8b\x07\x00\0\0\0\0\0\3", 10)));
}

static int set_up(void **state)
{
	struct err err;

	(void)state;
	if (!arena_new(&arena, inflaters_bytes(STATES) + 4096, &err))
		return -1;
	inflaters = inflaters_new(&arena, STATES);
	return inflaters == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_comes_out_however_it_is_cut),
		cmocka_unit_test(the_limit_of_output_holds_and_one_byte_more_is_a_bomb),
		cmocka_unit_test(what_shrinks_just_less_than_the_ratio_comes_out_whole),
		cmocka_unit_test(a_broken_stream_shows_nothing_of_the_one_before_it),
		cmocka_unit_test(members_share_one_limit),
		cmocka_unit_test(states_are_refused_when_all_are_taken_and_free_again),
		cmocka_unit_test(plain_gzip_hides_nothing_in_its_header),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
