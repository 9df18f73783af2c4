/* RFC 4648 section 6, in either case. */
#include "codec/coding.h"
#include "codec/glyph.h"
#include "codec/look.h"

#define RUN_MIN 21 /* a number of 13 digits */
#define RANDOM_MIN 48
#define LOOK_CODED 80

/* -1: not of the alphabet. */
static int value_of(uint8_t c)
{
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	c = byte_lower(c);
	return c >= 'a' && c <= 'z' ? c - 'a' : -1;
}

static size_t base32_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	uint32_t bits = 0;
	int held = 0;
	size_t n = 0;

	(void)unpacker;
	(void)variant;
	for (size_t i = 0; i < coded.len && n < room; i++) {
		int value = value_of(coded.ptr[i]);

		if (value < 0)
			continue;
		bits = bits << 5 | (uint32_t)value;
		held += 5;
		if (held >= 8) {
			held -= 8;
			out[n++] = (uint8_t)(bits >> held);
		}
	}
	return n;
}

struct run {
	size_t end;
	size_t upper, lower, digits;
};

static struct run run_of(struct bytes buf, size_t off)
{
	struct run run = {.end = off};

	for (; run.end < buf.len && value_of(buf.ptr[run.end]) >= 0; run.end++) {
		uint8_t c = buf.ptr[run.end];

		run.digits += is_digit(c);
		run.upper += c >= 'A' && c <= 'Z';
		run.lower += c >= 'a' && c <= 'z';
	}
	return run;
}

static bool holds_number(struct bytes coded)
{
	struct digit_count count = {0};
	uint8_t out[LOOK_BYTES];

	for (size_t at = 0; at < coded.len; at += LOOK_CODED - LOOK_CODED % 8) {
		size_t n = base32_decode(NULL,
			bytes_head(bytes_skip(coded, at), LOOK_CODED - LOOK_CODED % 8), 0, out,
			sizeof(out));

		for (size_t i = 0; i < n; i++) {
			if (digit_count(&count, out[i]))
				return true;
		}
	}
	return false;
}

static bool judge(struct bytes coded, const struct run *run)
{
	uint8_t out[LOOK_BYTES];
	size_t letters = run->upper + run->lower;

	if (coded.len < RUN_MIN || (run->upper > 0 && run->lower > 0) || letters == 0)
		return false;
	size_t n = base32_decode(NULL, bytes_head(coded, LOOK_CODED), 0, out, sizeof(out));

	if (look_of(bytes_of(out, n)) > 0 || holds_number(coded))
		return true;
	return coded.len >= RANDOM_MIN && run->digits * 32 >= coded.len &&
	       run->digits * 2 <= coded.len;
}

static bool base32_find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t at = from;

	while (at < buf.len) {
		if (value_of(buf.ptr[at]) < 0) {
			at++;
			continue;
		}
		struct run run = run_of(buf, at);
		struct bytes coded = bytes_of(buf.ptr + at, run.end - at);
		bool first = at == 0 || value_of(buf.ptr[at - 1]) < 0;
		size_t pad = 0;

		while (pad < 6 && run.end + pad < buf.len && buf.ptr[run.end + pad] == '=')
			pad++;
		if (first && judge(coded, &run)) {
			*out = (struct stretch){.off = at, .len = coded.len + pad};
			return true;
		}
		at = run.end;
	}
	return false;
}

const struct coding coding_base32 = {
	.layer = LAYER_BASE32,
	.signs = SIGN_BASE32,
	.find = base32_find,
	.decode = base32_decode,
};
