/* json.h - the writer of events: append-only, no allocation, ASCII-safe.
 *
 * It takes masked text, our own constants and numbers; there is no call that
 * takes bytes.  Errors are sticky: what does not fit sets full, and json_end()
 * gives 0.  Objects and arrays must be closed in order (asserted). */
#ifndef SEKISHO_EVENT_JSON_H
#define SEKISHO_EVENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/masked.h"

#define JSON_DEPTH 8

struct json {
	char *out;
	size_t size, len;
	uint8_t depth;
	bool comma; /* the next member needs one */
	bool full;
	char close[JSON_DEPTH];
};

void json_start(struct json *json, char *out, size_t size); /* opens the object */
size_t json_end(struct json *json); /* closes it; length, or 0 if it did not fit */

/* name: our own constant, or NULL inside an array. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
void json_close(struct json *json); /* the innermost object or array */
void json_text(struct json *json, const char *name, const char *constant);
void json_masked(struct json *json, const char *name, const struct masked *text);
void json_u64(struct json *json, const char *name, uint64_t value);
void json_i64(struct json *json, const char *name, int64_t value);
void json_tenths(struct json *json, const char *name, int value); /* 37 -> 3.7 */
void json_bool(struct json *json, const char *name, bool value);
void json_addr(struct json *json, const char *name, const struct addr *addr);
void json_time(struct json *json, const char *name, uint64_t ns);
void json_hex(
	struct json *json, const char *name, const uint8_t *data, size_t len); /* tokens, ids */

#endif
