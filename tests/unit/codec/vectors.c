#include "codec/vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "guard.h"

struct bytes vectors_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	long len;

	if (file == NULL || 0 != fseek(file, 0, SEEK_END))
		abort();
	len = ftell(file);
	rewind(file);
	uint8_t *data = malloc((size_t)len + 1);
	if (data == NULL || fread(data, 1, (size_t)len, file) != (size_t)len)
		abort();
	fclose(file);
	return bytes_of(data, (size_t)len);
}

struct bytes vectors_field(struct bytes *left)
{
	if (left->len < 4)
		abort();
	size_t len = (size_t)left->ptr[0] | (size_t)left->ptr[1] << 8 | (size_t)left->ptr[2] << 16 |
		     (size_t)left->ptr[3] << 24;
	*left = bytes_skip(*left, 4);
	if (left->len < len)
		abort();
	struct bytes field = bytes_of(left->ptr, len);
	*left = bytes_skip(*left, len);
	return field;
}

long vectors_number(struct bytes *left)
{
	struct bytes field = vectors_field(left);
	char text[32] = {0};

	if (field.len >= sizeof(text))
		abort();
	memcpy(text, field.ptr, field.len);
	return strtol(text, NULL, 10);
}

int vectors_each(const char *path, bool (*check)(struct bytes *left))
{
	struct bytes left = vectors_load(path);
	void *file = (void *)(uintptr_t)left.ptr;
	int count = 0;

	while (left.len > 0) {
		count += check(&left);
		guard_free();
	}
	free(file);
	return count;
}
