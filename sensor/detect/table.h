/* table.h - the table with separators that a view is: which column holds what (pan/columns.h).
 *
 * A number in row 5,000 has its name in the first line.  Read on as the view is judged, so the
 * result does not depend on cuts: a name is read back from the separator behind it (TAIL_LEFT
 * bytes are there), and what a view begins with is TAIL_RIGHT bytes or all of it.
 * Cost: nothing where the first line is no head that names cards or other numbers; else one
 * step a byte. */
#ifndef SEKISHO_DETECT_TABLE_H
#define SEKISHO_DETECT_TABLE_H

#include "detect/tail.h"
#include "pan/columns.h"

struct table {         /* zero: a view's first byte comes next */
	uint64_t next; /* offset of the next byte */
	struct columns columns;
	uint8_t state;
};

/* Reads [from, to) of the window; if anything before was left out there is no table any more. */
void table_read(struct table *table, const struct pan_table *words, const struct window *window,
	size_t from, size_t to);
/* WHY_CARD_KEY or WHY_CARD_DECOY_KEY of the column of the next byte, or 0. */
uint64_t table_why(const struct table *table);

#endif
