#include "base/scratch.h"
#include "codec/coding.h"
#include "codec/key.h"
#include "codec/look.h"
#include "codec/within.h"

#define ZEROS_FROM 40 /* in a tar header: behind a name, before its end */
#define ZEROS_TO 92
#define DEFLATED_HEAD 12
#define DEFLATED_FIXED 3   /* how raw deflate begins: the last block, with fixed codes, */
#define DEFLATED_DYNAMIC 5 /* or with its own */

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

static bool magic_fits(struct bytes head, const struct magic *magic, struct key *key)
{
	SCRATCH uint8_t out[LOOK_BYTES];

	if (magic->len < key->period)
		return false;
	for (size_t i = 0; i < key->period && i < KEY_MOST; i++)
		key->byte[i] = key_byte(key, head.ptr[i], magic->byte[i]);
	for (size_t i = key->period; i < magic->len; i++)
		if (key_plain(key, head.ptr[i], i) != magic->byte[i])
			return false;
	size_t n = key_take(key, head, out, sizeof(out));
	return key_is_one(key) && begins_packed(magic, bytes_of(out, n));
}

/* The name of a tar member, and the zeros behind it, which show the key. */
static bool key_by_zeros(struct bytes head, struct key *key)
{
	SCRATCH uint8_t out[LOOK_BYTES];

	if (head.len < ZEROS_TO)
		return false;
	for (size_t i = ZEROS_FROM; i < ZEROS_FROM + (size_t)key->period; i++)
		key->byte[i % key->period] = head.ptr[i];
	for (size_t i = ZEROS_FROM; i < ZEROS_TO; i++)
		if (key_plain(key, head.ptr[i], i) != 0)
			return false;
	return key_is_one(key) &&
	       look_of(bytes_of(out, key_take(key, head, out, sizeof(out)))) == LOOK_PACKED;
}

/* How clearly something comes out of what is packed there; 0: nothing. */
static int unpacked(struct unpacker *unpacker, const struct key *key, struct bytes head)
{
	SCRATCH uint8_t in[KEY_HEAD], out[WITHIN_BYTES];
	struct bytes packed = bytes_of(in, key_take(key, head, in, sizeof(in)));
	int best = 0;

	for (size_t i = 0; i < codings_count && best < WITHIN_PROVEN; i++) {
		struct stretch stretch;

		if (codings[i]->layer > LAYER_ZIP || !codings[i]->find(packed, 0, &stretch) ||
			stretch.off != 0)
			continue;
		size_t n = codings[i]->decode(unpacker, packed, stretch.variant, out, sizeof(out));
		int look = within_look(bytes_of(out, n));
		best = look > best ? look : best;
		explicit_bzero(out, n);
	}
	return best > LOOK_KEYED ? best : 0;
}

/* What may be packed there, and the clearest so far. */
struct packed {
	struct unpacker *unpacker;
	struct bytes head;
	struct key best;
	int look;
};

/* True: nothing can be clearer. */
static bool try_key(struct packed *packed, const struct key *key)
{
	int look = packed->unpacker == NULL ? WITHIN_PROVEN
					    : unpacked(packed->unpacker, key, packed->head);

	if (look > packed->look) {
		packed->look = look;
		packed->best = *key;
	}
	return packed->look >= WITHIN_PROVEN;
}

static bool is_deflated(struct bytes head, const struct key *key)
{
	SCRATCH uint8_t out[DEFLATED_HEAD];
	unsigned first = key_plain(key, head.ptr[0], 0) & 7;

	if (first != DEFLATED_FIXED && first != DEFLATED_DYNAMIC)
		return false;
	struct bytes plain = bytes_of(out, key_take(key, head, out, sizeof(out)));
	return first == DEFLATED_FIXED ? look_of(plain) == LOOK_DEFLATED : look_is_dynamic(plain);
}

static void try_all(struct packed *packed, struct key key)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (magic_fits(packed->head, &magics[i], &key) && try_key(packed, &key))
			return;
	for (unsigned k = 1; k < 256 && key.period == 1; k++) {
		key.byte[0] = (uint8_t)k;
		if (is_deflated(packed->head, &key) && try_key(packed, &key))
			return;
	}
}

bool key_by_magic(struct unpacker *unpacker, struct bytes head, struct key *key)
{
	struct packed packed = {.unpacker = unpacker, .head = head};

	if (key_by_zeros(head, key))
		return true;
	try_all(&packed, *key);
	if (packed.look > 0)
		*key = packed.best;
	return packed.look > 0;
}
