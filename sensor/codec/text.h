/* text.h - the small text codings: percent, JSON strings.  Streaming: an
 * escape may be cut anywhere; what was begun is held in the decoder.  Output is
 * never longer than the input and what was held. */
#ifndef SEKISHO_CODEC_TEXT_H
#define SEKISHO_CODEC_TEXT_H

#include "base/bytes.h"

#define TEXT_HELD_MAX 12 /* bytes of the longest escape: a surrogate pair */

/* Zeroed at the start of each text. */
struct text_decoder {
	uint8_t held[TEXT_HELD_MAX];
	uint8_t held_len;
	bool changed; /* anything was decoded */
};

/* application/x-www-form-urlencoded (WHATWG URL 5.1): %XX and, if plus, '+' as
 * space.  A broken escape stays as it is.  out: in.len + TEXT_HELD_MAX bytes. */
size_t text_percent_put(struct text_decoder *decoder, struct bytes in, bool plus, uint8_t *out);

/* The inside of a JSON string (RFC 8259 section 7): escapes to UTF-8, lone
 * surrogates and broken escapes as they stand.  out as above. */
size_t text_json_put(struct text_decoder *decoder, struct bytes in, uint8_t *out);
/* True if the next byte belongs to an escape whatever it is: then '"' does not
 * end the string. */
bool text_json_escapes(const struct text_decoder *decoder);

/* The text ends: what was held, as it stands (at most TEXT_HELD_MAX bytes). */
size_t text_end(struct text_decoder *decoder, uint8_t *out);

/* Whole texts at once; out: in.len bytes.  *changed: anything was decoded. */
size_t text_percent(struct bytes in, bool plus, uint8_t *out, bool *changed);
size_t text_json(struct bytes in, uint8_t *out, bool *changed);

#endif
