/* Bytes in reverse order: the words of a record, or a number and its date, stand backwards. */
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/line.h"

static size_t reversal_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	(void)unpacker;
	(void)variant;
	for (size_t i = 0; i < n; i++)
		out[i] = coded.ptr[coded.len - 1 - i];
	return n;
}

static bool is_backwards(struct bytes text)
{
	uint8_t out[RECORD_BYTES];
	struct bytes clear = bytes_of(out, reversal_decode(NULL, text, 0, out, sizeof(out)));
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++)
		digits += is_digit(text.ptr[i]);
	if (digits < 12)
		return false;
	return (crib_word(clear) && !crib_word(text)) || (crib_record(clear) && !crib_record(text));
}

static bool reversal_find(struct bytes buf, size_t from, struct stretch *out)
{
	for (size_t at = line_next(buf, from); at < buf.len; at = line_next(buf, at + 1)) {
		if (!is_backwards(line_piece(buf, at, RECORD_BYTES)))
			continue;
		*out = (struct stretch){.off = at, .len = line_piece(buf, at, PIECE_BYTES).len};
		return true;
	}
	return false;
}

const struct coding coding_reversal = {
	.layer = LAYER_REVERSAL,
	.signs = SIGN_NUMBER,
	.find = reversal_find,
	.decode = reversal_decode,
};
