#include "detect/table.h"

#include <assert.h>

#define NO_HEAD                                                                                    \
	"=()<>\r\n" /* what stands before the first separator of no head; no byte of Shift_JIS */

enum { AT_START, IN_TABLE, NO_TABLE };

static_assert(COLUMNS_NAME_MAX < TAIL_LEFT, "a name stands in the window of the byte behind it");

static void begin(struct table *table, struct bytes start)
{
	bool json = start.ptr[0] == '{' || start.ptr[0] == '[';

	table->columns.separator = columns_separator(bytes_head(start, TAIL_RIGHT), NO_HEAD);
	table->state = json || table->columns.separator == 0 ? NO_TABLE : IN_TABLE;
}

void table_read(struct table *table, const struct pan_table *words, const struct window *window,
	size_t from, size_t to)
{
	if (table->state == NO_TABLE)
		return;
	if (window->base + from != table->next)
		table->state = NO_TABLE;
	else if (table->state == AT_START && from < to)
		begin(table, bytes_skip(window->buf, from));
	if (table->state == IN_TABLE &&
		!columns_read(&table->columns, words, window->buf, from, to))
		table->state = NO_TABLE;
	table->next = window->base + to;
}

uint64_t table_why(const struct table *table)
{
	return table->state == IN_TABLE ? columns_why(&table->columns) : 0;
}
