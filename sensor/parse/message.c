/* message.c - the words of the fields. */
#include "parse/message.h"

static const char *const words[FIELD_ROLE_COUNT] = {
#define FIELD(symbol, word, sentence) [FIELD_##symbol] = word,
#include "parse/field.def"
#undef FIELD
};

const char *field_word(enum field_role role)
{
	return words[role];
}
