/* Goal: what brotli and zstandard make of a body, expand makes of it however it is cut.
 * Method: vectors written by Python when the tests are built (unpack_vectors.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "codec/cut.h"
#include "codec/expand.h"
#include "codec/unpack.h"
#include "codec/vectors.h"
#include "guard.h"

#define STATES 2
#define CUTS 60

static struct arena arena;
static struct expanders *expanders;
static const char *vectors_path;

static uint32_t open_brotli(void)
{
	return expand_open(expanders, EXPAND_BROTLI);
}

static uint32_t open_zstd(void)
{
	return expand_open(expanders, EXPAND_ZSTD);
}

static enum inflate_rc step(uint32_t state, struct bytes *in, bool last, struct bytes *out)
{
	return expand_step(expanders, state, in, last, out);
}

static struct bytes rest_of(uint32_t state)
{
	return expand_rest(expanders, state);
}

static void close_state(uint32_t state)
{
	expand_close(expanders, state);
}

static const struct cut_decoder brotli = {open_brotli, step, rest_of, close_state};
static const struct cut_decoder zstd = {open_zstd, step, rest_of, close_state};

static bool check_vector(struct bytes *left)
{
	struct bytes name = vectors_field(left);
	enum packed packed = (enum packed)vectors_number(left);
	struct bytes coded = vectors_field(left), plain = vectors_field(left);
	size_t rest = (size_t)vectors_number(left);
	const struct cut_decoder *decoder = packed == PACKED_ZSTD ? &zstd : &brotli;
	struct cut_result result;

	if (packed != PACKED_BROTLI && packed != PACKED_ZSTD)
		return false;
	result = cut_run(decoder, guarded(coded.ptr, coded.len), coded.len, 1);
	if (result.rc != INFLATE_DONE || result.len != plain.len || result.rest_len != rest)
		print_error("%.*s: rc %d, %zu of %zu\n", (int)name.len, (const char *)name.ptr,
			(int)result.rc, result.len, plain.len);
	assert_int_equal(result.rc, INFLATE_DONE);
	assert_true(bytes_equal(bytes_of(result.data, result.len), plain));
	assert_int_equal(result.rest_len, rest);
	cut_check(decoder, coded, &result, CUTS);
	free(result.data);
	/* Cut off: what came before is told, and no more. */
	result = cut_run(decoder, bytes_head(coded, coded.len / 2), coded.len, 1);
	assert_true(result.len <= plain.len && result.rc == INFLATE_DONE);
	assert_true(bytes_equal(bytes_of(result.data, result.len), bytes_head(plain, result.len)));
	free(result.data);
	return true;
}

static void every_vector_comes_out_however_it_is_cut(void **state)
{
	(void)state;
	assert_true(vectors_each(vectors_path, check_vector) > 100);
}

/* RFC 8878 section 3.1.1.2: blocks of one repeated byte (RLE), 128 KiB each. */
static struct bytes zstd_bomb(uint8_t *made, int blocks)
{
	static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}; /* 2 MiB */
	size_t len = sizeof(head);

	memcpy(made, head, sizeof(head));
	for (int i = 0; i < blocks; i++) {
		uint32_t block = (128u << 10) << 3 | 1u << 1 | (i == blocks - 1);

		made[len++] = (uint8_t)block;
		made[len++] = (uint8_t)(block >> 8);
		made[len++] = (uint8_t)(block >> 16);
		made[len++] = 'x';
	}
	return bytes_of(made, len);
}

static void a_bomb_is_stopped_at_the_ratio_wherever_it_is_cut(void **state)
{
	static uint8_t made[1 << 16];
	struct bytes bomb = zstd_bomb(made, 10000);
	struct cut_result result = cut_run(&zstd, bomb, bomb.len, 1);

	(void)state;
	assert_int_equal(result.rc, INFLATE_BOMB);
	assert_in_range(result.len, INFLATE_RATIO_FROM,
		INFLATE_RATIO_FROM + 2 * INFLATE_RATIO_MAX * INFLATE_STAGE);
	cut_check(&zstd, bomb, &result, CUTS);
	free(result.data);
}

static void windows_beyond_the_limit_are_broken(void **state)
{
	static uint8_t made[1 << 16];
	struct bytes bomb = zstd_bomb(made, 3);
	struct cut_result result;

	(void)state;
	made[5] = 0x68; /* 8 MiB */
	result = cut_run(&zstd, bomb, bomb.len, 1);
	assert_int_equal(result.len, 3 * (128 << 10));
	free(result.data);
	made[5] = 0x70; /* 16 MiB */
	result = cut_run(&zstd, bomb, bomb.len, 1);
	assert_int_equal(result.rc, INFLATE_ERROR);
	assert_int_equal(result.len, 0);
	assert_int_equal(result.rest_len, bomb.len);
}

static void noise_breaks_in_the_same_place_however_it_is_cut(void **state)
{
	uint8_t noise[9000];

	(void)state;
	draw_seed(7);
	for (int i = 0; i < 200; i++) {
		size_t len = 1 + draw() % sizeof(noise);
		const struct cut_decoder *decoder = i % 4 == 0 ? &zstd : &brotli;

		for (size_t at = 0; at < len; at++)
			noise[at] = (uint8_t)draw();
		if (decoder == &zstd)
			memcpy(noise, "\x28\xb5\x2f\xfd\x00\x58", 6);
		struct cut_result result = cut_run(decoder, bytes_of(noise, len), len, 1);
		cut_same(decoder, bytes_of(noise, len), &result, 1, 1);
		cut_same(decoder, bytes_of(noise, len), &result, 1 + draw() % len, len);
		free(result.data);
	}
}

static void states_are_refused_when_all_are_taken_and_free_again(void **state)
{
	uint32_t one = expand_open(expanders, EXPAND_BROTLI),
		 two = expand_open(expanders, EXPAND_ZSTD);

	(void)state;
	assert_true(one != 0 && two != 0);
	assert_int_equal(expand_open(expanders, EXPAND_ZSTD), 0);
	expand_close(expanders, one);
	assert_int_equal(expand_open(expanders, EXPAND_ZSTD), one);
	expand_close(expanders, one);
	expand_close(expanders, two);
}

static void a_frame_of_zstd_is_known_by_its_beginning(void **state)
{
	(void)state;
	assert_true(expand_is_zstd(bytes_of("\x28\xb5\x2f\xfd\x00\x58", 6)));
	assert_false(expand_is_zstd(bytes_of("\x28\xb5\x2f\xfd\x00", 5)));
	assert_false(expand_is_zstd(bytes_of("\x28\xb5\x2f\xfd\x08\x58", 6)));
	assert_false(expand_is_zstd(bytes_of("\x28\xb5\x2f\xfc\x00\x58", 6)));
}

static int set_up(void **state)
{
	struct err err;

	(void)state;
	if (!arena_new(&arena, expanders_bytes(STATES) + 4096, &err))
		return -1;
	expanders = expanders_new(&arena, STATES);
	return expanders == NULL ? -1 : 0;
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
		cmocka_unit_test(a_bomb_is_stopped_at_the_ratio_wherever_it_is_cut),
		cmocka_unit_test(windows_beyond_the_limit_are_broken),
		cmocka_unit_test(noise_breaks_in_the_same_place_however_it_is_cut),
		cmocka_unit_test(states_are_refused_when_all_are_taken_and_free_again),
		cmocka_unit_test(a_frame_of_zstd_is_known_by_its_beginning),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
