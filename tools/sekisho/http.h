/* http.h - answers of HTTP/1.1 (RFC 9112) as a client reads them.
 *
 * In:    what has arrived so far; the other end is trusted as far as the socket
 *        is, but nothing it sends makes us read beyond the bytes given.
 * Out:   status and body; chunked bodies are joined in place, so the buffer is
 *        changed, but only by the call that returns HTTP_DONE.
 * Never: redirects, trailers' values, codings other than chunked. */
#ifndef SEKISHO_TOOLS_HTTP_H
#define SEKISHO_TOOLS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define HTTP_HEAD_MAX (64u << 10)

enum http_rc {
	HTTP_MORE, /* not whole yet */
	HTTP_DONE,
	HTTP_BAD, /* no answer of HTTP/1.x, or one that contradicts itself */
};

struct http_answer {
	int status;        /* 100..599 */
	struct bytes body; /* within the buffer */
};

/* at_end: nothing more will come.  Informational answers (1xx) are skipped. */
enum http_rc http_answer(uint8_t *buffer, size_t len, bool at_end, struct http_answer *out);

#endif
