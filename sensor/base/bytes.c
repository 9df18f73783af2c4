#include "base/bytes.h"

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (byte_lower(a.ptr[i]) != byte_lower(b.ptr[i]))
			return false;
	return true;
}

bool bytes_starts_nocase(struct bytes a, const char *text)
{
	struct bytes start = bytes_text(text);

	return a.len >= start.len && bytes_equal_nocase(bytes_head(a, start.len), start);
}

/* glibc's memmem is linear (two-way), also for a needle chosen by a stranger. */
size_t bytes_find(struct bytes hay, struct bytes needle)
{
	if (needle.len == 0)
		return 0;
	if (needle.len > hay.len)
		return SIZE_MAX;
	const uint8_t *at = memmem(hay.ptr, hay.len, needle.ptr, needle.len);
	return at != NULL ? (size_t)(at - hay.ptr) : SIZE_MAX;
}

size_t bytes_find_byte(struct bytes a, uint8_t byte)
{
	const uint8_t *at = a.len > 0 ? memchr(a.ptr, byte, a.len) : NULL;

	return at != NULL ? (size_t)(at - a.ptr) : SIZE_MAX;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes a)
{
	while (a.len > 0 && is_blank(a.ptr[0])) {
		a.ptr++;
		a.len--;
	}
	while (a.len > 0 && is_blank(a.ptr[a.len - 1]))
		a.len--;
	return a;
}
