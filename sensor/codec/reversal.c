/* Bytes in reverse order: the words of a record, or a number and its date, stand backwards. */
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/line.h"
#include "codec/look.h"
#include "codec/within.h"

#define VALUE_MOST 512

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
	struct crib_number number;
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++)
		digits += is_digit(text.ptr[i]);
	if (digits < 12 || (text.len == RECORD_BYTES && !crib_number(text, 0, &number)))
		return false;
	return (crib_word(clear) && !crib_word(text)) || crib_records(clear) > crib_records(text);
}

/* A coding that can only be read from the other end. */
static bool is_coded(struct bytes line)
{
	uint8_t out[WITHIN_BYTES];

	if (!line_is_token(line))
		return false;
	size_t rest = line.len > sizeof(out) ? line.len - sizeof(out) : 0;
	size_t n = reversal_decode(NULL, bytes_skip(line, rest), 0, out, sizeof(out));
	return within(bytes_of(out, n), 0) > within(line, 0);
}

static bool reversal_find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t next = from;

	for (size_t at = line_next(buf, from); at < buf.len; at = line_next(buf, at + 1)) {
		bool found = at >= next && is_backwards(line_piece(buf, at, RECORD_BYTES));

		if (at >= next)
			next = at + RECORD_STEP;
		if (!found && !is_coded(line_at(buf, at)))
			continue;
		*out = (struct stretch){.off = at, .len = line_piece(buf, at, PIECE_BYTES).len};
		return true;
	}
	return false;
}

/* What is packed, or bytes that are no text at any rate, may be reversed: the end says it, for
 * which no more than VALUE_MOST bytes are kept. */
static bool whole_find(struct bytes buf, size_t from, struct stretch *out)
{
	struct bytes head = bytes_head(buf, LOOK_BYTES);
	size_t odd = 0;

	if (from != 0 || buf.len < TOKEN_MIN || buf.len > VALUE_MOST)
		return false;
	for (size_t i = 0; i < head.len; i++)
		odd += !is_text(head.ptr[i]);
	*out = (struct stretch){.len = buf.len};
	return odd * 4 >= head.len;
}

/* The end of a value reads backwards as the beginning of something packed. */
static size_t whole_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t n = reversal_decode(unpacker, coded, variant, out, room);
	int look = look_of(bytes_of(out, n));

	if (look == LOOK_PACKED || look == LOOK_DEFLATED || look_is_dynamic(bytes_of(out, n)))
		return n;
	explicit_bzero(out, n);
	return 0;
}

const struct coding coding_reversed_value = {
	.layer = LAYER_REVERSAL,
	.searched = true,
	.whole = true,
	.find = whole_find,
	.decode = whole_decode,
};
const struct coding coding_reversal = {
	.layer = LAYER_REVERSAL,
	.searched = true,
	.signs = SIGN_NUMBER | SIGN_DIGITS | SIGN_TOKEN | SIGN_ESCAPE | SIGN_LIST,
	.find = reversal_find,
	.decode = reversal_decode,
};
