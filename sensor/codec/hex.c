/* Pairs of hex digits: in one run, or each apart ("34 35", "34:35", "0x34,0x35"). */
#include "codec/coding.h"
#include "codec/glyph.h"
#include "codec/look.h"

#define DIGITS_MIN 24
#define RANDOM_MIN 40 /* digits of bytes that look like nothing */
#define PAIRS_MIN (DIGITS_MIN / 2)
#define LOOK_CODED (LOOK_BYTES * 6) /* 0x34, and a blank */

static size_t hex_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t n = 0, i = 0;

	(void)unpacker;
	(void)variant;
	while (i + 1 < coded.len && n < room) {
		int high = hex_digit(coded.ptr[i]), low = hex_digit(coded.ptr[i + 1]);

		if (high >= 0 && low >= 0) {
			out[n++] = (uint8_t)(high << 4 | low);
			i += 2;
		} else {
			i += high >= 0 ? 2 : 1; /* "0x" */
		}
	}
	return n;
}

static size_t digits_at(struct bytes buf, size_t at)
{
	size_t len = 0;

	while (at + len < buf.len && hex_digit(buf.ptr[at + len]) >= 0)
		len++;
	return len;
}

static int look_at(struct bytes coded)
{
	uint8_t out[LOOK_BYTES];

	coded = bytes_head(coded, LOOK_CODED);
	return look_of(bytes_of(out, hex_decode(NULL, coded, 0, out, sizeof(out))));
}

static bool holds_number(struct bytes coded)
{
	struct digit_count count = {0};

	for (size_t i = 0; i + 1 < coded.len; i += 2) {
		int high = hex_digit(coded.ptr[i]), low = hex_digit(coded.ptr[i + 1]);

		if (digit_count(&count, (uint8_t)(high << 4 | low)))
			return true;
	}
	return false;
}

/* Hashes, keys and ids have these lengths. */
static bool is_hash_length(size_t digits)
{
	return digits == 40 || digits == 48 || digits == 56 || digits == 64 || digits == 96 ||
	       digits == 128;
}

/* Bytes that look like nothing: letters and digits in the shares that chance gives, in one
 * case. */
static bool looks_random(struct bytes coded)
{
	size_t upper = 0, lower = 0;

	if (coded.len < RANDOM_MIN || coded.len % 2 != 0 || is_hash_length(coded.len))
		return false;
	for (size_t i = 0; i < coded.len; i++) {
		upper += coded.ptr[i] >= 'A' && coded.ptr[i] <= 'F';
		lower += coded.ptr[i] >= 'a' && coded.ptr[i] <= 'f';
	}
	return (upper == 0 || lower == 0) && upper + lower > 1;
}

/* A run that begins with that digit of it: how much it looks like something. */
static int judge_phase(struct bytes run, size_t phase)
{
	struct bytes coded = bytes_skip(run, phase);
	int look = look_at(coded);

	return look == 0 && holds_number(coded) ? 1 : look;
}

/* An even run begins with its first digit; an odd one with either. */
static bool judge_run(struct bytes buf, size_t at, size_t len, struct stretch *out)
{
	struct bytes run = bytes_of(buf.ptr + at, len);
	int first = judge_phase(run, 0), second = len % 2 == 0 ? 0 : judge_phase(run, 1);
	size_t phase = second > first;

	if (first == 0 && second == 0 && !looks_random(run))
		return false;
	*out = (struct stretch){.off = at + phase, .len = (len - phase) / 2 * 2};
	return true;
}

/* How pairs stand apart. */
struct manner {
	bool prefixed; /* 0x34 */
	uint8_t separator[2];
	size_t separator_len;
};

/* Length of the pair, 0x included, or 0. */
static size_t pair_at(struct bytes buf, size_t at, bool prefixed)
{
	size_t head = prefixed ? 2 : 0;

	if (at + head + 2 > buf.len)
		return 0;
	if (prefixed && (buf.ptr[at] != '0' || byte_lower(buf.ptr[at + 1]) != 'x'))
		return 0;
	struct bytes left = bytes_head(bytes_skip(buf, at + head), 3);

	return digits_at(left, 0) == 2 ? head + 2 : 0;
}

static bool separated_at(struct bytes buf, size_t at, const struct manner *manner)
{
	return at + manner->separator_len <= buf.len &&
	       memcmp(buf.ptr + at, manner->separator, manner->separator_len) == 0;
}

/* A blank, ':' or ',', or ',' and a blank, behind the pair that ends there. */
static bool manner_at(struct bytes buf, size_t end, struct manner *manner)
{
	if (end >= buf.len || (buf.ptr[end] != ' ' && buf.ptr[end] != ':' && buf.ptr[end] != ','))
		return false;
	manner->separator[0] = buf.ptr[end];
	manner->separator_len = 1;
	if (buf.ptr[end] == ',' && end + 1 < buf.len && buf.ptr[end + 1] == ' ')
		manner->separator[manner->separator_len++] = ' ';
	return true;
}

/* True if the list reaches to this pair from the left. */
static bool continues(struct bytes buf, size_t at, const struct manner *manner)
{
	size_t pair = manner->prefixed ? 4 : 2, back = pair + manner->separator_len;

	if (at < back || pair_at(buf, at - back, manner->prefixed) == 0)
		return false;
	if (!manner->prefixed && at > back && hex_digit(buf.ptr[at - back - 1]) >= 0)
		return false;
	return separated_at(buf, at - manner->separator_len, manner);
}

/* Pairs apart from at on: where the last ends; *count: how many. */
static size_t list_end(struct bytes buf, size_t at, const struct manner *manner, size_t *count)
{
	size_t len, end = at;

	for (*count = 0; (len = pair_at(buf, at, manner->prefixed)) > 0; (*count)++) {
		end = at + len;
		if (!separated_at(buf, end, manner))
			return (*count)++, end;
		at = end + manner->separator_len;
	}
	return end;
}

/* A list that begins with the pair at that place; *end: where to go on if it is none.  Its last
 * pair may be the first of a list of another manner. */
static bool judge_list(struct bytes buf, size_t at, struct stretch *out, size_t *end)
{
	struct manner manner = {.prefixed = buf.ptr[at] == '0' && at + 1 < buf.len &&
					    byte_lower(buf.ptr[at + 1]) == 'x'};
	size_t len = pair_at(buf, at, manner.prefixed), count;

	*end = at + 1;
	if (len == 0 || !manner_at(buf, at + len, &manner))
		return false;
	*end = list_end(buf, at, &manner, &count);
	struct bytes coded = bytes_of(buf.ptr + at, *end - at);

	if (count > 1)
		*end -= len;
	if (count < PAIRS_MIN || continues(buf, at, &manner) ||
		(look_at(coded) == 0 && (count * 2 < RANDOM_MIN || is_hash_length(count * 2))))
		return false;
	*out = (struct stretch){.off = at, .len = coded.len, .variant = 1};
	return true;
}

static bool hex_find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t at = from;

	if (at > 0) /* not inside a run that began before */
		at += hex_digit(buf.ptr[at - 1]) >= 0 ? digits_at(buf, at) : 0;
	while (at < buf.len) {
		if (hex_digit(buf.ptr[at]) < 0) {
			at++;
			continue;
		}
		size_t len = digits_at(buf, at), end = at + len;

		if (len >= DIGITS_MIN && judge_run(buf, at, len, out))
			return true;
		if (len <= 2 && judge_list(buf, at, out, &end))
			return true;
		at = end > at + len ? end : at + len;
	}
	return false;
}

const struct coding coding_hex = {
	.layer = LAYER_HEX,
	.signs = SIGN_HEX | SIGN_LIST,
	.find = hex_find,
	.decode = hex_decode,
};
