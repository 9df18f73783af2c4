/* csv.c - any bytes give rows within the limits, in rising lines, and an end;
 * what was read, written in quotes again, reads as the same. */

#include "base/csv.h"
#include "require.h"

#define WRITTEN_MAX (2 * CSV_LINE_MAX + 3 * CSV_COLUMNS_MAX + 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t write_row(const struct csv_row *row, uint8_t *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < row->count; i++) {
		if (i > 0)
			out[n++] = ',';
		out[n++] = '"';
		for (size_t k = 0; k < row->field[i].len; k++) {
			if (row->field[i].ptr[k] == '"')
				out[n++] = '"';
			out[n++] = row->field[i].ptr[k];
		}
		out[n++] = '"';
	}
	out[n++] = '\n';
	return n;
}

static void check_again(const struct csv_row *row)
{
	uint8_t written[WRITTEN_MAX];
	size_t len = write_row(row, written);
	struct csv csv = csv_of(bytes_of(written, len));
	struct csv_row again;

	if (len > CSV_LINE_MAX)
		return;
	require(row->count > 0);
	require(csv_next(&csv, &again) == CSV_ROW);
	require(again.count == row->count);
	for (uint32_t i = 0; i < row->count; i++)
		require(bytes_equal(again.field[i], row->field[i]));
	require(csv_next(&csv, &again) == CSV_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv csv = csv_of(bytes_of(data, size));
	struct csv_row row;
	uint32_t last = 0;
	enum csv_rc rc;

	csv.comment = size % 2 == 0 ? '#' : 0;
	while ((rc = csv_next(&csv, &row)) != CSV_END) {
		require(row.line > last);
		last = row.line;
		require((rc == CSV_BAD) == (row.problem != NULL));
		require(row.count <= CSV_COLUMNS_MAX && row.text_len <= CSV_LINE_MAX);
		if (rc == CSV_ROW)
			check_again(&row);
	}
	return 0;
}
