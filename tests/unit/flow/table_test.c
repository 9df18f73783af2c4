#include "lab.h"

#include <string.h>

#define MANY 20000

static uint32_t touch(struct lab *lab, const struct packet *packet)
{
	uint8_t dir;

	return flow_touch(lab->table, packet, 0, &dir);
}

/* Every tuple finds its own flow again, from both sides, whatever came between. */
static void random_tuples_find_their_flow_as_in_a_plain_array(void **state)
{
	struct lab *lab = lab_new(MANY);
	uint32_t *flows = calloc(MANY, sizeof(*flows));
	uint64_t random = 42;

	(void)state;
	assert_non_null(flows);
	printf("# seed 42\n");
	for (uint32_t i = 0; i < 4 * MANY; i++) {
		uint32_t n = (uint32_t)(lab_random(&random) % MANY);
		struct packet packet =
			random >> 40 & 1
				? lab_packet(lab, PROTO_UDP, n % 100, (uint16_t)n, 50, 53, SECOND)
				: lab_packet(lab, PROTO_UDP, 50, 53, n % 100, (uint16_t)n, SECOND);
		uint32_t flow = touch(lab, &packet);
		struct tuple key = packet.tuple;

		tuple_normalise(&key);
		assert_int_not_equal(flow, 0);
		if (flows[n] != 0)
			assert_int_equal(flow, flows[n]);
		flows[n] = flow;
		assert_memory_equal(flow_key(lab->table, flow), &key, sizeof(key));
	}
	uint32_t used = 0;
	for (uint32_t i = 0; i < MANY; i++)
		used += flows[i] != 0;
	assert_int_equal(flow_count(lab->table), used);
	assert_true(flow_table_counters(lab->table)->spilled > 0);
	free(flows);
	lab_free(lab);
}

static void ipv4_does_not_meet_ipv6_nor_one_tenant_another(void **state)
{
	struct lab *lab = lab_new(16);
	struct packet packet = lab_packet(lab, PROTO_UDP, 1, 1, 2, 2, SECOND);
	uint32_t first = touch(lab, &packet);

	(void)state;
	packet.tuple.tenant = 1; /* with the same hash */
	uint32_t second = touch(lab, &packet);
	packet.tuple.tenant = 0;
	memset(packet.tuple.src.b, 0, 12);
	memset(packet.tuple.dst.b, 0, 12);
	uint32_t third = touch(lab, &packet);
	assert_true(first != second && second != third && first != third);
	lab_free(lab);
}

static void a_flood_of_one_hash_is_bounded_and_counted(void **state)
{
	struct lab *lab = lab_new(4096);
	uint32_t got = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct packet packet = lab_packet(lab, PROTO_UDP, 1, (uint16_t)i, 2, 2, SECOND);

		packet.hash = 77;
		packet.payload_wire = 1;
		got += touch(lab, &packet) != 0;
	}
	assert_int_equal(got, 16 * 8);
	assert_int_equal(flow_table_counters(lab->table)->refused, 1000 - 16 * 8);
	flow_expire(lab->table, 100 * SECOND);
	assert_int_equal(flow_count(lab->table), 0);
	lab_free(lab);
}

/* A full chain, taken and given back many times, is found whole each time. */
static void a_chain_is_given_back_whole(void **state)
{
	struct lab *lab = lab_new(4096);

	(void)state;
	for (uint64_t round = 0; round < 40; round++)
		for (uint32_t i = 0; i < 2 * 16 * 8; i++) {
			struct packet packet = lab_packet(
				lab, PROTO_UDP, 1, i % (16 * 8), 2, 2, (1 + 100 * round) * SECOND);

			packet.hash = 77;
			assert_int_not_equal(touch(lab, &packet), 0);
			assert_int_equal(flow_count(lab->table), i < 16 * 8 ? i + 1 : 16 * 8);
		}
	lab_free(lab);
}

static struct packet syn(struct lab *lab, uint32_t end, uint64_t now_ns)
{
	struct packet packet = lab_packet(lab, PROTO_TCP, end, 4000, 70000, 80, now_ns);

	packet.tcp_flags = TCP_SYN;
	return packet;
}

static void syns_keep_to_their_share_and_the_longest_idle_goes(void **state)
{
	struct lab *lab = lab_new(64);
	uint64_t now = SECOND;

	(void)state;
	for (uint32_t i = 0; i < 4; i++, now += 2 * SECOND) {
		struct packet packet = syn(lab, i, now);
		touch(lab, &packet);
	}
	struct packet again = syn(lab, 0, now); /* the first is no longer the oldest */
	touch(lab, &again);
	for (uint32_t i = 4; i < 7; i++, now += 2 * SECOND) {
		struct packet packet = syn(lab, i, now);
		touch(lab, &packet);
	}
	assert_int_equal(flow_count(lab->table), 4);
	assert_int_equal(flow_table_counters(lab->table)->evicted_syn, 3);
	assert_int_equal(lab->end_cnt, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(lab->ends[i].first_ord, i + 2);
		assert_true(lab->ends[i].evicted);
	}
	lab_free(lab);
}

static void data(struct lab *lab, uint32_t end, uint32_t payload, uint64_t now_ns)
{
	struct packet packet = lab_packet(lab, PROTO_UDP, end, 4000, 70000, 80, now_ns);

	packet.payload_wire = packet.payload_len = payload;
	assert_int_not_equal(touch(lab, &packet), 0);
}

/* Goal: in a full table syns go first, then what has no payload, then payload;
 * in each class the longest idle. */
static void a_full_table_evicts_by_class_then_by_idle_time(void **state)
{
	struct lab *lab = lab_new(32);
	uint64_t now = SECOND;

	(void)state;
	struct packet one_syn = syn(lab, 1000, now); /* ord 1 */
	touch(lab, &one_syn);
	for (uint32_t i = 0; i < 16; i++, now += 3 * SECOND / 2)
		data(lab, i, 10, now); /* ord 2..17 */
	for (uint32_t i = 16; i < 31; i++, now += SECOND / 8)
		data(lab, i, 0, now); /* ord 18..32 */
	one_syn = syn(lab, 1000, now);
	touch(lab, &one_syn);  /* still alive: it was never idle for 30 s; ord 33 */
	data(lab, 16, 0, now); /* ord 34: the first bare one is young again */
	now += 2 * SECOND;
	for (uint32_t i = 100; i < 120; i++, now += SECOND / 8)
		data(lab, i, 10, now); /* ord 35..54 */
	const struct flow_counters *counters = flow_table_counters(lab->table);
	assert_int_equal(counters->evicted_syn, 1);
	assert_int_equal(counters->evicted_idle, 15);
	assert_int_equal(counters->evicted_payload, 4);
	assert_int_equal(lab->ends[0].first_ord, 1);
	for (uint32_t i = 1; i <= 14; i++)
		assert_int_equal(lab->ends[i].first_ord, 18 + i);
	assert_int_equal(lab->ends[15].first_ord, 18);
	for (uint32_t i = 16; i < 20; i++)
		assert_int_equal(lab->ends[i].first_ord, 2 + i - 16);
	assert_int_equal(counters->created, counters->ended + flow_count(lab->table));
	lab_free(lab);
}

/* A flood that evicts at each packet while others are touched: all counts
 * balance, nothing that stays young is thrown out. */
static void a_planted_flow_survives_a_flood_of_each_kind(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind < 3; kind++) {
		struct lab *lab = lab_new(256);
		uint64_t now = SECOND;

		data(lab, 5, 10, now);
		for (uint32_t i = 0; i < 20000; i++) {
			struct packet packet =
				kind == 0 ? syn(lab, 100 + i, now)
					  : lab_packet(lab, PROTO_UDP, 100 + i, 9, 3, 9, now);

			packet.payload_wire = kind == 2;
			assert_int_not_equal(touch(lab, &packet), 0);
			now += SECOND / 1000;
			if (i % 200 == 0)
				data(lab, 5, 10, now);
		}
		for (uint32_t i = 0; i < lab->end_cnt; i++)
			assert_int_not_equal(lab->ends[i].first_ord, 1);
		const struct flow_counters *counters = flow_table_counters(lab->table);
		assert_int_equal(counters->created, counters->ended + flow_count(lab->table));
		assert_true(counters->created > 20000);
		lab_free(lab);
	}
}

static void count_one(void *self, uint32_t flow)
{
	(void)flow;
	++*(uint32_t *)self;
}

static void each_visits_every_flow_once_and_prefetch_changes_nothing(void **state)
{
	struct lab *lab = lab_new(64);
	struct packet packets[32];
	uint32_t visited = 0;
	uint8_t dir;

	(void)state;
	for (uint32_t i = 0; i < 32; i++)
		packets[i] = lab_packet(lab, PROTO_UDP, i % 20, 1, 99, 2, SECOND);
	for (int round = 0; round < 2; round++) {
		uint32_t likely[32];

		for (uint32_t i = 0; i < 32; i++) {
			flow_expect(lab->table, packets[i].hash);
			likely[i] = flow_guess(lab->table, &packets[i]);
			flow_prefetch(lab->table, &packets[i], likely[i]);
		}
		for (uint32_t i = 0; i < 32; i++) {
			uint32_t flow = flow_touch(lab->table, &packets[i], likely[i], &dir);

			assert_int_equal(flow, touch(lab, &packets[i]));
			assert_true(round == 0 || likely[i] == flow);
		}
	}
	flow_each(lab->table, count_one, &visited);
	assert_int_equal(visited, 20);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_tuples_find_their_flow_as_in_a_plain_array),
		cmocka_unit_test(ipv4_does_not_meet_ipv6_nor_one_tenant_another),
		cmocka_unit_test(a_flood_of_one_hash_is_bounded_and_counted),
		cmocka_unit_test(a_chain_is_given_back_whole),
		cmocka_unit_test(syns_keep_to_their_share_and_the_longest_idle_goes),
		cmocka_unit_test(a_full_table_evicts_by_class_then_by_idle_time),
		cmocka_unit_test(a_planted_flow_survives_a_flood_of_each_kind),
		cmocka_unit_test(each_visits_every_flow_once_and_prefetch_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
