/* scan.c - from gates to candidates: plain runs and card groups, neighbours and windows. */
#include "pan/scan.h"

#include "base/why.h"
#include "pan/gate.h"
#include "pan/image.h"

#define WRITTEN_MAX 23 /* 4-4-4-4-3 with separators */
#define GROUPS_MAX 5
#define GROUP_LEN_MAX 7 /* longer groups are all the same: no card group */
#define GATE_REACH 64   /* a gate stands so near to where its number begins */

struct shape {
	uint8_t group[4], groups, digits, len;
};

static const struct shape shapes[] = {
	{{4, 4, 4, 4}, 4, 16, 19},
	{{4, 6, 5, 0}, 3, 15, 17},
	{{4, 6, 4, 0}, 3, 14, 16},
};

static bool is_separator(int c)
{
	return c == ' ' || c == '-' || c == '.' || c == '+' || c == '_';
}

/* May a number begin behind this byte?  Behind these it is the end of something longer. */
static bool opens(int c)
{
	return c != UNKNOWN && !is_digit(c) && !is_letter(c) && c != '_' && c != '.' && c != '+' &&
	       c != '%' && c != '-';
}

/* What an escape that ends before start stands for (%3D, \x3d, \u003d; \n, \r, \t; =3D as
 * quoted-printable has it before a value), or the byte itself. */
static int left_of(const struct scan *scan, size_t start)
{
	int c = scan_before(scan, start, 1), value = 0;

	if (scan_before(scan, start, 2) == '\\' && (c == 'n' || c == 'r' || c == 't'))
		return '\n';
	if (c == 'D' && scan_before(scan, start, 2) == '3' && scan_before(scan, start, 3) == '=')
		return '=';
	for (size_t back = 1; back <= 4; back++) {
		int hex = hex_value(scan_before(scan, start, back));
		if (hex < 0)
			break;
		value |= hex << 4 * (back - 1);
		int before = scan_before(scan, start, back + 1);
		if ((back == 2 && before == '%') ||
			(((back == 2 && before == 'x') || (back == 4 && before == 'u')) &&
				scan_before(scan, start, back + 2) == '\\'))
			return value;
	}
	return c;
}

/* "No.": the one word with a dot that is a name and no part of a longer one. */
static bool behind_no(const struct scan *scan, size_t start)
{
	int before = scan_before(scan, start, 4);

	return scan_before(scan, start, 1) == '.' && (scan_before(scan, start, 2) | 0x20) == 'o' &&
	       (scan_before(scan, start, 3) | 0x20) == 'n' && before != UNKNOWN &&
	       !is_digit(before) && !is_letter(before) && before != '_' && before != '.' &&
	       before != '-';
}

static bool left_clean(const struct scan *scan, size_t start)
{
	return opens(left_of(scan, start)) || behind_no(scan, start);
}

/* May a number end before pos?  kind: its separator, or 0. */
static bool right_clean(const struct scan *scan, size_t pos, int kind)
{
	int c = scan_at(scan, pos), next = scan_at(scan, pos + 1);

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

struct pan_hit *scan_report(struct scan *scan, size_t start, size_t len, size_t count,
	const struct pan_match *match, uint64_t why)
{
	struct pan_scan *out = scan->out;

	if (out->count == PAN_HITS_MAX) {
		out->more++;
		return NULL;
	}
	struct pan_hit *hit = &out->hit[out->count++];
	*hit = (struct pan_hit){.off = (uint32_t)start,
		.len = (uint32_t)len,
		.why = match->why | why,
		.digits = (uint8_t)count,
		.brand = match->brand,
		.tier = match->tier};
	hit->quick = hash_sip24(scan->key, scan->digits, count);
	memcpy(hit->bin, scan->digits, count >= 16 && match->shown == 8 ? 8 : 6);
	memcpy(hit->last4, scan->digits + count - 4, 4);
	if (count < PAN_LAST4_DIGITS)
		memset(hit->last4, '*', 2);
	return hit;
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

	uint64_t track = track_behind(scan, start + count);

	if (!left_clean(scan, start) && (track == 0 || !track_opens(scan, start)))
		return;
	if (track == 0 && !right_clean(scan, start + count, 0))
		return;
	memcpy(scan->digits, scan->buf.ptr + start, count);
	enum pan_verdict verdict = pan_verify(scan->table, scan->digits, count, &match);
	scan->out->shaped += count > CARD_DIGITS_MIN;
	scan->out->failed += count > CARD_DIGITS_MIN && verdict == PAN_FAILED;
	if (verdict == PAN_CARD)
		scan_report(scan, start, count, count, &match, track);
}

/* Group lengths from start on, as long as one separator kind parts them.  False
 * if the window ends before that is known. */
static bool read_groups(const struct scan *scan, size_t start, int kind,
	uint8_t group[static GROUPS_MAX], size_t *groups)
{
	size_t pos = start + 4;

	group[0] = 4;
	for (*groups = 1; *groups < GROUPS_MAX && scan_at(scan, pos) == kind; (*groups)++) {
		size_t len = 0;
		while (len < GROUP_LEN_MAX && is_digit(scan_at(scan, pos + 1 + len)))
			len++;
		if (scan_at(scan, pos + 1 + len) == UNKNOWN)
			return false;
		if (len == 0)
			break;
		group[*groups] = (uint8_t)len;
		pos += 1 + len;
	}
	return scan_at(scan, pos) != UNKNOWN;
}

/* In a chain of groups of four only the first four may be a card, and what
 * follows four that are one: never every window of a list of numbers. */
static bool chain_allows(struct scan *scan, size_t start, int kind)
{
	struct pan_match match;

	if (scan_before(scan, start, 1) != kind)
		return true;
	for (size_t i = 2; i <= 5; i++) {
		if (!is_digit(scan_before(scan, start, i)))
			return scan_before(scan, start, i) != UNKNOWN;
	}
	int edge = scan_before(scan, start, 6);
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
	if (is_digit(scan_before(scan, start, 21)) || scan_before(scan, start, 21) == UNKNOWN)
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

static bool among(int c, const char *set)
{
	return c > 0 && strchr(set, c) != NULL;
}

/* Is start..end all of a field?  Then its last three digits are no code beside a number. */
static bool fills_field(const struct scan *scan, size_t start, size_t end)
{
	int left = left_of(scan, start), right = scan_at(scan, end);

	if (left == ' ')
		left = scan_before(scan, start, 2);
	bool named = among(left, "=:\"'|,;>&<([{\t");
	bool lined = left == NOTHING || left == '\n';
	return (named && (right == NOTHING || among(right, "\r\n"))) ||
	       ((named || lined) && among(right, "\"'|,;&<\t)]}\\"));
}

/* The reading as 4-4-4-4-3 is a card: does it win over that as 4-4-4-4? */
static bool longer_wins(const struct scan *scan, size_t start, const struct pan_match *longer,
	const struct pan_match *shorter)
{
	return shorter == NULL || longer->tier < shorter->tier ||
	       fills_field(scan, start, start + WRITTEN_MAX);
}

/* Reads the groups at start in both ways, one of which has clean neighbours. */
static void judge_groups(
	struct scan *scan, size_t start, const struct shape *shape, bool fits, bool fits_longer)
{
	struct pan_match match, longer;
	enum pan_verdict verdict = PAN_FAILED;

	fits_longer = fits_longer && collect(scan, start, WRITTEN_MAX) == CARD_DIGITS_MAX &&
		      pan_verify(scan->table, scan->digits, CARD_DIGITS_MAX, &longer) == PAN_CARD;
	size_t count = collect(scan, start, shape->len);
	if (fits)
		verdict = pan_verify(scan->table, scan->digits, count, &match);
	if (fits_longer && longer_wins(scan, start, &longer, verdict == PAN_CARD ? &match : NULL)) {
		count = collect(scan, start, WRITTEN_MAX);
		scan_report(scan, start, WRITTEN_MAX, count, &longer, WHY_BIT(WHY_CARD_GROUPED));
	} else if (verdict == PAN_CARD) {
		scan_report(scan, start, shape->len, count, &match, WHY_BIT(WHY_CARD_GROUPED));
	} else {
		scan->out->failed += verdict == PAN_FAILED;
	}
}

/* A group of four and its separator before it. */
static bool is_fourth(const struct scan *scan, size_t at, int kind)
{
	if (scan_at(scan, at) != kind)
		return false;
	for (size_t i = 1; i <= 4; i++)
		if (!is_digit(scan_at(scan, at + i)))
			return false;
	return true;
}

/* Two more groups of four behind a number in four, and no card in them: a row of a table. */
static bool is_row(struct scan *scan, size_t end, int kind)
{
	struct pan_match match;

	if (!is_fourth(scan, end, kind) || !is_fourth(scan, end + 5, kind))
		return false;
	if (!is_fourth(scan, end + 10, kind) || !is_fourth(scan, end + 15, kind))
		return true;
	size_t count = collect(scan, end + 1, 19);
	return pan_verify(scan->table, scan->digits, count, &match) != PAN_CARD;
}

/* Four digits at start that may open card groups. */
static void grouped(struct scan *scan, size_t start)
{
	uint8_t group[GROUPS_MAX];
	size_t groups;
	int kind = scan_at(scan, start + 4);

	if (!is_separator(kind) || !read_groups(scan, start, kind, group, &groups))
		return;
	const struct shape *shape = shape_of(group, groups);
	if (shape == NULL || !left_clean(scan, start))
		return;
	if (shape->digits == 16 &&
		(!chain_allows(scan, start, kind) || is_row(scan, start + shape->len, kind)))
		return;
	bool fits = right_clean(scan, start + shape->len, kind);
	bool fits_longer = shape->digits == 16 && groups == 5 && group[4] == 3 &&
			   right_clean(scan, start + WRITTEN_MAX, kind);
	if (!fits && !fits_longer)
		return;
	scan->out->shaped++;
	judge_groups(scan, start, shape, fits, fits_longer);
}

/* How many digits at the beginning of a digit run belong to an escape ("%22", "%A4", "\\x22",
 * "\\u0022"). */
static size_t escape_digits(const struct scan *scan, size_t first)
{
	for (size_t hex = 0; hex < 4; hex++) {
		int c = scan_before(scan, first, hex + 1);
		if (hex < 2 &&
			(c == '%' || (c == 'x' && scan_before(scan, first, hex + 2) == '\\')))
			return 2 - hex;
		if (c == 'u' && scan_before(scan, first, hex + 2) == '\\')
			return 4 - hex;
		if (hex_value(c) < 0)
			break;
	}
	return 0;
}

/* The maximal digit run first..end. */
static void examine(struct scan *scan, size_t first, size_t end)
{
	if (end - first >= CARD_DIGITS_MIN && emv_text(scan, first, end))
		return;
	bool track = track_opens(scan, first) && track_behind(scan, end) != 0;
	size_t escape = track ? 0 : escape_digits(scan, first);
	size_t start = end - first > escape ? first + escape : end;

	if (!scan_wants(scan, start))
		return;
	size_t count = end - start;
	if (count >= CARD_DIGITS_MIN && count <= CARD_DIGITS_MAX)
		plain(scan, start, count);
	if (count == 4)
		grouped(scan, start);
	if (count < CARD_DIGITS_MIN)
		split_at(scan, start, end);
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
		emv_text(scan, pos, pos);
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
	size_t end = buf.len - to < GATE_REACH ? buf.len : to + GATE_REACH;
	size_t done = from < GATE_REACH ? 0 : from - GATE_REACH;
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
		if (is_digit(buf.ptr[gate])) {
			done = around_gate(&scan, done, gate);
		} else {
			emv_raw(&scan, gate);
			done = gate + 1;
		}
		gate = done < end ? pan_gate(buf.ptr, done, end) : end;
	}
	explicit_bzero(scan.digits, sizeof(scan.digits));
}
