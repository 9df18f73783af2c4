#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire.h"

static uint8_t *top(void)
{
	return wire->bytes + wire->start;
}

static void udp_start(size_t payload)
{
	wire_clear(wire);
	wire_pattern(wire, payload);
	wire_udp(wire, 53, 5353);
}

static void assert_udp(size_t payload)
{
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.proto, PROTO_UDP);
	assert_int_equal(bench->packet.tuple.sport, 53);
	assert_int_equal(bench->packet.payload_len, payload);
	assert_int_equal(bench->packet.flags & ~PACKET_SWAPPED, 0);
}

static void every_extension_header_is_passed(void **state)
{
	static const uint8_t types[] = {0, 43, 60};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		for (size_t len = 8; len <= 64; len += 8) {
			udp_start(5);
			wire_extension(wire, 17, len);
			if (types[i] == 43)
				top()[3] = 0; /* no segments left */
			wire_ip6(wire, types[i]);
			assert_udp(5);
		}
	}
}

static void a_chain_is_passed_to_depth_and_no_further(void **state)
{
	(void)state;
	for (int count = 0; count <= DECODE_DEPTH; count++) {
		udp_start(5);
		uint8_t next = 17;
		for (int i = 0; i < count; i++, next = 60)
			wire_extension(wire, next, 8);
		wire_ip6(wire, next);
		if (count < DECODE_DEPTH)
			assert_udp(5);
		else
			assert_true(bench_refuses(bench, wire, FRAME_DEPTH));
	}
}

static void a_chain_of_all_kinds_is_passed(void **state)
{
	static const uint8_t ah[24] = {60, 4};

	(void)state;
	udp_start(5);
	wire_extension(wire, 17, 8);
	wire_put(wire, ah, sizeof(ah));
	wire_put32(wire, 99); /* an atomic fragment */
	wire_put32(wire, 51u << 24);
	wire_extension(wire, 44, 24);
	top()[3] = 0; /* routing: no segments left */
	wire_extension(wire, 43, 16);
	wire_extension(wire, 60, 8);
	wire_ip6(wire, 0);
	assert_udp(5);
}

static void what_cannot_be_read_is_opaque(void **state)
{
	static const uint8_t types[] = {4, 41, 50, 59, 132, 135, 139, 140, 1, 253};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		wire_clear(wire);
		wire_pattern(wire, 24);
		wire_ip6(wire, types[i]);
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.flags, PACKET_OPAQUE);
		assert_int_equal(bench->packet.tuple.proto, types[i]);
		assert_int_equal(bench->packet.payload_len, 24);
	}
}

static void an_extension_header_beyond_the_payload_is_bad(void **state)
{
	static const uint8_t types[] = {0, 43, 51, 60};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		wire_clear(wire);
		wire_extension(wire, 17, 16);
		top()[1] = 255;
		wire_ip6(wire, types[i]);
		assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
	}
	wire_clear(wire);
	wire_put(wire, "\x11", 1);
	wire_ip6(wire, 60);
	assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
}

static void broken_options_do_not_hide_the_transport(void **state)
{
	(void)state;
	udp_start(5);
	wire_extension(wire, 17, 8);
	top()[2] = 0xc9; /* a home address of 200 bytes in a header of 8 */
	top()[3] = 200;
	wire_ip6(wire, 60);
	assert_udp(5);
}

static void jumbo(uint32_t len)
{
	wire_put32(wire, len);
	wire_put32(wire, 0x1100c204);
	wire_ip6(wire, 0);
	top()[4] = top()[5] = 0;
}

/* RFC 2675: hop-by-hop options with the length, IPv6 and UDP lengths 0. */
static void a_jumbogram_has_its_length_in_an_option(void **state)
{
	(void)state;
	udp_start(256u << 10);
	jumbo((256u << 10) + 8 + 8);
	assert_udp(256u << 10);
	udp_start(70000); /* 1,000 of them behind the jumbogram */
	wire->transport = NO_TRANSPORT;
	jumbo(69000 + 8 + 8);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 69000);
}

static void a_jumbogram_must_be_one(void **state)
{
	(void)state;
	udp_start(70000);
	jumbo(65535);
	assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
	udp_start(65536 - 16);
	jumbo(65536);
	assert_udp(65536 - 16);
	udp_start(70000);
	jumbo(UINT32_MAX);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 70000);
	assert_int_equal(bench_counters(bench)->short_frames, 1);
}

static void a_jumbo_option_beside_a_length_is_not_believed(void **state)
{
	(void)state;
	udp_start(20);
	wire_put32(wire, 70000);
	wire_put32(wire, 0x1100c204);
	wire_ip6(wire, 0);
	assert_udp(20);
}

static void payload_length_zero_takes_the_frame(void **state)
{
	(void)state;
	wire_pattern(wire, 100000);
	wire_tcp(wire, 1, 2);
	wire_ip6(wire, PROTO_TCP);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 100000);
	assert_int_equal(bench->packet.flags, 0);
	wire_clear(wire); /* but not where nothing follows: that is the link's padding */
	wire_pattern(wire, 6);
	wire_ip6(wire, 59);
	top()[5] = 0;
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_wire, 0);
}

static void padding_behind_the_payload_length_is_not_payload(void **state)
{
	(void)state;
	wire_pattern(wire, 12 + 6);
	wire_udp(wire, 53, 5353);
	top()[5] = 8 + 12;
	wire->transport = NO_TRANSPORT;
	wire_ip6(wire, 17);
	top()[5] = 8 + 12;
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 12);
}

/* The sum is made over the final destination (RFC 8200 section 8.1), the tuple
 * keeps the header's: who is on the wire is not for the sender to say. */
static void routing_headers_change_the_sum_and_not_the_tuple(void **state)
{
	static const uint8_t final[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
	static const uint8_t types[] = {0, 2, 4};
	static const uint8_t hop[16] = {0xfd, [15] = 9};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		udp_start(5);
		uint8_t header[40] = {17, 4, types[i], 2};
		memcpy(header + 8, types[i] == 0 ? hop : final, 16);
		memcpy(header + 24, types[i] == 0 ? final : hop, 16);
		wire_put(wire, header, sizeof(header));
		wire_ip6(wire, 43); /* made the sum over 2001:db8::2 */
		top()[24] = 0xfd;   /* now on its way elsewhere */
		assert_udp(5);
		assert_int_equal(bench->packet.tuple.dst.b[0], 0xfd);
		top()[40 + 3] = 0; /* no segments left: the header's destination is the last */
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.flags, PACKET_BAD_CHECKSUM);
	}
}

static void a_home_address_changes_the_sum_and_not_the_tuple(void **state)
{
	static const uint8_t home[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

	(void)state;
	udp_start(5);
	wire_put(wire, home, sizeof(home));
	wire_put16(wire, 0xc910);
	wire_put32(wire, 0x01010000); /* PadN of one byte, Pad1 */
	wire_put16(wire, 0x1102);
	wire_ip6(wire, 60);
	top()[8] = 0xfc; /* sent from a care-of address */
	assert_udp(5);
	assert_int_equal(bench->packet.tuple.src.b[0], 0xfc);
}

#define IP6_TEST(name) cmocka_unit_test_setup_teardown(name, bench_start_raw, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IP6_TEST(every_extension_header_is_passed),
		IP6_TEST(a_chain_is_passed_to_depth_and_no_further),
		IP6_TEST(a_chain_of_all_kinds_is_passed),
		IP6_TEST(what_cannot_be_read_is_opaque),
		IP6_TEST(an_extension_header_beyond_the_payload_is_bad),
		IP6_TEST(broken_options_do_not_hide_the_transport),
		IP6_TEST(a_jumbogram_has_its_length_in_an_option),
		IP6_TEST(a_jumbogram_must_be_one),
		IP6_TEST(a_jumbo_option_beside_a_length_is_not_believed),
		IP6_TEST(payload_length_zero_takes_the_frame),
		IP6_TEST(padding_behind_the_payload_length_is_not_payload),
		IP6_TEST(routing_headers_change_the_sum_and_not_the_tuple),
		IP6_TEST(a_home_address_changes_the_sum_and_not_the_tuple),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
