/* Whatever the bytes are: each coding's stretches lie inside and go forward, decode() writes no
 * more than it has room for and the same whatever that is, and stretches are the same with other
 * bytes before the margin. */
#include "codec/coding.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MOST 4096
#define OUT_MAX 1024

static void check_decode(const struct coding *coding, struct bytes buf, const struct stretch *at)
{
	uint8_t out[OUT_MAX], less[OUT_MAX];
	struct bytes coded = bytes_of(buf.ptr + at->off, at->len);
	size_t n = coding->decode(NULL, coded, at->variant, out, sizeof(out));
	uint8_t *room = malloc(n / 2 + 1); /* so that a byte too far is seen */

	require(n <= sizeof(out) && room != NULL);
	size_t half = coding->decode(NULL, coded, at->variant, room, n / 2);

	require(half <= n / 2 && memcmp(room, out, half) == 0);
	free(room);
	require(coding->decode(NULL, bytes_head(coded, coded.len / 2), at->variant, less,
			sizeof(less)) <= sizeof(less));
}

static bool same_at(const struct coding *coding, struct bytes buf, const struct stretch *wanted)
{
	struct stretch found = {.len = 0};

	for (size_t from = 0; coding->find(buf, from, &found); from = found.off + found.len) {
		if (found.off >= wanted->off)
			break;
	}
	return found.off == wanted->off && found.len == wanted->len &&
	       found.variant == wanted->variant;
}

static void check(const struct coding *coding, struct bytes buf)
{
	static uint8_t moved[STRETCH_LEFT + SIZE_MOST];
	struct stretch stretch;

	memset(moved, '\n', STRETCH_LEFT);
	memcpy(moved + STRETCH_LEFT, buf.ptr, buf.len);
	for (size_t from = 0; coding->find(buf, from, &stretch);) {
		require(stretch.off >= from && stretch.len > 0 && stretch.off < buf.len &&
			stretch.len <= buf.len - stretch.off);
		check_decode(coding, buf, &stretch);
		from = stretch.off + stretch.len;
		if (stretch.off < STRETCH_LEFT)
			continue;
		stretch.off += STRETCH_LEFT;
		require(same_at(coding, bytes_of(moved, STRETCH_LEFT + buf.len), &stretch));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes buf = bytes_of(data, size < SIZE_MOST ? size : SIZE_MOST);

	for (size_t i = 0; i < codings_count; i++) {
		enum layer layer = codings[i]->layer;

		if (layer >= LAYER_PERCENT && layer <= LAYER_WIDE)
			check(codings[i], buf);
	}
	return 0;
}
