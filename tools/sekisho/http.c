#include "sekisho/http.h"

#define STATUS_LINE_MIN 12 /* "HTTP/1.1 200" */
#define CHUNK_DIGITS_MAX 7 /* 256 MiB: far beyond what is ever read */

struct head {
	int status;
	size_t len; /* with the empty line */
	bool chunked, has_length;
	uint64_t length;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool read_status(struct bytes line, int *status)
{
	const uint8_t *p = line.ptr;

	if (line.len < STATUS_LINE_MIN || !bytes_starts(line, "HTTP/1.") || p[8] != ' ' ||
		!is_digit(p[9]) || !is_digit(p[10]) || !is_digit(p[11]) ||
		(line.len > STATUS_LINE_MIN && p[12] != ' '))
		return false;
	*status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
	return *status >= 100 && *status < 600;
}

static bool read_length(struct bytes text, struct head *head)
{
	uint64_t value = 0;

	if (text.len == 0 || text.len > 9 || head->has_length)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return false;
		value = value * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	head->length = value;
	head->has_length = true;
	return true;
}

static bool read_field(struct bytes line, struct head *head)
{
	size_t colon = bytes_find_byte(line, ':');

	if (colon == SIZE_MAX || colon == 0)
		return false;
	struct bytes name = bytes_head(line, colon);
	struct bytes text = bytes_trim(bytes_skip(line, colon + 1));
	if (bytes_equal_nocase(name, bytes_text("content-length")))
		return read_length(text, head);
	if (bytes_equal_nocase(name, bytes_text("transfer-encoding"))) {
		head->chunked = bytes_equal_nocase(text, bytes_text("chunked"));
		return head->chunked;
	}
	return true;
}

static enum http_rc read_head(struct bytes in, struct head *head)
{
	struct bytes rest = in;
	size_t end = bytes_find(bytes_head(in, HTTP_HEAD_MAX), bytes_text("\r\n\r\n"));

	*head = (struct head){0};
	if (end == SIZE_MAX)
		return in.len >= HTTP_HEAD_MAX ? HTTP_BAD : HTTP_MORE;
	head->len = end + 4;
	for (bool first = true; rest.ptr < in.ptr + end; first = false) {
		size_t at = bytes_find(rest, bytes_text("\r\n"));
		struct bytes line = bytes_head(rest, at);
		if (first ? !read_status(line, &head->status) : !read_field(line, head))
			return HTTP_BAD;
		rest = bytes_skip(rest, at + 2);
	}
	/* Both at once is how answers are smuggled (RFC 9112 section 6.1). */
	return head->chunked && head->has_length ? HTTP_BAD : HTTP_DONE;
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The size line of a chunk: *size, and how long the line is. */
static enum http_rc read_chunk(struct bytes in, size_t *size, size_t *line_len)
{
	size_t end = bytes_find(bytes_head(in, 256), bytes_text("\r\n")), digits = 0;

	if (end == SIZE_MAX)
		return in.len >= 256 ? HTTP_BAD : HTTP_MORE;
	*size = 0;
	while (digits < end && hex_value(in.ptr[digits]) >= 0) {
		*size = *size << 4 | (size_t)hex_value(in.ptr[digits++]);
		if (digits > CHUNK_DIGITS_MAX)
			return HTTP_BAD;
	}
	*line_len = end + 2;
	return digits > 0 && (digits == end || in.ptr[digits] == ';') ? HTTP_DONE : HTTP_BAD;
}

/* Trailers end with an empty line. */
static enum http_rc read_trailers(struct bytes in)
{
	if (in.len < 2)
		return HTTP_MORE;
	if (bytes_starts(in, "\r\n"))
		return HTTP_DONE;
	return bytes_find(in, bytes_text("\r\n\r\n")) != SIZE_MAX ? HTTP_DONE : HTTP_MORE;
}

/* Walks the chunks; with join set it moves them together, so that walk comes
 * second, when the first has found everything there. */
static enum http_rc walk_chunks(uint8_t *body, size_t len, bool join, size_t *joined)
{
	size_t at = 0;

	*joined = 0;
	for (;;) {
		size_t size, line_len;
		enum http_rc rc = read_chunk(bytes_of(body + at, len - at), &size, &line_len);
		if (rc != HTTP_DONE)
			return rc;
		at += line_len;
		if (size == 0)
			return read_trailers(bytes_of(body + at, len - at));
		if (len - at < size + 2)
			return HTTP_MORE;
		if (!bytes_starts(bytes_of(body + at + size, 2), "\r\n"))
			return HTTP_BAD;
		if (join)
			memmove(body + *joined, body + at, size);
		*joined += size;
		at += size + 2;
	}
}

static enum http_rc read_body(
	const struct head *head, uint8_t *body, size_t len, bool at_end, struct bytes *out)
{
	size_t joined;
	enum http_rc rc;

	if (head->chunked) {
		rc = walk_chunks(body, len, false, &joined);
		if (rc == HTTP_DONE)
			walk_chunks(body, len, true, &joined);
		*out = bytes_of(body, joined);
	} else if (head->has_length) {
		rc = len >= head->length ? HTTP_DONE : HTTP_MORE;
		*out = bytes_of(body, head->length);
	} else {
		rc = at_end ? HTTP_DONE : HTTP_MORE;
		*out = bytes_of(body, len);
	}
	return rc == HTTP_MORE && at_end ? HTTP_BAD : rc;
}

enum http_rc http_answer(uint8_t *buffer, size_t len, bool at_end, struct http_answer *out)
{
	size_t at = 0;
	struct head head;

	for (;;) {
		enum http_rc rc = read_head(bytes_of(buffer + at, len - at), &head);
		if (rc != HTTP_DONE)
			return rc == HTTP_MORE && at_end ? HTTP_BAD : rc;
		at += head.len;
		if (head.status >= 200)
			break;
	}
	out->status = head.status;
	return read_body(&head, buffer + at, len - at, at_end, &out->body);
}
