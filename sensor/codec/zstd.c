/* zstd.c - the only file that knows libzstd. */
#include "codec/windowed.h"

#include <assert.h>

/* Memory of our own is offered by the static interface alone. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#define WINDOW_LOG_MAX 23
#define ALIGN 64
#define BLOCK_MAX ((uint64_t)ZSTD_BLOCKSIZE_MAX)

struct zstd {
	ZSTD_DStream *stream;
	uint64_t out;
	bool ended; /* at the end of a frame: another may follow */
};

static uint8_t *room_of(struct zstd *zstd)
{
	return (uint8_t *)zstd + (sizeof(*zstd) + ALIGN - 1) / ALIGN * ALIGN;
}

static bool start(void *block)
{
	struct zstd *zstd = block;

	*zstd = (struct zstd){.out = 0};
	zstd->stream = ZSTD_initStaticDStream(room_of(zstd), WINDOWED_BYTES - 2 * ALIGN);
	return zstd->stream != NULL &&
	       ZSTD_isError(ZSTD_DCtx_setParameter(
		       zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)) == 0 &&
	       ZSTD_isError(ZSTD_DCtx_setParameter(
		       zstd->stream, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum)) == 0;
}

/* What follows a frame is another one, or not ours. */
static bool goes_on(struct bytes in)
{
	static const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skipped[] = {0x2a, 0x4d, 0x18};
	size_t n = in.len < sizeof(frame) ? in.len : sizeof(frame);

	if (n == 0 || memcmp(in.ptr, frame, n) == 0)
		return true;
	n--;
	return (in.ptr[0] & 0xf0) == 0x50 &&
	       memcmp(in.ptr + 1, skipped, n < sizeof(skipped) ? n : sizeof(skipped)) == 0;
}

static enum windowed_rc step(void *block, struct bytes *in, uint8_t *out, size_t room, size_t *made)
{
	struct zstd *zstd = block;

	*made = 0;
	for (;;) {
		ZSTD_inBuffer from = {.src = in->ptr, .size = in->len};
		ZSTD_outBuffer to = {.dst = out, .size = room, .pos = *made};
		size_t rc;

		if (zstd->ended && (in->len == 0 || !goes_on(*in)))
			return in->len == 0 ? WINDOWED_PAUSE : WINDOWED_END;
		rc = ZSTD_decompressStream(zstd->stream, &to, &from);
		*in = bytes_skip(*in, from.pos);
		zstd->out += to.pos - *made;
		*made = to.pos;
		if (ZSTD_isError(rc) != 0)
			return WINDOWED_BROKEN;
		zstd->ended = rc == 0;
		if (*made == room && !(zstd->ended && in->len == 0))
			return WINDOWED_OUTPUT;
		if (in->len == 0)
			return zstd->ended ? WINDOWED_PAUSE : WINDOWED_INPUT;
	}
}

/* Its tables with the literals of a block, a block's input, and the window as far as it was
 * filled, stand in this order. */
static void stop(void *block)
{
	struct zstd *zstd = block;
	uint64_t fixed = ZSTD_estimateDCtxSize() + 2 * BLOCK_MAX;
	uint64_t used = sizeof(*zstd) + ALIGN + fixed + zstd->out;

	explicit_bzero(zstd, used < WINDOWED_BYTES ? used : WINDOWED_BYTES);
}

const struct windowed windowed_zstd = {.start = start, .step = step, .stop = stop};
