#include "codec/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void take_block(struct cut_result *result, struct bytes block)
{
	assert_true(block.len <= INFLATE_BLOCK && block.len > 0);
	if (result->len + block.len > result->room) {
		result->room = 2 * (result->len + block.len);
		result->data = realloc(result->data, result->room);
		assert_non_null(result->data);
	}
	memcpy(result->data + result->len, block.ptr, block.len);
	result->len += block.len;
	result->shape = (result->shape ^ block.len) * 0x9e3779b97f4a7c15;
}

static bool feed(const struct cut_decoder *decoder, struct cut_result *result, uint32_t state,
	struct bytes piece, bool last)
{
	struct bytes out;

	do {
		result->rc = decoder->step(state, &piece, last, &out);
		if (result->rc != INFLATE_OK)
			assert_int_equal(out.len, 0);
		if (out.len > 0)
			take_block(result, out);
	} while (result->rc == INFLATE_OK && (piece.len > 0 || out.len > 0 || last));
	result->rest_len = decoder->rest(state).len + piece.len;
	return result->rc == INFLATE_OK;
}

struct cut_result cut_run(
	const struct cut_decoder *decoder, struct bytes coded, size_t first, size_t each)
{
	struct cut_result result = {0};
	uint32_t state = decoder->open();
	size_t at = 0, n = first;

	assert_int_not_equal(state, 0);
	while (feed(decoder, &result, state, bytes_head(bytes_skip(coded, at), n),
		at + n >= coded.len)) {
		at += n;
		n = each;
	}
	if (at + n < coded.len)
		result.rest_len += coded.len - at - n;
	decoder->close(state);
	return result;
}

void cut_same(const struct cut_decoder *decoder, struct bytes coded, const struct cut_result *whole,
	size_t first, size_t each)
{
	struct cut_result result = cut_run(decoder, coded, first, each);

	assert_int_equal(result.rc, whole->rc);
	assert_int_equal(result.rest_len, whole->rest_len);
	assert_int_equal(result.len, whole->len);
	assert_int_equal(result.shape, whole->shape);
	if (result.len > 0)
		assert_memory_equal(result.data, whole->data, result.len);
	free(result.data);
}

void cut_check(const struct cut_decoder *decoder, struct bytes coded,
	const struct cut_result *whole, size_t cuts)
{
	for (size_t cut = 1; cut < coded.len; cut += 1 + coded.len / cuts)
		cut_same(decoder, coded, whole, cut, coded.len);
	cut_same(decoder, coded, whole, 1, 1);
	cut_same(decoder, coded, whole, INFLATE_STAGE, INFLATE_STAGE);
	cut_same(decoder, coded, whole, INFLATE_STAGE - 1, 1448);
}
