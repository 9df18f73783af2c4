/* Goal: pan_find finds what the naive finder finds, whatever stands around and
 * wherever the bytes are cut.  Method: cards made from the issuer ranges by
 * seed, in every form, between every pair of neighbours; random texts full of
 * digits; windows against the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/why.h"
#include "guard.h"
#include "pan/fixture.h"

static const struct hash_key key = {.k0 = 1, .k1 = 2};

static void scan_all(struct bytes text, struct pan_scan *out)
{
	pan_find(fixture_table(), &key, text, 0, text.len, true, true, out);
}

/* The token is that of the digits, however they are written. */
static bool token_fits(struct bytes text, const struct pan_hit *hit, const char *digits)
{
	const struct pan_hit plain = {.len = (uint32_t)strlen(digits)};
	uint8_t secret[32] = {7}, got[PAN_TOKEN_LEN], want[PAN_TOKEN_LEN];

	pan_token(secret, text, hit, got);
	pan_token(secret, bytes_text(digits), &plain, want);
	return memcmp(got, want, sizeof(got)) == 0;
}

static void same_as_naive(struct bytes text)
{
	struct naive_hit want[NAIVE_HITS_MAX];
	struct pan_scan got;
	size_t count = naive_find(text, want);

	scan_all(text, &got);
	for (size_t i = 0; got.count + got.more != count && i < count; i++)
		fprintf(stderr, "naive: %zu \"%.*s\"\n", want[i].off, (int)want[i].len + 8,
			(const char *)text.ptr + want[i].off);
	for (size_t i = 0; got.count + got.more != count && i < got.count; i++)
		fprintf(stderr, "found: %u\n", got.hit[i].off);
	assert_int_equal(got.count + got.more, count);
	for (uint32_t i = 0; i < got.count; i++) {
		assert_int_equal(got.hit[i].off, want[i].off);
		assert_int_equal(got.hit[i].len, want[i].len);
		assert_int_equal(got.hit[i].tier, want[i].tier);
		assert_int_equal(got.hit[i].digits, strlen(want[i].digits));
		assert_string_equal(
			pan_brand_name(fixture_table(), got.hit[i].brand), want[i].brand);
		assert_int_equal((got.hit[i].why & WHY_BIT(WHY_CARD_TEST)) != 0, want[i].test);
		assert_int_equal(
			(got.hit[i].why & WHY_BIT(WHY_CARD_GROUPED)) != 0, want[i].grouped);
		assert_int_equal((got.hit[i].why & WHY_BIT(WHY_CARD_TRACK)) != 0, want[i].track);
		assert_int_equal((got.hit[i].why & WHY_BIT(WHY_CARD_EMV)) != 0, want[i].chip);
		assert_int_equal((got.hit[i].why & WHY_BIT(WHY_CARD_SPLIT)) != 0, want[i].split);
		assert_true(token_fits(text, &got.hit[i], want[i].digits));
		assert_memory_equal(got.hit[i].bin, want[i].digits, 6);
	}
}

/* The digits in groups; NULL shape: plain. */
static size_t write_card(const char *digits, const char *shape, char separator, char *out)
{
	size_t len = 0;

	for (size_t i = 0, group = 0; digits[i] != '\0'; i++) {
		if (shape != NULL && shape[group] != '\0' &&
			group == (size_t)(shape[group] - '0')) {
			out[len++] = separator;
			shape += group + 1;
			group = 0;
		}
		out[len++] = digits[i];
		if (shape != NULL)
			group++;
	}
	return len;
}

/* Group lengths as the card of that many digits is printed. */
static size_t write_grouped(const char *digits, char separator, char *out)
{
	static const uint8_t shapes[][5] = {
		{4, 6, 4}, {4, 6, 5}, {4, 4, 4, 4}, {0}, {0}, {4, 4, 4, 4, 3}};
	size_t count = strlen(digits), len = 0;

	if (count < 14 || shapes[count - 14][0] == 0)
		return 0;
	for (int group = 0; group < 5 && *digits != '\0'; group++) {
		if (group > 0)
			out[len++] = separator;
		for (int i = 0; i < shapes[count - 14][group]; i++)
			out[len++] = *digits++;
	}
	return len;
}

static const char *const lefts[] = {"", " ", "=", "\"", ":", "&", "|", ",", ";", ">", "(", "/",
	"\n", "\t", "'", "\\", "\xef\xbc\x9a", "%22", "%3A", "%3d", "%7C", "%E4",
	"cc=", "{\"card\":\"", "12/27 ", "10:03:12 ", "7 ", "No. ", "No.", "\xaa\x89No.", "=3D",
	"\\n", "\\t", "\\u003d", "\\u0022", "\\x3D", "\\x22", "&#61;", "\\\""};
static const char *const rights[] = {"", " ", "\"", "&", "|", ",", ";", "<", ")", "/", "\n", "\t",
	"'", "\\", ".", ". ", "=", ":", "%22", "%7C12%2F27", " 12/27 123", "|12|27|123", "?", "@",
	"\xe5\xb9\xb4", "^", "+12", " 1"};

#define LEFTS (sizeof(lefts) / sizeof(lefts[0]))
#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

static size_t around(
	const char *left, const char *card, size_t card_len, const char *right, char *out)
{
	size_t left_len = strlen(left), right_len = strlen(right);

	memcpy(out, left, left_len);
	memcpy(out + left_len, card, card_len);
	memcpy(out + left_len + card_len, right, right_len);
	return left_len + card_len + right_len;
}

/* "4-4-4-4-3" can be read as a card and a code: the shorter reading wins a tie. */
static bool opens_with_a_card(const char *digits)
{
	struct naive_hit hit;
	char head[20] = "";

	memcpy(head, digits, 16);
	return naive_valid(head, &hit);
}

/* One vector: exactly one hit at that place, and the naive finder agrees. */
static void found_once(
	const char *text, size_t len, size_t off, size_t card_len, const char *digits)
{
	struct pan_scan got;
	struct bytes copy = bytes_of(text, len);

	scan_all(copy, &got);
	if (got.count != 1 || got.hit[0].off != off || got.hit[0].len != card_len)
		fprintf(stderr, "missed in \"%.*s\"\n", (int)len, text);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.hit[0].off, off);
	assert_int_equal(got.hit[0].len, card_len);
	assert_int_equal(got.hit[0].digits, strlen(digits));
	same_as_naive(copy);
}

static void every_form_of_every_range_is_found_between_all_neighbours(void **unused)
{
	static const char separators[] = {'\0', ' ', '-', '.', '+', '_'};
	const struct naive_issuer *rows;
	size_t count = naive_issuers(&rows), vectors = 0;
	uint64_t state = 42;
	char card[20], form[32], text[128];

	(void)unused;
	for (size_t r = 0; r < count; r++) {
		for (int len = rows[r].length_low; rows[r].tier != 0 && len <= rows[r].length_high;
			len++) {
			for (size_t s = 0; s < sizeof(separators); s++) {
				naive_card(&state, &rows[r], len, card);
				if (s > 0 && len == 19 && opens_with_a_card(card))
					continue;
				size_t form_len = s == 0 ? write_card(card, NULL, 0, form)
							 : write_grouped(card, separators[s], form);
				for (size_t n = 0; form_len > 0 && n < LEFTS * RIGHTS; n++) {
					const char *left = lefts[n % LEFTS],
						   *right = rights[n / LEFTS];
					if (s > 0 && separators[s] == right[0])
						continue; /* chains have tests of their own */
					size_t all = around(left, form, form_len, right, text);
					found_once(text, all, strlen(left), form_len, card);
					vectors++;
				}
			}
		}
	}
	printf("# %zu vectors, seed 42\n", vectors);
	guard_free();
}

static void the_place_in_the_buffer_does_not_matter(void **unused)
{
	static const char *const cards[] = {
		"3566002020360505", "3566-0020-2036-0505", "3714 496353 98431", "3852 000002 3237"};
	char text[320];

	(void)unused;
	for (size_t c = 0; c < 4; c++) {
		for (size_t off = 0; off < 200; off++) {
			struct pan_scan got;
			size_t len = strlen(cards[c]);
			memset(text, '/', sizeof(text));
			memcpy(text + off, cards[c], len);
			scan_all(guarded(text, off + len), &got);
			assert_int_equal(got.count, 1);
			assert_int_equal(got.hit[0].off, off);
		}
	}
	guard_free();
}

static void near_misses_stay_silent(void **unused)
{
	static const char *const texts[] = {
		"4012888888881882",  /* check digit */
		"x3566002020360505", /* left neighbours */
		"_3566002020360505", ".3566002020360505", "+3566002020360505", "%3566002020360505",
		"-3566002020360505", "0.3566002020360505", "%413566002020360505",
		"%2D3566002020360505", "Info.3566002020360505", "v1.3566002020360505",
		"a.no.3566002020360505", "=4D3566002020360505", "0=3d3566002020360505",
		"\\u00413566002020360505", "\\x413566002020360505", "\\b3566002020360505",
		"3566002020360505x", "3566002020360505_",
		"3566002020360505.5",                                       /* right neighbours */
		"35660020203605050", "03566002020360505",                   /* longer runs */
		"8888888888888888", "0000000000000000", "5555555555555557", /* placeholders */
		"4012 8888-8888 1881", "4012  8888 8888 1881", "401 28888 8888 1881",
		"40128888 88881881", "3566/0020/2036/0505",
		"a1b2c3d4-3566-0020-2036-0505-a1b2c3d4e5f6", "3566-0020-2036-0505-abcd",
		"55000055-5555-4555-8555-555555555559", "3566-0020-2036-0505-1234",
		"1234 3566 0020 2036 0505", /* a list of numbers */
		"4901234567894",            /* a Japanese article number */
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct pan_scan got;
		struct bytes text = guarded(texts[i], strlen(texts[i]));
		scan_all(text, &got);
		if (got.count != 0)
			fprintf(stderr, "hit in \"%s\"\n", texts[i]);
		assert_int_equal(got.count, 0);
		same_as_naive(text);
	}
	guard_free();
}

static void a_hit_says_what_it_is(void **unused)
{
	struct pan_scan got;
	struct bytes text =
		bytes_text("5555555555554444 2601021234123458 3852-000002-3237 501080000000");

	(void)unused;
	scan_all(text, &got);
	assert_int_equal(got.count, 4);
	assert_int_equal(got.hit[0].why, WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_TEST));
	assert_string_equal(got.hit[0].bin, "555555");
	assert_string_equal(got.hit[0].last4, "4444");
	assert_string_equal(pan_brand_name(fixture_table(), got.hit[0].brand), "mastercard");
	assert_int_equal(got.hit[1].why, WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_DATE_LIKE));
	assert_int_equal(got.hit[2].why,
		WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_TEST) | WHY_BIT(WHY_CARD_GROUPED));
	assert_int_equal(got.hit[2].digits, 14);
	assert_int_equal(
		got.hit[3].why, WHY_BIT(WHY_CARD_FORMAT_WEAK) | WHY_BIT(WHY_CARD_TEST_LIKE));
	assert_string_equal(got.hit[3].last4, "**00");
	assert_int_equal(got.hit[3].tier, 2);
	assert_int_equal(got.shaped, 3);
	assert_int_equal(got.failed, 0);
}

static void the_same_card_has_the_same_quick_value_in_any_form(void **unused)
{
	struct pan_scan got;
	struct hash_key other = {.k0 = 3, .k1 = 4};
	struct bytes text = bytes_text("3530111333300000,3530-1113-3330-0000;3566002020360505");

	(void)unused;
	scan_all(text, &got);
	assert_int_equal(got.count, 3);
	assert_true(got.hit[0].quick == got.hit[1].quick);
	assert_true(got.hit[0].quick != got.hit[2].quick);
	uint64_t quick = got.hit[0].quick;
	pan_find(fixture_table(), &other, text, 0, text.len, true, true, &got);
	assert_true(got.hit[0].quick != quick);
}

static void all_published_test_numbers_are_hits_and_say_so(void **unused)
{
	char path[4096], line[256], number[32];
	size_t seen = 0;

	(void)unused;
	snprintf(path, sizeof(path), "%s/test-pans.csv", fixture_cards_dir());
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct pan_scan got;
		if (line[0] == '#' || sscanf(line, "%*[^,],%31[0-9]", number) != 1)
			continue;
		scan_all(bytes_text(number), &got);
		assert_int_equal(got.count, 1);
		assert_true((got.hit[0].why & WHY_BIT(WHY_CARD_TEST)) != 0);
		seen++;
	}
	fclose(file);
	assert_int_equal(seen, 134);
}

/* Two digits a byte; a last half byte is 'F'. */
static size_t pack(const char *nibbles, char *out)
{
	size_t len = 0;

	for (const char *p = nibbles; *p != '\0'; p += p[1] != '\0' ? 2 : 1) {
		const char pair[3] = {p[0], p[1] != '\0' ? p[1] : 'F', '\0'};
		out[len++] = (char)strtol(pair, NULL, 16);
	}
	return len;
}

/* Tag 5A or 57 and what may stand before and behind, as bytes or in hex. */
static size_t write_chip(uint64_t *state, const char *card, char *out)
{
	static const char *const behind[] = {
		"5F2403300131", "5F2403301331", "5F340101", "9F0206000000000100", "", "00", "9F"};
	static const char *const before[] = {"", "70", "9F2608", "00"};
	char value[48], hex[128];
	bool number = fixture_below(state, 2) == 0;
	size_t n = (size_t)snprintf(value, sizeof(value), "%s%s", card,
		number                         ? ""
		: fixture_below(state, 4) == 0 ? "D3013201"
					       : "D301220100000123");
	if (n % 2 == 1 || fixture_below(state, 8) == 0)
		n += (size_t)snprintf(value + n, sizeof(value) - n, n % 2 == 1 ? "F" : "FF");
	size_t len = n / 2 + (fixture_below(state, 16) == 0);
	snprintf(hex, sizeof(hex), "%s%s%02X%s%s", before[fixture_below(state, 4)],
		number                         ? "5A"
		: fixture_below(state, 3) == 0 ? "9F6B"
					       : "57",
		(unsigned)len & 0xff, value, behind[fixture_below(state, 7)]);
	if (fixture_below(state, 2) == 0)
		return pack(hex, out);
	for (char *p = hex; fixture_below(state, 2) == 0 && *p != '\0'; p++)
		*p = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
	return (size_t)snprintf(out, 128, "%s", hex);
}

static size_t write_track(uint64_t *state, const char *card, char *out)
{
	static const char *const forms[] = {"%%B%s^ABE/RIN^3012201123?", "B%s^A^3012201",
		";%s=30122010000?", "%s=3013201", "%sD30122010000123F", "%sd3012201x", "%s=3012999",
		"x%s^AB^3012201"};
	const char *form = forms[fixture_below(state, 8)], *at = strstr(form, "%s");

	return (size_t)snprintf(out, 128, "%.*s%s%s",
		form[0] == '%' && form[1] == '%' ? 2 : (int)(at - form),
		form[0] == '%' && form[1] == '%' ? "%B" : form, card, at + 2);
}

/* The number in 2..4 fields, in order or not, some of them with a mistake. */
static size_t write_split(uint64_t *state, const char *card, char *out)
{
	static const char *const stems[] = {
		"cc", "card_no", "cardno_", "card[", "tel", "payment[cc"};
	static const uint8_t shapes[][4] = {
		{8, 19}, {4, 6, 19}, {4, 4, 4, 19}, {7, 19}, {4, 5, 19}};
	const char *stem = stems[fixture_below(state, 6)];
	const uint8_t *shape = shapes[fixture_below(state, 5)];
	unsigned style = (unsigned)fixture_below(state, 4), base = fixture_below(state, 4) != 0;
	char piece[4][64];
	size_t count = 0, len = 0;

	for (const char *p = card; *p != '\0' && count < 4; count++) {
		static const char *const styles[] = {"%s%u%s=%.*s&", "\"%s%u%s\": \"%.*s\", ",
			"\\\"%s%u%s\\\":\\\"%.*s\\\",", "%s%02u%s=%.*s;x=12&"};
		int n = (int)strlen(p) < shape[count] ? (int)strlen(p) : shape[count];
		const char *close =
			stem[strlen(stem) - 1] == '[' || strchr(stem, '[') != NULL ? "]" : "";
		snprintf(piece[count], sizeof(piece[0]), styles[style], stem,
			(unsigned)count + base + (fixture_below(state, 20) == 0), close, n, p);
		p += n;
	}
	size_t turn = fixture_below(state, 3) == 0 ? fixture_below(state, count) : 0;
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, 256 - len, "%s", piece[(i + turn) % count]);
	return len;
}

static size_t write_record(uint64_t *state, const char *card, char *out)
{
	switch (fixture_below(state, 3)) {
	case 0:
		return write_track(state, card, out);
	case 1:
		return write_chip(state, card, out);
	default:
		return write_split(state, card, out);
	}
}

/* Digits, groups, separators, escapes and cards in random order. */
static size_t random_text(uint64_t *state, uint8_t *out, size_t max)
{
	static const char *const pieces[] = {" ", "-", ".", "+", ",", "%20", "%41", "%2D", "%3D",
		"%A2", "%", "a", "_", "\n", "\xff", "|", "=", "\"", " ", "-", "No.", "=3D", "\\n",
		"\\u003d", "\\x22", "\\u00", "cc1=", "Z\x08", "W\x10", "5A08", "5713"};
	const size_t pieces_count = sizeof(pieces) / sizeof(pieces[0]);
	const struct naive_issuer *rows;
	size_t count = naive_issuers(&rows), len = 0;
	char piece[256], card[20];

	while (len + sizeof(piece) < max) {
		uint64_t kind = fixture_below(state, 9);
		size_t n = 0;
		if (kind < 2 && naive_card(state, &rows[fixture_below(state, count)], 0, card))
			n = kind == 0
				    ? write_card(card, NULL, 0, piece)
				    : write_grouped(card, " -.+_"[fixture_below(state, 5)], piece);
		else if (kind == 8 &&
			 naive_card(state, &rows[fixture_below(state, count)], 0, card))
			n = write_record(state, card, piece);
		else if (kind < 4)
			n = (size_t)snprintf(piece, sizeof(piece), "%0*u",
				(int)fixture_below(state, 7) + 1,
				(unsigned)fixture_below(state, 10));
		else if (kind < 5)
			for (n = 0; n < 4; n++)
				piece[n] = (char)('0' + fixture_below(state, 10));
		else
			n = (size_t)snprintf(piece, sizeof(piece), "%s",
				pieces[fixture_below(state, pieces_count)]);
		memcpy(out + len, piece, n);
		len += n;
	}
	return len;
}

static void random_texts_agree_with_the_naive_finder(void **unused)
{
	uint64_t state = 99;
	uint8_t text[1024];

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		size_t len = random_text(&state, text, 320 + fixture_below(&state, 704));
		same_as_naive(guarded(text, len));
	}
	guard_free();
}

/* What a caller keeps of a message that comes in runs. */
struct caller {
	uint8_t buf[4096];
	size_t len, from, base;
	bool at_start;
	struct pan_hit hits[256];
	size_t count;
	uint32_t shaped, failed;
};

static void take(struct caller *caller, const struct pan_scan *got)
{
	for (uint32_t i = 0; i < got->count; i++) {
		caller->hits[caller->count] = got->hit[i];
		caller->hits[caller->count++].off += (uint32_t)caller->base;
	}
	caller->shaped += got->shaped;
	caller->failed += got->failed;
}

static void feed(struct caller *caller, const uint8_t *run, size_t len, bool last)
{
	struct pan_scan got;

	memcpy(caller->buf + caller->len, run, len);
	caller->len += len;
	size_t to = last                         ? caller->len
		    : caller->len > PAN_SPAN_MAX ? caller->len - PAN_SPAN_MAX
						 : 0;
	if (to < caller->from)
		to = caller->from;
	pan_find(fixture_table(), &key, guarded(caller->buf, caller->len), caller->from, to,
		caller->at_start, last, &got);
	take(caller, &got);
	caller->from = to;
	if (caller->len > 2 * PAN_SPAN_MAX) {
		size_t drop = caller->len - 2 * PAN_SPAN_MAX;
		memmove(caller->buf, caller->buf + drop, 2 * PAN_SPAN_MAX);
		caller->len -= drop;
		caller->from -= drop;
		caller->base += drop;
		caller->at_start = false;
	}
}

static void same_as_whole(const uint8_t *text, size_t len, const struct caller *caller)
{
	struct pan_scan whole;

	scan_all(bytes_of(text, len), &whole);
	assert_int_equal(whole.more, 0);
	assert_int_equal(caller->count, whole.count);
	assert_int_equal(caller->shaped, whole.shaped);
	assert_int_equal(caller->failed, whole.failed);
	for (uint32_t i = 0; i < whole.count; i++) {
		assert_int_equal(caller->hits[i].off, whole.hit[i].off);
		assert_int_equal(caller->hits[i].len, whole.hit[i].len);
		assert_true(caller->hits[i].quick == whole.hit[i].quick);
		assert_true(caller->hits[i].why == whole.hit[i].why);
	}
}

static void every_cut_in_two_gives_the_same_hits(void **unused)
{
	uint64_t state = 5;
	uint8_t text[700];

	(void)unused;
	for (int i = 0; i < 150; i++) {
		size_t len = random_text(&state, text, sizeof(text));
		for (size_t cut = 0; cut <= len; cut++) {
			static struct caller caller;
			memset(&caller, 0, sizeof(caller));
			caller.at_start = true;
			feed(&caller, text, cut, false);
			feed(&caller, text + cut, len - cut, true);
			same_as_whole(text, len, &caller);
		}
	}
	guard_free();
}

static void runs_of_any_size_give_the_same_hits(void **unused)
{
	uint64_t state = 6;
	uint8_t text[900];

	(void)unused;
	for (int i = 0; i < 300; i++) {
		static struct caller caller;
		size_t len = random_text(&state, text, sizeof(text));
		size_t most = i % 3 == 0 ? 1 : fixture_below(&state, 120) + 1;
		memset(&caller, 0, sizeof(caller));
		caller.at_start = true;
		for (size_t at = 0; at < len;) {
			size_t n = most == 1 ? 1 : fixture_below(&state, most) + 1;
			n = n < len - at ? n : len - at;
			feed(&caller, text + at, n, false);
			at += n;
		}
		feed(&caller, text, 0, true);
		same_as_whole(text, len, &caller);
	}
	guard_free();
}

static void a_run_at_an_open_end_is_not_reported(void **unused)
{
	struct bytes text = bytes_text("3566002020360505");
	struct pan_scan got;

	(void)unused;
	pan_find(fixture_table(), &key, text, 0, text.len, true, false, &got);
	assert_int_equal(got.count, 0);
	pan_find(fixture_table(), &key, text, 0, text.len, false, true, &got);
	assert_int_equal(got.count, 0);
	text = bytes_text("|3566002020360505||");
	pan_find(fixture_table(), &key, text, 0, text.len, false, false, &got);
	assert_int_equal(got.count, 1);
	pan_find(fixture_table(), &key, text, 2, text.len, false, false, &got);
	assert_int_equal(got.count, 0);
	pan_find(fixture_table(), &key, text, 0, 1, false, false, &got);
	assert_int_equal(got.count, 0);
}

static void hits_beyond_the_limit_are_counted(void **unused)
{
	char text[(PAN_HITS_MAX + 1) * 17];
	struct pan_scan got;

	(void)unused;
	for (size_t i = 0; i <= PAN_HITS_MAX; i++)
		memcpy(text + i * 17, "3566002020360505,", 17);
	scan_all(bytes_of(text, PAN_HITS_MAX * 17u), &got);
	assert_int_equal(got.count, PAN_HITS_MAX);
	assert_int_equal(got.more, 0);
	scan_all(bytes_of(text, sizeof(text)), &got);
	assert_int_equal(got.count, PAN_HITS_MAX);
	assert_int_equal(got.more, 1);
}

static void one_of(const char *text, size_t off, size_t len, int digits, uint64_t why)
{
	struct pan_scan got;
	struct bytes copy = guarded(text, strlen(text));

	scan_all(copy, &got);
	if (got.count != (why != 0))
		fprintf(stderr, "in \"%s\"\n", text);
	assert_int_equal(got.count, why != 0);
	same_as_naive(copy);
	if (why == 0)
		return;
	assert_int_equal(got.hit[0].off, off);
	assert_int_equal(got.hit[0].len, len);
	assert_int_equal(got.hit[0].digits, digits);
	assert_true((got.hit[0].why & ~(WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_TEST))) == why);
}

#define T WHY_BIT(WHY_CARD_TRACK)
#define EMV WHY_BIT(WHY_CARD_EMV)
#define EXPIRY WHY_BIT(WHY_CARD_EXPIRY)
#define SPLIT (WHY_BIT(WHY_CARD_SPLIT) | WHY_BIT(WHY_CARD_KEY))

static void stripes_and_chips_say_so(void **unused)
{
	(void)unused;
	one_of("%B3566002020360505^ABE/RIN^30122010000?", 2, 16, 16, T);
	one_of("B3566002020360505^ABE/RIN^30122010000", 1, 16, 16, T);
	one_of("%B3566002020360505^A^3012201", 0, 0, 0, 0); /* the name is too short */
	one_of("xB3566002020360505^ABE/RIN^3012201", 0, 0, 0, 0);
	one_of(";378282246310005=30122010000?", 1, 15, 15, T);
	one_of("378282246310005D30122010000123F", 0, 15, 15, T);
	one_of("378282246310005D3012201x", 0, 0, 0, 0);
	one_of("378282246310005D3013201", 0, 0, 0, 0); /* no month */
	one_of("5A0835660020203605055F2403301231", 4, 16, 16, EMV | EXPIRY);
	one_of("5a08378282246310005f5f340101", 4, 15, 15, EMV);
	one_of("\"5A083566002020360505\"", 5, 16, 16, EMV);
	one_of("005A08356600202036050500", 0, 0, 0, 0); /* nothing proves it */
	one_of("5F341157133566002020360505D30122010000012300000F", 10, 16, 16, EMV);
	one_of("9F6B0D3566002020360505D301220100001F", 6, 16, 16, EMV);
	one_of("57143566002020360505D30122010000012300000F", 0, 0, 0, 0); /* its length is not */
	one_of("Z\x08\x35\x66\x02\x02\x11\x36\x05\x05\x5f\x24\x03\x30\x12\x31", 0, 0, 0, 0);
	one_of("Z\x08\x37\x82\x82\x24\x63\x10\x05\x0f\x5f\x24\x03\x30\x12\x31", 0, 0, 0, 0);
	one_of("Z\x07\x36\x22\x72\x06\x27\x16\x67\x57\x13x", 2, 7, 14, EMV);
	one_of("W\x0b\x36\x22\x72\x06\x27\x16\x67\xd3\x01\x22\x01....", 2, 7, 14, EMV);
	one_of("W\x0b\x36\x22\x72\x06\x27\x16\x67\xd3\x01\x82\x01....", 0, 0, 0, 0);
}

static void a_number_over_fields_is_joined_in_key_order(void **unused)
{
	(void)unused;
	one_of("cc1=3566&cc2=0020&cc3=2036&cc4=0505&cvv=123", 4, 31, 16, SPLIT);
	one_of("cc3=2036&cc1=3566&cc4=0505&cc2=0020", 4, 31, 16, SPLIT);
	one_of("card_no01=3782&card_no02=822463&card_no03=10005", 10, 37, 15, SPLIT);
	one_of("{\"cnum_0\": \"35660020\", \"cnum_1\": \"20360505\"}", 12, 30, 16, SPLIT);
	one_of("{\\\"card1\\\":\\\"3566\\\",\\\"card2\\\":\\\"0020\\\","
	       "\\\"card3\\\":\\\"2036\\\",\\\"card4\\\":\\\"0505\\\"}",
		13, 61, 16, SPLIT);
	one_of("tel1=3566&tel2=0020&tel3=2036&tel4=0505", 0, 0, 0, 0); /* no card word */
	one_of("cc1=3566&cc2=0020&cc3=2036&cd4=0505", 0, 0, 0, 0);     /* another name */
	one_of("cc1=3566&cc2=0020&cc4=2036&cc5=0505", 0, 0, 0, 0);     /* one is missing */
	one_of("cc1=35660&cc2=020&cc3=2036&cc4=0505", 0, 0, 0, 0);     /* no such groups */
	one_of("cc1=3566&cc2=0020&cc3=2036&cc4=0506", 0, 0, 0, 0);     /* check digit */
}

static void failing_neighbours_are_counted(void **unused)
{
	struct pan_scan got;

	(void)unused;
	scan_all(bytes_text("[1234567890123456,4012888888881882,3566002020360505,12345]"), &got);
	assert_int_equal(got.shaped, 3);
	assert_int_equal(got.failed, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_every_range_is_found_between_all_neighbours),
		cmocka_unit_test(the_place_in_the_buffer_does_not_matter),
		cmocka_unit_test(near_misses_stay_silent),
		cmocka_unit_test(a_hit_says_what_it_is),
		cmocka_unit_test(the_same_card_has_the_same_quick_value_in_any_form),
		cmocka_unit_test(all_published_test_numbers_are_hits_and_say_so),
		cmocka_unit_test(random_texts_agree_with_the_naive_finder),
		cmocka_unit_test(every_cut_in_two_gives_the_same_hits),
		cmocka_unit_test(runs_of_any_size_give_the_same_hits),
		cmocka_unit_test(a_run_at_an_open_end_is_not_reported),
		cmocka_unit_test(stripes_and_chips_say_so),
		cmocka_unit_test(a_number_over_fields_is_joined_in_key_order),
		cmocka_unit_test(hits_beyond_the_limit_are_counted),
		cmocka_unit_test(failing_neighbours_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
