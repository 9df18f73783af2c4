#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/frame.h"
#include "encode.h"
#include "reading.h"

#define UNITS UINT64_C(1700000000123456) /* microseconds */

static void every_packet_block_is_read_in_both_byte_orders(void **state)
{
	static const uint8_t junk[40] = {1, 2, 3};
	struct reading r;

	(void)state;
	for (int big = 0; big < 2; big++) {
		struct encode e = {.big = big};

		encode_section(&e);
		encode_interface(&e, LINK_ETHERNET, 0, -1, 0);
		encode_block(&e, 4, junk, sizeof(junk));          /* names */
		encode_block(&e, 0x80000bad, junk, sizeof(junk)); /* nobody knows it */
		encode_packet(&e, 0, UNITS, 61, 1514, 1);
		encode_obsolete(&e, 0, UNITS + 1, 62, 1515, 2);
		encode_simple(&e, 63, 63, 3);
		encode_block(&e, 5, NULL, 0); /* statistics without a body */
		encode_packet(&e, 0, UNITS - 5, 0, 0, 0);
		for (uint32_t batch = 1; batch <= 5; batch++) {
			read_bytes(&r, encode_bytes(&e), batch);
			assert_string_equal(r.error, "");
			assert_string_equal(r.damage, "");
			assert_int_equal(r.count, 4);
			assert_int_equal(r.frames[0].ts_ns, UNITS * 1000);
			assert_int_equal(r.frames[1].ts_ns, UNITS * 1000 + 1000);
			assert_int_equal(r.frames[2].ts_ns, r.frames[1].ts_ns);
			assert_int_equal(r.frames[3].ts_ns, UNITS * 1000 - 5000);
			assert_int_equal(r.frames[0].wirelen, 1514);
			assert_int_equal(r.frames[1].wirelen, 1515);
			assert_int_equal(r.frames[2].wirelen, 63);
			for (uint8_t f = 0; f < 3; f++) {
				assert_int_equal(r.frames[f].caplen, 61 + f);
				assert_int_equal(r.frames[f].fill, 1 + f);
				assert_int_equal(r.frames[f].number, 1 + f);
				assert_true(r.frames[f].right_bytes);
			}
		}
		encode_free(&e);
	}
}

static void a_section_may_change_order_interfaces_and_links(void **state)
{
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_section(&e);
	encode_interface(&e, LINK_ETHERNET, 0, -1, 0);
	encode_interface(&e, LINK_RAW, 0, 9, 0);
	encode_packet(&e, 1, UNITS * 1000 + 7, 10, 10, 1);
	encode_packet(&e, 0, UNITS, 10, 10, 2);
	e.big = true;
	encode_section(&e);
	encode_interface(&e, LINK_LINUX_SLL, 0, 3, 0);
	encode_packet(&e, 0, UNITS / 1000, 10, 10, 3);
	e.big = false;
	encode_section(&e);
	encode_interface(&e, LINK_NULL, 0, -1, 0);
	encode_obsolete(&e, 0, UNITS, 10, 10, 4);
	encode_packet(&e, 1, UNITS, 10, 10, 5); /* of the first section: gone */
	read_bytes(&r, encode_bytes(&e), 8);
	assert_int_equal(r.count, 4);
	assert_int_equal(r.frames[0].link, LINK_RAW);
	assert_int_equal(r.frames[0].ts_ns, UNITS * 1000 + 7);
	assert_int_equal(r.frames[1].link, LINK_ETHERNET);
	assert_int_equal(r.frames[1].ts_ns, UNITS * 1000);
	assert_int_equal(r.frames[2].link, LINK_LINUX_SLL);
	assert_int_equal(r.frames[2].ts_ns, UNITS / 1000 * 1000000);
	assert_int_equal(r.frames[3].link, LINK_NULL);
	assert_int_equal(r.frames[3].fill, 4);
	assert_non_null(strstr(r.damage, "packet of interface 1 of 1 at offset "));
	encode_free(&e);
}

/* Expected values by python3: min(max(units * 10**9 // resolution + offset * 10**9, 0), 2**63 - 1).
 */
static void stamps_are_counted_in_the_units_of_their_interface(void **state)
{
	static const struct {
		int resolution;
		int64_t offset_s;
		uint64_t units, ns;
	} rows[] = {
		{0, 0, 1700000000, 1700000000000000000},
		{1, 0, 17000000005, 1700000000500000000},
		{6, 0, 1700000000000001, 1700000000000001000},
		{9, 0, 1700000000000000001, 1700000000000000001},
		{10, 0, UINT64_C(17000000000000000019), 1700000000000000001},
		{12, 0, 999, 0},
		{12, 0, UINT64_MAX, 18446744073709551},
		{28, 0, UINT64_MAX, 1},
		{127, 0, UINT64_MAX, 0},
		{0x80, 0, 1700000000, 1700000000000000000},
		{0x80 | 1, 0, 3400000001, 1700000000500000000},
		{0x80 | 20, 0, UINT64_C(1782579200000001), 1700000000000000953},
		{0x80 | 32, 0, UINT64_C(7301444404977328783), 1700000000413816604},
		{0x80 | 63, 0, UINT64_MAX, 1999999999},
		{0x80 | 127, 0, UINT64_MAX, 0},
		{6, 1700000000, 5, 1700000000000005000},
		{6, -1, 1000007, 7000},
		{6, -2, 1000007, 0},
		{0, 0, UINT64_MAX, INT64_MAX},
		{9, 0, UINT64_MAX, INT64_MAX},
		{6, INT64_MAX, 0, INT64_MAX},
		{6, INT64_MIN, UINT64_MAX, 0},
	};
	struct reading r;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct encode e = {.big = i % 2 == 1};
		size_t row = i / 2;

		encode_section(&e);
		encode_interface(&e, 1, 0, rows[row].resolution, rows[row].offset_s);
		encode_packet(&e, 0, rows[row].units, 10, 10, 1);
		read_bytes(&r, encode_bytes(&e), 8);
		assert_int_equal(r.count, 1);
		assert_int_equal(r.frames[0].ts_ns, rows[row].ns);
		encode_free(&e);
	}
}

static void a_simple_packet_is_as_long_as_its_block_its_wire_and_its_snaplen(void **state)
{
	static const struct {
		uint32_t snaplen, in_block, wirelen, caplen;
	} rows[] = {{0, 60, 60, 60}, {0, 60, 1514, 60}, {0, 60, 57, 57}, {40, 60, 57, 40},
		{40, 20, 57, 20}, {64, 0, 0, 0}};
	struct reading r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct encode e = {.big = false};

		encode_section(&e);
		encode_interface(&e, 1, rows[i].snaplen, -1, 0);
		encode_simple(&e, rows[i].in_block, rows[i].wirelen, 9);
		read_bytes(&r, encode_bytes(&e), 8);
		assert_int_equal(r.count, 1);
		assert_int_equal(r.frames[0].caplen, rows[i].caplen);
		assert_int_equal(r.frames[0].wirelen, rows[i].wirelen);
		assert_int_equal(r.frames[0].ts_ns, 0);
		encode_free(&e);
	}
}

static void a_file_cut_at_any_byte_counts_up_to_the_cut(void **state)
{
	struct reading r;
	char text[64];

	(void)state;
	for (int big = 0; big < 2; big++) {
		struct encode e = {.big = big};
		size_t ends[6] = {0};

		encode_section(&e);
		ends[1] = e.len;
		encode_interface(&e, 1, 0, 9, 0);
		ends[2] = e.len;
		encode_packet(&e, 0, UNITS, 13, 13, 1);
		ends[3] = e.len;
		encode_simple(&e, 14, 14, 2);
		ends[4] = e.len;
		encode_obsolete(&e, 0, UNITS, 15, 15, 3);
		ends[5] = e.len;
		for (size_t len = 4; len <= e.len; len++) {
			int whole = 0;

			while (whole < 5 && len >= ends[whole + 1])
				whole++;
			read_bytes(&r, bytes_of(e.data, len), 8);
			assert_string_equal(r.error, "");
			assert_int_equal(r.count, whole > 2 ? whole - 2 : 0);
			snprintf(text, sizeof(text), "truncated block%s at offset %zu",
				len - ends[whole] < 12 ? " header" : "", ends[whole]);
			assert_string_equal(r.damage, len == ends[whole] ? "" : text);
		}
		encode_free(&e);
	}
}

/* A good section and interface (60 bytes in all) and a packet, then 12 to 64 bytes of the case. */
static void a_broken_block_is_damage_at_its_offset(void **state)
{
	static const struct {
		const char *text;
		uint32_t words[16];
		uint32_t count;
	} rows[] = {
		{"block of 0 bytes", {6, 0, 0}, 3},
		{"block of 8 bytes", {6, 8, 8}, 3},
		{"block of 13 bytes", {6, 13, 13, 13}, 4},
		{"block of 16777220 bytes, over 16 MiB,", {6, 16777220, 0, 0}, 4},
		{"block of 4294967292 bytes, over 16 MiB,", {7, 4294967292, 0, 0}, 4},
		{"truncated block", {7, 16777216, 0, 0}, 4},
		{"block with two lengths, 16 and 20,", {7, 16, 0, 20}, 4},
		{"short packet block", {6, 28, 0, 0, 0, 0, 28}, 7},
		{"short packet block", {2, 12, 12}, 3},
		{"short packet block", {3, 12, 12}, 3},
		{"packet of 5 bytes in a block with 4", {6, 36, 0, 0, 0, 5, 5, 0, 36}, 9},
		{"packet of 4294967295 bytes in a block with 0",
			{6, 32, 0, 0, 0, 0xffffffff, 5, 32}, 8},
		{"packet of 2147483648 bytes in a block with 0",
			{2, 32, 0, 0, 0, 0x80000000, 5, 32}, 8},
		{"packet of interface 1 of 1", {6, 32, 1, 0, 0, 0, 0, 32}, 8},
		{"packet of interface 4294967295 of 1", {6, 32, 0xffffffff, 0, 0, 0, 0, 32}, 8},
		{"short interface description", {1, 16, 1, 16}, 4},
		{"interface option beyond its block", {1, 24, 1, 0, 0x00050001, 24}, 6},
		{"section without a byte-order magic", {0x0a0d0d0a, 28, 0x1a2b3c4e, 1, 0, 0, 28},
			7},
		{"short section header", {0x0a0d0d0a, 24, 0x1a2b3c4d, 1, 0, 24}, 6},
		{"pcapng version 2.0, known is 1,", {0x0a0d0d0a, 28, 0x1a2b3c4d, 2, 0, 0, 28}, 7},
	};
	struct reading r;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct encode e = {.big = false};

		encode_section(&e);
		encode_interface(&e, 1, 0, -1, 0);
		encode_packet(&e, 0, UNITS, 10, 10, 1);
		snprintf(text, sizeof(text), "%s at offset %zu", rows[i].text, e.len);
		for (uint32_t w = 0; w < rows[i].count; w++)
			encode_u32(&e, rows[i].words[w]);
		read_bytes(&r, encode_bytes(&e), 8);
		assert_string_equal(r.damage, text);
		assert_int_equal(r.count, 1);
		encode_free(&e);
	}
}

static void a_simple_packet_needs_an_interface_of_its_section(void **state)
{
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_section(&e);
	encode_interface(&e, 1, 0, -1, 0);
	encode_simple(&e, 10, 10, 1);
	encode_section(&e);
	encode_simple(&e, 10, 10, 1);
	read_bytes(&r, encode_bytes(&e), 8);
	assert_int_equal(r.count, 1);
	assert_non_null(strstr(r.damage, "packet of interface 0 of 0 at offset "));
	encode_free(&e);
}

static void options_of_a_wrong_length_change_nothing(void **state)
{
	/* LINK_ETHERNET, no snaplen; if_tsresol of 2 bytes; if_tsoffset of 4; no end of options. */
	static const uint8_t body[] = {
		1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0, 9, 9, 0, 0, 14, 0, 4, 0, 1, 0, 0, 0};
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_section(&e);
	encode_block(&e, 1, body, sizeof(body));
	encode_packet(&e, 0, UNITS, 10, 10, 1);
	read_bytes(&r, encode_bytes(&e), 8);
	assert_string_equal(r.damage, "");
	assert_int_equal(r.frames[0].ts_ns, UNITS * 1000);
	encode_free(&e);
}

static void interfaces_are_65536_and_no_more(void **state)
{
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_section(&e);
	for (uint32_t i = 0; i < 65536; i++)
		encode_interface(&e, (uint16_t)i, 0, -1, 0);
	encode_packet(&e, 65535, UNITS, 10, 10, 1);
	read_bytes(&r, encode_bytes(&e), 8);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.frames[0].link, 65535);
	assert_string_equal(r.damage, "");
	encode_interface(&e, 1, 0, -1, 0);
	encode_packet(&e, 65535, UNITS, 10, 10, 1);
	read_bytes(&r, encode_bytes(&e), 8);
	assert_int_equal(r.count, 1);
	assert_non_null(strstr(r.damage, "more than 65536 interfaces at offset "));
	encode_free(&e);
}

static void a_block_of_16_mib_is_read(void **state)
{
	struct encode e = {.big = false};
	struct reading r;
	uint8_t *junk = calloc(1, (16u << 20) - 12);

	(void)state;
	assert_non_null(junk);
	encode_section(&e);
	encode_interface(&e, 1, 0, -1, 0);
	encode_block(&e, 99, junk, (16u << 20) - 12);
	encode_packet(&e, 0, UNITS, 10, 10, 1);
	read_bytes(&r, encode_bytes(&e), 8);
	assert_string_equal(r.damage, "");
	assert_int_equal(r.count, 1);
	encode_free(&e);
	free(junk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_block_is_read_in_both_byte_orders),
		cmocka_unit_test(a_section_may_change_order_interfaces_and_links),
		cmocka_unit_test(stamps_are_counted_in_the_units_of_their_interface),
		cmocka_unit_test(a_simple_packet_is_as_long_as_its_block_its_wire_and_its_snaplen),
		cmocka_unit_test(a_file_cut_at_any_byte_counts_up_to_the_cut),
		cmocka_unit_test(a_broken_block_is_damage_at_its_offset),
		cmocka_unit_test(a_simple_packet_needs_an_interface_of_its_section),
		cmocka_unit_test(options_of_a_wrong_length_change_nothing),
		cmocka_unit_test(interfaces_are_65536_and_no_more),
		cmocka_unit_test(a_block_of_16_mib_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
