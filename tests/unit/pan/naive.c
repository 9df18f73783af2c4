/* naive.c - the oracle: tries every form at every offset. Slow, plain, and shares no
 * code with sensor/pan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pan/fixture.h"

#define ROWS_MAX 512

static struct naive_issuer issuers[ROWS_MAX];
static size_t issuer_cnt;
static char tests[ROWS_MAX][20];
static char test_brands[ROWS_MAX][24];
static size_t test_cnt;

static FILE *open_csv(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", fixture_cards_dir(), name);
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		perror(path);
		abort();
	}
	return file;
}

static void load(void)
{
	char line[512], prefix[32], lengths[16], check[8], tier[8], number[32];

	if (issuer_cnt > 0)
		return;
	FILE *file = open_csv("issuers.csv");
	while (fgets(line, sizeof(line), file) != NULL) {
		struct naive_issuer *row = &issuers[issuer_cnt];
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%23[^,],%31[^,],%15[^,],%7[^,],%*[^,],%7[^,],", row->brand,
			    prefix, lengths, check, tier) != 5)
			abort();
		if (sscanf(prefix, "%8[0-9]-%8[0-9]", row->low, row->high) == 1)
			memcpy(row->high, row->low, sizeof(row->high));
		if (sscanf(lengths, "%d-%d", &row->length_low, &row->length_high) == 1)
			row->length_high = row->length_low;
		row->luhn = strcmp(check, "luhn") == 0;
		row->tier = strcmp(tier, "off") == 0 ? 0 : tier[0] - '0';
		issuer_cnt++;
	}
	fclose(file);
	file = open_csv("test-pans.csv");
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%23[^,],%31[^,]", test_brands[test_cnt], number) != 2)
			abort();
		snprintf(tests[test_cnt++], 20, "%.19s", number);
	}
	fclose(file);
}

size_t naive_issuers(const struct naive_issuer **rows)
{
	load();
	*rows = issuers;
	return issuer_cnt;
}

/* ISO/IEC 7812-1 annex B, as written there: from the right, double every second digit. */
static bool luhn(const char *digits)
{
	int sum = 0, place = 0;

	for (const char *p = digits + strlen(digits); p-- > digits; place++) {
		int value = (*p - '0') * (place % 2 == 1 ? 2 : 1);
		sum += value / 10 + value % 10;
	}
	return sum % 10 == 0;
}

static bool row_takes(const struct naive_issuer *row, const char *digits)
{
	size_t width = strlen(row->low);
	int len = (int)strlen(digits);

	return row->tier != 0 && len >= row->length_low && len <= row->length_high &&
	       strncmp(digits, row->low, width) >= 0 && strncmp(digits, row->high, width) <= 0 &&
	       (!row->luhn || luhn(digits));
}

bool naive_valid(const char *digits, struct naive_hit *hit)
{
	const struct naive_issuer *best = NULL;
	bool seen[10] = {false};
	int distinct = 0;

	load();
	hit->test = false;
	for (size_t i = 0; i < issuer_cnt; i++) {
		if (!row_takes(&issuers[i], digits))
			continue;
		if (best == NULL || issuers[i].tier < best->tier ||
			(issuers[i].tier == best->tier &&
				strlen(issuers[i].low) > strlen(best->low)))
			best = &issuers[i];
	}
	for (size_t i = 0; i < test_cnt; i++) {
		if (strcmp(tests[i], digits) == 0) {
			hit->test = true;
			memcpy(hit->brand, test_brands[i], sizeof(hit->brand));
		}
	}
	hit->tier = best != NULL ? best->tier : 2;
	if (best != NULL)
		memcpy(hit->brand, best->brand, sizeof(hit->brand));
	for (const char *p = digits; *p != '\0'; p++) {
		distinct += !seen[*p - '0'];
		seen[*p - '0'] = true;
	}
	snprintf(hit->digits, sizeof(hit->digits), "%s", digits);
	return hit->test || (best != NULL && distinct >= 4);
}

static int byte_at(struct bytes text, long i)
{
	return i >= 0 && (size_t)i < text.len ? text.ptr[i] : -1;
}

static bool in(int c, const char *set)
{
	return c > 0 && strchr(set, c) != NULL;
}

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What "%3D", "\\x3d" and "\\u003d" before off stand for; -1: none does. */
static int unescape(struct bytes text, long off)
{
	static const char *const signs[] = {"%", "\\x", "\\u"};
	static const int widths[] = {2, 2, 4};

	for (int s = 0; s < 3; s++) {
		char hex[5] = "";
		long start = off - widths[s] - (long)strlen(signs[s]);
		if (start < 0 || memcmp(text.ptr + start, signs[s], strlen(signs[s])) != 0)
			continue;
		memcpy(hex, text.ptr + off - widths[s], (size_t)widths[s]);
		if (strlen(hex) == (size_t)widths[s] && strspn(hex, HEX) == strlen(hex))
			return (int)strtol(hex, NULL, 16);
	}
	return -1;
}

static bool ends_with(struct bytes text, long off, const char *tail)
{
	long len = (long)strlen(tail);

	return off >= len && memcmp(text.ptr + off - len, tail, (size_t)len) == 0;
}

static bool left_ok(struct bytes text, long off)
{
	int c = byte_at(text, off - 1);

	if (ends_with(text, off, "\\n") || ends_with(text, off, "\\r") ||
		ends_with(text, off, "\\t") || ends_with(text, off, "=3D"))
		return true;
	if (c == '.' && in(byte_at(text, off - 2), "oO") && in(byte_at(text, off - 3), "nN"))
		return !in(byte_at(text, off - 4), DIGITS LETTERS "_.-");
	if (unescape(text, off) >= 0)
		c = unescape(text, off);
	return c > 255 || !in(c, DIGITS LETTERS "_.+%-");
}

static bool right_ok(struct bytes text, long end)
{
	int c = byte_at(text, end);

	return !in(c, DIGITS LETTERS "_") && !(c == '.' && in(byte_at(text, end + 1), DIGITS));
}

static bool written(struct bytes text, long off, const char *form, int separator, char *digits)
{
	size_t count = 0;

	for (long i = 0; form[i] != '\0'; i++) {
		int c = byte_at(text, off + i);
		if (form[i] == '-' ? c != separator : !in(c, DIGITS))
			return false;
		if (form[i] == 'd')
			digits[count++] = (char)c;
	}
	digits[count] = '\0';
	return true;
}

/* A window inside a list of groups of four counts only behind a card. */
static bool in_list(struct bytes text, long off, int separator)
{
	char digits[20];
	struct naive_hit hit;

	if (!written(text, off - 5, "dddd-", separator, digits) ||
		in(byte_at(text, off - 6), DIGITS))
		return false;
	return !(written(text, off - 20, "dddd-dddd-dddd-dddd-", separator, digits) &&
		 !in(byte_at(text, off - 21), DIGITS) && naive_valid(digits, &hit));
}

/* Groups of four go on behind it, two and more, and are no card. */
static bool row_behind(struct bytes text, long end, int separator)
{
	char digits[20];
	struct naive_hit hit;

	if (!written(text, end, "-dddd-dddd", separator, digits))
		return false;
	return !(written(text, end, "-dddd-dddd-dddd-dddd", separator, digits) &&
		 naive_valid(digits, &hit));
}

static bool grouped_at(struct bytes text, long off, const char *form, struct naive_hit *hit)
{
	char digits[20];
	int separator = byte_at(text, off + 4);
	long end = off + (long)strlen(form);

	if (!in(separator, " -.+_") || !written(text, off, form, separator, digits))
		return false;
	if (!left_ok(text, off) || !right_ok(text, end) || !naive_valid(digits, hit))
		return false;
	if (separator == '-' && byte_at(text, end) == '-' && in(byte_at(text, end + 1), HEX))
		return false;
	if (strlen(digits) >= 16 &&
		(in_list(text, off, separator) || row_behind(text, off + 19, separator)))
		return false;
	hit->grouped = true;
	hit->len = strlen(form);
	return true;
}

static bool all_digits(struct bytes text, long off, int count)
{
	for (int i = 0; i < count; i++) {
		if (!in(byte_at(text, off + i), DIGITS))
			return false;
	}
	return true;
}

/* YYMM and service code. */
static bool date_at(struct bytes text, long off)
{
	if (!all_digits(text, off, 7))
		return false;
	int month = (byte_at(text, off + 2) - '0') * 10 + byte_at(text, off + 3) - '0';
	return month >= 1 && month <= 12 && in(byte_at(text, off + 4), "125679") &&
	       in(byte_at(text, off + 5), "024") && in(byte_at(text, off + 6), "01234567");
}

/* Behind the number: "=YYMMSSS", "DYYMMSSS..F" or "^NAME^YYMMSSS". */
static bool track_at(struct bytes text, long end)
{
	int c = byte_at(text, end);
	long name = end + 1;

	if (c == '=')
		return date_at(text, end + 1);
	if (in(c, "Dd") && date_at(text, end + 1)) {
		long pos = end + 8;
		while (in(byte_at(text, pos), DIGITS))
			pos++;
		pos += in(byte_at(text, pos), "Ff");
		return !in(byte_at(text, pos), DIGITS LETTERS "_");
	}
	while (c == '^' && byte_at(text, name) >= ' ' && byte_at(text, name) != '^')
		name++;
	return c == '^' && byte_at(text, name) == '^' && name - end - 1 >= 2 &&
	       name - end - 1 <= 26 && date_at(text, name + 1);
}

static bool after_b(struct bytes text, long off)
{
	return byte_at(text, off - 1) == 'B' && !in(byte_at(text, off - 2), DIGITS LETTERS "_");
}

static bool plain_at(struct bytes text, long off, struct naive_hit *hit)
{
	char digits[21] = "";
	long count = 0;

	while (count < 20 && in(byte_at(text, off + count), DIGITS)) {
		digits[count] = (char)byte_at(text, off + count);
		count++;
	}
	if (count < 12 || count > 19)
		return false;
	hit->track = track_at(text, off + count);
	/* the '4' of "%B4" is a digit of track 1, not of an escape */
	if (hit->track && after_b(text, off - 1) && in(byte_at(text, off - 1), DIGITS))
		return false;
	if (!left_ok(text, off) && !(hit->track && after_b(text, off)))
		return false;
	if (!right_ok(text, off + count) && !hit->track)
		return false;
	hit->len = (size_t)count;
	return naive_valid(digits, hit);
}

/* Bytes of the text, or of the hex digits that it is. */
struct record {
	struct bytes text;
	bool hex;
};

static int record_byte(const struct record *record, long off, long i)
{
	char pair[3] = "";

	if (!record->hex)
		return byte_at(record->text, off + i);
	if (!in(byte_at(record->text, off + 2 * i), HEX) ||
		!in(byte_at(record->text, off + 2 * i + 1), HEX))
		return -1;
	pair[0] = (char)byte_at(record->text, off + 2 * i);
	pair[1] = (char)byte_at(record->text, off + 2 * i + 1);
	return (int)strtol(pair, NULL, 16);
}

/* len bytes at off as hex digits. */
static bool spell(const struct record *record, long off, int len, char *out)
{
	for (int i = 0; i < len; i++) {
		int c = record_byte(record, off, i);
		if (c < 0)
			return false;
		snprintf(out + 2 * i, 3, "%02x", (unsigned)c & 0xff);
	}
	return true;
}

static bool known_tag_at(const struct record *record, long off)
{
	static const struct {
		int tag, least, most;
	} known[] = {{0x57, 10, 19}, {0x82, 2, 2}, {0x84, 5, 16}, {0x95, 5, 5}, {0x9a, 3, 3},
		{0x9c, 1, 1}, {0x5f20, 2, 26}, {0x5f24, 3, 3}, {0x5f25, 3, 3}, {0x5f28, 2, 2},
		{0x5f2a, 2, 2}, {0x5f30, 2, 2}, {0x5f34, 1, 1}, {0x9f02, 6, 6}, {0x9f07, 2, 2},
		{0x9f08, 2, 2}, {0x9f0d, 5, 5}, {0x9f10, 7, 32}, {0x9f1f, 1, 32}, {0x9f26, 8, 8},
		{0x9f6b, 10, 19}};
	int tag = record_byte(record, off, 0);
	bool two = tag == 0x5f || tag == 0x9f;

	if (two && record_byte(record, off, 1) < 0)
		return false;
	tag = two ? tag * 256 + record_byte(record, off, 1) : tag;
	int len = record_byte(record, off, two ? 2 : 1), month = record_byte(record, off, 4);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (tag == known[i].tag && len >= known[i].least && len <= known[i].most)
			return tag != 0x5f24 || (month >= 1 && month <= 9) ||
			       (month >= 0x10 && month <= 0x12);
	}
	return false;
}

/* The number begins at off, its tag and length stand before it. */
static bool chip_at(struct bytes text, long off, bool hex, struct naive_hit *hit)
{
	const struct record record = {.text = text, .hex = hex};
	long unit = hex ? 2 : 1;
	char value[64] = "";

	if (off < 2 * unit)
		return false;
	int tag = record_byte(&record, off - 2 * unit, 0),
	    len = record_byte(&record, off - unit, 0);
	bool number = tag == 0x5a && len >= 6 && len <= 10;
	bool track = (tag == 0x57 || (tag == 0x6b && off >= 3 * unit &&
					     record_byte(&record, off - 3 * unit, 0) == 0x9f)) &&
		     len >= 10 && len <= 19;
	if ((!number && !track) || !spell(&record, off, len, value))
		return false;
	size_t count = strspn(value, DIGITS);
	long end = off + unit * len;
	if (count < 12 || count > 19 || value[0] == '0')
		return false;
	if (number && strspn(value + count, "f") != strlen(value + count))
		return false;
	if (number && !known_tag_at(&record, end) &&
		!(hex && !in(byte_at(text, off - 5), DIGITS LETTERS "_") &&
			!in(byte_at(text, end), DIGITS LETTERS "_")))
		return false;
	if (track) {
		const char *rest = value + count + 8;
		struct bytes date = bytes_text(value);
		if (value[count] != 'd' || !date_at(date, (long)count + 1))
			return false;
		rest += strspn(rest, DIGITS);
		if (strspn(rest, "f") != strlen(rest))
			return false;
	}
	value[count] = '\0';
	hit->chip = true;
	hit->len = hex ? count : (count + 1) / 2;
	return naive_valid(value, hit);
}

/* Name and value of a numbered field whose value begins at off. */
struct naive_field {
	char stem[40], value[16];
	int number;
};

static bool field_at(struct bytes text, long off, struct naive_field *field)
{
	long count = 0, key = off, end, stem;

	while (in(byte_at(text, off + count), DIGITS))
		count++;
	if (count < 3 || count > 10 || in(byte_at(text, off - 1), DIGITS) ||
		!right_ok(text, off + count))
		return false;
	if (byte_at(text, off - 1) == '=') {
		key = off - 1;
	} else {
		key -= ends_with(text, key, "\\\"") ? 2 : byte_at(text, key - 1) == '"';
		key -= byte_at(text, key - 1) == ' ';
		if (!ends_with(text, key, "\":"))
			return false;
		key -= ends_with(text, key, "\\\":") ? 3 : 2;
	}
	key -= byte_at(text, key - 1) == ']';
	end = key;
	while (in(byte_at(text, key - 1), DIGITS))
		key--;
	for (stem = key; in(byte_at(text, stem - 1), DIGITS LETTERS "_-.[");)
		stem--;
	if (end - key < 1 || end - key > 2 || key - stem < 1 || key - stem > 32)
		return false;
	snprintf(field->stem, sizeof(field->stem), "%.*s", (int)(key - stem),
		(const char *)text.ptr + stem);
	snprintf(field->value, sizeof(field->value), "%.*s", (int)count,
		(const char *)text.ptr + off);
	field->number = byte_at(text, end - 1) - '0';
	if (end - key == 2)
		field->number += 10 * (byte_at(text, key) - '0');
	return field->number <= 4;
}

static bool is_card_stem(const char *stem)
{
	static const char *const stems[] = {"cc", "card_no", "cardno_", "cnum", "cnum_", "card",
		"card_number", "payment[cc", "card["};

	for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++) {
		if (strcmp(stem, stems[i]) == 0)
			return true;
	}
	return false;
}

static bool split_at(struct bytes text, long off, struct naive_hit *hit)
{
	struct naive_field first, field, all[5] = {{.number = 0}};
	char digits[64] = "";
	int count = 1;
	long end = off;

	if (!field_at(text, off, &first) || strlen(first.value) < 4 || !is_card_stem(first.stem))
		return false;
	all[first.number] = first;
	for (long at = off + (long)strlen(first.value); at < off + 128 && count < 4; at++) {
		if (!field_at(text, at, &field) || strcmp(field.stem, first.stem) != 0 ||
			at + (long)strlen(field.value) + 2 > off + 128)
			continue;
		if (all[field.number].value[0] != '\0')
			break;
		all[field.number] = field;
		end = at + (long)strlen(field.value);
		count++;
	}
	const struct naive_field *from = &all[all[0].value[0] == '\0'];
	for (int i = 0; i < count; i++) {
		if (from[i].value[0] == '\0')
			return false;
		snprintf(digits + strlen(digits), sizeof(digits) - strlen(digits), "%s",
			from[i].value);
	}
	size_t a = strlen(from[0].value), b = strlen(from[1].value);
	bool shape = (count == 2 && (a == b || a + 1 == b || b + 1 == a)) ||
		     (count == 3 && a == 4 && b == 6) ||
		     (count == 4 && a == 4 && b == 4 && strlen(from[2].value) == 4);
	if (!shape || strlen(digits) < 13 || strlen(digits) > 19)
		return false;
	hit->split = true;
	hit->len = (size_t)(end - off);
	return naive_valid(digits, hit);
}

/* Between two delimiters, the second of which is no space. */
static bool all_of_a_field(struct bytes text, long off, long len)
{
	int left = byte_at(text, off - 1), right = byte_at(text, off + len);

	if (ends_with(text, off, "\\n") || ends_with(text, off, "\\r") ||
		ends_with(text, off, "\\t"))
		left = '\n';
	else if (ends_with(text, off, "=3D"))
		left = '=';
	else if (unescape(text, off) >= 0)
		left = unescape(text, off);
	if (left == ' ')
		left = byte_at(text, off - 2);
	if (in(left, "=:\"'|,;>&<([{\t"))
		return in(right, "\"'|,;&<\t)]}\\\r\n") || right == -1;
	return (left == -1 || left == '\n') && in(right, "\"'|,;&<\t)]}\\");
}

static bool find_at(struct bytes text, long off, struct naive_hit *hit)
{
	struct naive_hit longer = {.off = 0};
	bool four, five;

	if (chip_at(text, off, false, hit) || chip_at(text, off, true, hit))
		return true;
	hit->chip = false;
	if (split_at(text, off, hit))
		return true;
	hit->split = false;
	if (!in(byte_at(text, off), DIGITS))
		return false;
	if (plain_at(text, off, hit))
		return true;
	hit->track = false;
	if (grouped_at(text, off, "dddd-dddddd-ddddd", hit) ||
		grouped_at(text, off, "dddd-dddddd-dddd", hit))
		return true;
	four = grouped_at(text, off, "dddd-dddd-dddd-dddd", hit);
	five = grouped_at(text, off, "dddd-dddd-dddd-dddd-ddd", &longer);
	if (five && (!four || longer.tier < hit->tier || all_of_a_field(text, off, 23)))
		*hit = longer;
	return four || five;
}

size_t naive_find(struct bytes text, struct naive_hit hits[static NAIVE_HITS_MAX])
{
	size_t count = 0;

	load();
	for (size_t off = 0; off < text.len && count < NAIVE_HITS_MAX; off++) {
		hits[count] = (struct naive_hit){.off = off};
		if (!find_at(text, (long)off, &hits[count]))
			continue;
		hits[count++].off = off;
	}
	return count;
}

bool naive_card(uint64_t *state, const struct naive_issuer *row, int length, char out[static 20])
{
	size_t width = strlen(row->low);
	unsigned long low = strtoul(row->low, NULL, 10), high = strtoul(row->high, NULL, 10);
	struct naive_hit hit;

	if (row->tier == 0)
		return false;
	if (length == 0)
		length = row->length_low +
			 (int)fixture_below(
				 state, (uint64_t)(row->length_high - row->length_low + 1));
	do {
		int used = snprintf(
			out, 20, "%0*lu", (int)width, low + fixture_below(state, high - low + 1));
		for (int i = used; i < length; i++)
			out[i] = (char)('0' + fixture_below(state, 10));
		out[length] = '\0';
		for (int last = 0; row->luhn && last < 10; last++) {
			out[length - 1] = (char)('0' + last);
			if (luhn(out))
				break;
		}
	} while (!naive_valid(out, &hit) || hit.test);
	return true;
}
