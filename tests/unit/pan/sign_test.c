/* Goal: the first pass says the same on every processor, and what is written in a coding shows
 * wherever it stands.  Method: random and structured blocks at every offset before an unreadable
 * page; stretches that Python's codecs made (base64, binascii, str.encode) of published test
 * numbers, at every place of two blocks, between blanks and between words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding.h"
#include "guard.h"
#include "pan/fixture.h"
#include "pan/sign.h"

#define ROOM 512

static void fill(uint64_t *state, uint8_t *out, size_t len)
{
	static const char letters[] = "0123456789012345abcdefABCDEFghXYZ+/-_=%%\\ux&#n,.;: |\n\r\t"
				      "\0\0\0PK\x1f\x8b\x28\xb5\xff\xd9\xae\x42\xef\xbc\x82\x4f"
				      "\xa3\xb0\xc2\xa0\xe3\x80 the of";
	uint64_t kinds = fixture_below(state, sizeof(letters) - 1) + 1;
	uint64_t first = fixture_below(state, sizeof(letters) - kinds);
	bool any = fixture_below(state, 8) == 0;

	for (size_t i = 0; i < len; i++)
		out[i] = any ? (uint8_t)fixture_random(state)
			     : (uint8_t)letters[first + fixture_below(state, kinds)];
}

static void the_twins_agree_on_a_hundred_thousand_blocks(void **unused)
{
	uint64_t state = 20261121;
	uint8_t data[SIGN_SEEN] = {0};
	struct bytes pages = guarded(data, sizeof(data));
	uint8_t *copy = (uint8_t *)(uintptr_t)pages.ptr;

	(void)unused;
	for (int i = 0; i < 100000; i++) {
		fill(&state, copy, SIGN_SEEN);
		unsigned plain = sign_block_plain(copy, SIGN_ALL);
		(void)plain;
#ifdef __x86_64__
		if (__builtin_cpu_supports("avx2"))
			assert_int_equal(sign_block_avx2(copy, SIGN_ALL), plain);
		if (__builtin_cpu_supports("avx512bw"))
			assert_int_equal(sign_block_avx512(copy, SIGN_ALL), plain);
#endif
	}
	guard_free();
}

static void nothing_behind_the_end_is_read_or_counts(void **unused)
{
	uint64_t state = 3;
	uint8_t data[ROOM] = {0};
	struct bytes pages = guarded(data, sizeof(data));
	uint8_t *copy = (uint8_t *)(uintptr_t)pages.ptr;

	(void)unused;
	for (size_t len = 0; len <= ROOM; len++) {
		struct bytes end = bytes_of(copy + ROOM - len, len);
		uint8_t behind[2 * ROOM];
		struct sign_region one, other;

		fill(&state, copy, ROOM);
		memset(behind, 1, sizeof(behind));
		memcpy(behind, end.ptr, len);
		bool found = sign_next(end, 0, SIGN_ALL, &one);
		bool with = sign_next(bytes_of(behind, sizeof(behind)), 0, SIGN_ALL, &other);
		if (found)
			assert_true(with && one.from == other.from && one.to <= len);
		else
			assert_true(!with || other.from >= len);
	}
	guard_free();
}

static const struct {
	unsigned sign;
	size_t len;
	const char *text;
} rows[] = {{SIGN_TOKEN, 24, "NDExMTExMTExMTExMTExMQ=="},
	{SIGN_TOKEN, 24, "YTQxMTExMTExMTExMTExMTE="}, {SIGN_TOKEN, 24, "YWI0MTExMTExMTExMTExMTEx"},
	{SIGN_TOKEN, 44,
		"NAAxADEAMQAxADEAMQAxADEA"
		"MQAxADEAMQAxADEAMQA="},
	{SIGN_TOKEN, 56,
		"eyJwYW4iOiI0MTExMTExMTEx"
		"MTExMTExIiwiZXhwIjoiMTIv"
		"MjkifQ=="},
	{SIGN_HEX, 32,
		"343131313131313131313131"
		"31313131"},
	{SIGN_HEX, 52,
		"7B2270616E223A2234313131"
		"313131313131313131313131"
		"227D"},
	{SIGN_BASE32, 32,
		"GQYTCMJRGEYTCMJRGEYTCMJR"
		"GE======"},
	{SIGN_BASE32, 32,
		"gqytcmjrgeytcmjrgeytcmjr"
		"ge======"},
	{SIGN_ESCAPE, 48,
		"%34%31%31%31%31%31%31%31"
		"%31%31%31%31%31%31%31%31"},
	{SIGN_ESCAPE, 48,
		"=34=31=31=31=31=31=31=31"
		"=31=31=31=31=31=31=31=31"},
	{SIGN_ESCAPE, 96,
		"\134u0034\134u0031\134u0031\134u0031"
		"\134u0031\134u0031\134u0031\134u0031"
		"\134u0031\134u0031\134u0031\134u0031"
		"\134u0031\134u0031\134u0031\134u0031"},
	{SIGN_ESCAPE, 80,
		"&#52;&#49;&#49;&#49;&#49"
		";&#49;&#49;&#49;&#49;&#4"
		"9;&#49;&#49;&#49;&#49;&#"
		"49;&#49;"},
	{SIGN_ESCAPE, 28, "MNQXEZC7NZ2W=\nYTFOI6TINJTHE2"},
	{SIGN_ESCAPE, 29, "MNQXEZC7NZ2W=\r\nYTFOI6TINJTHE2"},
	{SIGN_LIST, 47,
		"52,49,49,49,49,49,49,49,"
		"49,49,49,49,49,49,49,49"},
	{SIGN_LIST, 47,
		"34 31 31 31 31 31 31 31 "
		"31 31 31 31 31 31 31 31"},
	{SIGN_ZERO, 32,
		"4\0001\0001\0001\0001\0001\0001\0001\0001\0001\0001\0001\000"
		"1\0001\0001\0001\000"},
	{SIGN_ZERO, 32,
		"\0004\0001\0001\0001\0001\0001\0001\0001\0001\0001\0001\0001"
		"\0001\0001\0001\0001"},
	{SIGN_ZERO, 30,
		"\377\024\377\021\377\021\377\021\377\021\377\021\377\021\377\021"
		"\377\021\377\021\377\021\377\021\377\021\377\021\377\021"},
	{SIGN_WIDE, 48,
		"\357\274\224\357\274\221\357\274\221\357\274\221\357\274\221\357\274\221\357\274"
		"\221\357\274\221"
		"\357\274\221\357\274\221\357\274\221\357\274\221\357\274\221\357\274\221\357\274"
		"\221\357\274\221"},
	{SIGN_WIDE, 32,
		"\202S\202P\202P\202P\202P\202P\202P\202P\202P\202P\202P\202P"
		"\202P\202P\202P\202P"},
	{SIGN_WIDE, 32,
		"\243\264\243\261\243\261\243\261\243\261\243\261\243\261\243\261\243\261\243\261"
		"\243\261\243\261"
		"\243\261\243\261\243\261\243\261"},
	{SIGN_NUMBER, 16, "4111111111111111"}, {SIGN_NUMBER, 19, "4111 1111 1111 1111"},
	{SIGN_TOKEN, 25, "NDAxMjg4ODg4 ODg4MTg4MQ=="}, {SIGN_HEX, 24, "343131313131313131313131"},
	{SIGN_BASE32, 21, "GQZDEMRSGIZDEMRSGIZDE"}, {SIGN_DIGITS, 23, "41 11 11 11 11 11 11 11"}};

static void shows(const char *filler, size_t row, size_t off)
{
	uint8_t data[ROOM];
	struct sign_region region = {.signs = 0};
	size_t from = 0, filler_len = strlen(filler);
	unsigned signs = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)filler[i % filler_len];
	if (off > 0)
		data[off - 1] = ' ';
	memcpy(data + off, rows[row].text, rows[row].len);
	data[off + rows[row].len] = ' ';
	while (sign_next(bytes_of(data, sizeof(data)), from, SIGN_ALL, &region)) {
		if (region.from < off + SIGN_LATE && region.to > off)
			signs |= region.signs;
		from = region.to;
	}
	if ((signs & rows[row].sign) == 0)
		fail_msg("row %zu at %zu between \"%s\"", row, off, filler);
}

static void every_stretch_shows_wherever_it_stands(void **unused)
{
	(void)unused;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		for (size_t off = 0; off < 2 * SIGN_BLOCK; off++) {
			shows(" ", row, off);
			shows("some words, ", row, off);
		}
	}
}

static void words_paths_and_names_do_not_show(void **unused)
{
	static const char *const usual[] = {
		"<div class=\"col-md-6 footer-widget\">About us</div>\n",
		"/assets/images/products/detail/large-thumbnail.png ",
		"document.querySelector(searchButton).addEventListener(onClick)\n",
		"font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; margin: 0 auto;\n"};

	(void)unused;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		for (size_t turn = 0; turn < strlen(usual[i]); turn++) {
			uint8_t data[ROOM];
			struct sign_region region;
			for (size_t k = 0; k < sizeof(data); k++)
				data[k] = (uint8_t)usual[i][(k + turn) % strlen(usual[i])];
			if (sign_next(bytes_of(data, sizeof(data)), 0, SIGN_ALL, &region))
				fail_msg("%s, turned by %zu: %u", usual[i], turn, region.signs);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_twins_agree_on_a_hundred_thousand_blocks),
		cmocka_unit_test(nothing_behind_the_end_is_read_or_counts),
		cmocka_unit_test(every_stretch_shows_wherever_it_stands),
		cmocka_unit_test(words_paths_and_names_do_not_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
