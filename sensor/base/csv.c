#include "base/csv.h"

struct csv csv_of(struct bytes text)
{
	struct csv csv = {.rest = text, .line = 1, .separator = ','};

	if (bytes_starts(text, "\xef\xbb\xbf"))
		csv.rest = bytes_skip(text, 3);
	return csv;
}

static void skip_line(struct csv *csv)
{
	size_t end = bytes_find_byte(csv->rest, '\n');

	csv->rest = end == SIZE_MAX ? bytes_skip(csv->rest, csv->rest.len)
				    : bytes_skip(csv->rest, end + 1);
	csv->line++;
}

static enum csv_rc refuse(struct csv *csv, struct csv_row *row, const char *problem)
{
	row->problem = problem;
	row->count = 0;
	skip_line(csv);
	return CSV_BAD;
}

/* Length of the line end at the start of a: 0 if there is none. */
static size_t line_end(struct bytes a)
{
	if (a.len > 0 && a.ptr[0] == '\n')
		return 1;
	return a.len > 1 && a.ptr[0] == '\r' && a.ptr[1] == '\n' ? 2 : 0;
}

static void skip_unused_lines(struct csv *csv)
{
	while (csv->rest.len > 0) {
		bool comment = csv->comment != 0 && csv->rest.ptr[0] == (uint8_t)csv->comment;

		if (!comment && line_end(csv->rest) == 0)
			return;
		skip_line(csv);
	}
}

/* Reads a quoted field whose opening quote stands at *at; leaves *at behind
 * the closing one. */
static const char *take_quoted(
	struct bytes a, size_t *at, struct csv_row *row, struct bytes *field, uint32_t *lines)
{
	uint8_t *start = row->text + row->text_len;
	size_t n = 0;

	for (++*at; *at < a.len; ++*at) {
		uint8_t c = a.ptr[*at];

		if (*at >= CSV_LINE_MAX)
			return "longer than 4096 bytes";
		if (c == '"' && (*at + 1 >= a.len || a.ptr[*at + 1] != '"')) {
			++*at;
			row->text_len += (uint32_t)n;
			*field = bytes_of(start, n);
			return NULL;
		}
		*at += c == '"';
		*lines += c == '\n';
		start[n++] = c;
	}
	return "a quote is opened and not closed";
}

static const char *take_plain(struct csv *csv, size_t *at, struct bytes *field)
{
	struct bytes a = bytes_skip(csv->rest, *at);
	size_t n = 0;

	while (n < a.len && a.ptr[n] != (uint8_t)csv->separator && a.ptr[n] != '\n') {
		if (*at + n >= CSV_LINE_MAX && line_end(bytes_skip(a, n)) == 0)
			return "longer than 4096 bytes";
		if (a.ptr[n] == '"')
			return "a quote inside a field without quotes";
		n++;
	}
	*at += n;
	if (n > 0 && n < a.len && a.ptr[n] == '\n' && a.ptr[n - 1] == '\r') {
		n--;
		--*at;
	}
	*field = bytes_head(a, n);
	return NULL;
}

enum csv_rc csv_next(struct csv *csv, struct csv_row *row)
{
	size_t at = 0;
	uint32_t lines = 1;

	skip_unused_lines(csv);
	row->line = csv->line;
	row->count = row->text_len = 0;
	row->problem = NULL;
	if (csv->rest.len == 0)
		return CSV_END;
	for (;;) {
		if (row->count == CSV_COLUMNS_MAX)
			return refuse(csv, row, "more than 64 fields");
		struct bytes *field = &row->field[row->count];
		bool quoted = at < csv->rest.len && csv->rest.ptr[at] == '"';
		const char *problem = quoted ? take_quoted(csv->rest, &at, row, field, &lines)
					     : take_plain(csv, &at, field);

		if (problem != NULL)
			return refuse(csv, row, problem);
		row->count++;
		struct bytes rest = bytes_skip(csv->rest, at);
		size_t end = line_end(rest);
		if (at > CSV_LINE_MAX)
			return refuse(csv, row, "longer than 4096 bytes");
		if (rest.len == 0 || end > 0) {
			csv->rest = bytes_skip(rest, end);
			csv->line += lines;
			return CSV_ROW;
		}
		if (rest.ptr[0] != (uint8_t)csv->separator)
			return refuse(csv, row, "text after a closing quote");
		at++;
	}
}
