/* http1_text.c - what HTTP's words mean: start lines, tokens, the framing fields. */
#include "parse/http1.h"

#define METHOD_MAX 20
#define LENGTH_DIGITS_MAX 18 /* behind leading zeros; more could pass 2^63 */

static const char *const methods[] = {
	"GET",
	"HEAD",
	"POST",
	"PUT",
	"DELETE",
	"CONNECT",
	"OPTIONS",
	"TRACE",
	"PATCH",
	"QUERY", /* RFC */
	"PROPFIND",
	"PROPPATCH",
	"MKCOL",
	"COPY",
	"MOVE",
	"LOCK",
	"UNLOCK",
	"SEARCH",
	"REPORT", /* DAV */
	"CHECKOUT",
	"MERGE",
	"MKACTIVITY",
	"VERSION-CONTROL",
	"ACL",
	"BCOPY",
	"BMOVE",
	"BPROPFIND", /* DAV */
	"PURGE",
	"NOTIFY",
	"SUBSCRIBE",
	"UNSUBSCRIBE",
	"M-SEARCH",
	"RPC_IN_DATA",
	"RPC_OUT_DATA",
	"BITS_POST",
	"SSTP_DUPLEX_POST",
	"SOURCE",
};

static bool is_method_char(uint8_t c)
{
	uint8_t lower = byte_lower(c);

	return (lower >= 'a' && lower <= 'z') || c == '-' || c == '_';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
	uint8_t lower = byte_lower(c);

	return (lower >= 'a' && lower <= 'z') || is_digit(c);
}

/* How far text and the beginning of head agree: MORE if head is too short to tell. */
static enum http_start begins(struct bytes head, const char *text, enum http_start yes)
{
	size_t len = strlen(text);

	if (!bytes_equal_nocase(bytes_head(head, len), bytes_head(bytes_text(text), head.len)))
		return HTTP_START_NO;
	return head.len < len ? HTTP_START_MORE : yes;
}

/* "HTTP/1.1 200": a digit in the pattern stands for any. */
static enum http_start status_line(struct bytes head)
{
	struct rd pattern = rd_of(bytes_text("HTTP/0.0 000"));

	for (struct rd rd = rd_of(head); rd_left(&rd) > 0 && rd_left(&pattern) > 0;) {
		uint8_t want = rd_u8(&pattern);
		uint8_t have = rd_u8(&rd);

		if (want == '0' ? !is_digit(have) : want != have)
			return HTTP_START_NO;
	}
	return rd_left(&pattern) > 0 ? HTTP_START_MORE : HTTP_START_RESPONSE;
}

static bool is_method(struct bytes token)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (bytes_equal(token, bytes_text(methods[i])))
			return true;
	return false;
}

static enum http_start target(struct bytes method, struct bytes rest, bool strict)
{
	struct rd rd = rd_of(rest);

	if (rest.len == 0)
		return HTTP_START_MORE;
	uint8_t c = rd_u8(&rd);
	bool known = is_method(method);
	if (strict && !known)
		return HTTP_START_NO;
	if (c == '/' || c == '*')
		return HTTP_START_REQUEST;
	if (bytes_equal(method, bytes_text("CONNECT")))
		return is_alnum(c) || c == '[' ? HTTP_START_REQUEST : HTTP_START_NO;
	if (byte_lower(c) == 'h')
		return begins(rest, "http", HTTP_START_REQUEST);
	/* Letters may be another protocol's: "OPTIONS sip:", "GET key". */
	return known && !strict && c > ' ' && c < 0x7f && !is_alnum(c) ? HTTP_START_REQUEST
								       : HTTP_START_NO;
}

static enum http_start request_line(struct bytes head, bool strict)
{
	struct rd rd = rd_of(head);
	size_t len = 0;

	while (rd_left(&rd) > 0 && is_method_char(rd_u8(&rd)))
		len++;
	struct bytes method = bytes_head(head, len);
	if (len > METHOD_MAX || (len == 0 && head.len > 0))
		return HTTP_START_NO;
	if (len == head.len)
		return HTTP_START_MORE;
	if (bytes_equal(method, bytes_text("PRI"))) /* HTTP/2, RFC 9113 section 3.4 */
		return HTTP_START_NO;
	struct bytes rest = bytes_skip(head, len);
	if (!bytes_starts(rest, " ") && (strict || !bytes_starts(rest, "\t")))
		return HTTP_START_NO;
	rest = bytes_skip(rest, 1);
	while (!strict && rest.len > 0 && (bytes_starts(rest, " ") || bytes_starts(rest, "\t")))
		rest = bytes_skip(rest, 1);
	return target(method, rest, strict);
}

enum http_start http_start_of(struct bytes head, bool strict)
{
	bool full = head.len >= HTTP_START_MAX;
	enum http_start rc;

	head = bytes_head(head, HTTP_START_MAX);
	for (int i = 0; !strict && i < HTTP_JUNK_MAX; i++) {
		struct rd rd = rd_of(head);

		if (head.len > 0 && http_is_junk(rd_u8(&rd)))
			head = bytes_skip(head, 1);
	}
	rc = strict ? status_line(head) : begins(head, "HTTP/", HTTP_START_RESPONSE);
	if (rc == HTTP_START_NO)
		rc = begins(head, "ICY ", HTTP_START_RESPONSE);
	if (rc == HTTP_START_NO)
		rc = request_line(head, strict);
	return rc == HTTP_START_MORE && full ? HTTP_START_NO : rc;
}

bool http_is_junk(uint8_t c)
{
	return c <= ' ';
}

size_t http_span(struct bytes in, const char *stop)
{
	uint64_t set[4] = {0};
	size_t len = 0;

	for (; *stop != '\0'; stop++)
		set[(uint8_t)*stop / 64] |= UINT64_C(1) << (uint8_t)*stop % 64;
	for (struct rd rd = rd_of(in); rd_left(&rd) > 0; len++) {
		uint8_t c = rd_u8(&rd);

		if ((set[c / 64] >> c % 64 & 1) != 0)
			break;
	}
	return len;
}

bool http_is_token(struct bytes name)
{
	size_t len = 0;

	while (len < name.len && http_is_tchar(name.ptr[len]))
		len++;
	return name.len > 0 && len == name.len;
}

bool http_has_chunked(struct bytes line)
{
	for (; line.len > 0; line = bytes_skip(line, 1))
		if (bytes_starts_nocase(line, "chunked"))
			return true;
	return false;
}

size_t http_digits(struct bytes text)
{
	size_t count = 0;

	for (struct rd rd = rd_of(text); rd_left(&rd) > 0;)
		count += is_digit(rd_u8(&rd));
	return count;
}

/* The next member of a list "a, b". */
static struct bytes member(struct bytes *list)
{
	size_t comma = bytes_find_byte(*list, ',');
	struct bytes out = bytes_head(*list, comma);

	*list = comma == SIZE_MAX ? bytes_of(NULL, 0) : bytes_skip(*list, comma + 1);
	return bytes_trim(out);
}

/* RFC 9110 section 8.6: 1*DIGIT, nothing else. */
static bool number(struct bytes text, uint64_t *out)
{
	*out = 0;
	if (text.len == 0 || http_digits(text) != text.len)
		return false;
	while (bytes_starts(text, "0"))
		text = bytes_skip(text, 1);
	if (text.len > LENGTH_DIGITS_MAX)
		return false;
	for (struct rd rd = rd_of(text); rd_left(&rd) > 0;)
		*out = *out * 10 + (uint64_t)(rd_u8(&rd) - '0');
	return true;
}

/* Several equal values are one (RFC 9110 section 8.6), different ones a way
 * past whoever takes the other. */
void http_content_length(struct http_call *call, struct bytes value)
{
	struct http_dir *dir = call->dir;
	struct bytes list = value;

	do {
		struct bytes text = member(&list);
		uint64_t length;

		if (!number(text, &length)) {
			dir->framing |= FRAMING_DOUBT;
			continue;
		}
		if (text.len > 1 && bytes_starts(text, "0"))
			call->io->odd = true;
		if (dir->framing & FRAMING_LENGTH) {
			call->io->odd = true;
			if (dir->length != length)
				dir->framing |= FRAMING_DOUBT;
		}
		dir->framing |= FRAMING_LENGTH;
		dir->length = length;
	} while (list.len > 0);
}

void http_transfer_encoding(struct http_call *call, struct bytes value)
{
	struct http_dir *dir = call->dir;
	struct bytes list = value;

	if (dir->framing & FRAMING_CODING)
		call->io->odd = true;
	do {
		struct bytes coding = member(&list);

		if (bytes_equal_nocase(coding, bytes_text("identity"))) {
			call->io->odd = true;
			continue;
		}
		dir->framing |= FRAMING_CODING;
		if (dir->framing & FRAMING_CHUNKED)
			call->io->odd = true; /* chunked must be the last, and once */
		if (bytes_equal_nocase(coding, bytes_text("chunked")))
			dir->framing |= FRAMING_CHUNKED;
		else if (list.len == 0 && !(dir->framing & FRAMING_CHUNKED))
			call->io->odd = true;
	} while (list.len > 0);
}

struct bytes http_authority(struct bytes target, bool connect)
{
	size_t at;

	if (!connect) {
		size_t scheme = bytes_starts_nocase(target, "http://")    ? 7
				: bytes_starts_nocase(target, "https://") ? 8
									  : 0;

		if (scheme == 0)
			return bytes_of(NULL, 0);
		target = bytes_skip(target, scheme);
	}
	target = bytes_head(target, http_span(target, "/?#"));
	while ((at = bytes_find_byte(target, '@')) != SIZE_MAX) /* user information */
		target = bytes_skip(target, at + 1);
	return target;
}
