#include "sekisho/page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/safe_text.h"

#define GAP 3 /* blanks between pieces */
#define ESCAPE '\033'

/* Two columns wide in every terminal's tables (Unicode's East Asian Width), as
 * far as names and sentences need it. */
static bool is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
	       (c >= 0x20000 && c <= 0x3fffd);
}

/* One character or one escape of colour: its bytes, and its columns. */
static size_t step(const char *text, size_t len, size_t *columns)
{
	uint8_t first = (uint8_t)text[0];
	size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	uint32_t c = first & (n == 1 ? 0x7fu : 0x7fu >> n);

	*columns = 0;
	if (first == ESCAPE) {
		const char *end = memchr(text, 'm', len);
		return end == NULL ? len : (size_t)(end - text) + 1;
	}
	n = n > len ? len : n;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)text[i] & 0x3fu);
	*columns = c >= 0x300 && c <= 0x36f ? 0 : is_wide(c) ? 2 : 1;
	return n;
}

size_t page_width(const char *text, size_t len)
{
	size_t width = 0, columns;

	for (size_t at = 0; at < len; at += step(text + at, len - at, &columns), width += columns)
		;
	return width;
}

size_t page_fit(const char *text, size_t len, size_t columns)
{
	size_t at = 0, one;

	while (at < len) {
		size_t n = step(text + at, len - at, &one);
		if (one > columns)
			break;
		columns -= one;
		at += n;
	}
	return at;
}

void page_start(struct page *page, FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	*page = (struct page){.out = out};
	page->colour = isatty(fileno(out)) && (no_color == NULL || no_color[0] == '\0') &&
		       term != NULL && strcmp(term, "dumb") != 0;
}

void page_foreign(struct page *page, const struct value *name)
{
	struct bytes text;
	struct addr addr;

	if (!value_text(name, &text) || page->foreign_cnt == PAGE_FOREIGN_MAX)
		return;
	size_t colon = bytes_find_byte(text, ':'); /* a sink may be "name:port" */
	bool is_addr = addr_parse(text, &addr);
	if (!is_addr && colon != SIZE_MAX)
		text = bytes_head(text, colon);
	if (text.len > 0 && text.ptr[text.len - 1] == '.')
		text.len--;
	if (!is_addr && !addr_parse(text, &addr) && bytes_find_byte(text, '.') != SIZE_MAX)
		page->foreign[page->foreign_cnt++] = text;
}

void page_day(struct page *page, const struct value *time)
{
	char text[40];

	if (value_copy(time, text, sizeof(text)) && strlen(text) > 10 && text[10] == 'T')
		memcpy(page->day, text, 10);
}

void page_put(struct page *page, const char *format, ...)
{
	size_t room = sizeof(page->piece) - page->len;
	va_list args;

	va_start(args, format);
	int len = vsnprintf(page->piece + page->len, room, format, args);
	va_end(args);
	if (len > 0)
		page->len += (size_t)len < room ? (size_t)len : room - 1;
}

void page_colour(struct page *page, enum page_colour colour)
{
	static const char *const codes[] = {"0", "1;31", "33", "32", "1"};

	if (page->colour)
		page_put(page, "%c[%sm", ESCAPE, codes[colour]);
}

static bool is_host_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || (byte_lower(c) >= 'a' && byte_lower(c) <= 'z') ||
	       c == '.' || c == '-' || c == '_' || c >= 0x80;
}

static size_t host_len(struct bytes text)
{
	size_t len = 0;

	while (len < text.len && is_host_byte(text.ptr[len]))
		len++;
	return len;
}

static bool is_foreign(const struct page *page, struct bytes host)
{
	for (size_t i = 0; i < page->foreign_cnt; i++) {
		struct bytes name = page->foreign[i];
		if (host.len < name.len)
			continue;
		size_t before = host.len - name.len;
		if (bytes_equal_nocase(bytes_skip(host, before), name) &&
			(before == 0 || host.ptr[before - 1] == '.'))
			return true;
	}
	return false;
}

static void put_safe(struct page *page, struct bytes hostile)
{
	page->len += safe_text(page->piece + page->len, sizeof(page->piece) - page->len, hostile);
}

static void put_defanged(struct page *page, struct bytes host)
{
	for (;;) {
		size_t dot = bytes_find_byte(host, '.');
		put_safe(page, bytes_head(host, dot));
		if (dot == SIZE_MAX)
			return;
		page_put(page, "[.]");
		host = bytes_skip(host, dot + 1);
	}
}

void page_put_bytes(struct page *page, struct bytes hostile)
{
	bool after_scheme = false;
	struct addr addr;

	while (hostile.len > 0) {
		size_t len = host_len(hostile);
		while (len > 1 && hostile.ptr[len - 1] == '.') /* the end of a sentence */
			len--;
		struct bytes host = bytes_head(hostile, len);
		if (len > 0) {
			bool link = after_scheme && !addr_parse(host, &addr);
			if (link || is_foreign(page, host))
				put_defanged(page, host);
			else
				put_safe(page, host);
			hostile = bytes_skip(hostile, len);
		}
		while (hostile.len > 0 &&
			(!is_host_byte(hostile.ptr[0]) || hostile.ptr[0] == '.')) {
			after_scheme = bytes_starts(hostile, "://") ||
				       (after_scheme && hostile.ptr[0] == '/') ||
				       (after_scheme && hostile.ptr[0] == '@');
			put_safe(page, bytes_head(hostile, 1));
			hostile = bytes_skip(hostile, 1);
		}
	}
}

void page_put_number(struct page *page, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

	for (int i = 0; i < len; i++)
		page_put(page, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
}

void page_put_value(struct page *page, const struct value *value)
{
	struct bytes text;
	uint64_t number;
	double real;

	if (value_text(value, &text))
		page_put_bytes(page, text);
	else if (value_u64(value, &number))
		page_put_number(page, number);
	else if (value_real(value, &real))
		page_put(page, "%.1f", real);
	else if (value_true(value) || value_false(value))
		page_put(page, value_true(value) ? "yes" : "no");
}

void page_put_name(struct page *page, const struct value *name)
{
	struct bytes text;
	struct addr addr;

	if (value_text(name, &text) && !addr_parse(text, &addr))
		put_defanged(page, text);
	else
		page_put_value(page, name);
}

void page_put_size(struct page *page, uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	double size = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000) {
		page_put(page, "%u B", (unsigned)bytes);
		return;
	}
	while (size >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1000;
		unit++;
	}
	page_put(page, "%.1f %s", size, units[unit]);
}

/* Never rounded up to all or down to nothing: 100 % means all of it. */
void page_put_share(struct page *page, double share)
{
	double percent = share * 100;

	if (!(percent >= 0 && percent <= 100))
		page_put(page, "an unknown share");
	else if (percent > 0 && percent < 0.1)
		page_put(page, "under 0.1 %%");
	else if (percent > 99.9 && percent < 100)
		page_put(page, "over 99.9 %%");
	else if ((percent > 0 && percent < 1) || (percent > 99 && percent < 100))
		page_put(page, "%.1f %%", percent);
	else
		page_put(page, "%.0f %%", percent);
}

void page_put_time(struct page *page, const struct value *time)
{
	char text[40];

	if (!value_copy(time, text, sizeof(text))) {
		page_put(page, "unknown");
		return;
	}
	bool whole = strlen(text) >= 19 && text[10] == 'T';
	if (!whole) {
		page_put_bytes(page, bytes_text(text));
		return;
	}
	if (strncmp(text, page->day, 10) != 0) {
		put_safe(page, bytes_of(text, 10));
		page_put(page, " ");
	}
	put_safe(page, bytes_of(text + 11, 8));
}

void page_put_duration(struct page *page, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds < 2 * units[i].seconds)
			continue;
		page_put_number(page, (seconds + units[i].seconds / 2) / units[i].seconds);
		page_put(page, " %s", units[i].word);
		return;
	}
	page_put(page, "%u s", (unsigned)seconds);
}

static void new_line(struct page *page)
{
	fputc('\n', page->out);
	page->column = 0;
}

static void put_blanks(struct page *page, size_t count)
{
	fprintf(page->out, "%*s", (int)count, "");
	page->column += count;
}

/* Where to cut a text that does not fit: after the last blank, or anywhere. */
static size_t cut(const char *text, size_t len, size_t columns)
{
	size_t fit = page_fit(text, len, columns);

	if (fit == len)
		return fit;
	for (size_t i = fit; i > fit / 2; i--)
		if (text[i - 1] == ' ')
			return i;
	return fit;
}

void page_end(struct page *page)
{
	size_t at = 0, width = page_width(page->piece, page->len);

	if (page->len == 0)
		return;
	if (page->column > page->margin) {
		if (page->column + GAP + width > PAGE_COLUMNS)
			new_line(page);
		else
			put_blanks(page, GAP);
	}
	while (at < page->len) {
		if (page->column < page->margin)
			put_blanks(page, page->margin - page->column);
		size_t n = cut(page->piece + at, page->len - at, PAGE_COLUMNS - page->column);
		n = n == 0 ? 1 : n;
		size_t shown = n;
		while (at + n < page->len && shown > 0 && page->piece[at + shown - 1] == ' ')
			shown--;
		fwrite(page->piece + at, 1, shown, page->out);
		page->column += page_width(page->piece + at, shown);
		at += n;
		if (at < page->len)
			new_line(page);
	}
	page->len = 0;
}

void page_line(struct page *page)
{
	page_end(page);
	if (page->column > 0)
		new_line(page);
}

void page_section(struct page *page, const char *heading)
{
	page_line(page);
	page->margin = PAGE_MARGIN;
	fprintf(page->out, "%s%s%s", page->colour && heading[0] != '\0' ? "\033[1m" : "", heading,
		page->colour && heading[0] != '\0' ? "\033[0m" : "");
	page->column = strlen(heading);
}

const char *page_take(struct page *page)
{
	page->piece[page->len] = '\0';
	page->len = 0;
	return page->piece;
}

void page_put_labelled(struct page *page, const char *label, const struct value *value)
{
	if (value == NULL)
		return;
	page_put(page, "%s ", label);
	page_put_value(page, value);
	page_end(page);
}
