#include "detect/array.h"

#define NAME_MAX 64

/* What stands in a list of numbers, plain or as strings. */
static bool is_item(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '"' || c == ',' || c == '-' || c == '.' || c == '[' ||
	       c == ']' || c <= ' ';
}

static size_t skip_space(struct bytes text, size_t at)
{
	while (at > 0 && text.ptr[at - 1] <= ' ')
		at--;
	return at;
}

/* The member name whose ':' stands before at. */
static struct bytes name_before(struct bytes text, size_t at)
{
	size_t end, from;

	at = skip_space(text, at);
	if (at == 0 || text.ptr[at - 1] != ':')
		return bytes_of(NULL, 0);
	end = skip_space(text, at - 1);
	if (end == 0 || text.ptr[end - 1] != '"')
		return bytes_of(NULL, 0);
	end--;
	from = end;
	while (from > 0 && text.ptr[from - 1] != '"' && end - from < NAME_MAX)
		from--;
	return bytes_of(text.ptr + from, end - from);
}

struct bytes array_name(struct array *array, struct bytes text, size_t off)
{
	size_t at = off, open = SIZE_MAX;

	while (at > array->seen && is_item(text.ptr[at - 1])) {
		at--;
		if (text.ptr[at] == '[')
			open = at;
	}
	if (open != SIZE_MAX)
		array->name = name_before(text, open);
	else if (at > array->seen || at == 0)
		array->name = bytes_of(NULL, 0);
	array->seen = off;
	return array->name;
}
