/* line.h - pieces of text for codings that keep digits or letters: from the beginning of a line
 * on, as far as a record goes.  Private to this room. */
#ifndef SEKISHO_CODEC_LINE_H
#define SEKISHO_CODEC_LINE_H

#include "base/bytes.h"

#define RECORD_BYTES 512 /* what proves a record shows within these */
#define PIECE_BYTES 4096

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

#endif
