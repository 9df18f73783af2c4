/* Letters moved on in the alphabet by n; all printable characters by 47.  The words of a record
 * say by how much. */
#include "base/scratch.h"
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/line.h"
#include "codec/look.h"
#include "codec/within.h"

#define ROT47 47
#define WORD_MIN 6
#define DIGITS_NEAR 12
#define GROUP_MIN 4
#define GIVEN_BYTES 12

static bool is_letter(uint8_t c)
{
	c = byte_lower(c);
	return c >= 'a' && c <= 'z';
}

/* by: how far it was moved. */
static uint8_t back(uint8_t c, unsigned by)
{
	if (by == ROT47 && c > 0x20 && c < 0x7f)
		return (uint8_t)('!' + (c - '!' + ROT47) % 94);
	if (by == ROT47 || !is_letter(c))
		return c;
	uint8_t first = c >= 'a' ? 'a' : 'A';
	return (uint8_t)(first + (unsigned)(c - first + 26 - (int)by) % 26);
}

static size_t rot_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	(void)unpacker;
	for (size_t i = 0; i < n; i++)
		out[i] = back(coded.ptr[i], variant);
	return n;
}

/* How far the word there was moved; 0: it is not that word, or not moved. */
static unsigned moved_at(struct bytes text, size_t at, const char *word, bool backwards)
{
	size_t len = strlen(word);
	unsigned by = 0;

	if (len < WORD_MIN || at + len > text.len)
		return 0;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text.ptr[at + i], want = (uint8_t)word[backwards ? len - 1 - i : i];

		if (is_letter(want) != is_letter(c) || (!is_letter(want) && want != c))
			return 0;
		if (!is_letter(want))
			continue;
		unsigned now = (unsigned)(byte_lower(c) - byte_lower(want) + 26) % 26;
		if (i > 0 && now != by)
			return 0;
		if (now == 0)
			return 0;
		by = now;
	}
	return by;
}

static unsigned letters_apart(uint8_t a, uint8_t b)
{
	return (unsigned)(byte_lower(b) - byte_lower(a) + 26) % 26;
}

/* Words by how far their letters lie apart; from 32 on backwards.  next: of the second and the
 * third, 26 where one is no letter. */
struct apart {
	uint64_t first[26], next[27];
};

static unsigned next_apart(uint8_t a, uint8_t b)
{
	return is_letter(a) && is_letter(b) ? letters_apart(a, b) : 26;
}

static void apart_of(struct apart *apart)
{
	memset(apart, 0, sizeof(*apart));
	for (unsigned i = 0; i < CRIB_COUNT; i++) {
		const uint8_t *word = (const uint8_t *)crib_words[i];
		size_t last = strlen(crib_words[i]) - 1;
		uint64_t backwards = UINT64_C(1) << (CRIB_COUNT + i);

		apart->first[letters_apart(word[0], word[1])] |= UINT64_C(1) << i;
		apart->next[next_apart(word[1], word[2])] |= UINT64_C(1) << i;
		apart->first[letters_apart(word[last], word[last - 1])] |= backwards;
		apart->next[next_apart(word[last - 1], word[last - 2])] |= backwards;
	}
}

static unsigned moved_word(struct bytes text)
{
	struct apart apart;

	apart_of(&apart);
	for (size_t at = 0; at + WORD_MIN <= text.len; at++) {
		const uint8_t *p = text.ptr + at;
		if (!is_letter(p[0]) || !is_letter(p[1]))
			continue;
		uint64_t words =
			apart.first[letters_apart(p[0], p[1])] & apart.next[next_apart(p[1], p[2])];

		for (; words != 0; words &= words - 1) {
			unsigned i = (unsigned)__builtin_ctzll(words);
			unsigned by =
				moved_at(text, at, crib_words[i % CRIB_COUNT], i >= CRIB_COUNT);

			if (by != 0)
				return by;
		}
	}
	return 0;
}

static bool has_digits(struct bytes text)
{
	size_t digits = 0;

	for (size_t i = 0; i < text.len; i++)
		digits += is_digit(text.ptr[i]);
	return digits >= DIGITS_NEAR;
}

/* Of numbers, or groups of them. */
static size_t moved_digits(struct bytes text)
{
	size_t digits = 0, run = 0;

	for (size_t i = 0; i < text.len; i++) {
		run = text.ptr[i] >= '_' && text.ptr[i] <= 'h' ? run + 1 : 0;
		digits += run == GROUP_MIN ? GROUP_MIN : run > GROUP_MIN;
	}
	return digits;
}

static bool is_rot47(struct bytes text)
{
	uint8_t out[RECORD_BYTES];
	struct crib_number number;

	if (moved_digits(text) < DIGITS_NEAR)
		return false;
	struct bytes clear = bytes_of(out, rot_decode(NULL, text, ROT47, out, sizeof(out)));
	return crib_record(clear) || (crib_word(clear) && crib_number(clear, 0, &number));
}

/* Six bits of a character of base64, five of base32; -1: none. */
static int value_of(uint8_t c, bool base32)
{
	if (base32) {
		c = byte_lower(c);
		return c >= 'a' && c <= 'z' ? c - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
	}
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* True if the first characters, moved back, give text or something packed. */
static bool may_give(struct bytes line, unsigned by, bool base32)
{
	const unsigned width = base32 ? 5 : 6;
	SCRATCH uint8_t out[GIVEN_BYTES];
	size_t n = 0, good = 0;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < line.len && n < sizeof(out); i++) {
		int value = value_of(back(line.ptr[i], by), base32);

		if (value < 0)
			return false;
		bits = bits << width | (unsigned)value;
		held += width;
		if (held < 8)
			continue;
		held -= 8;
		out[n] = (uint8_t)(bits >> held);
		good += is_text(out[n]) || out[n] == 0;
		n++;
	}
	return good * 3 >= n * 2 || look_of(bytes_of(out, n)) > LOOK_KEYED;
}

/* Letters of hex, moved back. */
static bool may_be_hex(struct bytes line, unsigned by)
{
	line = bytes_head(line, TOKEN_MIN);
	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = back(line.ptr[i], by);

		if (hex_digit(c) < 0 && c != ',' && c != 'x' && c != 'X')
			return false;
	}
	return true;
}

/* Text of another coding that can be read only when it is moved back. */
static unsigned moved_token(struct bytes line)
{
	const uint64_t mask =
		within_bit(LAYER_BASE64) | within_bit(LAYER_BASE32) | within_bit(LAYER_HEX);
	SCRATCH uint8_t out[WITHIN_BYTES];
	unsigned best_by = 0;
	size_t n = 0;

	if (line.len < TOKEN_MIN || bytes_find_byte(bytes_head(line, LINE_LOOK), ' ') != SIZE_MAX)
		return 0;
	int best = -1;
	for (unsigned by = 1; by <= 26; by++) {
		unsigned real = by == 26 ? ROT47 : by;

		if (!may_give(line, real, false) && !may_give(line, real, true) &&
			!may_be_hex(line, real))
			continue;
		if (best < 0)
			best = within(line, mask);
		if (best >= LOOK_TEXT && best_by == 0)
			return 0;
		n = rot_decode(NULL, line, real, out, sizeof(out));
		int look = within(bytes_of(out, n), mask);
		if (look > best) {
			best = look;
			best_by = real;
		}
	}
	explicit_bzero(out, n);
	return best_by;
}

/* "%B", a number and "^": a stripe whose letter was moved (ISO/IEC 7813). */
static unsigned moved_stripe(struct bytes text)
{
	struct crib_number number;

	for (size_t at = 0; crib_number(text, at, &number); at = number.off + number.len) {
		size_t end = number.off + number.len;

		if (number.off < 2 || end >= text.len || text.ptr[end] != '^' ||
			text.ptr[number.off - 2] != '%')
			continue;
		uint8_t c = text.ptr[number.off - 1];
		return c >= 'A' && c <= 'Z' ? (unsigned)(c - 'B' + 26) % 26 : 0;
	}
	return 0;
}

static unsigned moved_record(struct bytes text)
{
	unsigned by = has_digits(text) ? moved_word(text) : 0;

	if (by == 0)
		by = moved_stripe(text);
	return by == 0 && is_rot47(text) ? ROT47 : by;
}

static bool rot_value_find(struct bytes buf, size_t from, struct stretch *out)
{
	if (from != 0 || !look_is_odd(buf))
		return false;
	unsigned by =
		is_rot47(bytes_head(buf, RECORD_BYTES)) ? ROT47 : moved_token(line_at(buf, 0));

	*out = (struct stretch){.len = line_piece(buf, 0, PIECE_BYTES).len, .variant = by};
	return by != 0;
}

static bool rot_find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t next = from;

	for (size_t at = line_next(buf, from); at < buf.len; at = line_next(buf, at + 1)) {
		unsigned by = 0;

		if (at >= next) {
			by = moved_record(line_piece(buf, at, RECORD_BYTES));
			next = at + RECORD_STEP;
		}
		if (by == 0)
			by = moved_token(line_at(buf, at));
		if (by == 0)
			continue;
		*out = (struct stretch){
			.off = at, .len = line_piece(buf, at, PIECE_BYTES).len, .variant = by};
		return true;
	}
	return false;
}

const struct coding coding_rot_value = {
	.layer = LAYER_ROT,
	.searched = true,
	.whole = true,
	.find = rot_value_find,
	.decode = rot_decode,
};
const struct coding coding_rot = {
	.layer = LAYER_ROT,
	.searched = true,
	.signs = SIGN_NUMBER | SIGN_DIGITS | SIGN_TOKEN | SIGN_BASE32 | SIGN_HEX,
	.find = rot_find,
	.decode = rot_decode,
};
