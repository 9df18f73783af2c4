/* key.h - the card key: 32 random bytes in a file of mode 0600, made at first
 * start.  Never the command line, never the aggregator. */
#ifndef SEKISHO_KEEPER_KEY_H
#define SEKISHO_KEEPER_KEY_H

#include <stdint.h>

#include "base/err.h"

#define CARD_KEY_LEN 32

/* Reads the key at path, or makes one there. */
bool key_load(const char *path, uint8_t key[static CARD_KEY_LEN], struct err *err);
/* A key for this run alone. */
bool key_random(uint8_t key[static CARD_KEY_LEN], struct err *err);

#endif
