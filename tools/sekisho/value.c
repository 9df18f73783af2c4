#include "sekisho/value.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A struct value is a json_t under a name that callers cannot open. */
static const json_t *json_of(const struct value *value)
{
	return (const json_t *)(const void *)value;
}

static const struct value *value_of(const json_t *json)
{
	return json == NULL || json_is_null(json) ? NULL : (const struct value *)(const void *)json;
}

struct value *value_parse(struct bytes text, struct err *err)
{
	json_error_t why;
	json_t *json = json_loadb((const char *)text.ptr, text.len, JSON_ALLOW_NUL, &why);

	if (json == NULL)
		err_set(err, EXIT_CANNOT, "the answer is no JSON (line %d: %s)", why.line,
			why.text);
	if (json != NULL && !json_is_object(json)) {
		json_decref(json);
		json = NULL;
		err_set(err, EXIT_CANNOT, "the answer is JSON, but no object");
	}
	return (struct value *)(void *)json;
}

void value_drop(struct value *object)
{
	json_decref((json_t *)(void *)object);
}

bool value_text(const struct value *value, struct bytes *out)
{
	const json_t *json = json_of(value);

	if (json == NULL || !json_is_string(json))
		return false;
	*out = bytes_of(json_string_value(json), json_string_length(json));
	return true;
}

const struct value *value_at(const struct value *object, const char *key)
{
	const struct value *value = value_of(json_object_get(json_of(object), key));
	struct bytes text;

	return value_text(value, &text) && text.len == 0 ? NULL : value;
}

size_t value_count(const struct value *array)
{
	return value_is_array(array) ? json_array_size(json_of(array)) : 0;
}

const struct value *value_item(const struct value *array, size_t i)
{
	return value_is_array(array) ? value_of(json_array_get(json_of(array), i)) : NULL;
}

const struct value *value_member(const struct value *object, size_t i, const char **key)
{
	/* jansson's iterators take an object that may change; this one does not. */
	json_t *json = (json_t *)(uintptr_t)object;
	void *at = value_is_object(object) ? json_object_iter(json) : NULL;

	while (at != NULL && i-- > 0)
		at = json_object_iter_next(json, at);
	*key = at == NULL ? NULL : json_object_iter_key(at);
	return at == NULL ? NULL : value_of(json_object_iter_value(at));
}

bool value_u64(const struct value *value, uint64_t *out)
{
	const json_t *json = json_of(value);

	if (json == NULL || !json_is_integer(json) || json_integer_value(json) < 0)
		return false;
	*out = (uint64_t)json_integer_value(json);
	return true;
}

bool value_real(const struct value *value, double *out)
{
	const json_t *json = json_of(value);

	if (json == NULL || !json_is_number(json))
		return false;
	*out = json_number_value(json);
	return true;
}

bool value_true(const struct value *value)
{
	return value != NULL && json_is_true(json_of(value));
}

bool value_false(const struct value *value)
{
	return value != NULL && json_is_false(json_of(value));
}

bool value_is_array(const struct value *value)
{
	return value != NULL && json_is_array(json_of(value));
}

bool value_is_object(const struct value *value)
{
	return value != NULL && json_is_object(json_of(value));
}

bool value_is(const struct value *object, const char *key, const char *word)
{
	struct bytes text;

	return value_text(value_at(object, key), &text) && bytes_equal(text, bytes_text(word));
}

bool value_copy(const struct value *value, char *out, size_t size)
{
	struct bytes text;

	if (!value_text(value, &text))
		return false;
	text = bytes_head(text, size - 1);
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

/* jansson leaves DEL as it is; a terminal should not get it either.  Outside of
 * strings there is none. */
static char *without_del(char *text)
{
	size_t dels = 0, n = 0;

	for (const char *p = text; *p != '\0'; p++)
		dels += *p == 0x7f;
	if (dels == 0)
		return text;
	char *out = malloc(strlen(text) + 5 * dels + 1);
	for (const char *p = text; out != NULL && *p != '\0'; p++) {
		size_t len = *p == 0x7f ? 6 : 1;
		memcpy(out + n, *p == 0x7f ? "\\u007f" : p, len);
		n += len;
	}
	if (out != NULL)
		out[n] = '\0';
	free(text);
	return out;
}

char *value_dump(const struct value *value)
{
	char *text = json_dumps(json_of(value),
		JSON_ENSURE_ASCII | JSON_COMPACT | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY);

	return text == NULL ? NULL : without_del(text);
}

char *value_decision(const char *why, const char *who)
{
	json_t *json = why == NULL ? json_pack("{s:s}", "who", who)
				   : json_pack("{s:s, s:s}", "why", why, "who", who);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}
