/* buf.h - a growing run of bytes, and what every other file of forge needs.
 *
 * forge is a tool that writes files: when memory ends or an argument is wrong
 * it says so and exits, so nothing here returns an error. */
#ifndef FORGE_BUF_H
#define FORGE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owner: who declared it; { 0 } is empty. */
struct buf {
	uint8_t *data;
	size_t len, cap;
};

/* Says why and exits with 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A zeroed array, or death. */
void *must_alloc(size_t cnt, size_t size);
/* items[] grown so that one more fits; *cap is kept by the caller. */
void *must_grow(void *items, size_t cnt, size_t *cap, size_t size);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u8(struct buf *b, unsigned value);
/* Network byte order. */
void buf_u16(struct buf *b, unsigned value);
void buf_u24(struct buf *b, unsigned value);
void buf_u32(struct buf *b, uint32_t value);
/* Writes over two bytes at an offset that exists. */
void buf_put16(struct buf *b, size_t off, unsigned value);
void buf_free(struct buf *b);

#endif
