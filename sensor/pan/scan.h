/* scan.h - a scan at work: what its parts share.  Private to this room.
 *
 * What is decided about a place depends on at most PAN_SPAN_MAX bytes on each side of it, never
 * on how the scan came there: that is what makes windows add up. */
#ifndef SEKISHO_PAN_SCAN_H
#define SEKISHO_PAN_SCAN_H

#include "pan/verify.h"

#define SCAN_DIGITS_MAX 19

/* Beside bytes 0..255: */
#define NOTHING (-1) /* the message begins or ends here */
#define UNKNOWN (-2) /* the window does, the message goes on */

struct scan {
	const struct pan_table *table;
	const struct hash_key *key;
	struct bytes buf;
	size_t from, to;
	bool before_start, after_end;
	struct pan_scan *out;
	char digits[SCAN_DIGITS_MAX + 1]; /* clear: wiped by pan_find */
};

static inline bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	int lower = c | 0x20;
	return c >= 0 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte back bytes before pos. */
static inline int scan_before(const struct scan *scan, size_t pos, size_t back)
{
	if (back <= pos)
		return scan->buf.ptr[pos - back];
	return scan->before_start ? NOTHING : UNKNOWN;
}

static inline int scan_at(const struct scan *scan, size_t pos)
{
	if (pos < scan->buf.len)
		return scan->buf.ptr[pos];
	return scan->after_end ? NOTHING : UNKNOWN;
}

static inline bool scan_wants(const struct scan *scan, size_t start)
{
	return start >= scan->from && start < scan->to;
}

/* A hit whose digits stand in scan->digits.  Gives room for its pieces; NULL: no room. */
struct pan_hit *scan_report(struct scan *scan, size_t start, size_t len, size_t count,
	const struct pan_match *match, uint64_t why);

/* track.c: magnetic stripes (ISO/IEC 7813) and chips (EMV book 3). */

/* WHY_BIT(WHY_CARD_TRACK) if the number that ends there goes on as on a track, else 0. */
uint64_t track_behind(const struct scan *scan, size_t end);
/* True if the first track may begin with the number at start: "%B" or 'B' stands before it. */
bool track_opens(const struct scan *scan, size_t start);
/* The digit run first..end in hex text: reports the numbers of tags.  False: it has none. */
bool emv_text(struct scan *scan, size_t first, size_t end);
/* The same for tags as they are; tag: the place of a gate. */
void emv_raw(struct scan *scan, size_t tag);

/* split.c: a number that is spread over numbered fields, of which the one with the digits
 * start..end comes first in the text. */
void split_at(struct scan *scan, size_t start, size_t end);

#endif
