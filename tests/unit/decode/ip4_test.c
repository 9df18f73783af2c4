#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire.h"

static uint8_t *ip(void)
{
	return wire->bytes + wire->start;
}

static void ends_are_told_from_source_to_destination(void **state)
{
	struct addr src = addr_from4(0x0a000001), dst = addr_from4(0x0a000002);

	(void)state;
	wire_pattern(wire, 9);
	wire_tcp(wire, 40000, 443);
	wire_ip4(wire, PROTO_TCP);
	assert_true(bench_wire(bench, wire));
	assert_memory_equal(&bench->packet.tuple.src, &src, sizeof(src));
	assert_memory_equal(&bench->packet.tuple.dst, &dst, sizeof(dst));
	assert_int_equal(bench->packet.tuple.zero, 0);
}

static void padding_behind_the_total_length_is_not_payload(void **state)
{
	(void)state;
	wire_pattern(wire, 18); /* the link's */
	wire->transport = NO_TRANSPORT;
	struct wire *inner = wire_new();
	wire_pattern(inner, 3);
	wire_tcp(inner, 1, 2);
	wire_ip4(inner, PROTO_TCP);
	wire_put(wire, wire_all(inner).ptr, wire_all(inner).len);
	free(inner);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 3);
	assert_int_equal(bench->packet.payload_wire, 3);
	assert_int_equal(bench->packet.flags, 0);
}

static void options_are_passed(void **state)
{
	(void)state;
	for (int words = 5; words <= 15; words++) {
		wire_clear(wire);
		wire_pattern(wire, 4);
		wire_udp(wire, 7, 8);
		wire_ip4(wire, PROTO_UDP); /* makes the transport's sum */
		uint8_t header[60] = {0};
		memcpy(header, ip(), 20);
		wire->start += 20;
		header[0] = (uint8_t)(0x40 | words);
		header[3] = (uint8_t)(words * 4 + 12);
		wire_put(wire, header, (size_t)words * 4);
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.tuple.dport, 8);
		assert_int_equal(bench->packet.payload_len, 4);
	}
}

static void a_header_length_below_five_words_is_bad(void **state)
{
	(void)state;
	wire_pattern(wire, 30);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP);
	for (uint8_t words = 0; words < 5; words++) {
		ip()[0] = 0x40 | words;
		assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
	}
}

static void a_total_length_within_the_header_is_bad(void **state)
{
	(void)state;
	wire_pattern(wire, 30);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP);
	for (uint8_t total = 1; total < 20; total++) {
		ip()[2] = 0;
		ip()[3] = total;
		assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
	}
	ip()[3] = 20;
	assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH)); /* no room for UDP */
}

/* What segmentation offload leaves on frames beyond 64 KiB. */
static void total_length_zero_takes_the_frame(void **state)
{
	(void)state;
	wire_pattern(wire, 200000);
	wire_tcp(wire, 1, 2);
	wire_ip4(wire, PROTO_TCP);
	assert_int_equal(ip()[2] | ip()[3], 0);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 200000);
	assert_int_equal(bench->packet.flags, 0);
}

static void a_total_length_beyond_the_frame_takes_what_is_there(void **state)
{
	(void)state;
	wire_pattern(wire, 50);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP);
	ip()[3]++;
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 50);
	assert_int_equal(bench->packet.payload_wire, 50);
	assert_int_equal(bench->packet.flags, PACKET_BAD_CHECKSUM); /* the header's */
	assert_int_equal(bench_counters(bench)->short_frames, 1);
}

static void a_cut_frame_tells_what_was_on_the_wire(void **state)
{
	(void)state;
	wire_pattern(wire, 50);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP);
	assert_true(bench_cut(bench, wire_all(wire), 20 + 8 + 11, 78));
	assert_int_equal(bench->packet.payload_len, 11);
	assert_int_equal(bench->packet.payload_wire, 50);
	assert_int_equal(bench->packet.wire_len, 78);
	assert_int_equal(bench->packet.flags, 0); /* a sum over a part says nothing */
	assert_int_equal(bench_counters(bench)->short_frames, 0);
}

static void a_wire_length_below_the_captured_one_is_a_lie(void **state)
{
	(void)state;
	wire_pattern(wire, 50);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP);
	assert_true(bench_cut(bench, wire_all(wire), 78, 10));
	assert_int_equal(bench->packet.payload_wire, 50);
	assert_int_equal(bench->packet.wire_len, 78);
}

static void a_bad_header_checksum_is_told_and_parsed_all_the_same(void **state)
{
	(void)state;
	wire_pattern(wire, 5);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP);
	ip()[8]--; /* a router that forgot the sum */
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.flags, PACKET_BAD_CHECKSUM);
	assert_int_equal(bench->packet.tuple.dport, 8);
	assert_int_equal(bench_counters(bench)->bad_checksum, 1);
}

static void authentication_headers_are_passed(void **state)
{
	static const uint8_t ah[24] = {17, 4, [7] = 9, [11] = 1};

	(void)state;
	wire_pattern(wire, 5);
	wire_udp(wire, 7, 8);
	wire_ip4(wire, PROTO_UDP); /* makes the sum */
	uint8_t header[20];
	memcpy(header, ip(), 20);
	wire->start += 20;
	wire_put(wire, ah, sizeof(ah));
	wire_ip4(wire, 51);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.dport, 8);
	assert_int_equal(bench->packet.tuple.proto, PROTO_UDP);
	assert_int_equal(bench->packet.flags, 0);
}

/* IPv6's extension headers are protocols like any other here. */
static void other_protocols_are_opaque(void **state)
{
	static const uint8_t protocols[] = {0, 2, 43, 44, 47, 50, 58, 59, 60, 132, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(protocols); i++) {
		wire_clear(wire);
		wire_pattern(wire, 33);
		wire_ip4(wire, protocols[i]);
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.flags, PACKET_OPAQUE);
		assert_int_equal(bench->packet.tuple.proto, protocols[i]);
		assert_int_equal(bench->packet.tuple.sport | bench->packet.tuple.dport, 0);
		assert_int_equal(bench->packet.payload_len, 33);
	}
}

#define IP4_TEST(name) cmocka_unit_test_setup_teardown(name, bench_start_raw, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IP4_TEST(ends_are_told_from_source_to_destination),
		IP4_TEST(padding_behind_the_total_length_is_not_payload),
		IP4_TEST(options_are_passed),
		IP4_TEST(a_header_length_below_five_words_is_bad),
		IP4_TEST(a_total_length_within_the_header_is_bad),
		IP4_TEST(total_length_zero_takes_the_frame),
		IP4_TEST(a_total_length_beyond_the_frame_takes_what_is_there),
		IP4_TEST(a_cut_frame_tells_what_was_on_the_wire),
		IP4_TEST(a_wire_length_below_the_captured_one_is_a_lie),
		IP4_TEST(a_bad_header_checksum_is_told_and_parsed_all_the_same),
		IP4_TEST(authentication_headers_are_passed),
		IP4_TEST(other_protocols_are_opaque),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
