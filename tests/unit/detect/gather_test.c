/* Goal: what is written in a coding comes out whole, wherever its runs were cut.  Method: a view
 * is fed run by run to windows, peeler and gather as the inspector does; the texts must hold what
 * one look over all of it shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "detect/gather.h"
#include "pan/peeled.h"

#define ROOM (128u << 10)
#define GATHERS 2

struct chain {
	struct arena arena;
	struct pool tails, gathers;
	struct peeler *peeler;
	uint32_t tail, gather;
	struct peeled_list list;
	uint8_t view[ROOM];
	size_t len;
};

static const char record[] = "card_number=4111111111111111&exp=12/28&cvv=123&holder=TARO TEST";
static struct chain *c;

static int start(void **state)
{
	const size_t size = peeler_bytes() + pool_bytes(sizeof(struct tail), 2) +
			    pool_bytes(sizeof(struct gather), GATHERS) + 4096;

	(void)state;
	c = calloc(1, sizeof(*c));
	assert_non_null(c);
	assert_true(arena_new(&c->arena, size, NULL));
	c->peeler = peeler_new(&c->arena);
	assert_non_null(c->peeler);
	assert_true(pool_new(&c->tails, &c->arena, sizeof(struct tail), 2));
	assert_true(pool_new(&c->gathers, &c->arena, sizeof(struct gather), GATHERS));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_free(&c->arena);
	free(c);
	return 0;
}

static void take_gathered(
	void *self, const struct peel_text *text, uint64_t off, const struct tail_mark *mark)
{
	(void)mark;
	peeled_add(self, text, off);
}

static void take(void *self, const struct peel_text *text)
{
	const struct window *window = self;

	peeled_add(&c->list, text, window->base + text->off);
}

static void scan(void *self, const struct window *window)
{
	const struct peel_window what = {.buf = window->buf,
		.from = window->from,
		.to = window->to,
		.before_start = window->before_start,
		.after_end = window->after_end};
	struct peel_opens opens;

	(void)self;
	peel(c->peeler, &what, (struct peel_sink){.self = (void *)(uintptr_t)window, .text = take},
		&opens);
	if (opens.count > 0)
		gather_begin(&c->gathers, &c->gather, window, &opens);
}

static struct gather_sink texts(void)
{
	return (struct gather_sink){.self = &c->list, .text = take_gathered};
}

static void feed(size_t from, size_t to, bool last)
{
	const struct inspect_place place = {.frame = from + 1};
	const struct bytes data = bytes_of(c->view + from, to - from);
	const struct tail_run run = {.data = data, .offset = from, .place = &place, .last = last};

	gather_put(&c->gathers, &c->gather, c->peeler, data, from, texts());
	tail_feed(&c->tails, &c->tail, &run, (struct window_sink){.scan = scan});
	gather_put(&c->gathers, &c->gather, c->peeler, data, from, texts());
	if (last)
		gather_end(&c->gathers, &c->gather, c->peeler, texts());
}

static void feed_all(size_t step)
{
	peeled_clear(&c->list);
	for (size_t at = 0; at < c->len; at += step)
		feed(at, at + step < c->len ? at + step : c->len, at + step >= c->len);
	assert_int_equal(c->gather, 0);
	assert_int_equal(c->gathers.used, 0);
	assert_false(c->list.full);
}

static void put(const void *data, size_t len)
{
	assert_true(ROOM - c->len >= len);
	memcpy(c->view + c->len, data, len);
	c->len += len;
}

static void put_words(size_t len)
{
	static const char words[] = "an order was placed and will be sent, thank you.\n";

	for (size_t i = 0; i < len; i++)
		put(i + 1 == len ? "\n" : &words[i % (sizeof(words) - 1)], 1);
}

static void put_base64(struct bytes text)
{
	assert_true(ROOM - c->len >= (text.len + 2) / 3 * 4);
	c->len += write_base64(text, c->view + c->len);
}

static void found(const char *text)
{
	assert_non_null(peeled_with(&c->list, bytes_text(text)));
}

/* Numbered lines, so that every part of them is its own. */
static size_t numbered(char *out, size_t len)
{
	size_t n = 0;

	for (unsigned i = 0; n + 24 < len; i++)
		n += (size_t)snprintf(out + n, len - n, "mark=%06u is a line..\n", i);
	return n;
}

static void every_cut_in_two_gives_the_record(void **state)
{
	(void)state;
	put_words(700);
	put_base64(bytes_text(record));
	put_words(700);
	for (size_t cut = 1; cut < c->len; cut++) {
		peeled_clear(&c->list);
		feed(0, cut, false);
		feed(cut, c->len, true);
		found(record);
		const struct peeled *text = peeled_with(&c->list, bytes_text(record));
		assert_int_equal(text->off, 700);
		assert_int_equal(text->layers[0], LAYER_BASE64);
		assert_int_equal(c->gathers.used, 0);
	}
}

static void runs_of_any_length_give_the_record(void **state)
{
	(void)state;
	put_words(300);
	put_base64(bytes_text(record));
	put_words(2000);
	put_base64(bytes_text(record));
	for (size_t step = 1; step < 1500; step += step < 20 ? 1 : 37) {
		feed_all(step);
		peeled_sort(&c->list);
		found(record);
		assert_int_equal(c->list.count, 2);
	}
}

static void a_stretch_beyond_the_room_comes_in_pieces(void **state)
{
	static char lines[3 * GATHER_ROOM / 2];
	static struct peeled_list whole;
	size_t len = numbered(lines, sizeof(lines));

	(void)state;
	put_words(100);
	put_base64(bytes_of(lines, len));
	put_words(500);
	feed_all(c->len);
	peeled_sort(&c->list);
	memcpy(&whole, &c->list, sizeof(whole));
	for (uint32_t i = 0; i < whole.count; i++) /* it holds its bytes itself */
		whole.text[i].data = whole.bytes + (c->list.text[i].data - c->list.bytes);
	for (size_t step = 1; step <= 20000; step = step * 7 + 1) {
		feed_all(step);
		peeled_sort(&c->list);
		assert_true(peeled_same(&whole, &c->list));
		for (size_t at = 0; at + 480 < len; at += 24)
			assert_non_null(peeled_with(&c->list, bytes_of(lines + at, 480)));
	}
}

static void the_end_looks_into_what_is_open(void **state)
{
	(void)state;
	put_words(90);
	put_base64(bytes_text(record));
	for (size_t step = 1; step < c->len; step++) {
		feed_all(step);
		found(record);
	}
}

/* A stretch that is longer than what a window keeps, and behind it more. */
static void put_long(char *lines, size_t len)
{
	put_words(900);
	put_base64(bytes_of(lines, numbered(lines, len)));
	put_words(900);
}

/* The first bytes of gzip.compress() of Python of lines of random hex: it goes on to the end. */
static const uint8_t packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x15,
	0x92, 0xb7, 0x01, 0x44, 0x21, 0x0c, 0x43, 0x7b, 0xa6, 0x71, 0xe0, 0x3b, 0x8c, 0x83, 0xd3,
	0xfe, 0x23, 0x9c, 0x8f, 0x8a, 0x02, 0xcb, 0xd2, 0x13, 0x17, 0xe5, 0x96, 0xb1, 0xfb, 0xa8,
	0x68, 0xde, 0xef, 0x7c, 0x91, 0x36, 0x11, 0x19, 0xd5, 0x5f, 0x82, 0xfb, 0x09, 0x48, 0xc4,
	0xa9, 0xce, 0x70, 0xcc, 0x66, 0x3d, 0xa5, 0x52, 0x97, 0x19, 0x06, 0xef, 0x95, 0xe8, 0x77,
	0x9e, 0x74, 0x58, 0x7a, 0x47, 0x89, 0x4f, 0x93, 0x1f, 0xd3, 0x80, 0x40, 0xfa, 0x3a, 0xb1,
	0xb4, 0x1e, 0xec, 0x08, 0x21, 0xd4, 0x0c, 0xa8, 0x64, 0x53, 0xcf, 0x49, 0x79, 0x1f, 0x9b,
	0xee, 0x59, 0xa1, 0xa8, 0x38, 0x3c, 0x89, 0xfd, 0x58, 0x06, 0x75, 0x8a, 0xf5, 0x1e, 0xa8,
	0x2b, 0x17, 0xd9, 0x9e};

static void two_that_are_open_at_once_both_come(void **state)
{
	char lines[2000];

	(void)state;
	put_words(900);
	put(packed, sizeof(packed));
	put("\n", 1);
	put_base64(bytes_of(lines, numbered(lines, sizeof(lines))));
	put_words(900);
	feed(0, 1900, false);
	assert_int_not_equal(c->gather, 0);
	assert_int_equal(((struct gather *)pool_at(&c->gathers, c->gather))->opens.count, 2);
	feed(1900, c->len, true);
	const struct peeled *text = peeled_with(&c->list, bytes_of(lines, 1900));
	assert_non_null(text);
	assert_int_equal(text->layers[0], LAYER_BASE64);
	text = peeled_with(&c->list, bytes_of("4164d8399f767c45\n", 17));
	assert_non_null(text);
	assert_int_equal(text->layers[0], LAYER_GZIP);
	assert_int_equal(text->off, 900);
}

static void a_gap_ends_what_is_open(void **state)
{
	char lines[2000];

	(void)state;
	put_long(lines, sizeof(lines));
	feed(0, 1900, false);
	assert_int_not_equal(c->gather, 0);
	assert_int_equal(c->list.count, 0);
	tail_gap(&c->tails, &c->tail, (struct window_sink){.scan = scan});
	gather_end(&c->gathers, &c->gather, c->peeler, texts());
	assert_int_equal(c->gathers.used, 0);
	assert_non_null(peeled_with(&c->list, bytes_of(lines, 700)));
	assert_null(peeled_with(&c->list, bytes_of(lines, 800)));
	peeled_clear(&c->list);
	feed(2100, c->len, true);
	assert_int_equal(c->gathers.used, 0);
	assert_non_null(peeled_with(&c->list, bytes_of(lines + 1200, 500)));
}

static void without_room_it_is_left_and_counted(void **state)
{
	uint32_t taken[GATHERS];
	char lines[2000];

	(void)state;
	for (size_t i = 0; i < GATHERS; i++)
		taken[i] = pool_take(&c->gathers);
	put_long(lines, sizeof(lines));
	feed(0, 1900, false);
	assert_int_equal(c->gather, 0);
	assert_int_equal(c->gathers.refused, 1);
	feed(1900, c->len, true);
	for (size_t i = 0; i < GATHERS; i++)
		pool_give(&c->gathers, taken[i]);
	feed_all(950);
	assert_non_null(peeled_with(&c->list, bytes_of(lines, 1900)));
}

static void what_was_gathered_is_wiped(void **state)
{
	char lines[2000];
	static const uint8_t zeroes[GATHER_ROOM];

	(void)state;
	put_long(lines, sizeof(lines));
	feed(0, 1900, false);
	assert_int_not_equal(c->gather, 0);
	struct gather *gather = pool_at(&c->gathers, c->gather);

	assert_non_null(memmem(gather->data, GATHER_ROOM, c->view + 950, 900));
	feed(1900, c->len, true);
	assert_int_equal(c->gather, 0);
	assert_memory_equal(gather->data, zeroes, GATHER_ROOM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_cut_in_two_gives_the_record),
		TEST(runs_of_any_length_give_the_record),
		TEST(a_stretch_beyond_the_room_comes_in_pieces),
		TEST(two_that_are_open_at_once_both_come),
		TEST(the_end_looks_into_what_is_open),
		TEST(a_gap_ends_what_is_open),
		TEST(without_room_it_is_left_and_counted),
		TEST(what_was_gathered_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
