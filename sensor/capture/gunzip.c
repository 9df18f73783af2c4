#define ZLIB_CONST /* our input is not written to */
#include "capture/gunzip.h"

#include <errno.h>
#include <sys/mman.h>
#include <zlib.h>

#include "base/secret.h"
#include "capture/source.h"

#define GUNZIP_WINDOW_BITS (15 + 16) /* 32 KiB, gzip header and trailer */
#define GUNZIP_HEAP (64u << 10)      /* zlib's state and window: 7 KiB + 32 KiB in 1.2.13 */
#define GUNZIP_BLOCK_BYTES ((size_t)SOURCE_BLOCK_MAX + GUNZIP_FILL)

struct gunzip {
	z_stream stream;
	struct bytes left; /* of the raw file, not yet given to zlib */
	_Atomic uint32_t *holds;
	uint8_t *blocks;
	uint32_t at;
	bool ended;
	const char *fault;
	size_t heap_used;
	_Alignas(64) uint8_t heap[GUNZIP_HEAP];
};

/* zlib takes its window at the first output, which is after "ready": so it
 * gets a heap of its own. */
static voidpf heap_take(voidpf opaque, uInt items, uInt size)
{
	struct gunzip *gunzip = opaque;
	size_t len = ((size_t)items * size + 63) & ~(size_t)63;

	if (len > GUNZIP_HEAP - gunzip->heap_used)
		return Z_NULL;
	gunzip->heap_used += len;
	return gunzip->heap + gunzip->heap_used - len;
}

static void heap_give(voidpf opaque, voidpf address)
{
	(void)opaque;
	(void)address;
}

static void end_stream(struct gunzip *gunzip, const char *fault)
{
	gunzip->ended = true;
	gunzip->fault = fault;
}

/* gzip(1) pads with zeros on tapes and takes members one after the other. */
static void next_member(struct gunzip *gunzip)
{
	struct bytes rest = {
		.ptr = gunzip->stream.next_in, .len = gunzip->left.len + gunzip->stream.avail_in};

	if (gunzip_is(rest)) {
		if (Z_OK != inflateReset(&gunzip->stream))
			end_stream(gunzip, "gzip stream damaged");
		return;
	}
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] != 0) {
			end_stream(gunzip, "garbage behind the gzip stream");
			return;
		}
	}
	end_stream(gunzip, NULL);
}

static void feed(struct gunzip *gunzip)
{
	struct bytes part = bytes_head(gunzip->left, UINT32_MAX);

	gunzip->stream.next_in = part.ptr;
	gunzip->stream.avail_in = (uInt)part.len;
	gunzip->left = bytes_skip(gunzip->left, part.len);
}

/* Inflates to out until want bytes are there or no more come. */
static size_t inflate_to(struct gunzip *gunzip, uint8_t *out, size_t want)
{
	z_stream *z = &gunzip->stream;

	z->next_out = out;
	z->avail_out = (uInt)want;
	while (z->avail_out > 0 && !gunzip->ended) {
		if (z->avail_in == 0 && gunzip->left.len > 0)
			feed(gunzip);
		int rc = inflate(z, Z_NO_FLUSH);

		if (rc == Z_STREAM_END)
			next_member(gunzip);
		else if (rc == Z_BUF_ERROR && z->avail_in == 0 && gunzip->left.len == 0)
			end_stream(gunzip, "gzip stream truncated");
		else if (rc != Z_OK && rc != Z_BUF_ERROR)
			end_stream(gunzip, "gzip stream damaged");
	}
	return want - z->avail_out;
}

bool gunzip_is(struct bytes raw)
{
	return raw.len >= 2 && raw.ptr[0] == 0x1f && raw.ptr[1] == 0x8b;
}

struct gunzip *gunzip_new(
	struct bytes raw, _Atomic uint32_t *holds, const char *name, struct err *err)
{
	struct gunzip *gunzip = secret_new(sizeof(*gunzip));
	void *blocks = mmap(NULL, GUNZIP_BLOCKS * GUNZIP_BLOCK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (gunzip == NULL || blocks == MAP_FAILED)
		goto no_memory;
	gunzip->stream.zalloc = heap_take;
	gunzip->stream.zfree = heap_give;
	gunzip->stream.opaque = gunzip;
	gunzip->left = raw;
	gunzip->holds = holds;
	gunzip->blocks = blocks;
	gunzip->at = GUNZIP_BLOCKS - 1;
	if (Z_OK != inflateInit2(&gunzip->stream, GUNZIP_WINDOW_BITS))
		goto no_memory;
	(void)madvise(blocks, GUNZIP_BLOCKS * GUNZIP_BLOCK_BYTES, MADV_DONTDUMP);
	return gunzip;
no_memory:
	if (blocks != MAP_FAILED)
		munmap(blocks, GUNZIP_BLOCKS * GUNZIP_BLOCK_BYTES);
	secret_free(gunzip);
	err_set(err, EXIT_CANNOT, "%s: no memory to inflate it; read fewer gzip'd files at once",
		name);
	return NULL;
}

void gunzip_free(struct gunzip *gunzip)
{
	if (gunzip == NULL)
		return;
	munmap(gunzip->blocks, GUNZIP_BLOCKS * GUNZIP_BLOCK_BYTES);
	secret_free(gunzip);
}

bool gunzip_next(struct gunzip *gunzip, struct bytes rest, size_t len, struct bytes *out)
{
	if (gunzip_held(gunzip))
		return false;
	gunzip->at = (gunzip->at + 1) % GUNZIP_BLOCKS;
	uint8_t *block = gunzip->blocks + gunzip->at * GUNZIP_BLOCK_BYTES;
	size_t want = len > GUNZIP_FILL ? len : GUNZIP_FILL;

	if (rest.len > 0)
		memcpy(block, rest.ptr, rest.len);
	*out = bytes_of(block, rest.len + inflate_to(gunzip, block + rest.len, want - rest.len));
	return true;
}

uint32_t gunzip_at(const struct gunzip *gunzip)
{
	return gunzip->at;
}

bool gunzip_held(const struct gunzip *gunzip)
{
	uint32_t next = (gunzip->at + 1) % GUNZIP_BLOCKS;

	return atomic_load_explicit(&gunzip->holds[next], memory_order_acquire) != 0;
}

bool gunzip_ended(const struct gunzip *gunzip)
{
	return gunzip->ended;
}

const char *gunzip_fault(const struct gunzip *gunzip)
{
	return gunzip->fault;
}
