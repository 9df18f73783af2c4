/* Bytes as decimal numbers in a row: "52,49,49", as in String.fromCharCode(...). */
#include "codec/coding.h"
#include "codec/glyph.h"
#include "codec/look.h"

#define CODES_MIN 13
#define RANDOM_MIN 24 /* of such that look like nothing */
#define SPAN_MIN 64   /* between the least and the most */
#define SEPARATOR_MAX 2
#define LOOK_CODED (LOOK_BYTES * 5)

/* Digits of the code there, 0: none. */
static size_t code_at(struct bytes buf, size_t at, unsigned *value)
{
	size_t len = 0;

	*value = 0;
	while (at + len < buf.len && is_digit(buf.ptr[at + len]) && len < 4)
		*value = *value * 10 + (unsigned)(buf.ptr[at + len++] - '0');
	return len > 3 || *value > UINT8_MAX ? 0 : len;
}

static size_t charcodes_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t at = 0, n = 0;

	(void)unpacker;
	(void)variant;
	while (at < coded.len && n < room) {
		unsigned value;
		size_t len = code_at(coded, at, &value);

		if (len > 0)
			out[n++] = (uint8_t)value;
		at += len > 0 ? len : 1;
	}
	return n;
}

struct list {
	uint8_t separator[SEPARATOR_MAX];
	size_t separator_len;
	size_t end, last; /* last: where the last code begins */
	size_t count;
};

static bool is_separator(uint8_t c)
{
	return c == ',' || c == ' ' || c == ';' || c == '|' || c == '\n';
}

/* What stands behind the first code; false if nothing that separates. */
static bool separator_at(struct bytes buf, size_t at, struct list *list)
{
	list->separator_len = 0;
	if (at >= buf.len || !is_separator(buf.ptr[at]))
		return false;
	list->separator[list->separator_len++] = buf.ptr[at];
	if (buf.ptr[at] != ' ' && at + 1 < buf.len && buf.ptr[at + 1] == ' ')
		list->separator[list->separator_len++] = ' ';
	return true;
}

static bool separated(struct bytes buf, size_t at, const struct list *list)
{
	return at + list->separator_len <= buf.len &&
	       memcmp(buf.ptr + at, list->separator, list->separator_len) == 0;
}

static struct list list_of(struct bytes buf, size_t off)
{
	struct list list = {.end = off, .last = off};
	unsigned value;
	size_t at = off, len = code_at(buf, at, &value);

	if (len == 0 || !separator_at(buf, at + len, &list))
		return list;
	while (len > 0) {
		list.last = at;
		list.end = at + len;
		list.count++;
		if (!separated(buf, list.end, &list))
			break;
		at = list.end + list.separator_len;
		len = code_at(buf, at, &value);
	}
	return list;
}

/* True if the list reaches to this code from the left. */
static bool continues(struct bytes buf, size_t at, const struct list *list)
{
	if (at < list->separator_len + 1 || !separated(buf, at - list->separator_len, list))
		return false;
	size_t end = at - list->separator_len, digits = 0;
	unsigned value;

	while (digits < 4 && digits < end && is_digit(buf.ptr[end - digits - 1]))
		digits++;
	return digits > 0 && digits <= 3 && code_at(buf, end - digits, &value) == digits;
}

/* Bytes that are no text and yet no list of plain numbers: few repeat, and many are large or, if
 * they may be under a key, they lie far apart. */
static bool looks_random(struct bytes coded, size_t count, bool keyed)
{
	bool seen[UINT8_MAX + 1] = {false};
	uint8_t out[LOOK_BYTES], low = UINT8_MAX, high = 0;
	size_t n = charcodes_decode(NULL, coded, 0, out, sizeof(out)), large = 0, kinds = 0;

	for (size_t i = 0; i < n; i++) {
		large += out[i] >= 100;
		kinds += !seen[out[i]];
		seen[out[i]] = true;
		low = out[i] < low ? out[i] : low;
		high = out[i] > high ? out[i] : high;
	}
	return count >= RANDOM_MIN && kinds * 4 >= n &&
	       (large * 10 >= n * 3 || (keyed && high - low >= SPAN_MIN));
}

static bool judge(struct bytes buf, size_t off, const struct list *list)
{
	uint8_t out[LOOK_BYTES];
	struct bytes coded = bytes_of(buf.ptr + off, list->end - off);

	if (list->count < CODES_MIN || continues(buf, off, list))
		return false;
	coded = bytes_head(coded, LOOK_CODED);
	int look = look_of(bytes_of(out, charcodes_decode(NULL, coded, 0, out, sizeof(out))));

	/* Small numbers in order look as if under a key. */
	return look > LOOK_KEYED || looks_random(coded, list->count, look == LOOK_KEYED);
}

static bool charcodes_find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t at = from;

	while (at < buf.len) {
		if (!is_digit(buf.ptr[at]) || (at > 0 && is_digit(buf.ptr[at - 1]))) {
			at++;
			continue;
		}
		struct list list = list_of(buf, at);

		if (judge(buf, at, &list)) {
			*out = (struct stretch){.off = at, .len = list.end - at};
			return true;
		}
		at = list.count > 1 ? list.last : at + 1;
	}
	return false;
}

const struct coding coding_charcodes = {
	.layer = LAYER_CHARCODES,
	.signs = SIGN_LIST,
	.find = charcodes_find,
	.decode = charcodes_decode,
};
