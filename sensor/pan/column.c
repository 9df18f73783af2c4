#include "pan/words.h"

/* The first line of a table that is seen, and the row at hand. */
struct table_text {
	struct bytes head, before, behind; /* before, behind: of the row's value */
	char parts;                        /* what parts its columns */
};

static size_t count_of(struct bytes text, char c)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == (uint8_t)c;
	return count;
}

static struct bytes line_of(struct bytes text)
{
	size_t len = bytes_find_byte(text, '\n');

	return bytes_trim(bytes_head(text, len));
}

/* False: the value stands in the first line, or is no column. */
static bool read_table(struct bytes text, size_t off, struct table_text *table)
{
	static const char parts[] = {',', ';', '\t', '|'};
	size_t row = off;

	while (row > 0 && text.ptr[row - 1] != '\n')
		row--;
	if (row == 0)
		return false;
	table->head = line_of(text);
	table->before = bytes_of(text.ptr + row, off - row);
	table->behind = line_of(bytes_skip(text, off + 1));
	for (size_t i = 0; i < sizeof(parts); i++) {
		table->parts = parts[i];
		if (count_of(table->before, parts[i]) + count_of(table->behind, parts[i]) > 0)
			return count_of(table->head, parts[i]) > 0;
	}
	return false;
}

/* Column index of the line, counted from the left; empty: it has fewer. */
static struct bytes column_of(struct bytes line, char parts, size_t index)
{
	for (; index > 0; index--) {
		size_t at = bytes_find_byte(line, (uint8_t)parts);
		if (at == SIZE_MAX)
			return (struct bytes){.len = 0};
		line = bytes_skip(line, at + 1);
	}
	return bytes_trim(bytes_head(line, bytes_find_byte(line, (uint8_t)parts)));
}

uint16_t words_of_column(
	const struct pan_table *table, struct bytes text, size_t off, bool from_start)
{
	struct table_text lines;

	if (off >= text.len || !read_table(text, off, &lines))
		return 0;
	size_t columns = count_of(lines.head, lines.parts);
	size_t index = count_of(lines.before, lines.parts);
	size_t behind = count_of(lines.behind, lines.parts);
	if (!from_start) { /* the head may lack its beginning: counted from the right */
		if (behind >= columns)
			return 0;
		index = columns - behind;
	}
	return words_of_name(table, column_of(lines.head, lines.parts, index));
}
