#include "base/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define CHUNK_LEN (64u << 10)

/* Nodes and texts are cut from chunks, which are freed together. */
struct chunk {
	struct chunk *next;
	_Alignas(16) uint8_t data[];
};

struct yaml_doc {
	struct chunk *chunks;
	size_t used, room; /* of the first chunk */
	struct yaml_node *root;
	uint32_t node_cnt;
	char *name;
};

struct level {
	struct yaml_node *node; /* sequence or mapping that is open */
	struct yaml_node *last; /* its last item or key */
	struct yaml_node *key;  /* mapping: the key that waits for its value */
};

struct reader {
	struct yaml_doc *doc;
	struct err *err;
	struct level levels[YAML_DEPTH_MAX];
	uint32_t depth;
};

static void *take(struct yaml_doc *doc, size_t len)
{
	size_t whole = (len + 15) & ~(size_t)15;

	if (doc->room - doc->used < whole) {
		size_t room = whole > CHUNK_LEN ? whole : CHUNK_LEN;
		struct chunk *chunk = malloc(sizeof(*chunk) + room);

		if (chunk == NULL)
			return NULL;
		chunk->next = doc->chunks;
		doc->chunks = chunk;
		doc->used = 0;
		doc->room = room;
	}
	doc->used += whole;
	return doc->chunks->data + doc->used - whole;
}

static bool fail_at(struct reader *r, yaml_mark_t mark, const char *problem)
{
	return err_set(r->err, EXIT_USAGE, "%s:%zu:%zu: %s", r->doc->name, mark.line + 1,
		mark.column + 1, problem);
}

static bool no_memory(struct err *err, const char *name)
{
	return err_set(err, EXIT_CANNOT, "%s: out of memory", name);
}

static struct yaml_node *new_node(struct reader *r, enum yaml_kind kind, yaml_mark_t mark)
{
	struct yaml_doc *doc = r->doc;

	if (doc->node_cnt == YAML_NODES_MAX) {
		fail_at(r, mark, "more than 1000000 nodes; split the file");
		return NULL;
	}
	struct yaml_node *node = take(doc, sizeof(*node));
	if (node == NULL) {
		no_memory(r->err, doc->name);
		return NULL;
	}
	doc->node_cnt++;
	*node = (struct yaml_node){.doc = doc,
		.kind = (uint8_t)kind,
		.line = (uint32_t)mark.line + 1,
		.col = (uint32_t)mark.column + 1};
	return node;
}

/* Puts a node where the open sequence or mapping waits for one. */
static bool place(struct reader *r, struct yaml_node *node, yaml_mark_t mark)
{
	if (r->depth == 0) {
		r->doc->root = node;
		return true;
	}
	struct level *level = &r->levels[r->depth - 1];
	if (level->key != NULL) {
		level->key->value = node;
		level->key = NULL;
		return true;
	}
	if (level->node->kind == YAML_MAPPING) {
		if (node->kind != YAML_SCALAR)
			return fail_at(r, mark, "a key must be text; put it in quotes");
		level->key = node;
	}
	if (level->last != NULL)
		level->last->next = node;
	else
		level->node->first = node;
	level->last = node;
	level->node->count++;
	return true;
}

static bool on_scalar(struct reader *r, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;
	struct yaml_node *node = new_node(r, YAML_SCALAR, event->start_mark);

	if (node == NULL)
		return false;
	if (len > 0 && memchr(event->data.scalar.value, 0, len) != NULL)
		return fail_at(r, event->start_mark, "text holds a NUL byte; remove it");
	char *text = take(r->doc, len + 1);
	if (text == NULL)
		return no_memory(r->err, r->doc->name);
	memcpy(text, event->data.scalar.value, len);
	text[len] = '\0';
	node->text = text;
	node->len = (uint32_t)len;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return place(r, node, event->start_mark);
}

static bool on_open(struct reader *r, enum yaml_kind kind, yaml_mark_t mark)
{
	struct yaml_node *node = new_node(r, kind, mark);

	if (node == NULL || !place(r, node, mark))
		return false;
	if (r->depth == YAML_DEPTH_MAX)
		return fail_at(r, mark, "nested deeper than 16 levels");
	r->levels[r->depth++] = (struct level){.node = node};
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	int order = strcmp(x->text, y->text);

	if (order != 0)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->col < y->col ? -1 : x->col > y->col;
}

/* A key given twice: one of the two settings would be ignored in silence. */
static bool check_duplicates(struct reader *r, const struct yaml_node *map)
{
	bool good = true;
	size_t n = 0;

	if (map->count < 2)
		return true;
	const struct yaml_node **keys = malloc(map->count * sizeof(*keys));
	if (keys == NULL)
		return no_memory(r->err, r->doc->name);
	for (const struct yaml_node *key = map->first; key != NULL; key = key->next)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n && good; i++)
		if (strcmp(keys[i]->text, keys[i - 1]->text) == 0)
			good = yaml_error(keys[i], r->err,
				"duplicate key \"%.60s\"; it stands in line %u already",
				keys[i]->text, keys[i - 1]->line);
	free(keys);
	return good;
}

static bool on_close(struct reader *r)
{
	const struct yaml_node *node = r->levels[--r->depth].node;

	return node->kind != YAML_MAPPING || check_duplicates(r, node);
}

/* Tags and anchors are refused: nothing in our settings needs them, and
 * aliases let a small file stand for a huge one. */
static bool check_plain(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
	const yaml_char_t *tag)
{
	if (anchor != NULL)
		return fail_at(r, event->start_mark, "anchors (&name) are not supported");
	if (tag != NULL)
		return fail_at(r, event->start_mark, "tags (!name) are not supported");
	return true;
}

static bool on_document(struct reader *r, const yaml_event_t *event)
{
	if (event->data.document_start.version_directive != NULL ||
		event->data.document_start.tag_directives.start !=
			event->data.document_start.tag_directives.end)
		return fail_at(r, event->start_mark, "directives (%) are not supported");
	if (r->doc->root != NULL)
		return fail_at(r, event->start_mark, "a second document; only one is read");
	return true;
}

static bool on_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r, event);
	case YAML_ALIAS_EVENT:
		return fail_at(r, event->start_mark, "aliases (*name) are not supported");
	case YAML_SCALAR_EVENT:
		return check_plain(r, event, event->data.scalar.anchor, event->data.scalar.tag) &&
		       on_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return check_plain(r, event, event->data.sequence_start.anchor,
			       event->data.sequence_start.tag) &&
		       on_open(r, YAML_SEQUENCE, event->start_mark);
	case YAML_MAPPING_START_EVENT:
		return check_plain(r, event, event->data.mapping_start.anchor,
			       event->data.mapping_start.tag) &&
		       on_open(r, YAML_MAPPING, event->start_mark);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(r);
	default:
		return true;
	}
}

/* libyaml says where bytes are broken by their offset alone. */
static yaml_mark_t mark_of(struct bytes text, size_t offset)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < text.len; i++) {
		mark.column = text.ptr[i] == '\n' ? 0 : mark.column + 1;
		mark.line += text.ptr[i] == '\n';
	}
	return mark;
}

static bool fail_syntax(struct reader *r, const yaml_parser_t *parser, struct bytes text)
{
	char problem[160];

	if (parser->error == YAML_MEMORY_ERROR)
		return no_memory(r->err, r->doc->name);
	if (parser->error == YAML_READER_ERROR) {
		snprintf(problem, sizeof(problem), "%s; the file must be UTF-8", parser->problem);
		return fail_at(r, mark_of(text, parser->problem_offset), problem);
	}
	snprintf(problem, sizeof(problem), "%s%s%s",
		parser->problem != NULL ? parser->problem : "broken",
		parser->context != NULL ? " " : "", parser->context != NULL ? parser->context : "");
	return fail_at(r, parser->problem_mark, problem);
}

static bool read_events(struct reader *r, yaml_parser_t *parser, struct bytes text)
{
	for (;;) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return fail_syntax(r, parser, text);
		bool good = on_event(r, &event);
		bool end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (!good || end)
			return good;
	}
}

static bool read_text(struct reader *r, struct bytes text)
{
	yaml_parser_t parser;
	yaml_mark_t start = {0};

	if (!yaml_parser_initialize(&parser))
		return no_memory(r->err, r->doc->name);
	/* Without this a first byte could make it UTF-16. */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, text.ptr, text.len);
	bool good = read_events(r, &parser, text);
	yaml_parser_delete(&parser);
	if (!good || r->doc->root != NULL)
		return good;
	r->doc->root = new_node(r, YAML_MAPPING, start);
	return r->doc->root != NULL;
}

static struct yaml_doc *new_doc(const char *name, struct err *err)
{
	struct yaml_doc *doc = calloc(1, sizeof(*doc));

	if (doc != NULL)
		doc->name = strdup(name);
	if (doc == NULL || doc->name == NULL) {
		free(doc);
		no_memory(err, name);
		return NULL;
	}
	return doc;
}

struct yaml_doc *yaml_read(struct bytes text, const char *name, struct err *err)
{
	if (text.len > YAML_FILE_MAX) {
		err_set(err, EXIT_USAGE, "%s: larger than 8 MiB; split the file", name);
		return NULL;
	}
	struct reader r = {.doc = new_doc(name, err), .err = err};
	if (r.doc == NULL)
		return NULL;
	/* libyaml's string input dislikes NULL. */
	if (text.len == 0)
		text = bytes_text("");
	if (!read_text(&r, text)) {
		yaml_drop(r.doc);
		return NULL;
	}
	return r.doc;
}

struct yaml_doc *yaml_load(const char *path, struct err *err)
{
	struct yaml_doc *doc = NULL;
	FILE *file = fopen(path, "rbe");
	uint8_t *data = malloc(YAML_FILE_MAX + 1);

	if (file == NULL) {
		err_set(err, EXIT_USAGE, "%s: cannot be opened: %s", path, strerror(errno));
	} else if (data == NULL) {
		no_memory(err, path);
	} else {
		size_t len = fread(data, 1, YAML_FILE_MAX + 1, file);

		if (ferror(file))
			err_set(err, EXIT_USAGE, "%s: cannot be read: %s", path, strerror(errno));
		else
			doc = yaml_read(bytes_of(data, len), path, err);
	}
	free(data);
	if (file != NULL)
		fclose(file);
	return doc;
}

void yaml_drop(struct yaml_doc *doc)
{
	if (doc == NULL)
		return;
	while (doc->chunks != NULL) {
		struct chunk *next = doc->chunks->next;

		free(doc->chunks);
		doc->chunks = next;
	}
	free(doc->name);
	free(doc);
}

const struct yaml_node *yaml_root(const struct yaml_doc *doc)
{
	return doc->root;
}

const char *yaml_name(const struct yaml_doc *doc)
{
	return doc->name;
}

bool yaml_error(const struct yaml_node *node, struct err *err, const char *format, ...)
{
	char problem[sizeof(err->text)];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(problem, sizeof(problem), format, args);
	va_end(args);
	return err_set(err, EXIT_USAGE, "%s:%u:%u: %s", node->doc->name, node->line, node->col,
		len >= 0 ? problem : "");
}
