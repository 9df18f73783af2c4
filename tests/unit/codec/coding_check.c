#include "codec/coding_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/vectors.h"
#include "guard.h"

#define OUT_MAX 65536
#define SHIFT_MAX 130
#define CUT_STEP 7

static uint8_t out_room[OUT_MAX];

static struct bytes decoded(
	const struct coding *coding, struct bytes buf, const struct stretch *stretch)
{
	return bytes_of(
		out_room, coding->decode(NULL, bytes_of(buf.ptr + stretch->off, stretch->len),
				  stretch->variant, out_room, sizeof(out_room)));
}

/* The next stretch, which must lie inside and not go back. */
static bool next(
	const struct coding *coding, struct bytes buf, size_t from, struct stretch *stretch)
{
	if (!coding->find(buf, from, stretch))
		return false;
	assert_true(stretch->off >= from && stretch->len > 0);
	assert_true(stretch->off < buf.len && stretch->len <= buf.len - stretch->off);
	return true;
}

bool comes_out(const struct coding *coding, struct bytes buf, struct bytes plain)
{
	struct stretch stretch;

	for (size_t from = 0; next(coding, buf, from, &stretch); from = stretch.off + 1) {
		if (bytes_find(decoded(coding, buf, &stretch), plain) != SIZE_MAX)
			return true;
	}
	return false;
}

size_t stretches(const struct coding *coding, struct bytes buf)
{
	struct stretch stretch;
	size_t n = 0;

	for (size_t from = 0; next(coding, buf, from, &stretch); from = stretch.off + 1)
		n++;
	return n;
}

static bool is_found(const struct coding *coding, struct bytes buf, const struct stretch *wanted)
{
	struct stretch stretch;

	for (size_t from = 0; next(coding, buf, from, &stretch); from = stretch.off + 1) {
		if (stretch.off == wanted->off && stretch.len == wanted->len &&
			stretch.variant == wanted->variant)
			return true;
	}
	return false;
}

/* Of every stretch: found where the buffer is cut, as long as the margins are there. */
static void check_cuts(const struct coding *coding, struct bytes buf)
{
	struct stretch stretch;

	for (size_t from = 0; next(coding, buf, from, &stretch); from = stretch.off + 1) {
		size_t end = stretch.off + stretch.len + STRETCH_RIGHT;

		for (size_t cut = 0; cut + STRETCH_LEFT <= stretch.off; cut += CUT_STEP) {
			struct stretch moved = stretch;

			moved.off -= cut;
			assert_true(is_found(coding, bytes_skip(buf, cut), &moved));
		}
		for (size_t cut = buf.len; cut >= end && cut > CUT_STEP; cut -= CUT_STEP)
			assert_true(is_found(coding, bytes_head(buf, cut), &stretch));
	}
}

static void check_prefixes(const struct coding *coding, struct bytes buf)
{
	for (size_t len = 0; len <= buf.len; len += len < 200 ? 1 : CUT_STEP) {
		struct bytes part = guarded(buf.ptr, len);

		stretches(coding, part);
		guard_free();
	}
}

/* decode() of any part of a stretch writes what there is room for, the same bytes. */
static void check_rooms(const struct coding *coding, struct bytes buf)
{
	struct stretch stretch;
	uint8_t whole[OUT_MAX];

	for (size_t from = 0; next(coding, buf, from, &stretch); from = stretch.off + 1) {
		struct bytes all = decoded(coding, buf, &stretch);
		struct bytes coded = bytes_of(buf.ptr + stretch.off, stretch.len);

		memcpy(whole, all.ptr, all.len);
		for (size_t room = 0; room <= all.len && room < 300; room++) {
			uint8_t *out = (uint8_t *)(uintptr_t)guarded(whole, room).ptr;
			size_t n = coding->decode(
				NULL, guarded(coded.ptr, coded.len), stretch.variant, out, room);

			assert_true(n <= room && room - n < 4 && memcmp(out, whole, n) == 0);
			n = coding->decode(NULL,
				guarded(coded.ptr, room < coded.len ? room : coded.len),
				stretch.variant, out_room, sizeof(out_room));
			assert_true(n <= all.len + 4);
			guard_free();
		}
	}
}

static void check_found(const struct coding *coding, struct bytes buf, struct bytes plain)
{
	uint8_t room[SHIFT_MAX + OUT_MAX];

	assert_true(buf.len <= OUT_MAX - SHIFT_MAX);
	assert_true(comes_out(coding, guarded(buf.ptr, buf.len), plain));
	assert_true(comes_out(coding, guarded_front(buf.ptr, buf.len), plain));
	guard_free();
	if (buf.len > 4000)
		return;
	check_prefixes(coding, buf);
	check_rooms(coding, buf);
	if (coding->whole)
		return;
	memset(room, '\n', sizeof(room));
	memcpy(room + SHIFT_MAX, buf.ptr, buf.len);
	for (size_t shift = 0; shift < SHIFT_MAX; shift++)
		assert_true(comes_out(coding,
			bytes_of(room + SHIFT_MAX - shift, shift + buf.len + shift), plain));
	check_cuts(coding, bytes_of(room, SHIFT_MAX + buf.len + SHIFT_MAX));
}

void check_vectors(const struct coding *coding, const char *path)
{
	struct bytes left = vectors_load(path);
	void *file = (void *)(uintptr_t)left.ptr;
	size_t found = 0, decoys = 0;

	while (left.len > 0) {
		struct bytes kind = vectors_field(&left), coded = vectors_field(&left);
		struct bytes plain = vectors_field(&left);

		if (bytes_equal(kind, bytes_text("found"))) {
			check_found(coding, coded, plain);
			found++;
		} else {
			if (stretches(coding, coded) > 0)
				print_error("%.*s\n", (int)coded.len, (const char *)coded.ptr);
			assert_int_equal(stretches(coding, coded), 0);
			check_prefixes(coding, coded);
			decoys++;
		}
	}
	assert_true(found >= 20 && decoys >= 10);
	free(file);
}

void check_none(const struct coding *coding, const char *const texts[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(stretches(coding, bytes_text(texts[i])), 0);
}

static struct {
	const struct coding *coding;
	const char *path;
} asked;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(asked.coding, asked.path);
}

int coding_main(int argc, char **argv, const struct coding *coding, const struct CMUnitTest more[],
	size_t count)
{
	struct CMUnitTest tests[1 + CODING_CHECK_MORE] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not)};

	if (argc != 2 || count > CODING_CHECK_MORE)
		return 2;
	asked.coding = coding;
	asked.path = argv[1];
	for (size_t i = 0; i < count; i++)
		tests[1 + i] = more[i];
	return _cmocka_run_group_tests("coding", tests, 1 + count, NULL, NULL);
}
