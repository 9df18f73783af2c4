#include "codec/crib.h"

#include "codec/glyph.h"

#define DIGITS_MIN 13
#define DIGITS_MAX 19
#define BESIDE 96 /* bytes on either side of a number where its date may stand */
#define YEAR_MIN 24
#define YEAR_MAX 39

const char *const crib_words[CRIB_COUNT] = {
	"card_number",
	"cardnumber",
	"cardNumber",
	"cc_number",
	"card_no",
	"cardno",
	"CardNo",
	"ccnum",
	"cc_exp",
	"card_exp",
	"expiry",
	"expire",
	"Expire",
	"expdate",
	"holder",
	"holdername",
	"HolderName",
	"cardHolder",
	"cc_owner",
	"card_name",
	"securitycode",
	"security_code",
	"SecurityCode",
	"valid_term",
	"conf_number",
	"\"exp\": \"",
	"\"name\": \"",
	"\"cvv\": \"",
	"\"cvc\": \"",
	"number",
	"&exp=",
	"&cvv=",
};

static bool digit_at(struct bytes text, size_t at)
{
	return at < text.len && is_digit(text.ptr[at]);
}

/* What may stand between groups. */
static size_t separator_at(struct bytes text, size_t at)
{
	static const char *const many[] = {
		"%20", "%2D", "%2d", "%C2%A0", "%E3%80%80", "\xc2\xa0", "\xe3\x80\x80", "&nbsp;"};

	if (at >= text.len)
		return 0;
	switch (text.ptr[at]) {
	case ' ':
	case '-':
	case '.':
	case '_':
	case '+':
		return 1;
	case '%':
	case '&':
	case 0xc2:
	case 0xe3:
		break;
	default:
		return 0;
	}
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		if (bytes_starts(bytes_skip(text, at), many[i]))
			return strlen(many[i]);
	return 0;
}

/* Bytes of the digit there, plain or full-width (UTF-8, Shift_JIS, EUC-JP, JIS X 0208); 0: it is
 * none. */
static size_t read_digit(struct bytes text, size_t at, char *digit)
{
	struct bytes in = bytes_head(bytes_skip(text, at), 3);
	unsigned value = 10;
	size_t len = 1;

	if (in.len >= 1 && is_digit(in.ptr[0])) {
		value = in.ptr[0] - (unsigned)'0';
	} else if (in.len == 3 && in.ptr[0] == 0xef && in.ptr[1] == 0xbc) {
		value = in.ptr[2] - 0x90u;
		len = 3;
	} else if (in.len >= 2) {
		len = 2;
		if (in.ptr[0] == 0x82)
			value = in.ptr[1] - 0x4fu;
		else if (in.ptr[0] == 0xa3)
			value = in.ptr[1] - 0xb0u;
		else if (in.ptr[0] == '#')
			value = in.ptr[1] - (unsigned)'0';
	}
	if (value > 9)
		return 0;
	*digit = (char)('0' + value);
	return len;
}

/* The number that begins with the digit there; false: too few or too many digits. */
static bool read_number(struct bytes text, size_t at, struct crib_number *out)
{
	size_t separator = 0, len;
	char digit;

	out->count = 0;
	out->off = at;
	for (;;) {
		while ((len = read_digit(text, at, &digit)) > 0) {
			if (out->count == DIGITS_MAX)
				return false;
			out->digits[out->count++] = digit;
			at += len;
		}
		len = separator_at(text, at);
		if (len == 0 || read_digit(text, at + len, &digit) == 0 ||
			(separator != 0 && separator != len) || (separator == 0 && out->count != 4))
			break;
		separator = len;
		at += len;
	}
	out->len = at - out->off;
	return out->count >= DIGITS_MIN;
}

bool crib_number(struct bytes text, size_t from, struct crib_number *out)
{
	size_t at = from, len;
	char digit;

	while (at + DIGITS_MIN <= text.len) {
		if (read_digit(text, at, &digit) == 0) {
			at++;
			continue;
		}
		if (read_number(text, at, out))
			return true;
		while ((len = read_digit(text, at, &digit)) > 0)
			at += len;
	}
	return false;
}

bool crib_luhn(const char *digits, size_t count)
{
	static const uint8_t doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned digit = (unsigned)(digits[i] - '0');
		sum += (count - i) % 2 == 0 ? doubled[digit] : digit;
	}
	return count > 0 && sum % 10 == 0;
}

bool crib_word(struct bytes text)
{
	uint32_t first[UINT8_MAX + 1] = {0}, second[UINT8_MAX + 1] = {0};

	for (size_t i = 0; i < CRIB_COUNT; i++) {
		first[(uint8_t)crib_words[i][0]] |= UINT32_C(1) << i;
		second[(uint8_t)crib_words[i][1]] |= UINT32_C(1) << i;
	}
	for (size_t at = 0; at + 1 < text.len; at++) {
		uint32_t words = first[text.ptr[at]] & second[text.ptr[at + 1]];

		for (; words != 0; words &= words - 1)
			if (bytes_starts(bytes_skip(text, at), crib_words[__builtin_ctz(words)]))
				return true;
	}
	return false;
}

static int two_at(struct bytes text, size_t at)
{
	if (!digit_at(text, at) || !digit_at(text, at + 1))
		return -1;
	return (text.ptr[at] - '0') * 10 + text.ptr[at + 1] - '0';
}

/* MM/YY there, with its slash plain or percent coded. */
static bool expiry_at(struct bytes text, size_t at)
{
	int month = two_at(text, at), year = -1;

	if (month < 1 || month > 12)
		return false;
	if (at + 2 < text.len && text.ptr[at + 2] == '/')
		year = two_at(text, at + 3);
	else if (bytes_starts_nocase(bytes_skip(text, at + 2), "%2f"))
		year = two_at(text, at + 5);
	return year >= YEAR_MIN && year <= YEAR_MAX;
}

static bool has_expiry(struct bytes text)
{
	for (size_t at = 0; at + 5 <= text.len; at++)
		if (!(at > 0 && is_digit(text.ptr[at - 1])) && expiry_at(text, at))
			return true;
	return false;
}

/* What stands behind a number on a stripe (ISO/IEC 7813): year, month, service code. */
static bool stripe_at(struct bytes text, size_t at)
{
	if (at >= text.len || (text.ptr[at] != '^' && text.ptr[at] != '='))
		return false;
	if (text.ptr[at] == '^') {
		size_t name = bytes_find_byte(bytes_head(bytes_skip(text, at + 1), 32), '^');
		if (name == SIZE_MAX)
			return false;
		at += name + 1;
	}
	int year = two_at(text, at + 1), month = two_at(text, at + 3);
	return year >= YEAR_MIN && year <= YEAR_MAX && month >= 1 && month <= 12 &&
	       digit_at(text, at + 5) && digit_at(text, at + 6) && digit_at(text, at + 7);
}

size_t crib_records(struct bytes text)
{
	struct crib_number number;
	size_t count = 0;

	for (size_t at = 0; crib_number(text, at, &number); at = number.off + number.len) {
		size_t end = number.off + number.len;
		size_t left = number.off > BESIDE ? number.off - BESIDE : 0;

		if (crib_luhn(number.digits, number.count))
			count += stripe_at(text, end) ||
				 has_expiry(bytes_head(bytes_skip(text, end), BESIDE)) ||
				 has_expiry(bytes_of(text.ptr + left, number.off - left));
	}
	return count;
}

bool crib_record(struct bytes text)
{
	return crib_records(text) > 0;
}
