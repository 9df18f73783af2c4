#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire.h"

static uint32_t seen_vni;
static uint16_t seen_vlans[DECODE_DEPTH];
static uint32_t seen_vlan_cnt;

static uint16_t note(
	const void *self, uint16_t source, const uint16_t vlans[], uint32_t vlan_cnt, uint32_t vni)
{
	(void)self, (void)source;
	seen_vni = vni;
	seen_vlan_cnt = vlan_cnt;
	for (uint32_t i = 0; i < vlan_cnt; i++) /* of none, vlans may be NULL */
		seen_vlans[i] = vlans[i];
	return (uint16_t)vni;
}

static int setup(void **state)
{
	(void)state;
	bench = bench_new(FRAG_BUFFERS_MIN, 1, (struct tenant_map){note, NULL});
	wire_clear(wire);
	wire_pattern(wire, 100);
	wire_tcp(wire, 40000, 443);
	wire_ip4(wire, PROTO_TCP);
	return 0;
}

static void vxlan(uint32_t vni, uint16_t port, int family)
{
	wire_ethernet(wire, wire->bytes[wire->start] >> 4 == 4 ? 0x0800 : 0x86dd);
	wire_vxlan(wire, vni);
	wire_udp(wire, 54321, port);
	if (family == 4)
		wire_ip4(wire, PROTO_UDP);
	else
		wire_ip6(wire, PROTO_UDP);
}

static void assert_inner(void)
{
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.proto, PROTO_TCP);
	assert_int_equal(bench->packet.tuple.dport, 443);
	assert_int_equal(bench->packet.payload_len, 100);
	assert_int_equal(bench->packet.flags, PACKET_TUNNELLED);
}

static void vxlan_is_entered_on_both_ports_and_versions(void **state)
{
	size_t inner = wire->start;

	(void)state;
	for (int i = 0; i < 4; i++) {
		wire->start = inner;
		vxlan(77, i % 2 == 0 ? 4789 : 8472, i < 2 ? 4 : 6);
		wire_ethernet(wire, i < 2 ? 0x0800 : 0x86dd);
		assert_inner();
		assert_int_equal(seen_vni, 77);
		assert_int_equal(bench->packet.tuple.tenant, 77);
	}
	assert_int_equal(bench_counters(bench)->vxlan, 4);
}

static void vxlan_in_vlan_in_vlan_tells_the_whole_stack(void **state)
{
	(void)state;
	wire_vlan(wire, 30, 0x0800);
	wire_ethernet(wire, 0x8100);
	wire_vxlan(wire, 0xabcdef);
	wire_udp(wire, 54321, 4789);
	wire_ip4(wire, PROTO_UDP);
	wire_vlan(wire, 20, 0x0800);
	wire_vlan(wire, 10, 0x8100);
	wire_ethernet(wire, 0x88a8);
	assert_inner();
	assert_int_equal(seen_vni, 0xabcdef);
	assert_int_equal(seen_vlan_cnt, 3);
	for (uint16_t i = 0; i < 3; i++)
		assert_int_equal(seen_vlans[i], 10 * (i + 1));
}

/* IP, tunnel, IP, tunnel .. : nine layers with the innermost IP. */
static void nesting_ends_at_depth(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		vxlan((uint32_t)i, 4789, 4);
	wire_vlan(wire, 5, 0x0800);
	size_t inner = wire->start;
	wire_ethernet(wire, 0x8100);
	assert_inner();                /* 1 tag, 4 IP, 3 tunnels */
	assert_int_equal(seen_vni, 2); /* the outermost */
	wire->start = inner;
	wire_vlan(wire, 5, 0x8100);
	wire_ethernet(wire, 0x8100);
	assert_true(bench_refuses(bench, wire, FRAME_DEPTH));
	wire->start = inner + 4;
	vxlan(9, 4789, 4);
	wire_ethernet(wire, 0x0800);
	assert_true(bench_refuses(bench, wire, FRAME_DEPTH));
}

/* Else a card sent to that port would be nobody's. */
static void what_cannot_be_vxlan_stays_a_datagram(void **state)
{
	size_t outer;

	(void)state;
	vxlan(7, 4789, 4);
	outer = wire->start;
	wire_ethernet(wire, 0x0800);
	wire->bytes[outer + 28] = 0; /* no VNI */
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.dport, 4789);
	assert_int_equal(bench->packet.tuple.proto, PROTO_UDP);
	assert_int_equal(bench->packet.payload_len, 100 + 20 + 20 + 14 + 8);
	assert_int_equal(seen_vni, UINT32_MAX);
	wire->bytes[outer + 28] = 8;
	wire->bytes[outer + 28 + 8 + 12] = 0x12; /* a type nobody knows */
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.dport, 4789);
	wire_clear(wire);
	wire_put(wire, "\x08 4111 1111", 10); /* too short for a frame */
	wire_udp(wire, 1, 4789);
	wire_ip4(wire, PROTO_UDP);
	wire_ethernet(wire, 0x0800);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.payload_len, 10);
	assert_int_equal(bench_counters(bench)->vxlan, 0);
}

static void only_the_destination_port_makes_a_tunnel(void **state)
{
	(void)state;
	wire_ethernet(wire, 0x0800);
	wire_vxlan(wire, 7);
	wire_udp(wire, 4789, 54321);
	wire_ip4(wire, PROTO_UDP);
	wire_ethernet(wire, 0x0800);
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.sport, 4789);
	assert_int_equal(bench->packet.flags, 0);
}

static void arp_in_a_tunnel_is_not_ip(void **state)
{
	(void)state;
	wire_clear(wire);
	wire_pattern(wire, 46);
	wire_ethernet(wire, 0x0806);
	wire_vxlan(wire, 7);
	wire_udp(wire, 1, 4789);
	wire_ip4(wire, PROTO_UDP);
	wire_ethernet(wire, 0x0800);
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

/* RFC 6935: a tunnel over IPv6 may leave the outer checksum out. */
static void a_tunnel_needs_no_checksum(void **state)
{
	(void)state;
	wire_ethernet(wire, 0x0800);
	wire_vxlan(wire, 7);
	wire_udp(wire, 1, 4789);
	wire->transport = NO_TRANSPORT;
	wire_ip6(wire, PROTO_UDP);
	wire_ethernet(wire, 0x86dd);
	assert_inner();
}

/* A mirror that slices before it wraps: the inner header claims more than there is. */
static void a_sliced_inner_packet_is_taken_as_it_is(void **state)
{
	struct bytes all = wire_all(wire);
	struct wire *outer = wire_new();

	(void)state;
	wire_put(outer, all.ptr, 60);
	wire_ethernet(outer, 0x0800);
	wire_vxlan(outer, 7);
	wire_udp(outer, 1, 4789);
	wire_ip4(outer, PROTO_UDP);
	wire_ethernet(outer, 0x0800);
	assert_true(bench_wire(bench, outer));
	assert_int_equal(bench->packet.tuple.dport, 443);
	assert_int_equal(bench->packet.payload_len, 20);
	assert_int_equal(bench_counters(bench)->short_frames, 1);
	free(outer);
}

#define TUNNEL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TUNNEL_TEST(vxlan_is_entered_on_both_ports_and_versions),
		TUNNEL_TEST(vxlan_in_vlan_in_vlan_tells_the_whole_stack),
		TUNNEL_TEST(nesting_ends_at_depth),
		TUNNEL_TEST(what_cannot_be_vxlan_stays_a_datagram),
		TUNNEL_TEST(only_the_destination_port_makes_a_tunnel),
		TUNNEL_TEST(arp_in_a_tunnel_is_not_ip),
		TUNNEL_TEST(a_tunnel_needs_no_checksum),
		TUNNEL_TEST(a_sliced_inner_packet_is_taken_as_it_is),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
