/* multipart.c - parts of a multipart body (RFC 2046 section 5.1, RFC 7578), each a value whose
 * key is the part's name.
 *
 * The boundary is the declared one; of a body that only looks so, or declares none, it is the
 * first line.  Lines may end with LF alone.  What stands before the first part and behind the
 * last is shown by the view around. */
#include "unwrap/multipart.h"

#define HEADERS_MAX 4096 /* bytes of a part's headers; what follows is content */
#define DASHES 2

enum multipart_mode {
	MODE_LEARN,    /* the first line is the boundary */
	MODE_PREAMBLE, /* nothing is shown before a boundary */
	MODE_LINE,     /* the rest of a boundary's line */
	MODE_HEADER,
	MODE_BODY,
	MODE_OVER, /* behind the last boundary */
};

static bool contains_nocase(struct bytes hay, const char *needle)
{
	for (; hay.len > 0; hay = bytes_skip(hay, 1))
		if (byte_lower(hay.ptr[0]) == (uint8_t)needle[0] &&
			bytes_starts_nocase(hay, needle))
			return true;
	return false;
}

uint8_t type_layer(struct bytes type)
{
	type = bytes_head(type, bytes_find_byte(type, ';'));
	if (contains_nocase(type, "x-www-form-urlencoded"))
		return LAYER_FORM;
	if (contains_nocase(type, "json"))
		return LAYER_JSON;
	return bytes_starts_nocase(bytes_trim(type), "multipart/") ? LAYER_MULTIPART : LAYER_NONE;
}

/* The value of a parameter (RFC 9110 section 5.6.6), without its quotes; empty: none. */
static struct bytes parameter(struct bytes field, const char *name)
{
	struct bytes left = field;
	size_t semicolon;

	while ((semicolon = bytes_find_byte(left, ';')) != SIZE_MAX) {
		left = bytes_skip(left, semicolon + 1);
		while (left.len > 0 && (left.ptr[0] == ' ' || left.ptr[0] == '\t'))
			left = bytes_skip(left, 1);
		if (!bytes_starts_nocase(left, name))
			continue;
		left = bytes_skip(left, strlen(name));
		if (left.len > 0 && left.ptr[0] == '"') {
			left = bytes_skip(left, 1);
			return bytes_head(left, bytes_find_byte(left, '"'));
		}
		return bytes_trim(bytes_head(left, bytes_find_byte(left, ';')));
	}
	return bytes_of(NULL, 0);
}

struct bytes type_boundary(struct bytes type)
{
	struct bytes boundary = parameter(type, "boundary=");

	return boundary.len <= BOUNDARY_MAX ? boundary : bytes_of(NULL, 0);
}

static bool looks(struct bytes head)
{
	size_t line = bytes_find_byte(head, '\n');

	return head.len > DASHES && head.ptr[0] == '-' && head.ptr[1] == '-' && line != SIZE_MAX &&
	       line <= DASHES + BOUNDARY_MAX + 1 &&
	       bytes_starts_nocase(bytes_skip(head, line + 1), "content-");
}

static void set_mode(struct node *node, enum multipart_mode mode)
{
	struct multipart_state *part = &node->multipart;

	part->mode = (uint8_t)mode;
	part->line_len = 0;
	part->matched = 0;
	part->cr = false;
	part->silent = 0;
}

/* The line's end before a boundary is the boundary's; where a line begins anyway, it is there. */
static void at_line(struct node *node, enum multipart_mode mode)
{
	set_mode(node, mode);
	node->multipart.matched = 1;
	node->multipart.silent = 1;
}

static bool open(struct unwrap *unwrap, struct node *node)
{
	struct multipart_state *part = &node->multipart;
	struct bytes boundary = multipart_boundary(unwrap, node);

	node->out.body = true;
	memcpy(node->boundary, "\n--", 1 + DASHES);
	part->mode = MODE_LEARN;
	if (boundary.len == 0)
		return true;
	memcpy(node->boundary + 1 + DASHES, boundary.ptr, boundary.len);
	part->boundary_len = (uint8_t)(1 + DASHES + boundary.len);
	at_line(node, MODE_PREAMBLE);
	return true;
}

static void put(struct unwrap *unwrap, struct node *node, const void *data, size_t len)
{
	if (node->multipart.mode == MODE_BODY)
		value_put(unwrap, node, bytes_of(data, len));
}

/* What looked like a boundary's beginning is content. */
static void flush(struct unwrap *unwrap, struct node *node)
{
	struct multipart_state *part = &node->multipart;

	if (part->cr)
		put(unwrap, node, "\r", 1);
	if (part->matched > part->silent)
		put(unwrap, node, node->boundary + part->silent,
			(size_t)(part->matched - part->silent));
	part->cr = false;
	part->matched = part->silent = 0;
}

static void end_part(struct unwrap *unwrap, struct node *node)
{
	value_end(unwrap, node);
	node->key_len = 0;
	node->out.hint = LAYER_NONE;
}

/* Up to the next boundary. */
static struct bytes take_content(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	struct multipart_state *part = &node->multipart;
	size_t n = 0;
	uint8_t c;

	if (part->matched == 0 && !part->cr) {
		while (n < data.len && data.ptr[n] != '\r' && data.ptr[n] != '\n')
			n++;
		put(unwrap, node, data.ptr, n);
		if (n == data.len)
			return bytes_skip(data, n);
	}
	c = data.ptr[n];
	if (part->matched > 0 && c == node->boundary[part->matched]) {
		if (++part->matched == part->boundary_len) {
			if (part->mode == MODE_BODY) {
				end_part(unwrap, node);
				node->out.view.ordinal++;
			}
			set_mode(node, MODE_LINE);
		}
	} else if (part->matched == 0 && c == '\n') {
		part->matched = 1;
	} else {
		flush(unwrap, node);
		part->matched = c == '\n';
		part->cr = c == '\r';
		if (c != '\n' && c != '\r')
			put(unwrap, node, &c, 1);
	}
	return bytes_skip(data, n + 1);
}

static void read_header(struct node *node, struct bytes line)
{
	struct bytes name;

	if (bytes_starts_nocase(line, "content-type:"))
		node->out.hint = type_layer(bytes_skip(line, strlen("content-type:")));
	name = parameter(line, "name=");
	if (name.len == 0 || node->key_len > 0 || bytes_starts_nocase(line, "content-type:"))
		return;
	node->key_len = (uint8_t)(name.len < UNWRAP_KEY_MAX ? name.len : UNWRAP_KEY_MAX);
	memcpy(node->key, name.ptr, node->key_len);
}

static void end_line(struct node *node)
{
	struct multipart_state *part = &node->multipart;
	struct bytes line = bytes_of(node->line, part->line_len);
	bool last = line.len >= DASHES && line.ptr[0] == '-' && line.ptr[1] == '-';

	line = bytes_trim(line);
	switch (part->mode) {
	case MODE_LEARN:
		if (!last || line.len > DASHES + BOUNDARY_MAX || line.len <= DASHES) {
			set_mode(node, MODE_OVER);
			return;
		}
		memcpy(node->boundary + 1, line.ptr, line.len);
		part->boundary_len = (uint8_t)(1 + line.len);
		break;
	case MODE_LINE:
		if (last) {
			set_mode(node, MODE_OVER);
			return;
		}
		break;
	default: /* MODE_HEADER */
		if (line.len == 0) {
			at_line(node, MODE_BODY);
			return;
		}
		read_header(node, line);
		part->line_len = 0;
		return;
	}
	set_mode(node, MODE_HEADER);
	part->headers = 0;
}

static struct bytes take_line(struct node *node, struct bytes data)
{
	struct multipart_state *part = &node->multipart;
	size_t end = bytes_find_byte(data, '\n');
	size_t n = end == SIZE_MAX ? data.len : end;
	size_t room = MULTIPART_LINE - part->line_len;
	size_t kept = n < room ? n : room;

	memcpy(node->line + part->line_len, data.ptr, kept);
	part->line_len = (uint16_t)(part->line_len + kept);
	if (end != SIZE_MAX) {
		n++;
		end_line(node);
	}
	if (part->mode == MODE_HEADER && (part->headers += (uint32_t)n) > HEADERS_MAX)
		at_line(node, MODE_BODY);
	return bytes_skip(data, n);
}

static void run(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	const struct multipart_state *part = &node->multipart;

	while (data.len > 0 && part->mode != MODE_OVER)
		data = part->mode == MODE_BODY || part->mode == MODE_PREAMBLE
			       ? take_content(unwrap, node, data)
			       : take_line(node, data);
	if (last) {
		flush(unwrap, node);
		end_part(unwrap, node);
	}
}

/* What follows may be the rest of a part. */
static void gap(struct unwrap *unwrap, struct node *node)
{
	flush(unwrap, node);
	end_part(unwrap, node);
	if (node->multipart.boundary_len > 0 && node->multipart.mode != MODE_OVER)
		set_mode(node, MODE_BODY);
	else
		set_mode(node, MODE_OVER);
}

const struct layer_code layer_multipart = {.looks = looks, .open = open, .run = run, .gap = gap};
