/* http1_body.c - content by length, in chunks, to the end, or to the next start line. */
#include "parse/http1.h"

#define CHUNK_LINE_MAX 32   /* of size and spaces, without extension */
#define CHUNK_PLAIN_MAX 8   /* longer size lines are told: they may hold a number */
#define CHUNK_DIGITS_MAX 15 /* of the size, without leading zeros */

static struct bytes rest(const struct http_call *call)
{
	return bytes_of(call->in.ptr, rd_left(&call->in));
}

static uint8_t peek(const struct http_call *call)
{
	struct rd rd = call->in;

	return rd_u8(&rd);
}

void http_body_add(struct http_call *call, struct bytes part)
{
	struct http_dir *dir = call->dir;
	bool raw = dir->phase == HTTP_SCAN && (!dir->open || dir->message.kind == MESSAGE_RAW);

	if (!dir->open)
		http_open(call, MESSAGE_RAW);
	if (!dir->field.open)
		field_open(&call->field, raw ? FIELD_RAW : FIELD_HTTP_BODY, raw);
	field_add(&call->field, part);
}

/* Takes up to dir->left; true if that was all of it. */
static bool take_left(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes part =
		bytes_head(rest(call), dir->left < SIZE_MAX ? (size_t)dir->left : SIZE_MAX);

	http_body_add(call, rd_bytes(&call->in, part.len));
	dir->left -= part.len;
	return dir->left == 0;
}

void http_step_length(struct http_call *call)
{
	if (take_left(call))
		http_close(call, CLOSE_COMPLETE);
}

void http_step_close(struct http_call *call)
{
	http_body_add(call, rd_bytes(&call->in, rd_left(&call->in)));
}

void http_step_chunk_data(struct http_call *call)
{
	if (take_left(call))
		call->dir->phase = HTTP_CHUNK_END;
}

void http_step_chunk_end(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	uint8_t c = peek(call);

	if (c == '\n' || (c == '\r' && !dir->cr)) {
		dir->cr = c == '\r';
		(void)rd_u8(&call->in);
		if (c == '\n')
			dir->phase = HTTP_CHUNK_SIZE;
		return;
	}
	call->io->odd = true;
	if (dir->cr)
		http_body_add(call, bytes_text("\r"));
	dir->cr = false;
	http_scan(call, false);
}

/* Hexadecimal digits; lenient: what stands behind them is passed over, as many
 * receivers do. */
static bool chunk_size(struct bytes text, bool lenient, uint64_t *size)
{
	size_t digits = 0;

	*size = 0;
	while (text.len > 1 && bytes_starts(text, "0"))
		text = bytes_skip(text, 1);
	for (struct rd rd = rd_of(text); rd_left(&rd) > 0; digits++) {
		size_t digit =
			bytes_find_byte(bytes_text("0123456789abcdef"), byte_lower(rd_u8(&rd)));

		if (digit == SIZE_MAX)
			break;
		if (digits == CHUNK_DIGITS_MAX)
			return false;
		*size = *size << 4 | digit;
	}
	return digits > 0 && (lenient || digits == text.len);
}

static void begin_chunk(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	dir->name_len = 0;
	dir->phase = HTTP_CHUNK_DATA;
	if (dir->left > 0)
		return;
	if (dir->field.open)
		field_end(&call->field);
	dir->trailer = true;
	dir->head_len = 0;
	dir->phase = HTTP_LINE;
}

/* No chunk size where one must be.  If none was seen yet this is no chunked
 * content at all: the reading without Transfer-Encoding is left. */
static void bad_chunk(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (dir->maybe && !dir->chunked) {
		http_replay(call);
		http_close(call, CLOSE_COMPLETE);
		return;
	}
	call->io->odd = true;
	if (!dir->chunked && (dir->framing & (FRAMING_LENGTH | FRAMING_DOUBT)) == FRAMING_LENGTH) {
		dir->left = dir->length;
		dir->phase = HTTP_LENGTH;
		if (dir->left == 0)
			http_close(call, CLOSE_COMPLETE);
	} else if (!dir->chunked && dir->message.kind == MESSAGE_HTTP_RESPONSE) {
		dir->phase = HTTP_CLOSE;
	} else {
		dir->phase = HTTP_SCAN;
		dir->line = true;
		return; /* dir->name may begin a message */
	}
	http_replay(call);
}

static void tell_aside(struct http_call *call, struct bytes line)
{
	if (call->dir->field.open)
		field_flush(&call->field);
	http_tell(call, FIELD_HTTP_HEADER, bytes_of(NULL, 0), line);
}

void http_step_chunk_size(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	size_t room = (size_t)CHUNK_LINE_MAX - dir->name_len;
	struct bytes part = rd_bytes(&call->in, http_span(bytes_head(rest(call), room), ";\n"));

	memcpy(dir->name + dir->name_len, part.ptr, part.len);
	dir->name_len = (uint8_t)(dir->name_len + part.len);
	if (rd_left(&call->in) == 0)
		return;
	struct bytes line = bytes_of(dir->name, dir->name_len);
	struct bytes text = bytes_trim(line);
	bool lenient = dir->chunked || (dir->framing & FRAMING_CHUNKED) != 0;
	uint8_t stop = peek(call);
	while (lenient && (bytes_starts(text, "\v") || bytes_starts(text, "\f")))
		text = bytes_skip(text, 1);
	if (text.len == 0 && stop == '\n') { /* a blank line too many */
		call->io->odd = true;
		dir->name_len = 0;
		(void)rd_u8(&call->in);
		return;
	}
	if ((stop != '\n' && stop != ';') || !chunk_size(text, lenient, &dir->left)) {
		bad_chunk(call);
		return;
	}
	dir->chunked = true;
	if (text.len > CHUNK_PLAIN_MAX || !chunk_size(text, false, &dir->left)) {
		call->io->odd = true;
		tell_aside(call, text);
	}
	dir->name_len = 0;
	if (stop == '\n') {
		(void)rd_u8(&call->in);
		begin_chunk(call);
		return;
	}
	if (dir->field.open)
		field_flush(&call->field);
	field_open(&call->aside, FIELD_HTTP_HEADER, false);
	dir->phase = HTTP_CHUNK_EXT;
}

void http_step_chunk_ext(struct http_call *call)
{
	if (!http_take_line(call, &call->aside))
		return;
	field_end(&call->aside);
	begin_chunk(call);
}

/* Keeps what is left of the call: too short to say what it begins. */
static void keep_beginning(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes part = rd_bytes(&call->in, rd_left(&call->in));

	memcpy(dir->name, part.ptr, part.len);
	dir->name_len = (uint8_t)part.len;
}

static void begin_message(struct http_call *call, enum http_start start)
{
	bool request = start == HTTP_START_REQUEST;

	http_open(call, request ? MESSAGE_HTTP_REQUEST : MESSAGE_HTTP_RESPONSE);
	call->dir->phase = request ? HTTP_METHOD : HTTP_VERSION;
}

/* A beginning that was kept, and the bytes behind it. */
static void decide_kept(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	bool scan = dir->phase == HTTP_SCAN;
	uint8_t head[HTTP_NAME_MAX + HTTP_START_MAX];
	struct bytes more = bytes_head(rest(call), HTTP_START_MAX);

	memcpy(head, dir->name, dir->name_len);
	memcpy(head + dir->name_len, more.ptr, more.len);
	enum http_start start = http_start_of(bytes_of(head, dir->name_len + more.len), scan);
	if (start == HTTP_START_MORE) {
		(void)rd_bytes(&call->in, more.len);
		memcpy(dir->name + dir->name_len, more.ptr, more.len);
		dir->name_len = (uint8_t)(dir->name_len + more.len);
		return;
	}
	http_replay(call);
	if (start == HTTP_START_NO) {
		http_scan(call, false);
		return;
	}
	if (dir->open)
		http_close(call, CLOSE_COMPLETE);
	begin_message(call, start);
}

void http_step_start(struct http_call *call)
{
	if (call->dir->name_len > 0) {
		decide_kept(call);
		return;
	}
	if (peek(call) == '\r' || peek(call) == '\n') { /* RFC 9112 section 2.2 */
		(void)rd_u8(&call->in);
		return;
	}
	enum http_start start = http_start_of(rest(call), false);
	if (start == HTTP_START_MORE)
		keep_beginning(call);
	else if (start == HTTP_START_NO)
		http_scan(call, false);
	else
		begin_message(call, start);
}

static bool is_raw(const struct http_dir *dir)
{
	return !dir->open || dir->message.kind == MESSAGE_RAW;
}

void http_step_scan(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (dir->name_len > 0) {
		decide_kept(call);
		return;
	}
	if (is_raw(dir) && dir->raw_len >= HTTP_RAW_MAX && !call->replay) {
		http_close(call, CLOSE_BAD);
		call->give_up = true;
		return;
	}
	enum http_start start = dir->line ? http_start_of(rest(call), true) : HTTP_START_NO;
	if (start == HTTP_START_MORE) {
		keep_beginning(call);
		return;
	}
	if (start != HTTP_START_NO) {
		if (dir->open)
			http_close(call, CLOSE_COMPLETE);
		begin_message(call, start);
		return;
	}
	struct bytes part = rest(call);
	if (is_raw(dir) && !call->replay)
		part = bytes_head(part, HTTP_RAW_MAX - dir->raw_len);
	size_t end = bytes_find_byte(part, '\n');
	part = bytes_head(part, end == SIZE_MAX ? SIZE_MAX : end + 1);
	http_body_add(call, rd_bytes(&call->in, part.len));
	dir->raw_len += (uint32_t)part.len;
	dir->line = end != SIZE_MAX;
}

void http_body_pending(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	struct bytes kept = bytes_of(dir->name, dir->name_len);

	if (kept.len == 0)
		return;
	if (dir->phase == HTTP_CHUNK_SIZE) {
		tell_aside(call, kept);
	} else if (dir->phase == HTTP_START || dir->phase == HTTP_SCAN) {
		dir->phase = HTTP_SCAN;
		http_body_add(call, kept);
		field_flush(&call->field);
	}
}
