/* record.h - a parser driven as the worker drives it, and what it told as text.
 *
 * One line per field, gap and border of a message, in the order told; each
 * direction has its own text, so that it does not depend on how the directions
 * were woven.  Runs of a field are joined, neighbouring raw messages too: what
 * is left depends on the bytes alone, and a broken rule of message.h (a run
 * out of place, a wrong first length, a wrong offset) stands there as
 * "BROKEN" and is counted. */
#ifndef SEKISHO_TEST_RECORD_H
#define SEKISHO_TEST_RECORD_H

#include "parse/parser.h"

struct text {
	char *ptr; /* NUL-terminated, owned */
	size_t len, room;
};

struct record_field {
	bool open, cut_short;
	enum field_role role;
	uint64_t end; /* offset behind what was told */
	struct text name, data;
};

struct record_dir {
	struct text text;
	struct text raw;              /* not printed yet */
	struct record_field field[2]; /* the second: beside an open body */
	bool open, gap;
	uint32_t broken; /* rules of message.h that were */
	struct message message;
};

struct record {
	struct record_dir dir[2];
	uint64_t runs, bytes; /* told */
};

struct drive {
	const struct parser *parser;
	struct parse_io io;
	struct arena arena;
	struct pool hold;
	struct record record;
	bool raw[2];
	uint64_t state[PARSER_STATE_MAX / 8];
};

/* hold: items that may be held at a time.  Aborts if there is no memory. */
void drive_new(struct drive *drive, const struct parser *parser, uint32_t hold);
void drive_data(struct drive *drive, uint8_t dir, struct bytes data);
/* In pieces of that many bytes, each from a copy that is gone after the call. */
void drive_pieces(struct drive *drive, uint8_t dir, struct bytes data, size_t piece);
void drive_gap(struct drive *drive, uint8_t dir, uint64_t len);
/* Ends both directions and drops the state; the texts stay. */
void drive_end(struct drive *drive);
const char *drive_text(const struct drive *drive, uint8_t dir);
/* True if needle was told in one piece: in a field, a name or a raw run. */
bool drive_told(const struct drive *drive, const char *needle);
/* True if no rule of message.h was broken. */
bool drive_clean(const struct drive *drive);
void drive_free(struct drive *drive);

/* One step of a conversation. */
struct say {
	uint8_t dir;
	struct bytes data;
};

/* Says all, then compares with every cut of every step in two and with pieces
 * of one byte; prints the first difference.  False if there is one. */
bool same_in_pieces(
	const struct parser *parser, const struct say *says, size_t count, size_t piece);
/* A conversation from bytes that a fuzzer made: "\xff\xff" changes the direction. */
#define SAYS_MAX 64
size_t says_of(struct bytes input, struct say says[static SAYS_MAX]);
bool same_in_any_cut(const struct parser *parser, const struct say *says, size_t count);

#endif
