/* table.h - rows and columns within PAGE_COLUMNS: the widest columns give way,
 * and what is cut ends in "~" (all of it is in --json). */
#ifndef SEKISHO_TOOLS_TABLE_H
#define SEKISHO_TOOLS_TABLE_H

#include "sekisho/page.h"

#define TABLE_COLUMNS_MAX 24

enum table_side { TABLE_LEFT, TABLE_RIGHT };

struct table {
	size_t columns, cells_cnt, room;
	char **cells; /* row by row; heap */
	size_t width[TABLE_COLUMNS_MAX];
	enum table_side side[TABLE_COLUMNS_MAX];
	bool full; /* no memory: rows are missing */
};

void table_start(struct table *table, size_t columns);
/* The next cell, row by row, is the page's piece; it is emptied. */
void table_cell(struct table *table, struct page *page);
/* Heads first: the first row is written as headings.  Frees everything. */
void table_end(struct table *table, struct page *page);

#endif
