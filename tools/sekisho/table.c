#include "sekisho/table.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2
#define NARROW 8 /* no column gives way below this */

void table_start(struct table *table, size_t columns)
{
	*table = (struct table){
		.columns = columns < TABLE_COLUMNS_MAX ? columns : TABLE_COLUMNS_MAX};
}

static bool grow(struct table *table)
{
	size_t room = table->room == 0 ? 256 : 2 * table->room;

	if (table->cells_cnt < table->room)
		return true;
	char **cells = realloc(table->cells, room * sizeof(*cells));
	if (cells == NULL)
		return false;
	table->cells = cells;
	table->room = room;
	return true;
}

void table_cell(struct table *table, struct page *page)
{
	size_t column = table->cells_cnt % table->columns, len = page->len;
	const char *text = page_take(page);
	size_t width = page_width(text, len);

	char *copy = grow(table) ? strdup(text) : NULL;
	if (copy == NULL) {
		table->full = true;
		return;
	}
	table->cells[table->cells_cnt++] = copy;
	if (width > table->width[column])
		table->width[column] = width;
}

/* Takes columns from the widest until all fit. */
static void narrow(struct table *table)
{
	for (;;) {
		size_t sum = GAP * (table->columns - 1), widest = 0;

		for (size_t i = 0; i < table->columns; i++) {
			sum += table->width[i];
			if (table->width[i] > table->width[widest])
				widest = i;
		}
		if (sum <= PAGE_COLUMNS || table->width[widest] <= NARROW)
			return;
		table->width[widest]--;
	}
}

static void write_cell(const struct table *table, size_t column, const char *text, FILE *out)
{
	size_t len = strlen(text), width = page_width(text, len), limit = table->width[column];
	bool is_cut = width > limit, last = column + 1 == table->columns;
	size_t shown = is_cut ? page_fit(text, len, limit - 1) : len;
	size_t used = page_width(text, shown) + is_cut;
	int blanks = (int)(limit > used ? limit - used : 0);

	if (table->side[column] == TABLE_RIGHT)
		fprintf(out, "%*s", blanks, "");
	fwrite(text, 1, shown, out);
	fputs(is_cut ? "~" : "", out);
	/* A cut may have taken the escape that ends a colour. */
	if (is_cut && memchr(text, '\033', shown) != NULL)
		fputs("\033[0m", out);
	if (table->side[column] == TABLE_LEFT && !last)
		fprintf(out, "%*s", blanks, "");
	if (!last)
		fprintf(out, "%*s", GAP, "");
}

void table_end(struct table *table, struct page *page)
{
	narrow(table);
	for (size_t at = 0; at < table->cells_cnt; at++) {
		size_t column = at % table->columns;
		write_cell(table, column, table->cells[at], page->out);
		free(table->cells[at]);
		if (column + 1 == table->columns)
			fputc('\n', page->out);
	}
	if (table->full)
		fputs("(rows are missing: no memory)\n", page->out);
	free(table->cells);
	*table = (struct table){0};
}
