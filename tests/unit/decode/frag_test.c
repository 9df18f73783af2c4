#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard.h"
#include "wire.h"

#define DATA 32 /* of a datagram of four parts: UDP header and 24 bytes */
#define MORE 0x2000

static uint8_t datagram[DATA];

/* A VLAN is a tenant of its own, or of tenant 0 if it is none. */
static uint16_t by_vlan(
	const void *self, uint16_t source, const uint16_t vlans[], uint32_t vlan_cnt, uint32_t vni)
{
	(void)self, (void)source, (void)vni;
	return vlan_cnt > 0 ? vlans[0] : 0;
}

static int setup(void **state)
{
	(void)state;
	bench = bench_new(FRAG_BUFFERS_MIN, 2, (struct tenant_map){by_vlan, NULL});
	bench->link = LINK_RAW;
	wire_clear(wire);
	wire_pattern(wire, DATA - 8);
	wire_udp(wire, 1111, 2222);
	wire_ip4(
		wire, PROTO_UDP); /* makes the sum, which holds for both versions' tests of order */
	memcpy(datagram, wire_all(wire).ptr + 20, DATA);
	return 0;
}

static bool push4(uint16_t id, const uint8_t *data, size_t off, size_t len, bool more)
{
	wire_clear(wire);
	wire_put(wire, data, len);
	wire_ip4_part(wire, PROTO_UDP, id, (uint16_t)(off / 8 | (more ? MORE : 0)));
	return bench_wire(bench, wire);
}

static bool push6(uint8_t next, uint32_t id, const uint8_t *data, size_t off, size_t len, bool more)
{
	wire_clear(wire);
	wire_put(wire, data, len);
	wire_ip6_part(wire, next, id, (uint16_t)(off | more));
	return bench_wire(bench, wire);
}

static bool part4(uint16_t id, size_t i)
{
	return push4(id, datagram + 8 * i, 8 * i, 8, i < 3);
}

static void assert_whole(uint8_t flags)
{
	assert_int_equal(bench->packet.tuple.sport, 1111);
	assert_int_equal(bench->packet.tuple.dport, 2222);
	assert_int_equal(bench->packet.flags & ~PACKET_BAD_CHECKSUM, PACKET_REASSEMBLED | flags);
	assert_int_equal(bench->packet.payload_len, DATA - 8);
	assert_int_equal(bench->packet.payload_wire, DATA - 8);
	assert_memory_equal(bench->packet.payload, datagram + 8, DATA - 8);
	decoder_recycle(bench->decoder, bench->packet.block);
}

static void four_parts_in_every_order_make_one_datagram(void **state)
{
	uint16_t id = 0;

	(void)state;
	for (size_t code = 0; code < 256; code++) {
		size_t order[4] = {code % 4, code / 4 % 4, code / 16 % 4, code / 64};

		if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15)
			continue;
		id++;
		for (int i = 0; i < 4; i++)
			assert_true(part4(id, order[i]) == (i == 3));
		assert_int_equal(bench->packet.flags, PACKET_REASSEMBLED);
		assert_whole(0);
		for (int i = 0; i < 4; i++)
			assert_true(push6(17, id, datagram + 8 * order[i], 8 * order[i], 8,
					    order[i] < 3) == (i == 3));
		assert_whole(0);
	}
	assert_int_equal(id, 24);
	assert_int_equal(bench_counters(bench)->datagrams, 48);
	assert_int_equal(bench_counters(bench)->fragments, 48 * 3);
	assert_int_equal(bench_counters(bench)->decoded, 48 * 4);
	assert_int_equal(bench_counters(bench)->frag_conflict, 0);
}

static void a_part_twice_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_false(part4(1, i));
		assert_false(part4(1, i));
	}
	assert_true(part4(1, 3));
	assert_whole(0);
}

/* The first copy by the simplest means: a byte is taken if none was there. */
struct naive {
	uint8_t bytes[DATA];
	bool have[DATA];
	bool conflict;
};

static void naive_push(struct naive *n, const uint8_t *data, size_t off, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (n->have[off + i])
			n->conflict |= n->bytes[off + i] != data[i];
		else
			n->bytes[off + i] = data[i];
		n->have[off + i] = true;
	}
}

struct run {
	size_t off, len;
};

/* Every way a second part can lie over a first one, in units of 8 within four:
 * Allen's 13 relations of two intervals, and the two that touch both ends, come
 * out of all pairs.  The first copy wins, whatever the order; a datagram whose
 * copies differed says so. */
static void overlapping_parts_leave_the_first_copy(struct run a, struct run b, uint16_t id)
{
	struct naive want = {0};
	uint8_t other[DATA];
	bool whole = false;

	memset(other, 0xee, sizeof(other));
	naive_push(&want, datagram + a.off, a.off, a.len);
	naive_push(&want, other, b.off, b.len);
	assert_false(push4(id, datagram + a.off, a.off, a.len, true));
	assert_false(push4(id, other, b.off, b.len, true));
	for (size_t i = 0; i < 4; i++) { /* the rest, so that it becomes whole */
		naive_push(&want, datagram + 8 * i, 8 * i, 8);
		whole |= part4(id, i);
	}
	assert_true(whole);
	assert_memory_equal(bench->packet.payload, want.bytes + 8, DATA - 8);
	assert_int_equal((bench->packet.flags & PACKET_FRAG_CONFLICT) != 0, want.conflict);
	decoder_recycle(bench->decoder, bench->packet.block);
}

static void every_kind_of_overlap_leaves_the_first_copy(void **state)
{
	struct run runs[6];
	size_t count = 0;
	uint16_t id = 0;

	(void)state;
	for (size_t from = 0; from < 3; from++) /* the last unit holds the end */
		for (size_t to = from + 1; to <= 3; to++)
			runs[count++] = (struct run){8 * from, 8 * (to - from)};
	for (size_t a = 0; a < count; a++)
		for (size_t b = 0; b < count; b++)
			overlapping_parts_leave_the_first_copy(runs[a], runs[b], ++id);
	assert_int_equal(id, 36);
}

/* Shankar and Paxson's model: six parts, of which the fourth to sixth overlap
 * the first three to the left, exactly, within, and to the right. */
static void six_parts_of_the_published_model_leave_the_first_copy(void **state)
{
	static const struct {
		size_t off, len;
		char fill;
	} parts[] = {{0, 24, '1'}, {32, 16, '2'}, {48, 24, '3'}, {8, 32, '4'}, {48, 24, '5'},
		{72, 24, '6'}};
	/* first copies: 1 x 24, 4 fills the hole of 8, 2 x 16, 3 x 24, 6 x 24 */
	static const char want[] = "111111111111111111111111"
				   "44444444"
				   "2222222222222222"
				   "333333333333333333333333"
				   "666666666666666666666666";
	uint8_t data[32];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		memset(data, parts[i].fill, sizeof(data));
		assert_true(push6(50, 9, data, parts[i].off, parts[i].len, i != 5) == (i == 5));
	}
	assert_int_equal(bench->packet.payload_len, sizeof(want) - 1);
	assert_memory_equal(bench->packet.payload, want, sizeof(want) - 1);
	assert_true((bench->packet.flags & PACKET_FRAG_CONFLICT) != 0);
	assert_int_equal(bench_counters(bench)->frag_conflict, 2);
	decoder_recycle(bench->decoder, bench->packet.block);
}

static void an_end_that_contradicts_cannot_be_placed(void **state)
{
	(void)state;
	assert_false(push4(2, datagram + 16, 16, 16, false)); /* ends at 32 */
	assert_false(push4(2, datagram + 16, 16, 8, false));  /* no, at 24 */
	assert_false(push4(2, datagram, 32, 8, true));        /* no, beyond 40 */
	assert_false(push4(2, datagram, 24, 16, false));      /* no, at 40 */
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_BAD), 3);
	assert_false(push4(3, datagram + 8, 8, 24, true)); /* at least 32 */
	assert_false(push4(3, datagram, 8, 8, false));     /* no, 16 */
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_BAD), 4);
	assert_true(push4(2, datagram, 0, 16, true));
	assert_whole(PACKET_FRAG_CONFLICT);
}

static void the_longest_datagram_fits_and_one_byte_more_does_not(void **state)
{
	static uint8_t data[8192];

	(void)state;
	for (size_t off = 0; off < 65535; off += sizeof(data)) {
		size_t len = off + sizeof(data) > 65535 ? 65535 - off : sizeof(data);

		assert_true(
			push6(50, 1, data, off, len, len == sizeof(data)) == (len != sizeof(data)));
	}
	assert_int_equal(bench->packet.payload_len, 65535);
	decoder_recycle(bench->decoder, bench->packet.block);
	assert_false(push6(50, 2, data, 65528, 7, false));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_BAD), 0);
	assert_false(push6(50, 2, data, 65528, 8, false));
	assert_false(push4(2, data, 65528, 8, false));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_BAD), 2);
}

/* As Linux: IPv4 is cut to whole units, IPv6 refused. */
static void parts_that_end_within_a_unit_cannot_be_followed(void **state)
{
	(void)state;
	assert_false(push4(1, datagram, 0, 15, true));
	assert_true(push4(1, datagram + 8, 8, 24, false));
	assert_whole(0);
	assert_false(push4(2, datagram, 0, 7, true));
	assert_false(push6(17, 1, datagram, 0, 15, true));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_BAD), 2);
}

static void an_empty_part_cannot_be_placed(void **state)
{
	(void)state;
	assert_false(push4(1, datagram, 8, 0, false));
	assert_false(push6(17, 1, datagram, 8, 0, true));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_BAD), 2);
}

/* RFC 6946: whole by itself, and no part of others with the same id. */
static void an_atomic_fragment_meets_no_others(void **state)
{
	(void)state;
	assert_false(push6(17, 5, datagram, 0, 8, true));
	assert_true(push6(17, 5, datagram, 0, DATA, false));
	assert_int_equal(bench->packet.flags & PACKET_REASSEMBLED, 0);
	assert_int_equal(bench->packet.payload_len, DATA - 8);
	assert_true(push6(17, 5, datagram + 8, 8, DATA - 8, false));
	assert_whole(0);
}

/* RFC 8200 section 4.5: other parts may claim another next header. */
static void the_first_part_says_what_follows(void **state)
{
	(void)state;
	assert_false(push6(6, 5, datagram + 8, 8, DATA - 8, false));
	assert_true(push6(17, 5, datagram, 0, 8, true));
	assert_whole(0);
}

static void extension_headers_may_stand_in_parts(void **state)
{
	struct bytes all;

	(void)state;
	wire_clear(wire);
	wire_put(wire, datagram, DATA);
	wire_extension(wire, 17, 24);
	all = bytes_of(malloc(wire_all(wire).len), wire_all(wire).len);
	memcpy((void *)all.ptr, wire_all(wire).ptr, all.len);
	assert_false(push6(60, 5, all.ptr, 0, 16, true));
	assert_true(push6(60, 5, all.ptr + 16, 16, all.len - 16, false));
	assert_whole(0);
	free((void *)all.ptr);
}

static void datagrams_of_different_keys_do_not_meet(void **state)
{
	uint8_t *ip;

	(void)state;
	bench->vlan = 0x10005;
	assert_false(push4(1, datagram, 0, 16, true));
	bench->vlan = 0x10006; /* another VLAN */
	assert_false(push4(1, datagram + 16, 16, 16, false));
	bench->vlan = 0;
	assert_false(push4(1, datagram + 16, 16, 16, false)); /* no VLAN */
	bench->vlan = 0x10005;
	assert_false(push4(2, datagram + 16, 16, 16, false)); /* another id */
	wire_clear(wire);
	wire_put(wire, datagram + 16, 16);
	wire_ip4_part(wire, PROTO_TCP, 1, 2); /* another protocol */
	assert_false(bench_wire(bench, wire));
	for (int i = 15; i < 20; i += 4) { /* another end */
		wire_clear(wire);
		wire_put(wire, datagram + 16, 16);
		wire_ip4_part(wire, PROTO_UDP, 1, 2);
		ip = wire->bytes + wire->start;
		ip[i] ^= 0x40;
		assert_false(bench_wire(bench, wire));
	}
	bench->source = 1; /* another interface of the same network is no other key */
	assert_true(push4(1, datagram + 16, 16, 16, false));
	assert_whole(0);
	assert_int_equal(bench->packet.tuple.tenant, 5);
}

static void two_datagrams_may_be_interleaved(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_false(part4(1, i));
		assert_false(part4(2, 3 - i));
	}
	assert_true(part4(1, 3));
	assert_whole(0);
	assert_true(part4(2, 0));
	assert_whole(0);
}

static void parts_are_given_up_by_packet_time(void **state)
{
	(void)state;
	assert_false(part4(1, 0));
	bench->pos.now_ns += FRAG_TIMEOUT_NS - 1;
	assert_false(part4(1, 1));
	decoder_expire(bench->decoder, bench->pos.now_ns);
	assert_int_equal(bench_counters(bench)->frag_expired_bytes, 0);
	bench->pos.now_ns += 1;
	assert_false(part4(1, 2)); /* due before it came, whoever sweeps */
	assert_int_equal(bench_counters(bench)->frag_expired_bytes, 16);
	assert_false(part4(1, 3));
	decoder_expire(bench->decoder, bench->pos.now_ns + FRAG_TIMEOUT_NS);
	assert_int_equal(bench_counters(bench)->frag_expired_bytes, 32);
	assert_int_equal(bench_counters(bench)->datagrams, 0);
}

static void the_end_of_input_gives_up_all(void **state)
{
	(void)state;
	for (uint16_t id = 0; id < 10; id++)
		assert_false(part4(id, 1));
	decoder_expire(bench->decoder, STAMP_END_NS);
	assert_int_equal(bench_counters(bench)->frag_expired_bytes, 80);
	assert_int_equal(bench_counters(bench)->frag_evicted, 0);
}

static void the_oldest_makes_room_and_is_counted(void **state)
{
	(void)state;
	for (uint16_t id = 0; id <= FRAG_BUFFERS_MIN; id++)
		assert_false(part4(id, 0));
	assert_int_equal(bench_counters(bench)->frag_evicted, 1);
	assert_int_equal(bench_counters(bench)->frag_expired_bytes, 8);
	for (uint16_t id = FRAG_BUFFERS_MIN; id >= 1; id--) { /* but the first are all there */
		assert_false(part4(id, 1));
		assert_false(part4(id, 2));
		assert_true(part4(id, 3));
		assert_whole(0);
	}
	assert_int_equal(bench_counters(bench)->frag_evicted, 1);
}

static void lent_buffers_are_not_taken_back(void **state)
{
	(void)state;
	for (uint16_t id = 0; id < FRAG_BUFFERS_MIN; id++) {
		assert_false(push4(id, datagram, 0, 16, true));
		assert_true(push4(id, datagram + 16, 16, 16, false));
	}
	uint32_t block = bench->packet.block;
	assert_false(push4(900, datagram, 0, 16, true));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_FULL), 1);
	decoder_recycle(bench->decoder, block);
	assert_false(push4(901, datagram, 0, 16, true));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_FULL), 1);
	assert_true(push4(901, datagram + 16, 16, 16, false));
	assert_int_equal(bench->packet.block, block);
}

static void a_decoder_without_buffers_refuses_fragments(void **state)
{
	(void)state;
	bench_free(bench);
	bench = bench_new(0, 1, (struct tenant_map){0});
	bench->link = LINK_RAW;
	assert_false(part4(1, 0));
	assert_int_equal(bench_refused_only(bench, FRAME_FRAGMENT_FULL), 1);
	wire_clear(wire);
	wire_udp(wire, 1, 2);
	wire_ip4(wire, PROTO_UDP);
	assert_true(bench_wire(bench, wire));
}

static void a_part_that_is_not_all_there_is_refused(void **state)
{
	(void)state;
	wire_clear(wire);
	wire_put(wire, datagram, 16);
	wire_ip4_part(wire, PROTO_UDP, 1, MORE);
	assert_false(bench_cut(bench, wire_all(wire), 30, 36));
	assert_int_equal(bench_refused_only(bench, FRAME_TRUNCATED), 1);
	assert_false(bench_cut(bench, wire_all(wire), 30, 30));
	assert_int_equal(bench_counters(bench)->refused[FRAME_BAD_LENGTH], 1);
}

static void padding_of_the_link_is_no_part(void **state)
{
	struct bytes all;
	uint8_t padded[60] = {0};

	(void)state;
	assert_false(push4(1, datagram, 0, 24, true));
	wire_clear(wire);
	wire_put(wire, datagram + 24, 8);
	wire_ip4_part(wire, PROTO_UDP, 1, 3);
	all = wire_all(wire);
	memcpy(padded, all.ptr, all.len);
	assert_true(bench_cut(bench, bytes_of(padded, 60), 60, 60));
	assert_whole(0);
}

static void a_whole_that_is_refused_gives_its_buffer_back(void **state)
{
	static const uint8_t tcp_short[16] = {0};

	(void)state;
	for (uint32_t id = 0; id < 3 * FRAG_BUFFERS_MIN; id++) {
		assert_false(push6(6, id, tcp_short, 0, 8, true));
		assert_false(push6(6, id, tcp_short + 8, 8, 8, false));
	}
	assert_int_equal(bench_refused_only(bench, FRAME_BAD_LENGTH), 3 * FRAG_BUFFERS_MIN);
	assert_int_equal(bench_counters(bench)->datagrams, 3 * FRAG_BUFFERS_MIN);
	assert_int_equal(bench_counters(bench)->frag_evicted, 0);
}

/* Parts of a datagram, each in a VXLAN datagram that comes in two parts itself. */
static void parts_within_parts_are_made_whole(void **state)
{
	struct bytes all;
	uint8_t outer[200];

	(void)state;
	for (int round = 0; round < 2 * FRAG_BUFFERS_MIN; round++) {
		for (size_t i = 0; i < 4; i++) {
			wire_clear(wire);
			wire_put(wire, datagram + 8 * i, 8);
			wire_ip4_part(wire, PROTO_UDP, 7, (uint16_t)(i | (i < 3 ? MORE : 0)));
			wire_ethernet(wire, 0x0800);
			wire_vxlan(wire, 42);
			wire_udp(wire, 1, 4789);
			wire->transport = NO_TRANSPORT;
			all = wire_all(wire);
			memcpy(outer, all.ptr, all.len);
			assert_false(push4((uint16_t)(100 + i), outer, 0, 32, true));
			assert_true(push4((uint16_t)(100 + i), outer + 32, 32, all.len - 32,
					    false) == (i == 3));
		}
		assert_whole(PACKET_TUNNELLED);
	}
	assert_int_equal(bench_counters(bench)->frag_evicted, 0);
	assert_int_equal(bench_counters(bench)->datagrams, 2 * FRAG_BUFFERS_MIN * 5);
}

/* Random parts of random datagrams: every answer is the naive twin's. */
static void random_parts_agree_with_a_naive_twin(void **state)
{
	struct naive naive;
	uint8_t data[DATA];
	unsigned seed = 20261121;

	(void)state;
	print_message("# seed %u\n", seed);
	draw_seed(seed);
	for (uint16_t id = 1; id < 3000; id++) {
		memset(&naive, 0, sizeof(naive));
		bool whole = false;
		for (int i = 0; i < 400 && !whole; i++) {
			size_t off = (size_t)draw() % 4, len = 1 + (size_t)draw() % (4 - off);

			if (len == 4)
				continue; /* no part, the whole */
			for (size_t n = 0; n < sizeof(data); n++)
				data[n] = (uint8_t)(draw() % 8 == 0);
			naive_push(&naive, data, 8 * off, 8 * len);
			whole = push6(50, id, data, 8 * off, 8 * len, off + len < 4);
		}
		assert_true(whole);
		assert_memory_equal(bench->packet.payload, naive.bytes, DATA);
		assert_int_equal((bench->packet.flags & PACKET_FRAG_CONFLICT) != 0, naive.conflict);
		decoder_recycle(bench->decoder, bench->packet.block);
	}
}

#define FRAG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRAG_TEST(four_parts_in_every_order_make_one_datagram),
		FRAG_TEST(a_part_twice_changes_nothing),
		FRAG_TEST(every_kind_of_overlap_leaves_the_first_copy),
		FRAG_TEST(six_parts_of_the_published_model_leave_the_first_copy),
		FRAG_TEST(an_end_that_contradicts_cannot_be_placed),
		FRAG_TEST(the_longest_datagram_fits_and_one_byte_more_does_not),
		FRAG_TEST(parts_that_end_within_a_unit_cannot_be_followed),
		FRAG_TEST(an_empty_part_cannot_be_placed),
		FRAG_TEST(an_atomic_fragment_meets_no_others),
		FRAG_TEST(the_first_part_says_what_follows),
		FRAG_TEST(extension_headers_may_stand_in_parts),
		FRAG_TEST(datagrams_of_different_keys_do_not_meet),
		FRAG_TEST(two_datagrams_may_be_interleaved),
		FRAG_TEST(parts_are_given_up_by_packet_time),
		FRAG_TEST(the_end_of_input_gives_up_all),
		FRAG_TEST(the_oldest_makes_room_and_is_counted),
		FRAG_TEST(lent_buffers_are_not_taken_back),
		FRAG_TEST(a_decoder_without_buffers_refuses_fragments),
		FRAG_TEST(a_part_that_is_not_all_there_is_refused),
		FRAG_TEST(padding_of_the_link_is_no_part),
		FRAG_TEST(a_whole_that_is_refused_gives_its_buffer_back),
		FRAG_TEST(parts_within_parts_are_made_whole),
		FRAG_TEST(random_parts_agree_with_a_naive_twin),
	};

	wire = wire_new();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(wire);
	return failed;
}
