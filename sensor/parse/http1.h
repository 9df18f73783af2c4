/* http1.h - what the files of the HTTP/1 parser share; nobody else includes it.
 *
 * Each direction is a machine of phases that never looks at a byte twice, and
 * may send requests or responses: its start lines say which.  What cannot be
 * framed is told as content up to the next start line, or as MESSAGE_RAW. */
#ifndef SEKISHO_PARSE_HTTP1_H
#define SEKISHO_PARSE_HTTP1_H

#include "base/rd.h"
#include "parse/field.h"
#include "parse/http1_text.h"

#define HTTP_NAME_MAX 64          /* longer field names are told as data of a nameless field */
#define HTTP_NAME_DIGITS_MAX 11   /* so are names with more digits: they may hold a number */
#define HTTP_HEAD_MAX (64u << 10) /* beyond, the head is one nameless field */
#define HTTP_RAW_MAX (64u << 10)  /* raw bytes without a start line: given up */
#define HTTP_OUTSTANDING_MAX 64   /* requests whose method is remembered */

enum http_phase {
	HTTP_START, /* between messages */
	HTTP_METHOD,
	HTTP_TARGET,
	HTTP_TARGET_END, /* behind a space in the target: the version, or more of the target */
	HTTP_VERSION,
	HTTP_STATUS,
	HTTP_REASON,
	HTTP_LINE, /* the beginning of a line of a head or trailer */
	HTTP_NAME,
	HTTP_VALUE_GAP,
	HTTP_VALUE,
	HTTP_VALUE_END, /* behind the line end: the next byte may be a fold */
	HTTP_REST_LINE, /* beyond HTTP_HEAD_MAX */
	HTTP_REST,
	HTTP_LENGTH, /* content of known length */
	HTTP_CLOSE,  /* content until the direction ends */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_EXT,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_SCAN, /* content or raw, until a line that starts a message */
	HTTP_PHASE_COUNT
};

/* What the fields say about framing. */
enum http_framing {
	FRAMING_LENGTH = 1,  /* a valid Content-Length */
	FRAMING_CODING = 2,  /* a Transfer-Encoding other than identity */
	FRAMING_CHUNKED = 4, /* its last coding is chunked */
	FRAMING_DOUBT = 8,   /* a contradiction, or a value nobody can read */
	FRAMING_ODD = 16,    /* a line that receivers read differently: it may name a coding */
};

struct http_dir {
	struct field field; /* the open field */
	struct field aside; /* a chunk extension beside an open body */
	uint64_t left;      /* of content or chunk */
	uint64_t length;    /* of Content-Length */
	struct message message;
	uint32_t head_len, raw_len;
	uint16_t status;
	uint8_t phase;
	uint8_t framing; /* set of enum http_framing */
	uint8_t known;   /* row of the known field names, http1_head.c */
	uint8_t name_len;
	bool open; /* a message is */
	bool cr;   /* a CR was taken that may belong to a line end */
	bool trailer;
	bool chunked; /* a chunk size was read */
	bool line;    /* HTTP_SCAN: at the beginning of a line */
	bool old;     /* version below 1.1 */
	bool blank;   /* a line of nothing but spaces: the end of the head for some receivers */
	bool maybe;   /* no content is expected: what is no chunk is the next message */
	bool messy;   /* a line of more than one CR, or of CR and spaces */
	uint8_t name[HTTP_NAME_MAX]; /* field name, chunk size line, or a beginning not decided */
};

struct http_state {
	struct http_dir dir[2];
	uint64_t head_bits;    /* request number % 64 was HEAD */
	uint64_t connect_bits; /* or CONNECT */
	uint32_t requests, responses;
	bool switched; /* the connection speaks something else from the next message on */
};
_Static_assert(sizeof(struct http_state) <= PARSER_STATE_MAX, "state too large");

/* One call: what it borrows. */
struct http_call {
	struct http_state *state;
	struct http_dir *dir;
	struct parse_io *io;
	struct rd in;
	struct rd after; /* replay: the caller's bytes, while in is a copy of earlier ones */
	struct teller field, aside;
	bool replay;
	bool give_up; /* this is not HTTP */
	uint8_t old[HTTP_NAME_MAX];
};

/* http1_text.c */
/* What the value says, added to dir->framing and dir->length. */
void http_content_length(struct http_call *call, struct bytes value);
void http_transfer_encoding(struct http_call *call, struct bytes value);

/* http1_head.c, http1_body.c: the steps of the phases.  The cursor is never at
 * its end when a step is called; it takes something or changes the phase. */
void http_step_method(struct http_call *call);
void http_step_target(struct http_call *call);
void http_step_target_end(struct http_call *call);
void http_step_version(struct http_call *call);
void http_step_status(struct http_call *call);
void http_step_reason(struct http_call *call);
void http_step_line(struct http_call *call);
void http_step_name(struct http_call *call);
void http_step_value_gap(struct http_call *call);
void http_step_value(struct http_call *call);
void http_step_value_end(struct http_call *call);
void http_step_rest_line(struct http_call *call);
void http_step_rest(struct http_call *call);
void http_step_length(struct http_call *call);
void http_step_close(struct http_call *call);
void http_step_chunk_size(struct http_call *call);
void http_step_chunk_ext(struct http_call *call);
void http_step_chunk_data(struct http_call *call);
void http_step_chunk_end(struct http_call *call);
void http_step_start(struct http_call *call);
void http_step_scan(struct http_call *call);
/* The message is cut here: what was taken but not told yet is added to a field. */
void http_head_pending(struct http_call *call);
void http_body_pending(struct http_call *call);
/* teller.begun of the field: finds the authority in a target. */
void http_target_told(void *self, struct bytes first_run);
/* Adds to the content, opened if need be. */
void http_body_add(struct http_call *call, struct bytes part);
/* The bytes in dir->name are taken again, by the phase that stands. */
void http_replay(struct http_call *call);

/* http1_message.c */
/* A line of the head that receivers read differently. */
void http_odd_line(struct http_call *call);
void http_open(struct http_call *call, enum message_kind kind);
void http_close(struct http_call *call, enum close_reason reason);
/* The head is complete: chooses how the content is framed. */
void http_head_end(struct http_call *call);
/* Takes the bytes of a line; true if its end was taken too. */
bool http_take_line(struct http_call *call, struct teller *teller);
void http_tell(struct http_call *call, enum field_role role, struct bytes name, struct bytes data);
/* From here on content or raw bytes, up to a line that starts a message. */
void http_scan(struct http_call *call, bool line);

#endif
