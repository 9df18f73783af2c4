/* key.h - bytes under a short key, XOR with one to four bytes in turn or one byte added to each,
 * and what shows the key.  Private to this room.
 *
 * All that is looked at is the first KEY_HEAD bytes of a value: what a search says does not
 * depend on how much more of it is there.  Each search is told what to look for by *key (add,
 * period) and writes its bytes; false: nothing of the kind, the bytes may be any.
 * Cost: linear in the head for what is under no key. */
#ifndef SEKISHO_CODEC_KEY_H
#define SEKISHO_CODEC_KEY_H

#include "base/bytes.h"

#define KEY_MOST 4 /* bytes of a key */
#define KEY_HEAD 256
#define KEY_VALUE_MIN 20 /* bytes of a value that is worth it */

struct unpacker;

struct key {
	bool add;
	uint8_t period; /* 1..KEY_MOST */
	uint8_t byte[KEY_MOST];
};

static inline uint8_t key_plain(const struct key *key, uint8_t c, size_t at)
{
	uint8_t k = key->byte[key->period == 1 ? 0 : at % key->period];

	return key->add ? (uint8_t)(c - k) : c ^ k;
}

/* The byte of the key that makes c of plain. */
static inline uint8_t key_byte(const struct key *key, uint8_t c, uint8_t plain)
{
	return key->add ? (uint8_t)(c - plain) : c ^ plain;
}

/* False for what another coding, or none, would say. */
bool key_is_one(const struct key *key);

/* Takes the key off the beginning, or off the end with the last byte first: bytes written. */
size_t key_take(const struct key *key, struct bytes coded, uint8_t *out, size_t room);
size_t key_take_end(const struct key *key, struct bytes coded, uint8_t *out, size_t room);

/* Cards with their dates under the key, forwards or backwards. */
size_t key_records(const struct key *key, struct bytes head);

/* A word of a record: differences of bytes a period apart are free of the key. */
bool key_by_word(struct bytes head, struct key *key);
/* Digits of a number share their high half; their check digit and date say the rest. */
bool key_by_number(struct bytes head, struct key *key);
/* Text in a coding, of which there are few characters: how clearly (within.h), 0: none. */
int key_by_alphabet(struct bytes head, struct key *key);
/* How something packed begins.  unpacker NULL: what may be packed is; else something comes out
 * of it. */
bool key_by_magic(struct unpacker *unpacker, struct bytes head, struct key *key);

#endif
