/* person.c - made-up card holders. */
#include "person.h"

#include <stdio.h>
#include <string.h>

struct range {
	const char *brand, *low, *high; /* prefixes of one length */
	int digits;
	int share; /* of 100 cards drawn without a brand */
};

/* ISO/IEC 7812-1 ranges that Japanese shops meet; one per brand is enough here. */
static const struct range ranges[] = {
	{"visa", "4", "4", 16, 50},
	{"mastercard", "51", "55", 16, 22},
	{"jcb", "3528", "3589", 16, 22},
	{"amex", "37", "37", 15, 6},
	{"diners", "36", "36", 14, 0},
	{"discover", "6011", "6011", 16, 0},
	{"unionpay", "622126", "622925", 16, 0},
};
static const char test_card[] = "4111111111111111"; /* published by nearly every provider */
static const char *const families[] = {"SATO", "SUZUKI", "TAKAHASHI", "TANAKA", "ITO", "WATANABE",
	"YAMAMOTO", "NAKAMURA", "KOBAYASHI", "KATO", "YOSHIDA", "YAMADA", "SASAKI", "INOUE",
	"KIMURA", "HAYASHI"};
static const char *const givens[] = {"HANAKO", "TARO", "YUI", "HARUTO", "AOI", "SOTA", "MEI",
	"YUTO", "RIN", "REN", "SAKURA", "KAITO", "HINA", "MINATO", "KOHARU", "ITSUKI"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct range *choose(struct rng *rng, const char *brand)
{
	int left = (int)rng_below(rng, 100);

	for (size_t i = 0; i < COUNT(ranges); i++) {
		if (brand[0] ? strcmp(brand, ranges[i].brand) == 0 : left < ranges[i].share)
			return &ranges[i];
		left -= ranges[i].share;
	}
	return NULL;
}

static void draw_digits(struct rng *rng, char *out, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		out[i] = (char)('0' + rng_below(rng, 10));
}

static unsigned number(const char *digits)
{
	unsigned v = 0;

	for (; *digits; digits++)
		v = v * 10 + (unsigned)(*digits - '0');
	return v;
}

static void draw_card(struct rng *rng, const struct range *range, char *card)
{
	unsigned low = number(range->low), high = number(range->high);
	size_t digits = (size_t)range->digits;
	char text[12];
	int n = snprintf(text, sizeof(text), "%u", low + (unsigned)rng_below(rng, high - low + 1));

	memcpy(card, text, (size_t)n);
	draw_digits(rng, card, (size_t)n, digits - 1);
	card[digits - 1] = luhn_digit(card, digits - 1);
	card[digits] = '\0';
}

char luhn_digit(const char *digits, size_t len)
{
	int sum = 0;

	for (size_t i = 0; i < len; i++) {
		int d = digits[len - 1 - i] - '0';

		if (i % 2 == 0)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

bool person_make(struct rng *rng, const char *brand, struct person *out)
{
	bool test = strcmp(brand, "test") == 0;
	const struct range *range = choose(rng, test ? "visa" : brand);

	if (!range)
		return false;
	*out = (struct person){0};
	snprintf(out->brand, sizeof(out->brand), "%s", range->brand);
	draw_card(rng, range, out->card);
	if (test)
		snprintf(out->card, sizeof(out->card), "%s", test_card);
	snprintf(out->exp, sizeof(out->exp), "%02u/%02u", 1 + (unsigned)rng_below(rng, 12),
		27 + (unsigned)rng_below(rng, 5));
	draw_digits(rng, out->cvv, 0, strcmp(range->brand, "amex") == 0 ? 4 : 3);
	const char *family = families[rng_below(rng, COUNT(families))];
	const char *given = givens[rng_below(rng, COUNT(givens))];
	unsigned tag = (unsigned)rng_below(rng, 1000);

	snprintf(out->name, sizeof(out->name), "%s %s", given, family);
	snprintf(out->mail, sizeof(out->mail), "%s.%s%u@mail.example", given, family, tag);
	for (char *p = out->mail; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	snprintf(out->tel, sizeof(out->tel), "090-0000-%04u", (unsigned)rng_below(rng, 10000));
	snprintf(out->zip, sizeof(out->zip), "%03u-%04u", 100 + (unsigned)rng_below(rng, 800),
		(unsigned)rng_below(rng, 10000));
	return true;
}
