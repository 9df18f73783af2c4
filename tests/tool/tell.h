/* tell.h - the messages of one direction of a flow to lines of text, unmasked.
 *
 * For tests only: it shows what the sensor never shows.  A line is
 *   FILE  FIELD  COMMUNITY-ID  PORTS  FATE  VALUE...
 * with tabs between; hostile bytes pass safe_text; FATE says how the message
 * closed.  FIELD and its values:
 *   flow          none: one of TCP, UDP or ICMP has ended
 *   http.request  method, host, target, version
 *   http.response status
 *   http.body     SHA-256 of the content without its declared codings (as far as
 *                 they could be undone), length; only of messages that closed
 *                 complete, not of empty ones, nor in br or zstd
 *   tls.sni       name
 *   ja3.hash      32 hex digits
 *   dns.query     name, type */
#ifndef SEKISHO_TEST_TELL_H
#define SEKISHO_TEST_TELL_H

#include "unwrap/unwrap.h"

#define TELL_SUM_WORDS 16

enum tell_text {
	TELL_METHOD,
	TELL_HOST,
	TELL_TARGET,
	TELL_VERSION,
	TELL_STATUS,
	TELL_SNI,
	TELL_JA3,
	TELL_QUERY,
	TELL_TEXT_COUNT
};

struct tell_kept {
	uint8_t *ptr; /* malloc'd */
	size_t len;
	bool seen, done;
};

struct tell_sum {
	uint64_t state[TELL_SUM_WORDS]; /* of SHA-256, the library's own */
	uint64_t len;
	bool begun, ended;
};

/* One direction; zeroed at the start. */
struct tell {
	struct tell_kept text[TELL_TEXT_COUNT];
	struct tell_sum sum[UNWRAP_DEPTH + 1]; /* by declared codings undone */
	uint32_t codings;                      /* declared */
	uint32_t slot;                         /* unwrap's */
	bool body_gap;
	bool later; /* a coding that is not undone yet */
};

/* Whose lines: stands before each. */
struct tell_at {
	const char *file, *community_id;
	const char *proto;
	uint16_t port_low, port_high;
};

void tell_open(struct tell *tell);
void tell_run(struct tell *tell, const struct tell_at *at, const struct run *run, bool dns_query);
void tell_view(struct tell *tell, const struct view *view);
void tell_close(struct tell *tell, const struct tell_at *at, const struct message *message,
	enum close_reason reason);
void tell_flow(const struct tell_at *at);
void tell_free(struct tell *tell);

#endif
