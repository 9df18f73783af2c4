/* json.h - what the files of the JSON layer share.  Private to them. */
#ifndef SEKISHO_UNWRAP_JSON_H
#define SEKISHO_UNWRAP_JSON_H

#include "unwrap/layer.h"

enum json_mode {
	MODE_BETWEEN,
	MODE_STRING,
	MODE_BARE,    /* a number, literal or anything else outside strings */
	MODE_PENDING, /* behind a token: is it a name? */
};

static inline bool json_is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool json_ends_bare(uint8_t c)
{
	switch (c) {
	case '{':
	case '}':
	case '[':
	case ']':
	case ',':
	case ':':
	case '"':
		return true;
	default:
		return json_is_space(c);
	}
}

static inline bool json_starts_number(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
}

void json_push(struct unwrap *unwrap, struct node *node);
void json_pop(struct json_state *json);
/* Passes over tokens that no value of interest is among (value_worth), a block at a time,
 * and does to the node what reading them would have done.  Begins between tokens
 * and returns how far it came, again between tokens.  place: the first byte of data that may
 * belong to a value of interest, or data.len.  *stuck: the tokens up to there have to be
 * read (may lie behind data). */
size_t json_skip(
	struct unwrap *unwrap, struct node *node, struct bytes data, size_t place, size_t *stuck);

#endif
