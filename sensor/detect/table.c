#include "detect/table.h"

#include <assert.h>

#include "base/why.h"

#define CELL_MAX 64 /* bytes of a name in a head, quotes included */
#define SEPARATORS ",;\t|"
#define NO_HEAD                                                                                    \
	"=()<>\r\n" /* what stands before the first separator of no head; no byte of Shift_JIS */

enum { AT_START, IN_HEAD, IN_ROWS, NO_TABLE };

static_assert(CELL_MAX < TAIL_LEFT, "a name stands in the window of the byte behind it");

static bool is_one_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static void begin(struct table *table, struct bytes start)
{
	size_t look = start.len < TAIL_RIGHT ? start.len : TAIL_RIGHT;

	table->state = NO_TABLE;
	if (is_one_of(start.ptr[0], "{[")) /* JSON */
		return;
	for (size_t i = 0; i < look && !is_one_of(start.ptr[i], NO_HEAD); i++) {
		if (!is_one_of(start.ptr[i], SEPARATORS))
			continue;
		table->state = IN_HEAD;
		table->separator = start.ptr[i];
		return;
	}
}

/* The name in the head that ends at end; longer than CELL_MAX: empty. */
static struct bytes name_before(const struct table *table, struct bytes buf, size_t end)
{
	size_t start = end;

	while (start > 0 && end - start <= CELL_MAX && buf.ptr[start - 1] != table->separator)
		start--;
	if (end - start > CELL_MAX)
		return bytes_of(buf.ptr, 0);
	while (start < end && is_one_of(buf.ptr[start], " \""))
		start++;
	while (end > start && is_one_of(buf.ptr[end - 1], " \"\r"))
		end--;
	return bytes_of(buf.ptr + start, end - start);
}

static void end_name(
	struct table *table, const struct pan_table *words, struct bytes buf, size_t end)
{
	struct bytes name = name_before(table, buf, end);
	uint64_t why = name.len == 0 ? 0 : pan_name(words, name);

	if (table->column == TABLE_COLUMNS)
		return;
	if ((why & WHY_BIT(WHY_CARD_KEY)) != 0)
		table->key |= UINT64_C(1) << table->column;
	if ((why & WHY_BIT(WHY_CARD_DECOY_KEY)) != 0)
		table->decoy |= UINT64_C(1) << table->column;
}

static void next_column(struct table *table)
{
	if (table->column < TABLE_COLUMNS)
		table->column++;
}

static void read_head_byte(
	struct table *table, const struct pan_table *words, struct bytes buf, size_t i)
{
	uint8_t c = buf.ptr[i];

	if (c != table->separator && c != '\n')
		return;
	end_name(table, words, buf, i);
	next_column(table);
	if (c != '\n')
		return;
	table->column = 0;
	table->state = (table->key | table->decoy) != 0 ? IN_ROWS : NO_TABLE;
}

static void read_row_byte(struct table *table, uint8_t c)
{
	if (c == '"')
		table->quoted = !table->quoted;
	else if (c == table->separator && !table->quoted)
		next_column(table);
	else if (c == '\n' && !table->quoted)
		table->column = 0;
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
	for (size_t i = from; i < to && table->state == IN_HEAD; i++, from++)
		read_head_byte(table, words, window->buf, i);
	for (size_t i = from; i < to && table->state == IN_ROWS; i++)
		read_row_byte(table, window->buf.ptr[i]);
	table->next = window->base + to;
}

uint64_t table_why(const struct table *table)
{
	if (table->state != IN_ROWS || table->column == TABLE_COLUMNS)
		return 0;
	if ((table->key >> table->column & 1) != 0)
		return WHY_BIT(WHY_CARD_KEY);
	return (table->decoy >> table->column & 1) != 0 ? WHY_BIT(WHY_CARD_DECOY_KEY) : 0;
}
