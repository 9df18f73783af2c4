/* UTF-16 in either order, mostly ASCII; other characters in between come out as UTF-8. */
#include "codec/coding.h"
#include "codec/glyph.h"

#define PLAIN_MIN 12  /* units of ASCII and full-width digits */
#define MARKED_MIN 4  /* .. behind a byte order mark */
#define OTHERS_MAX 24 /* units between two such */
#define MARK 0xfeffu

static uint32_t unit_at(struct bytes buf, size_t at, bool big)
{
	if (at + 1 >= buf.len)
		return 0;
	return big ? (uint32_t)buf.ptr[at] << 8 | buf.ptr[at + 1]
		   : (uint32_t)buf.ptr[at + 1] << 8 | buf.ptr[at];
}

/* A character whose other byte is zero: ASCII, escapes of ISO-2022-JP, the no-break space. */
static bool is_narrow(uint8_t c)
{
	return is_text(c) || c == 0x1b || c == 0xa0;
}

static bool is_plain(uint32_t unit)
{
	return (unit < 0x100 && is_narrow((uint8_t)unit)) || unit == 0x3000 ||
	       (unit >= 0xff10 && unit <= 0xff19) || unit == 0xff0d;
}

/* Letters of Europe and Japan, punctuation, surrogates. */
static bool is_other(uint32_t unit)
{
	return (unit >= 0xa1 && unit < 0x500) || (unit >= 0x2000 && unit < 0x2300) ||
	       (unit >= 0x3001 && unit < 0x3100) || (unit >= 0x4e00 && unit < 0xa000) ||
	       (unit >= 0xd800 && unit < 0xe000) || (unit >= 0xff01 && unit < 0xfff0);
}

/* True if no text reaches from the left to this unit. */
static bool begins(struct bytes buf, size_t at, bool big)
{
	for (size_t back = 2; back <= at && back <= 2 * OTHERS_MAX; back += 2) {
		uint32_t unit = unit_at(buf, at - back, big);

		if (is_plain(unit))
			return false;
		if (!is_other(unit))
			return true;
	}
	return true;
}

struct text {
	size_t end;
	size_t plain;
};

static struct text text_of(struct bytes buf, size_t off, bool big)
{
	struct text text = {.end = off};
	size_t others = 0;

	for (size_t at = off; at + 1 < buf.len && others < OTHERS_MAX; at += 2) {
		uint32_t unit = unit_at(buf, at, big);

		if (is_plain(unit)) {
			text.plain++;
			text.end = at + 2;
			others = 0;
		} else if (is_other(unit)) {
			others++;
		} else {
			break;
		}
	}
	return text;
}

static bool alternates(struct bytes buf, size_t at)
{
	return (buf.ptr[at] == 0 && is_narrow(buf.ptr[at + 1])) ||
	       (buf.ptr[at + 1] == 0 && is_narrow(buf.ptr[at]));
}

/* What stands before a text or behind it sooner than at its ends. */
static bool is_edge(uint8_t c, bool front)
{
	if (c == '/' || c == '"' || c == '&')
		return true;
	return front ? c == '=' || c == '\n' || c == ':' : c == ' ';
}

/* ASCII and zeros by turns read as text in both orders, one byte apart: which was meant is told
 * by where that begins and ends. */
static bool is_big(struct bytes buf, size_t off)
{
	size_t end = off + 1;

	while (off > 0 && alternates(buf, off - 1))
		off--;
	while (end + 1 < buf.len && alternates(buf, end))
		end++;
	if (buf.ptr[off] == 0)
		return buf.ptr[end] != 0 || off == 0;
	if (buf.ptr[end] == 0 || !is_edge(buf.ptr[off], true) || is_edge(buf.ptr[end], false))
		return false;
	return off == 0 || buf.ptr[off - 1] == '\n' || !is_edge(buf.ptr[off - 1], true);
}

/* The text that begins there in that order, if it is one and not better read in the other. */
static bool judge(struct bytes buf, size_t at, bool big, struct stretch *out)
{
	struct text text = text_of(buf, at, big);
	bool marked = at >= 2 && unit_at(buf, at - 2, big) == MARK, doubtful = false;

	if (text.plain < (marked ? MARKED_MIN : PLAIN_MIN))
		return false;
	for (size_t side = 0; side < 2 && !marked && unit_at(buf, at, big) < 0x80; side++) {
		size_t other = at + 1 - 2 * side;

		if (at < side || !is_plain(unit_at(buf, other, !big)))
			continue;
		if (text_of(buf, other, !big).plain + 1 < text.plain)
			continue;
		if (is_big(buf, at) != big)
			return false;
		doubtful = true;
	}
	/* Between other texts nothing tells: the byte behind may be the last character. */
	if (doubtful && !big && text.end < buf.len && is_narrow(buf.ptr[text.end]))
		text.end++;
	*out = (struct stretch){.off = at, .len = text.end - at};
	return true;
}

static bool find(struct bytes buf, size_t from, bool big, struct stretch *out)
{
	for (size_t at = from; at + 1 < buf.len; at++) {
		uint8_t high = buf.ptr[at + !big];

		if ((high != 0 && high != 0xff) || !is_plain(unit_at(buf, at, big)))
			continue;
		if (begins(buf, at, big) && judge(buf, at, big, out))
			return true;
	}
	return false;
}

static size_t decode(struct bytes coded, bool big, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (size_t at = 0; at + 1 < coded.len; at += 2) {
		uint32_t unit = unit_at(coded, at, big), low = unit_at(coded, at + 2, big);
		uint8_t put[UTF8_MAX];

		if (unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			unit = 0x10000 + ((unit - 0xd800) << 10) + low - 0xdc00;
			at += 2;
		}
		size_t len = put_utf8(unit, put);

		if (len > room - n)
			return n;
		memcpy(out + n, put, len);
		n += len;
	}
	if (coded.len % 2 != 0 && n < room && is_narrow(coded.ptr[coded.len - 1]))
		out[n++] = coded.ptr[coded.len - 1];
	return n;
}

static bool little_find(struct bytes buf, size_t from, struct stretch *out)
{
	return find(buf, from, false, out);
}

static size_t little_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return decode(coded, false, out, room);
}

static bool big_find(struct bytes buf, size_t from, struct stretch *out)
{
	return find(buf, from, true, out);
}

static size_t big_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return decode(coded, true, out, room);
}

const struct coding coding_utf16le = {
	.layer = LAYER_UTF16LE,
	.signs = SIGN_ZERO | SIGN_WIDE,
	.find = little_find,
	.decode = little_decode,
};

const struct coding coding_utf16be = {
	.layer = LAYER_UTF16BE,
	.signs = SIGN_ZERO | SIGN_WIDE,
	.find = big_find,
	.decode = big_decode,
};
