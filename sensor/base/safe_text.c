#include "base/safe_text.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

/* What a terminal or a reader must not meet, in order: controls, marks of
 * format and direction, separators, surrogates, private use, noncharacters
 * (the pairs at the end of each plane are tested apart). */
static const struct range unshown[] = {
	{0x0000, 0x001f},
	{0x007f, 0x009f},
	{0x00ad, 0x00ad},
	{0x0600, 0x0605},
	{0x061c, 0x061c},
	{0x06dd, 0x06dd},
	{0x070f, 0x070f},
	{0x0890, 0x0891},
	{0x08e2, 0x08e2},
	{0x180e, 0x180e},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0xd800, 0xf8ff},
	{0xfdd0, 0xfdef},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0x110bd, 0x110bd},
	{0x110cd, 0x110cd},
	{0x13430, 0x13438},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0x10ffff},
};

static bool is_shown(uint32_t c)
{
	size_t low = 0, high = sizeof(unshown) / sizeof(unshown[0]);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c < unshown[middle].first)
			high = middle;
		else if (c > unshown[middle].last)
			low = middle + 1;
		else
			return false;
	}
	return (c & 0xfffe) != 0xfffe;
}

/* RFC 3629 section 4: the shortest form only, no surrogates, up to U+10FFFF. */
size_t safe_char(struct bytes a)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

	if (a.len == 0)
		return 0;
	uint8_t first = a.ptr[0];
	if (first < 0x80)
		return first >= 0x20 && first != 0x7f;
	size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || a.len < len)
		return 0;
	uint32_t c = first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((a.ptr[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (a.ptr[i] & 0x3f);
	}
	return c >= smallest[len] && c <= 0x10ffff && is_shown(c) ? len : 0;
}

static size_t put_escaped(char *out, uint8_t c)
{
	out[0] = '\\';
	out[1] = 'x';
	out[2] = "0123456789abcdef"[c >> 4];
	out[3] = "0123456789abcdef"[c & 15];
	return 4;
}

/* \xNN as put_escaped() writes it: its backslash may stand as it is. */
static bool is_escape(struct bytes a)
{
	static const char digits[] = "0123456789abcdef";

	return a.len >= 4 && a.ptr[0] == '\\' && a.ptr[1] == 'x' && a.ptr[2] != 0 &&
	       a.ptr[3] != 0 && strchr(digits, a.ptr[2]) != NULL &&
	       strchr(digits, a.ptr[3]) != NULL;
}

static size_t put_safe(char *out, size_t size, struct bytes hostile, bool again)
{
	size_t n = 0, at = 0;

	while (at < hostile.len) {
		struct bytes rest = bytes_skip(hostile, at);
		size_t len = rest.ptr[0] == '\\' ? 0 : safe_char(rest);

		if (again && is_escape(rest))
			len = 4;
		if (n + (len > 0 ? len : 4) >= size)
			break;
		if (len > 0)
			memcpy(out + n, rest.ptr, len);
		n += len > 0 ? len : put_escaped(out + n, rest.ptr[0]);
		at += len > 0 ? len : 1;
	}
	out[n] = '\0';
	return n;
}

size_t safe_text(char *out, size_t size, struct bytes hostile)
{
	return put_safe(out, size, hostile, false);
}

size_t safe_line(char *out, size_t size, struct bytes hostile)
{
	return put_safe(out, size, hostile, true);
}
