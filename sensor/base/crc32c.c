/* crc32c.c - CRC-32C by the processor where it can, by a table elsewhere.  The
 * twins are compared by a test. */
#include <string.h>

#include "base/hash.h"

/* Polynomial 0x1edc6f41, bits reversed, one step per half byte: 16 rows are few enough to be
 * written down and checked. */
static const uint32_t half[16] = {
	0x00000000,
	0x105ec76f,
	0x20bd8ede,
	0x30e349b1,
	0x417b1dbc,
	0x5125dad3,
	0x61c69362,
	0x7198540d,
	0x82f63b78,
	0x92a8fc17,
	0xa24bb5a6,
	0xb21572c9,
	0xc38d26c4,
	0xd3d3e1ab,
	0xe330a81a,
	0xf36e6f75,
};

uint32_t hash_crc32c_plain(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; len > 0; len--, p++) {
		crc ^= *p;
		crc = crc >> 4 ^ half[crc & 15];
		crc = crc >> 4 ^ half[crc & 15];
	}
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(
	uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t wide = ~crc;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	uint32_t narrow = (uint32_t)wide;
	for (; len > 0; len--, p++)
		narrow = __builtin_ia32_crc32qi(narrow, *p);
	return ~narrow;
}
#endif

uint32_t hash_crc32c(uint32_t crc, const void *data, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, data, len);
#endif
	return hash_crc32c_plain(crc, data, len);
}
