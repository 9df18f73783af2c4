#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard.h"
#include "wire.h"

static int setup(void **state)
{
	(void)state;
	bench = bench_new(FRAG_BUFFERS_MIN, 1, (struct tenant_map){0});
	wire_clear(wire);
	return 0;
}

static void make_tcp4(void)
{
	wire_tcp(wire, 1, 2);
	wire_ip4(wire, PROTO_TCP);
	wire_vlan(wire, 1, 0x0800);
	wire_ethernet(wire, 0x8100);
}

static void make_udp6(void)
{
	wire_udp(wire, 1, 2);
	wire_extension(wire, 17, 16);
	wire_extension(wire, 60, 8);
	wire_ip6(wire, 0);
	wire_ethernet(wire, 0x86dd);
}

static void make_icmp4(void)
{
	wire_icmp(wire, 4, 8, 0, 99);
	wire_ip4(wire, PROTO_ICMP);
	wire_ethernet(wire, 0x0800);
}

static void make_icmp6(void)
{
	wire_icmp(wire, 6, 128, 0, 99);
	wire_ip6(wire, PROTO_ICMP6);
	wire_ethernet(wire, 0x86dd);
}

static void make_opaque(void)
{
	wire_ip4(wire, 132);
	wire_ethernet(wire, 0x0800);
}

static void make_routed(void)
{
	static const uint8_t header[24] = {6, 2, 0, 1};

	wire_tcp(wire, 1, 2);
	wire_put(wire, header, sizeof(header));
	wire_ip6(wire, 43);
	wire_ethernet(wire, 0x86dd);
}

static void make_vxlan(void)
{
	make_tcp4();
	wire_vxlan(wire, 5);
	wire_udp(wire, 9, 4789);
	wire_ip4(wire, PROTO_UDP);
	wire_ethernet(wire, 0x0800);
}

static const struct {
	void (*make)(void);
	size_t headers; /* up to the payload that every shape has 40 bytes of */
} shapes[] = {
	{make_tcp4, 14 + 4 + 20 + 20},
	{make_udp6, 14 + 40 + 8 + 16 + 8},
	{make_icmp4, 14 + 20 + 8},
	{make_icmp6, 14 + 40 + 8},
	{make_opaque, 14 + 20},
	{make_routed, 14 + 40 + 24 + 20},
	{make_vxlan, 14 + 20 + 8 + 8 + 14 + 4 + 20 + 20},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Where a prefix of VXLAN ends before the inner frame's type, it is a datagram
 * like any other; from there on the inner packet counts. */
static bool is_outer_datagram(size_t shape, size_t n)
{
	return shapes[shape].make == make_vxlan && n >= 42 && n < 42 + 8 + 14;
}

static void every_prefix_of_every_shape_is_cut_or_truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++) {
		wire_clear(wire);
		wire_pattern(wire, 40);
		shapes[i].make();
		struct bytes all = wire_all(wire);
		assert_int_equal(all.len, shapes[i].headers + 40);
		for (size_t n = 0; n <= all.len; n++) {
			uint64_t before = bench_counters(bench)->refused[FRAME_TRUNCATED];
			bool packet = bench_cut(bench, all, n, all.len);

			assert_int_equal(packet, n >= shapes[i].headers || is_outer_datagram(i, n));
			assert_int_equal(
				bench_counters(bench)->refused[FRAME_TRUNCATED], before + !packet);
			if (!packet || is_outer_datagram(i, n))
				continue;
			assert_int_equal(bench->packet.payload_len, n - shapes[i].headers);
			assert_int_equal(bench->packet.payload_wire, 40);
		}
	}
}

/* The same with frames that were never longer: headers that are cut are
 * contradictions then, and payload that is cut was never there. */
static void every_short_frame_of_every_shape_is_bad_or_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++) {
		wire_clear(wire);
		wire_pattern(wire, 40);
		shapes[i].make();
		struct bytes all = wire_all(wire);
		for (size_t n = 0; n <= all.len; n++) {
			uint64_t before = bench_counters(bench)->refused[FRAME_BAD_LENGTH];
			bool packet = bench_cut(bench, all, n, n);

			assert_int_equal(packet, n >= shapes[i].headers || is_outer_datagram(i, n));
			assert_int_equal(
				bench_counters(bench)->refused[FRAME_BAD_LENGTH], before + !packet);
			if (packet)
				assert_int_equal(
					bench->packet.payload_wire, bench->packet.payload_len);
		}
	}
}

static void assert_hash(const struct packet *p)
{
	assert_true(p->hash == bench_hash(p->tuple));
}

static void assert_inside(const struct packet *p, struct bytes frame)
{
	assert_true(p->payload_wire >= p->payload_len);
	if ((p->flags & PACKET_REASSEMBLED) != 0)
		return;
	assert_true(p->payload >= frame.ptr);
	assert_true(p->payload + p->payload_len <= frame.ptr + frame.len);
}

/* Shapes with bytes changed at random, and plain noise. */
static void random_bytes_add_up_and_stay_inside(void **state)
{
	static const uint16_t links[] = {0, 1, 12, 101, 108, 113, 228, 229, 276, 7};
	unsigned seed = 47;

	(void)state;
	print_message("# seed %u\n", seed);
	draw_seed(seed);
	for (int round = 0; round < 60000; round++) {
		uint8_t bytes[200];
		struct bytes all;

		wire_clear(wire);
		wire_pattern(wire, 40);
		shapes[(size_t)draw() % SHAPES].make();
		all = wire_all(wire);
		memcpy(bytes, all.ptr, all.len);
		for (int i = (int)(draw() % 6); i >= 0; i--)
			bytes[(size_t)draw() % all.len] = (uint8_t)draw();
		if (draw() % 8 == 0)
			for (size_t i = 0; i < all.len; i++)
				bytes[i] = (uint8_t)draw();
		size_t n = draw() % 2 == 0 ? all.len : (size_t)draw() % (all.len + 1);
		bench->link = draw() % 4 == 0 ? links[draw() % 10] : LINK_ETHERNET;
		bench->pos.now_ns += (uint64_t)draw() % 100000000;
		struct frame frame = {.data = bytes,
			.caplen = (uint32_t)n,
			.wirelen = (uint32_t)(n + (size_t)draw() % 3),
			.link = bench->link};
		if (decode(bench->decoder, &frame, bench->pos, &bench->packet)) {
			assert_inside(&bench->packet, bytes_of(bytes, n));
			assert_hash(&bench->packet);
			if ((bench->packet.flags & PACKET_REASSEMBLED) != 0)
				decoder_recycle(bench->decoder, bench->packet.block);
		}
		assert_true(bench_adds_up(bench));
	}
}

static uint16_t seven(
	const void *self, uint16_t source, const uint16_t vlans[], uint32_t vlan_cnt, uint32_t vni)
{
	(void)vlans;
	assert_int_equal(*(const int *)self, 5);
	assert_int_equal(source, 2);
	assert_int_equal(vlan_cnt, 0);
	assert_int_equal(vni, UINT32_MAX);
	return 7;
}

static void the_tenant_is_asked_and_part_of_the_hash(void **state)
{
	static const int self = 5;
	struct bench *other = bench_new(FRAG_BUFFERS_MIN, 3, (struct tenant_map){seven, &self});

	(void)state;
	make_icmp4();
	assert_true(bench_wire(bench, wire));
	other->source = 2;
	assert_true(bench_wire(other, wire));
	assert_int_equal(bench->packet.tuple.tenant, 0);
	assert_int_equal(other->packet.tuple.tenant, 7);
	assert_int_equal(other->packet.source, 2);
	assert_true(other->packet.hash != bench->packet.hash);
	bench_free(other);
	bench->decoder = NULL; /* its copies went with the other's; made anew for bench_stop */
	arena_free(&bench->arena);
	free(bench);
	bench = bench_new(FRAG_BUFFERS_MIN, 1, (struct tenant_map){0});
}

static void each_source_has_its_own_counters(void **state)
{
	(void)state;
	bench_free(bench);
	bench = bench_new(FRAG_BUFFERS_MIN, 3, (struct tenant_map){0});
	make_icmp4();
	bench->source = 2;
	assert_true(bench_wire(bench, wire));
	assert_int_equal(decoder_counters(bench->decoder, 0)->frames, 0);
	assert_int_equal(decoder_counters(bench->decoder, 2)->frames, 1);
	assert_int_equal(decoder_counters(bench->decoder, 2)->decoded, 1);
}

static void an_arena_that_is_too_small_gives_no_decoder(void **state)
{
	struct hash_key key = {1, 2};
	struct arena arena;
	struct err err;

	(void)state;
	assert_true(decoder_bytes(FRAG_BUFFERS_MIN, 1) > FRAG_BUFFERS_MIN * UINT64_C(65536));
	for (size_t size = 1; size < decoder_bytes(FRAG_BUFFERS_MIN, 1) - 4096; size *= 4) {
		assert_true(arena_new(&arena, size, &err));
		assert_null(decoder_new(&arena, FRAG_BUFFERS_MIN, 1, &key, (struct tenant_map){0}));
		arena_free(&arena);
	}
}

#define DECODE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODE_TEST(every_prefix_of_every_shape_is_cut_or_truncated),
		DECODE_TEST(every_short_frame_of_every_shape_is_bad_or_as_it_is),
		DECODE_TEST(random_bytes_add_up_and_stay_inside),
		DECODE_TEST(the_tenant_is_asked_and_part_of_the_hash),
		DECODE_TEST(each_source_has_its_own_counters),
		DECODE_TEST(an_arena_that_is_too_small_gives_no_decoder),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
