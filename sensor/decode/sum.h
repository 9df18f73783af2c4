/* sum.h - the Internet checksum (RFC 1071) over 32-bit pieces.
 *
 * Sums are kept wide and in the machine's byte order, which RFC 1071 section
 * 2(B) allows: only sum_fold() == 0xffff is ever asked.  Pieces other than the
 * last must have an even length. */
#ifndef SEKISHO_DECODE_SUM_H
#define SEKISHO_DECODE_SUM_H

#include "base/bytes.h"

/* Runs shorter than this are summed in place. */
#define SUM_LONG 64

/* The sum of len bytes; an odd last byte counts as if a zero followed. */
uint64_t sum_long(const uint8_t *ptr, size_t len);
/* Its twin without wide instructions: the same after sum_fold(). */
uint64_t sum_plain(const uint8_t *ptr, size_t len);

static inline uint64_t sum_bytes(const uint8_t *ptr, size_t len)
{
	uint64_t sum = 0, over = 0, eight;
	uint32_t four = 0;
	uint16_t two = 0;

	if (len >= SUM_LONG)
		return sum_long(ptr, len);
	for (; len >= 8; len -= 8, ptr += 8) {
		memcpy(&eight, ptr, 8);
		over += __builtin_add_overflow(sum, eight, &sum);
	}
	if ((len & 4) != 0) {
		memcpy(&four, ptr, 4);
		ptr += 4;
	}
	if ((len & 2) != 0) {
		memcpy(&two, ptr, 2);
		ptr += 2;
	}
	uint32_t last = (len & 1) != 0 ? *ptr : 0;
	return (sum & 0xffffffff) + (sum >> 32) + over + four + two + last;
}

/* A number in network order, as the wire would hold it. */
static inline uint64_t sum_u32(uint32_t host_order)
{
	return __builtin_bswap32(host_order);
}

/* 16 bits with end-around carry: 0xffff if the bytes hold a good checksum.  Such folding keeps the
 * rest modulo 0xffff, and only nothing gives 0. */
static inline uint16_t sum_fold(uint64_t sum)
{
	uint64_t rest = sum % 0xffff;

	return (uint16_t)(rest == 0 && sum != 0 ? 0xffff : rest);
}

#endif
