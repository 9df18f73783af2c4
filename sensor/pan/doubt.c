#include "pan/doubt.h"

#include <assert.h>

#include "pan/image.h"
#include "pan/scan.h"

#define AROUND PAN_SPAN_MAX /* bytes on each side that decide about a number */
#define GROUPED_MIN 13
#define GROUPS_MAX 8
#define HEAD 8 /* digits that tell the issuer */

struct groups {
	size_t len[GROUPS_MAX], end[GROUPS_MAX];
	size_t count;
};

struct shape {
	size_t group[5], groups;
};

/* The longer first. */
static const struct shape shapes[] = {
	{{4, 4, 4, 4, 3}, 5},
	{{4, 4, 4, 4}, 4},
	{{4, 6, 5}, 3},
	{{4, 6, 4}, 3},
};

static size_t digits_end(struct bytes buf, size_t pos)
{
	while (pos < buf.len && is_digit(buf.ptr[pos]))
		pos++;
	return pos;
}

static bool is_separator(int c)
{
	return c == ' ' || c == '-' || c == '.' || c == '+' || c == '_';
}

/* The digit runs from pos on that one kind of separator parts. */
static void read_groups(struct bytes buf, size_t pos, struct groups *out)
{
	uint8_t kind = 0;

	out->count = 0;
	while (out->count < GROUPS_MAX) {
		size_t end = digits_end(buf, pos);
		if (end == pos)
			return;
		out->len[out->count] = end - pos;
		out->end[out->count++] = end;
		if (end == buf.len || !is_separator(buf.ptr[end]))
			return;
		if (kind != 0 && buf.ptr[end] != kind)
			return;
		kind = buf.ptr[end];
		pos = end + 1;
	}
}

static bool has_shape(const struct groups *groups, const struct shape *shape)
{
	return groups->count >= shape->groups &&
	       memcmp(groups->len, shape->group, shape->groups * sizeof(shape->group[0])) == 0;
}

/* How many groups are the number: those of a card's form, or else all; 0: none is there. */
static size_t number_groups(const struct groups *groups)
{
	size_t digits = 0;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (has_shape(groups, &shapes[i]))
			return shapes[i].groups;
	for (size_t i = 0; i < groups->count; i++)
		digits += groups->len[i];
	return digits >= GROUPED_MIN && digits <= CARD_DIGITS_MAX ? groups->count : 0;
}

/* The number whose first digit stands at pos; false: none does. */
static bool read_number(struct bytes buf, size_t pos, struct pan_doubt *out)
{
	size_t end = digits_end(buf, pos), count;
	struct groups groups;

	*out = (struct pan_doubt){.off = pos, .len = end - pos, .digits = end - pos};
	if (out->digits >= PAN_DOUBT_DIGITS)
		return true;
	read_groups(buf, pos, &groups);
	count = number_groups(&groups);
	if (count < 2)
		return false;
	out->len = groups.end[count - 1] - pos;
	out->digits = out->len - (count - 1);
	return true;
}

/* True if it can be an issuer's with another check digit; *last: the right one. */
static bool fits_issuer(const struct pan_table *table, char *digits, size_t count, char *last)
{
	struct pan_match match;
	char was = digits[count - 1];
	bool fits = false;

	for (char c = '0'; c <= '9' && !fits; c++) {
		digits[count - 1] = c;
		fits = pan_verify(table, digits, count, &match) != PAN_FAILED;
		*last = c;
	}
	digits[count - 1] = was;
	return fits;
}

/* True if an issuer's range begins so, whatever its length. */
static bool fits_range(const struct pan_table *table, const char *digits, size_t count)
{
	char other[CARD_DIGITS_MAX], last;
	bool fits = false;

	memset(other, '0', sizeof(other));
	memcpy(other, digits, count < HEAD ? count : HEAD);
	for (size_t n = CARD_DIGITS_MIN; n <= CARD_DIGITS_MAX && !fits; n++)
		fits = fits_issuer(table, other, n, &last);
	explicit_bzero(other, sizeof(other));
	return fits;
}

/* Up to CARD_DIGITS_MAX of them; returns how many. */
static size_t collect(struct bytes written, char out[static CARD_DIGITS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < written.len && count < CARD_DIGITS_MAX; i++)
		if (is_digit(written.ptr[i]))
			out[count++] = (char)written.ptr[i];
	return count;
}

/* What its digits lack; *last: the check digit with which they would lack nothing but variety. */
static unsigned lacks_by_digits(
	const struct pan_table *table, struct bytes written, size_t count, char *last)
{
	struct pan_match match;
	char digits[CARD_DIGITS_MAX];
	size_t read = collect(written, digits);
	unsigned lacks = 0;

	if (count < CARD_DIGITS_MIN || count > CARD_DIGITS_MAX) {
		lacks = PAN_LACKS_LENGTH;
		lacks |= fits_range(table, digits, read) ? 0u : PAN_LACKS_ISSUER;
	} else if (!fits_issuer(table, digits, count, last)) {
		lacks = fits_range(table, digits, read) ? PAN_LACKS_LENGTH : PAN_LACKS_ISSUER;
	} else {
		enum pan_verdict verdict = pan_verify(table, digits, count, &match);
		if (verdict == PAN_CARD) /* there are test numbers that no Luhn agrees to */
			*last = digits[count - 1];
		lacks = verdict == PAN_FAILED        ? PAN_LACKS_CHECK
			: verdict == PAN_PLACEHOLDER ? PAN_LACKS_VARIETY
						     : 0;
	}
	explicit_bzero(digits, sizeof(digits));
	return lacks;
}

/* True if pan_find() tells a hit that overlaps len bytes at off, of these. */
static bool is_found(
	const struct pan_table *table, const struct pan_doubtful *text, size_t off, size_t len)
{
	const struct hash_key key = {.k0 = 0};
	struct pan_scan scan;

	pan_find(table, &key, text->buf, 0, text->buf.len, text->before_start, text->after_end,
		&scan);
	for (uint32_t i = 0; i < scan.count; i++)
		if (scan.hit[i].off < off + len && off < scan.hit[i].off + scan.hit[i].len)
			return true;
	return false;
}

/* The bytes that decide about it; *off: its place in them. */
static struct pan_doubtful around(
	const struct pan_doubtful *text, const struct pan_doubt *doubt, size_t *off)
{
	size_t left = doubt->off > AROUND ? doubt->off - AROUND : 0;
	struct bytes buf = bytes_skip(text->buf, left);
	size_t len = doubt->off - left + doubt->len + AROUND;

	*off = doubt->off - left;
	return (struct pan_doubtful){.buf = bytes_head(buf, len),
		.before_start = left == 0 && text->before_start,
		.after_end = len >= buf.len && text->after_end};
}

/* What its surroundings spoil, once its last digit is that one; 0: nothing. */
static unsigned lacks_by_place(
	const struct pan_table *table, struct pan_doubtful place, size_t off, size_t len, char last)
{
	uint8_t room[3 * PAN_SPAN_MAX];
	unsigned lacks = 0;

	assert(place.buf.len <= sizeof(room));
	memcpy(room, place.buf.ptr, place.buf.len);
	room[off + len - 1] = (uint8_t)last;
	place.buf.ptr = room;
	if (!is_found(table, &place, off, len)) {
		struct pan_doubtful alone = {
			.buf = bytes_of(room + off, len), .before_start = true, .after_end = true};
		lacks = is_found(table, &alone, 0, len) ? PAN_LACKS_EDGE : PAN_LACKS_GROUPS;
	}
	explicit_bzero(room, sizeof(room));
	return lacks;
}

static unsigned lacks_of(const struct pan_table *table, const struct pan_doubtful *text,
	const struct pan_doubt *doubt)
{
	struct bytes written = bytes_of(text->buf.ptr + doubt->off, doubt->len);
	char last = '0';
	size_t off;
	struct pan_doubtful place = around(text, doubt, &off);

	if (is_found(table, &place, off, doubt->len))
		return 0;
	unsigned lacks = lacks_by_digits(table, written, doubt->digits, &last);
	if (lacks == 0 || lacks == PAN_LACKS_CHECK)
		lacks |= lacks_by_place(table, place, off, doubt->len, last);
	return lacks;
}

static bool is_open(const struct pan_doubtful *text, const struct pan_doubt *doubt)
{
	return (doubt->off == 0 && !text->before_start) ||
	       (doubt->off + doubt->len == text->buf.len && !text->after_end);
}

bool pan_doubt_next(const struct pan_table *table, const struct pan_doubtful *text, size_t from,
	struct pan_doubt *out)
{
	struct bytes buf = text->buf;
	size_t pos = from;

	if (pos > 0 && pos < buf.len && is_digit(buf.ptr[pos - 1]))
		pos = digits_end(buf, pos);
	for (; pos < buf.len; pos = is_digit(buf.ptr[pos]) ? digits_end(buf, pos) : pos + 1) {
		if (!is_digit(buf.ptr[pos]) || !read_number(buf, pos, out) || is_open(text, out))
			continue;
		out->lacks = lacks_of(table, text, out);
		return true;
	}
	return false;
}
