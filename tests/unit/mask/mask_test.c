/* Goal: no card comes through, however it is written; what a person needs to
 * read does.  Method: exact outputs for everyday texts; cards planted in
 * thousands of hostile ones, then searched plainly, with separators taken out
 * and with escapes undone by a decoder of this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard.h"
#include "mask/mask.h"
#include "pan/fixture.h"

typedef void (*masker)(struct masked *, struct bytes);

static const char *shown(const struct masked *out)
{
	static char text[MASKED_MAX + 1];

	assert_true(out->len <= MASKED_MAX);
	memcpy(text, out->text, out->len);
	text[out->len] = '\0';
	return text;
}

static const char *run(masker mask, const char *text)
{
	static struct masked out;

	mask(&out, guarded(text, strlen(text)));
	return shown(&out);
}

static void names_stay_but_for_long_numbers(void **unused)
{
	(void)unused;
	assert_string_equal(run(mask_name, "hanamizuki.example"), "hanamizuki.example");
	assert_string_equal(run(mask_name, "203.113.110.220"), "203.113.110.220");
	assert_string_equal(run(mask_name, "203.113.110.220:8080"), "203.113.110.220:8080");
	assert_string_equal(run(mask_name, "shop-1234.example"), "shop-1234.example");
	assert_string_equal(
		run(mask_name, "4111111111111111.evil.example"), "411111******1111.evil.example");
	assert_string_equal(run(mask_name, "4111.1111.1111.1111.evil"), "4111.11**.****.1111.evil");
	assert_string_equal(run(mask_name, "411111.1111111112.evil"), "41****.**********.evil");
	assert_string_equal(run(mask_name, "ndexmtexmtexmtex.e"), "ndexmtexmtexmtex.e");
	assert_string_equal(run(mask_name, "NDExMTExMTExMTExMTExMQ.e"), "*********************Q.e");
	assert_string_equal(run(mask_name, ""), "");
	assert_string_equal(run(mask_name, "a\x1b[31m\xe2\x80\xae"), "a\\x1b[31m\\xe2\\x80\\xae");
	guard_free();
}

static void urls_keep_their_path_and_lose_their_values(void **unused)
{
	(void)unused;
	assert_string_equal(run(mask_url, "/collect.jpg"), "/collect.jpg");
	assert_string_equal(
		run(mask_url, "/a?id=1&name=hanako&x=&flag"), "/a?id=1&name=[6]&x=&flag");
	assert_string_equal(run(mask_url, "/a?cvv=123&q=abc"), "/a?cvv=[3]&q=abc");
	assert_string_equal(
		run(mask_url, "http://u:p@h.example/x?k=verylong#f"), "http://h.example/x?k=[8]#f");
	assert_string_equal(run(mask_url, "http://u@v@h.example/"), "http://h.example/");
	assert_string_equal(run(mask_url, "/go?u=http://a@b/"), "/go?u=[11]");
	assert_string_equal(run(mask_url, "/i/4111111111111111.gif"), "/i/411111******1111.gif");
	assert_string_equal(run(mask_url, "/i/%34%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31"),
		"/i/************************************************");
	assert_string_equal(run(mask_url, "/i/NDExMTExMTExMTExMTExMQ==.gif"),
		"/i/*********************Q==.gif");
	assert_string_equal(run(mask_url, "/2026/11/20/123"), "/2026/11/20/123");
	assert_string_equal(run(mask_url, "/?abcdefghijklmnopqrstuvwxyzabcdefgh"), "/?[34]");
	assert_string_equal(
		run(mask_url, "/?4111=&1111=&1111=&1111="), "/?4111=&11**=&****=&1111=");
	assert_string_equal(run(mask_url, "*"), "*");
	guard_free();
}

static void texts_show_bin_and_last_four_of_a_card(void **unused)
{
	(void)unused;
	assert_string_equal(run(mask_text, "Mozilla/5.0 (X11; Linux x86_64)"),
		"Mozilla/5.0 (X11; Linux x86_64)");
	assert_string_equal(
		run(mask_text, "pay 4111 1111 1111 1111 now"), "pay 4111 11** **** 1111 now");
	assert_string_equal(run(mask_text, "12345678901"), "12345678901");
	assert_string_equal(run(mask_text, "123456789012"), "12**********");
	assert_string_equal(
		run(mask_text, "1234567890123456789012345"), "12***********************");
	assert_string_equal(run(mask_text, "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1"),
		"4-1-1-1-1-1-*-*-*-*-*-*-1-1-1-1");
	assert_string_equal(
		run(mask_text, "&#52;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;"),
		"************************************************************");
	assert_string_equal(run(mask_key, "cc_number"), "cc_number");
	assert_string_equal(run(mask_key, "4222222222222"), "42***********");
	guard_free();
}

static struct pan_hit hit_of(const char *text, const char *card)
{
	size_t off = (size_t)(strstr(text, card) - text);
	struct pan_hit hit = {.off = (uint32_t)off, .len = (uint32_t)strlen(card)};

	for (const char *p = card; *p != '\0'; p++)
		hit.digits = (uint8_t)(hit.digits + (*p >= '0' && *p <= '9'));
	return hit;
}

static const char *evidence(const char *text, const char *card)
{
	static struct masked out;
	struct pan_hit hit;

	if (card != NULL)
		hit = hit_of(text, card);
	mask_evidence(&out, guarded(text, strlen(text)), card != NULL ? &hit : NULL, card != NULL);
	return shown(&out);
}

static void evidence_keeps_the_shape_only(void **unused)
{
	(void)unused;
	assert_string_equal(evidence("{\"card\":\"3566002020360505\",\"exp\":\"12/"
				     "27\",\"cvv\":\"123\",\"name\":\"Taro\","
				     "\"mail\":\"ta@ya.jp\",\"host\":\"shop1.example\"}",
				    "3566002020360505"),
		"{\"card\":\"356600******0505\",\"exp\":\"##/"
		"##\",\"cvv\":\"###\",\"name\":\"****\","
		"\"mail\":\"**@**.**\",\"host\":\"shop1.example\"}");
	assert_string_equal(evidence("cc_number=3566-0020-2036-0505&cvv=123&owner=HANAKO+YAMADA",
				    "3566-0020-2036-0505"),
		"cc_number=3566-00**-****-0505&cvv=###&owner=******+******");
	assert_string_equal(evidence("x&card%5Bno%5D=378282246310005&a=b", "378282246310005"),
		"*&card%#Bno%#D=378282*****0005&a=*");
	assert_string_equal(evidence("{\\\"pan\\\":\\\"36006666333344\\\"}", "36006666333344"),
		"{\\x5c\"pan\\x5c\":\\x5c\"360066****3344\\x5c\"}");
	assert_string_equal(
		evidence("3566002020360505|12/27|123|HANAKO YAMADA|\xe5\xb1\xb1\xe7\x94\xb0\xff\n",
			"3566002020360505"),
		"356600******0505|##/##|###|****** ******|**..");
	assert_string_equal(evidence("3566002020360505:12:27:123:HANAKO:x", "3566002020360505"),
		"356600******0505:##:##:###:******:*");
	assert_string_equal(
		evidence("ExMQ==&url=http://a.example/p1?name=hanako&method=POST", NULL),
		"****==&url=http://a.example/p#?name=******&method=POST");
	assert_string_equal(evidence("&host=hanako@x&domain=a b&host=4111111111111111.e", NULL),
		"&host=******@*&domain=a *&host=411111******1111.e");
	assert_string_equal(evidence("", NULL), "");
	guard_free();
}

static void overlapping_hits_hide_what_either_hides(void **unused)
{
	const char *text = "3566 0020 2036 0505 3566 0020";
	struct pan_hit hits[2] = {
		{.off = 0, .len = 19, .digits = 16}, {.off = 10, .len = 19, .digits = 16}};
	struct masked out;

	(void)unused;
	mask_evidence(&out, bytes_text(text), hits, 2);
	assert_string_equal(shown(&out), "3566 00** **** 05** **** 0020");
	hits[0].off = 25; /* beyond the end: nothing of it is shown */
	mask_evidence(&out, bytes_text(text), hits, 1);
	assert_string_equal(shown(&out), "#### #### #### #### #### ####");
}

static void every_piece_of_a_spread_number_is_hidden(void **unused)
{
	const char *text = "cc3=10005&cvv=1234&cc1=3782&cc2=822463&x=1";
	const struct pan_hit hit = {.off = 4,
		.len = 34,
		.digits = 15,
		.form = PAN_SPLIT,
		.piece = {{19, 4}, {28, 6}, {0, 5}}};
	struct masked out;

	(void)unused;
	mask_evidence(&out, bytes_text(text), &hit, 1);
	assert_string_equal(shown(&out), "cc#=*0005&cvv=####&cc#=3782&cc#=82****&x=#");
}

/* 40 is '@', 23 is '#', 60 is '`': half of what is packed looks like text. */
static void packed_digits_are_hidden_and_all_values_beside_them(void **unused)
{
	static const uint8_t text[] = "n=A@B&emv=Z\x08\x40\x12\x60\x26\x23\x91\x28\x81_$\x03\x27";
	const struct pan_hit hit = {.off = 12, .len = 8, .digits = 16, .form = PAN_PACKED};
	struct masked out;

	(void)unused;
	mask_evidence(&out, bytes_of(text, sizeof(text) - 1), &hit, 1);
	assert_string_equal(shown(&out), "n.....emv...********....");
	mask_evidence(&out, bytes_of(text, sizeof(text) - 1), NULL, 0);
	assert_string_equal(shown(&out), "n.....emv...............");
	mask_text(&out, bytes_of(text, sizeof(text) - 1));
	assert_string_equal(shown(&out), "n=A@B&emv=Z\\x08********_$\\x03'");
	mask_text(&out, bytes_of(text, 15)); /* cut within */
	assert_string_equal(shown(&out), "n=A@B&emv=Z\\x08***");
	mask_text(&out, bytes_text("W\nzyxwvu Z\tzx"));
	assert_string_equal(shown(&out), "W\\x0azyxwvu Z\\x09zx");
}

static void a_short_card_shows_two_of_its_last_digits(void **unused)
{
	(void)unused;
	assert_string_equal(evidence("n=501080000012", "501080000012"), "n=501080****12");
}

static void what_is_too_long_is_cut_and_says_so(void **unused)
{
	char text[2000];
	struct masked out;

	(void)unused;
	memset(text, 'a', sizeof(text));
	mask_text(&out, bytes_of(text, MASKED_MAX));
	assert_int_equal(out.len, MASKED_MAX);
	assert_int_equal(out.cut, 0);
	mask_text(&out, bytes_of(text, MASKED_MAX + 1));
	assert_int_equal(out.len, MASKED_MAX);
	assert_int_equal(out.cut, 1);
	mask_evidence(&out, bytes_of(text, MASKED_MAX + 1), NULL, 0);
	assert_int_equal(out.cut, 1);
}

/* ---- planted cards ---- */

/* Undoes percent, \x, \u and decimal entities, once. */
static size_t undo(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		unsigned value;
		int used = 0;
		char part[9] = "";
		memcpy(part, in + i, len - i < 8 ? len - i : 8);
		if (sscanf(part, "%%%2x%n", &value, &used) == 1 && used == 3)
			;
		else if (sscanf(part, "\\x%2x%n", &value, &used) == 1 && used == 4)
			;
		else if (sscanf(part, "\\u%4x%n", &value, &used) == 1 && used == 6)
			;
		else if (sscanf(part, "&#%2u;%n", &value, &used) == 1 && used == 5)
			;
		else
			used = 0;
		out[n] = used > 0 ? (char)value : in[i];
		i += used > 0 ? (size_t)used : 1;
	}
	return n;
}

/* The digits of text with everything but letters and stars taken out between them. */
static bool holds(const char *text, size_t len, const char *digits)
{
	static char bare[2048];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*' || c == '#';
		if (letter || (c >= '0' && c <= '9'))
			bare[n++] = c;
	}
	bare[n] = '\0';
	return strstr(bare, digits) != NULL;
}

static void absent(const struct masked *out, const char *card, const char *what)
{
	static char text[3][2048];
	size_t len = out->len;

	memcpy(text[0], out->text, len);
	for (int level = 0; level < 3; level++) {
		if (holds(text[level], len, card))
			fprintf(stderr, "%s: %.*s\n", what, out->len, out->text);
		assert_false(holds(text[level], len, card));
		if (level < 2)
			len = undo(text[level], len, text[level + 1]);
	}
}

/* A card as a thief might write it. */
static size_t plant(uint64_t *state, const char *card, char *out)
{
	static const char *const forms[] = {
		"%c", "%%%02x", "\\x%02x", "\\u%04x", "&#%d;", "%%25%02x"};
	static const char *const fillers[] = {"", "", " ", "-", ".", "/", "+", "%20", ":", "--",
		" - ", "\xc2\xa0", "\xe3\x80\x80", "\x01", "_", "%00"};
	uint64_t form = fixture_below(state, 8), filler = fixture_below(state, 16);
	bool mixed = fixture_below(state, 4) == 0;
	size_t n = 0;

	for (size_t i = 0; card[i] != '\0'; i++) {
		if (mixed)
			form = fixture_below(state, 6);
		n += (size_t)snprintf(out + n, 16, form < 6 ? forms[form] : forms[0], card[i]);
		if (card[i + 1] != '\0')
			n += (size_t)snprintf(out + n, 16, "%s", fillers[filler]);
	}
	return n;
}

static void no_planted_card_survives(void **unused)
{
	static const char *const hosts[] = {"%s", "http://x.example/%s", "/a?%s", "/a?x=%s&y=1",
		"%s.evil.example", "{\"card\":\"%s\",\"a\":1}", "Subject: %s ok", "&%s=1",
		"http://u:%s@h/", "12/27 %s|123", "\"%s\":1", "host=%s&", "url=http://%s/", "=%s",
		"123%s"};
	static const masker maskers[] = {mask_name, mask_url, mask_key, mask_text};
	const struct naive_issuer *rows;
	size_t count = naive_issuers(&rows);
	uint64_t state = 2026;
	char card[20], planted[512], text[1024];

	(void)unused;
	for (int i = 0; i < 60000; i++) {
		struct masked out;
		if (!naive_card(&state, &rows[fixture_below(&state, count)], 0, card))
			continue;
		plant(&state, card, planted);
		int len = snprintf(text, sizeof(text), hosts[fixture_below(&state, 15)], planted);
		struct bytes all = guarded(text, (size_t)len);
		for (size_t m = 0; m < 4; m++) {
			maskers[m](&out, all);
			absent(&out, card, "masker");
		}
		struct pan_scan found;
		static const struct hash_key key = {.k0 = 1, .k1 = 1};
		pan_find(fixture_table(), &key, all, 0, all.len, true, true, &found);
		mask_evidence(&out, all, found.hit, found.count);
		absent(&out, card, "evidence");
		mask_evidence(&out, all, NULL, 0);
		absent(&out, card, "evidence without hits");
	}
	guard_free();
}

static void cutting_never_uncovers(void **unused)
{
	char text[1200];
	struct masked out;

	(void)unused;
	for (size_t off = 480; off < 1040; off++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + off, "4111111111111111", 16);
		mask_text(&out, bytes_of(text, sizeof(text)));
		absent(&out, "411111111111", "cut");
		assert_false(holds(out.text, out.len, "4111111"));
		mask_evidence(&out, bytes_of(text, sizeof(text)), NULL, 0);
		assert_false(holds(out.text, out.len, "41"));
	}
	memset(text, 'x', sizeof(text)); /* a host whose number the limit cuts */
	memcpy(text + MASKED_MAX - 16, "&host=4111111111111111&", 23);
	mask_evidence(&out, bytes_of(text, sizeof(text)), NULL, 0);
	assert_memory_equal(out.text + MASKED_MAX - 16, "&host=41********", 16);
}

static void everything_that_comes_out_is_printable(void **unused)
{
	static const masker maskers[] = {mask_name, mask_url, mask_key, mask_text};
	uint64_t state = 8;
	uint8_t text[700];
	struct masked out;

	(void)unused;
	for (int i = 0; i < 5000; i++) {
		size_t len = fixture_below(&state, sizeof(text) + 1);
		for (size_t n = 0; n < len; n++)
			text[n] = (uint8_t)fixture_random(&state);
		for (size_t m = 0; m < 5; m++) {
			if (m < 4)
				maskers[m](&out, guarded(text, len));
			else
				mask_evidence(&out, guarded(text, len), NULL, 0);
			for (size_t n = 0; n < out.len; n++)
				assert_true((uint8_t)out.text[n] >= 0x20 && out.text[n] != 0x7f);
		}
	}
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stay_but_for_long_numbers),
		cmocka_unit_test(urls_keep_their_path_and_lose_their_values),
		cmocka_unit_test(texts_show_bin_and_last_four_of_a_card),
		cmocka_unit_test(evidence_keeps_the_shape_only),
		cmocka_unit_test(overlapping_hits_hide_what_either_hides),
		cmocka_unit_test(every_piece_of_a_spread_number_is_hidden),
		cmocka_unit_test(packed_digits_are_hidden_and_all_values_beside_them),
		cmocka_unit_test(a_short_card_shows_two_of_its_last_digits),
		cmocka_unit_test(what_is_too_long_is_cut_and_says_so),
		cmocka_unit_test(no_planted_card_survives),
		cmocka_unit_test(cutting_never_uncovers),
		cmocka_unit_test(everything_that_comes_out_is_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
