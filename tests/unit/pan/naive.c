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

static int unescape(struct bytes text, long i)
{
	char pair[3];

	if (byte_at(text, i) != '%' || !in(byte_at(text, i + 1), HEX) ||
		!in(byte_at(text, i + 2), HEX))
		return -1;
	pair[0] = (char)byte_at(text, i + 1);
	pair[1] = (char)byte_at(text, i + 2);
	pair[2] = '\0';
	return (int)strtol(pair, NULL, 16);
}

static bool left_ok(struct bytes text, long off)
{
	int c = byte_at(text, off - 1);

	if (unescape(text, off - 3) >= 0)
		c = unescape(text, off - 3);
	return !in(c, DIGITS LETTERS "_.+%-");
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

static bool grouped_at(struct bytes text, long off, const char *form, struct naive_hit *hit)
{
	char digits[20];
	int separator = byte_at(text, off + 4);
	long end = off + (long)strlen(form);

	if (!in(separator, " -.+") || !written(text, off, form, separator, digits))
		return false;
	if (!left_ok(text, off) || !right_ok(text, end) || !naive_valid(digits, hit))
		return false;
	if (separator == '-' && byte_at(text, end) == '-' && in(byte_at(text, end + 1), HEX))
		return false;
	if (strlen(digits) >= 16 && in_list(text, off, separator))
		return false;
	hit->grouped = true;
	hit->len = strlen(form);
	return true;
}

static bool plain_at(struct bytes text, long off, struct naive_hit *hit)
{
	char digits[21] = "";
	long count = 0;

	while (count < 20 && in(byte_at(text, off + count), DIGITS)) {
		digits[count] = (char)byte_at(text, off + count);
		count++;
	}
	if (count < 12 || count > 19 || !left_ok(text, off) || !right_ok(text, off + count))
		return false;
	hit->grouped = false;
	hit->len = (size_t)count;
	return naive_valid(digits, hit);
}

static bool find_at(struct bytes text, long off, struct naive_hit *hit)
{
	struct naive_hit longer;
	bool four, five;

	if (plain_at(text, off, hit) || grouped_at(text, off, "dddd-dddddd-ddddd", hit) ||
		grouped_at(text, off, "dddd-dddddd-dddd", hit))
		return true;
	four = grouped_at(text, off, "dddd-dddd-dddd-dddd", hit);
	five = grouped_at(text, off, "dddd-dddd-dddd-dddd-ddd", &longer);
	if (five && (!four || longer.tier < hit->tier))
		*hit = longer;
	return four || five;
}

size_t naive_find(struct bytes text, struct naive_hit hits[static NAIVE_HITS_MAX])
{
	size_t count = 0;

	load();
	for (size_t off = 0; off < text.len && count < NAIVE_HITS_MAX; off++) {
		if (text.ptr[off] < '0' || text.ptr[off] > '9' ||
			!find_at(text, (long)off, &hits[count]))
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
