/* Goal: what zlib, brotli and zstandard wrote comes out, as far as it is there and as there is
 * room; noise is refused; bombs stay in their room.
 * Method: vectors written by Python when the tests are built; copies that end at an unreadable
 * page, and so does the room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/unpacking.h"
#include "codec/vectors.h"
#include "guard.h"

#define PLACES 60     /* prefixes and rooms per vector, */
#define ALL_BELOW 700 /* or all of them */
#define ROOM (1u << 20)
#define SYMBOLS_LATE 16 /* that a cut piece of deflate may lack */
#define NOISES 20000

static const char *vectors_path;

static uint8_t *room_of(size_t len)
{
	static const uint8_t blank[ROOM];

	return (uint8_t *)(uintptr_t)guarded(blank, len).ptr;
}

static size_t step_of(size_t len)
{
	return len < ALL_BELOW ? 1 : 1 + len / PLACES;
}

static void check_prefixes(enum packed kind, struct bytes coded, struct bytes plain)
{
	size_t before = 0;

	for (size_t n = 0; n < coded.len; n += step_of(coded.len)) {
		uint8_t *out = room_of(plain.len);
		struct unpacked one = unpack(unpacker, kind, guarded(coded.ptr, n), out, plain.len);

		assert_true(one.len <= plain.len);
		assert_true(one.used <= n);
		assert_memory_equal(out, plain.ptr, one.len);
		assert_true(one.len >= before || kind == PACKED_DEFLATE || kind <= PACKED_ZLIB);
		assert_true(one.len + SYMBOLS_LATE >= before);
		before = one.len;
		guard_free();
	}
}

static void check_rooms(enum packed kind, struct bytes coded, struct bytes plain)
{
	for (size_t n = 1; n < plain.len; n += step_of(plain.len)) {
		uint8_t *out = room_of(n);
		struct unpacked one = unpack(unpacker, kind, coded, out, n);

		assert_int_equal(one.len, n);
		assert_false(one.broken);
		assert_false(one.ended);
		assert_memory_equal(out, plain.ptr, n);
		guard_free();
	}
}

static bool check_vector(struct bytes *left)
{
	struct bytes name = vectors_field(left);
	enum packed kind = (enum packed)vectors_number(left);
	struct bytes coded = vectors_field(left), plain = vectors_field(left);
	size_t rest = (size_t)vectors_number(left);
	uint8_t *out = room_of(plain.len + 1);
	struct unpacked one =
		unpack(unpacker, kind, guarded(coded.ptr, coded.len), out, plain.len + 1);

	if (!one.ended || one.broken || one.len != plain.len || one.used != coded.len - rest)
		print_error("%.*s: %zu of %zu, used %zu of %zu%s%s\n", (int)name.len,
			(const char *)name.ptr, one.len, plain.len, one.used, coded.len - rest,
			one.ended ? ", ended" : "", one.broken ? ", broken" : "");
	assert_true(one.ended && !one.broken);
	assert_int_equal(one.len, plain.len);
	assert_memory_equal(out, plain.ptr, plain.len);
	assert_int_equal(one.used, coded.len - rest);
	check_prefixes(kind, bytes_head(coded, coded.len - rest), plain);
	check_rooms(kind, coded, plain);
	return true;
}

static void every_vector_comes_out_from_every_prefix_and_into_every_room(void **state)
{
	(void)state;
	assert_true(vectors_each(vectors_path, check_vector) > 200);
}

static struct bytes noise(size_t len)
{
	static uint8_t made[4096];

	for (size_t i = 0; i < len; i++)
		made[i] = (uint8_t)draw();
	return guarded(made, len);
}

/* The room's old bytes differ; what comes out must not. */
static void noise_never_shows_what_was_in_the_room(void **state)
{
	static uint8_t a[4096], b[4096];
	int made = 0;

	(void)state;
	draw_seed(4711);
	for (int i = 0; i < NOISES; i++) {
		struct bytes in = noise(1 + draw() % 300);

		for (enum packed kind = PACKED_GZIP; kind <= PACKED_ZSTD; kind++) {
			memset(a, 0x55, sizeof(a));
			memset(b, 0xaa, sizeof(b));
			struct unpacked one = unpack(unpacker, kind, in, a, sizeof(a));
			struct unpacked two = unpack(unpacker, kind, in, b, sizeof(b));
			assert_memory_equal(&one, &two, sizeof(one.len));
			assert_memory_equal(a, b, one.len);
			assert_true(one.used <= in.len);
			made += one.len > 0;
		}
		guard_free();
	}
	assert_true(made > 100); /* some noise is deflate for a while */
}

static void nothing_is_a_piece_of_no_kind(void **state)
{
	uint8_t out[8];

	(void)state;
	for (enum packed kind = PACKED_GZIP; kind <= PACKED_ZSTD; kind++) {
		struct unpacked one = unpack(unpacker, kind, bytes_of(NULL, 0), out, sizeof(out));

		assert_true(one.broken && !one.ended && one.len == 0 && one.used == 0);
		one = unpack(unpacker, kind, bytes_of("\x1f\x8b\x08", 3), out, 0);
		assert_true(!one.ended && one.len == 0);
	}
}

static void headers_tell_themselves(void **state)
{
	(void)state;
	assert_int_equal(unpack_gzip_header(bytes_of("\x1f\x8b\x08\0\0\0\0\0\0\3", 10)), 10);
	assert_int_equal(unpack_gzip_header(bytes_of("\x1f\x8b\x08\0\0\0\0\0\0", 9)), 0);
	assert_int_equal(unpack_gzip_header(bytes_of("\x1f\x8b\x08\x08\0\0\0\0\0\3ab", 13)), 13);
	assert_int_equal(unpack_gzip_header(bytes_of("\x1f\x8b\x08\x08\0\0\0\0\0\3ab", 12)), 0);
	assert_int_equal(unpack_gzip_header(bytes_of("\x1f\x8b\x08\x20\0\0\0\0\0\3", 10)), 0);
	assert_true(unpack_is_zlib(bytes_of("\x78\x9c", 2)));
	assert_true(unpack_is_zlib(bytes_of("\x78\x01", 2)));
	assert_false(unpack_is_zlib(bytes_of("\x78\x9d", 2)));
	assert_false(unpack_is_zlib(bytes_of("\x78\xbb", 2))); /* wants a dictionary */
	assert_false(unpack_is_zlib(bytes_of("\x78", 1)));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_comes_out_from_every_prefix_and_into_every_room),
		cmocka_unit_test(noise_never_shows_what_was_in_the_room),
		cmocka_unit_test(nothing_is_a_piece_of_no_kind),
		cmocka_unit_test(headers_tell_themselves),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
