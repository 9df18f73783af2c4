/* http1_text.h - what HTTP's words mean, without any state.  Only the HTTP/1
 * parser includes it. */
#ifndef SEKISHO_PARSE_HTTP1_TEXT_H
#define SEKISHO_PARSE_HTTP1_TEXT_H

#include "base/bytes.h"

#define HTTP_JUNK_MAX 4   /* control bytes before a start line */
#define HTTP_START_MAX 32 /* bytes that tell a start line from others */

enum http_start { HTTP_START_NO, HTTP_START_MORE, HTTP_START_REQUEST, HTTP_START_RESPONSE };

/* What a line is by its first bytes (at most HTTP_START_MAX count).  strict:
 * only what is surely one, to find the way back after bytes nobody could frame. */
enum http_start http_start_of(struct bytes head, bool strict);
/* Bytes from the front that are none of stop. */
size_t http_span(struct bytes in, const char *stop);
/* RFC 9110 section 5.6.2. */
static inline bool http_is_tchar(uint8_t c)
{
	static const uint64_t set[4] = {
		UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe), 0, 0};

	return (set[c / 64] >> c % 64 & 1) != 0;
}
bool http_is_token(struct bytes name);
/* SP and the control bytes below it: skipped before a start line. */
bool http_is_junk(uint8_t c);
bool http_has_chunked(struct bytes line);
size_t http_digits(struct bytes text);
/* The authority of an absolute target, or of a CONNECT's; empty if there is none. */
struct bytes http_authority(struct bytes target, bool connect);

#endif
