/* hash.h - hashes for tables whose keys a stranger may choose, and checksums.
 *
 * The hash_key of a run is made of its inputs and its generation (files), so that a replay gives
 * the same bytes, or is random (live); it is another thing than the token key (keeper/key.h). */
#ifndef SEKISHO_BASE_HASH_H
#define SEKISHO_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* SipHash-1-3 (Aumasson and Bernstein; one compression, three finalisation rounds). */
uint64_t hash_sip13(const struct hash_key *key, const void *data, size_t len);
/* SipHash-2-4, for values that are compared across flows. */
uint64_t hash_sip24(const struct hash_key *key, const void *data, size_t len);
/* CRC-32C (Castagnoli, RFC 3720 B.4), continued from crc (0 at the start). */
uint32_t hash_crc32c(uint32_t crc, const void *data, size_t len);
/* Its twin without special instructions: same answers, for processors without
 * SSE4.2 and for the test that compares them. */
uint32_t hash_crc32c_plain(uint32_t crc, const void *data, size_t len);

/* SHA-1 (FIPS 180-4): Community ID asks for it.  Not for security. */
void hash_sha1(const void *data, size_t len, uint8_t out[static 20]);
/* MD5 (RFC 1321): JA3 asks for it.  Not for security. */
void hash_md5(const void *data, size_t len, uint8_t out[static 16]);

#endif
