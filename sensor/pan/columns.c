#include "pan/columns.h"

#include "base/why.h"
#include "pan/words.h"

static bool is_one_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

uint8_t columns_separator(struct bytes text, const char *none)
{
	for (size_t i = 0; i < text.len && text.ptr[i] != '\n' && !is_one_of(text.ptr[i], none);
		i++)
		if (is_one_of(text.ptr[i], ",;\t|"))
			return text.ptr[i];
	return 0;
}

/* The name in the head that ends at end; longer than the longest: empty. */
static struct bytes name_before(const struct columns *columns, struct bytes buf, size_t end)
{
	size_t start = end;

	while (start > 0 && end - start <= COLUMNS_NAME_MAX &&
		buf.ptr[start - 1] != columns->separator)
		start--;
	if (end - start > COLUMNS_NAME_MAX)
		return bytes_of(buf.ptr, 0);
	while (start < end && is_one_of(buf.ptr[start], " \""))
		start++;
	while (end > start && is_one_of(buf.ptr[end - 1], " \"\r"))
		end--;
	return bytes_of(buf.ptr + start, end - start);
}

static void end_name(
	struct columns *columns, const struct pan_table *words, struct bytes buf, size_t end)
{
	struct bytes name = name_before(columns, buf, end);
	uint16_t classes = name.len == 0 ? 0 : words_of_name(words, name);

	if (columns->column == COLUMNS_MAX)
		return;
	uint64_t bit = UINT64_C(1) << columns->column;
	if ((classes & WORD_CARD) != 0)
		columns->key |= bit;
	else if ((classes & WORD_DECOY) != 0)
		columns->decoy |= bit;
	if ((classes & WORD_NUMBER) != 0)
		columns->number |= bit;
}

static void next_column(struct columns *columns)
{
	if (columns->column < COLUMNS_MAX)
		columns->column++;
}

static void read_head_byte(
	struct columns *columns, const struct pan_table *words, struct bytes buf, size_t i)
{
	uint8_t c = buf.ptr[i];

	if (c != columns->separator && c != '\n')
		return;
	end_name(columns, words, buf, i);
	next_column(columns);
	if (c != '\n')
		return;
	columns->column = 0;
	columns->rows = true;
}

static void read_row_byte(struct columns *columns, uint8_t c)
{
	if (c == '"')
		columns->quoted = !columns->quoted;
	else if (c == columns->separator && !columns->quoted)
		next_column(columns);
	else if (c == '\n' && !columns->quoted)
		columns->column = 0;
}

bool columns_read(struct columns *columns, const struct pan_table *words, struct bytes buf,
	size_t from, size_t to)
{
	for (; from < to && !columns->rows; from++)
		read_head_byte(columns, words, buf, from);
	if (columns->rows && (columns->key | columns->decoy | columns->number) == 0)
		return false;
	for (; from < to; from++)
		read_row_byte(columns, buf.ptr[from]);
	return true;
}

static bool has(const struct columns *columns, uint64_t bits)
{
	return columns->rows && columns->column < COLUMNS_MAX && (bits >> columns->column & 1) != 0;
}

uint64_t columns_why(const struct columns *columns)
{
	if (has(columns, columns->key))
		return WHY_BIT(WHY_CARD_KEY);
	return has(columns, columns->decoy) ? WHY_BIT(WHY_CARD_DECOY_KEY) : 0;
}

/* A row of one value is no row. */
static bool is_alone(const struct columns *columns, struct bytes behind)
{
	return columns->column == 0 &&
	       bytes_find_byte(bytes_head(behind, bytes_find_byte(behind, '\n')),
		       columns->separator) == SIZE_MAX;
}

uint16_t words_of_column(const struct pan_table *table, struct bytes text, size_t off)
{
	struct columns columns = {.separator = columns_separator(text, "")};

	if (off >= text.len || columns.separator == 0 ||
		bytes_find_byte(bytes_head(text, off), '\n') == SIZE_MAX || /* nearly always */
		!columns_read(&columns, table, text, 0, off) ||
		is_alone(&columns, bytes_skip(text, off + 1)))
		return 0;
	return (uint16_t)((has(&columns, columns.key) ? WORD_CARD : 0) |
			  (has(&columns, columns.decoy) ? WORD_DECOY : 0) |
			  (has(&columns, columns.number) ? WORD_NUMBER : 0));
}
