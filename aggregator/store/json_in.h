/* json_in.h - reading JSON that a stranger may have sent: strict (no doubled
 * keys, valid UTF-8, depth and size bounded), and getters that never fail: an
 * absent or wrong member reads as 0, "", or NULL. */
#ifndef SEKISHO_STORE_JSON_IN_H
#define SEKISHO_STORE_JSON_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct json_in; /* a value; owned by its root */

/* One object, at most max bytes; NULL if it is not.  The caller drops the root. */
struct json_in *json_in_read(struct bytes text, size_t max);
void json_in_drop(struct json_in *root); /* NULL passes */

/* Members of an object; NULL in gives NULL, 0 or "". */
const struct json_in *json_in_get(const struct json_in *object, const char *name);
int64_t json_in_int(const struct json_in *object, const char *name);
double json_in_real(const struct json_in *object, const char *name);
const char *json_in_text(const struct json_in *object, const char *name);
bool json_in_true(const struct json_in *object, const char *name);

/* Items of an array; 0 for what is none. */
size_t json_in_count(const struct json_in *array);
const struct json_in *json_in_item(const struct json_in *array, size_t at);
/* A value itself. */
int64_t json_in_value_int(const struct json_in *value);
const char *json_in_value_text(const struct json_in *value);
/* Members one after the other: *name is NULL at the start and after the last. */
const struct json_in *json_in_walk(const struct json_in *object, const char **name);

#endif
