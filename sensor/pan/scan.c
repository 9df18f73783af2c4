/* scan.c - from gates to candidates: plain runs and card groups, neighbours and
 * windows.  What is decided about a place depends on at most PAN_SPAN_MAX bytes on each side
 * of it, never on how the scan came there: that is what makes windows add up. */
#include "base/why.h"
#include "pan/gate.h"
#include "pan/image.h"
#include "pan/verify.h"

#define WRITTEN_MAX 23 /* 4-4-4-4-3 with separators */
#define GROUPS_MAX 5
#define GROUP_LEN_MAX 7 /* longer groups are all the same: no card group */

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
	char digits[CARD_DIGITS_MAX + 1]; /* clear: wiped by pan_find */
};

struct shape {
	uint8_t group[4], groups, digits, len;
};

static const struct shape shapes[] = {
	{{4, 4, 4, 4}, 4, 16, 19},
	{{4, 6, 5, 0}, 3, 15, 17},
	{{4, 6, 4, 0}, 3, 14, 16},
};

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_separator(int c)
{
	return c == ' ' || c == '-' || c == '.' || c == '+';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	int lower = c | 0x20;
	return c >= 0 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte back bytes before pos. */
static int before(const struct scan *scan, size_t pos, size_t back)
{
	if (back <= pos)
		return scan->buf.ptr[pos - back];
	return scan->before_start ? NOTHING : UNKNOWN;
}

static int at(const struct scan *scan, size_t pos)
{
	if (pos < scan->buf.len)
		return scan->buf.ptr[pos];
	return scan->after_end ? NOTHING : UNKNOWN;
}

/* May a number begin behind this byte?  Behind these it is the end of something longer. */
static bool opens(int c)
{
	return c != UNKNOWN && !is_digit(c) && !is_letter(c) && c != '_' && c != '.' && c != '+' &&
	       c != '%' && c != '-';
}

/* A percent escape in front of the number counts as the byte it stands for. */
static bool left_clean(const struct scan *scan, size_t start)
{
	int low = before(scan, start, 1), high = before(scan, start, 2);

	if (hex_value(low) >= 0 && hex_value(high) >= 0 && before(scan, start, 3) == '%')
		return opens(hex_value(high) << 4 | hex_value(low));
	return opens(low);
}

/* May a number end before pos?  kind: its separator, or 0. */
static bool right_clean(const struct scan *scan, size_t pos, int kind)
{
	int c = at(scan, pos), next = at(scan, pos + 1);

	if (c == UNKNOWN || is_digit(c) || is_letter(c) || c == '_')
		return false;
	if (c == '.')
		return next != UNKNOWN && !is_digit(next);
	if (c == '-' && kind == '-') /* a chain that goes on: a UUID or a serial */
		return next != UNKNOWN && hex_value(next) < 0;
	return true;
}

/* The digits among len bytes at start to scan->digits; len is <= WRITTEN_MAX. */
static size_t collect(struct scan *scan, size_t start, size_t len)
{
	size_t count = 0;

	for (size_t i = start; i < start + len && count < CARD_DIGITS_MAX; i++) {
		if (is_digit(scan->buf.ptr[i]))
			scan->digits[count++] = (char)scan->buf.ptr[i];
	}
	return count;
}

static void report(struct scan *scan, size_t start, size_t len, size_t count,
	const struct pan_match *match, bool grouped)
{
	struct pan_scan *out = scan->out;

	if (out->count == PAN_HITS_MAX) {
		out->more++;
		return;
	}
	struct pan_hit *hit = &out->hit[out->count++];
	*hit = (struct pan_hit){.off = (uint32_t)start,
		.len = (uint32_t)len,
		.why = match->why | (grouped ? WHY_BIT(WHY_CARD_GROUPED) : 0),
		.digits = (uint8_t)count,
		.brand = match->brand,
		.tier = match->tier};
	hit->quick = hash_sip24(scan->key, scan->digits, count);
	memcpy(hit->bin, scan->digits, count >= 16 && match->shown == 8 ? 8 : 6);
	memcpy(hit->last4, scan->digits + count - 4, 4);
	if (count < PAN_LAST4_DIGITS)
		memset(hit->last4, '*', 2);
}

/* End of the digits from pos on, eight bytes at a time: a byte less '0' is a
 * digit if adding 0x76 does not reach the top bit.  (Little endian: the first
 * byte is the lowest.) */
static size_t digits_end(struct bytes buf, size_t pos)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t top = UINT64_C(0x8080808080808080);

	for (uint64_t word; buf.len - pos >= sizeof(word); pos += sizeof(word)) {
		memcpy(&word, buf.ptr + pos, sizeof(word));
		word ^= UINT64_C(0x3030303030303030);
		uint64_t other = (((word & ~top) + UINT64_C(0x7676767676767676)) | word) & top;
		if (other != 0)
			return pos + (unsigned)__builtin_ctzll(other) / 8;
	}
#endif
	while (pos < buf.len && is_digit(buf.ptr[pos]))
		pos++;
	return pos;
}

/* A digit run of its own. */
static void plain(struct scan *scan, size_t start, size_t count)
{
	struct pan_match match;

	if (!left_clean(scan, start) || !right_clean(scan, start + count, 0))
		return;
	memcpy(scan->digits, scan->buf.ptr + start, count);
	enum pan_verdict verdict = pan_verify(scan->table, scan->digits, count, &match);
	scan->out->shaped += count > CARD_DIGITS_MIN;
	scan->out->failed += count > CARD_DIGITS_MIN && verdict == PAN_FAILED;
	if (verdict == PAN_CARD)
		report(scan, start, count, count, &match, false);
}

/* Group lengths from start on, as long as one separator kind parts them.  False
 * if the window ends before that is known. */
static bool read_groups(const struct scan *scan, size_t start, int kind,
	uint8_t group[static GROUPS_MAX], size_t *groups)
{
	size_t pos = start + 4;

	group[0] = 4;
	for (*groups = 1; *groups < GROUPS_MAX && at(scan, pos) == kind; (*groups)++) {
		size_t len = 0;
		while (len < GROUP_LEN_MAX && is_digit(at(scan, pos + 1 + len)))
			len++;
		if (at(scan, pos + 1 + len) == UNKNOWN)
			return false;
		if (len == 0)
			break;
		group[*groups] = (uint8_t)len;
		pos += 1 + len;
	}
	return at(scan, pos) != UNKNOWN;
}

/* In a chain of groups of four only the first four may be a card, and what
 * follows four that are one: never every window of a list of numbers. */
static bool chain_allows(struct scan *scan, size_t start, int kind)
{
	struct pan_match match;

	if (before(scan, start, 1) != kind)
		return true;
	for (size_t i = 2; i <= 5; i++) {
		if (!is_digit(before(scan, start, i)))
			return before(scan, start, i) != UNKNOWN;
	}
	int edge = before(scan, start, 6);
	if (edge == UNKNOWN)
		return false;
	if (is_digit(edge))
		return true;
	if (start < 20)
		return false;
	for (size_t i = 0; i < 20; i++) {
		int c = scan->buf.ptr[start - 20 + i];
		if (i % 5 == 4 ? c != kind : !is_digit(c))
			return false;
	}
	if (is_digit(before(scan, start, 21)) || before(scan, start, 21) == UNKNOWN)
		return false;
	size_t count = collect(scan, start - 20, 19);
	return pan_verify(scan->table, scan->digits, count, &match) == PAN_CARD;
}

static const struct shape *shape_of(const uint8_t group[static GROUPS_MAX], size_t groups)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (groups >= shapes[i].groups &&
			memcmp(group, shapes[i].group, shapes[i].groups) == 0)
			return &shapes[i];
	}
	return NULL;
}

/* Four digits at start that may open card groups. */
static void grouped(struct scan *scan, size_t start)
{
	uint8_t group[GROUPS_MAX];
	size_t groups;
	int kind = at(scan, start + 4);
	struct pan_match match, longer;

	if (!is_separator(kind) || !read_groups(scan, start, kind, group, &groups))
		return;
	const struct shape *shape = shape_of(group, groups);
	if (shape == NULL || !left_clean(scan, start))
		return;
	if (shape->digits == 16 && !chain_allows(scan, start, kind))
		return;
	bool fits = right_clean(scan, start + shape->len, kind);
	bool fits_longer = shape->digits == 16 && groups == 5 && group[4] == 3 &&
			   right_clean(scan, start + WRITTEN_MAX, kind);
	if (!fits && !fits_longer)
		return;
	scan->out->shaped++;
	fits_longer = fits_longer && collect(scan, start, WRITTEN_MAX) == CARD_DIGITS_MAX &&
		      pan_verify(scan->table, scan->digits, CARD_DIGITS_MAX, &longer) == PAN_CARD;
	size_t count = collect(scan, start, shape->len);
	enum pan_verdict verdict = PAN_FAILED;
	if (fits)
		verdict = pan_verify(scan->table, scan->digits, count, &match);
	if (fits_longer && (verdict != PAN_CARD || longer.tier < match.tier)) {
		count = collect(scan, start, WRITTEN_MAX);
		report(scan, start, WRITTEN_MAX, count, &longer, true);
	} else if (verdict == PAN_CARD) {
		report(scan, start, shape->len, count, &match, true);
	} else {
		scan->out->failed += verdict == PAN_FAILED;
	}
}

/* How many digits at the beginning of a digit run belong to a percent escape ("%22", "%A4"). */
static size_t escape_digits(const struct scan *scan, size_t first)
{
	if (before(scan, first, 1) == '%')
		return 2;
	return hex_value(before(scan, first, 1)) >= 0 && before(scan, first, 2) == '%' ? 1 : 0;
}

/* The maximal digit run first..end. */
static void examine(struct scan *scan, size_t first, size_t end)
{
	size_t escape = escape_digits(scan, first);
	size_t start = end - first > escape ? first + escape : end;

	if (start < scan->from || start >= scan->to)
		return;
	size_t count = end - start;
	if (count >= CARD_DIGITS_MIN && count <= CARD_DIGITS_MAX)
		plain(scan, start, count);
	else if (count == 4)
		grouped(scan, start);
}

/* Examines the digit runs of the group of a gate: those that begin within one
 * written form before it, and its own.  Nothing before done was left out.
 * Returns the end of the gate's run. */
static size_t around_gate(struct scan *scan, size_t done, size_t gate)
{
	const uint8_t *p = scan->buf.ptr;
	size_t pos = gate;

	while (pos > done && gate - pos < WRITTEN_MAX &&
		(is_digit(p[pos - 1]) || is_separator(p[pos - 1])))
		pos--;
	if (pos > 0 && is_digit(p[pos - 1])) { /* began earlier than a card could */
		pos = digits_end(scan->buf, pos);
	}
	while (pos <= gate) {
		if (!is_digit(p[pos])) {
			pos++;
			continue;
		}
		size_t end = digits_end(scan->buf, pos);
		examine(scan, pos, end);
		pos = end;
	}
	return pos;
}

size_t pan_place(struct bytes buf, size_t from)
{
	return buf.len < CARD_DIGITS_MIN ? buf.len : pan_gate(buf.ptr, from, buf.len);
}

void pan_find(const struct pan_table *table, const struct hash_key *key, struct bytes buf,
	size_t from, size_t to, bool before_start, bool after_end, struct pan_scan *out)
{
	out->count = 0;
	out->more = out->shaped = out->failed = 0;
	to = to < buf.len ? to : buf.len;
	if (from >= to || buf.len < CARD_DIGITS_MIN)
		return;
	size_t end = buf.len - to < PAN_SPAN_MAX ? buf.len : to + PAN_SPAN_MAX;
	size_t done = from < PAN_SPAN_MAX ? 0 : from - PAN_SPAN_MAX;
	size_t gate = pan_gate(buf.ptr, done, end);
	if (gate >= end) /* nearly always */
		return;

	struct scan scan = {.table = table,
		.key = key,
		.buf = buf,
		.from = from,
		.to = to,
		.before_start = before_start,
		.after_end = after_end,
		.out = out};
	while (gate < end) {
		done = around_gate(&scan, done, gate);
		gate = done < end ? pan_gate(buf.ptr, done, end) : end;
	}
	explicit_bzero(scan.digits, sizeof(scan.digits));
}
