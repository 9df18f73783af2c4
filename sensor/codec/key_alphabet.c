#include "base/scratch.h"
#include "codec/glyph.h"
#include "codec/key.h"
#include "codec/within.h"

#define LANE_KEYS 4
#define TRIES_MOST 20
#define READ_MOST 40  /* .. of all codings */
#define TRIES_ALIKE 8 /* .. where none is more usual than the other */
#define VALUE_MIN 40  /* bytes that are worth it */
#define ALONE_MIN 64  /* .. of a lane that say it without what is in them */

/* Characters of a coding, so few that a key shows which it is; those that are most of it where
 * text is written in it. */
struct alphabet {
	enum layer layer;
	const char *characters, *usual;
	uint8_t least; /* how usual a character is on an average, in hundredths */
};

#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

/* The first: all of all others. */
static const struct alphabet alphabets[] = {
	{LAYER_GZIP, DIGITS UPPER LOWER ",;| %=\r\n\\&#+/-_", "", 0},
	{LAYER_CHARCODES, DIGITS ",;| ", "145,;| ", 85},
	{LAYER_HEX, DIGITS "abcdefx, ", "234567x, ", 30},
	{LAYER_HEX, DIGITS "ABCDEFX, ", "234567X, ", 30},
	{LAYER_PERCENT, DIGITS "%ABCDEF", "234567%", 85},
	{LAYER_PERCENT, DIGITS "%abcdef", "234567%", 85},
	{LAYER_QUOTED_PRINTABLE, DIGITS "=ABCDEF\r\n", "234567=", 85},
	{LAYER_JSON_ESCAPE, DIGITS "\\uabcdef", "0234567\\u", 85},
	{LAYER_JS_ESCAPE, DIGITS "\\xabcdefABCDEF", "234567\\x", 85},
	{LAYER_HTML, DIGITS "&#;xabcdefABCDEF", "2345&#;", 85},
	{LAYER_BASE32, "234567" UPPER "=", "", 0},
	{LAYER_BASE32, "234567" LOWER "=", "", 0},
	{LAYER_BASE64, DIGITS UPPER LOWER "+/=-_\r\n", "", 0},
};

/* What a lane leaves open, the most usual first. */
struct lanes {
	size_t count[KEY_MOST];
	uint8_t keys[KEY_MOST][LANE_KEYS];
	uint16_t usual[KEY_MOST][LANE_KEYS];
};

/* How usual: what parts the numbers the most, it is never there by chance. */
enum { NEVER, ALLOWED, USUAL, PARTS };

struct found {
	struct key key;
	int look;     /* 0: nothing yet */
	size_t tries; /* that were read */
};

static void allow(const struct alphabet *alphabet, uint8_t kinds[256])
{
	memset(kinds, NEVER, 256);
	for (const char *c = alphabet->characters; *c != '\0'; c++)
		kinds[(uint8_t)*c] = ALLOWED;
	for (const char *c = alphabet->usual; *c != '\0'; c++)
		kinds[(uint8_t)*c] = is_digit((uint8_t)*c) ? USUAL : PARTS;
}

/* How many characters of the lane are usual under that byte of the key, and one; 0: one is not
 * allowed. */
static unsigned fits(
	struct bytes head, size_t lane, const struct key *like, uint8_t k, const uint8_t kinds[256])
{
	unsigned usual = 1;

	for (size_t i = lane; i < head.len; i += like->period) {
		uint8_t kind = kinds[like->add ? (uint8_t)(head.ptr[i] - k) : head.ptr[i] ^ k];

		if (kind == NEVER)
			return 0;
		usual += kind - ALLOWED;
	}
	return usual;
}

/* What fits as it is needs no key. */
static bool is_clear(struct bytes head)
{
	const struct key none = {.period = 1};
	SCRATCH uint8_t kinds[256];

	for (size_t i = 1; i < sizeof(alphabets) / sizeof(alphabets[0]); i++) {
		allow(&alphabets[i], kinds);
		if (fits(head, 0, &none, 0, kinds) > 0)
			return true;
	}
	return false;
}

static void keep_usual(struct lanes *lanes, size_t lane, uint8_t k, unsigned usual)
{
	size_t at = lanes->count[lane];

	while (at > 0 && lanes->usual[lane][at - 1] < usual)
		at--;
	if (at == LANE_KEYS)
		return;
	if (lanes->count[lane] == LANE_KEYS)
		lanes->count[lane]--;
	for (size_t i = lanes->count[lane]++; i > at; i--) {
		lanes->keys[lane][i] = lanes->keys[lane][i - 1];
		lanes->usual[lane][i] = lanes->usual[lane][i - 1];
	}
	lanes->keys[lane][at] = k;
	lanes->usual[lane][at] = (uint16_t)usual;
}

/* False: no key fits, or none but that of no key. */
static bool open_lanes(struct bytes head, const struct key *like, const struct alphabet *alphabet,
	struct lanes *lanes)
{
	SCRATCH uint8_t kinds[256];
	bool is_none = true;

	allow(alphabet, kinds);
	for (size_t lane = 0; lane < like->period; lane++) {
		lanes->count[lane] = 0;
		for (const char *c = alphabet->characters; *c != '\0'; c++) {
			uint8_t k = key_byte(like, head.ptr[lane], (uint8_t)*c);
			unsigned usual = fits(head, lane, like, k, kinds);

			if (usual == 0)
				continue;
			is_none = is_none && k == 0;
			keep_usual(lanes, lane, k, usual);
		}
		if (lanes->count[lane] == 0)
			return false;
	}
	return !is_none;
}

/* How clearly the coding shows under the key. */
static int clear_under(const struct key *key, struct bytes head, enum layer layer)
{
	SCRATCH uint8_t out[WITHIN_BYTES];
	size_t n = key_take(key, head, out, sizeof(out));
	int look = within(bytes_of(out, n), within_bit(layer));

	if (look == 0) {
		n = key_take_end(key, head, out, sizeof(out));
		look = within(bytes_of(out, n), within_bit(layer));
	}
	explicit_bzero(out, n);
	return look;
}

/* The key of that number among those that the lanes leave open; how usual what it makes is. */
static size_t choose(const struct lanes *lanes, size_t number, struct key *key)
{
	size_t usual = 0;

	for (size_t lane = 0; lane < key->period; lane++) {
		size_t at = number % lanes->count[lane];

		number /= lanes->count[lane];
		key->byte[lane] = lanes->keys[lane][at];
		usual += lanes->usual[lane][at];
	}
	return usual;
}

static void try_lanes(struct bytes head, const struct lanes *lanes, const struct alphabet *alphabet,
	struct key key, struct found *found)
{
	size_t tries = 1;

	for (size_t lane = 0; lane < key.period; lane++)
		tries *= lanes->count[lane];
	if (tries > TRIES_ALIKE && *alphabet->usual == '\0')
		return;
	for (size_t i = 0; i < tries && i < TRIES_MOST && found->look < WITHIN_PROVEN; i++) {
		if (choose(lanes, i, &key) * 100 < head.len * alphabet->least || !key_is_one(&key))
			continue;
		if (found->tries++ == READ_MOST)
			return;
		int look = clear_under(&key, head, alphabet->layer);
		if (look == 0 && tries == 1 && head.len >= ALONE_MIN * key.period)
			look = 1;
		if (look > found->look)
			*found = (struct found){.key = key, .look = look, .tries = found->tries};
	}
}

int key_by_alphabet(struct bytes head, struct key *key)
{
	struct found found = {.look = 0};
	SCRATCH struct lanes lanes;

	if (head.len < VALUE_MIN || !open_lanes(head, key, &alphabets[0], &lanes) || is_clear(head))
		return 0;
	for (size_t i = 1; i < sizeof(alphabets) / sizeof(alphabets[0]); i++)
		if (open_lanes(head, key, &alphabets[i], &lanes))
			try_lanes(head, &lanes, &alphabets[i], *key, &found);
	if (found.look > 0)
		*key = found.key;
	return found.look;
}
