#include "record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[] = {"request", "response", "hello", "query", "answer", "raw"};
static const char *const reasons[] = {"complete", "gap", "end", "bad"};

static void text_bytes(struct text *text, const void *ptr, size_t len)
{
	if (text->len + len + 1 > text->room) {
		text->room = (text->len + len + 1) * 2;
		text->ptr = realloc(text->ptr, text->room);
		if (text->ptr == NULL)
			abort();
	}
	if (len > 0)
		memcpy(text->ptr + text->len, ptr, len);
	text->len += len;
	text->ptr[text->len] = '\0';
}

__attribute__((format(printf, 2, 3))) static void print(struct text *text, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	text_bytes(text, line, (size_t)len);
}

static void quote(struct text *text, const struct text *from)
{
	for (size_t i = 0; i < from->len; i++) {
		uint8_t c = (uint8_t)from->ptr[i];

		if (c == '\\' || c < 0x20 || c >= 0x7f)
			print(text, c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\x%02x", c);
		else
			text_bytes(text, &c, 1);
	}
}

static void text_clear(struct text *text)
{
	text->len = 0;
	text_bytes(text, "", 0);
}

static void raw_out(struct record_dir *dir)
{
	if (dir->raw.len == 0)
		return;
	print(&dir->text, "raw ");
	quote(&dir->text, &dir->raw);
	print(&dir->text, "\n");
	text_clear(&dir->raw);
}

static void broken(struct record_dir *dir, const char *what)
{
	print(&dir->text, "BROKEN %s\n", what);
	dir->broken++;
}

static void on_open(void *self, const struct message *message)
{
	struct record *record = self;
	struct record_dir *dir = &record->dir[message->dir];

	if (dir->open)
		broken(dir, "open in open");
	dir->open = true;
	dir->gap = false;
	dir->message = *message;
	if (message->kind == MESSAGE_RAW)
		return;
	raw_out(dir);
	print(&dir->text, "%s %u%s\n", kinds[message->kind], message->number,
		message->orphan ? " orphan" : "");
}

static void field_out(struct record_dir *dir, struct record_field *field)
{
	print(&dir->text, " %s", field_word(field->role));
	if (field->name.len > 0) {
		print(&dir->text, " (");
		quote(&dir->text, &field->name);
		print(&dir->text, ")");
	}
	print(&dir->text, " ");
	quote(&dir->text, &field->data);
	print(&dir->text, "\n");
	field->open = false;
}

static void check_first(struct record_dir *dir, struct record_field *field, const struct run *run)
{
	field->cut_short = false;
	if (run->offset != 0 && !dir->gap)
		broken(dir, "offset of the first run");
	if (run->role == FIELD_RAW || dir->gap)
		return;
	if (run->data.len > FIELD_WHOLE)
		broken(dir, "first run too long");
	field->cut_short = !run->last && run->data.len < FIELD_WHOLE; /* only before a gap */
}

static void on_run(void *self, const struct message *message, const struct run *run)
{
	struct record *record = self;
	struct record_dir *dir = &record->dir[message->dir];
	struct record_field *field = &dir->field[0];

	record->runs++;
	record->bytes += run->data.len;
	if (!dir->open || memcmp(message, &dir->message, sizeof(*message)) != 0)
		broken(dir, "run outside of its message");
	if (run->data.len > RUN_MAX)
		broken(dir, "run too long");
	if (message->kind == MESSAGE_RAW) {
		text_bytes(&dir->raw, run->data.ptr, run->data.len);
		return;
	}
	if (field->open && (run->first || run->role != field->role))
		field = &dir->field[1];
	if (run->first) {
		check_first(dir, field, run);
		field->open = true;
		field->role = run->role;
		field->end = run->offset;
		text_clear(&field->name);
		text_clear(&field->data);
		if (run->role != FIELD_DNS_QUERY || !bytes_equal(run->name, run->data))
			text_bytes(&field->name, run->name.ptr, run->name.len);
	} else {
		if (!field->open || field->end != run->offset)
			broken(dir, "offset of a run");
		if (field->cut_short)
			broken(dir, "first run too short");
		if (run->last && !dir->gap && run->role != FIELD_RAW &&
			run->offset + run->data.len <= FIELD_WHOLE)
			broken(dir, "two runs of a short field");
	}
	text_bytes(&field->data, run->data.ptr, run->data.len);
	field->end = run->offset + run->data.len;
	if (run->last) {
		if (run->role == FIELD_DNS_QUERY || run->role == FIELD_DNS_ANSWER ||
			run->role == FIELD_DNS_RCODE)
			print(&dir->text, " %u %u", run->number, run->ttl);
		field_out(dir, field);
	}
}

static void on_gap(void *self, const struct message *message, enum field_role role, uint64_t len)
{
	struct record *record = self;
	struct record_dir *dir = &record->dir[message->dir];

	dir->gap = true;
	dir->field[0].cut_short = false;
	if (message->kind == MESSAGE_RAW) {
		raw_out(dir);
		print(&dir->text, "raw gap %llu\n", (unsigned long long)len);
		return;
	}
	print(&dir->field[0].data, "<%llu missing>", (unsigned long long)len);
	dir->field[0].end += len;
	if (!dir->field[0].open)
		print(&dir->text, " gap %s %llu\n", field_word(role), (unsigned long long)len);
}

static void on_close(void *self, const struct message *message, enum close_reason reason)
{
	struct record *record = self;
	struct record_dir *dir = &record->dir[message->dir];

	if (!dir->open)
		broken(dir, "close in close");
	if (dir->field[0].open || dir->field[1].open)
		broken(dir, "a field without last run");
	dir->field[0].open = false;
	dir->field[1].open = false;
	dir->open = false;
	if (message->kind != MESSAGE_RAW)
		print(&dir->text, " %s\n", reasons[reason]);
}

void drive_new(struct drive *drive, const struct parser *parser, uint32_t hold)
{
	struct err err = {0};

	*drive = (struct drive){.parser = parser};
	if (!arena_new(&drive->arena, pool_bytes(FIELD_WHOLE, hold) + 4096, &err) ||
		!pool_new(&drive->hold, &drive->arena, FIELD_WHOLE, hold))
		abort();
	drive->io.hold = &drive->hold;
	drive->io.client_dir = -1;
	drive->io.sink = (struct message_sink){.self = &drive->record,
		.open = on_open,
		.run = on_run,
		.gap = on_gap,
		.close = on_close};
	for (int i = 0; i < 2; i++) {
		text_clear(&drive->record.dir[i].text);
		text_clear(&drive->record.dir[i].raw);
	}
}

void drive_data(struct drive *drive, uint8_t dir, struct bytes data)
{
	size_t taken = 0;

	if (!drive->raw[dir]) {
		drive->io.taken = 0;
		if (drive->parser->data(drive->state, &drive->io, dir, data) == PARSE_OK)
			return;
		if (drive->record.dir[dir].open)
			broken(&drive->record.dir[dir], "open after PARSE_BAD");
		drive->raw[dir] = !drive->io.datagram;
		taken = drive->io.taken;
	}
	if (taken > data.len)
		broken(&drive->record.dir[dir], "taken");
	data = bytes_skip(data, taken);
	text_bytes(&drive->record.dir[dir].raw, data.ptr, data.len);
}

void drive_pieces(struct drive *drive, uint8_t dir, struct bytes data, size_t piece)
{
	while (data.len > 0) {
		struct bytes part = bytes_head(data, piece);
		uint8_t *copy = malloc(part.len);

		if (copy == NULL)
			abort();
		memcpy(copy, part.ptr, part.len);
		drive_data(drive, dir, bytes_of(copy, part.len));
		memset(copy, '#', part.len);
		free(copy);
		data = bytes_skip(data, part.len);
	}
}

void drive_gap(struct drive *drive, uint8_t dir, uint64_t len)
{
	struct record_dir *told = &drive->record.dir[dir];

	if (drive->raw[dir]) {
		raw_out(told);
		print(&told->text, "raw gap %llu\n", (unsigned long long)len);
	} else if (drive->parser->gap(drive->state, &drive->io, dir, len) == PARSE_BAD) {
		drive->raw[dir] = true;
	}
}

void drive_end(struct drive *drive)
{
	for (uint8_t i = 0; i < 2; i++) {
		struct record_dir *dir = &drive->record.dir[i];

		drive->parser->end(drive->state, &drive->io, i);
		raw_out(dir);
		if (dir->open)
			broken(dir, "open after the end");
	}
	drive->parser->drop(drive->state, &drive->io);
	if (drive->hold.used != 0)
		broken(&drive->record.dir[0], "an item was not given back");
}

const char *drive_text(const struct drive *drive, uint8_t dir)
{
	return drive->record.dir[dir].text.ptr;
}

bool drive_told(const struct drive *drive, const char *needle)
{
	return strstr(drive_text(drive, 0), needle) != NULL ||
	       strstr(drive_text(drive, 1), needle) != NULL;
}

bool drive_clean(const struct drive *drive)
{
	return drive->record.dir[0].broken == 0 && drive->record.dir[1].broken == 0;
}

void drive_free(struct drive *drive)
{
	for (int i = 0; i < 2; i++) {
		struct record_dir *dir = &drive->record.dir[i];

		free(dir->text.ptr);
		free(dir->raw.ptr);
		for (int j = 0; j < 2; j++) {
			free(dir->field[j].name.ptr);
			free(dir->field[j].data.ptr);
		}
	}
	arena_free(&drive->arena);
}

/* Says all, the step number `cut` in two at byte `at` (SIZE_MAX: none), or in pieces. */
static void say_all(struct drive *drive, const struct say *says, size_t count, size_t cut,
	size_t at, size_t piece)
{
	for (size_t i = 0; i < count; i++) {
		struct bytes data = says[i].data;

		if (i != cut) {
			drive_pieces(drive, says[i].dir, data, piece);
			continue;
		}
		drive_pieces(drive, says[i].dir, bytes_head(data, at), SIZE_MAX);
		drive_pieces(drive, says[i].dir, bytes_skip(data, at), SIZE_MAX);
	}
	drive_end(drive);
}

static bool same(const struct drive *want, const struct drive *have, const char *how, size_t at)
{
	for (uint8_t i = 0; i < 2; i++) {
		if (strcmp(drive_text(want, i), drive_text(have, i)) == 0)
			continue;
		fprintf(stderr, "%s %zu, direction %u: want\n%shave\n%s", how, at, i,
			drive_text(want, i), drive_text(have, i));
		return false;
	}
	if (!drive_clean(want))
		fprintf(stderr, "%s%s", drive_text(want, 0), drive_text(want, 1));
	return drive_clean(want);
}

bool same_in_pieces(const struct parser *parser, const struct say *says, size_t count, size_t piece)
{
	struct drive whole, cut;

	drive_new(&whole, parser, 8);
	say_all(&whole, says, count, SIZE_MAX, 0, SIZE_MAX);
	drive_new(&cut, parser, 8);
	say_all(&cut, says, count, SIZE_MAX, 0, piece);
	bool ok = same(&whole, &cut, "pieces of", piece);
	drive_free(&cut);
	drive_free(&whole);
	return ok;
}

size_t says_of(struct bytes input, struct say says[static SAYS_MAX])
{
	size_t count = 0;

	for (uint8_t dir = 0; input.len > 0 && count < SAYS_MAX; dir ^= 1) {
		size_t at = bytes_find(input, bytes_text("\xff\xff"));

		says[count++] = (struct say){dir, bytes_head(input, at)};
		input = at == SIZE_MAX ? bytes_of(NULL, 0) : bytes_skip(input, at + 2);
	}
	return count;
}

bool same_in_any_cut(const struct parser *parser, const struct say *says, size_t count)
{
	struct drive whole, cut;
	bool ok = true;

	drive_new(&whole, parser, 8);
	say_all(&whole, says, count, SIZE_MAX, 0, SIZE_MAX);
	static const size_t pieces[] = {1, 2, 3, 7};
	for (size_t i = 0; ok && i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		drive_new(&cut, parser, 8);
		say_all(&cut, says, count, SIZE_MAX, 0, pieces[i]);
		ok = same(&whole, &cut, "pieces of", pieces[i]);
		drive_free(&cut);
	}
	for (size_t i = 0; ok && i < count; i++) {
		for (size_t at = 1; ok && at < says[i].data.len; at++) {
			drive_new(&cut, parser, 8);
			say_all(&cut, says, count, i, at, SIZE_MAX);
			ok = same(&whole, &cut, "cut at", at);
			drive_free(&cut);
		}
	}
	drive_free(&whole);
	return ok;
}
