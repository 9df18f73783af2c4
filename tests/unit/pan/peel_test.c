/* Goal: what is written in codings comes out with the layers it had, to PEEL_DEPTH and within
 * bounds.  Method: texts written by writers of the tests' own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard.h"
#include "pan/peeled.h"

#define ROOM (256u << 10)
#define MARKED 24 /* a number of six digits every so many bytes */

/* gzip.compress(b"a line of a log that is nothing\n" * 2048, 9, mtime=0) of Python: 64 KiB. */
static const uint8_t swelling[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed,
	0xc9, 0xb1, 0x0d, 0x80, 0x20, 0x14, 0x05, 0xc0, 0xde, 0x29, 0xde, 0x6a, 0xbf, 0x50, 0x20,
	0x21, 0x50, 0xc8, 0xfe, 0x71, 0x10, 0xef, 0xda, 0xab, 0xcc, 0xb1, 0xee, 0xec, 0x27, 0x95,
	0xb9, 0x5b, 0x4e, 0xaf, 0x93, 0xf1, 0x66, 0xed, 0xd3, 0xc7, 0x6a, 0x57, 0x79, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xf7, 0xde, 0x7b, 0xef, 0xbd,
	0xf7, 0xde, 0x7b, 0xef, 0xbd, 0xff, 0xc5, 0x7f, 0xf4, 0x8d, 0x67, 0xac, 0x00, 0x00, 0x01,
	0x00};

static const char record[] = "card_number=4111111111111111&exp=12/28&cvv=123&holder=TARO TEST";
static struct arena arena;
static struct peeler *peeler;
static struct peeled_list *out;
static uint8_t *data, *more;

static int start(void **state)
{
	(void)state;
	assert_true(arena_new(&arena, peeler_bytes(), NULL));
	peeler = peeler_new(&arena);
	out = malloc(sizeof(*out));
	data = malloc(ROOM);
	more = malloc(ROOM);
	assert_true(peeler != NULL && out != NULL && data != NULL && more != NULL);
	peeled_clear(out);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	free(more);
	free(data);
	free(out);
	arena_free(&arena);
	return 0;
}

static void take(void *self, const struct peel_text *text)
{
	assert_in_range(text->depth, 1, PEEL_DEPTH);
	peeled_add(self, text, text->off);
}

static struct peel_sink sink(void)
{
	return (struct peel_sink){.self = out, .text = take};
}

/* All of a view, or the beginning of one. */
static struct peel_opens look(struct bytes buf, bool after_end)
{
	const struct peel_window window = {
		.buf = buf, .to = buf.len, .before_start = true, .after_end = after_end};
	struct peel_opens opens;

	peel(peeler, &window, sink(), &opens);
	assert_false(out->full);
	return opens;
}

static struct bytes nested(unsigned times)
{
	struct bytes text = bytes_text(record);

	for (unsigned i = 0; i < times; i++) {
		size_t len = write_base64(text, more);
		memcpy(data, more, len);
		text = bytes_of(data, len);
	}
	return text;
}

static void every_layer_to_the_depth_comes_off(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth <= PEEL_DEPTH; depth++) {
		peeled_clear(out);
		look(nested(depth), true);
		const struct peeled *text = peeled_with(out, bytes_text(record));
		assert_non_null(text);
		assert_int_equal(text->depth, depth);
		for (unsigned i = 0; i < depth; i++)
			assert_int_equal(text->layers[i], LAYER_BASE64);
	}
}

static void one_layer_more_stays_on(void **state)
{
	(void)state;
	look(nested(PEEL_DEPTH + 1), true);
	assert_null(peeled_with(out, bytes_text(record)));
	assert_int_equal(out->text[out->count - 1].depth, PEEL_DEPTH);
}

static void the_outermost_layer_is_named_first(void **state)
{
	size_t len = write_hex(bytes_text(record), more);

	(void)state;
	len = write_base64(bytes_of(more, len), data);
	look(bytes_of(data, len), true);
	const struct peeled *text = peeled_with(out, bytes_text(record));
	assert_non_null(text);
	assert_int_equal(text->depth, 2);
	assert_int_equal(text->layers[0], LAYER_BASE64);
	assert_int_equal(text->layers[1], LAYER_HEX);
}

static void it_is_found_wherever_it_stands(void **state)
{
	(void)state;
	size_t len = write_base64(bytes_text(record), more);

	for (size_t before = 0; before < 200; before++) {
		memset(data, ' ', before);
		memcpy(data + before, more, len);
		memcpy(data + before + len, "\nand words", 10);
		peeled_clear(out);
		look(guarded(data, before + len + 10), true);
		const struct peeled *text = peeled_with(out, bytes_text(record));
		assert_non_null(text);
		assert_int_equal(text->off, before);
		guard_free();
	}
}

static void what_begins_outside_is_left(void **state)
{
	size_t len = write_base64(bytes_text(record), data);
	struct peel_window window = {
		.buf = bytes_of(data, len), .before_start = true, .after_end = true};
	struct peel_opens opens;

	(void)state;
	window.from = len;
	window.to = len;
	peel(peeler, &window, sink(), &opens);
	assert_null(peeled_with(out, bytes_text(record)));
}

static size_t numbered(size_t len)
{
	for (size_t i = 0; i + MARKED <= len; i += MARKED) {
		char line[64];
		snprintf(line, sizeof(line), "mark=%06zu is a line..\n", i / MARKED);
		memcpy(more + i, line, MARKED);
	}
	return len / MARKED * MARKED;
}

static void pieces_of_a_long_stretch_overlap(void **state)
{
	size_t len = numbered(5 * PEEL_STRETCH / 2);
	size_t coded = write_base64(bytes_of(more, len), data);
	const size_t apart = PEEL_OVERLAP / 4 * 3 - 2 * MARKED;

	(void)state;
	look(bytes_of(data, coded), true);
	assert_true(out->count >= 3);
	/* Every part that is shorter than what they share stands whole in one of them. */
	for (size_t i = 0; i + apart <= len; i += MARKED)
		assert_non_null(peeled_with(out, bytes_of(more + i, apart)));
	for (uint32_t i = 0; i < out->count; i++)
		assert_true(out->text[i].len <= PEEL_STRETCH);
}

static void what_swells_is_cut_and_counted(void **state)
{
	size_t len = 0;
	const struct peel_counters *counters = peeler_counters(peeler);

	(void)state;
	memcpy(data, swelling, sizeof(swelling));
	look(bytes_of(data, sizeof(swelling)), true);
	assert_int_equal(counters->cut, 0);
	assert_int_equal(counters->bytes, 64 << 10);
	for (unsigned i = 0; i < 8; i++) {
		memcpy(data + len, swelling, sizeof(swelling));
		data[len + sizeof(swelling)] = '\n';
		len += sizeof(swelling) + 1;
	}
	look(bytes_of(data, len), true);
	assert_int_equal(counters->cut, 1);
	assert_int_equal(counters->bytes, (64 << 10) + PEEL_FREE + PEEL_TIMES * len);
}

static void what_goes_on_is_open_and_is_asked_for_again(void **state)
{
	size_t len = write_base64(bytes_text(record), more);
	struct peel_opens opens, still = {.count = 0};

	(void)state;
	memcpy(data, "d: ", 3);
	memcpy(data + 3, more, len);
	opens = look(bytes_of(data, 3 + len / 2), false);
	assert_int_equal(out->count, 0);
	assert_int_equal(opens.count, 1);
	assert_int_equal(opens.open[0].off, 3);
	assert_false(opens.open[0].piece);
	peel_open(peeler, bytes_of(data, 3 + len), &opens.open[0], false, sink(), &still);
	assert_int_equal(out->count, 0);
	assert_int_equal(still.count, 1);
	peel_open(peeler, bytes_of(data, 3 + len), &still.open[0], true, sink(), &opens);
	assert_non_null(peeled_with(out, bytes_text(record)));
	assert_int_equal(out->text[0].off, 3);
}

static void an_end_that_is_not_seen_leaves_it_open(void **state)
{
	size_t len = write_base64(bytes_text(record), data);

	(void)state;
	/* A stretch may depend on what stands behind its end. */
	memset(data + len, '\n', 64);
	assert_int_equal(look(bytes_of(data, len + 63), false).count, 1);
	assert_int_equal(out->count, 0);
	assert_int_equal(look(bytes_of(data, len + 64), false).count, 0);
	assert_non_null(peeled_with(out, bytes_text(record)));
}

static void a_long_stretch_is_open_behind_its_last_piece(void **state)
{
	size_t coded = write_base64(bytes_of(more, numbered(PEEL_STRETCH)), data);
	struct peel_opens opens = look(bytes_of(data, coded), false);

	(void)state;
	assert_int_equal(opens.count, 1);
	assert_true(opens.open[0].piece);
	assert_int_equal(opens.open[0].off, PEEL_STRETCH - PEEL_OVERLAP);
	assert_int_equal(out->count, 1);
}

static void the_place_of_a_coding_is_told_and_words_have_none(void **state)
{
	static const char words[] = "an order was placed, and it will be sent to the customer "
				    "when it is ready; please wait for our mail, thank you";
	size_t len = write_base64(bytes_text(record), more);

	(void)state;
	assert_int_equal(peel_place(bytes_text(words), 0), strlen(words));
	memset(data, '.', 512);
	memcpy(data + 256, more, len);
	size_t place = peel_place(bytes_of(data, 512), 0);
	assert_true(place <= 256 + len && place + 64 > 256);
	assert_int_equal(peel_place(bytes_of("\x1f\x8b\x08", 3), 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_layer_to_the_depth_comes_off),
		TEST(one_layer_more_stays_on),
		TEST(the_outermost_layer_is_named_first),
		TEST(it_is_found_wherever_it_stands),
		TEST(what_begins_outside_is_left),
		TEST(pieces_of_a_long_stretch_overlap),
		TEST(what_swells_is_cut_and_counted),
		TEST(what_goes_on_is_open_and_is_asked_for_again),
		TEST(an_end_that_is_not_seen_leaves_it_open),
		TEST(a_long_stretch_is_open_behind_its_last_piece),
		TEST(the_place_of_a_coding_is_told_and_words_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
