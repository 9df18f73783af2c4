#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/csv.h"
#include "indicator/name.h"

#define LIST_FILE_MAX (512u << 20)

enum column { COLUMN_VALUE, COLUMN_STATE, COLUMN_FROM, COLUMN_UNTIL, COLUMN_LAW, COLUMN_COUNT };

_Static_assert(sizeof(struct indicator_row) ==
		       3 + 7 + sizeof(uint16_t) + sizeof(uint32_t) + 2 * sizeof(uint64_t),
	"no padding: the same text is the same image");

struct builder {
	struct indicator_row *rows;
	struct image_key *keys;
	char *texts;
	size_t row_cnt, row_room, text_len, text_room;
	uint32_t domain_cnt;
};

static bool grow(void **array, size_t *room, size_t need, size_t size, struct err *err)
{
	size_t want = *room == 0 ? 1024 : *room * 2;

	if (need <= *room)
		return true;
	while (want < need)
		want *= 2;
	void *bigger = realloc(*array, want * size);
	if (bigger == NULL)
		return err_set(err, EXIT_CANNOT, "no memory for a list of %zu rows", need);
	*array = bigger;
	*room = want;
	return true;
}

static bool add_row(struct builder *builder, const struct list_value *value,
	const struct indicator_row *row, struct err *err)
{
	size_t len = strlen(value->domain), room = builder->row_room;
	struct image_key key = {.addr = value->prefix.addr,
		.bits = value->prefix.bits,
		.kind = (uint8_t)value->kind,
		.sub = 1};

	if (!grow((void **)&builder->rows, &room, builder->row_cnt + 1, sizeof(*builder->rows),
		    err) ||
		!grow((void **)&builder->keys, &builder->row_room, builder->row_cnt + 1,
			sizeof(*builder->keys), err) ||
		!grow((void **)&builder->texts, &builder->text_room, builder->text_len + len, 1,
			err))
		return false;
	if (value->kind == INDICATOR_DOMAIN) {
		key.text_off = (uint32_t)builder->text_len;
		key.text_len = (uint8_t)len;
		memcpy(builder->texts + builder->text_len, value->domain, len);
		builder->text_len += len;
		builder->domain_cnt++;
	}
	builder->keys[builder->row_cnt] = key;
	builder->rows[builder->row_cnt++] = *row;
	return true;
}

static int column_of(struct bytes name)
{
	static const struct {
		const char *name;
		int column;
	} names[] = {{"indicator", COLUMN_VALUE}, {"value", COLUMN_VALUE}, {"ip", COLUMN_VALUE},
		{"address", COLUMN_VALUE}, {"domain", COLUMN_VALUE}, {"host", COLUMN_VALUE},
		{"ioc", COLUMN_VALUE}, {"state", COLUMN_STATE}, {"status", COLUMN_STATE},
		{"from", COLUMN_FROM}, {"valid_from", COLUMN_FROM}, {"until", COLUMN_UNTIL},
		{"valid_until", COLUMN_UNTIL}, {"law", COLUMN_LAW}};

	name = bytes_trim(name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bytes_equal_nocase(name, bytes_text(names[i].name)))
			return names[i].column;
	return -1;
}

/* True if the row names columns; then *at[] is where each stands. */
static bool header_row(const struct csv_row *row, int at[COLUMN_COUNT])
{
	bool any = false;

	for (int i = 0; i < COLUMN_COUNT; i++)
		at[i] = -1;
	for (uint32_t i = 0; i < row->count; i++) {
		int column = column_of(row->field[i]);
		if (column >= 0 && at[column] < 0)
			at[column] = (int)i;
		any = any || column == COLUMN_VALUE;
	}
	if (!any)
		at[COLUMN_VALUE] = 0;
	return any;
}

static struct bytes cell(const struct csv_row *row, const int at[], enum column column)
{
	if (at[column] < 0 || (uint32_t)at[column] >= row->count)
		return (struct bytes){0};
	return bytes_trim(row->field[at[column]]);
}

static bool read_state(struct bytes text, uint8_t *out)
{
	static const char *const words[] = {
		"current", "taken_down", "sinkholed", "expired", "reassigned", "revoked"};

	for (uint8_t i = 0; text.len > 0 && i < 6; i++) {
		if (!bytes_equal_nocase(text, bytes_text(words[i])))
			continue;
		*out = i;
		return true;
	}
	return text.len == 0;
}

/* A day (2025-06-11) or a time. */
static bool read_time(struct bytes text, uint64_t *out)
{
	char whole[40];

	if (text.len == 0)
		return true;
	if (text.len > 32)
		return false;
	snprintf(whole, sizeof(whole), "%.*s%s", (int)text.len, (const char *)text.ptr,
		text.len == 10 ? "T00:00:00Z" : "");
	return clock_parse(bytes_text(whole), out);
}

static bool read_row(struct builder *builder, const char *path, const struct csv_row *row,
	const int at[], uint16_t list, struct err *err)
{
	struct indicator_row out = {.list = list, .line = row->line, .until_ns = UINT64_MAX};
	struct bytes value = cell(row, at, COLUMN_VALUE), law = cell(row, at, COLUMN_LAW);
	struct list_value named;
	const char *why = NULL;

	if (!list_value_read(value, &named, &why))
		return err_set(err, EXIT_USAGE, "%s:%u: \"%.*s\": %s. The list was not loaded.",
			path, row->line, (int)(value.len < 80 ? value.len : 80),
			value.len > 0 ? (const char *)value.ptr : "", why);
	if (!read_state(cell(row, at, COLUMN_STATE), &out.state))
		return err_set(err, EXIT_USAGE,
			"%s:%u: unknown state; one of current, taken_down, sinkholed, expired, "
			"reassigned, revoked",
			path, row->line);
	if (!read_time(cell(row, at, COLUMN_FROM), &out.from_ns) ||
		!read_time(cell(row, at, COLUMN_UNTIL), &out.until_ns))
		return err_set(err, EXIT_USAGE,
			"%s:%u: not a time; write 2025-06-11 or 2025-06-11T09:00:00Z", path,
			row->line);
	out.kind = (uint8_t)named.kind;
	out.law = law.len > 0 && !bytes_equal(law, bytes_text("0")) &&
		  !bytes_equal_nocase(law, bytes_text("no"));
	if (builder->row_cnt == IMAGE_ROWS_MAX)
		return err_set(err, EXIT_USAGE, "%s:%u: more than %u rows in all lists", path,
			row->line, IMAGE_ROWS_MAX);
	return add_row(builder, &named, &out, err);
}

static bool read_list(struct builder *builder, const char *path, struct bytes text, uint16_t list,
	struct err *err)
{
	static struct csv_row row; /* too large for a stack; the builder has one thread */
	struct csv csv = csv_of(text);
	int at[COLUMN_COUNT];
	size_t before = builder->row_cnt;
	bool first = true;
	enum csv_rc rc;

	csv.comment = '#';
	while ((rc = csv_next(&csv, &row)) != CSV_END) {
		if (rc == CSV_BAD)
			return err_set(err, EXIT_USAGE, "%s:%u: %s", path, row.line, row.problem);
		if (first && header_row(&row, at)) {
			first = false;
			continue;
		}
		first = false;
		if (row.count == 1 && bytes_trim(row.field[0]).len == 0)
			continue;
		if (!read_row(builder, path, &row, at, list, err))
			return false;
	}
	/* A feed that came empty must not pass for a world without enemies. */
	return builder->row_cnt > before ||
	       err_set(err, EXIT_USAGE, "%s: no indicator in it; fetch it again, or leave it out",
		       path);
}

static bool read_file(const char *path, char **out, size_t *len, struct err *err)
{
	FILE *file = fopen(path, "rb");
	size_t room = 1u << 16;
	char *text = file == NULL ? NULL : malloc(room);

	*len = 0;
	while (text != NULL) {
		size_t got = fread(text + *len, 1, room - *len, file);
		*len += got;
		if (got == 0)
			break;
		if (*len < room)
			continue;
		char *bigger = room >= LIST_FILE_MAX ? NULL : realloc(text, room * 2);
		if (bigger == NULL)
			break;
		text = bigger;
		room *= 2;
	}
	bool read = text != NULL && ferror(file) == 0 && feof(file) != 0;
	if (!read)
		err_set(err, EXIT_USAGE,
			"%s: cannot read the list: %s; name another file, or leave it out", path,
			errno != 0 ? strerror(errno) : "too large");
	if (file != NULL)
		fclose(file);
	if (!read)
		free(text);
	*out = read ? text : NULL;
	return read;
}

static uint32_t power_above(size_t n)
{
	uint32_t size = 16;

	while (size < n)
		size *= 2;
	return size;
}

static void bloom_add(const uint64_t *bloom, uint32_t words, uint64_t hash)
{
	((uint64_t *)(uintptr_t)bloom)[(hash >> 30) & (words - 1)] |= image_bloom_mask(hash);
}

static void insert(const struct image_view *view, uint32_t *table, uint32_t row)
{
	const struct image_key *key = &view->keys[row];
	struct bytes name = bytes_of(view->texts + key->text_off, key->text_len);
	bool domain = key->kind == INDICATOR_DOMAIN;
	uint64_t hash = domain ? image_hash_name(&view->header->key, name)
			       : image_hash_addr(&view->header->key, &key->addr, key->bits);
	uint32_t mask = view->header->table_size - 1;
	uint32_t at = (uint32_t)hash & mask;

	while (table[at] != 0)
		at = (at + 1) & mask;
	table[at] = row + 1;
	if (domain)
		bloom_add(view->names, view->header->name_words, image_sign(name));
	else
		bloom_add(view->bloom, view->header->bloom_words,
			image_sign_addr(&key->addr, key->bits));
}

static bool write_image(const struct builder *builder, uint32_t lists, uint8_t **out,
	size_t *out_len, struct err *err)
{
	struct image_header header = {.magic = IMAGE_MAGIC,
		.row_cnt = (uint32_t)builder->row_cnt,
		.list_cnt = lists,
		.table_size = power_above(builder->row_cnt * 2),
		.bloom_words = power_above(builder->row_cnt / 4),
		.text_len = (uint32_t)builder->text_len,
		.domain_cnt = builder->domain_cnt,
		.name_words = power_above(builder->domain_cnt / 4),
		.key = {0x5365706b69736f21u, 0x6c69737465737321u}};
	struct image_view view;

	for (size_t i = 0; i < builder->row_cnt; i++)
		if (builder->keys[i].kind == INDICATOR_PREFIX)
			header.lengths[builder->keys[i].bits / 64] |=
				UINT64_C(1) << (builder->keys[i].bits % 64);
	header.len = image_len(&header);
	*out = calloc(1, header.len);
	if (*out == NULL)
		return err_set(
			err, EXIT_CANNOT, "no memory for lists of %zu rows", builder->row_cnt);
	*out_len = header.len;
	memcpy(*out, &header, sizeof(header));
	image_view_of(*out, &view);
	if (builder->row_cnt > 0) {
		memcpy((void *)(uintptr_t)view.rows, builder->rows,
			builder->row_cnt * sizeof(*builder->rows));
		memcpy((void *)(uintptr_t)view.keys, builder->keys,
			builder->row_cnt * sizeof(*builder->keys));
	}
	if (builder->text_len > 0)
		memcpy((void *)(uintptr_t)view.texts, builder->texts, builder->text_len);
	for (uint32_t i = 0; i < header.row_cnt; i++)
		insert(&view, (uint32_t *)(uintptr_t)view.table, i);
	return true;
}

bool indicators_build(
	const char *const paths[], uint32_t count, uint8_t **out, size_t *out_len, struct err *err)
{
	struct builder builder = {0};
	bool done = true;

	for (uint32_t i = 0; done && i < count; i++) {
		char *text;
		size_t len;
		errno = 0;
		done = read_file(paths[i], &text, &len, err);
		if (!done)
			break;
		done = read_list(&builder, paths[i], bytes_of(text, len), (uint16_t)(i + 1), err);
		free(text);
	}
	done = done && write_image(&builder, count, out, out_len, err);
	free(builder.rows);
	free(builder.keys);
	free(builder.texts);
	return done;
}
