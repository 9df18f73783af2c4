/* Goal: numbers that are no cards (of orders, parcels, accounts, phones, times)
 * give no hit, or one that has no more for it than its format.  Method: ids of
 * each type by seed, written as shops write them; the sum of reasons must stay at
 * CARD_FORMAT, and the types that shape or tier excludes must stay silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/why.h"
#include "pan/fixture.h"

#define ROUNDS 20000

/* #: a digit, ~: a hex digit, ^: yymmddHHMM of 2024 to 2026; all else as it is. */
static const struct {
	const char *form;
	bool silent;
} decoys[] = {
	{"{\"jan\":\"45###########\",\"qty\":12}", true},
	{"{\"jan\":\"49###########\",\"price\":1980}", true},
	{"{\"isbn\":\"978##########\"}", true},
	{"gtin=14912345######&n=1", true},
	{"{\"ts\":1769#########,\"page\":3}", true},
	{"{\"ts\":1769############}", true},
	{"{\"created_at\":\"20260131123456###\"}", true},
	{"{\"order_no\":\"^00####\",\"total\":5400}", false},
	{"{\"slip\":\"^######\"}", false},
	{"{\"media_id\":\"3#################\"}", false},
	{"{\"media_id\":\"36#################\"}", false},
	{"{\"tweet\":\"20#################\"}", true},
	{"{\"id\":################,\"name\":\"a b\"}", false},
	{"\"pixel_id\":\"################\"", false},
	{"GET /v18.0/################/events?x=1", false},
	{"variant=39############", false},
	{"T7############", true},
	{"_ga=GA1.2.##########.##########", true},
	{"~~~~~~~~-~~~~-4~~~-8~~~-~~~~~~~~~~~~", true},
	{"########-####-4###-8###-############", true},
	{"token=~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~&", false},
	{"0.################", true},
	{"35.#############,139.############", true},
	{"####-####-####", true},
	{"503-#######-#######", true},
	{"090-####-####", true},
	{"411111******####", true},
	{"imei:35#############", true},
	{"8981###############0", true},
};

static size_t write_id(uint64_t *state, const char *form, char *out)
{
	size_t len = 0;

	for (; *form != '\0'; form++) {
		switch (*form) {
		case '#':
			out[len++] = (char)('0' + fixture_below(state, 10));
			break;
		case '~':
			out[len++] = "0123456789abcdef"[fixture_below(state, 16)];
			break;
		case '^':
			len += (size_t)snprintf(out + len, 16, "%u%02u%02u%02u%02u",
				24 + (unsigned)fixture_below(state, 3),
				1 + (unsigned)fixture_below(state, 12),
				1 + (unsigned)fixture_below(state, 28),
				(unsigned)fixture_below(state, 24),
				(unsigned)fixture_below(state, 60));
			break;
		default:
			out[len++] = *form;
		}
	}
	out[len] = '\0';
	return len;
}

/* Sum of the first hit's reasons, or 0. */
static int weigh(struct bytes text)
{
	static const struct hash_key key = {.k0 = 1, .k1 = 2};
	struct pan_scan got;

	pan_find(fixture_table(), &key, text, 0, text.len, true, true, &got);
	if (got.count == 0)
		return 0;
	uint64_t around =
		pan_context(fixture_table(), text, got.hit[0].off, got.hit[0].len, bytes_text(""));
	return why_sum(got.hit[0].why | around);
}

static void ids_of_shops_have_no_more_than_their_format(void **unused)
{
	uint64_t state = 52;
	char text[256];
	const int format = why_row(WHY_CARD_FORMAT)->weight;

	(void)unused;
	for (size_t i = 0; i < sizeof(decoys) / sizeof(decoys[0]); i++) {
		for (int round = 0; round < ROUNDS; round++) {
			size_t len = write_id(&state, decoys[i].form, text);
			int sum = weigh(bytes_of(text, len));
			if (sum > format || (decoys[i].silent && sum != 0))
				fprintf(stderr, "%d: %s\n", sum, text);
			assert_true(sum <= format);
			assert_true(!decoys[i].silent || sum == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_of_shops_have_no_more_than_their_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
