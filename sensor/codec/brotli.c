/* brotli.c - the only file that knows libbrotlidec.
 *
 * Its few pieces of memory are cut from the block, first fit; it frees tables after each
 * meta-block, and the old ring when that grows. */
#include "codec/windowed.h"

#include <assert.h>
#include <stdalign.h>

#include <brotli/decode.h>

#define PIECES 32 /* it holds at most 15 at once */
#define ALIGN 64
#define WIPE_EACH (4u << 20) /* of a piece: rings are all that may be larger */

struct piece {
	uint32_t off, len;
};

struct brotli {
	BrotliDecoderState *state;
	uint32_t count;
	struct piece piece[PIECES]; /* by off */
	uint64_t out;
};

static_assert(WINDOWED_BYTES <= UINT32_MAX / 2, "places in a block are 32 bits");

static void *take(void *opaque, size_t size)
{
	struct brotli *brotli = opaque;
	uint32_t len, at = (sizeof(*brotli) + ALIGN - 1) / ALIGN * ALIGN, i;

	if (size == 0 || size > WINDOWED_BYTES || brotli->count == PIECES)
		return NULL;
	len = ((uint32_t)size + ALIGN - 1) / ALIGN * ALIGN;
	for (i = 0; i < brotli->count && brotli->piece[i].off - at < len; i++)
		at = brotli->piece[i].off + brotli->piece[i].len;
	if (len > WINDOWED_BYTES - at)
		return NULL;
	memmove(brotli->piece + i + 1, brotli->piece + i,
		(brotli->count - i) * sizeof(brotli->piece[0]));
	brotli->piece[i] = (struct piece){.off = at, .len = len};
	brotli->count++;
	return (uint8_t *)brotli + at;
}

/* No piece was filled further than bytes came out, but for tables, which hold none of them. */
static void give(void *opaque, void *address)
{
	struct brotli *brotli = opaque;
	uint32_t i = 0;

	if (address == NULL)
		return;
	while (i < brotli->count && (uint8_t *)brotli + brotli->piece[i].off != address)
		i++;
	assert(i < brotli->count);
	uint64_t filled = brotli->out + 1024;
	explicit_bzero(address, filled < brotli->piece[i].len ? filled : brotli->piece[i].len);
	brotli->count--;
	memmove(brotli->piece + i, brotli->piece + i + 1,
		(brotli->count - i) * sizeof(brotli->piece[0]));
}

static bool start(void *block)
{
	struct brotli *brotli = block;

	memset(brotli, 0, sizeof(*brotli));
	brotli->state = BrotliDecoderCreateInstance(take, give, brotli);
	return brotli->state != NULL;
}

static enum windowed_rc step(void *block, struct bytes *in, uint8_t *out, size_t room, size_t *made)
{
	struct brotli *brotli = block;
	size_t left = room;
	BrotliDecoderResult result =
		BrotliDecoderDecompressStream(brotli->state, &in->len, &in->ptr, &left, &out, NULL);

	*made = room - left;
	brotli->out += *made;
	switch (result) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return WINDOWED_END;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
		return WINDOWED_INPUT;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
		return WINDOWED_OUTPUT;
	case BROTLI_DECODER_RESULT_ERROR:
		break;
	}
	return WINDOWED_BROKEN;
}

static void stop(void *block)
{
	struct brotli *brotli = block;

	BrotliDecoderDestroyInstance(brotli->state);
}

const struct windowed windowed_brotli = {.start = start, .step = step, .stop = stop};
