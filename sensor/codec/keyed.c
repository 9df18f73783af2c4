/* Bytes under a short key: XOR with one byte or with two to four in turn, one byte added to each.
 * The key is searched for: differences of neighbours are free of it, and a word of a record, or
 * the magic of something packed, shows in them. */
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/look.h"
#include "codec/unpack.h"

#define WHOLE_MIN 20
#define SEARCHED 1024 /* bytes of a value where a word has to show */
#define PERIOD_MAX 4
#define PROVEN_MIN 3 /* differences that a word must have */
#define SHARE 64

struct key {
	bool add;
	uint8_t period;
	uint8_t byte[PERIOD_MAX];
};

static uint8_t plain_of(const struct key *key, uint8_t c, size_t at)
{
	uint8_t k = key->byte[key->period == 1 ? 0 : at % key->period];

	return key->add ? (uint8_t)(c - k) : c ^ k;
}

static size_t take_off(const struct key *key, struct bytes coded, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	for (size_t i = 0; i < n; i++)
		out[i] = plain_of(key, coded.ptr[i], i);
	return n;
}

static uint8_t difference(bool add, uint8_t a, uint8_t b)
{
	return add ? (uint8_t)(b - a) : a ^ b;
}

/* False for what another coding, or none, would say. */
static bool is_key(const struct key *key)
{
	const uint8_t *k = key->byte;

	switch (key->period) {
	case 1:
		return k[0] != 0;
	case 2:
		return k[0] != k[1];
	case 3:
		return k[0] != k[1] || k[1] != k[2];
	default:
		return k[0] != k[2] || k[1] != k[3];
	}
}

/* True if the beginning, under the key, is text or something packed. */
static bool reads(const struct key *key, struct bytes coded)
{
	uint8_t out[LOOK_BYTES];
	size_t n = take_off(key, coded, out, sizeof(out));

	return look_of(bytes_of(out, n)) >= LOOK_TEXT;
}

struct cribs {
	uint64_t first[256]; /* words, by their first difference; from 32 on backwards */
	size_t period;
	bool add;
};

static uint8_t word_byte(const char *word, size_t len, size_t at, bool backwards)
{
	return (uint8_t)word[backwards ? len - 1 - at : at];
}

static void prepare(struct cribs *cribs, size_t period, bool add)
{
	memset(cribs, 0, sizeof(*cribs));
	cribs->period = period;
	cribs->add = add;
	for (unsigned i = 0; i < 2 * CRIB_COUNT; i++) {
		const char *word = crib_words[i % CRIB_COUNT];
		size_t len = strlen(word);
		bool backwards = i >= CRIB_COUNT;

		if (len < period + PROVEN_MIN)
			continue;
		cribs->first[difference(add, word_byte(word, len, 0, backwards),
			word_byte(word, len, period, backwards))] |= UINT64_C(1) << i;
	}
}

/* The key under which that word stands there; false: none. */
static bool word_at(
	const struct cribs *cribs, struct bytes coded, size_t at, unsigned number, struct key *key)
{
	const char *word = crib_words[number % CRIB_COUNT];
	bool backwards = number >= CRIB_COUNT;
	size_t len = strlen(word), period = cribs->period;

	if (at + len > coded.len)
		return false;
	for (size_t i = 1; i + period < len; i++) {
		if (difference(cribs->add, coded.ptr[at + i], coded.ptr[at + i + period]) !=
			difference(cribs->add, word_byte(word, len, i, backwards),
				word_byte(word, len, i + period, backwards)))
			return false;
	}
	*key = (struct key){.add = cribs->add, .period = (uint8_t)period};
	for (size_t i = 0; i < period; i++)
		key->byte[(at + i) % period] =
			cribs->add
				? (uint8_t)(coded.ptr[at + i] - word_byte(word, len, i, backwards))
				: coded.ptr[at + i] ^ word_byte(word, len, i, backwards);
	return is_key(key) && reads(key, coded);
}

static bool key_by_word(struct bytes coded, size_t period, bool add, struct key *key)
{
	struct cribs cribs;

	prepare(&cribs, period, add);
	coded = bytes_head(coded, SEARCHED);
	for (size_t at = 0; at + period < coded.len; at++) {
		uint64_t words =
			cribs.first[difference(add, coded.ptr[at], coded.ptr[at + period])];

		for (; words != 0; words &= words - 1)
			if (word_at(&cribs, coded, at, (unsigned)__builtin_ctzll(words), key))
				return true;
	}
	return false;
}

/* A record without words, under one byte: a number with its expiry date. */
static bool key_by_number(struct bytes coded, bool add, struct key *key)
{
	uint8_t out[SEARCHED / 2];

	for (unsigned k = 1; k < 256; k++) {
		size_t i = 0;

		*key = (struct key){.add = add, .period = 1, .byte = {(uint8_t)k}};
		while (i < SHARE / 2 && i < coded.len && is_text(plain_of(key, coded.ptr[i], 0)))
			i++;
		if (i < SHARE / 2 && i < coded.len)
			continue;
		if (crib_record(bytes_of(out, take_off(key, coded, out, sizeof(out)))))
			return true;
	}
	return false;
}

static bool key_of(struct bytes coded, size_t period, bool add, struct key *key)
{
	return key_by_word(coded, period, add, key) ||
	       (period == 1 && key_by_number(coded, add, key));
}

static bool begins(struct bytes buf, size_t from)
{
	return from == 0 && buf.len >= WHOLE_MIN;
}

/* ASCII leaves the key's highest bits: of random bytes half differ. */
static bool may_be_xor(struct bytes buf, size_t period)
{
	size_t same = 0, n = 0;

	buf = bytes_head(buf, SHARE);
	for (size_t i = period; i < buf.len; i++, n++)
		same += ((buf.ptr[i] ^ buf.ptr[i - period]) & 0x80) == 0;
	return same * 5 >= n * 4;
}

static bool is_clear(struct bytes buf)
{
	buf = bytes_head(buf, SHARE);
	for (size_t i = 0; i < buf.len; i++)
		if (!is_text(buf.ptr[i]))
			return false;
	return true;
}

static bool to_end(struct bytes buf, struct stretch *out)
{
	*out = (struct stretch){.len = buf.len};
	return true;
}

/* What is text already is searched at once, so that texts are not gathered. */
static bool xor_find(struct bytes buf, size_t from, struct stretch *out)
{
	struct key key;

	if (!begins(buf, from) || !may_be_xor(buf, 1))
		return false;
	return (!is_clear(buf) || key_of(buf, 1, false, &key)) && to_end(buf, out);
}

static bool repeating_key(struct bytes buf, struct key *key)
{
	for (size_t period = 2; period <= PERIOD_MAX; period++)
		if (may_be_xor(buf, period) && key_of(buf, period, false, key))
			return true;
	return false;
}

static bool repeating_find(struct bytes buf, size_t from, struct stretch *out)
{
	struct key key;

	if (!begins(buf, from) ||
		(!may_be_xor(buf, 2) && !may_be_xor(buf, 3) && !may_be_xor(buf, 4)))
		return false;
	return (!is_clear(buf) || repeating_key(buf, &key)) && to_end(buf, out);
}

/* Text under a key that is added keeps within half of all values. */
static bool may_be_add(struct bytes buf)
{
	uint32_t kinds = 0;
	size_t count[32] = {0};

	buf = bytes_head(buf, SHARE);
	for (size_t i = 0; i < buf.len; i++)
		count[buf.ptr[i] >> 3]++;
	for (unsigned i = 0; i < 32; i++)
		kinds |= (uint32_t)(count[i] > buf.len / 32) << i;
	for (unsigned turn = 0; turn < 32; turn++) {
		uint32_t turned = turn == 0 ? kinds : kinds << turn | kinds >> (32 - turn);

		if (turned >> 16 == 0)
			return true;
	}
	return false;
}

static bool add_find(struct bytes buf, size_t from, struct stretch *out)
{
	struct key key;

	if (!begins(buf, from) || !may_be_add(buf))
		return false;
	return (!is_clear(buf) || key_of(buf, 1, true, &key)) && to_end(buf, out);
}

static size_t xor_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct key key;

	(void)unpacker;
	(void)variant;
	return key_of(coded, 1, false, &key) ? take_off(&key, coded, out, room) : 0;
}

static size_t add_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct key key;

	(void)unpacker;
	(void)variant;
	return key_of(coded, 1, true, &key) ? take_off(&key, coded, out, room) : 0;
}

static size_t repeating_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct key key;

	(void)unpacker;
	(void)variant;
	return repeating_key(coded, &key) ? take_off(&key, coded, out, room) : 0;
}

static bool xor_hopeless(struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)
{
	return head.len >= SEARCHED && xor_decode(unpacker, head, 0, out, room) == 0;
}

static bool add_hopeless(struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)
{
	return head.len >= SEARCHED && add_decode(unpacker, head, 0, out, room) == 0;
}

static bool repeating_hopeless(
	struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)
{
	return head.len >= SEARCHED && repeating_decode(unpacker, head, 0, out, room) == 0;
}

const struct coding coding_xor = {.layer = LAYER_XOR,
	.whole = true,
	.find = xor_find,
	.decode = xor_decode,
	.hopeless = xor_hopeless};
const struct coding coding_add = {.layer = LAYER_ADD,
	.whole = true,
	.find = add_find,
	.decode = add_decode,
	.hopeless = add_hopeless};
const struct coding coding_xor_repeating = {.layer = LAYER_XOR_REPEATING,
	.whole = true,
	.find = repeating_find,
	.decode = repeating_decode,
	.hopeless = repeating_hopeless};
