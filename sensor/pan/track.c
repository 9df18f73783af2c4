#include "base/why.h"
#include "pan/scan.h"

#define DATE_DIGITS 7 /* YYMM and the service code */
#define NAME_LEAST 2
#define NAME_MOST 26
#define TAG_NUMBER 0x5a
#define TAG_TRACK2 0x57
#define TAG_TRACK2_MAG 0x9f6b /* magnetic stripe mode of a contactless chip */
#define TRACK2_LEAST 10       /* bytes of its value */
#define TRACK2_MOST 19
#define NUMBER_LEAST 6
#define NUMBER_MOST 10

/* A run of half bytes, packed or written in hex. */
struct nibbles {
	const struct scan *scan;
	size_t pos;
	bool text;
};

/* What stands behind a number in a record of a chip: tag, and the length it may have. */
static const struct known_tag {
	uint16_t tag;
	uint8_t least, most;
} known_tags[] = {
	{0x57, TRACK2_LEAST, TRACK2_MOST},
	{0x82, 2, 2},
	{0x84, 5, 16},
	{0x95, 5, 5},
	{0x9a, 3, 3},
	{0x9c, 1, 1},
	{0x5f20, 2, 26},
	{0x5f24, 3, 3},
	{0x5f25, 3, 3},
	{0x5f28, 2, 2},
	{0x5f2a, 2, 2},
	{0x5f30, 2, 2},
	{0x5f34, 1, 1},
	{0x9f02, 6, 6},
	{0x9f07, 2, 2},
	{0x9f08, 2, 2},
	{0x9f0d, 5, 5},
	{0x9f10, 7, 32},
	{0x9f1f, 1, 32},
	{0x9f26, 8, 8},
	{0x9f6b, TRACK2_LEAST, TRACK2_MOST},
};

static bool is_alnum(int c)
{
	return is_digit(c) || is_letter(c);
}

/* Half byte i, -1: there is none. */
static int nibble(const struct nibbles *nibbles, size_t i)
{
	if (nibbles->text)
		return hex_value(scan_at(nibbles->scan, nibbles->pos + i));
	int c = scan_at(nibbles->scan, nibbles->pos + i / 2);
	if (c < 0)
		return -1;
	return i % 2 == 0 ? c >> 4 : c & 0x0f;
}

static int byte_at(const struct nibbles *nibbles, size_t i)
{
	int high = nibble(nibbles, 2 * i), low = nibble(nibbles, 2 * i + 1);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool month_fits(int high, int low)
{
	return (high == 0 && low >= 1 && low <= 9) || (high == 1 && low >= 0 && low <= 2);
}

/* YYMM and a service code (ISO/IEC 7813): interchange, authorisation, services. */
static bool date_fits(const struct nibbles *nibbles, size_t i)
{
	for (size_t n = i; n < i + DATE_DIGITS; n++) {
		if (nibble(nibbles, n) < 0 || nibble(nibbles, n) > 9)
			return false;
	}
	int first = nibble(nibbles, i + 4), second = nibble(nibbles, i + 5);
	return month_fits(nibble(nibbles, i + 2), nibble(nibbles, i + 3)) &&
	       (first == 1 || first == 2 || (first >= 5 && first <= 7) || first == 9) &&
	       (second == 0 || second == 2 || second == 4) && nibble(nibbles, i + 6) <= 7;
}

/* The first digits of half bytes 0..most to scan->digits; their number, SCAN_DIGITS_MAX + 1: more
 * than a number has. */
static size_t read_digits(struct scan *scan, const struct nibbles *nibbles, size_t most)
{
	size_t count = 0;

	while (count < most && nibble(nibbles, count) >= 0 && nibble(nibbles, count) <= 9) {
		if (count == SCAN_DIGITS_MAX)
			return SCAN_DIGITS_MAX + 1;
		scan->digits[count] = (char)('0' + nibble(nibbles, count));
		count++;
	}
	return count;
}

static bool is_filled(const struct nibbles *nibbles, size_t i, size_t end)
{
	while (i < end && nibble(nibbles, i) == 0x0f)
		i++;
	return i == end;
}

/* Digits of the number in the value of tag 57 of that many half bytes, 0: it is none. */
static size_t track2_value(struct scan *scan, const struct nibbles *nibbles, size_t len)
{
	size_t count = read_digits(scan, nibbles, len), i = count + 1 + DATE_DIGITS;

	if (count > SCAN_DIGITS_MAX || i > len || nibble(nibbles, count) != 0x0d ||
		!date_fits(nibbles, count + 1))
		return 0;
	while (i < len && nibble(nibbles, i) >= 0 && nibble(nibbles, i) <= 9)
		i++;
	return is_filled(nibbles, i, len) ? count : 0;
}

/* The same for tag 5A. */
static size_t number_value(struct scan *scan, const struct nibbles *nibbles, size_t len)
{
	size_t count = read_digits(scan, nibbles, len);

	return count <= SCAN_DIGITS_MAX && is_filled(nibbles, count, len) ? count : 0;
}

/* The reasons that a tag stands at byte i, 0: none does. */
static uint64_t goes_on(const struct nibbles *nibbles, size_t i)
{
	int tag = byte_at(nibbles, i);

	if (tag == 0x5f || tag == 0x9f)
		tag = byte_at(nibbles, ++i) < 0 ? -1 : tag << 8 | byte_at(nibbles, i);
	int len = byte_at(nibbles, i + 1);
	for (size_t n = 0; n < sizeof(known_tags) / sizeof(known_tags[0]); n++) {
		if (tag != known_tags[n].tag || len < known_tags[n].least ||
			len > known_tags[n].most)
			continue;
		if (tag != 0x5f24)
			return WHY_BIT(WHY_CARD_EMV);
		if (!month_fits(nibble(nibbles, 2 * i + 6), nibble(nibbles, 2 * i + 7)))
			return 0;
		return WHY_BIT(WHY_CARD_EMV) | WHY_BIT(WHY_CARD_EXPIRY);
	}
	return 0;
}

/* The number in scan->digits.  True: it is a card. */
static bool report(struct scan *scan, const struct nibbles *nibbles, size_t count, uint64_t why)
{
	struct pan_match match;

	if (count == 0 || why == 0 ||
		pan_verify(scan->table, scan->digits, count, &match) != PAN_CARD)
		return false;
	if (!scan_wants(scan, nibbles->pos))
		return true;
	struct pan_hit *hit = scan_report(
		scan, nibbles->pos, nibbles->text ? count : (count + 1) / 2, count, &match, why);
	if (hit != NULL && !nibbles->text)
		hit->form = PAN_PACKED;
	return true;
}

void emv_raw(struct scan *scan, size_t tag)
{
	const struct nibbles nibbles = {.scan = scan, .pos = tag + 2};
	int len = scan_at(scan, tag + 1);

	if (!scan_wants(scan, nibbles.pos) || len < 0)
		return;
	if (scan_at(scan, tag) == TAG_NUMBER)
		report(scan, &nibbles, number_value(scan, &nibbles, 2 * (size_t)len),
			goes_on(&nibbles, (size_t)len));
	else
		report(scan, &nibbles, track2_value(scan, &nibbles, 2 * (size_t)len),
			WHY_BIT(WHY_CARD_EMV));
}

/* The byte that the two hex digits back bytes before pos write, -1: none. */
static int hex_before(const struct scan *scan, size_t pos, size_t back)
{
	int high = hex_value(scan_before(scan, pos, back));
	int low = hex_value(scan_before(scan, pos, back - 1));

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Nothing but the tag stands in its quotes or field. */
static bool is_alone(const struct scan *scan, size_t start, size_t end)
{
	int before = scan_before(scan, start, 1), behind = scan_at(scan, end);

	return !is_alnum(before) && before != '_' && before != UNKNOWN && !is_alnum(behind) &&
	       behind != '_' && behind != UNKNOWN;
}

/* Tag 5A: its length is the beginning of the run, or 0A stands before it. */
static bool number_in_text(struct scan *scan, size_t first)
{
	struct nibbles nibbles = {.scan = scan, .pos = first, .text = true};
	size_t len = NUMBER_MOST, tag = 4;

	if (hex_before(scan, first, 2) != NUMBER_MOST) {
		int shorter = byte_at(&nibbles, 0);
		if (shorter < NUMBER_LEAST || shorter >= NUMBER_MOST)
			return false;
		len = (size_t)shorter;
		nibbles.pos += 2;
	}
	if (hex_before(scan, nibbles.pos, tag) != TAG_NUMBER)
		return false;
	size_t count = number_value(scan, &nibbles, 2 * len);
	uint64_t why = goes_on(&nibbles, len);
	if (why == 0 && is_alone(scan, nibbles.pos - tag, nibbles.pos + 2 * len))
		why = WHY_BIT(WHY_CARD_EMV);
	return report(scan, &nibbles, count, why);
}

/* Tags 57 and 9F6B: the number ends with the run, 'D' stands behind it. */
static bool track_in_text(struct scan *scan, size_t end)
{
	for (size_t count = 12; count <= SCAN_DIGITS_MAX && count <= end; count++) {
		const struct nibbles nibbles = {.scan = scan, .pos = end - count, .text = true};
		int len = hex_before(scan, nibbles.pos, 2);
		int tag = hex_before(scan, nibbles.pos, 4);
		if (tag == (TAG_TRACK2_MAG & 0xff) &&
			hex_before(scan, nibbles.pos, 6) == TAG_TRACK2_MAG >> 8)
			tag = TAG_TRACK2;
		if (tag == TAG_TRACK2 && len >= TRACK2_LEAST && len <= TRACK2_MOST &&
			track2_value(scan, &nibbles, 2 * (size_t)len) == count &&
			report(scan, &nibbles, count, WHY_BIT(WHY_CARD_EMV)))
			return true;
	}
	return false;
}

bool emv_text(struct scan *scan, size_t first, size_t end)
{
	int before = scan_before(scan, first, 1), behind = scan_at(scan, end);
	bool found = (before == 'A' || before == 'a') && number_in_text(scan, first);

	if ((behind == 'D' || behind == 'd') && track_in_text(scan, end))
		found = true;
	return found;
}

/* Digits to the end of the hex text, which may be filled with 'F'. */
static bool ends_as_packed(const struct scan *scan, size_t pos)
{
	while (is_digit(scan_at(scan, pos)))
		pos++;
	if (scan_at(scan, pos) == 'F' || scan_at(scan, pos) == 'f')
		pos++;
	int c = scan_at(scan, pos);
	return c != UNKNOWN && !is_alnum(c) && c != '_';
}

uint64_t track_behind(const struct scan *scan, size_t end)
{
	int kind = scan_at(scan, end);
	size_t pos = end + 1;

	if (kind == '^') {
		while (scan_at(scan, pos) >= ' ' && scan_at(scan, pos) != '^' &&
			pos - end <= NAME_MOST)
			pos++;
		if (scan_at(scan, pos) != '^' || pos - end <= NAME_LEAST)
			return 0;
		pos++;
	} else if (kind != '=' && kind != 'D' && kind != 'd') {
		return 0;
	}
	const struct nibbles nibbles = {.scan = scan, .pos = pos, .text = true};
	if (!date_fits(&nibbles, 0))
		return 0;
	if (kind != '=' && kind != '^' && !ends_as_packed(scan, pos + DATE_DIGITS))
		return 0;
	return WHY_BIT(WHY_CARD_TRACK);
}

bool track_opens(const struct scan *scan, size_t start)
{
	int before = scan_before(scan, start, 2);

	return scan_before(scan, start, 1) == 'B' && before != UNKNOWN && !is_alnum(before) &&
	       before != '_';
}
