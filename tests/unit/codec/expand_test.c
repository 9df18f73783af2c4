/* Goal: what brotli and zstandard make of a body, expand makes of it however it is cut.
 * Method: vectors written by Python when the tests are built (unpack_vectors.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "codec/expand.h"
#include "codec/unpack.h"
#include "codec/vectors.h"
#include "guard.h"

#define STATES 2
#define CUTS 60
#define OUT_MAX (INFLATE_OUT_MAX + INFLATE_BLOCK)

static struct arena arena;
static struct expanders *expanders;
static const char *vectors_path;

struct result {
	size_t len, rest_len;
	enum inflate_rc rc;
	uint64_t shape; /* of the blocks: how they were cut, and what was in them */
	uint8_t *data;
};

static void take_block(struct result *result, struct bytes block)
{
	assert_true(block.len <= INFLATE_BLOCK && result->len + block.len <= OUT_MAX);
	memcpy(result->data + result->len, block.ptr, block.len);
	result->len += block.len;
	result->shape = (result->shape ^ block.len) * 0x9e3779b97f4a7c15;
}

static bool feed(struct result *result, uint32_t state, struct bytes piece, bool last)
{
	struct bytes out;

	do {
		result->rc = expand_step(expanders, state, &piece, last, &out);
		if (result->rc != INFLATE_OK)
			assert_int_equal(out.len, 0);
		else if (out.len > 0)
			take_block(result, out);
	} while (result->rc == INFLATE_OK && (piece.len > 0 || out.len > 0 || last));
	result->rest_len = expand_rest(expanders, state).len + piece.len;
	return result->rc == INFLATE_OK;
}

/* Cut at first, then every each bytes. */
static struct result run(enum expand_kind kind, struct bytes coded, size_t first, size_t each)
{
	static uint8_t data[OUT_MAX];
	struct result result = {.data = data};
	uint32_t state = expand_open(expanders, kind);
	size_t at = 0, n = first;

	assert_int_not_equal(state, 0);
	while (feed(&result, state, bytes_head(bytes_skip(coded, at), n), at + n >= coded.len)) {
		at += n;
		n = each;
	}
	if (at + n < coded.len)
		result.rest_len += coded.len - at - n;
	expand_close(expanders, state);
	return result;
}

static void assert_run(enum expand_kind kind, struct bytes coded, const struct result *whole,
	size_t first, size_t each)
{
	struct result result = run(kind, coded, first, each);

	assert_int_equal(result.rc, whole->rc);
	assert_int_equal(result.rest_len, whole->rest_len);
	assert_int_equal(result.len, whole->len);
	assert_int_equal(result.shape, whole->shape);
}

static void check_cuts(enum expand_kind kind, struct bytes coded, const struct result *whole)
{
	for (size_t cut = 1; cut < coded.len; cut += 1 + coded.len / CUTS)
		assert_run(kind, coded, whole, cut, coded.len);
	assert_run(kind, coded, whole, 1, 1);
	assert_run(kind, coded, whole, INFLATE_STAGE, INFLATE_STAGE);
	assert_run(kind, coded, whole, INFLATE_STAGE - 1, 1448);
}

static bool check_vector(struct bytes *left)
{
	struct bytes name = vectors_field(left);
	enum packed packed = (enum packed)vectors_number(left);
	struct bytes coded = vectors_field(left), plain = vectors_field(left);
	size_t rest = (size_t)vectors_number(left);
	enum expand_kind kind = packed == PACKED_ZSTD ? EXPAND_ZSTD : EXPAND_BROTLI;
	struct result result;

	if (packed != PACKED_BROTLI && packed != PACKED_ZSTD)
		return false;
	result = run(kind, guarded(coded.ptr, coded.len), coded.len, 1);
	if (result.rc != INFLATE_DONE || result.len != plain.len || result.rest_len != rest)
		print_error("%.*s: rc %d, %zu of %zu\n", (int)name.len, (const char *)name.ptr,
			(int)result.rc, result.len, plain.len);
	assert_int_equal(result.rc, INFLATE_DONE);
	assert_true(bytes_equal(bytes_of(result.data, result.len), plain));
	assert_int_equal(result.rest_len, rest);
	check_cuts(kind, coded, &result);
	/* Cut off: what came before is told, and no more. */
	result = run(kind, bytes_head(coded, coded.len / 2), coded.len, 1);
	assert_true(result.len <= plain.len && result.rc == INFLATE_DONE);
	assert_memory_equal(result.data, plain.ptr, result.len);
	return true;
}

static void every_vector_comes_out_however_it_is_cut(void **state)
{
	struct bytes left = vectors_load(vectors_path);
	void *file = (void *)(uintptr_t)left.ptr;
	int count = 0;

	(void)state;
	while (left.len > 0) {
		count += check_vector(&left);
		guard_free();
	}
	assert_true(count > 100);
	free(file);
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
	struct result result = run(EXPAND_ZSTD, bomb, bomb.len, 1);

	(void)state;
	assert_int_equal(result.rc, INFLATE_BOMB);
	assert_in_range(result.len, INFLATE_RATIO_FROM,
		INFLATE_RATIO_FROM + 2 * INFLATE_RATIO_MAX * INFLATE_STAGE);
	check_cuts(EXPAND_ZSTD, bomb, &result);
}

static void windows_beyond_the_limit_are_broken(void **state)
{
	static uint8_t made[1 << 16];
	struct bytes bomb = zstd_bomb(made, 3);
	struct result result;

	(void)state;
	made[5] = 0x68; /* 8 MiB */
	result = run(EXPAND_ZSTD, bomb, bomb.len, 1);
	assert_int_equal(result.len, 3 * (128 << 10));
	made[5] = 0x70; /* 16 MiB */
	result = run(EXPAND_ZSTD, bomb, bomb.len, 1);
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
		enum expand_kind kind = i % 4 == 0 ? EXPAND_ZSTD : EXPAND_BROTLI;

		for (size_t at = 0; at < len; at++)
			noise[at] = (uint8_t)draw();
		if (kind == EXPAND_ZSTD)
			memcpy(noise, "\x28\xb5\x2f\xfd\x00\x58", 6);
		struct result result = run(kind, bytes_of(noise, len), len, 1);
		assert_run(kind, bytes_of(noise, len), &result, 1, 1);
		assert_run(kind, bytes_of(noise, len), &result, 1 + draw() % len, len);
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
