/* rows.h - arrays of objects as tables.
 *
 * A member's name says how its number reads: share_x in percent, x_bytes and
 * the sums of coverage as sizes; texts in the form of a time are shortened. */
#ifndef SEKISHO_TOOLS_ROWS_H
#define SEKISHO_TOOLS_ROWS_H

#include "sekisho/page.h"

#define COLUMNS_MAX 12

struct columns {
	const char *keys[COLUMNS_MAX];
	size_t count;
};

/* The keys of all rows in the order in which they first stand; they live as
 * long as the rows. */
void rows_columns(struct columns *columns, const struct value *rows);
/* Column heads are the keys in capitals.  columns->count >= 1. */
void rows_table(struct page *page, const struct columns *columns, const struct value *rows);
/* Into the page's piece: lists are joined; of an object its name, or else its members. */
void rows_put(struct page *page, const char *key, const struct value *value);

#endif
