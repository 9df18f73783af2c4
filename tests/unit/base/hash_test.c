#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "guard.h"

#define RUN_MAX 300

static const uint8_t key_bytes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static struct hash_key published_key(void)
{
	struct hash_key key;

	memcpy(&key, key_bytes, sizeof(key));
	return key;
}

static void hex(const uint8_t *data, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
}

/* Vectors of the reference implementation (vectors_sip64): key 00..0f, input
 * 00, 01, .. of 0 to 63 bytes; here the lengths around a word and the example
 * of the paper's appendix A (15 bytes). */
static void sip24_gives_the_published_vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)},
		{1, UINT64_C(0x74f839c593dc67fd)},
		{7, UINT64_C(0xab0200f58b01d137)},
		{8, UINT64_C(0x93f5f5799a932462)},
		{15, UINT64_C(0xa129ca6149be45e5)},
		{63, UINT64_C(0x958a324ceb064572)},
	};
	struct hash_key key = published_key();
	uint8_t data[64];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes in = guarded(data, rows[i].len);

		assert_int_equal(hash_sip24(&key, in.ptr, in.len), rows[i].hash);
	}
	guard_free();
}

static void sha1_gives_the_published_digests(void **state)
{
	/* FIPS 180 examples, and RFC 3174 section 7.3 */
	static const char *const rows[][2] = {
		{"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
	};
	uint8_t out[20];
	char text[41];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hash_sha1(rows[i][0], strlen(rows[i][0]), out);
		hex(out, sizeof(out), text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void md5_gives_the_digests_of_rfc_1321(void **state)
{
	static const char *const rows[][2] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
			"d174ab98d277d9f5a5611c2c9f419d9f"},
		{"1234567890123456789012345678901234567890123456789012345678901234567890"
		 "1234567890",
			"57edf4a22be3c955ac49da2e2107b67a"},
	};
	uint8_t out[16];
	char text[33];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hash_md5(rows[i][0], strlen(rows[i][0]), out);
		hex(out, sizeof(out), text);
		assert_string_equal(text, rows[i][1]);
	}
}

static void crc32c_gives_the_vectors_of_rfc_3720(void **state)
{
	uint8_t data[32] = {0};

	(void)state;
	assert_int_equal(hash_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(hash_crc32c(0, data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof(data));
	assert_int_equal(hash_crc32c(0, data, 32), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	assert_int_equal(hash_crc32c(0, data, 32), 0x46dd794e);
}

static void both_crc32c_agree_at_every_length_and_split(void **state)
{
	uint8_t data[RUN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + (i >> 3));
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct bytes in = guarded(data, len);
		uint32_t whole = hash_crc32c(0, in.ptr, in.len);

		assert_int_equal(hash_crc32c_plain(0, in.ptr, in.len), whole);
		size_t cut = len * 3 / 7;
		uint32_t first = hash_crc32c(0, in.ptr, cut);
		assert_int_equal(hash_crc32c(first, in.ptr + cut, len - cut), whole);
	}
	guard_free();
}

/* The same inputs by the variant with 1 and 3 rounds: vectors published with the
 * libraries of Rust, confirmed by a separate program. */
static void sip13_gives_the_published_vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{0, UINT64_C(0xabac0158050fc4dc)},
		{1, UINT64_C(0xc9f49bf37d57ca93)},
		{7, UINT64_C(0xd3927d989bb11140)},
		{8, UINT64_C(0x369095118d299a8e)},
		{15, UINT64_C(0xd320d86d2a519956)},
		{63, UINT64_C(0x9d199062b7bbb3a8)},
	};
	struct hash_key key = published_key();
	uint8_t data[64];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes in = guarded(data, rows[i].len);

		assert_int_equal(hash_sip13(&key, in.ptr, in.len), rows[i].hash);
	}
	guard_free();
}

/* Lengths around the place of the length field and around a block; expected
 * values by Python's hashlib. */
static void digests_pad_right_around_a_block(void **state)
{
	static const struct {
		size_t len;
		const char *sha1, *md5;
	} rows[] = {
		{55, "cef734ba81a024479e09eb5a75b6ddae62e6abf1",
			"04364420e25c512fd958a70738aa8f72"},
		{56, "901305367c259952f4e7af8323f480d59f81335b",
			"668a72d5ba17f08e62dabcafad6db14b"},
		{63, "0ddc4e0cccd9a12850deb5abb0853a4425559fec",
			"7dc2ca208106a2f703567bdff99d8981"},
		{64, "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163",
			"c1bb4f81d892b2d57947682aeb252456"},
		{65, "78c741ddc482e4cdf8c474a0876347a0905b6233",
			"1bc932052302d074bdec39795fe00cf6"},
		{119, "4300320394f7ee239bcdce7d3b8bcee173a0cd5c",
			"ab347a5f68c8a443cfcddc633f12c24f"},
		{120, "ceb2821639c4b6dcb10bce0e522ca2e608ce056d",
			"fb98667f98096de92620b64f46e1c5b5"},
		{128, "150fa3fbdc899bd0b8f95a9fb6027f564d953762",
			"d69cb61a6ee87200676eb0d4b90edbcb"},
	};
	uint8_t data[128], out[20];
	char text[41];

	(void)state;
	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes in = guarded(data, rows[i].len);

		hash_sha1(in.ptr, in.len, out);
		hex(out, 20, text);
		assert_string_equal(text, rows[i].sha1);
		hash_md5(in.ptr, in.len, out);
		hex(out, 16, text);
		assert_string_equal(text, rows[i].md5);
	}
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sip24_gives_the_published_vectors),
		cmocka_unit_test(sip13_gives_the_published_vectors),
		cmocka_unit_test(sha1_gives_the_published_digests),
		cmocka_unit_test(md5_gives_the_digests_of_rfc_1321),
		cmocka_unit_test(digests_pad_right_around_a_block),
		cmocka_unit_test(crc32c_gives_the_vectors_of_rfc_3720),
		cmocka_unit_test(both_crc32c_agree_at_every_length_and_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
