/* Bytes under a short key: XOR with one byte or with two to four in turn, one byte added to each.
 * The key is searched for: differences of neighbours are free of it, and a word of a record, or
 * the magic of something packed, shows in them. */
#include "codec/coding.h"
#include "codec/crib.h"
#include "codec/glyph.h"
#include "codec/look.h"
#include "codec/within.h"

#define WHOLE_MIN 20
#define SEARCHED 1024 /* bytes of a value where a word has to show */
#define PERIOD_MAX 4
#define PROVEN_MIN 3 /* differences that a word must have */
#define SHARE 64
#define KINDS_MAX 17
#define LANE_BYTES 256 /* of a value that a key is tried on */
#define LANE_KEYS 6
#define TRIES_MAX 64
#define LIST_MIN 3    /* cards */
#define ZEROS_FROM 40 /* in a tar header: behind a name, before its end */
#define ZEROS_TO 92
#define DEFLATED_HEAD 12

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

/* Bytes of the end, the last first. */
static size_t take_off_end(const struct key *key, struct bytes coded, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	for (size_t i = 0; i < n; i++)
		out[i] = plain_of(key, coded.ptr[coded.len - 1 - i], coded.len - 1 - i);
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

/* Cards under the key, forwards or backwards. */
static size_t records_under(const struct key *key, struct bytes coded)
{
	uint8_t out[SEARCHED / 2];
	size_t count = crib_records(bytes_of(out, take_off(key, coded, out, sizeof(out))));

	return count > 0 ? count
			 : crib_records(bytes_of(out, take_off_end(key, coded, out, sizeof(out))));
}

/* Records without words, under one byte: numbers with their dates, most of them. */
static bool key_by_number(struct bytes coded, bool add, struct key *key)
{
	struct bytes head = bytes_head(coded, SHARE / 2);
	size_t most = 0;

	for (unsigned k = 1; k < 256; k++) {
		struct key one = {.add = add, .period = 1, .byte = {(uint8_t)k}};
		size_t bad = 0;

		for (size_t i = 0; i < head.len && bad * 3 <= head.len; i++)
			bad += !is_text(plain_of(&one, head.ptr[i], 0));
		if (bad * 3 > head.len)
			continue;
		size_t count = records_under(&one, coded);
		if (count > most) {
			most = count;
			*key = one;
		}
	}
	return most > 0;
}

/* Characters of a coding, so few that a key shows which it is. */
struct alphabet {
	enum layer layer;
	const char *characters;
};

#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

static const struct alphabet alphabets[] = {
	{LAYER_CHARCODES, DIGITS ",;| "},
	{LAYER_HEX, DIGITS "abcdefx, "},
	{LAYER_HEX, DIGITS "ABCDEFX, "},
	{LAYER_PERCENT, DIGITS "%ABCDEF"},
	{LAYER_PERCENT, DIGITS "%abcdef"},
	{LAYER_QUOTED_PRINTABLE, DIGITS "=ABCDEF\r\n"},
	{LAYER_JSON_ESCAPE, DIGITS "\\uabcdef"},
	{LAYER_JS_ESCAPE, DIGITS "\\xabcdefABCDEF"},
	{LAYER_HTML, DIGITS "&#;xabcdefABCDEF"},
	{LAYER_BASE32, "234567" UPPER "="},
	{LAYER_BASE32, "234567" LOWER "="},
	{LAYER_BASE64, DIGITS UPPER LOWER "+/=-_\r\n"},
};
/* Lists of cards: number|MM/YY|code. */
static const struct alphabet list_alphabet = {LAYER_GZIP, DIGITS "|/\n"};

/* The bytes that may be the key's at every place of a lane; their number. */
static size_t lane_keys(struct bytes coded, const struct key *like, size_t lane,
	const bool allowed[256], uint8_t keys[static LANE_KEYS])
{
	struct key key = *like;
	size_t count = 0;

	for (unsigned k = 0; k < 256 && count < LANE_KEYS; k++) {
		size_t at = lane;

		key.byte[lane] = (uint8_t)k;
		while (at < coded.len && allowed[plain_of(&key, coded.ptr[at], at)])
			at += key.period;
		if (at >= coded.len)
			keys[count++] = (uint8_t)k;
	}
	return count;
}

/* How clearly the coding, or the list, shows under the key. */
static int clear_under(const struct key *key, struct bytes coded, const struct alphabet *alphabet)
{
	uint8_t out[WITHIN_BYTES];

	if (!is_key(key))
		return 0;
	if (alphabet == &list_alphabet)
		return (int)records_under(key, coded);
	uint64_t mask = within_bit(alphabet->layer);
	int look = within(bytes_of(out, take_off(key, coded, out, WITHIN_BYTES)), mask);

	return look > 0 ? look
			: within(bytes_of(out, take_off_end(key, coded, out, WITHIN_BYTES)), mask);
}

/* Tries what the lanes leave open. */
static int best_of_lanes(struct bytes coded, const struct alphabet *alphabet, struct key *key)
{
	uint8_t keys[PERIOD_MAX][LANE_KEYS];
	size_t count[PERIOD_MAX], tries = 1;
	bool allowed[256] = {false};
	struct key best = *key;
	int most = 0;

	for (const char *c = alphabet->characters; *c != '\0'; c++)
		allowed[(uint8_t)*c] = true;
	for (size_t lane = 0; lane < key->period && lane < PERIOD_MAX; lane++) {
		count[lane] =
			lane_keys(bytes_head(coded, LANE_BYTES), key, lane, allowed, keys[lane]);
		tries *= count[lane];
		if (tries == 0)
			return 0;
	}
	for (size_t i = 0; i < tries && i < TRIES_MAX; i++) {
		for (size_t lane = 0, rest = i; lane < key->period && lane < PERIOD_MAX;
			rest /= count[lane++])
			key->byte[lane] = keys[lane][rest % count[lane]];
		int look = clear_under(key, coded, alphabet);
		if (look > most) {
			most = look;
			best = *key;
		}
	}
	*key = best;
	return most;
}

static bool key_by_lanes(struct bytes coded, size_t period, bool add, struct key *key)
{
	struct key best = {0};
	int most = 0;

	*key = (struct key){.add = add, .period = (uint8_t)period};
	if (best_of_lanes(coded, &list_alphabet, key) >= LIST_MIN)
		return true;
	for (size_t i = 0; i < sizeof(alphabets) / sizeof(alphabets[0]); i++) {
		int look = best_of_lanes(coded, &alphabets[i], key);

		if (look > most) {
			most = look;
			best = *key;
		}
	}
	*key = best;
	return most > 0;
}

/* How something packed begins. */
struct magic {
	uint8_t len, byte[6];
};

static const struct magic magics[] = {
	{4, {0x1f, 0x8b, 8, 0}},
	{4, {0x28, 0xb5, 0x2f, 0xfd}},
	{6, {'P', 'K', 3, 4, 20, 0}},
	{6, {'P', 'K', 3, 4, 10, 0}},
	{2, {0x78, 0x9c}},
	{2, {0x78, 0xda}},
	{2, {0x78, 0x01}},
	{2, {0x78, 0x5e}},
	{1, {0x1b}},
	{1, {0x0b}},
	{1, {0x8b}},
};

/* Bytes that no more than the magic say: what follows it is as formats have it. */
static bool begins_packed(const struct magic *magic, struct bytes head)
{
	switch (magic->byte[0]) {
	case 0x1f: /* RFC 1952 section 2.3.1: extra flags, system */
		return (head.ptr[8] & ~6) == 0 && (head.ptr[9] <= 13 || head.ptr[9] == 255);
	case 0x28: /* RFC 8878 section 3.1.1.1.1: no dictionary, reserved bit */
		return (head.ptr[4] & 0x1b) == 0;
	case 0x78:
		return look_of(bytes_skip(head, 2)) == LOOK_DEFLATED || (head.ptr[2] & 6) == 4;
	default:
		return look_of(head) == LOOK_PACKED;
	}
}

static bool key_by_magic(
	struct bytes coded, size_t period, bool add, size_t number, struct key *key)
{
	const struct magic *magic = &magics[number];
	uint8_t head[LOOK_BYTES];

	if (magic->len < period || coded.len < WHOLE_MIN)
		return false;
	*key = (struct key){.add = add, .period = (uint8_t)period};
	for (size_t i = 0; i < period && i < PERIOD_MAX; i++)
		key->byte[i] = add ? (uint8_t)(coded.ptr[i] - magic->byte[i])
				   : coded.ptr[i] ^ magic->byte[i];
	size_t n = take_off(key, coded, head, sizeof(head));
	return is_key(key) && memcmp(head, magic->byte, magic->len) == 0 &&
	       begins_packed(magic, bytes_of(head, n));
}

/* The name of a tar member, and the zeros behind it, which show the key. */
static bool key_by_zeros(struct bytes coded, size_t period, bool add, struct key *key)
{
	uint8_t head[LOOK_BYTES];

	if (coded.len < ZEROS_TO)
		return false;
	*key = (struct key){.add = add, .period = (uint8_t)period};
	for (size_t i = ZEROS_FROM; i < ZEROS_FROM + period; i++)
		key->byte[i % period] = coded.ptr[i];
	for (size_t i = ZEROS_FROM; i < ZEROS_TO; i++)
		if (plain_of(key, coded.ptr[i], i) != 0)
			return false;
	return is_key(key) &&
	       look_of(bytes_of(head, take_off(key, coded, head, sizeof(head)))) == LOOK_PACKED;
}

/* True if something comes out of what is packed there. */
static bool unpacks(struct unpacker *unpacker, const struct key *key, struct bytes coded)
{
	uint8_t in[SEARCHED], out[WITHIN_BYTES];
	struct bytes packed = bytes_of(in, take_off(key, coded, in, sizeof(in)));

	for (size_t i = 0; i < codings_count; i++) {
		struct stretch stretch;

		if (codings[i]->layer > LAYER_ZIP || !codings[i]->find(packed, 0, &stretch) ||
			stretch.off != 0)
			continue;
		size_t n = codings[i]->decode(unpacker, packed, stretch.variant, out, sizeof(out));
		if (n > 0 && look_of(bytes_of(out, n)) > 0)
			return true;
	}
	return false;
}

/* unpacker NULL: what may be packed is. */
static bool packed_key(
	struct unpacker *unpacker, struct bytes coded, size_t period, bool add, struct key *key)
{
	uint8_t head[LOOK_BYTES];

	if (key_by_zeros(coded, period, add, key))
		return true;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (key_by_magic(coded, period, add, i, key) &&
			(unpacker == NULL || unpacks(unpacker, key, coded)))
			return true;
	for (unsigned k = 1; k < 256 && period == 1; k++) {
		*key = (struct key){.add = add, .period = 1, .byte = {(uint8_t)k}};
		if (look_of(bytes_of(head, take_off(key, coded, head, DEFLATED_HEAD))) ==
				LOOK_DEFLATED &&
			(unpacker == NULL || unpacks(unpacker, key, coded)))
			return true;
	}
	return false;
}

static bool text_key(struct bytes coded, size_t period, bool add, struct key *key)
{
	return key_by_word(coded, period, add, key) ||
	       (period == 1 && key_by_number(coded, add, key)) ||
	       key_by_lanes(coded, period, add, key);
}

static bool begins(struct bytes buf, size_t from)
{
	return from == 0 && buf.len >= WHOLE_MIN;
}

/* Characters leave the key's highest bits, at some distance: of random bytes half differ. */
static bool may_be_xor(struct bytes buf)
{
	buf = bytes_head(buf, SHARE);
	for (size_t period = 1; period <= PERIOD_MAX; period++) {
		size_t same = 0, n = 0;

		for (size_t i = period; i < buf.len; i++, n++)
			same += ((buf.ptr[i] ^ buf.ptr[i - period]) & 0x80) == 0;
		if (same * 10 >= n * 7)
			return true;
	}
	return false;
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

/* Text has few of all kinds of bytes, whatever is added: random bytes have nearly all. */
static bool may_be_add(struct bytes buf)
{
	uint32_t kinds = 0; /* eight values each */

	buf = bytes_head(buf, SHARE);
	for (size_t i = 0; i < buf.len; i++)
		kinds |= 1u << (buf.ptr[i] >> 3);
	return __builtin_popcount(kinds) <= KINDS_MAX;
}

/* What the coding of one row tries. */
struct manner {
	size_t from, to; /* periods */
	bool add;
};

static const struct manner by_one = {1, 1, false};
static const struct manner by_more = {2, PERIOD_MAX, false};
static const struct manner by_sum = {1, 1, true};

static bool may_be_text(struct bytes buf, bool add)
{
	return add ? may_be_add(buf) : may_be_xor(buf) || may_be_add(buf);
}

/* What is text already is searched at once, so that texts are not gathered. */
static bool keyed_find(
	struct bytes buf, size_t from, const struct manner *manner, struct stretch *out)
{
	const bool clear = is_clear(buf);
	struct key key;

	if (!begins(buf, from))
		return false;
	for (size_t period = manner->from; period <= manner->to; period++) {
		bool found = clear ? key_by_word(buf, period, manner->add, &key) ||
					     (look_is_odd(buf) &&
						     text_key(buf, period, manner->add, &key))
				   : may_be_text(buf, manner->add) ||
					     packed_key(NULL, buf, period, manner->add, &key);
		if (found)
			return to_end(buf, out);
	}
	return false;
}

static size_t keyed_decode(struct unpacker *unpacker, struct bytes coded,
	const struct manner *manner, uint8_t *out, size_t room)
{
	struct key key;

	for (size_t period = manner->from; period <= manner->to; period++)
		if ((may_be_text(coded, manner->add) &&
			    text_key(coded, period, manner->add, &key)) ||
			packed_key(unpacker, coded, period, manner->add, &key))
			return take_off(&key, coded, out, room);
	return 0;
}

static bool keyed_hopeless(struct unpacker *unpacker, struct bytes head,
	const struct manner *manner, uint8_t *out, size_t room)
{
	if (head.len < SEARCHED)
		return false;
	size_t len = keyed_decode(unpacker, head, manner, out, room);
	explicit_bzero(out, len);
	return len == 0;
}

#define MANNER(name, manner)                                                                       \
	static bool name##_find(struct bytes buf, size_t from, struct stretch *out)                \
	{                                                                                          \
		return keyed_find(buf, from, &(manner), out);                                      \
	}                                                                                          \
	static size_t name##_decode(struct unpacker *unpacker, struct bytes coded,                 \
		uint32_t variant, uint8_t *out, size_t room)                                       \
	{                                                                                          \
		(void)variant;                                                                     \
		return keyed_decode(unpacker, coded, &(manner), out, room);                        \
	}                                                                                          \
	static bool name##_hopeless(                                                               \
		struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room)           \
	{                                                                                          \
		return keyed_hopeless(unpacker, head, &(manner), out, room);                       \
	}

MANNER(xor, by_one)
MANNER(add, by_sum)
MANNER(repeating, by_more)

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
