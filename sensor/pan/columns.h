/* columns.h - a table with separators (CSV, TSV): which column is named like a card number.
 *
 * In:    text from the first byte of the table on, in order, in any pieces; a name is read back
 *        from the separator behind it (COLUMNS_NAME_MAX bytes before a piece must be there).
 * Out:   what the head's name of the column at hand says.
 * Cost:  one step a byte; nothing is kept but what struct columns holds. */
#ifndef SEKISHO_PAN_COLUMNS_H
#define SEKISHO_PAN_COLUMNS_H

#include "pan/pan.h"

#define COLUMNS_MAX 64
#define COLUMNS_NAME_MAX 64 /* bytes of a name in a head, quotes included */

struct columns {
	uint64_t key, decoy, number; /* bits: columns named so; number: only beside a card word */
	uint8_t separator;
	uint8_t column; /* of the next byte, at most COLUMNS_MAX */
	bool rows;      /* the head is over */
	bool quoted;    /* RFC 4180: separators within quotes are none */
};

/* The first separator in text, and before any byte of none and the first line's end; 0: there
 * is none. */
uint8_t columns_separator(struct bytes text, const char *none);
/* Reads [from, to) of buf.  False: the head names none, and there is nothing more to ask. */
bool columns_read(struct columns *columns, const struct pan_table *words, struct bytes buf,
	size_t from, size_t to);
/* Of the next byte: WHY_CARD_KEY, WHY_CARD_DECOY_KEY or 0. */
uint64_t columns_why(const struct columns *columns);

#endif
