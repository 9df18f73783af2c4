/* text.h - the small text codings: percent, JSON strings.  Whole fields only;
 * output never longer than input, so callers give a buffer of input size. */
#ifndef SEKISHO_CODEC_TEXT_H
#define SEKISHO_CODEC_TEXT_H

#include "base/bytes.h"

/* application/x-www-form-urlencoded (WHATWG URL 5.1): %XX and, if plus, '+' as
 * space.  A broken escape stays as it is.  *changed: anything was decoded. */
size_t text_percent(struct bytes in, bool plus, uint8_t *out, bool *changed);

/* The inside of a JSON string (RFC 8259 section 7): escapes to UTF-8, lone
 * surrogates and broken escapes as they stand. */
size_t text_json(struct bytes in, uint8_t *out, bool *changed);

#endif
