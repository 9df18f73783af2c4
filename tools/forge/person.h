/* person.h - made-up card holders.  Card numbers are drawn inside issuer ranges
 * with a valid check digit (ISO/IEC 7812-1); published test numbers are only
 * given when asked for by the brand "test". */
#ifndef FORGE_PERSON_H
#define FORGE_PERSON_H

#include <stdbool.h>
#include <stddef.h>

#include "rng.h"

struct person {
	char brand[12];
	char card[20]; /* 14..19 digits */
	char exp[6];   /* MM/YY */
	char cvv[5];   /* 3 digits, 4 for American Express */
	char name[40]; /* as embossed */
	char mail[64];
	char tel[16];
	char zip[9];
};

/* The check digit that digits[0..len) needs behind it, '0'..'9'. */
char luhn_digit(const char *digits, size_t len);
/* brand: visa, mastercard, jcb, amex, diners, discover, unionpay, test, or ""
 * for one by chance.  False: no such brand. */
bool person_make(struct rng *rng, const char *brand, struct person *out);

#endif
