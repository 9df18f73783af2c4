/* csv.h - rows of comma-separated text (RFC 4180), out of bytes in memory.
 *
 * In:    any bytes; lines end in LF or CRLF, the last may lack its end; a
 *        UTF-8 byte order mark at the start is skipped; empty lines are too.
 * Out:   rows of at most 64 fields.  A field in quotes may hold separators,
 *        line ends and doubled quotes.  Nothing is trimmed.  Fields may hold
 *        any byte: they are hostile.
 * Limit: a row of more than 4 KiB (its end not counted) is refused.
 * After a refused row reading goes on at the line after the one it began in,
 * so one wrong quote costs one row. */
#ifndef SEKISHO_BASE_CSV_H
#define SEKISHO_BASE_CSV_H

#include "base/bytes.h"

#define CSV_COLUMNS_MAX 64
#define CSV_LINE_MAX 4096

enum csv_rc { CSV_ROW, CSV_END, CSV_BAD };

struct csv {
	struct bytes rest;
	uint32_t line;  /* of the first byte of rest, from 1 */
	char separator; /* ',' unless changed after csv_of() */
	char comment;   /* 0 = none; else lines that begin with it are skipped */
};

/* Filled by csv_next(); plain fields point into the input, quoted ones into
 * text, so a row must not be copied. */
struct csv_row {
	uint32_t line; /* where the row begins */
	uint32_t count;
	struct bytes field[CSV_COLUMNS_MAX];
	const char *problem; /* CSV_BAD: one sentence, else NULL */
	uint32_t text_len;
	uint8_t text[CSV_LINE_MAX];
};

struct csv csv_of(struct bytes text);
enum csv_rc csv_next(struct csv *csv, struct csv_row *row);

#endif
