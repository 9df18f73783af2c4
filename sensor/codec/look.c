#include "codec/look.h"

#include "codec/glyph.h"

#define TEXT_MIN 8     /* bytes: fewer tell nothing */
#define SHORT_MAX 24   /* .. and so few may look like text by chance: */
#define SHORT_TEXT 90  /* so much of them has to be */
#define UTF16_MIN 16   /* bytes */
#define DEFLATED_MIN 4 /* characters */
#define DYNAMIC_MIN 12 /* bytes */
#define KEYED_MIN 20   /* bytes */
#define ODD_BYTES 64
#define ODD_MIN 32
#define NAME_MIN 4 /* of the file name that a tar header begins with */

static bool starts(struct bytes in, const char *magic, size_t len)
{
	return in.len >= len && memcmp(in.ptr, magic, len) == 0;
}

/* EMV book 3: tag 57 or 5A, its length, and behind it the next tag or nothing. */
static bool is_emv(struct bytes in)
{
	if (in.len < 9 || (in.ptr[0] != 0x57 && in.ptr[0] != 0x5a))
		return false;
	size_t len = in.ptr[1], end = len + 2;

	if (len < 7 || len > (in.ptr[0] == 0x57 ? 19 : 10))
		return false;
	return end >= in.len || in.ptr[end] == 0x5f || in.ptr[end] == 0x9f || in.ptr[end] == 0x5a ||
	       in.ptr[end] == 0x57;
}

/* A name, and NULs up to the next field: how a tar header begins. */
static bool is_tar(struct bytes in)
{
	size_t name = 0;

	while (name < in.len && in.ptr[name] > 0x20 && in.ptr[name] < 0x7f)
		name++;
	if (in.len < LOOK_BYTES || name < NAME_MIN || name > LOOK_BYTES - 8)
		return false;
	for (size_t i = name; i < in.len; i++) {
		if (in.ptr[i] != 0)
			return false;
	}
	return true;
}

static bool is_packed(struct bytes in)
{
	if (in.len < TEXT_MIN)
		return false;
	if (in.ptr[0] == 0x78)
		return in.ptr[1] == 0x01 || in.ptr[1] == 0x5e || in.ptr[1] == 0x9c ||
		       in.ptr[1] == 0xda;
	if (in.ptr[0] == 0x1b && in.ptr[2] == 0)
		return true; /* brotli of less than 256 bytes */
	if ((in.ptr[0] == 0x0b || in.ptr[0] == 0x8b) && in.ptr[2] == 0x80)
		return true;
	return starts(in, "\x1f\x8b\x08", 3) || starts(in, "\x28\xb5\x2f\xfd", 4) ||
	       starts(in, "PK\x03\x04", 4) || starts(in, "\xff\xd8\xff", 3) ||
	       starts(in, "\x89PNG", 4) || is_emv(in) || is_tar(in);
}

/* ASCII or a full-width digit. */
static bool is_unit(uint8_t low, uint8_t high)
{
	return (high == 0 && is_text(low)) || (high == 0xff && low >= 0x10 && low <= 0x19);
}

static bool is_utf16(struct bytes in)
{
	size_t units = in.len / 2, little = 0, big = 0;

	if (in.len < UTF16_MIN)
		return false;
	for (size_t i = 0; i + 1 < in.len; i += 2) {
		little += is_unit(in.ptr[i], in.ptr[i + 1]);
		big += is_unit(in.ptr[i + 1], in.ptr[i]);
	}
	return little * 4 >= units * 3 || big * 4 >= units * 3;
}

/* Length of a character that is more than ASCII, or 0.  cut: it goes on behind the end. */
static size_t wide_at(struct bytes in)
{
	uint8_t c = in.ptr[0];
	size_t len = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 0;

	if (in.len >= 2 && c == 0x82 && in.ptr[1] >= 0x4f && in.ptr[1] <= 0x58)
		return 2; /* a digit in Shift_JIS */
	if (in.len >= 2 && c == 0xa3 && in.ptr[1] >= 0xb0 && in.ptr[1] <= 0xb9)
		return 2; /* in EUC-JP */
	if (len == 0 || len > in.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((in.ptr[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

static int text_share(struct bytes in)
{
	size_t good = 0, i = 0;

	if (in.len < TEXT_MIN)
		return 0;
	while (i < in.len) {
		size_t wide = is_text(in.ptr[i]) ? 1 : wide_at(bytes_skip(in, i));

		good += wide;
		i += wide == 0 ? 1 : wide;
	}
	int share = (int)(good * 100 / in.len);
	return share < (in.len < SHORT_MAX ? SHORT_TEXT : LOOK_TEXT) ? 0 : share;
}

/* The symbol of a block with fixed codes (RFC 1951 section 3.2.6) that begins at that bit, if it
 * is a byte below 144; else -1. */
static int literal_at(struct bytes in, size_t bit)
{
	unsigned code = 0;

	if ((bit + 8) / 8 >= in.len)
		return -1;
	for (size_t i = bit; i < bit + 8; i++)
		code = code << 1 | ((unsigned)in.ptr[i / 8] >> i % 8 & 1u);
	return code >= 0x30 && code < 0xc0 ? (int)code - 0x30 : -1;
}

/* Raw deflate of a short text: its last block, of fixed codes, begins with characters; or with
 * an EMV tag and its length. */
static bool is_deflated(struct bytes in)
{
	if (in.len < TEXT_MIN || (in.ptr[0] & 7) != 3)
		return false;
	int first = literal_at(in, 3), second = literal_at(in, 11);

	if ((first == 0x57 || first == 0x5a) && second >= 7 && second <= 19)
		return true;
	for (size_t i = 0; i < DEFLATED_MIN; i++) {
		int literal = literal_at(in, 3 + 8 * i);

		if (literal < 0 || !is_text((uint8_t)literal))
			return false;
	}
	return true;
}

/* The code lengths of a block with its own codes (RFC 1951 section 3.2.7) make a full tree. */
bool look_is_dynamic(struct bytes in)
{
	unsigned left = 128, count = 4;

	if (in.len < DYNAMIC_MIN || (in.ptr[0] & 7) != 5 || in.ptr[0] >> 3 > 29 ||
		(in.ptr[1] & 31) > 29)
		return false;
	count += (unsigned)in.ptr[1] >> 5 | (in.ptr[2] & 1u) << 3;
	for (size_t bit = 17; count > 0; bit += 3, count--) {
		unsigned two = in.ptr[bit / 8] | (unsigned)in.ptr[bit / 8 + 1] << 8;
		unsigned len = two >> bit % 8 & 7;

		if (len > 0 && (128u >> len) > left)
			return false;
		left -= len > 0 ? 128u >> len : 0;
	}
	return left == 0;
}

/* Text under a key that is added: the bytes stay within half of all. */
static bool is_added(struct bytes in)
{
	uint32_t kinds = 0; /* of bytes: eight values each */

	for (size_t i = 0; i < in.len; i++)
		kinds |= 1u << (in.ptr[i] >> 3);
	/* Half of them in a row, around the end, are not there. */
	uint32_t gap = ~kinds;
	for (unsigned turn = 1; turn < 16; turn *= 2)
		gap &= gap << turn | gap >> (32 - turn);
	return gap != 0;
}

/* Text under a key of that many bytes by XOR: ASCII leaves the key's highest bits. */
static bool is_keyed(struct bytes in, size_t period)
{
	for (size_t i = period; i < in.len; i++) {
		if ((in.ptr[i] ^ in.ptr[i - period]) & 0x80)
			return false;
	}
	return true;
}

static int hidden_text(struct bytes in)
{
	if (is_deflated(in))
		return LOOK_DEFLATED;
	if (in.len < KEYED_MIN)
		return 0;
	return is_added(in) || is_keyed(in, 2) || is_keyed(in, 3) || is_keyed(in, 4) ? LOOK_KEYED
										     : 0;
}

int look_of(struct bytes decoded)
{
	struct bytes in = bytes_head(decoded, LOOK_BYTES);

	if (is_packed(in))
		return LOOK_PACKED;
	if (is_utf16(in))
		return LOOK_UTF16;
	int share = text_share(in);

	return share == 0 ? hidden_text(in) : share;
}

bool look_is_odd(struct bytes in)
{
	/* "!#$*;<>?@[\]^`{|}~", a bit each */
	static const uint64_t rare[2] = {
		UINT64_C(0xd800041a00000000), UINT64_C(0x7800000178000001)};
	size_t odd = 0;

	in = bytes_head(in, ODD_BYTES);
	if (in.len < ODD_MIN)
		return false;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];

		if (c == ' ' || c > 0x7f)
			return false;
		odd += rare[c >> 6] >> (c & 63) & 1;
	}
	return odd * 12 >= in.len;
}
