/* Digits moved on by n, and nothing else: a number that is none, beside a date that is none, and
 * both become one when they are moved back. */
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/line.h"

static size_t shift_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	(void)unpacker;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = coded.ptr[i];

		out[i] = is_digit(c) ? (uint8_t)('0' + (unsigned)(c - '0' + 10 - (int)variant) % 10)
				     : c;
	}
	return n;
}

static void turn_round(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t c = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = c;
	}
}

/* What may be a date under some shift: two digits, a slash, two digits; or a stripe. */
static bool has_date(struct bytes text)
{
	for (size_t i = 2; i + 2 < text.len; i++) {
		uint8_t c = text.ptr[i];

		if ((c == '/' || c == '%' || c == '=' || c == '^') && is_digit(text.ptr[i - 1]) &&
			(is_digit(text.ptr[i + 2]) || c == '^' || c == '%'))
			return true;
	}
	return false;
}

/* A number, or the blank of more bytes between groups, percent coded: its digits are moved, too. */
static bool has_number(struct bytes text)
{
	struct crib_number number;

	return crib_number(text, 0, &number) || bytes_find(text, bytes_text("%C")) != SIZE_MAX ||
	       bytes_find(text, bytes_text("%E")) != SIZE_MAX;
}

/* By how much: so that most of them are cards; 0: they are as they are, or none however moved. */
static unsigned moved(struct bytes text)
{
	uint8_t out[RECORD_BYTES];
	unsigned best = 0;

	if (!has_date(text) || !has_number(text))
		return 0;
	size_t most = crib_records(text);
	for (unsigned by = 1; by < 10; by++) {
		size_t n = shift_decode(NULL, text, by, out, sizeof(out));
		size_t count = crib_records(bytes_of(out, n));

		if (count == 0) {
			turn_round(out, n);
			count = crib_records(bytes_of(out, n));
		}
		if (count > most) {
			most = count;
			best = by;
		}
	}
	return best;
}

static bool shift_find(struct bytes buf, size_t from, struct stretch *out)
{
	for (size_t at = line_next(buf, from); at < buf.len;
		at = line_next(buf, at + RECORD_STEP)) {
		unsigned by = moved(line_piece(buf, at, RECORD_BYTES));

		if (by == 0)
			continue;
		*out = (struct stretch){
			.off = at, .len = line_piece(buf, at, PIECE_BYTES).len, .variant = by};
		return true;
	}
	return false;
}

const struct coding coding_digit_shift = {
	.layer = LAYER_DIGIT_SHIFT,
	.searched = true,
	.signs = SIGN_NUMBER | SIGN_DIGITS,
	.find = shift_find,
	.decode = shift_decode,
};
