/* digest.c - SHA-1 and MD5, as published formats ask for them. */
#include <endian.h>
#include <string.h>

#include "base/hash.h"

#define BLOCK 64
#define LENGTH_AT 56 /* the last 8 bytes of the last block are the length in bits */

static inline uint32_t rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void sha1_block(uint32_t h[static 5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	memcpy(w, p, BLOCK);
	for (int t = 0; t < 16; t++)
		w[t] = be32toh(w[t]);
	for (int t = 16; t < 80; t++)
		w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t f = t < 20   ? ((b & c) | (~b & d)) + 0x5a827999
			     : t < 40 ? (b ^ c ^ d) + 0x6ed9eba1
			     : t < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
				      : (b ^ c ^ d) + 0xca62c1d6;
		uint32_t next = rotl(a, 5) + f + e + w[t];

		e = d;
		d = c;
		c = rotl(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* RFC 1321 section 3.4: floor(2^32 * abs(sin(i + 1))), i in radians. */
static const uint32_t sines[64] = {
	0xd76aa478,
	0xe8c7b756,
	0x242070db,
	0xc1bdceee,
	0xf57c0faf,
	0x4787c62a,
	0xa8304613,
	0xfd469501,
	0x698098d8,
	0x8b44f7af,
	0xffff5bb1,
	0x895cd7be,
	0x6b901122,
	0xfd987193,
	0xa679438e,
	0x49b40821,
	0xf61e2562,
	0xc040b340,
	0x265e5a51,
	0xe9b6c7aa,
	0xd62f105d,
	0x02441453,
	0xd8a1e681,
	0xe7d3fbc8,
	0x21e1cde6,
	0xc33707d6,
	0xf4d50d87,
	0x455a14ed,
	0xa9e3e905,
	0xfcefa3f8,
	0x676f02d9,
	0x8d2a4c8a,
	0xfffa3942,
	0x8771f681,
	0x6d9d6122,
	0xfde5380c,
	0xa4beea44,
	0x4bdecfa9,
	0xf6bb4b60,
	0xbebfbc70,
	0x289b7ec6,
	0xeaa127fa,
	0xd4ef3085,
	0x04881d05,
	0xd9d4d039,
	0xe6db99e5,
	0x1fa27cf8,
	0xc4ac5665,
	0xf4292244,
	0x432aff97,
	0xab9423a7,
	0xfc93a039,
	0x655b59c3,
	0x8f0ccc92,
	0xffeff47d,
	0x85845dd1,
	0x6fa87e4f,
	0xfe2ce6e0,
	0xa3014314,
	0x4e0811a1,
	0xf7537e82,
	0xbd3af235,
	0x2ad7d2bb,
	0xeb86d391,
};

static void md5_block(uint32_t h[static 5], const uint8_t *p)
{
	static const uint8_t shifts[4][4] = {
		{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	uint32_t w[16], a = h[0], b = h[1], c = h[2], d = h[3];

	memcpy(w, p, BLOCK);
	for (unsigned i = 0; i < 64; i++) {
		unsigned round = i / 16;
		uint32_t f = round == 0   ? (b & c) | (~b & d)
			     : round == 1 ? (d & b) | (~d & c)
			     : round == 2 ? b ^ c ^ d
					  : c ^ (b | ~d);
		unsigned at = round == 0   ? i
			      : round == 1 ? 5 * i + 1
			      : round == 2 ? 3 * i + 5
					   : 7 * i;

		f += a + sines[i] + le32toh(w[at % 16]);
		a = d;
		d = c;
		c = b;
		b += rotl(f, shifts[round][i % 4]);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

/* Both pad with a one bit, zeros and the length; they differ in its byte order. */
static void digest(uint32_t h[static 5], void (*block)(uint32_t *h, const uint8_t *p),
	const uint8_t *p, size_t len, uint64_t length_field)
{
	uint8_t last[2 * BLOCK] = {0};
	size_t left = len;

	for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
		block(h, p);
	if (left > 0)
		memcpy(last, p, left);
	last[left] = 0x80;
	size_t total = left < LENGTH_AT ? BLOCK : 2 * BLOCK;
	memcpy(last + total - sizeof(length_field), &length_field, sizeof(length_field));
	for (size_t n = 0; n < total; n += BLOCK)
		block(h, last + n);
}

void hash_sha1(const void *data, size_t len, uint8_t out[static 20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

	digest(h, sha1_block, data, len, htobe64((uint64_t)len * 8));
	for (int i = 0; i < 5; i++)
		h[i] = htobe32(h[i]);
	memcpy(out, h, 20);
}

void hash_md5(const void *data, size_t len, uint8_t out[static 16])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0};

	digest(h, md5_block, data, len, htole64((uint64_t)len * 8));
	for (int i = 0; i < 4; i++)
		h[i] = htole32(h[i]);
	memcpy(out, h, 16);
}
