/* tar.c - members of tar files (POSIX pax, "ustar Interchange Format"; GNU's and older ones).
 *
 * A stretch is a header, whose checksum holds, and the content behind it with its padding. */
#include "codec/coding.h"

#define BLOCK 512
#define NAME_MIN 4
#define NAME_MAX 100
#define SIZE_AT 124
#define SIZE_LEN 12
#define SUM_AT 148
#define SUM_LEN 8
#define MAGIC_AT 257

/* Blanks, octal digits, then NUL or blank; false: no such number. */
static bool read_octal(const uint8_t *p, size_t len, uint64_t *out)
{
	size_t i = 0, digits = 0;

	*out = 0;
	while (i < len && p[i] == ' ')
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++, digits++)
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	return digits > 0 && (i == len || p[i] == 0 || p[i] == ' ');
}

/* GNU writes sizes of 8 GiB and more in base 256. */
static bool read_size(const uint8_t *header, uint64_t *out)
{
	const uint8_t *p = header + SIZE_AT;

	if (p[0] != 0x80)
		return read_octal(p, SIZE_LEN, out);
	*out = 0;
	for (int i = 4; i < SIZE_LEN; i++)
		*out = *out << 8 | p[i];
	return true;
}

/* The sum of all bytes, its own field counted as blanks; old ones took them for signed. */
static bool read_header(struct bytes buf, uint64_t *size)
{
	uint64_t told;
	int64_t sum = 0, sum_signed = 0;

	if (buf.len < BLOCK || buf.ptr[0] == 0 || !read_octal(buf.ptr + SUM_AT, SUM_LEN, &told) ||
		!read_size(buf.ptr, size))
		return false;
	for (size_t i = 0; i < BLOCK; i++) {
		uint8_t c = i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : buf.ptr[i];
		sum += c;
		sum_signed += (int8_t)c;
	}
	return (int64_t)told == sum || (int64_t)told == sum_signed;
}

/* First header in [from, len), or len: one at from, or one that says what it is. */
static size_t find_header(struct bytes buf, size_t from, uint64_t *size)
{
	if (read_header(bytes_skip(buf, from), size))
		return from;
	while (buf.len >= BLOCK && from <= buf.len - BLOCK) {
		struct bytes left = bytes_skip(buf, from + MAGIC_AT);
		size_t at = bytes_find(left, bytes_text("ustar"));

		if (at == SIZE_MAX)
			break;
		from += at;
		if (read_header(bytes_skip(buf, from), size))
			return from;
		from++;
	}
	return buf.len;
}

/* A name and NULs behind it: what is there of a header that is cut. */
static bool may_be_header(struct bytes head)
{
	size_t name = 0;

	while (name < head.len && head.ptr[name] > ' ' && head.ptr[name] < 0x7f)
		name++;
	if (name < NAME_MIN || name > NAME_MAX || head.len < name + NAME_MIN)
		return false;
	for (size_t i = name; i < head.len && i < NAME_MAX; i++)
		if (head.ptr[i] != 0)
			return false;
	return true;
}

static bool find(struct bytes buf, size_t from, struct stretch *out)
{
	uint64_t size = 0;

	if (from == 0 && buf.len < BLOCK && may_be_header(buf)) {
		*out = (struct stretch){.off = 0, .len = buf.len};
		return true;
	}

	while ((from = find_header(buf, from, &size)) < buf.len) {
		uint64_t left = buf.len - from - BLOCK;

		if (size == 0 || left == 0) {
			from += BLOCK;
			continue;
		}
		if (size < left && left - size >= BLOCK - 1)
			left = (size + BLOCK - 1) / BLOCK * BLOCK;
		*out = (struct stretch){.off = from, .len = BLOCK + (size_t)left};
		return true;
	}
	return false;
}

static size_t decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct bytes content;
	uint64_t size;

	(void)unpacker;
	(void)variant;
	if (!read_header(coded, &size))
		return 0;
	content = bytes_head(bytes_skip(coded, BLOCK), size < room ? (size_t)size : room);
	if (content.len > 0)
		memcpy(out, content.ptr, content.len);
	return content.len;
}

const struct coding coding_tar = {
	.layer = LAYER_TAR, .whole = true, .find = find, .decode = decode};
