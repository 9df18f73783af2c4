/* label_test.c - nDPI's labels: what its own tool says of the same bytes, from
 * the bytes alone, without memory.
 *
 * The expected words were told by ndpiReader 4.2 for captures of these talks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "classify/label.h"
#include "guard.h"

#define STATES 4
#define TURNS_MAX 6
#define RANDOM_SPANS 20000

struct turn {
	const char *text;
	uint16_t len;
	bool server;
};

struct talk {
	const char *word; /* NULL: no label */
	uint16_t port;
	bool datagram;
	struct turn turn[TURNS_MAX];
};

#define CLIENT(text)                                                                               \
	{                                                                                          \
		text, sizeof(text) - 1, false                                                      \
	}
#define SERVER(text)                                                                               \
	{                                                                                          \
		text, sizeof(text) - 1, true                                                       \
	}

static const struct talk talks[] = {
	{"ssh", 22, false,
		{SERVER("SSH-2.0-OpenSSH_9.2p1\r\n"), CLIENT("SSH-2.0-libssh2_1.10\r\n")}},
	{"ssh", 2022, false,
		{CLIENT("SSH-2.0-libssh2_1.10\r\n"), SERVER("SSH-2.0-OpenSSH_9.2p1\r\n")}},
	{"bittorrent", 6881, false,
		{CLIENT("\x13"
			"BitTorrent protocol\0\0\0\0\0\x10\0\5"
			"hash-of-twenty-bytes"
			"-XX0001-abcdefghijkl")}},
	/* it wants more than four turns to be sure, and a port is not enough */
	{NULL, 21, false,
		{SERVER("220 shop FTP server ready\r\n"), CLIENT("USER demo\r\n"),
			SERVER("331 Password required\r\n"), CLIENT("PASS none\r\n")}},
	{"smtp", 25, false,
		{SERVER("220 mail.shop.example ESMTP\r\n"), CLIENT("EHLO a.example\r\n"),
			SERVER("250-mail.shop.example\r\n250 SIZE\r\n"),
			CLIENT("MAIL FROM:<a@a.example>\r\n")}},
	{"rfb", 5900, false, {SERVER("RFB 003.008\n"), CLIENT("RFB 003.008\n")}},
	{"ntp", 123, true,
		{CLIENT("\x23\0\6\xec\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6\7\10")}},
	{NULL, 4444, false, {CLIENT("hello, nobody\n"), SERVER("hello, nothing\n")}},
	/* a port alone is no reason */
	{NULL, 22, false, {CLIENT("hello, nobody\n"), SERVER("hello, nothing\n")}},
};

#define TALKS (sizeof(talks) / sizeof(talks[0]))

static struct labels *labels_made(void)
{
	struct labels *labels;
	struct err err = {0};

	assert_true(labels_new(&labels, STATES, &err));
	assert_non_null(labels);
	return labels;
}

static struct label_span span_of(const struct talk *talk, uint32_t turn)
{
	return (struct label_span){.data = guarded(talk->turn[turn].text, talk->turn[turn].len),
		.dir = talk->turn[turn].server,
		.client_dir = 0,
		.datagram = talk->datagram,
		.client_port = 50123,
		.server_port = talk->port};
}

static uint16_t label_of(struct labels *labels, const struct talk *talk)
{
	uint32_t state = 0;
	uint16_t label = 0;

	for (uint32_t i = 0; i < TURNS_MAX && talk->turn[i].len > 0 && state != LABEL_DONE; i++) {
		struct label_span span = span_of(talk, i);
		label = label_span(labels, &state, &span);
	}
	label_drop(labels, &state);
	return label;
}

static void assert_word(struct labels *labels, const struct talk *talk)
{
	const char *word = label_word(label_of(labels, talk));

	if (talk->word == NULL)
		assert_null(word);
	else if (word == NULL)
		fail_msg("no label, not %s", talk->word);
	else
		assert_string_equal(word, talk->word);
}

static void a_talk_has_the_label_of_its_bytes(void **state)
{
	struct labels *labels = labels_made();

	(void)state;
	for (size_t i = 0; i < TALKS; i++)
		assert_word(labels, &talks[i]);
	assert_int_equal(label_counters(labels)->state_refused, 0);
	labels_free(labels);
	guard_free();
}

/* Any talk before any other: a module that remembered would show. */
static void no_flow_leaves_a_trace_in_the_next(void **state)
{
	struct labels *labels = labels_made();

	(void)state;
	for (size_t first = 0; first < TALKS; first++) {
		for (size_t second = 0; second < TALKS; second++) {
			label_of(labels, &talks[first]);
			assert_word(labels, &talks[second]);
		}
	}
	labels_free(labels);
	guard_free();
}

static void bytes_that_were_held_count_as_one_piece(void **state)
{
	struct labels *labels = labels_made();
	struct label_span span = span_of(&talks[2], 0);
	uint32_t place = 0;

	(void)state;
	span.held = bytes_head(span.data, 5);
	span.data = bytes_skip(span.data, 5);
	assert_string_equal(label_word(label_span(labels, &place, &span)), "bittorrent");
	assert_int_equal(place, LABEL_DONE);
	labels_free(labels);
	guard_free();
}

static void after_four_spans_nobody_asks_any_more(void **state)
{
	struct labels *labels = labels_made();
	struct label_span span = span_of(&talks[TALKS - 2], 0);
	uint32_t place = 0;

	(void)state;
	for (int i = 0; i < LABEL_SPANS; i++) {
		assert_int_not_equal(place, LABEL_DONE);
		assert_int_equal(label_span(labels, &place, &span), 0);
	}
	assert_int_equal(place, LABEL_DONE);
	assert_int_equal(label_span(labels, &place, &span), 0);
	assert_int_equal(label_counters(labels)->asked, LABEL_SPANS);
	labels_free(labels);
	guard_free();
}

static void a_flow_too_many_is_counted_and_a_verdict_makes_room(void **state)
{
	struct labels *labels = labels_made();
	struct label_span span = span_of(&talks[TALKS - 2], 0);
	uint32_t place[STATES] = {0}, late = 0;

	(void)state;
	for (int i = 0; i < STATES; i++)
		label_span(labels, &place[i], &span);
	label_span(labels, &late, &span);
	assert_int_equal(late, LABEL_DONE);
	assert_int_equal(label_counters(labels)->state_refused, 1);
	label_drop(labels, &place[0]);
	assert_int_equal(place[0], LABEL_DONE);
	assert_word(labels, &talks[0]);
	assert_int_equal(label_counters(labels)->state_refused, 1);
	labels_free(labels);
	guard_free();
}

/* Beginnings of talks with noise behind, of every length: two modules agree. */
static void noise_has_the_same_label_for_everybody(void **state)
{
	struct labels *one = labels_made(), *two = labels_made();
	uint8_t data[LABEL_BYTES + 100];
	uint32_t a = 0, b = 0;

	(void)state;
	draw_seed(21);
	for (int i = 0; i < RANDOM_SPANS; i++) {
		const struct talk *talk = &talks[draw() % TALKS];
		struct label_span span = span_of(talk, 0);
		size_t len = draw() % (draw() % 8 == 0 ? sizeof(data) : 120);

		for (size_t at = 0; at < len; at++)
			data[at] = (uint8_t)draw();
		if (draw() % 4 != 0 && len > 4)
			memcpy(data, talk->turn[0].text, len < talk->turn[0].len ? len / 2 : 4);
		span.data = bytes_of(data, len);
		span.dir = draw() & 1;
		assert_int_equal(label_span(one, &a, &span), label_span(two, &b, &span));
		if (draw() % 3 == 0 || a == LABEL_DONE) {
			label_drop(one, &a);
			label_drop(two, &b);
			a = b = 0;
			label_of(two, &talks[draw() % TALKS]); /* two sees other flows between */
		}
	}
	labels_free(one);
	labels_free(two);
	guard_free();
}

static void numbers_beyond_the_table_have_no_word(void **state)
{
	(void)state;
	assert_null(label_word(0));
	assert_null(label_word(7)); /* HTTP: ours */
	assert_null(label_word(UINT16_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_talk_has_the_label_of_its_bytes),
		cmocka_unit_test(no_flow_leaves_a_trace_in_the_next),
		cmocka_unit_test(bytes_that_were_held_count_as_one_piece),
		cmocka_unit_test(after_four_spans_nobody_asks_any_more),
		cmocka_unit_test(a_flow_too_many_is_counted_and_a_verdict_makes_room),
		cmocka_unit_test(noise_has_the_same_label_for_everybody),
		cmocka_unit_test(numbers_beyond_the_table_have_no_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
