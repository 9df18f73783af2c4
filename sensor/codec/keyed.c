/* Bytes under a short key: XOR with one byte or with two to four in turn, one byte added to each.
 * The key is searched for in the first bytes of a value (key.h) and is the stretch's variant. */
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/key.h"
#include "codec/look.h"

#define CLEAR_BYTES 64

/* What the coding of one row tries. */
struct manner {
	bool add;
	uint8_t period[2]; /* 0: none */
};

static const struct manner by_one = {.period = {1}};
static const struct manner by_sum = {.add = true, .period = {1}};
static const struct manner by_three = {.period = {3}};
static const struct manner by_four = {.period = {2, 4}};

/* A key of two is one of four, too: the manner says which a variant is. */
static uint32_t variant_of(const struct key *key)
{
	uint32_t variant = 0;

	for (size_t i = 0; i < KEY_MOST; i++)
		variant |= (uint32_t)key->byte[i % key->period] << 8 * i;
	return variant;
}

static struct key key_of(const struct manner *manner, uint32_t variant)
{
	struct key key = {.add = manner->add,
		.period = manner->period[1] != 0 ? manner->period[1] : manner->period[0]};

	for (size_t i = 0; i < key.period; i++)
		key.byte[i] = (uint8_t)(variant >> 8 * i);
	return key;
}

/* Nothing packed is under a key that leaves it readable. */
static bool is_clear(struct bytes head)
{
	head = bytes_head(head, CLEAR_BYTES);
	for (size_t i = 0; i < head.len; i++)
		if (!is_text(head.ptr[i]))
			return false;
	return true;
}

/* A number that can be read needs no key. */
static bool has_number(struct bytes head)
{
	struct crib_number number;

	for (size_t at = 0; crib_number(head, at, &number); at = number.off + number.len)
		if (crib_luhn(number.digits, number.count))
			return true;
	return false;
}

/* A key of that period that makes a record of it. */
static bool record_key(struct bytes head, struct key *key)
{
	return key_by_word(head, key) || (!has_number(head) && key_by_number(head, key));
}

/* The one of any period that makes text in a coding of it the most clearly. */
static bool coded_key(const struct manner *manner, struct bytes head, struct key *key)
{
	int best = 0;

	if (has_number(head))
		return false;
	for (size_t i = 0; i < 2 && manner->period[i] != 0; i++) {
		struct key other = {.add = manner->add, .period = manner->period[i]};
		int look = key_by_alphabet(head, &other);

		if (look > best) {
			best = look;
			*key = other;
		}
	}
	return best > 0;
}

static bool packed_key(struct bytes head, struct key *key)
{
	return key_by_magic(NULL, head, key);
}

/* The first key of any period that the search shows. */
static bool find_key(const struct manner *manner, struct bytes head,
	bool (*search)(struct bytes head, struct key *key), struct key *key)
{
	for (size_t i = 0; i < 2 && manner->period[i] != 0; i++) {
		*key = (struct key){.add = manner->add, .period = manner->period[i]};
		if (search(head, key))
			return true;
	}
	return false;
}

static bool keyed_find(
	struct bytes buf, size_t from, const struct manner *manner, struct stretch *out)
{
	struct bytes head = bytes_head(buf, KEY_HEAD);
	struct key key;

	if (from != 0 || buf.len < KEY_VALUE_MIN ||
		(!find_key(manner, head, record_key, &key) && !coded_key(manner, head, &key) &&
			(is_clear(head) || !find_key(manner, head, packed_key, &key))))
		return false;
	*out = (struct stretch){.len = buf.len, .variant = variant_of(&key)};
	return true;
}

static bool is_packed(const struct key *key, struct bytes coded)
{
	uint8_t out[LOOK_BYTES];
	struct bytes plain = bytes_of(out, key_take(key, coded, out, sizeof(out)));
	int look = look_of(plain);

	return look == LOOK_DEFLATED || look == LOOK_PACKED || look_is_dynamic(plain);
}

/* What only may be packed is unpacked, under the first key under which it can be. */
static bool is_proven(
	struct unpacker *unpacker, struct bytes coded, const struct manner *manner, struct key *key)
{
	if (unpacker == NULL || !is_packed(key, coded))
		return true;
	for (size_t i = 0; i < 2 && manner->period[i] != 0; i++) {
		*key = (struct key){.add = manner->add, .period = manner->period[i]};
		if (key_by_magic(unpacker, bytes_head(coded, KEY_HEAD), key))
			return true;
	}
	return false;
}

static size_t keyed_decode(struct unpacker *unpacker, struct bytes coded,
	const struct manner *manner, uint32_t variant, uint8_t *out, size_t room)
{
	struct key key = key_of(manner, variant);

	return is_proven(unpacker, coded, manner, &key) ? key_take(&key, coded, out, room) : 0;
}

/* All is in the head: what does not unpack there does not with what follows it. */
static bool keyed_hopeless(
	struct unpacker *unpacker, struct bytes head, const struct manner *manner)
{
	struct stretch stretch;

	if (head.len < KEY_HEAD || !keyed_find(head, 0, manner, &stretch))
		return false;
	struct key key = key_of(manner, stretch.variant);
	return !is_proven(unpacker, head, manner, &key);
}

#define MANNER(name, manner)                                                                       \
	static bool name##_find(struct bytes buf, size_t from, struct stretch *out)                \
	{                                                                                          \
		return keyed_find(buf, from, &(manner), out);                                      \
	}                                                                                          \
	static size_t name##_decode(struct unpacker *unpacker, struct bytes coded,                 \
		uint32_t variant, uint8_t *out, size_t room)                                       \
	{                                                                                          \
		return keyed_decode(unpacker, coded, &(manner), variant, out, room);               \
	}                                                                                          \
	static bool name##_hopeless(                                                               \
		struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)           \
	{                                                                                          \
		(void)out;                                                                         \
		(void)room;                                                                        \
		return keyed_hopeless(unpacker, head, &(manner));                                  \
	}

MANNER(xor, by_one)
MANNER(add, by_sum)
MANNER(three, by_three)
MANNER(repeating, by_four)

const struct coding coding_xor = {.layer = LAYER_XOR,
	.searched = true,
	.whole = true,
	.find = xor_find,
	.decode = xor_decode,
	.hopeless = xor_hopeless};
const struct coding coding_add = {.layer = LAYER_ADD,
	.searched = true,
	.whole = true,
	.find = add_find,
	.decode = add_decode,
	.hopeless = add_hopeless};
const struct coding coding_xor_repeating = {.layer = LAYER_XOR_REPEATING,
	.searched = true,
	.whole = true,
	.find = repeating_find,
	.decode = repeating_decode,
	.hopeless = repeating_hopeless};
const struct coding coding_xor_three = {.layer = LAYER_XOR_REPEATING,
	.searched = true,
	.whole = true,
	.find = three_find,
	.decode = three_decode,
	.hopeless = three_hopeless};
