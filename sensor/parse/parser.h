/* parser.h - what a protocol parser is: one file, one row in meson.build (README.md,
 * "Change it", has the whole list of places).
 *
 * A push parser: it gets each direction's bytes in order, cut anywhere, keeps
 * what it needs in a zeroed state of fixed size, and tells messages to the
 * sink.  It includes base/, codec/ and parse/ only, reads binary through rd,
 * never recurses, never allocates, never looks at other flows or the clock.
 * Every byte it takes is inspected unless it adds it to io->skipped. */
#ifndef SEKISHO_PARSE_PARSER_H
#define SEKISHO_PARSE_PARSER_H

#include "base/arena.h"
#include "base/reason.h"
#include "parse/message.h"

#define PROBE_MAX 32 /* bytes of a direction's beginning that may be held to decide */

enum probe_rc { PROBE_NO, PROBE_MORE, PROBE_YES };

struct probe {
	struct bytes head; /* first bytes of one direction, 1..PROBE_MAX */
	uint8_t dir;
	bool datagram;     /* head is the whole datagram (any length) */
	uint16_t port_low; /* the lower of the two ports: a hint */
	uint16_t port_high;
};

struct parse_io {
	struct message_sink sink;
	struct pool *hold;     /* items of FIELD_WHOLE bytes for fields that come in pieces */
	uint64_t hold_refused; /* a field that came in pieces and was told so: quota */
	uint64_t skipped[SKIP_REASON_COUNT];
	int8_t client_dir; /* out: direction proven to be the client's, or -1 */
	bool odd;          /* out: the framing is doubtful (both readings are told) */
	bool datagram;     /* in: data is a whole datagram */
	size_t taken;      /* out, with PARSE_BAD: bytes of this call that were told already */
};

enum parse_rc {
	PARSE_OK,
	PARSE_BAD, /* not this protocol (any more) in this direction: the caller tells the
		    * bytes of this call behind io->taken, and all later ones, as MESSAGE_RAW;
		    * the parser has closed its message and is not called again for it */
};

/* What a parser remembers between two messages, so that a flow may lie idle in few bytes. */
#define PARSER_MEMO_MAX 43

struct parser {
	const char *name;    /* as app_proto */
	uint32_t state_size; /* <= PARSER_STATE_MAX */
	/* Must be decided within PROBE_MAX bytes, by the bytes before it decides alone. */
	enum probe_rc (*probe)(const struct probe *probe);
	/* Bytes of a direction; a datagram is one call. */
	enum parse_rc (*data)(void *state, struct parse_io *io, uint8_t dir, struct bytes data);
	/* len bytes are missing in this direction (0 = unknown). */
	enum parse_rc (*gap)(void *state, struct parse_io *io, uint8_t dir, uint64_t len);
	/* The direction ends: closes what is open.  Called once per direction. */
	void (*end)(void *state, struct parse_io *io, uint8_t dir);
	/* Gives back held items; the state is gone afterwards. */
	void (*drop)(void *state, struct parse_io *io);
	/* Nothing is open or held, and memo is written: a zeroed state would, after wake(), read on
	 * as this one.  Returns the bytes of memo used; 0: nothing is waited for, and it would
	 * without wake(), but for the numbers of messages; -1: not now.  Both NULL: never. */
	int (*rest)(const void *state, uint8_t memo[static PARSER_MEMO_MAX]);
	void (*wake)(void *state, const uint8_t memo[static PARSER_MEMO_MAX]);
};

#define PARSER_STATE_MAX 512

/* The table, in probe order, at most PARSERS_MAX (detect/state.h); generated from the list in
 * meson.build.  The first row that does not say PROBE_NO decides, so one that claims little
 * (a magic number) stands before one that claims much. */
extern const struct parser *const parsers[];
extern const uint32_t parsers_count;

/* Probes all rows with a direction's head: index of the one that says yes; -1:
 * none will; -2: more bytes may decide. */
int parsers_probe(const struct probe *probe);

#endif
