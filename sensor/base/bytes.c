#include "base/bytes.h"

/* Eight letters at once: in each byte below 0x80, the top bit of the first sum tells 'A' or
 * above, that of the second above 'Z'. */
static inline uint64_t word_lower(uint64_t word)
{
	const uint64_t each = UINT64_C(0x0101010101010101), top = each * 0x80;
	uint64_t low = word & ~top;
	uint64_t from_a = low + each * (0x80 - 'A'), above_z = low + each * (0x7f - 'Z');

	return word | ((from_a & ~above_z & ~word & top) >> 2);
}

static inline __attribute__((always_inline)) void lower_at(
	uint8_t *out, const uint8_t *from, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, from, len);
	word = word_lower(word);
	memcpy(out, &word, len);
}

/* The last word overlaps the one before it: a letter is the same twice. */
void bytes_lower(uint8_t *out, struct bytes a)
{
	size_t at = 0;

	for (; a.len - at >= 8; at += 8)
		lower_at(out + at, a.ptr + at, 8);
	if (at == a.len)
		return;
	if (a.len >= 8) {
		lower_at(out + a.len - 8, a.ptr + a.len - 8, 8);
	} else if (a.len >= 4) {
		lower_at(out, a.ptr, 4);
		lower_at(out + a.len - 4, a.ptr + a.len - 4, 4);
	} else {
		for (; at < a.len; at++)
			out[at] = byte_lower(a.ptr[at]);
	}
}

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
