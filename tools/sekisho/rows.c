#include "sekisho/rows.h"

#include "sekisho/table.h"

static bool ends_in(const char *key, const char *word)
{
	size_t len = strlen(key), word_len = strlen(word);

	return len >= word_len && strcmp(key + len - word_len, word) == 0;
}

static bool is_size(const char *key)
{
	static const char *const keys[] = {"payload", "inspected", "tls", "missing", "size",
		"duplicate", "pending", "one_sided"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return ends_in(key, "bytes");
}

static void put_one(struct page *page, const char *key, const struct value *value)
{
	uint64_t number;
	double real;
	struct bytes text;

	if (strncmp(key, "share", 5) == 0 && value_real(value, &real))
		page_put_share(page, real);
	else if (is_size(key) && value_u64(value, &number))
		page_put_size(page, number);
	else if (value_text(value, &text) && text.len == 31 && text.ptr[10] == 'T')
		page_put_time(page, value);
	else
		page_put_value(page, value);
}

void rows_put(struct page *page, const char *key, const struct value *value)
{
	const char *member;

	if (value == NULL)
		page_put(page, "-");
	for (size_t i = 0; i < value_count(value); i++) {
		page_put(page, "%s", i == 0 ? "" : ", ");
		put_one(page, key, value_item(value, i));
	}
	if (value_at(value, "name") != NULL) {
		page_put_value(page, value_at(value, "name"));
		return;
	}
	for (size_t i = 0; value_is_object(value); i++) {
		const struct value *of = value_member(value, i, &member);
		if (member == NULL)
			break;
		page_put(page, "%s", i == 0 ? "" : ", ");
		page_put_bytes(page, bytes_text(member));
		page_put(page, " ");
		put_one(page, member, of);
	}
	if (!value_is_object(value) && !value_is_array(value))
		put_one(page, key, value);
}

static bool has(const struct columns *columns, const char *key)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->keys[i], key) == 0)
			return true;
	return false;
}

void rows_columns(struct columns *columns, const struct value *rows)
{
	columns->count = 0;
	for (size_t i = 0; i < value_count(rows); i++) {
		const char *key;
		for (size_t k = 0; columns->count < COLUMNS_MAX; k++) {
			value_member(value_item(rows, i), k, &key);
			if (key == NULL)
				break;
			if (!has(columns, key))
				columns->keys[columns->count++] = key;
		}
	}
}

static void put_table_head(struct table *table, struct page *page, const struct columns *columns,
	const struct value *row)
{
	double number;

	table_start(table, columns->count);
	for (size_t i = 0; i < columns->count; i++) {
		page_put_bytes(page, bytes_text(columns->keys[i]));
		for (size_t at = 0; at < page->len; at++) {
			char c = page->piece[at];
			page->piece[at] = c >= 'a' && c <= 'z' ? (char)(c - 0x20)
					  : c == '_'           ? ' '
							       : c;
		}
		table_cell(table, page);
		if (value_real(value_at(row, columns->keys[i]), &number))
			table->side[i] = TABLE_RIGHT;
	}
}

void rows_table(struct page *page, const struct columns *columns, const struct value *rows)
{
	struct table table;

	put_table_head(&table, page, columns, value_item(rows, 0));
	for (size_t i = 0; i < value_count(rows); i++) {
		for (size_t k = 0; k < columns->count; k++) {
			const char *key = columns->keys[k];
			rows_put(page, key, value_at(value_item(rows, i), key));
			table_cell(&table, page);
		}
	}
	table_end(&table, page);
}
