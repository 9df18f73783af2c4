/* Goal: packed things are found and unpacked wherever they stand, member by member, and text
 * is never taken for one.
 * Method: buffers made by Python's libraries; every prefix of each, before an unreadable page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding.h"
#include "codec/unpacking.h"
#include "codec/vectors.h"
#include "guard.h"

#define ROOM (64u << 10)
#define HELD_MAX 8
#define ALL_BELOW 1500
#define PLACES 150
#define NOISES 20000

static const char *vectors_path;

struct held {
	struct bytes name, buf, plain[HELD_MAX];
	size_t count;
};

static const struct coding *coding_of(struct bytes word)
{
	for (size_t i = 0; i < codings_count; i++)
		if (bytes_equal(word, bytes_text(layer_word(codings[i]->layer))))
			return codings[i];
	fail_msg("no coding %.*s", (int)word.len, (const char *)word.ptr);
	return NULL;
}

static size_t decode(
	const struct coding *coding, struct bytes buf, const struct stretch *stretch, uint8_t *out)
{
	struct bytes coded = bytes_of(buf.ptr + stretch->off, stretch->len);
	size_t n;

	assert_true(stretch->len > 0 && stretch->off + stretch->len <= buf.len);
	n = coding->decode(unpacker, guarded(coded.ptr, coded.len), stretch->variant, out, ROOM);
	assert_true(n <= ROOM);
	return n;
}

/* Of a header without its data nothing comes. */
static void check_whole(const struct coding *coding, const struct held *held)
{
	static uint8_t out[ROOM];
	struct bytes buf = guarded(held->buf.ptr, held->buf.len);
	struct stretch stretch;
	size_t from = 0, at = 0;

	while (coding->find(buf, from, &stretch)) {
		assert_true(stretch.off >= from);
		size_t n = decode(coding, buf, &stretch, out);
		from = stretch.off + stretch.len;
		if (n == 0 || (coding->layer == LAYER_TAR && out[0] == '1' && out[1] == '3'))
			continue; /* a pax record: its length stands in front */
		if (at == held->count || !bytes_equal(bytes_of(out, n), held->plain[at]))
			print_error("%.*s: member %zu: %zu bytes\n", (int)held->name.len,
				(const char *)held->name.ptr, at, n);
		assert_true(at < held->count);
		assert_true(bytes_equal(bytes_of(out, n), held->plain[at]));
		at++;
	}
	if (at != held->count)
		print_error("%.*s: %zu of %zu\n", (int)held->name.len, (const char *)held->name.ptr,
			at, held->count);
	assert_int_equal(at, held->count);
}

/* What a prefix shows is the beginning of what is held, in that order. */
static void check_prefix(const struct coding *coding, const struct held *held, size_t len)
{
	static uint8_t out[ROOM];
	struct bytes buf = guarded(held->buf.ptr, len);
	struct stretch stretch;
	size_t from = 0, at = 0;

	while (coding->find(buf, from, &stretch)) {
		size_t n = decode(coding, buf, &stretch, out);

		from = stretch.off + stretch.len;
		while (n > 0 && at < held->count &&
			!bytes_equal(bytes_of(out, n), bytes_head(held->plain[at], n)))
			at++;
		if (n > 0 && at == held->count && from < buf.len && coding->layer != LAYER_TAR)
			fail_msg("%.*s: cut at %zu: %zu bytes", (int)held->name.len,
				(const char *)held->name.ptr, len, n);
	}
	guard_free();
}

static bool check_vector(struct bytes *left)
{
	struct held held = {.name = vectors_field(left)};
	const struct coding *coding = coding_of(vectors_field(left));

	held.buf = vectors_field(left);
	held.count = (size_t)vectors_number(left);
	assert_true(held.count <= HELD_MAX);
	for (size_t i = 0; i < held.count; i++)
		held.plain[i] = vectors_field(left);
	check_whole(coding, &held);
	guard_free();
	for (size_t n = 0; n < held.buf.len;
		n += held.buf.len < ALL_BELOW ? 1 : 1 + held.buf.len / PLACES)
		check_prefix(coding, &held, n);
	return true;
}

static void every_packed_thing_is_found_and_unpacked(void **state)
{
	(void)state;
	assert_true(vectors_each(vectors_path, check_vector) > 200);
}

/* Two in a thousand: pieces of noise that are deflate or brotli by chance. */
static void noise_is_hardly_ever_unpacked(void **state)
{
	static uint8_t made[64], out[ROOM];
	int taken = 0;

	(void)state;
	draw_seed(99);
	for (int i = 0; i < NOISES; i++) {
		struct bytes buf = bytes_of(made, 12 + draw() % 52);
		struct stretch stretch;

		for (size_t at = 0; at < buf.len; at++)
			made[at] = (uint8_t)draw();
		for (size_t c = 0; c < codings_count; c++) {
			const struct coding *coding = codings[c];
			if (coding->layer <= LAYER_IMAGE && coding->find(buf, 0, &stretch) &&
				coding->decode(unpacker, buf, stretch.variant, out, ROOM) > 0)
				taken++;
		}
	}
	assert_in_range(taken, 0, NOISES * 2 / 1000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packed_thing_is_found_and_unpacked),
		cmocka_unit_test(noise_is_hardly_ever_unpacked),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
