#include "base/scratch.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/key.h"

#define RUN_MIN 13 /* digits */
#define RUN_MAX 19
#define HALVES 16
#define TRIES_MOST 1024
#define WIDE_MIN 12 /* bytes that are the first of a wide digit */
#define GROUP 4
#define WRITTEN_MAX 64 /* bytes of a number in groups, or of a run that is looked at */
#define RUNS_MOST 8    /* of one value that are tried */

struct search {
	struct bytes head;
	struct key best;
	size_t most; /* how well it reads; 0: none yet */
};

/* Characters of records. */
static bool is_plain(uint8_t c)
{
	uint8_t low = byte_lower(c);

	return (low >= 'a' && low <= 'z') || is_digit(c) ||
	       (c != 0 && strchr(" ,:|/\n\r=&_.-\"", c) != NULL);
}

/* Two of the same value differ in what else is text under them. */
static void try_key(struct search *search, const struct key *key)
{
	SCRATCH uint8_t out[KEY_HEAD];
	size_t records = key_is_one(key) ? key_records(key, search->head) : 0, plain = 0;

	if (records == 0)
		return;
	size_t n = key_take(key, search->head, out, sizeof(out));
	for (size_t i = 0; i < n; i++)
		plain += is_plain(out[i]);
	explicit_bzero(out, n);
	if (records * KEY_HEAD + plain > search->most) {
		search->most = records * KEY_HEAD + plain;
		search->best = *key;
	}
}

/* Both may be digits. */
static bool near(bool add, uint8_t a, uint8_t b)
{
	return add ? (uint8_t)(a - b + 9) <= 18 : ((a ^ b) & 0xf0) == 0;
}

static bool may_be_digit(const struct key *key, uint8_t c, size_t at)
{
	return is_digit(key_plain(key, c, at));
}

static bool has_check_digit(const char *digits, size_t count)
{
	char turned[RUN_MAX];

	for (size_t i = 0; i < count; i++)
		turned[i] = digits[count - 1 - i];
	return crib_luhn(digits, count) || crib_luhn(turned, count);
}

/* All bytes of a key of one that make a digit of the first byte there, and a number. */
static void try_digit(struct search *search, struct key key, size_t at, size_t len)
{
	SCRATCH uint8_t out[WRITTEN_MAX];
	struct bytes coded = bytes_head(bytes_skip(search->head, at), len);
	struct crib_number number;
	size_t n = 0;

	for (unsigned digit = 0; digit < HALVES; digit++) {
		key.byte[0] = key_byte(&key, coded.ptr[0], (uint8_t)('0' + digit));
		n = key_take(&key, coded, out, sizeof(out));
		if (crib_number(bytes_of(out, n), 0, &number) &&
			has_check_digit(number.digits, number.count))
			try_key(search, &key);
	}
	explicit_bzero(out, n);
}

/* Low halves that make digits of all bytes of a lane; their number. */
static size_t lane_halves(
	struct bytes head, size_t at, size_t end, struct key *key, uint8_t halves[static HALVES])
{
	const size_t lane = at % key->period;
	size_t count = 0;

	for (unsigned low = 0; low < HALVES; low++) {
		size_t i = at;

		key->byte[lane] = (uint8_t)(((head.ptr[at] ^ '0') & 0xf0) | low);
		while (i < end && may_be_digit(key, head.ptr[i], i))
			i += key->period;
		if (i >= end)
			halves[count++] = key->byte[lane];
	}
	return count;
}

static bool may_be_number(struct bytes head, size_t at, size_t end, const struct key *key)
{
	char digits[RUN_MAX];

	for (size_t i = at; i < end; i++)
		digits[i - at] = (char)key_plain(key, head.ptr[i], i);
	return has_check_digit(digits, end - at);
}

/* High half of the byte there, if those of the run in front of it are digits. */
static unsigned half_at(struct bytes head, size_t at, size_t end, size_t period)
{
	size_t like = end - period + (at - end) % period;

	return ((unsigned)(head.ptr[at] ^ head.ptr[like]) >> 4) ^ 3;
}

/* What may be MM/YY one or two bytes behind the run. */
static bool has_date(struct bytes head, size_t end, size_t period)
{
	static const uint8_t halves[] = {3, 3, 2, 3, 3};

	for (size_t gap = 1; gap <= 2; gap++) {
		size_t i = 0;

		if (end + gap + sizeof(halves) > head.len)
			return false;
		while (i < sizeof(halves) && half_at(head, end + gap + i, end, period) == halves[i])
			i++;
		if (i == sizeof(halves))
			return true;
	}
	return false;
}

/* A number all of whose bytes are in [at, end). */
static void try_lanes(struct search *search, struct key key, size_t at, size_t end)
{
	SCRATCH uint8_t halves[KEY_MOST][HALVES];
	size_t count[KEY_MOST] = {0}, tries = 1;

	if (end - at > RUN_MAX || !has_date(search->head, end, key.period))
		return;
	for (size_t i = at; i < at + key.period; i++) {
		size_t lane = i % key.period;

		count[lane] = lane_halves(search->head, i, end, &key, halves[lane]);
		tries *= count[lane];
	}
	for (size_t i = 0; i < tries && i < TRIES_MOST; i++) {
		for (size_t lane = 0, rest = i; lane < key.period; rest /= count[lane++])
			key.byte[lane] = halves[lane][rest % count[lane]];
		if (may_be_number(search->head, at, end, &key))
			try_key(search, &key);
	}
}

/* Bytes from at on that are near those a period before. */
static size_t run_at(struct bytes head, size_t at, const struct key *key)
{
	size_t end = at + key->period;

	while (end < head.len && near(key->add, head.ptr[end], head.ptr[end - key->period]))
		end++;
	return end - at;
}

static void try_run(struct search *search, const struct key *key, size_t at, size_t len)
{
	if (key->period == 1)
		try_digit(search, *key, at, len);
	else
		try_lanes(search, *key, at, at + len);
}

/* Four digits, a separator, and as much again: or six, of a number of fifteen. */
static bool groups_at(struct bytes head, size_t at, bool add)
{
	static const uint8_t separators[] = {1, 2, 3, 6, 9};
	const uint8_t *c = head.ptr + at;

	if (head.len - at < RUN_MIN + 2 || !near(add, c[0], c[1]) || !near(add, c[0], c[2]) ||
		!near(add, c[0], c[3]))
		return false;
	for (size_t i = 0; i < sizeof(separators); i++) {
		size_t step = GROUP + separators[i], last = step + GROUP;

		if (at + step + last + 2 >= head.len)
			break;
		if (near(add, c[0], c[step]) && near(add, c[0], c[step + 1]) &&
			near(add, c[0], c[step + 3]) &&
			(c[GROUP] == c[last] || c[GROUP] == c[last + 2]) && c[GROUP] != c[0])
			return true;
	}
	return false;
}

/* The first bytes of wide digits, one like the other. */
static bool wide_at(struct bytes head, size_t at, size_t step)
{
	bool differ = false;

	for (size_t i = 1; i < WIDE_MIN; i++) {
		size_t next = at + i * step;

		if (next + step > head.len || head.ptr[next] != head.ptr[at])
			return false;
		differ = differ || head.ptr[next + step - 1] != head.ptr[at + step - 1];
	}
	return differ;
}

static void try_wide(struct search *search, struct key key, size_t at)
{
	static const uint8_t pair[] = {0xa3, 0x82, '#'};

	for (size_t i = 0; i < sizeof(pair); i++) {
		key.byte[0] = key_byte(&key, search->head.ptr[at], pair[i]);
		try_key(search, &key);
	}
	key.byte[0] = key_byte(&key, search->head.ptr[at], 0xef);
	try_key(search, &key);
}

static void try_written(struct search *search, const struct key *key)
{
	struct bytes head = search->head;

	for (size_t at = 0; at + RUN_MIN < head.len; at++) {
		if (groups_at(head, at, key->add)) {
			try_digit(search, *key, at, WRITTEN_MAX);
			return;
		}
		if (wide_at(head, at, 2) || wide_at(head, at, 3)) {
			try_wide(search, *key, at);
			return;
		}
	}
}

bool key_by_number(struct bytes head, struct key *key)
{
	struct search search = {.head = head};
	size_t runs = 0;

	for (size_t at = 0; at + RUN_MIN <= head.len && runs < RUNS_MOST;) {
		size_t n = run_at(head, at, key);

		if (n >= RUN_MIN)
			try_run(&search, key, at, n);
		runs += n >= RUN_MIN;
		at += n - key->period + 1u;
	}
	if (search.most == 0 && key->period == 1)
		try_written(&search, key);
	if (search.most > 0)
		*key = search.best;
	return search.most > 0;
}
