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
	uint64_t sum = 0, two;
	uint32_t word;

	if (len >= SUM_LONG)
		return sum_long(ptr, len);
	for (; len >= 8; len -= 8, ptr += 8) {
		memcpy(&two, ptr, 8);
		sum += (two & 0xffffffff) + (two >> 32);
	}
	if (len >= 4) {
		memcpy(&word, ptr, 4);
		sum += word;
		len -= 4, ptr += 4;
	}
	word = 0;
	memcpy(&word, ptr, len);
	return sum + word;
}

/* A number in network order, as the wire would hold it. */
static inline uint64_t sum_u32(uint32_t host_order)
{
	return __builtin_bswap32(host_order);
}

/* 16 bits with end-around carry: 0xffff if the bytes hold a good checksum. */
static inline uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

#endif
