#include "peeled.h"

#include <stdlib.h>

void peeled_clear(struct peeled_list *list)
{
	list->count = 0;
	list->full = false;
	list->used = 0;
}

void peeled_add(struct peeled_list *list, const struct peel_text *text, uint64_t off)
{
	if (list->count == PEELED_MAX || PEELED_BYTES - list->used < text->data.len) {
		list->full = true;
		return;
	}
	struct peeled *out = &list->text[list->count++];

	*out = (struct peeled){.depth = text->depth,
		.off = off,
		.data = list->bytes + list->used,
		.len = text->data.len};
	memcpy(out->layers, text->layers, text->depth);
	memcpy(list->bytes + list->used, text->data.ptr, text->data.len);
	list->used += text->data.len;
}

static int compare(const void *left, const void *right)
{
	const struct peeled *a = left, *b = right;
	int by_layers = memcmp(a->layers, b->layers, sizeof(a->layers));

	if (a->off != b->off)
		return a->off < b->off ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	if (by_layers != 0)
		return by_layers;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->data, b->data, a->len);
}

void peeled_sort(struct peeled_list *list)
{
	uint32_t kept = 0;

	qsort(list->text, list->count, sizeof(list->text[0]), compare);
	for (uint32_t i = 0; i < list->count; i++)
		if (kept == 0 || compare(&list->text[kept - 1], &list->text[i]) != 0)
			list->text[kept++] = list->text[i];
	list->count = kept;
}

bool peeled_same(const struct peeled_list *a, const struct peeled_list *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (compare(&a->text[i], &b->text[i]) != 0)
			return false;
	return true;
}

const struct peeled *peeled_with(const struct peeled_list *list, struct bytes part)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (memmem(list->text[i].data, list->text[i].len, part.ptr, part.len) != NULL)
			return &list->text[i];
	return NULL;
}

size_t write_base64(struct bytes data, uint8_t *out)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < data.len; i += 3) {
		uint32_t three = (uint32_t)data.ptr[i] << 16;
		if (i + 1 < data.len)
			three |= (uint32_t)data.ptr[i + 1] << 8;
		if (i + 2 < data.len)
			three |= data.ptr[i + 2];
		out[n++] = (uint8_t)letters[three >> 18];
		out[n++] = (uint8_t)letters[three >> 12 & 63];
		out[n++] = i + 1 < data.len ? (uint8_t)letters[three >> 6 & 63] : '=';
		out[n++] = i + 2 < data.len ? (uint8_t)letters[three & 63] : '=';
	}
	return n;
}

size_t write_hex(struct bytes data, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < data.len; i++) {
		out[n++] = (uint8_t)digits[data.ptr[i] >> 4];
		out[n++] = (uint8_t)digits[data.ptr[i] & 15];
	}
	return n;
}
