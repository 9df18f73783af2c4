#include "base/scratch.h"
#include "codec/crib.h"
#include "codec/key.h"
#include "codec/look.h"

#define PROVEN_MIN 3 /* differences that a word must have, */
#define WEAK_MIN 2   /* or with a number and its date */

/* Words by their first and second difference, a bit each; from CRIB_COUNT on backwards. */
struct words {
	uint64_t first[UINT8_MAX + 1], second[UINT8_MAX + 1];
};

struct word {
	const char *text;
	size_t len;
	bool backwards;
};

static struct word word_of(unsigned number)
{
	const char *text = crib_words[number % CRIB_COUNT];

	return (struct word){.text = text, .len = strlen(text), .backwards = number >= CRIB_COUNT};
}

static uint8_t letter(const struct word *word, size_t at)
{
	return (uint8_t)word->text[word->backwards ? word->len - 1 - at : at];
}

static uint8_t apart(bool add, uint8_t a, uint8_t b)
{
	return add ? (uint8_t)(b - a) : a ^ b;
}

static void prepare(struct words *words, const struct key *key)
{
	size_t period = key->period;

	memset(words, 0, sizeof(*words));
	for (unsigned i = 0; i < 2 * CRIB_COUNT; i++) {
		struct word word = word_of(i);

		if (word.len < period + WEAK_MIN)
			continue;
		words->first[apart(key->add, letter(&word, 0), letter(&word, period))] |=
			UINT64_C(1) << i;
		words->second[apart(key->add, letter(&word, 1), letter(&word, period + 1))] |=
			UINT64_C(1) << i;
	}
}

/* True if the beginning, under the key, is text or something packed. */
static bool reads(const struct key *key, struct bytes head)
{
	SCRATCH uint8_t out[LOOK_BYTES];
	size_t n = key_take(key, head, out, sizeof(out));
	int look = look_of(bytes_of(out, n));

	explicit_bzero(out, n);
	return look >= LOOK_TEXT;
}

/* The key under which that word stands there; false: none. */
static bool word_at(struct bytes head, size_t at, unsigned number, struct key *key)
{
	const struct word word = word_of(number);
	size_t period = key->period;
	const uint8_t *c = head.ptr + at;

	if (at + word.len > head.len)
		return false;
	for (size_t i = 2; i + period < word.len; i++) {
		if (apart(key->add, c[i], c[i + period]) !=
			apart(key->add, letter(&word, i), letter(&word, i + period)))
			return false;
	}
	for (size_t i = 0; i < period; i++)
		key->byte[(at + i) % period] = key_byte(key, c[i], letter(&word, i));
	return key_is_one(key) && reads(key, head) &&
	       (word.len >= period + PROVEN_MIN || key_records(key, head) > 0);
}

bool key_by_word(struct bytes head, struct key *key)
{
	SCRATCH struct words words;
	const size_t period = key->period;
	const bool add = key->add;

	prepare(&words, key);
	for (size_t at = 0; at + period + 1 < head.len; at++) {
		const uint8_t *c = head.ptr + at;
		uint64_t some = words.first[apart(add, c[0], c[period])] &
				words.second[apart(add, c[1], c[period + 1])];

		for (; some != 0; some &= some - 1)
			if (word_at(head, at, (unsigned)__builtin_ctzll(some), key))
				return true;
	}
	return false;
}
