/* buf.c - growing runs of bytes. */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	if (b->cap - b->len >= more)
		return;
	while (cap - b->len < more)
		cap *= 2;
	b->data = realloc(b->data, cap);
	if (!b->data)
		die("no memory for %zu bytes", cap);
	b->cap = cap;
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("forge: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

void *must_alloc(size_t cnt, size_t size)
{
	void *p = calloc(cnt ? cnt : 1, size);

	if (!p)
		die("no memory for %zu items", cnt);
	return p;
}

void *must_grow(void *items, size_t cnt, size_t *cap, size_t size)
{
	if (cnt < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 16;
	items = reallocarray(items, *cap, size);
	if (!items)
		die("no memory for %zu items", *cap);
	return items;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	reserve(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		die("a text of %d bytes is too long here", n);
	buf_add(b, text, (size_t)n);
}

void buf_u8(struct buf *b, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	buf_add(b, &byte, 1);
}

void buf_u16(struct buf *b, unsigned value)
{
	buf_u8(b, value >> 8);
	buf_u8(b, value);
}

void buf_u24(struct buf *b, unsigned value)
{
	buf_u8(b, value >> 16);
	buf_u16(b, value);
}

void buf_u32(struct buf *b, uint32_t value)
{
	buf_u16(b, value >> 16);
	buf_u16(b, value);
}

void buf_put16(struct buf *b, size_t off, unsigned value)
{
	b->data[off] = (uint8_t)(value >> 8);
	b->data[off + 1] = (uint8_t)value;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
