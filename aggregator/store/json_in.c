/* json_in.c - the only file that includes jansson. */
#include "store/json_in.h"

#include <jansson.h>

static json_t *raw(const struct json_in *value)
{
	/* jansson's getters take const values, its iterators do not; nothing here changes one. */
	union {
		const struct json_in *in;
		json_t *out;
	} cast = {.in = value};

	return cast.out;
}

struct json_in *json_in_read(struct bytes text, size_t max)
{
	json_error_t error;

	if (text.len == 0 || text.len > max)
		return NULL;
	json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
	if (root != NULL && !json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	return (struct json_in *)root;
}

void json_in_drop(struct json_in *root)
{
	json_decref((json_t *)root);
}

const struct json_in *json_in_get(const struct json_in *object, const char *name)
{
	return (const struct json_in *)json_object_get(raw(object), name);
}

int64_t json_in_value_int(const struct json_in *value)
{
	return json_integer_value(raw(value));
}

const char *json_in_value_text(const struct json_in *value)
{
	const char *text = json_string_value(raw(value));

	return text != NULL ? text : "";
}

int64_t json_in_int(const struct json_in *object, const char *name)
{
	return json_in_value_int(json_in_get(object, name));
}

double json_in_real(const struct json_in *object, const char *name)
{
	return json_number_value(raw(json_in_get(object, name)));
}

const char *json_in_text(const struct json_in *object, const char *name)
{
	return json_in_value_text(json_in_get(object, name));
}

bool json_in_true(const struct json_in *object, const char *name)
{
	return json_is_true(raw(json_in_get(object, name)));
}

size_t json_in_count(const struct json_in *array)
{
	return json_array_size(raw(array));
}

const struct json_in *json_in_item(const struct json_in *array, size_t at)
{
	return (const struct json_in *)json_array_get(raw(array), at);
}

const struct json_in *json_in_walk(const struct json_in *object, const char **name)
{
	json_t *map = raw(object);
	void *at = *name == NULL ? json_object_iter(map)
				 : json_object_iter_next(map, json_object_iter_at(map, *name));

	*name = at != NULL ? json_object_iter_key(at) : NULL;
	return (const struct json_in *)json_object_iter_value(at);
}
