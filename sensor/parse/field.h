/* field.h - tells the bytes of one field by the length rule of message.h.
 *
 * A struct field is what a parser keeps between calls; a struct teller lives
 * for one call and borrows.  Bytes that stand side by side in one call are
 * lent to the sink in place; only a field of up to FIELD_WHOLE bytes that comes
 * in pieces is copied, into an item of io->hold.  No item free: the field is
 * told in pieces and io->hold_refused counts it.
 * Before a call returns, and before bytes that were added may change:
 * field_flush(). */
#ifndef SEKISHO_PARSE_FIELD_H
#define SEKISHO_PARSE_FIELD_H

#include "parse/parser.h"

struct field {
	uint64_t told; /* bytes of the field told or missing before those held */
	uint32_t item; /* of io->hold, 0 = none */
	uint16_t held; /* bytes in it */
	uint8_t role;  /* enum field_role */
	bool open;
	bool begun;  /* the first run is out */
	bool stream; /* told as it arrives: raw bytes, and what stands behind a gap */
};

struct teller {
	struct parse_io *io;
	const struct message *message; /* open */
	struct field *field;
	struct bytes name; /* for run.name */
	struct bytes lent; /* added in this call, neither told nor held yet */
	/* If set: called after the first run was told, while its bytes still stand. */
	void (*begun)(void *self, struct bytes first_run);
	void *self;
};

/* Begins a field; stream: do not hold. */
void field_open(struct teller *teller, enum field_role role, bool stream);
void field_add(struct teller *teller, struct bytes data);
/* Nothing of the caller's bytes is needed after this. */
void field_flush(struct teller *teller);
/* True if the field came to at most FIELD_WHOLE bytes and none is told:
 * *whole is all of it, until the next call of this file. */
bool field_whole(struct teller *teller, struct bytes *whole);
/* The field ends: tells what is left, the last run marked. */
void field_end(struct teller *teller);
/* The field ends and its value is this part of what field_whole() gave. */
void field_end_as(struct teller *teller, struct bytes whole);
/* len bytes are missing here (0 = unknown); what comes after is told as it arrives. */
void field_gap(struct teller *teller, uint64_t len);
/* Gives back what is held, tells nothing. */
void field_drop(struct field *field, struct pool *hold);

/* A field that lies in one piece. */
void field_tell(struct parse_io *io, const struct message *message, const struct run *run);

#endif
