#include "codec/unpack.h"

#include "base/rd.h"
#include "codec/inflate.h"
#include "codec/windowed.h"

#define GZIP_TRAILER 8
#define ZLIB_HEADER 2
#define ZLIB_TRAILER 4

#define FHCRC 0x02
#define FEXTRA 0x04
#define FNAME 0x08
#define FCOMMENT 0x10
#define FRESERVED 0xe0

struct unpacker {
	void *once;  /* inflate_once() */
	void *block; /* codec/windowed.h */
};

size_t unpacker_bytes(void)
{
	return sizeof(struct unpacker) + inflate_once_bytes() + WINDOWED_BYTES + 3 * 64;
}

struct unpacker *unpacker_new(struct arena *arena)
{
	struct unpacker *unpacker = arena_take(arena, sizeof(*unpacker));

	if (unpacker == NULL)
		return NULL;
	unpacker->once = arena_take(arena, inflate_once_bytes());
	unpacker->block = arena_take(arena, WINDOWED_BYTES);
	return unpacker->once != NULL && unpacker->block != NULL ? unpacker : NULL;
}

static void skip_text(struct rd *rd)
{
	while (!rd->bad && rd_u8(rd) != 0)
		;
}

size_t unpack_gzip_header(struct bytes in)
{
	struct rd rd = rd_of(in);
	uint8_t flags;

	if (rd_u24(&rd) != 0x1f8b08)
		return 0;
	flags = rd_u8(&rd);
	rd_bytes(&rd, 6); /* time, extra flags, system */
	if ((flags & FRESERVED) != 0)
		return 0;
	if ((flags & FEXTRA) != 0)
		rd_bytes(&rd, rd_u16le(&rd));
	if ((flags & FNAME) != 0)
		skip_text(&rd);
	if ((flags & FCOMMENT) != 0)
		skip_text(&rd);
	if ((flags & FHCRC) != 0)
		rd_u16(&rd);
	return rd.bad ? 0 : in.len - rd_left(&rd);
}

bool unpack_is_zlib(struct bytes in)
{
	return in.len >= ZLIB_HEADER && (in.ptr[0] & 0x8f) == 8 && (in.ptr[1] & 0x20) == 0 &&
	       (in.ptr[0] << 8 | in.ptr[1]) % 31 == 0;
}

/* A trailer that is cut is none that is missing. */
static size_t behind(struct bytes in, size_t used, size_t trailer)
{
	return in.len - used < trailer ? in.len : used + trailer;
}

static struct unpacked gunzip(struct unpacker *unpacker, struct bytes in, uint8_t *out, size_t room)
{
	struct unpacked all = {.broken = true};

	for (;;) {
		struct bytes left = bytes_skip(in, all.used);
		size_t header = unpack_gzip_header(left);
		struct unpacked one;

		if (header == 0)
			return all;
		if (all.len == room)
			break;
		one = inflate_once(
			unpacker->once, bytes_skip(left, header), out + all.len, room - all.len);
		all.len += one.len;
		all.used += header + one.used;
		all.broken = one.broken;
		all.ended = one.ended;
		if (!one.ended)
			return all;
		all.used = behind(in, all.used, GZIP_TRAILER);
	}
	all.ended = false;
	return all;
}

static struct unpacked zlib(struct unpacker *unpacker, struct bytes in, uint8_t *out, size_t room)
{
	struct unpacked one = {.broken = true};

	if (!unpack_is_zlib(in))
		return one;
	one = inflate_once(unpacker->once, bytes_skip(in, ZLIB_HEADER), out, room);
	one.used += ZLIB_HEADER;
	if (one.ended)
		one.used = behind(in, one.used, ZLIB_TRAILER);
	return one;
}

static struct unpacked windowed(const struct windowed *code, struct unpacker *unpacker,
	struct bytes in, uint8_t *out, size_t room)
{
	struct unpacked all = {.len = 0};
	struct bytes left = in;
	enum windowed_rc rc = WINDOWED_BROKEN;

	if (room > 0 && code->start(unpacker->block)) {
		rc = code->step(unpacker->block, &left, out, room, &all.len);
		code->stop(unpacker->block);
	}
	all.used = in.len - left.len;
	all.ended = rc == WINDOWED_END || rc == WINDOWED_PAUSE;
	all.broken = rc == WINDOWED_BROKEN;
	return all;
}

struct unpacked unpack(
	struct unpacker *unpacker, enum packed kind, struct bytes in, uint8_t *out, size_t room)
{
	if (in.len == 0 || room == 0)
		return (struct unpacked){.broken = in.len == 0};
	switch (kind) {
	case PACKED_GZIP:
		return gunzip(unpacker, in, out, room);
	case PACKED_ZLIB:
		return zlib(unpacker, in, out, room);
	case PACKED_DEFLATE:
		return inflate_once(unpacker->once, in, out, room);
	case PACKED_BROTLI:
		return windowed(&windowed_brotli, unpacker, in, out, room);
	case PACKED_ZSTD:
		return windowed(&windowed_zstd, unpacker, in, out, room);
	}
	return (struct unpacked){.broken = true};
}
