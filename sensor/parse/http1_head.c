/* http1_head.c - start lines, fields and trailers, byte by byte where they come so. */
#include "parse/http1.h"

/* What is done with fields of these names; all others are HTTP_HEADER. */
static const struct known {
	const char *name;
	uint8_t len;
	enum field_role role;
	void (*frame)(struct http_call *call, struct bytes value);
} known[] = {
	{"", 0, FIELD_HTTP_HEADER, NULL},
	{"host", 4, FIELD_HTTP_HOST, NULL},
	{"user-agent", 10, FIELD_HTTP_USER_AGENT, NULL},
	{"referer", 7, FIELD_HTTP_REFERER, NULL},
	{"cookie", 6, FIELD_HTTP_COOKIE, NULL},
	{"set-cookie", 10, FIELD_HTTP_COOKIE, NULL},
	{"content-type", 12, FIELD_HTTP_CONTENT_TYPE, NULL},
	{"content-encoding", 16, FIELD_HTTP_CONTENT_CODING, NULL},
	{"content-length", 14, FIELD_HTTP_HEADER, http_content_length},
	{"transfer-encoding", 17, FIELD_HTTP_HEADER, http_transfer_encoding},
};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static struct bytes rest(const struct http_call *call)
{
	return bytes_of(call->in.ptr, rd_left(&call->in));
}

static uint8_t peek(const struct http_call *call)
{
	struct rd rd = call->in;

	return rd_u8(&rd);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes name_of(const struct http_dir *dir)
{
	return bytes_of(dir->name, dir->name_len);
}

/* Adds to dir->name; false if it is full. */
static bool name_add(struct http_dir *dir, struct bytes part)
{
	if (part.len > (size_t)HTTP_NAME_MAX - dir->name_len)
		return false;
	if (part.len > 0)
		memcpy(dir->name + dir->name_len, part.ptr, part.len);
	dir->name_len = (uint8_t)(dir->name_len + part.len);
	return true;
}

/* Some receivers skip what cannot belong to a start line. */
static bool skip_junk(struct http_call *call)
{
	if (call->dir->field.open || !http_is_junk(peek(call)))
		return false;
	call->io->odd = true;
	(void)rd_u8(&call->in);
	return true;
}

void http_step_method(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (skip_junk(call))
		return;
	struct bytes part = rd_bytes(&call->in, http_span(rest(call), " \t"));

	if (!dir->field.open)
		field_open(&call->field, FIELD_HTTP_METHOD, false);
	field_add(&call->field, part);
	if (rd_left(&call->in) == 0)
		return;
	struct bytes method;
	uint64_t bit = UINT64_C(1) << (dir->message.number % HTTP_OUTSTANDING_MAX);
	if (field_whole(&call->field, &method)) {
		if (bytes_equal(method, bytes_text("HEAD")))
			call->state->head_bits |= bit;
		if (bytes_equal(method, bytes_text("CONNECT")))
			call->state->connect_bits |= bit;
	}
	field_end(&call->field);
	dir->phase = HTTP_TARGET;
}

/* The target as sent goes on to the last space before a version, or to the line end. */
void http_step_target(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (!dir->field.open) {
		while (rd_left(&call->in) > 0 && is_space(peek(call)))
			(void)rd_u8(&call->in);
		if (rd_left(&call->in) == 0)
			return;
		field_open(&call->field, FIELD_HTTP_URI, false);
	}
	field_add(&call->field, rd_bytes(&call->in, http_span(rest(call), " \t\r\n")));
	if (rd_left(&call->in) == 0)
		return;
	dir->name_len = 0;
	dir->phase = HTTP_TARGET_END;
}

/* Bytes of text up to its last space, 0 if it has none behind its first byte. */
static size_t last_space(struct bytes text)
{
	size_t last = 0;
	size_t at = 0;

	for (struct rd rd = rd_of(text); rd_left(&rd) > 0; at++)
		if (is_space(rd_u8(&rd)))
			last = at;
	return last;
}

static bool is_version(struct bytes token)
{
	struct bytes digits = bytes_skip(token, strlen("HTTP/"));
	size_t dot = bytes_find_byte(digits, '.');
	size_t count = http_digits(digits);

	return bytes_starts_nocase(token, "HTTP/") && count > 0 &&
	       digits.len == count + (dot == SIZE_MAX ? 0 : 1);
}

static void put_back(struct http_call *call, struct bytes part)
{
	if (part.len == 0)
		return;
	field_add(&call->field, part);
	field_flush(&call->field);
}

/* The line is complete: dir->name has all of it from the last spaces on. */
static void end_request_line(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes text = name_of(dir);

	while (text.len > 0 && bytes_trim(bytes_skip(text, text.len - 1)).len == 0)
		text.len--;
	size_t space = last_space(text);
	struct bytes version = bytes_skip(text, space + 1);
	if (text.len == 0 || !is_version(version)) { /* HTTP/0.9, or no request at all */
		put_back(call, text);
		call->io->odd = true;
		http_close(call, CLOSE_BAD);
		return;
	}
	if (space > 0 || !bytes_starts(text, " "))
		call->io->odd = true;
	text = bytes_head(text, space);
	while (text.len > 0 && bytes_trim(bytes_skip(text, text.len - 1)).len == 0)
		text.len--;
	put_back(call, text);
	field_end(&call->field);
	http_tell(call, FIELD_HTTP_VERSION, bytes_of(NULL, 0), version);
	dir->old = bytes_starts(version, "HTTP/0") || bytes_equal(version, bytes_text("HTTP/1.0"));
	if (call->io->client_dir < 0)
		call->io->client_dir = (int8_t)dir->message.dir;
	dir->phase = HTTP_LINE;
}

/* A space in a target is no end by itself: servers take the last one.  A window
 * of HTTP_NAME_MAX bytes behind a space is kept until the line ends in it. */
void http_step_target_end(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	size_t room = (size_t)HTTP_NAME_MAX - dir->name_len;
	size_t len = http_span(bytes_head(rest(call), room), "\n");

	(void)name_add(dir, rd_bytes(&call->in, len));
	if (rd_left(&call->in) == 0)
		return;
	if (peek(call) == '\n') {
		(void)rd_u8(&call->in);
		end_request_line(call);
	} else if (dir->name_len == HTTP_NAME_MAX) {
		size_t space = last_space(name_of(dir));
		size_t back = space > 0 ? space : HTTP_NAME_MAX;

		put_back(call, bytes_head(name_of(dir), back));
		dir->name_len = (uint8_t)(HTTP_NAME_MAX - back);
		memmove(dir->name, dir->name + back, dir->name_len);
		if (space == 0)
			dir->phase = HTTP_TARGET;
	}
}

/* A token of the status line, up to a space or the line end; false: not all here. */
static bool take_token(struct http_call *call, enum field_role role, struct bytes *whole)
{
	struct http_dir *dir = call->dir;

	*whole = bytes_of(NULL, 0);
	if (!dir->field.open)
		field_open(&call->field, role, false);
	field_add(&call->field, rd_bytes(&call->in, http_span(rest(call), " \t\r\n")));
	if (rd_left(&call->in) == 0)
		return false;
	if (!field_whole(&call->field, whole))
		field_end(&call->field);
	return true;
}

void http_step_version(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes whole;

	if (skip_junk(call) || !take_token(call, FIELD_HTTP_VERSION, &whole))
		return;
	dir->old = bytes_starts(whole, "HTTP/0") || bytes_equal(whole, bytes_text("HTTP/1.0"));
	if (!is_version(whole))
		call->io->odd = true;
	if (dir->field.open)
		field_end_as(&call->field, whole);
	if (call->io->client_dir < 0)
		call->io->client_dir = (int8_t)(1 - dir->message.dir);
	dir->phase = HTTP_STATUS;
}

void http_step_status(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes whole;

	while (!dir->field.open && rd_left(&call->in) > 0 && is_space(peek(call)))
		(void)rd_u8(&call->in);
	if (rd_left(&call->in) == 0 || !take_token(call, FIELD_HTTP_STATUS, &whole))
		return;
	bool three = whole.len == 3 && http_digits(whole) == 3;
	if (!three)
		call->io->odd = true;
	dir->status = 0; /* not three digits: none that changes the framing */
	for (struct rd rd = rd_of(whole); three && rd_left(&rd) > 0;)
		dir->status = (uint16_t)(dir->status * 10 + (rd_u8(&rd) - '0'));
	if (dir->field.open)
		field_end_as(&call->field, whole);
	dir->phase = HTTP_REASON;
}

void http_step_reason(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes whole;

	if (!dir->field.open)
		field_open(&call->field, FIELD_HTTP_REASON, false);
	if (!http_take_line(call, &call->field))
		return;
	dir->phase = HTTP_LINE;
	if (!field_whole(&call->field, &whole)) {
		field_end(&call->field);
		return;
	}
	if (bytes_trim(whole).len > 0)
		field_end_as(&call->field, bytes_trim(whole));
	else
		field_drop(&dir->field, call->io->hold);
	call->field.lent = bytes_of(NULL, 0);
}

/* A line that is no field: all of it is the value of a nameless one. */
static void begin_nameless(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (dir->blank && !dir->trailer) { /* that line was the end after all */
		dir->blank = false;
		http_replay(call);
		http_head_end(call);
		return;
	}
	call->field.name = bytes_of(NULL, 0);
	dir->known = 0;
	field_open(&call->field, FIELD_HTTP_HEADER, false);
	put_back(call, name_of(dir));
	dir->name_len = 0;
	dir->phase = HTTP_VALUE;
}

static void end_head(struct http_call *call)
{
	(void)rd_u8(&call->in);
	if (call->dir->trailer)
		http_close(call, CLOSE_COMPLETE);
	else
		http_head_end(call);
}

static uint8_t known_of(struct bytes name)
{
	for (uint8_t i = 1; i < KNOWN_COUNT; i++)
		if (name.len == known[i].len && byte_lower(name.ptr[0]) == known[i].name[0] &&
			bytes_starts_nocase(name, known[i].name))
			return i;
	return 0;
}

/* The value is complete and short: what it means, and out. */
static void tell_value(struct http_call *call, struct bytes whole)
{
	struct http_dir *dir = call->dir;
	const struct known *row = &known[dir->known];

	whole = bytes_trim(whole);
	if ((dir->framing & FRAMING_ODD) && row->frame == NULL && http_has_chunked(whole))
		dir->framing |= FRAMING_CODING;
	if (row->frame != NULL && !dir->trailer)
		row->frame(call, whole);
	field_end_as(&call->field, whole);
}

static void end_value(struct http_call *call, const struct bytes *whole)
{
	struct http_dir *dir = call->dir;
	const struct known *row = &known[dir->known];
	struct bytes held;

	if (whole != NULL) {
		tell_value(call, *whole);
	} else if (field_whole(&call->field, &held)) {
		tell_value(call, held);
	} else {
		if (row->frame != NULL)
			dir->framing |= FRAMING_DOUBT;
		field_end(&call->field);
	}
	if (row->frame != NULL && dir->trailer)
		call->io->odd = true;
	call->field.name = bytes_of(NULL, 0);
}

/* Opens the field of the name in dir->name. */
static void begin_field(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	dir->known = known_of(name_of(dir));
	if (known[dir->known].role == FIELD_HTTP_HEADER)
		call->field.name = name_of(dir);
	field_open(&call->field, known[dir->known].role, false);
}

/* Length of a field name without anything odd in front of a colon, or 0. */
static size_t plain_name(struct bytes line)
{
	size_t len = 0, digits = 0;

	while (len < line.len && len <= HTTP_NAME_MAX && http_is_tchar(line.ptr[len])) {
		digits += line.ptr[len] >= '0' && line.ptr[len] <= '9';
		len++;
	}
	return len < line.len && len <= HTTP_NAME_MAX && line.ptr[len] == ':' &&
			       digits <= HTTP_NAME_DIGITS_MAX
		       ? len
		       : 0;
}

/* Nearly all lines are all there, plain, and not folded: taken at once, as the phases
 * would.  False: this one is not. */
static bool take_whole_line(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes left = rest(call);
	size_t end = bytes_find_byte(bytes_head(left, FIELD_WHOLE), '\n');

	if (dir->cr || dir->messy || dir->blank || dir->head_len >= HTTP_HEAD_MAX ||
		end == SIZE_MAX || end == 0 || end + 1 == left.len || is_space(left.ptr[end + 1]))
		return false;
	struct bytes line = bytes_head(left, end - 1);
	size_t name_len = plain_name(line);
	if (name_len == 0 || bytes_find_byte(bytes_head(left, end), '\r') != end - 1)
		return false;
	dir->name_len = 0;
	(void)name_add(dir, bytes_head(line, name_len));
	begin_field(call);
	struct bytes value = bytes_skip(line, name_len + 1);
	end_value(call, &value);
	(void)rd_bytes(&call->in, end + 1);
	return true;
}

void http_step_line(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	uint8_t c = peek(call);

	if (take_whole_line(call))
		return;
	dir->name_len = 0;
	if (c == '\n' && dir->messy && !dir->trailer) {
		dir->blank = true;
		dir->messy = false;
		dir->cr = false;
		(void)rd_u8(&call->in);
	} else if (c == '\n') {
		end_head(call);
	} else if (c == '\r' || is_space(c)) {
		if (dir->cr || c != '\r') { /* no fold: there is nothing before it */
			http_odd_line(call);
			dir->messy = true;
		}
		dir->cr = true;
		(void)rd_u8(&call->in);
	} else if (dir->head_len >= HTTP_HEAD_MAX) {
		call->io->odd = true;
		dir->framing |= FRAMING_DOUBT;
		call->field.name = bytes_of(NULL, 0);
		field_open(&call->field, FIELD_HTTP_HEADER, false);
		dir->phase = HTTP_REST;
	} else {
		if (dir->cr)
			http_odd_line(call);
		dir->cr = false;
		dir->messy = false;
		dir->phase = HTTP_NAME;
	}
}

/* Spaces before the colon are no part of the name, but some servers skip them. */
static void end_name(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes name = bytes_trim(name_of(dir));

	if (name.len != dir->name_len)
		http_odd_line(call);
	if (!http_is_token(name) || http_digits(name) > HTTP_NAME_DIGITS_MAX) {
		http_odd_line(call);
		begin_nameless(call);
		return;
	}
	(void)rd_u8(&call->in);
	dir->blank = false;
	dir->name_len = (uint8_t)name.len; /* nothing to trim at the front: http_step_line */
	begin_field(call);
	dir->phase = HTTP_VALUE_GAP;
}

void http_step_name(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	size_t room = (size_t)HTTP_NAME_MAX - dir->name_len;

	(void)name_add(dir, rd_bytes(&call->in, http_span(bytes_head(rest(call), room), ":\n")));
	if (rd_left(&call->in) == 0)
		return;
	if (peek(call) == ':') {
		end_name(call);
	} else if (peek(call) == '\n') {
		http_odd_line(call);
		begin_nameless(call);
	} else if (dir->name_len == HTTP_NAME_MAX) {
		begin_nameless(call);
	}
}

void http_step_value_gap(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (is_space(peek(call))) {
		(void)rd_u8(&call->in);
		return;
	}
	dir->blank = dir->blank && (peek(call) == '\r' || peek(call) == '\n');
	dir->phase = HTTP_VALUE;
}

void http_step_value(struct http_call *call)
{
	if (http_take_line(call, &call->field))
		call->dir->phase = HTTP_VALUE_END;
}

void http_step_value_end(struct http_call *call)
{
	if (is_space(peek(call))) { /* obs-fold, RFC 9112 section 5.2 */
		http_odd_line(call);
		call->dir->blank = true;
		field_add(&call->field, bytes_text(" "));
		call->dir->phase = HTTP_VALUE_GAP;
		return;
	}
	end_value(call, NULL);
	call->dir->phase = HTTP_LINE;
}

void http_step_rest_line(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	uint8_t c = peek(call);

	if (c == '\n') {
		field_end(&call->field);
		end_head(call);
	} else if (c == '\r' && !dir->cr) {
		dir->cr = true;
		(void)rd_u8(&call->in);
	} else {
		if (dir->cr)
			field_add(&call->field, bytes_text("\r"));
		dir->cr = false;
		dir->phase = HTTP_REST;
	}
}

void http_step_rest(struct http_call *call)
{
	size_t end = bytes_find_byte(rest(call), '\n');

	field_add(
		&call->field, rd_bytes(&call->in, end == SIZE_MAX ? rd_left(&call->in) : end + 1));
	if (end != SIZE_MAX)
		call->dir->phase = HTTP_REST_LINE;
}

void http_head_pending(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (dir->phase == HTTP_TARGET_END)
		put_back(call, name_of(dir));
	else if (dir->phase == HTTP_NAME && dir->name_len > 0)
		begin_nameless(call);
}

void http_target_told(void *self, struct bytes first_run)
{
	struct http_call *call = self;
	uint64_t bit = UINT64_C(1) << (call->dir->message.number % HTTP_OUTSTANDING_MAX);

	if (call->dir->field.role != FIELD_HTTP_URI)
		return;
	struct bytes host = http_authority(first_run, (call->state->connect_bits & bit) != 0);
	if (host.len > 0)
		http_tell(call, FIELD_HTTP_HOST, bytes_of(NULL, 0), host);
}
