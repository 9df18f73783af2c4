#include "base/clock.h"

#include <time.h>

#define SECOND_NS UINT64_C(1000000000)
#define DAY_S 86400
#define YEAR_LAST 2554 /* 2^64 ns after 1970 ends in this year */

struct civil {
	unsigned year, month, day, hour, minute, second;
	int offset_s; /* of local time, east of UTC */
	uint64_t fraction_ns;
};

/* Gregorian calendar, the year taken to begin in March so that the leap day is
 * its last (era of 400 years = 146,097 days). */
static uint64_t days_of(unsigned year, unsigned month, unsigned day)
{
	uint64_t y = month <= 2 ? year - 1 : year;
	uint64_t month_from_march = month > 2 ? month - 3 : month + 9;
	uint64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static void civil_of(uint64_t days, struct civil *out)
{
	uint64_t z = days + 719468;
	uint64_t era = z / 146097, of_era = z % 146097;
	uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t m = (5 * of_year + 2) / 153;

	out->day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	out->month = (unsigned)(m < 10 ? m + 3 : m - 9);
	out->year = (unsigned)(year + era * 400 + (out->month <= 2));
}

static unsigned month_days(unsigned year, unsigned month)
{
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void put_digits(char *out, unsigned value, size_t count)
{
	for (; count > 0; count--, value /= 10)
		out[count - 1] = (char)('0' + value % 10);
}

size_t clock_eve(uint64_t ns, char out[static CLOCK_EVE_MAX])
{
	uint64_t s = ns / SECOND_NS, of_day = s % DAY_S;
	struct civil c;

	memcpy(out, "0000-00-00T00:00:00.000000+0000", 32);
	civil_of(s / DAY_S, &c);
	put_digits(out, c.year, 4);
	put_digits(out + 5, c.month, 2);
	put_digits(out + 8, c.day, 2);
	put_digits(out + 11, (unsigned)(of_day / 3600), 2);
	put_digits(out + 14, (unsigned)(of_day / 60 % 60), 2);
	put_digits(out + 17, (unsigned)(of_day % 60), 2);
	put_digits(out + 20, (unsigned)(ns % SECOND_NS / 1000), 6);
	return 31;
}

/* count digits, then the byte after (0: none is asked for). */
static bool take_number(struct bytes *text, size_t count, char after, unsigned *out)
{
	size_t len = count + (after != 0);

	if (text->len < len)
		return false;
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		if (text->ptr[i] < '0' || text->ptr[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text->ptr[i] - '0');
	}
	if (after != 0 && text->ptr[count] != (uint8_t)after)
		return false;
	*text = bytes_skip(*text, len);
	return true;
}

static bool take_fraction(struct bytes *text, uint64_t *ns)
{
	uint64_t unit = SECOND_NS / 10;
	size_t n = 1;

	*ns = 0;
	if (text->len == 0 || text->ptr[0] != '.')
		return true;
	for (; n < text->len && text->ptr[n] >= '0' && text->ptr[n] <= '9'; n++, unit /= 10)
		*ns += unit * (uint64_t)(text->ptr[n] - '0');
	*text = bytes_skip(*text, n);
	return n > 1;
}

static bool take_zone(struct bytes *text, int *offset_s)
{
	unsigned hours, minutes;

	if (text->len == 0)
		return false;
	uint8_t sign = text->ptr[0];
	*text = bytes_skip(*text, 1);
	*offset_s = 0;
	if (sign == 'Z')
		return true;
	if (sign != '+' && sign != '-')
		return false;
	if (!take_number(text, 2, 0, &hours) || !take_number(text, 2, 0, &minutes))
		return false;
	*offset_s = (int)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return hours < 24 && minutes < 60;
}

static bool take_civil(struct bytes text, struct civil *c)
{
	return take_number(&text, 4, '-', &c->year) && take_number(&text, 2, '-', &c->month) &&
	       take_number(&text, 2, 'T', &c->day) && take_number(&text, 2, ':', &c->hour) &&
	       take_number(&text, 2, ':', &c->minute) && take_number(&text, 2, 0, &c->second) &&
	       take_fraction(&text, &c->fraction_ns) && take_zone(&text, &c->offset_s) &&
	       text.len == 0;
}

bool clock_parse(struct bytes text, uint64_t *ns)
{
	struct civil c;
	uint64_t whole;

	if (!take_civil(text, &c) || c.year < 1969 || c.year > YEAR_LAST + 1 || c.month < 1 ||
		c.month > 12 || c.day < 1 || c.day > month_days(c.year, c.month) || c.hour > 23 ||
		c.minute > 59 || c.second > 59)
		return false;
	int64_t days = (int64_t)days_of(c.year, c.month, c.day);
	int64_t s = days * DAY_S + (int64_t)(c.hour * 3600 + c.minute * 60 + c.second) - c.offset_s;
	if (s < 0 || __builtin_mul_overflow((uint64_t)s, SECOND_NS, &whole))
		return false;
	return !__builtin_add_overflow(whole, c.fraction_ns, ns);
}

static uint64_t now_ns(clockid_t id)
{
	struct timespec t = {0};

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

uint64_t clock_real_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

uint64_t clock_boot_ns(void)
{
	return now_ns(CLOCK_BOOTTIME);
}
