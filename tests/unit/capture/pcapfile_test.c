#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/frame.h"
#include "encode.h"
#include "reading.h"

static const struct {
	uint32_t magic;
	uint64_t unit_ns;
	bool modified;
} forms[] = {
	{PCAP_MICRO, 1000, false},
	{PCAP_NANO, 1, false},
	{PCAP_MODIFIED, 1000, true},
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void encode_three(struct encode *e, uint32_t magic, bool modified)
{
	encode_pcap(e, magic, LINK_ETHERNET);
	encode_record(e, modified, 1700000000, 123456, 60, 60, 1);
	encode_record(e, modified, 1700000001, 0, 96, 1514, 2);
	encode_record(e, modified, UINT32_MAX, 999999, 0, 0, 0);
}

static void every_form_is_read_in_both_byte_orders(void **state)
{
	struct reading r;

	(void)state;
	for (size_t i = 0; i < 2 * FORMS; i++) {
		struct encode e = {.big = i >= FORMS};
		uint64_t unit = forms[i % FORMS].unit_ns;

		encode_three(&e, forms[i % FORMS].magic, forms[i % FORMS].modified);
		for (uint32_t batch = 1; batch <= 4; batch++) {
			read_bytes(&r, encode_bytes(&e), batch);
			assert_string_equal(r.error, "");
			assert_string_equal(r.damage, "");
			assert_int_equal(r.count, 3);
			assert_int_equal(r.frames[0].ts_ns, 1700000000000000000 + 123456 * unit);
			assert_int_equal(r.frames[1].ts_ns, 1700000001000000000);
			assert_int_equal(r.frames[2].ts_ns, 4294967295000000000 + 999999 * unit);
			assert_int_equal(r.frames[0].fill, 1);
			assert_int_equal(r.frames[1].fill, 2);
			assert_int_equal(r.frames[0].caplen, 60);
			assert_int_equal(r.frames[1].caplen, 96);
			assert_int_equal(r.frames[1].wirelen, 1514);
			assert_int_equal(r.frames[2].caplen, 0);
			for (uint32_t f = 0; f < 3; f++) {
				assert_true(r.frames[f].right_bytes);
				assert_int_equal(r.frames[f].number, f + 1);
				assert_int_equal(r.frames[f].link, LINK_ETHERNET);
				assert_int_equal(r.frames[f].vlan, 0);
			}
			assert_int_equal(r.input_frames, 3);
			assert_int_equal(r.input_bytes, 60 + 1514);
		}
		encode_free(&e);
	}
}

/* Cut anywhere, all records before the cut count and the damage has the offset
 * of the first one that is not whole. */
static void a_file_cut_at_any_byte_counts_up_to_the_cut(void **state)
{
	struct reading r;
	char text[64];

	(void)state;
	for (size_t i = 0; i < 2 * FORMS; i++) {
		struct encode e = {.big = i >= FORMS};
		size_t header = forms[i % FORMS].modified ? 24 : 16;
		size_t starts[] = {
			24, 24 + header + 60, 24 + 2 * header + 156, 24 + 3 * header + 156};

		encode_three(&e, forms[i % FORMS].magic, forms[i % FORMS].modified);
		assert_int_equal(e.len, starts[3]);
		for (size_t len = 4; len <= e.len; len++) {
			uint32_t whole = 0;

			while (whole < 3 && len >= starts[whole + 1])
				whole++;
			read_bytes(&r, bytes_of(e.data, len), 32);
			assert_string_equal(r.error, "");
			assert_int_equal(r.count, whole);
			if (len < 24)
				snprintf(text, sizeof(text), "truncated file header at offset 0");
			else if (len == starts[whole])
				text[0] = '\0';
			else
				snprintf(text, sizeof(text), "truncated record%s at offset %zu",
					len - starts[whole] < header ? " header" : "",
					starts[whole]);
			assert_string_equal(r.damage, text);
		}
		encode_free(&e);
	}
}

static void less_than_a_magic_is_no_capture(void **state)
{
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	read_bytes(&r, bytes_of(e.data, 3), 1);
	assert_string_equal(r.error, "a.pcap: not a capture: begins with d4 c3 b2, known are pcap "
				     "and pcapng, plain or gzip'd");
	read_bytes(&r, bytes_of("%PDF-1.7", 8), 1);
	assert_string_equal(r.error, "a.pcap: not a capture: begins with 25 50 44 46, known are "
				     "pcap and pcapng, plain or gzip'd");
	read_bytes(&r, bytes_of("", 0), 1);
	assert_string_equal(r.error, "a.pcap: not a capture: begins with nothing, known are pcap "
				     "and pcapng, plain or gzip'd");
	encode_free(&e);
}

static void a_record_of_an_absurd_length_is_damage(void **state)
{
	static const uint32_t lens[] = {0x7fffffff, 0x80000000, 0xffffffff, (16u << 20) - 15};
	struct reading r;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct encode e = {.big = i % 2 == 1};

		encode_pcap(&e, PCAP_MICRO, 1);
		encode_record(&e, false, 1, 0, 10, 10, 1);
		encode_u32(&e, 2);
		encode_u32(&e, 0);
		encode_u32(&e, lens[i]);
		encode_u32(&e, lens[i]);
		encode_raw(&e, text, 64);
		read_bytes(&r, encode_bytes(&e), 8);
		assert_int_equal(r.count, 1);
		snprintf(text, sizeof(text), "record of %u bytes, over 16 MiB, at offset 50",
			lens[i]);
		assert_string_equal(r.damage, text);
		encode_free(&e);
	}
}

static void a_record_of_16_mib_is_read(void **state)
{
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	encode_record(&e, false, 1, 0, (16u << 20) - 16, 9, 1);
	encode_record(&e, false, 2, 0, 4, 4, 2);
	read_bytes(&r, encode_bytes(&e), 8);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.frames[0].caplen, (16u << 20) - 16);
	assert_true(r.frames[0].right_bytes);
	assert_string_equal(r.damage, "");
	encode_free(&e);
}

static void lengths_of_old_versions_stand_the_other_way_round(void **state)
{
	struct encode e = {.big = false};
	struct reading r;

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	encode_record(&e, false, 1, 0, 20, 20, 1);
	e.data[24 + 8] = 90; /* first the length on the wire */
	for (uint8_t minor = 0; minor <= 4; minor++) {
		e.data[6] = minor;
		read_bytes(&r, encode_bytes(&e), 8);
		assert_int_equal(r.count, minor < 4 ? 1 : 0);
		if (minor < 4) {
			assert_int_equal(r.frames[0].caplen, 20);
			assert_int_equal(r.frames[0].wirelen, 90);
		}
	}
	encode_free(&e);
}

static void another_major_version_is_damage(void **state)
{
	struct encode e = {.big = true};
	struct reading r;

	(void)state;
	encode_three(&e, PCAP_MICRO, false);
	e.data[5] = 1;
	read_bytes(&r, encode_bytes(&e), 8);
	assert_int_equal(r.count, 0);
	assert_string_equal(r.damage, "pcap version 1.4, known is 2, at offset 4");
	encode_free(&e);
}

static void the_link_type_comes_without_its_flags(void **state)
{
	static const struct {
		uint32_t in;
		uint16_t out;
	} rows[] = {{LINK_LINUX_SLL2, LINK_LINUX_SLL2}, {0x24000001, 1}, {0x03ffffff, 0xffff},
		{0x00010001, 0xffff}};
	struct reading r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct encode e = {.big = false};

		encode_pcap(&e, PCAP_MICRO, rows[i].in);
		encode_record(&e, false, 1, 0, 20, 20, 1);
		read_bytes(&r, encode_bytes(&e), 8);
		assert_int_equal(r.count, 1);
		assert_int_equal(r.frames[0].link, rows[i].out);
		encode_free(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_read_in_both_byte_orders),
		cmocka_unit_test(a_file_cut_at_any_byte_counts_up_to_the_cut),
		cmocka_unit_test(less_than_a_magic_is_no_capture),
		cmocka_unit_test(a_record_of_an_absurd_length_is_damage),
		cmocka_unit_test(a_record_of_16_mib_is_read),
		cmocka_unit_test(lengths_of_old_versions_stand_the_other_way_round),
		cmocka_unit_test(another_major_version_is_damage),
		cmocka_unit_test(the_link_type_comes_without_its_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
