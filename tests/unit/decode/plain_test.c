/* The short road against the walk: the same packet, whatever the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decode/walk.h"
#include "guard.h"
#include "wire.h"

static void make(uint8_t proto, uint16_t sport, uint16_t dport, size_t payload)
{
	wire_clear(wire);
	wire_pattern(wire, payload);
	if (proto == PROTO_TCP)
		wire_tcp(wire, sport, dport);
	else
		wire_udp(wire, sport, dport);
	wire_ip4(wire, proto);
	wire_ethernet(wire, 0x0800);
}

static void assert_same(const struct packet *a, const struct packet *b)
{
	assert_ptr_equal(a->payload, b->payload);
	assert_int_equal(a->payload_len, b->payload_len);
	assert_int_equal(a->payload_wire, b->payload_wire);
	assert_memory_equal(&a->tuple, &b->tuple, sizeof(a->tuple));
	assert_true(a->hash == b->hash);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ack, b->ack);
	assert_int_equal(a->window, b->window);
	assert_int_equal(a->urgent, b->urgent);
	assert_int_equal(a->tcp_flags, b->tcp_flags);
	assert_int_equal(a->flags, b->flags);
}

/* True: it was plain, and the walk makes the same of it and counts nothing. */
static bool both(const uint8_t *data, size_t caplen, size_t wirelen)
{
	struct frame frame = {.data = data,
		.caplen = (uint32_t)caplen,
		.wirelen = (uint32_t)wirelen,
		.link = LINK_ETHERNET};
	struct decode_counters before = *bench_counters(bench);
	struct packet a = {.wire_len = (uint32_t)(wirelen > caplen ? wirelen : caplen)}, b = a;

	memset(&a.tuple, 0xaa, sizeof(a.tuple));
	a.seq = a.ack = a.window = a.urgent = a.tcp_flags = a.flags = 0xaa;
	if (!plain(bench->decoder, &frame, &a))
		return false;
	assert_true(walk(bench->decoder, &frame, &b));
	assert_memory_equal(bench_counters(bench), &before, sizeof(before));
	assert_same(&a, &b);
	return true;
}

static bool is_plain(void)
{
	struct bytes all = wire_all(wire);
	const uint8_t *copy = guarded(all.ptr, all.len).ptr;

	return both(copy, all.len, all.len);
}

static void frames_of_every_length_and_order_of_ends_are_plain(void **state)
{
	static const uint16_t ports[][2] = {{1, 2}, {2, 1}, {7, 7}, {40000, 53}, {443, 65535}};

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		for (size_t payload = 0; payload < 200; payload++) {
			make(PROTO_TCP, ports[i][0], ports[i][1], payload);
			assert_true(is_plain());
			make(PROTO_UDP, ports[i][0], ports[i][1], payload);
			assert_true(is_plain());
		}
	make(PROTO_TCP, 1, 2, 1448);
	assert_true(is_plain());
}

/* Every byte of the headers to every value, and every cut; with a good sum where it matters is
 * what the next test is for. */
static void every_changed_byte_and_every_cut_is_the_same(void **state)
{
	size_t plain_ones = 0;

	(void)state;
	for (int proto = 0; proto < 2; proto++) {
		make(proto == 0 ? PROTO_TCP : PROTO_UDP, 40000, 53, 21);
		struct bytes all = wire_all(wire);
		for (size_t at = 0; at < all.len; at++)
			for (int value = 0; value < 256; value++) {
				uint8_t changed[128];

				memcpy(changed, all.ptr, all.len);
				changed[at] = (uint8_t)value;
				plain_ones += both(changed, all.len, all.len);
			}
		for (size_t len = 0; len <= all.len; len++) {
			const uint8_t *copy = guarded(all.ptr, len).ptr;

			assert_int_equal(both(copy, len, len), len == all.len);
			assert_int_equal(both(copy, len, len + 1), false);
			assert_int_equal(both(copy, len, 1), len == all.len);
		}
	}
	assert_true(plain_ones > 10000);
}

static void padding_behind_the_packet_is_not_its_payload(void **state)
{
	uint8_t padded[80] = {0};

	(void)state;
	make(PROTO_UDP, 40000, 53, 5);
	struct bytes all = wire_all(wire);
	memcpy(padded, all.ptr, all.len);
	assert_true(both(padded, sizeof(padded), sizeof(padded)));
}

static void a_datagram_without_sum_is_good(void **state)
{
	(void)state;
	make(PROTO_UDP, 1, 2, 9);
	wire->bytes[wire->start + 14 + 20 + 6] = wire->bytes[wire->start + 14 + 20 + 7] = 0;
	assert_true(is_plain());
}

static void what_is_not_plain_takes_the_walk(void **state)
{
	(void)state;
	make(PROTO_UDP, 1, 4789, 40); /* a tunnel's port */
	assert_false(is_plain());
	make(PROTO_TCP, 1, 4789, 40);
	assert_true(is_plain());
	wire_clear(wire);
	wire_pattern(wire, 40);
	wire_ip4_part(wire, PROTO_UDP, 7, 0x2000);
	wire_ethernet(wire, 0x0800);
	assert_false(is_plain());
	wire_clear(wire);
	wire_icmp(wire, 4, 8, 0, 99);
	wire_ip4(wire, PROTO_ICMP);
	wire_ethernet(wire, 0x0800);
	assert_false(is_plain());
	wire_clear(wire);
	wire_udp(wire, 1, 2);
	wire_ip6(wire, PROTO_UDP);
	wire_ethernet(wire, 0x86dd);
	assert_false(is_plain());
	wire_clear(wire);
	wire_udp(wire, 1, 2);
	wire_ip4(wire, PROTO_UDP);
	wire_vlan(wire, 1, 0x0800);
	wire_ethernet(wire, 0x8100);
	assert_false(is_plain());
}

static void a_tag_that_the_kernel_took_off_or_another_link_is_not_plain(void **state)
{
	struct packet out;

	(void)state;
	make(PROTO_UDP, 1, 2, 9);
	struct bytes all = wire_all(wire);
	struct frame frame = {.data = all.ptr,
		.caplen = (uint32_t)all.len,
		.wirelen = (uint32_t)all.len,
		.link = LINK_ETHERNET};
	assert_true(plain(bench->decoder, &frame, &out));
	frame.vlan = 0x10001;
	assert_false(plain(bench->decoder, &frame, &out));
	frame.vlan = 0;
	frame.link = LINK_RAW;
	assert_false(plain(bench->decoder, &frame, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_every_length_and_order_of_ends_are_plain),
		cmocka_unit_test(every_changed_byte_and_every_cut_is_the_same),
		cmocka_unit_test(padding_behind_the_packet_is_not_its_payload),
		cmocka_unit_test(a_datagram_without_sum_is_good),
		cmocka_unit_test(what_is_not_plain_takes_the_walk),
		cmocka_unit_test(a_tag_that_the_kernel_took_off_or_another_link_is_not_plain),
	};

	wire = wire_new();
	bench = bench_new(FRAG_BUFFERS_MIN, 1, (struct tenant_map){0});
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_free(bench);
	free(wire);
	return failed;
}
