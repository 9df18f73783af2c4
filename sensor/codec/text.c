#include "codec/text.h"

#include <assert.h>

#include "codec/glyph.h"

#define ESCAPE_LEN 6 /* \uXXXX */

size_t text_end(struct text_decoder *decoder, uint8_t *out)
{
	size_t n = decoder->held_len;

	memcpy(out, decoder->held, n);
	decoder->held_len = 0;
	return n;
}

/* Continues the escape that is held; false if byte does not belong to it. */
static bool percent_more(struct text_decoder *decoder, uint8_t byte, uint8_t *out, size_t *n)
{
	if (hex_digit(byte) < 0) {
		*n += text_end(decoder, out + *n);
		return false;
	}
	if (decoder->held_len == 1) {
		decoder->held[decoder->held_len++] = byte;
		return true;
	}
	out[(*n)++] = (uint8_t)(hex_digit(decoder->held[1]) << 4 | hex_digit(byte));
	decoder->held_len = 0;
	decoder->changed = true;
	return true;
}

size_t text_percent_put(struct text_decoder *decoder, struct bytes in, bool plus, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t byte = in.ptr[i];

		if (decoder->held_len > 0 && percent_more(decoder, byte, out, &n))
			continue;
		if (byte == '%') {
			decoder->held[decoder->held_len++] = byte;
		} else if (byte == '+' && plus) {
			out[n++] = ' ';
			decoder->changed = true;
		} else {
			out[n++] = byte;
		}
	}
	return n;
}

static uint32_t unit_at(const uint8_t *escape)
{
	uint32_t unit = 0;

	for (int i = 2; i < ESCAPE_LEN; i++)
		unit = unit << 4 | (uint32_t)hex_digit(escape[i]);
	return unit;
}

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* A whole \uXXXX is held, perhaps behind a high surrogate. */
static size_t unit_whole(struct text_decoder *decoder, uint8_t *out)
{
	bool second = decoder->held_len == 2 * ESCAPE_LEN;
	uint32_t unit = unit_at(decoder->held + (second ? ESCAPE_LEN : 0));
	size_t n = 0;

	if (second && is_low(unit)) {
		decoder->held_len = 0;
		decoder->changed = true;
		return put_utf8(
			0x10000 + ((unit_at(decoder->held) - 0xd800) << 10) + unit - 0xdc00, out);
	}
	if (second) { /* the first stands alone */
		memcpy(out, decoder->held, ESCAPE_LEN);
		memmove(decoder->held, decoder->held + ESCAPE_LEN, ESCAPE_LEN);
		decoder->held_len = ESCAPE_LEN;
		n = ESCAPE_LEN;
	}
	if (is_high(unit))
		return n;
	if (is_low(unit))
		return n + text_end(decoder, out + n);
	decoder->held_len = 0;
	decoder->changed = true;
	return n + put_utf8(unit, out + n);
}

static uint8_t short_escape(uint8_t c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
	case '/':
		return c;
	default:
		return 0;
	}
}

/* byte stands behind a backslash; a high surrogate may be held before it. */
static size_t after_backslash(struct text_decoder *decoder, uint8_t byte, uint8_t *out)
{
	uint8_t plain = short_escape(byte);
	size_t n = 0;

	if (byte == 'u') {
		decoder->held[decoder->held_len++] = byte;
		return 0;
	}
	if (plain != 0) {
		decoder->held_len--;
		decoder->changed = true;
		n = text_end(decoder, out);
		out[n++] = plain;
		return n;
	}
	n = text_end(decoder, out);
	out[n++] = byte;
	return n;
}

static size_t json_byte(struct text_decoder *decoder, uint8_t byte, uint8_t *out)
{
	size_t part = decoder->held_len % ESCAPE_LEN;
	size_t n = 0;

	if (part == 1)
		return after_backslash(decoder, byte, out);
	if (part >= 2 && hex_digit(byte) >= 0) {
		decoder->held[decoder->held_len++] = byte;
		return decoder->held_len % ESCAPE_LEN == 0 ? unit_whole(decoder, out) : 0;
	}
	/* Broken, or a high surrogate that is followed by something. */
	if (part >= 2 || (decoder->held_len == ESCAPE_LEN && byte != '\\'))
		n = text_end(decoder, out);
	if (byte == '\\')
		decoder->held[decoder->held_len++] = byte;
	else
		out[n++] = byte;
	return n;
}

size_t text_json_put(struct text_decoder *decoder, struct bytes in, uint8_t *out)
{
	size_t n = 0, i = 0;

	while (i < in.len) {
		if (decoder->held_len > 0 || in.ptr[i] == '\\') {
			n += json_byte(decoder, in.ptr[i++], out + n);
			assert(decoder->held_len <= TEXT_HELD_MAX);
			continue;
		}
		struct bytes left = bytes_skip(in, i);
		size_t plain = bytes_find_byte(left, '\\');

		plain = plain == SIZE_MAX ? left.len : plain;
		memmove(out + n, left.ptr, plain);
		n += plain;
		i += plain;
	}
	return n;
}

bool text_json_escapes(const struct text_decoder *decoder)
{
	return decoder->held_len % ESCAPE_LEN == 1;
}

size_t text_percent(struct bytes in, bool plus, uint8_t *out, bool *changed)
{
	struct text_decoder decoder = {.held_len = 0};
	size_t n = text_percent_put(&decoder, in, plus, out);

	n += text_end(&decoder, out + n);
	*changed = decoder.changed;
	return n;
}

size_t text_json(struct bytes in, uint8_t *out, bool *changed)
{
	struct text_decoder decoder = {.held_len = 0};
	size_t n = text_json_put(&decoder, in, out);

	n += text_end(&decoder, out + n);
	*changed = decoder.changed;
	return n;
}
