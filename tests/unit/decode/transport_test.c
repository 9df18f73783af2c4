#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire.h"

static void end_with(int family, uint8_t proto)
{
	if (family == 4)
		wire_ip4(wire, proto);
	else
		wire_ip6(wire, proto);
}

static size_t ip_len(int family)
{
	return family == 4 ? 20 : 40;
}

static void tcp_fields_are_told_in_host_order(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		wire_clear(wire);
		wire_pattern(wire, 10);
		wire_tcp(wire, 40000, 443);
		end_with(family, PROTO_TCP);
		assert_true(bench_wire(bench, wire));
		const struct packet *p = &bench->packet;
		assert_int_equal(p->tuple.sport, 40000);
		assert_int_equal(p->tuple.dport, 443);
		assert_int_equal(p->seq, 0xa1a2a3a4);
		assert_int_equal(p->ack, 0x01020304);
		assert_int_equal(p->tcp_flags, TCP_PSH | TCP_ACK);
		assert_int_equal(p->window, 0x5678);
		assert_int_equal(p->urgent, 7);
		assert_int_equal(p->flags, 0);
		assert_int_equal(p->payload_len, 10);
		assert_int_equal(p->payload[3], 21);
		assert_int_equal(p->block, 77);
		assert_int_equal(p->frame_number, bench->pos.ord);
		assert_int_equal(p->pos.ord, bench->pos.ord);
		assert_int_equal(p->ts_ns, bench->pos.now_ns);
	}
}

static void a_tcp_offset_must_fit(void **state)
{
	(void)state;
	wire_pattern(wire, 20);
	wire_tcp(wire, 1, 2);
	wire_ip4(wire, PROTO_TCP);
	for (uint8_t words = 0; words <= 15; words++) {
		wire->bytes[wire->start + 20 + 12] = (uint8_t)(words << 4);
		if (words >= 5 && words <= 10) {
			assert_true(bench_wire(bench, wire));
			assert_int_equal(bench->packet.payload_len, 40 - words * 4);
		} else {
			assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
		}
	}
}

static void tcp_options_may_be_cut_by_the_capture(void **state)
{
	(void)state;
	wire_pattern(wire, 40);
	wire_tcp(wire, 1, 2);
	wire_ip4(wire, PROTO_TCP);
	wire->bytes[wire->start + 20 + 12] = 0xa0; /* 20 bytes of options */
	for (size_t n = 40; n <= 80; n++) {
		assert_true(bench_cut(bench, wire_all(wire), n, 80));
		assert_int_equal(bench->packet.payload_len, n < 60 ? 0 : n - 60);
		assert_int_equal(bench->packet.payload_wire, 20);
	}
}

/* 64 bytes of each packet, and the frame's length says so too. */
static void tcp_options_may_be_cut_by_a_mirror(void **state)
{
	(void)state;
	wire_pattern(wire, 40);
	wire_tcp(wire, 1, 2);
	wire_ip4(wire, PROTO_TCP);
	wire->bytes[wire->start + 20 + 12] = 0xa0;
	for (size_t n = 40; n < 60; n++) {
		assert_true(bench_cut(bench, wire_all(wire), n, n));
		assert_int_equal(bench->packet.payload_wire, 0);
	}
	assert_int_equal(bench_counters(bench)->short_frames, 20);
}

static void udp_lengths_must_fit(void **state)
{
	(void)state;
	wire_pattern(wire, 30);
	wire_udp(wire, 1, 2);
	wire_ip4(wire, PROTO_UDP);
	for (uint8_t len = 0; len < 60; len++) {
		wire->bytes[wire->start + 20 + 5] = len;
		if (len > 0 && len < 8) {
			assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
			continue;
		}
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.payload_len, len == 0 || len > 38 ? 30 : len - 8);
	}
	assert_int_equal(bench_counters(bench)->short_frames, 59 - 38);
}

/* A flipped bit anywhere is found; what is found is parsed all the same. */
static void every_flipped_bit_is_a_bad_checksum(void **state)
{
	static const uint8_t protocols[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP};

	(void)state;
	for (int row = 0; row < 6; row++) {
		int family = row % 2 == 0 ? 4 : 6;
		uint8_t proto = protocols[row / 2];

		wire_clear(wire);
		wire_pattern(wire, 133);
		if (proto == PROTO_TCP)
			wire_tcp(wire, 1, 2);
		else if (proto == PROTO_UDP)
			wire_udp(wire, 1, 2);
		else
			wire_icmp(wire, family, 5, 6, 7);
		if (proto == PROTO_ICMP && family == 6)
			proto = PROTO_ICMP6;
		size_t header = WIRE_MAX - 133 - wire->start;
		end_with(family, proto);
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.flags, 0);
		for (size_t bit = 0; bit < 133 * 8; bit++) {
			uint8_t *at = wire->bytes + wire->start + ip_len(family) + header + bit / 8;

			*at ^= (uint8_t)(1 << bit % 8);
			assert_true(bench_wire(bench, wire));
			assert_int_equal(bench->packet.flags, PACKET_BAD_CHECKSUM);
			assert_int_equal(bench->packet.payload_len, 133);
			*at ^= (uint8_t)(1 << bit % 8);
		}
	}
	assert_int_equal(bench_counters(bench)->bad_checksum, 6 * 133 * 8);
}

/* 0 means "none" in IPv4 (RFC 768); in IPv6 only tunnels may leave it out (RFC 6935). */
static void udp_without_a_checksum_is_good_in_version_four(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		wire_clear(wire);
		wire_pattern(wire, 13);
		wire_udp(wire, 1, 2);
		wire->transport = NO_TRANSPORT;
		end_with(family, PROTO_UDP);
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.flags, family == 4 ? 0 : PACKET_BAD_CHECKSUM);
	}
}

/* What a card finishes later: only the pseudo header is summed. */
static void partial_checksums_of_offload_are_just_counted(void **state)
{
	(void)state;
	wire_pattern(wire, 1448);
	wire_tcp(wire, 1, 2);
	wire->transport = NO_TRANSPORT;
	wire_ip4(wire, PROTO_TCP);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.flags, PACKET_BAD_CHECKSUM);
	assert_int_equal(bench->packet.payload_len, 1448);
	assert_int_equal(bench_counters(bench)->bad_checksum, 1);
}

/* The ends of the answer are swapped as wire_*() has but one direction. */
static uint64_t swapped_hash(struct tuple t)
{
	struct tuple back = t;

	back.src = t.dst;
	back.dst = t.src;
	back.sport = t.dport;
	back.dport = t.sport;
	return bench_hash(back);
}

static void both_directions_have_one_hash(void **state)
{
	(void)state;
	wire_pattern(wire, 13);
	wire_udp(wire, 3333, 53);
	wire_ip4(wire, PROTO_UDP);
	assert_true(bench_wire(bench, wire));
	struct packet there = bench->packet;
	uint8_t *ip = wire->bytes + wire->start;
	ip[15] = 2;
	ip[19] = 1;
	memcpy(ip + 20, "\x00\x35\x0d\x05", 4);
	assert_true(bench_wire(bench, wire));
	assert_true(there.hash == bench->packet.hash);
	assert_true(there.hash == swapped_hash(there.tuple));
	ip[15] = 3;
	assert_true(bench_wire(bench, wire));
	assert_true(there.hash != bench->packet.hash);
}

static void echo_request_and_reply_are_one_flow(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		uint8_t proto = family == 4 ? PROTO_ICMP : PROTO_ICMP6;
		uint8_t request = family == 4 ? 8 : 128, reply = family == 4 ? 0 : 129;

		wire_clear(wire);
		wire_pattern(wire, 56);
		wire_icmp(wire, family, request, 0, 0xbeef);
		end_with(family, proto);
		assert_true(bench_wire(bench, wire));
		struct packet there = bench->packet;
		assert_int_equal(there.tuple.sport, 0xbeef);
		assert_int_equal(there.tuple.dport, 0);
		assert_int_equal(there.payload_len, 56);
		assert_int_equal(there.flags, 0);

		wire_clear(wire);
		wire_pattern(wire, 56);
		wire_icmp(wire, family, reply, 0, 0xbeef);
		end_with(family, proto);
		assert_true(bench_wire(bench, wire));
		struct tuple back = bench->packet.tuple;
		assert_int_equal(back.sport, 0);
		assert_int_equal(back.dport, 0xbeef);
		struct tuple turned = back;
		turned.src = back.dst; /* it came from the other end */
		turned.dst = back.src;
		tuple_normalise(&turned);
		tuple_normalise(&there.tuple);
		assert_memory_equal(&turned, &there.tuple, sizeof(turned));
	}
}

static void an_echo_whose_id_is_zero_still_tells_who_asked(void **state)
{
	(void)state;
	for (uint8_t type = 0; type <= 8; type += 8) {
		wire_clear(wire);
		wire_icmp(wire, 4, type, 0, 0);
		wire_ip4(wire, PROTO_ICMP);
		assert_true(bench_wire(bench, wire));
		assert_int_equal(bench->packet.tuple.sport, type == 8 ? 65535 : 0);
		assert_int_equal(bench->packet.tuple.dport, type == 8 ? 0 : 65535);
	}
}

static void other_icmp_has_type_and_code_as_ports(void **state)
{
	(void)state;
	wire_pattern(wire, 28);
	wire_icmp(wire, 4, 3, 1, 0);
	wire_ip4(wire, PROTO_ICMP);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.sport, 3);
	assert_int_equal(bench->packet.tuple.dport, TUPLE_ICMP_CODE + 1);
	assert_int_equal(bench->packet.payload_len, 28);
	wire_clear(wire);
	wire_icmp(wire, 6, 1, 4, 0);
	wire_ip6(wire, PROTO_ICMP6);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.sport, 1);
	assert_int_equal(bench->packet.tuple.dport, TUPLE_ICMP_CODE + 4);
	assert_int_equal(bench->packet.payload_len, 0);
}

static void headers_of_eight_bytes_must_be_there(void **state)
{
	static const uint8_t protocols[] = {PROTO_ICMP, PROTO_UDP, PROTO_TCP};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		wire_clear(wire);
		wire_pattern(wire, i < 2 ? 7 : 19);
		wire_ip4(wire, protocols[i]);
		assert_true(bench_refuses(bench, wire, FRAME_BAD_LENGTH));
	}
}

#define TRANSPORT_TEST(name) cmocka_unit_test_setup_teardown(name, bench_start_raw, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSPORT_TEST(tcp_fields_are_told_in_host_order),
		TRANSPORT_TEST(a_tcp_offset_must_fit),
		TRANSPORT_TEST(tcp_options_may_be_cut_by_the_capture),
		TRANSPORT_TEST(tcp_options_may_be_cut_by_a_mirror),
		TRANSPORT_TEST(udp_lengths_must_fit),
		TRANSPORT_TEST(every_flipped_bit_is_a_bad_checksum),
		TRANSPORT_TEST(udp_without_a_checksum_is_good_in_version_four),
		TRANSPORT_TEST(partial_checksums_of_offload_are_just_counted),
		TRANSPORT_TEST(both_directions_have_one_hash),
		TRANSPORT_TEST(echo_request_and_reply_are_one_flow),
		TRANSPORT_TEST(an_echo_whose_id_is_zero_still_tells_who_asked),
		TRANSPORT_TEST(other_icmp_has_type_and_code_as_ports),
		TRANSPORT_TEST(headers_of_eight_bytes_must_be_there),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
