/* tls_hello.h - reads a ClientHello (RFC 8446 section 4.1.2, RFC 5246 section
 * 7.4.1.2) in any pieces, keeping only what is told.  Only the TLS parser uses it.
 *
 * Refused, because servers differ on what it means and the difference is a way
 * past us: lengths that disagree, bytes behind the end of a list, an empty or
 * second host name, a second server_name extension. */
#ifndef SEKISHO_PARSE_TLS_HELLO_H
#define SEKISHO_PARSE_TLS_HELLO_H

#include "base/rd.h"
#include "parse/message.h"

#define HELLO_CIPHERS_MAX 384
#define HELLO_EXTENSIONS_MAX 128
#define HELLO_CURVES_MAX 64
#define HELLO_FORMATS_MAX 16
#define HELLO_SNI_MAX 255
#define HELLO_ALPN_MAX 384
#define HELLO_JA3_LEN 32
#define HELLO_DEPTH 4

struct hello {
	uint32_t left[HELLO_DEPTH]; /* bytes to the end of hello, extensions, extension, list */
	uint32_t skip;              /* bytes whose meaning does not matter, or that are kept */
	uint32_t value;             /* number being read */
	uint16_t version;           /* legacy_version */
	uint16_t highest;           /* of supported_versions, or 0 */
	uint16_t cipher_cnt, extension_cnt, curve_cnt;
	uint16_t sni_len, alpn_len;
	uint8_t format_cnt;
	uint8_t depth; /* index in left of what is being read */
	uint8_t stage;
	uint8_t got;  /* bytes of value */
	uint8_t kept; /* where skipped bytes go: enum in tls_hello.c */
	bool sni_seen;
	bool cut; /* a list was longer than what is kept: no JA3, or a shorter ALPN */
	uint8_t formats[HELLO_FORMATS_MAX];
	uint16_t ciphers[HELLO_CIPHERS_MAX];
	uint16_t extensions[HELLO_EXTENSIONS_MAX];
	uint16_t curves[HELLO_CURVES_MAX];
	uint8_t sni[HELLO_SNI_MAX];
	uint8_t alpn[HELLO_ALPN_MAX];
};
_Static_assert(sizeof(struct hello) <= FIELD_WHOLE, "must fit an item of the hold pool");

enum hello_rc { HELLO_MORE, HELLO_DONE, HELLO_BAD };

/* A hello of that many bytes begins behind its handshake header. */
void hello_begin(struct hello *hello, uint32_t len);
/* Takes bytes until the hello is complete or found malformed. */
enum hello_rc hello_take(struct hello *hello, struct rd *in);
/* supported_versions before legacy_version. */
uint16_t hello_version(const struct hello *hello);
/* JA3: MD5 of "version,ciphers,extensions,curves,formats" without GREASE, in
 * hex.  False if a list was cut. */
bool hello_ja3(const struct hello *hello, char hex[static HELLO_JA3_LEN]);

#endif
