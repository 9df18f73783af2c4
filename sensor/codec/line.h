/* line.h - pieces of text for codings that keep digits or letters: from the beginning of a line
 * on, as far as a record goes.  Private to this room. */
#ifndef SEKISHO_CODEC_LINE_H
#define SEKISHO_CODEC_LINE_H

#include "codec/glyph.h"

#define RECORD_BYTES 512 /* what proves a record shows within these */
#define RECORD_STEP 256  /* where nothing showed, it is looked for so far behind again */
#define PIECE_BYTES 4096
#define TOKEN_MIN 24
#define LINE_LOOK 64

/* The first beginning of a line at or behind from; the buffer's, and from itself where a line
 * has been going on for long, are ones, too.  buf.len: none. */
static inline size_t line_next(struct bytes buf, size_t from)
{
	if (from == 0 || from >= buf.len || buf.ptr[from - 1] == '\n')
		return from;
	size_t end = bytes_find_byte(bytes_skip(buf, from), '\n');

	return end == SIZE_MAX ? buf.len : from + end + 1;
}

static inline struct bytes line_piece(struct bytes buf, size_t at, size_t len)
{
	return bytes_head(bytes_skip(buf, at), len);
}

/* The line that begins there, without its end; no more than a piece. */
static inline struct bytes line_at(struct bytes buf, size_t at)
{
	struct bytes line = line_piece(buf, at, PIECE_BYTES);
	size_t end = bytes_find_byte(line, '\n');

	return bytes_trim(bytes_head(line, end));
}

/* True if the line is one long word, or a list of numbers: what is coded as a whole. */
static inline bool line_is_token(struct bytes line)
{
	struct bytes head = bytes_head(line, LINE_LOOK);

	if (line.len < TOKEN_MIN)
		return false;
	for (size_t i = 0; i < head.len; i++) {
		uint8_t c = head.ptr[i];

		if (c == '"' || c == '{' || c == '<' || c == '(' || c >= 0x7f || c < ' ')
			return false;
		if (c == ' ' &&
			(i == 0 || i + 1 == head.len ||
				(hex_digit(head.ptr[i - 1]) < 0 && hex_digit(head.ptr[i + 1]) < 0)))
			return false;
	}
	return true;
}

#endif
