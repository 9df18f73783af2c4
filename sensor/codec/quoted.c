/* Quoted-printable: RFC 2045 section 6.7.  "=12" stands in every query string too: an escape is
 * strong if it is one that the coding needs ('=' itself, what is not ASCII), one of several in a
 * row, or a soft line end. */
#include "codec/chain.h"
#include "codec/glyph.h"

#define LINE_MAX 80 /* bytes */
#define LINE_MIN 60 /* bytes before a soft line end that no escape stands beside */

/* -1: none of the capital hex digits that the RFC asks for. */
static int upper_digit(uint8_t c)
{
	return c >= 'a' && c <= 'f' ? -1 : hex_digit(c);
}

/* The byte that is spelt out there, or -1. */
static int byte_at(struct bytes buf, size_t at)
{
	if (at + 2 >= buf.len || buf.ptr[at] != '=')
		return -1;
	int high = upper_digit(buf.ptr[at + 1]), low = upper_digit(buf.ptr[at + 2]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Length of "=\r\n" or "=\n", or 0. */
static size_t soft_end(struct bytes buf, size_t at)
{
	if (at + 1 < buf.len && buf.ptr[at] == '=' && buf.ptr[at + 1] == '\n')
		return 2;
	return at + 2 < buf.len && buf.ptr[at] == '=' && buf.ptr[at + 1] == '\r' &&
			       buf.ptr[at + 2] == '\n'
		       ? 3
		       : 0;
}

static bool line_before(struct bytes buf, size_t at)
{
	if (at < LINE_MIN)
		return false;
	for (size_t i = at - LINE_MIN; i < at; i++) {
		if (buf.ptr[i] == '\n')
			return false;
	}
	return buf.ptr[at - 1] != '=';
}

static bool beside_escape(struct bytes buf, size_t at, size_t len)
{
	return (at >= 3 && byte_at(buf, at - 3) >= 0) || byte_at(buf, at + len) >= 0;
}

/* A byte that the coding has to spell out; a blank before digits and
 * behind one or ':' is nothing else either. */
static bool needed(struct bytes buf, size_t at, int byte)
{
	if (byte == ' ')
		return at > 0 && at + 3 < buf.len && is_digit(buf.ptr[at + 3]) &&
		       (is_digit(buf.ptr[at - 1]) || buf.ptr[at - 1] == ':');
	if (byte >= 0xa0) /* not the beginning of a word */
		return at + 3 >= buf.len || upper_digit(buf.ptr[at + 3]) < 0;
	return byte == '=' || byte == 0x1b;
}

static struct escape quoted_at(struct bytes buf, size_t at)
{
	size_t soft = soft_end(buf, at);
	int byte = byte_at(buf, at);

	if (soft > 0) {
		bool line = line_before(buf, at);

		return (struct escape){
			.len = soft, .strong = line || beside_escape(buf, at, soft), .alone = line};
	}
	if (byte < 0)
		return (struct escape){0};
	return (struct escape){.len = 3,
		.strong = needed(buf, at, byte) || beside_escape(buf, at, 3) ||
			  (at >= 3 && soft_end(buf, at - 3) > 0)};
}

static size_t quoted_put(const uint8_t *escape, size_t len, uint8_t *out)
{
	int byte = byte_at(bytes_of(escape, len), 0);

	out[0] = (uint8_t)byte;
	return byte >= 0;
}

static const struct escapes quoted = {
	.lead = '=', .gap = LINE_MAX, .beside = LINE_MAX, .at = quoted_at, .put = quoted_put};

static bool quoted_find(struct bytes buf, size_t from, struct stretch *out)
{
	return chain_find(&quoted, buf, from, out);
}

static struct bytes quoted_core(struct bytes coded)
{
	return chain_core(&quoted, coded);
}

static size_t quoted_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return chain_decode(&quoted, coded, out, room);
}

const struct coding coding_quoted_printable = {
	.layer = LAYER_QUOTED_PRINTABLE,
	.signs = SIGN_ESCAPE,
	.find = quoted_find,
	.decode = quoted_decode,
	.core = quoted_core,
};
