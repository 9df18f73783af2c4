#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire.h"

static uint16_t seen_vlans[DECODE_DEPTH];
static uint32_t seen_vlan_cnt;

/* A map that writes down what it was asked. */
static uint16_t note_vlans(
	const void *self, uint16_t source, const uint16_t vlans[], uint32_t vlan_cnt, uint32_t vni)
{
	(void)self;
	assert_int_equal(vni, UINT32_MAX);
	seen_vlan_cnt = vlan_cnt;
	for (uint32_t i = 0; i < vlan_cnt; i++) /* of none, vlans may be NULL */
		seen_vlans[i] = vlans[i];
	return (uint16_t)(40 + source);
}

static int setup(void **state)
{
	(void)state;
	bench = bench_new(FRAG_BUFFERS_MIN, 2, (struct tenant_map){note_vlans, NULL});
	wire_clear(wire);
	wire_pattern(wire, 5);
	wire_udp(wire, 1111, 2222);
	return 0;
}

static void assert_udp(void)
{
	assert_true(bench_wire(bench, wire));
	assert_int_equal(bench->packet.tuple.sport, 1111);
	assert_int_equal(bench->packet.tuple.dport, 2222);
	assert_int_equal(bench->packet.tuple.proto, PROTO_UDP);
	assert_int_equal(bench->packet.payload_len, 5);
	assert_int_equal(bench->packet.flags, 0);
	assert_true(bench_adds_up(bench));
}

static void ethernet_carries_both_versions(void **state)
{
	struct wire *six = wire_new();

	(void)state;
	memcpy(six, wire, sizeof(*six));
	wire_ip4(wire, PROTO_UDP);
	wire_ethernet(wire, 0x0800);
	assert_udp();
	wire_ip6(six, PROTO_UDP);
	wire_ethernet(six, 0x86dd);
	memcpy(wire, six, sizeof(*six));
	free(six);
	assert_udp();
}

static void every_tag_type_is_passed_and_ids_are_told_outer_to_inner(void **state)
{
	(void)state;
	wire_ip4(wire, PROTO_UDP);
	wire_vlan(wire, 0xe004, 0x0800);
	wire_vlan(wire, 0x0003, 0x8100);
	wire_vlan(wire, 0x2002, 0x9200);
	wire_vlan(wire, 0x0001, 0x9100);
	wire_ethernet(wire, 0x88a8);
	assert_udp();
	assert_int_equal(seen_vlan_cnt, 4);
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(seen_vlans[i], i + 1);
	assert_int_equal(bench->packet.tuple.tenant, 40);
}

static void a_tag_that_the_kernel_took_stands_outside(void **state)
{
	(void)state;
	wire_ip4(wire, PROTO_UDP);
	wire_vlan(wire, 6, 0x0800);
	wire_ethernet(wire, 0x8100);
	bench->vlan = 0x10000 | 0x2005;
	bench->source = 1;
	assert_udp();
	assert_int_equal(seen_vlan_cnt, 2);
	assert_int_equal(seen_vlans[0], 5);
	assert_int_equal(seen_vlans[1], 6);
	assert_int_equal(bench->packet.tuple.tenant, 41);
}

static void a_priority_tag_names_no_vlan(void **state)
{
	(void)state;
	wire_ip4(wire, PROTO_UDP);
	wire_vlan(wire, 0xe000, 0x0800);
	wire_ethernet(wire, 0x8100);
	bench->vlan = 0x10000;
	assert_udp();
	assert_int_equal(seen_vlan_cnt, 0);
}

static void depth_is_eight_layers_and_no_more(void **state)
{
	(void)state;
	wire_ip4(wire, PROTO_UDP);
	for (int i = 0; i < DECODE_DEPTH - 1; i++)
		wire_vlan(wire, (uint16_t)(i + 1), i == 0 ? 0x0800 : 0x8100);
	wire_ethernet(wire, 0x8100);
	assert_udp();
	bench->vlan = 0x10000 | 9;
	assert_true(bench_refuses(bench, wire, FRAME_DEPTH));
	bench->vlan = 0;
	wire->start += 14;
	wire_vlan(wire, 9, 0x8100);
	wire_ethernet(wire, 0x8100);
	assert_true(bench_refuses(bench, wire, FRAME_DEPTH));
}

static void frames_that_are_not_ip_are_named(void **state)
{
	static const uint16_t others[] = {0x0806, 0x88cc, 0x8847, 0x8864, 0x0026, 0x0000, 0xffff};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		wire_clear(wire);
		wire_pattern(wire, 46);
		wire_ethernet(wire, others[i]);
		assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
	}
}

static void a_version_that_contradicts_the_link_is_not_ip(void **state)
{
	(void)state;
	wire_ip6(wire, PROTO_UDP);
	wire_ethernet(wire, 0x0800);
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
	wire_clear(wire);
	wire_pattern(wire, 40);
	wire_udp(wire, 1, 2);
	wire_ip4(wire, PROTO_UDP);
	wire_ethernet(wire, 0x86dd);
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

static void raw_links_ask_the_version(void **state)
{
	static const uint16_t links[] = {LINK_RAW, LINK_RAW_BSD, LINK_IPV4};

	(void)state;
	wire_ip4(wire, PROTO_UDP);
	for (size_t i = 0; i < 3; i++) {
		bench->link = links[i];
		assert_udp();
	}
	wire_clear(wire);
	wire_pattern(wire, 40);
	wire_ip4(wire, PROTO_UDP);
	bench->link = LINK_IPV6;
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
	wire->bytes[wire->start] = 0x35;
	bench->link = LINK_RAW;
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

static void raw_links_carry_version_six(void **state)
{
	static const uint16_t links[] = {LINK_RAW, LINK_RAW_BSD, LINK_IPV6};

	(void)state;
	wire_ip6(wire, PROTO_UDP);
	for (size_t i = 0; i < 3; i++) {
		bench->link = links[i];
		assert_udp();
	}
	bench->link = LINK_IPV4;
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

static void loopback_families_have_a_number_per_system_and_order(void **state)
{
	static const uint8_t families[] = {10, 24, 28, 30};

	(void)state;
	wire_ip6(wire, PROTO_UDP);
	for (int i = 0; i < 8; i++) {
		uint32_t family = families[i % 4];

		wire_put32(wire, i < 4 ? family : family << 24);
		bench->link = i % 2 == 0 ? LINK_NULL : LINK_LOOP;
		assert_udp();
		wire->start += 4;
	}
	wire_put32(wire, 7);
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

static void loopback_carries_version_four(void **state)
{
	(void)state;
	wire_ip4(wire, PROTO_UDP);
	wire_put32(wire, 2u << 24);
	bench->link = LINK_NULL;
	assert_udp();
}

/* tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html */
static void cooked_links_name_the_ether_type_last(void **state)
{
	static const uint8_t sll[] = {0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0};

	(void)state;
	wire_ip4(wire, PROTO_UDP);
	wire_vlan(wire, 12, 0x0800);
	wire_put16(wire, 0x8100);
	wire_put(wire, sll, sizeof(sll));
	bench->link = LINK_LINUX_SLL;
	assert_udp();
	assert_int_equal(seen_vlans[0], 12);
	wire->bytes[wire->start + 2] = 824 >> 8; /* ARPHRD_NETLINK */
	wire->bytes[wire->start + 3] = 824 & 0xff;
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

/* tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
static void cooked_links_of_the_second_kind_name_it_first(void **state)
{
	static const uint8_t sll2[] = {0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0};

	(void)state;
	wire_ip6(wire, PROTO_UDP);
	wire_put(wire, sll2, sizeof(sll2));
	wire_put16(wire, 0x86dd);
	bench->link = LINK_LINUX_SLL2;
	assert_udp();
	wire->bytes[wire->start + 8] = 824 >> 8;
	wire->bytes[wire->start + 9] = 824 & 0xff;
	assert_true(bench_refuses(bench, wire, FRAME_NON_IP));
}

static void other_links_are_refused_by_name(void **state)
{
	static const uint16_t others[] = {9, 50, 105, 127, 195, 242, 65535};

	(void)state;
	wire_ip4(wire, PROTO_UDP);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		bench->link = others[i];
		assert_true(bench_refuses(bench, wire, FRAME_LINK_TYPE));
	}
	assert_int_equal(bench_refused_only(bench, FRAME_LINK_TYPE), 7);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(ethernet_carries_both_versions),
		LINK_TEST(every_tag_type_is_passed_and_ids_are_told_outer_to_inner),
		LINK_TEST(a_tag_that_the_kernel_took_stands_outside),
		LINK_TEST(a_priority_tag_names_no_vlan),
		LINK_TEST(depth_is_eight_layers_and_no_more),
		LINK_TEST(frames_that_are_not_ip_are_named),
		LINK_TEST(a_version_that_contradicts_the_link_is_not_ip),
		LINK_TEST(raw_links_ask_the_version),
		LINK_TEST(raw_links_carry_version_six),
		LINK_TEST(loopback_families_have_a_number_per_system_and_order),
		LINK_TEST(loopback_carries_version_four),
		LINK_TEST(cooked_links_name_the_ether_type_last),
		LINK_TEST(cooked_links_of_the_second_kind_name_it_first),
		LINK_TEST(other_links_are_refused_by_name),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
