/* zip.c - members of zip files (PKWARE APPNOTE 6.3.10), by their local headers: the directory
 * at the end may be missing, or lie.
 *
 * A stretch is a local header and the data behind it.  Where the header does not say how much
 * that is (bit 3), it goes as far as the next signature, and deflate says its own end. */
#include "base/rd.h"
#include "codec/coding.h"
#include "codec/unpack.h"

#define HEADER 30
#define FLAG_ENCRYPTED 0x0001
#define FLAG_DESCRIPTOR 0x0008
#define METHOD_STORED 0
#define METHOD_DEFLATED 8
#define METHOD_ZSTD 93
#define ZIP64_TAG 1
#define ZIP64_SIZE UINT32_MAX

struct member {
	uint16_t flags, method;
	size_t head;   /* length of the header */
	uint64_t size; /* of the data; 0: not told */
};

static uint64_t u64le(struct rd *rd)
{
	uint64_t low = rd_u32le(rd);

	return low | (uint64_t)rd_u32le(rd) << 32;
}

/* APPNOTE 4.5.3: the original size stands first, where its field is full. */
static uint64_t zip64_size(struct rd extra, bool original)
{
	while (rd_left(&extra) > 4) {
		uint16_t tag = rd_u16le(&extra);
		struct rd field = rd_sub(&extra, rd_u16le(&extra));

		if (tag != ZIP64_TAG)
			continue;
		if (original)
			u64le(&field);
		return u64le(&field);
	}
	return 0;
}

/* False: no local header begins here, or it is cut. */
static bool read_member(struct bytes buf, struct member *out)
{
	struct rd rd = rd_of(buf);
	uint32_t size, original;
	uint16_t name, extra;

	if (rd_u32(&rd) != 0x504b0304)
		return false;
	rd_u16(&rd); /* version */
	out->flags = rd_u16le(&rd);
	out->method = rd_u16le(&rd);
	rd_bytes(&rd, 8); /* time, date, checksum */
	size = rd_u32le(&rd);
	original = rd_u32le(&rd);
	name = rd_u16le(&rd);
	extra = rd_u16le(&rd);
	rd_bytes(&rd, name);
	struct rd fields = rd_sub(&rd, extra);
	if (rd.bad)
		return false;
	out->head = (size_t)HEADER + name + extra;
	out->size = size == ZIP64_SIZE ? zip64_size(fields, original == ZIP64_SIZE) : size;
	return true;
}

static bool is_readable(const struct member *member)
{
	return (member->flags & FLAG_ENCRYPTED) == 0 &&
	       (member->method == METHOD_STORED || member->method == METHOD_DEFLATED ||
		       member->method == METHOD_ZSTD) &&
	       (member->size > 0 || (member->flags & FLAG_DESCRIPTOR) != 0);
}

/* Next PK\x3\x4; also, any: of a descriptor (PK\x7\x8) or the directory (PK\x1\x2). */
static size_t find_signature(struct bytes buf, size_t from, bool any)
{
	while (from + 4 <= buf.len) {
		size_t at = bytes_find_byte(bytes_skip(buf, from), 'P');

		if (at == SIZE_MAX || from + at + 4 > buf.len)
			break;
		from += at;
		const uint8_t *p = buf.ptr + from;

		if (p[1] == 'K' &&
			((p[2] == 3 && p[3] == 4) ||
				(any && ((p[2] == 7 && p[3] == 8) || (p[2] == 1 && p[3] == 2)))))
			return from;
		from++;
	}
	return buf.len;
}

static bool find(struct bytes buf, size_t from, struct stretch *out)
{
	struct member member;

	while ((from = find_signature(buf, from, false)) < buf.len) {
		struct bytes here = bytes_skip(buf, from);

		if (!read_member(here, &member) || !is_readable(&member) ||
			member.head == here.len) {
			from += 4;
			continue;
		}
		size_t left = here.len - member.head;
		size_t size = member.size == 0 || member.size > left ? left : (size_t)member.size;
		if (member.size == 0)
			size = find_signature(bytes_skip(here, member.head), 0, true);
		*out = (struct stretch){
			.off = from, .len = member.head + size, .variant = member.method};
		return true;
	}
	return false;
}

static size_t decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct member member;
	struct bytes data;

	if (!read_member(coded, &member))
		return 0;
	data = bytes_skip(coded, member.head);
	if (variant == METHOD_DEFLATED)
		return unpack(unpacker, PACKED_DEFLATE, data, out, room).len;
	if (variant == METHOD_ZSTD)
		return unpack(unpacker, PACKED_ZSTD, data, out, room).len;
	data = bytes_head(data, room);
	if (data.len > 0)
		memcpy(out, data.ptr, data.len);
	return data.len;
}

const struct coding coding_zip = {
	.layer = LAYER_ZIP, .signs = SIGN_PACKED, .find = find, .decode = decode};
