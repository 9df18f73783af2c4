/* key.h - the token key: 32 random bytes in a file of mode 0600 (--card-key; else
 * card.key beside the spool), made at first start and derived from nothing.  It turns
 * card numbers into tokens (pan_token()) and does nothing else.  Never on the command
 * line, never to the aggregator.  The keeper and the engine hold copies; the shipper
 * wipes its own before it begins. */
#ifndef SEKISHO_KEEPER_KEY_H
#define SEKISHO_KEEPER_KEY_H

#include <stdint.h>

#include "base/err.h"

#define CARD_KEY_LEN 32

/* Reads the key at path, or makes one there. */
bool key_load(const char *path, uint8_t key[static CARD_KEY_LEN], struct err *err);
/* A token key for this run alone, where there is neither --card-key nor a spool: its tokens
 * match those of no other run. */
bool key_random(uint8_t key[static CARD_KEY_LEN], struct err *err);

#endif
