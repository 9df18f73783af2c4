/* Digits of Japanese charsets (JIS X 0208 row 3) in UTF-8, Shift_JIS, EUC-JP and ISO-2022-JP
 * (RFC 1468), and the hyphens and spaces of more than one byte that stand between digits. */
#include "codec/chain.h"
#include "codec/glyph.h"
#include "codec/look.h"

#define BESIDE 80      /* bytes: the head of a short table */
#define SHIFTED_MAX 22 /* characters between ESC $ B and ESC ( B */
#define SHIFT_LEN 3

static const struct {
	uint8_t bytes[3], len;
	char plain;
} separators[] = {
	{{0xc2, 0xa0}, 2, ' '},       /* no-break space */
	{{0xe3, 0x80, 0x80}, 3, ' '}, /* ideographic space */
	{{0xef, 0xbc, 0x8d}, 3, '-'}, /* full-width hyphen */
	{{0xef, 0xbc, 0x8e}, 3, '.'}, /* full-width full stop */
	{{0xe2, 0x88, 0x92}, 3, '-'}, /* minus */
	{{0xe2, 0x80, 0x90}, 3, '-'}, /* hyphen */
	{{0xe2, 0x80, 0x91}, 3, '-'}, /* no-break hyphen */
	{{0xe2, 0x80, 0x93}, 3, '-'}, /* en dash */
	{{0xe2, 0x80, 0x94}, 3, '-'}, /* em dash */
	{{0xe2, 0x80, 0x95}, 3, '-'}, /* bar */
	{{0xe3, 0x83, 0xbc}, 3, '-'}, /* long vowel, typed for a hyphen */
	{{0x81, 0x40}, 2, ' '},       /* Shift_JIS */
	{{0x81, 0x7c}, 2, '-'},
	{{0x81, 0x5b}, 2, '-'},
	{{0xa1, 0xa1}, 2, ' '}, /* EUC-JP */
	{{0xa1, 0xdd}, 2, '-'},
	{{0xa1, 0xbc}, 2, '-'},
};

static bool in(uint8_t c, uint8_t low, uint8_t high)
{
	return c >= low && c <= high;
}

/* Length of a digit; *plain: which. */
static size_t digit_at(struct bytes buf, size_t at, uint8_t *plain)
{
	const uint8_t *p = buf.ptr + at;
	size_t left = buf.len - at;

	if (left >= 3 && p[0] == 0xef && p[1] == 0xbc && in(p[2], 0x90, 0x99)) {
		*plain = (uint8_t)(p[2] - 0x90 + '0');
		return 3;
	}
	if (left >= 2 && p[0] == 0x82 && in(p[1], 0x4f, 0x58)) {
		*plain = (uint8_t)(p[1] - 0x4f + '0');
		return 2;
	}
	/* Not the tail of a character in UTF-8. */
	if (left >= 2 && p[0] == 0xa3 && in(p[1], 0xb0, 0xb9) &&
		!(at > 0 && in(p[-1], 0xe0, 0xef))) {
		*plain = (uint8_t)(p[1] - 0xb0 + '0');
		return 2;
	}
	return 0;
}

static size_t separator_at(struct bytes buf, size_t at, uint8_t *plain)
{
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		size_t len = separators[i].len;

		if (len <= buf.len - at && memcmp(buf.ptr + at, separators[i].bytes, len) == 0) {
			*plain = (uint8_t)separators[i].plain;
			return len;
		}
	}
	return 0;
}

/* The plain form of a character of two bytes in ISO-2022-JP, 0: it has none. */
static uint8_t shifted_plain(const uint8_t *pair)
{
	if (pair[0] == 0x23 && is_digit(pair[1]))
		return pair[1];
	if (pair[0] == 0x21 && pair[1] == 0x21)
		return ' ';
	return pair[0] == 0x21 && (pair[1] == 0x5d || pair[1] == 0x3c) ? '-' : 0;
}

/* Length of the characters between ESC $ B and ESC ( B, both included; 0: there are none. */
static size_t shifted_at(struct bytes buf, size_t at)
{
	const uint8_t *p = buf.ptr + at;
	size_t left = buf.len - at, i = SHIFT_LEN;

	if (left < SHIFT_LEN || p[0] != 0x1b || p[1] != '$' || (p[2] != 'B' && p[2] != '@'))
		return 0;
	while (i + 1 < left && i < SHIFT_LEN + 2 * SHIFTED_MAX && in(p[i], 0x21, 0x7e) &&
		in(p[i + 1], 0x21, 0x7e))
		i += 2;
	if (i + SHIFT_LEN <= left && p[i] == 0x1b && p[i + 1] == '(')
		i += SHIFT_LEN;
	return i == SHIFT_LEN ? 0 : i;
}

/* What any of them begins with. */
static bool is_first(uint8_t c)
{
	switch (c) {
	case 0x1b:
	case 0x81:
	case 0x82:
	case 0xa1:
	case 0xa3:
	case 0xc2:
	case 0xe2:
	case 0xe3:
	case 0xef:
		return true;
	default:
		return false;
	}
}

/* A separator tells something only between digits. */
static struct escape wide_at(struct bytes buf, size_t at)
{
	uint8_t plain;
	struct escape escape = {.strong = true};

	if (!is_first(buf.ptr[at]))
		return escape;
	escape.len = shifted_at(buf, at);
	if (escape.len == 0)
		escape.len = digit_at(buf, at, &plain);
	if (escape.len > 0)
		return escape;
	escape.len = separator_at(buf, at, &plain);
	if (escape.len == 0 || at + escape.len >= buf.len)
		return (struct escape){0};
	escape.strong = at > 0 && is_digit(buf.ptr[at - 1]) && is_digit(buf.ptr[at + escape.len]);
	if (escape.strong || digit_at(buf, at + escape.len, &plain) > 0)
		return escape;
	return (struct escape){0};
}

static size_t wide_put(const uint8_t *escape, size_t len, uint8_t *out)
{
	struct bytes whole = bytes_of(escape, len);
	size_t n = 0;

	if (escape[0] != 0x1b) {
		if (digit_at(whole, 0, out) == 0)
			separator_at(whole, 0, out);
		return 1;
	}
	for (size_t i = SHIFT_LEN; i + 1 < len && escape[i] != 0x1b; i += 2) {
		out[n] = shifted_plain(escape + i);
		if (out[n] != 0) {
			n++;
			continue;
		}
		out[n++] = escape[i];
		out[n++] = escape[i + 1];
	}
	return n;
}

static bool holds_number(struct bytes chain)
{
	struct digit_count count = {0};
	uint8_t out[PUT_MAX];
	size_t at = 0;

	while (at < chain.len) {
		bool plain = chain.ptr[at] < 0x80 && chain.ptr[at] != 0x1b;
		struct escape escape = plain ? (struct escape){0} : wide_at(chain, at);
		size_t n = escape.len == 0 ? 1 : wide_put(chain.ptr + at, escape.len, out);

		if (escape.len == 0)
			out[0] = chain.ptr[at];
		for (size_t i = 0; i < n; i++) {
			if (digit_count(&count, out[i]))
				return true;
		}
		at += escape.len == 0 ? 1 : escape.len;
	}
	return false;
}

static const struct escapes wide = {.lead = ANY_WIDE,
	.gap = CHAIN_GAP,
	.beside = BESIDE,
	.at = wide_at,
	.put = wide_put,
	.holds = holds_number};

static bool wide_find(struct bytes buf, size_t from, struct stretch *out)
{
	return chain_find(&wide, buf, from, out);
}

static size_t wide_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return chain_decode(&wide, coded, out, room);
}

const struct coding coding_wide = {
	.layer = LAYER_WIDE,
	.signs = SIGN_WIDE,
	.folds = true,
	.find = wide_find,
	.decode = wide_decode,
};
