/* tls_test.c - what the TLS parser tells.  The two JA3 vectors are those of its
 * authors' README (github.com/salesforce/ja3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "say.h"

/* A writer of nested lengths. */
struct wr {
	size_t len;
	uint8_t data[16384];
};

static void put(struct wr *wr, const char *text, size_t len)
{
	memcpy(wr->data + wr->len, text, len);
	wr->len += len;
}

static void number(struct wr *wr, size_t width, size_t value)
{
	for (size_t i = width; i-- > 0;)
		wr->data[wr->len++] = (uint8_t)(value >> (8 * i));
}

static size_t begin(struct wr *wr, size_t width)
{
	number(wr, width, 0);
	return wr->len;
}

static void end(struct wr *wr, size_t width, size_t start)
{
	size_t len = wr->len;

	wr->len = start - width;
	number(wr, width, len - start);
	wr->len = len;
}

struct shape {
	uint16_t version;
	const uint16_t *ciphers;
	size_t cipher_cnt;
	const char *extensions; /* as they stand on the wire, or NULL: no list */
	size_t extensions_len;
};

static struct bytes hello(struct wr *wr, const struct shape *shape)
{
	wr->len = 0;
	number(wr, 1, 1);
	size_t all = begin(wr, 3);
	number(wr, 2, shape->version);
	for (int i = 0; i < 32; i++)
		number(wr, 1, 0x16);
	number(wr, 1, 4);
	put(wr, "sess", 4);
	size_t list = begin(wr, 2);
	for (size_t i = 0; i < shape->cipher_cnt; i++)
		number(wr, 2, shape->ciphers[i]);
	end(wr, 2, list);
	number(wr, 1, 1);
	number(wr, 1, 0);
	if (shape->extensions != NULL) {
		number(wr, 2, shape->extensions_len);
		put(wr, shape->extensions, shape->extensions_len);
	}
	end(wr, 3, all);
	return bytes_of(wr->data, wr->len);
}

/* Handshake bytes in records of at most that many bytes. */
static struct bytes records(struct wr *wr, struct bytes data, size_t size)
{
	wr->len = 0;
	while (data.len > 0) {
		struct bytes part = bytes_head(data, size);

		put(wr, "\x16\x03\x01", 3);
		number(wr, 2, part.len);
		put(wr, (const char *)part.ptr, part.len);
		data = bytes_skip(data, part.len);
	}
	return bytes_of(wr->data, wr->len);
}

static struct wr inner, outer;

static void told(struct bytes data, const char *text)
{
	struct say say = {0, data};
	struct drive drive;

	drive_new(&drive, &parser_tls, 8);
	drive_data(&drive, 0, guarded(data.ptr, data.len));
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0), text);
	drive_free(&drive);
	guard_free();
	assert_true(same_in_any_cut(&parser_tls, &say, 1));
}

static const uint16_t first_ciphers[] = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4};
static const uint16_t second_ciphers[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99};

#define SERVER_NAME                                                                                \
	"\x00\x00\x00\x0b\x00\x09\x00\x00\x06"                                                     \
	"a.test"
#define GROUPS "\x00\x0a\x00\x08\x00\x06\x00\x17\x00\x18\x00\x19"
#define FORMATS "\x00\x0b\x00\x02\x01\x00"
#define PART(text) .extensions = (text), .extensions_len = sizeof(text) - 1

static const struct shape first = {
	769, first_ciphers, COUNT(first_ciphers), PART(SERVER_NAME GROUPS FORMATS)};
static const struct shape second = {769, second_ciphers, COUNT(second_ciphers), NULL, 0};

#define FIRST                                                                                      \
	"hello 0\n tls.version 0301\n tls.sni a.test\n ja3.hash "                                  \
	"ada70206e40642a3e4461f35503241d5\n"                                                       \
	" complete\n"
#define SECOND "hello 0\n tls.version 0301\n ja3.hash de350869b8c85de67a350c8d186f11e6\n complete\n"

static void the_published_fingerprints_are_told(void **state)
{
	(void)state;
	told(records(&outer, hello(&inner, &first), 16384), FIRST);
	told(records(&outer, hello(&inner, &second), 16384), SECOND);
}

static void a_hello_may_lie_in_many_records(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40; size += 3)
		told(records(&outer, hello(&inner, &first), size), FIRST);
}

/* GREASE everywhere does not change the fingerprint; supported_versions and
 * ALPN add two extensions to it. */
static void grease_is_no_part_of_the_fingerprint(void **state)
{
	static const uint16_t ciphers[] = {
		0x0a0a, 47, 53, 5, 10, 49161, 49162, 0xfafa, 49171, 49172, 50, 56, 19, 4};
	const struct shape shape = {769, ciphers, COUNT(ciphers),
		PART("\x1a\x1a\x00\x00" SERVER_NAME
		     "\x00\x0a\x00\x0a\x00\x08\x2a\x2a\x00\x17\x00\x18\x00"
		     "\x19" FORMATS "\xba\xba\x00\x01\x00")};

	(void)state;
	told(records(&outer, hello(&inner, &shape), 16384), FIRST);
}

static void versions_and_protocols_are_told(void **state)
{
	const struct shape shape = {771, first_ciphers, COUNT(first_ciphers),
		PART("\x00\x2b\x00\x07\x06\x3a\x3a\x03\x04\x03\x03"
		     "\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1")};
	struct drive drive;

	(void)state;
	struct bytes data = records(&outer, hello(&inner, &shape), 16384);
	drive_new(&drive, &parser_tls, 8);
	drive_data(&drive, 1, data);
	assert_int_equal(drive.io.client_dir, 1);
	drive_end(&drive);
	assert_true(drive_told(&drive, " tls.version 0304\n tls.alpn h2,http/1.1\n ja3.hash "));
	drive_free(&drive);
}

/* The way past us of a server that takes the other name. */
static void server_names_that_servers_read_differently_are_refused(void **state)
{
	static const struct shape shapes[] = {
		{769, NULL, 0,
			PART("\x00\x00\x00\x12\x00\x10\x00\x00\x05"
			     "a.one\x00\x00\x05"
			     "b.two")},
		{769, NULL, 0, PART(SERVER_NAME SERVER_NAME)},
		{769, NULL, 0, PART("\x00\x00\x00\x05\x00\x03\x00\x00\x00")},
		{769, NULL, 0, PART("\x00\x00\x00\x02\x00\x00")},
		{769, NULL, 0,
			PART("\x00\x00\x00\x0c\x00\x09\x00\x00\x06"
			     "a.test\x00")},
		{769, NULL, 0,
			PART("\x00\x00\x00\x0b\x00\x0a\x00\x00\x06"
			     "a.test")},
		{769, NULL, 0,
			PART("\x00\x00\x00\x0b\x00\x09\x00\x00\x07"
			     "a.test")},
		{769, NULL, 0,
			PART("\x00\x00\x00\x0c\x00\x09\x00\x00\x06"
			     "a.test")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct bytes data = records(&outer, hello(&inner, &shapes[i]), 16384);
		struct say say = {0, data};
		struct drive drive;

		drive_new(&drive, &parser_tls, 8);
		drive_data(&drive, 0, guarded(data.ptr, data.len));
		assert_true(drive.raw[0]);
		drive_end(&drive);
		assert_memory_equal(drive_text(&drive, 0), "hello 0\n bad\n", 13);
		drive_free(&drive);
		guard_free();
		assert_true(same_in_any_cut(&parser_tls, &say, 1));
	}
}

/* Every length of a good hello, set one off, ends in a refusal or a hello, never a crash. */
static void every_changed_byte_is_survived(void **state)
{
	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 16384);
	for (size_t at = 0; at < data.len; at++) {
		for (int by = -1; by <= 1; by += 2) {
			struct drive drive;
			struct bytes copy = guarded(data.ptr, data.len);

			*(uint8_t *)(uintptr_t)(copy.ptr + at) = (uint8_t)(data.ptr[at] + by);
			drive_new(&drive, &parser_tls, 8);
			drive_data(&drive, 0, copy);
			drive_end(&drive);
			assert_true(drive_clean(&drive));
			drive_free(&drive);
			guard_free();
		}
	}
}

static void every_prefix_tells_no_hello(void **state)
{
	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 20);
	for (size_t len = 0; len < data.len; len++) {
		struct say say = {0, guarded(data.ptr, len)};
		struct drive drive;

		drive_new(&drive, &parser_tls, 8);
		drive_data(&drive, 0, say.data);
		drive_end(&drive);
		assert_false(drive_told(&drive, "ja3"));
		drive_free(&drive);
		guard_free();
	}
}

#define DATA                                                                                       \
	"\x17\x03\x03\x00\x05"                                                                     \
	"crypt"

static void application_data_is_skipped_and_counted(void **state)
{
	struct wr all = {0};
	struct drive drive;

	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 16384);
	put(&all, (const char *)data.ptr, data.len);
	put(&all,
		"\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x08"
		"finished" DATA DATA,
		39);
	for (size_t piece = 1; piece <= all.len; piece++) {
		drive_new(&drive, &parser_tls, 8);
		drive_pieces(&drive, 0, bytes_of(all.data, all.len), piece);
		drive_end(&drive);
		assert_string_equal(drive_text(&drive, 0), FIRST);
		assert_int_equal(drive.io.skipped[SKIP_ENCRYPTED], 10);
		drive_free(&drive);
	}
}

static void a_second_hello_behind_change_cipher_spec_is_told(void **state)
{
	struct wr all = {0};
	struct drive drive;

	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 16384);
	put(&all, (const char *)data.ptr, data.len);
	put(&all, "\x14\x03\x03\x00\x01\x01", 6);
	put(&all, (const char *)data.ptr, data.len);
	struct say say = {0, bytes_of(all.data, all.len)};
	assert_true(same_in_any_cut(&parser_tls, &say, 1));
	drive_new(&drive, &parser_tls, 8);
	drive_data(&drive, 0, say.data);
	drive_end(&drive);
	assert_true(drive_told(&drive, "hello 1\n tls.version 0301\n tls.sni a.test\n"));
	drive_free(&drive);
}

static void application_data_without_handshake_is_raw(void **state)
{
	(void)state;
	told(bytes_of(DATA, sizeof(DATA) - 1), "raw \\x17\\x03\\x03\\x00\\x05crypt\n");
}

static void what_is_no_record_is_raw_from_its_first_byte(void **state)
{
	struct wr all = {0};

	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 16384);
	put(&all, (const char *)data.ptr, data.len);
	put(&all, DATA "\x17\x03\x09plain 4111111111111111", 10 + 3 + 22);
	told(bytes_of(all.data, all.len), FIRST "raw \\x17\\x03\\x09plain 4111111111111111\n");
}

static void a_gap_inside_a_record_is_survived(void **state)
{
	struct drive drive;

	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 16384);
	drive_new(&drive, &parser_tls, 8);
	drive_data(&drive, 0, bytes_head(data, 20));
	drive_gap(&drive, 0, 10);
	drive_data(&drive, 0, bytes_skip(data, 30));
	drive_data(&drive, 0,
		bytes_of("\x17\x03\x03\x00\x05"
			 "cr",
			7));
	drive_gap(&drive, 0, 3);
	drive_data(&drive, 0, bytes_of(DATA, 10));
	drive_gap(&drive, 0, 3);
	drive_data(&drive, 0, bytes_of(DATA, 10));
	drive_end(&drive);
	assert_string_equal(
		drive_text(&drive, 0), "hello 0\n gap\nraw \\x17\\x03\\x03\\x00\\x05crypt\n");
	assert_int_equal(drive.io.skipped[SKIP_ENCRYPTED], 7);
	drive_free(&drive);
}

static void without_room_the_hello_is_passed_over(void **state)
{
	struct drive drive;

	(void)state;
	struct bytes data = records(&outer, hello(&inner, &first), 16384);
	drive_new(&drive, &parser_tls, 1);
	assert_int_equal(pool_take(&drive.hold), 1);
	drive_pieces(&drive, 0, data, 50);
	drive_pieces(&drive, 0, bytes_of(DATA, 10), 50);
	pool_give(&drive.hold, 1);
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0), "hello 0\n gap\n");
	assert_int_equal(drive.io.hold_refused, 1);
	assert_int_equal(drive.io.skipped[SKIP_ENCRYPTED], 5);
	drive_free(&drive);
}

static void more_ciphers_than_are_kept_give_no_fingerprint(void **state)
{
	static uint16_t ciphers[400];

	(void)state;
	for (size_t count = 384; count <= 385; count++) {
		const struct shape shape = {769, ciphers, count, PART(SERVER_NAME)};
		struct bytes data = records(&outer, hello(&inner, &shape), 16384);
		struct drive drive;

		drive_new(&drive, &parser_tls, 8);
		drive_data(&drive, 0, data);
		drive_end(&drive);
		assert_int_equal(drive_told(&drive, "ja3.hash"), count == 384);
		assert_int_equal(drive.io.odd, count == 385);
		drive_free(&drive);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_fingerprints_are_told),
		cmocka_unit_test(a_hello_may_lie_in_many_records),
		cmocka_unit_test(grease_is_no_part_of_the_fingerprint),
		cmocka_unit_test(versions_and_protocols_are_told),
		cmocka_unit_test(server_names_that_servers_read_differently_are_refused),
		cmocka_unit_test(every_changed_byte_is_survived),
		cmocka_unit_test(every_prefix_tells_no_hello),
		cmocka_unit_test(application_data_is_skipped_and_counted),
		cmocka_unit_test(a_second_hello_behind_change_cipher_spec_is_told),
		cmocka_unit_test(application_data_without_handshake_is_raw),
		cmocka_unit_test(what_is_no_record_is_raw_from_its_first_byte),
		cmocka_unit_test(a_gap_inside_a_record_is_survived),
		cmocka_unit_test(without_room_the_hello_is_passed_over),
		cmocka_unit_test(more_ciphers_than_are_kept_give_no_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
