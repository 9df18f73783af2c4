/* packed.c - compressed pieces among other bytes: gzip and zstd by their magic anywhere, zlib,
 * raw deflate and brotli where a buffer begins.
 *
 * deflate and brotli have no magic, and some noise decodes.  What came out is taken where the
 * stream ended just where the piece does, or reads like text or a known file: that is
 * deflate in one random piece of 12 bytes of a thousand, of 38 bytes of ten thousand, brotli in
 * one of 10^5. */
#include "codec/coding.h"
#include "codec/unpack.h"

#define BARE_MIN 12 /* bytes of a piece without magic */
#define OUT_MIN 13  /* the shortest card number */
#define PART_MIN 64 /* what a cut piece must have shown */
#define ZLIB_MIN 8
#define ZSTD_MIN 9
#define SAMPLE 1024

/* UTF-8 after its first byte, which wants more bytes; false: it is none. */
static bool skip_utf8(struct bytes buf, size_t *at)
{
	uint8_t lead = buf.ptr[*at];
	size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;

	if (lead < 0xc2 || lead > 0xf4)
		return false;
	for (++*at; more > 0 && *at < buf.len; more--, ++*at)
		if ((buf.ptr[*at] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Printable, or white space, or escape (ISO-2022-JP). */
static bool is_plain(uint8_t c)
{
	return (c >= ' ' && c < 0x7f) || (c >= '\t' && c <= '\r') || c == 0x1b;
}

/* UTF-8 without control characters: nothing compressed looks like that for long. */
static bool is_text(struct bytes buf)
{
	size_t at = 0;

	buf = bytes_head(buf, SAMPLE);
	while (at < buf.len) {
		if (is_plain(buf.ptr[at]))
			at++;
		else if (!skip_utf8(buf, &at))
			return false;
	}
	return true;
}

/* Seven bytes of eight are such as text has, of one byte a character or (UTF-16) two. */
static bool reads_like_text(struct bytes out)
{
	size_t plain = 0;

	out = bytes_head(out, SAMPLE);
	for (size_t i = 0; i < out.len; i++)
		plain += is_plain(out.ptr[i]) || out.ptr[i] == 0;
	return plain * 8 >= out.len * 7 || is_text(out);
}

static bool has_magic(struct bytes out)
{
	static const struct {
		uint8_t len, bytes[5];
	} magic[] = {
		{3, {0x1f, 0x8b, 8}},
		{4, {0x28, 0xb5, 0x2f, 0xfd}},
		{4, {'P', 'K', 3, 4}},
		{3, {0xff, 0xd8, 0xff}},
		{5, {0x89, 'P', 'N', 'G', '\r'}},
		{4, {'G', 'I', 'F', '8'}},
		{4, {'R', 'I', 'F', 'F'}},
	};

	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
		if (out.len >= magic[i].len && memcmp(out.ptr, magic[i].bytes, magic[i].len) == 0)
			return true;
	return false;
}

static bool to_end(struct bytes buf, size_t off, struct stretch *out)
{
	*out = (struct stretch){.off = off, .len = buf.len - off};
	return true;
}

static bool begins(struct bytes buf, size_t from, size_t least)
{
	return from == 0 && buf.len >= least && !is_text(buf);
}

/* First place from which two bytes follow each other, or len. */
static size_t find_two(struct bytes buf, size_t from, uint8_t first, uint8_t second)
{
	while (from + 1 < buf.len) {
		size_t at = bytes_find_byte(bytes_skip(buf, from), first);

		if (at == SIZE_MAX)
			break;
		from += at;
		if (from + 1 < buf.len && buf.ptr[from + 1] == second)
			return from;
		from++;
	}
	return buf.len;
}

static bool find_gzip(struct bytes buf, size_t from, struct stretch *out)
{
	while ((from = find_two(buf, from, 0x1f, 0x8b)) < buf.len) {
		if (unpack_gzip_header(bytes_skip(buf, from)) != 0)
			return to_end(buf, from, out);
		from++;
	}
	return false;
}

static bool find_zstd(struct bytes buf, size_t from, struct stretch *out)
{
	while ((from = find_two(buf, from, 0x28, 0xb5)) < buf.len) {
		struct bytes left = bytes_skip(buf, from);

		/* RFC 8878 section 3.1.1.1.1: the reserved bit is zero. */
		if (left.len >= ZSTD_MIN && left.ptr[2] == 0x2f && left.ptr[3] == 0xfd &&
			(left.ptr[4] & 0x08) == 0)
			return to_end(buf, from, out);
		from++;
	}
	return false;
}

static bool find_zlib(struct bytes buf, size_t from, struct stretch *out)
{
	return begins(buf, from, ZLIB_MIN) && unpack_is_zlib(buf) && to_end(buf, 0, out);
}

static bool find_deflate(struct bytes buf, size_t from, struct stretch *out)
{
	/* RFC 1951 section 3.2.3: type 3 is none; a stored block says its length twice. */
	if (!begins(buf, from, BARE_MIN) || (buf.ptr[0] & 6) == 6)
		return false;
	if ((buf.ptr[0] & 6) == 0 && ((buf.ptr[1] ^ buf.ptr[3]) & (buf.ptr[2] ^ buf.ptr[4])) != 255)
		return false;
	return to_end(buf, 0, out);
}

static bool find_brotli(struct bytes buf, size_t from, struct stretch *out)
{
	return begins(buf, from, BARE_MIN) && !has_magic(buf) && to_end(buf, 0, out);
}

static size_t decode_gzip(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)variant;
	return unpack(unpacker, PACKED_GZIP, coded, out, room).len;
}

static size_t decode_zstd(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)variant;
	return unpack(unpacker, PACKED_ZSTD, coded, out, room).len;
}

static size_t decode_zlib(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct unpacked one = unpack(unpacker, PACKED_ZLIB, coded, out, room);

	(void)variant;
	/* Two bytes of magic are little: what broke at once was none. */
	return one.broken && one.len < PART_MIN && !reads_like_text(bytes_of(out, one.len))
		       ? 0
		       : one.len;
}

static size_t decode_bare(
	struct unpacker *unpacker, enum packed kind, struct bytes coded, uint8_t *out, size_t room)
{
	struct unpacked one = unpack(unpacker, kind, coded, out, room);
	struct bytes made = bytes_of(out, one.len);

	if (one.broken || one.len < (one.ended ? OUT_MIN : PART_MIN))
		return 0;
	if (one.ended && one.used == coded.len)
		return one.len;
	return reads_like_text(made) || has_magic(made) ? one.len : 0;
}

static size_t decode_deflate(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)variant;
	return decode_bare(unpacker, PACKED_DEFLATE, coded, out, room);
}

static size_t decode_brotli(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)variant;
	return decode_bare(unpacker, PACKED_BROTLI, coded, out, room);
}

/* What has no magic and is broken, over, or gives noise will not be whole. */
static bool is_hopeless(
	struct unpacker *unpacker, enum packed kind, struct bytes head, uint8_t *out, size_t room)
{
	struct unpacked one = unpack(unpacker, kind, head, out, room);
	struct bytes made = bytes_of(out, one.len);

	bool hopeless = one.broken || one.ended ||
			(made.len >= PART_MIN && !reads_like_text(made) && !has_magic(made));
	explicit_bzero(out, one.len);
	return hopeless;
}

static bool hopeless_zlib(struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)
{
	return is_hopeless(unpacker, PACKED_ZLIB, head, out, room);
}

static bool hopeless_deflate(
	struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)
{
	return is_hopeless(unpacker, PACKED_DEFLATE, head, out, room);
}

static bool hopeless_brotli(struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)
{
	return is_hopeless(unpacker, PACKED_BROTLI, head, out, room);
}

const struct coding coding_gzip = {
	.layer = LAYER_GZIP, .signs = SIGN_PACKED, .find = find_gzip, .decode = decode_gzip};
const struct coding coding_zstd = {
	.layer = LAYER_ZSTD, .signs = SIGN_PACKED, .find = find_zstd, .decode = decode_zstd};
const struct coding coding_zlib = {.layer = LAYER_ZLIB,
	.whole = true,
	.find = find_zlib,
	.decode = decode_zlib,
	.hopeless = hopeless_zlib};
const struct coding coding_deflate = {.layer = LAYER_DEFLATE,
	.whole = true,
	.find = find_deflate,
	.decode = decode_deflate,
	.hopeless = hopeless_deflate};
const struct coding coding_brotli = {.layer = LAYER_BROTLI,
	.whole = true,
	.find = find_brotli,
	.decode = decode_brotli,
	.hopeless = hopeless_brotli};
