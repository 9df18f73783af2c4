/* message.h - one request, response, query or hello, told piece by piece.
 *
 * A parser opens a message, tells its fields as runs, maybe a gap, and closes
 * it.  Whether a field comes whole is decided by its length alone, never by
 * how it arrived: up to FIELD_WHOLE bytes it is one run with first and last
 * set (held in a pool if it came in pieces); a longer one comes as a first run
 * of exactly FIELD_WHOLE bytes, then runs as they arrive (each <= 64 KiB), the
 * last one (which may be empty) marked.  Headers longer than FIELD_WHOLE are
 * told the same way.  MESSAGE_RAW streams are told in runs as they arrive; so is
 * the rest of a field behind a gap, and what was held is told before the gap.
 * While a body is open, fields of another role may be told between its runs
 * (chunk extensions); they close before the body goes on.
 * All bytes are borrowed for the duration of the call. */
#ifndef SEKISHO_PARSE_MESSAGE_H
#define SEKISHO_PARSE_MESSAGE_H

#include "base/bytes.h"

#define FIELD_WHOLE 2048
#define RUN_MAX (64u << 10)

enum field_role {
#define FIELD(symbol, word, sentence) FIELD_##symbol,
#include "parse/field.def"
#undef FIELD
	FIELD_ROLE_COUNT
};

const char *field_word(enum field_role role);

enum message_kind {
	MESSAGE_HTTP_REQUEST,
	MESSAGE_HTTP_RESPONSE,
	MESSAGE_TLS_HELLO,
	MESSAGE_DNS_QUERY,
	MESSAGE_DNS_RESPONSE,
	MESSAGE_RAW, /* a direction, or a datagram, that no parser claims */
};

struct message {
	uint32_t number; /* of the exchange in its flow, from 0: an answer has its request's */
	uint8_t kind;    /* enum message_kind */
	uint8_t dir;     /* direction of its bytes in the flow, 0 or 1 */
	bool orphan; /* an answer whose request was not seen: number counts on from the answers */
};

struct run {
	enum field_role role;
	bool first, last;
	struct bytes name; /* HTTP_HEADER: field name; DNS_ANSWER: owner; DNS_QUERY: as data, in
			    * the letters it was sent in; else empty */
	struct bytes data;
	uint64_t offset; /* of data in the field */
	uint32_t number; /* see field.def */
	uint32_t ttl;
};

enum close_reason {
	CLOSE_COMPLETE,
	CLOSE_GAP, /* bytes were missing and the rest could not be framed */
	CLOSE_END, /* the direction ended first */
	CLOSE_BAD, /* the framing broke */
};

/* Who is told.  At most one message per direction is open at a time. */
struct message_sink {
	void *self;
	void (*open)(void *self, const struct message *message);
	void (*run)(void *self, const struct message *message, const struct run *run);
	/* len bytes of the open field are missing (0: unknown how many). */
	void (*gap)(void *self, const struct message *message, enum field_role role, uint64_t len);
	void (*close)(void *self, const struct message *message, enum close_reason reason);
};

#endif
