/* rd.h - the cursor every parser of binary bytes reads through.
 *
 * Errors are sticky: a read beyond the end sets bad, gives 0 or an empty run,
 * and every later read does the same, also one of no bytes.  So a parser
 * reads a whole structure and asks once.  Numbers are big-endian unless the
 * name ends in le. */
#ifndef SEKISHO_BASE_RD_H
#define SEKISHO_BASE_RD_H

#include "base/bytes.h"

struct rd {
	const uint8_t *ptr;
	const uint8_t *end;
	bool bad;
};

static inline struct rd rd_of(struct bytes a)
{
	return (struct rd){.ptr = a.ptr, .end = a.len > 0 ? a.ptr + a.len : a.ptr, .bad = false};
}

static inline size_t rd_left(const struct rd *rd)
{
	return rd->bad ? 0 : (size_t)(rd->end - rd->ptr);
}

/* The next len bytes, or an empty run and bad. */
static inline struct bytes rd_bytes(struct rd *rd, size_t len)
{
	if (rd->bad || len > (size_t)(rd->end - rd->ptr)) {
		rd->bad = true;
		return (struct bytes){.ptr = NULL, .len = 0};
	}
	struct bytes out = {.ptr = rd->ptr, .len = len};
	rd->ptr += len;
	return out;
}

/* A cursor over the next len bytes; bad if they are not there. */
static inline struct rd rd_sub(struct rd *rd, size_t len)
{
	struct bytes part = rd_bytes(rd, len);
	struct rd sub = rd_of(part);

	sub.bad = rd->bad;
	return sub;
}

static inline uint8_t rd_u8(struct rd *rd)
{
	struct bytes b = rd_bytes(rd, 1);

	return b.len == 1 ? b.ptr[0] : 0;
}

static inline uint16_t rd_u16(struct rd *rd)
{
	struct bytes b = rd_bytes(rd, 2);

	if (b.len != 2)
		return 0;
	return (uint16_t)(b.ptr[0] << 8 | b.ptr[1]);
}

static inline uint32_t rd_u24(struct rd *rd)
{
	struct bytes b = rd_bytes(rd, 3);

	return b.len == 3 ? (uint32_t)b.ptr[0] << 16 | (uint32_t)b.ptr[1] << 8 | b.ptr[2] : 0;
}

static inline uint32_t rd_u32(struct rd *rd)
{
	struct bytes b = rd_bytes(rd, 4);

	return b.len == 4 ? (uint32_t)b.ptr[0] << 24 | (uint32_t)b.ptr[1] << 16 |
				    (uint32_t)b.ptr[2] << 8 | b.ptr[3]
			  : 0;
}

static inline uint16_t rd_u16le(struct rd *rd)
{
	return __builtin_bswap16(rd_u16(rd));
}

static inline uint32_t rd_u32le(struct rd *rd)
{
	return __builtin_bswap32(rd_u32(rd));
}

static inline uint64_t rd_u64(struct rd *rd)
{
	uint64_t high = rd_u32(rd);

	return high << 32 | rd_u32(rd);
}

#endif
