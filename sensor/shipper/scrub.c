/* scrub.c - plain loops over one record; see scrub.h.  Written apart from the
 * finder on purpose: what one overlooks the other should not. */
#include "shipper/scrub.h"

#include <stdbool.h>
#include <stdint.h>

#define SCRUB_MIN 13
#define SCRUB_MAX 19
#define SCRUB_HEAD 6
#define SCRUB_TAIL 4
#define ESCAPE_LEN 6 /* \u0034 */

/* The digits of the run that is being read: where each stands. */
struct digits {
	size_t place[SCRUB_MAX]; /* of the character, or of the escape's backslash */
	uint8_t value[SCRUB_MAX];
	size_t count; /* may be larger than SCRUB_MAX: then the run is no card */
};

static bool fits_check_digit(const struct digits *digits)
{
	unsigned sum = 0;
	bool twice = false;

	for (size_t i = digits->count; i > 0; i--) {
		unsigned value = digits->value[i - 1];
		if (twice) {
			value *= 2;
			if (value > 9)
				value -= 9;
		}
		sum += value;
		twice = !twice;
	}
	return sum % 10 == 0;
}

static bool may_be_card(const struct digits *digits)
{
	if (digits->count < SCRUB_MIN || digits->count > SCRUB_MAX)
		return false;
	uint8_t first = digits->value[0];
	return ((first >= 2 && first <= 6) || first == 8) && fits_check_digit(digits);
}

/* A star in place of the digit; an escape stays an escape: \u002a. */
static void hide(char *text, size_t place)
{
	if (text[place] != '\\') {
		text[place] = '*';
		return;
	}
	text[place + 4] = '2';
	text[place + 5] = 'a';
}

static size_t finish_run(char *text, struct digits *digits)
{
	bool card = may_be_card(digits);

	for (size_t i = SCRUB_HEAD; card && i + SCRUB_TAIL < digits->count; i++)
		hide(text, digits->place[i]);
	digits->count = 0;
	return card ? 1 : 0;
}

/* The character at i: its value, and how many bytes it is written with. */
static int character(const char *text, size_t i, size_t end, size_t *written)
{
	*written = 1;
	if (text[i] != '\\')
		return (uint8_t)text[i];
	if (end - i < 2)
		return '\\';
	if (text[i + 1] != 'u' || end - i < ESCAPE_LEN) {
		*written = 2;
		return text[i + 1] == '/' ? '/' : '\\';
	}
	int value = 0;
	for (size_t n = i + 2; n < i + ESCAPE_LEN; n++) {
		char c = text[n];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0) { /* no escape: never of our writer */
			*written = 2;
			return '\\';
		}
		value = value * 16 + digit;
	}
	*written = ESCAPE_LEN;
	return value;
}

/* A token or digest of ours: that many lower-case hex digits, a letter among them. */
static bool is_token(const char *text, size_t len)
{
	bool letter = false;

	if (len != 32 && len != 40 && len != 64)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= 'a' && text[i] <= 'f')
			letter = true;
		else if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return letter;
}

/* The inside of one string. */
static size_t scrub_string(char *text, size_t start, size_t end)
{
	struct digits digits = {.count = 0};
	size_t changed = 0, written;
	bool separated = false;

	if (is_token(text + start, end - start))
		return 0;
	for (size_t i = start; i < end; i += written) {
		int c = character(text, i, end, &written);
		if (c >= '0' && c <= '9') {
			if (digits.count < SCRUB_MAX) {
				digits.place[digits.count] = i;
				digits.value[digits.count] = (uint8_t)(c - '0');
			}
			digits.count++;
			separated = false;
			continue;
		}
		if ((c == ' ' || c == '-' || c == '.') && digits.count > 0 && !separated) {
			separated = true;
			continue;
		}
		changed += finish_run(text, &digits);
		separated = false;
	}
	return changed + finish_run(text, &digits);
}

size_t scrub_text(char *text, size_t len)
{
	size_t changed = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '"')
			continue;
		size_t end = i + 1;
		while (end < len && text[end] != '"')
			end += text[end] == '\\' && len - end > 1 ? 2 : 1;
		changed += scrub_string(text, i + 1, end);
		i = end;
	}
	return changed;
}
