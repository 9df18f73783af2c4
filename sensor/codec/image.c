/* image.c - what stands behind an image: JPEG (ITU T.81 annex B), PNG, GIF89a, WebP, BMP.
 *
 * The image's own structure says where it ends.  What does not have that structure behind the
 * magic is not the image's: a magic alone in front of other bytes is the usual disguise. */
#include "base/rd.h"
#include "codec/coding.h"

#define CUT SIZE_MAX /* the image does not end in the buffer */

static size_t clipped(uint64_t end, size_t len)
{
	return end > len ? CUT : (size_t)end;
}

/* Entropy-coded data: up to a marker that is no restart and no stuffed 0xff. */
static size_t skip_scan(struct bytes buf, size_t at)
{
	for (;;) {
		size_t n = bytes_find_byte(bytes_skip(buf, at), 0xff);

		if (n == SIZE_MAX || at + n + 1 >= buf.len)
			return CUT;
		at += n;
		uint8_t next = buf.ptr[at + 1];
		if (next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7))
			return at;
		at += next == 0xff ? 1 : 2;
	}
}

static size_t end_of_jpeg(struct bytes buf)
{
	size_t at = 2;

	while (at + 4 <= buf.len) {
		uint8_t marker = buf.ptr[at + 1];

		if (buf.ptr[at] != 0xff)
			return at;
		if (marker == 0xd9)
			return at + 2;
		if (marker < 0xc0 || marker == 0xff)
			return at;
		size_t len = (size_t)(buf.ptr[at + 2] << 8 | buf.ptr[at + 3]);
		if (len < 2)
			return at;
		at += 2 + len;
		if (marker == 0xda && at < buf.len)
			at = skip_scan(buf, at);
		if (at == CUT)
			return CUT;
	}
	if (at + 2 <= buf.len && buf.ptr[at] == 0xff && buf.ptr[at + 1] == 0xd9)
		return at + 2;
	return CUT;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static size_t end_of_png(struct bytes buf)
{
	struct rd rd = rd_of(bytes_skip(buf, 8));

	while (rd_left(&rd) >= 8) {
		size_t at = buf.len - rd_left(&rd);
		uint32_t len = rd_u32(&rd);
		struct bytes type = rd_bytes(&rd, 4);

		if (len > INT32_MAX || !is_letter(type.ptr[0]) || !is_letter(type.ptr[1]) ||
			!is_letter(type.ptr[2]) || !is_letter(type.ptr[3]))
			return at;
		rd_bytes(&rd, (size_t)len + 4);
		if (rd.bad)
			return CUT;
		if (memcmp(type.ptr, "IEND", 4) == 0)
			return buf.len - rd_left(&rd);
	}
	return CUT;
}

static void skip_sub_blocks(struct rd *rd)
{
	uint8_t len;

	do {
		len = rd_u8(rd);
		rd_bytes(rd, len);
	} while (len > 0 && !rd->bad);
}

static void skip_colours(struct rd *rd, uint8_t packed)
{
	if ((packed & 0x80) != 0)
		rd_bytes(rd, (size_t)3 << ((packed & 7) + 1));
}

/* A size of a screen that reads like text is text. */
static bool is_screen(struct bytes screen)
{
	for (size_t i = 0; i < screen.len; i++)
		if (screen.ptr[i] < ' ' || screen.ptr[i] > 0x7e)
			return true;
	return false;
}

static size_t end_of_gif(struct bytes buf)
{
	struct rd rd = rd_of(bytes_skip(buf, 6));
	struct bytes screen = rd_bytes(&rd, 7);
	bool any = false;

	if (rd.bad)
		return CUT;
	if (!is_screen(screen))
		return 6;
	skip_colours(&rd, screen.ptr[4]);
	while (rd_left(&rd) > 0) {
		size_t at = buf.len - rd_left(&rd);
		uint8_t kind = rd_u8(&rd);

		if (kind == 0x3b)
			return at + 1;
		if (kind == 0x2c) {
			struct bytes image = rd_bytes(&rd, 9);
			skip_colours(&rd, image.len == 9 ? image.ptr[8] : 0);
			rd_u8(&rd); /* code size */
		} else if (kind == 0x21) {
			rd_u8(&rd); /* label */
		} else {
			return any ? at : 6;
		}
		any = true;
		skip_sub_blocks(&rd);
	}
	return any ? CUT : 6; /* no table of colours is longer than a run's beginning */
}

/* Where the image ends; 0: it is none. */
static size_t end_of(struct bytes buf)
{
	struct rd size = rd_of(bytes_skip(buf, 2));

	if (buf.len >= 4 && memcmp(buf.ptr, "\xff\xd8\xff", 3) == 0)
		return end_of_jpeg(buf);
	if (bytes_starts(buf, "\x89PNG\r\n\x1a\n"))
		return end_of_png(buf);
	if (bytes_starts(buf, "GIF87a") || bytes_starts(buf, "GIF89a"))
		return end_of_gif(buf);
	if (buf.len >= 12 && bytes_starts(buf, "RIFF") && memcmp(buf.ptr + 8, "WEBP", 4) == 0) {
		size = rd_of(bytes_skip(buf, 4));
		return clipped(((uint64_t)rd_u32le(&size) + 9) & ~UINT64_C(1), buf.len);
	}
	if (buf.len >= 26 && bytes_starts(buf, "BM") && memcmp(buf.ptr + 6, "\0\0\0", 4) == 0)
		return clipped(rd_u32le(&size), buf.len);
	return 0;
}

static bool find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t end = from == 0 ? end_of(buf) : 0;

	if (end == 0 || end >= buf.len)
		return false;
	*out = (struct stretch){.off = end, .len = buf.len - end};
	return true;
}

static size_t decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	(void)unpacker;
	(void)variant;
	if (n > 0)
		memcpy(out, coded.ptr, n);
	return n;
}

const struct coding coding_image = {
	.layer = LAYER_IMAGE, .whole = true, .find = find, .decode = decode};
