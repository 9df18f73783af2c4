/* geo_test.c - the image of countries and systems: every address has the answer
 * of its range, and a damaged image is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guard.h"
#include "indicator/geo_image.h"

#define RANDOM_ADDRESSES 10000
#define RANDOM_FLIPS 400

static bool opens(struct geo *geo, const uint8_t *image, size_t len)
{
	struct err err = {0};

	if (geo_open(geo, guarded(image, len), &err))
		return true;
	assert_int_equal(err.status, EXIT_USAGE);
	assert_string_equal(err.text, "the compiled GeoIP is damaged; build it anew");
	return false;
}

/* The naive way: the last row that is not above. */
static const struct geo_value *naive(const struct addr *addr)
{
	const struct geo_row *rows = addr_is4(addr) ? geo_rows4 : geo_rows6;
	uint32_t count = addr_is4(addr) ? GEO_ROWS(geo_rows4) : GEO_ROWS(geo_rows6), found = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct addr start = geo_addr(rows[i].start);
		if (addr_compare(&start, addr) <= 0)
			found = rows[i].value;
	}
	return &geo_rows_values[found];
}

static void assert_naive(const struct geo *geo, const struct addr *addr)
{
	const struct geo_value *value = naive(addr);
	struct geo_answer answer = geo_find(geo, addr);
	char country[3] = {value->country[0], value->country[1], 0};

	assert_string_equal(answer.country, country);
	assert_int_equal(answer.asn, value->asn);
	if (value->text_off == 0)
		assert_null(answer.as_org);
	else
		assert_string_equal(answer.as_org, geo_rows_texts + value->text_off);
}

/* One above (up 1) or one below. */
static struct addr beside(struct addr addr, bool up)
{
	for (int i = 15; i >= (addr_is4(&addr) ? 12 : 0); i--) {
		addr.b[i] = (uint8_t)(addr.b[i] + (up ? 1 : -1));
		if (addr.b[i] != (up ? 0 : 0xff))
			break;
	}
	return addr;
}

static void every_edge_of_a_range_is_exact(void **state)
{
	size_t len;
	uint8_t *image = geo_image_made(false, &len);
	struct geo geo;

	(void)state;
	assert_true(opens(&geo, image, len));
	for (uint32_t i = 0; i < GEO_ROWS(geo_rows4) + GEO_ROWS(geo_rows6); i++) {
		bool four = i < GEO_ROWS(geo_rows4);
		struct addr at = geo_addr(
			four ? geo_rows4[i].start : geo_rows6[i - GEO_ROWS(geo_rows4)].start);
		struct addr below = beside(at, false), above = beside(at, true);

		assert_naive(&geo, &at);
		assert_naive(&geo, &below);
		assert_naive(&geo, &above);
	}
	guard_free();
	free(image);
}

static void random_addresses_have_the_answer_of_a_naive_search(void **state)
{
	size_t len;
	uint8_t *image = geo_image_made(false, &len);
	struct geo geo;

	(void)state;
	draw_seed(11);
	assert_true(opens(&geo, image, len));
	for (int i = 0; i < RANDOM_ADDRESSES; i++) {
		struct addr addr = addr_from4(draw());
		uint32_t word[4] = {draw(), draw(), draw(), draw()};

		assert_naive(&geo, &addr);
		memcpy(addr.b, word, sizeof(addr.b));
		assert_naive(&geo, &addr);
		addr = geo_addr(geo_rows6[i % (int)GEO_ROWS(geo_rows6)].start);
		addr.b[15 - i % 12] ^= (uint8_t)word[0];
		assert_naive(&geo, &addr);
	}
	guard_free();
	free(image);
}

static void a_family_without_ranges_is_unknown(void **state)
{
	size_t len;
	uint8_t *image = geo_image_made(true, &len);
	struct addr four = geo_addr("1.0.0.0"), six = geo_addr("1::");
	struct geo geo;

	(void)state;
	assert_true(opens(&geo, image, len));
	assert_string_equal(geo_find(&geo, &four).country, "");
	assert_string_equal(geo_find(&geo, &six).country, "JP");
	guard_free();
	free(image);
}

static void an_image_of_nothing_knows_nothing(void **state)
{
	struct {
		struct geo_header header;
		struct geo_value value;
		char texts[4];
	} none = {.header = {.magic = GEO_MAGIC, .value_cnt = 1, .text_len = 4}};
	struct addr four = geo_addr("192.0.2.1"), six = geo_addr("2001:db8::1");
	struct geo geo;

	(void)state;
	none.header.len = sizeof(none);
	assert_true(opens(&geo, (const uint8_t *)&none, sizeof(none)));
	assert_string_equal(geo_find(&geo, &four).country, "");
	assert_int_equal(geo_find(&geo, &six).asn, 0);
	assert_null(geo_find(&geo, &six).as_org);
	guard_free();
}

static void every_cut_is_refused(void **state)
{
	size_t len;
	uint8_t *image = geo_image_made(false, &len);
	struct geo geo;

	(void)state;
	for (size_t n = 0; n < len; n += n < 64 || len - n < 512 ? 8 : 4096)
		assert_false(opens(&geo, image, n));
	guard_free();
	free(image);
}

/* Refused, or still without an answer that cannot be. */
static void harm(uint8_t *image, size_t len, size_t at, uint8_t bits)
{
	struct geo geo;

	image[at] ^= bits;
	if (opens(&geo, image, len))
		geo_questions(&geo);
	image[at] ^= bits;
}

static void a_flipped_bit_is_refused_or_harmless(void **state)
{
	size_t len, index = (size_t)2 * GEO_INDEX_LEN * sizeof(uint32_t);
	uint8_t *image = geo_image_made(false, &len);

	(void)state;
	draw_seed(12);
	for (size_t at = 0; at < len; at++) {
		if (at == sizeof(struct geo_header))
			at += index;
		harm(image, len, at, (uint8_t)(1u << draw() % 8));
		harm(image, len, at, 0xff);
	}
	for (int i = 0; i < RANDOM_FLIPS; i++) {
		size_t at = sizeof(struct geo_header) + draw() % index;
		struct geo geo;

		image[at] ^= 1;
		assert_false(opens(&geo, image, len));
		image[at] ^= 1;
	}
	guard_free();
	free(image);
}

/* What no flipped bit makes: each sentence of the check. */
static void each_rule_of_an_image_is_checked(void **state)
{
	size_t len;
	uint8_t *image = geo_image_made(false, &len), *texts = image + len - 40;
	struct geo_value *values = (void *)(texts - sizeof(geo_rows_values));
	struct geo geo;

	(void)state;
	assert_true(opens(&geo, image, len));
	memcpy(texts + 1, "123456789012", 12); /* one digit too many */
	assert_false(opens(&geo, image, len));
	memcpy(texts + 1, "Demo\nPayment", 12);
	assert_false(opens(&geo, image, len));
	memcpy(texts + 1, "Demo Payment", 12);
	values[1].text_off = 2; /* inside a text */
	assert_false(opens(&geo, image, len));
	values[1].text_off = 40;
	assert_false(opens(&geo, image, len));
	values[1].text_off = 1;
	values[1].country[0] = 'j';
	assert_false(opens(&geo, image, len));
	values[1].country[0] = 'J';
	values[0].asn = 1; /* unknown would be known */
	assert_false(opens(&geo, image, len));
	values[0].asn = 0;
	texts[39] = 'x'; /* the last text has no end */
	assert_false(opens(&geo, image, len));
	texts[39] = 0;
	assert_true(opens(&geo, image, len));
	guard_free();
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_edge_of_a_range_is_exact),
		cmocka_unit_test(random_addresses_have_the_answer_of_a_naive_search),
		cmocka_unit_test(a_family_without_ranges_is_unknown),
		cmocka_unit_test(an_image_of_nothing_knows_nothing),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(a_flipped_bit_is_refused_or_harmless),
		cmocka_unit_test(each_rule_of_an_image_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
