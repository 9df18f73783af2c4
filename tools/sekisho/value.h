/* value.h - JSON as the tool reads it.
 *
 * A value lies within the object that value_parse() gave and lives as long as
 * that.  Every question may be put to NULL and to a value of another type: the
 * answer is then "not there", so a page leaves out what the aggregator does not
 * know.  Texts are hostile: they go to people through page.h only. */
#ifndef SEKISHO_TOOLS_VALUE_H
#define SEKISHO_TOOLS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct value;

/* One JSON object (RFC 8259), or NULL with err (EXIT_CANNOT). */
struct value *value_parse(struct bytes text, struct err *err);
void value_drop(struct value *object); /* NULL is fine */

/* NULL if it is not there, null or an empty text, of which there is nothing to say. */
const struct value *value_at(const struct value *object, const char *key);
size_t value_count(const struct value *array);
const struct value *value_item(const struct value *array, size_t i);
/* The i-th member of an object in the order it was sent; its name in *key. */
const struct value *value_member(const struct value *object, size_t i, const char **key);

bool value_text(const struct value *value, struct bytes *out);
bool value_u64(const struct value *value, uint64_t *out); /* integers >= 0 only */
bool value_real(const struct value *value, double *out);  /* any number */
bool value_true(const struct value *value);
bool value_false(const struct value *value);
bool value_is_array(const struct value *value);
bool value_is_object(const struct value *value);
/* The text of key is this word. */
bool value_is(const struct value *object, const char *key, const char *word);
/* As text with NUL, cut to size; false if it is no text. */
bool value_copy(const struct value *value, char *out, size_t size);

/* One line of ASCII without controls, for programs; free() it.  NULL: no memory. */
char *value_dump(const struct value *value);
/* {"why": why, "who": who}; why may be NULL.  free() it.  NULL: no UTF-8, or no memory. */
char *value_decision(const char *why, const char *who);

#endif
