/* Goal: flows end, and holes are told, exactly at their due times and in order
 * of (due time, first packet), however often flow_expire() is called.
 * Method: a model that keeps flows in an array and sorts; random traffic. */
#include "lab.h"

#include <string.h>

#define CAPACITY 512
#define PEERS 40
#define STEPS 20000

struct twin_flow {
	bool used, payload, answered, tcp, fin[2], rst;
	uint32_t peer;
	uint8_t first_dir;
	uint64_t first_ord, last_ns, hole_ns;
};

struct twin {
	struct twin_flow flows[2 * PEERS];
	struct lab_end ends[LAB_ENDS_MAX];
	uint32_t end_cnt;
};

static uint64_t twin_idle(const struct twin_flow *flow)
{
	if (!flow->tcp)
		return FLOW_IDLE_UDP_NS;
	if (!flow->payload && !flow->answered)
		return FLOW_IDLE_SYN_NS;
	return flow->rst || (flow->fin[0] && flow->fin[1]) ? FLOW_LINGER_NS : FLOW_IDLE_TCP_NS;
}

static int compare(const void *a, const void *b)
{
	const struct lab_end *x = a, *y = b;

	if (x->due_ns != y->due_ns)
		return x->due_ns < y->due_ns ? -1 : 1;
	return x->first_ord < y->first_ord ? -1 : x->first_ord > y->first_ord;
}

static void twin_expire(struct twin *twin, uint64_t now_ns, bool all)
{
	uint32_t start = twin->end_cnt;

	for (uint32_t i = 0; i < 2 * PEERS; i++) {
		struct twin_flow *flow = &twin->flows[i];

		if (!flow->used)
			continue;
		uint64_t due = all ? STAMP_END_NS : flow->last_ns + twin_idle(flow);
		if (flow->hole_ns != 0 && flow->hole_ns <= now_ns && !all) {
			twin->ends[twin->end_cnt++] = (struct lab_end){.first_ord = flow->first_ord,
				.due_ns = flow->hole_ns,
				.hole = true};
			flow->hole_ns = 0;
		}
		if (all || due <= now_ns) {
			twin->ends[twin->end_cnt++] =
				(struct lab_end){.first_ord = flow->first_ord, .due_ns = due};
			flow->used = false;
		}
	}
	qsort(twin->ends + start, twin->end_cnt - start, sizeof(twin->ends[0]), compare);
}

static void both_touch(struct lab *lab, struct twin *twin, uint64_t now_ns, uint64_t random)
{
	uint32_t peer = (uint32_t)(random % PEERS);
	bool tcp = random >> 8 & 1, back = random >> 9 & 1;
	struct twin_flow *flow = &twin->flows[peer * 2 + tcp];
	uint8_t proto = tcp ? PROTO_TCP : PROTO_UDP, dir;
	struct packet packet = back ? lab_packet(lab, proto, 900, 443, peer, 5000, now_ns)
				    : lab_packet(lab, proto, peer, 5000, 900, 443, now_ns);

	packet.payload_wire = packet.payload_len = (random >> 10 & 3) == 0 ? 5 : 0;
	packet.tcp_flags = TCP_ACK;
	if (tcp && (random >> 12 & 7) == 0)
		packet.tcp_flags |= random >> 15 & 1 ? TCP_FIN : TCP_RST;
	if (!flow->used)
		*flow = (struct twin_flow){.used = true,
			.tcp = tcp,
			.peer = peer,
			.first_dir = back,
			.first_ord = packet.pos.ord};
	flow->last_ns = now_ns;
	flow->payload |= packet.payload_wire > 0;
	flow->answered |= back != flow->first_dir;
	flow->fin[back] |= (packet.tcp_flags & TCP_FIN) != 0;
	flow->rst |= (packet.tcp_flags & TCP_RST) != 0;
	uint32_t number = flow_touch(lab->table, &packet, 0, &dir);
	assert_int_not_equal(number, 0);
	assert_int_equal(dir, back);
	assert_int_equal(flow_first(lab->table, number).ord, flow->first_ord);
	assert_int_equal((flow_at(lab->table, number)->flags & FLOW_ANSWERED) != 0, flow->answered);
	if ((random >> 20 & 3) == 0) {
		flow->hole_ns = now_ns + 1 + (random >> 22) % FLOW_HOLE_NS;
		flow_hole(lab->table, number, flow->hole_ns);
	} else if ((random >> 20 & 15) == 1) {
		flow->hole_ns = 0;
		flow_hole(lab->table, number, 0);
	}
}

/* Time stands, creeps, strides over slots, and now and then over years. */
static uint64_t step(uint64_t random)
{
	switch (random % 16) {
	case 0:
		return random >> 8 & 0xfffffff;
	case 1:
		return random >> 8 & 0xffffffff;
	case 2:
		return (random >> 8 & 0xff) == 0 ? 100000000 * SECOND : 20 * SECOND;
	default:
		return random >> 8 & 1 ? 0 : random >> 9 & 0xffffff;
	}
}

static void run_random(uint64_t seed, uint32_t expire_each)
{
	struct lab *lab = lab_new(CAPACITY);
	struct twin *twin = calloc(1, sizeof(*twin));
	uint64_t random = seed, now = 5 * SECOND;

	assert_non_null(twin);
	for (uint32_t i = 0; i < STEPS; i++) {
		now += step(lab_random(&random));
		if (expire_each != 0 && i % expire_each == 0) {
			flow_expire(lab->table, now);
			assert_true(flow_next_due(lab->table) > now);
		}
		twin_expire(twin, now, false);
		both_touch(lab, twin, now, lab_random(&random));
		assert_int_equal(lab->end_cnt, twin->end_cnt);
	}
	flow_expire(lab->table, STAMP_END_NS);
	twin_expire(twin, now, true);
	assert_int_equal(lab->end_cnt, twin->end_cnt);
	for (uint32_t i = 0; i < lab->end_cnt; i++) {
		assert_int_equal(lab->ends[i].due_ns, twin->ends[i].due_ns);
		assert_int_equal(lab->ends[i].first_ord, twin->ends[i].first_ord);
		assert_int_equal(lab->ends[i].hole, twin->ends[i].hole);
		assert_false(lab->ends[i].evicted);
	}
	assert_int_equal(flow_count(lab->table), 0);
	assert_int_equal(flow_next_due(lab->table), STAMP_END_NS);
	lab_free(lab);
	free(twin);
}

static void flows_end_as_a_sorted_array_says_however_often_expiry_runs(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		printf("# seed %u\n", (unsigned)seed);
		run_random(seed, 0);
		run_random(seed, 1);
		run_random(seed, 97);
	}
}

static void next_due_never_passes_a_due_time(void **state)
{
	struct lab *lab = lab_new(16);
	struct packet packet = lab_packet(lab, PROTO_UDP, 1, 1, 2, 2, 10 * SECOND);
	uint8_t dir;
	uint32_t flow = flow_touch(lab->table, &packet, 0, &dir);

	(void)state;
	assert_true(flow_next_due(lab->table) <= 70 * SECOND);
	flow_hole(lab->table, flow, 10 * SECOND + 5);
	assert_true(flow_next_due(lab->table) <= 10 * SECOND + 5);
	flow_expire(lab->table, 10 * SECOND + 4);
	assert_int_equal(lab->end_cnt, 0);
	flow_expire(lab->table, 10 * SECOND + 5);
	assert_int_equal(lab->end_cnt, 1);
	assert_int_equal(flow_at(lab->table, flow)->flags & FLOW_HOLE, 0);
	flow_expire(lab->table, 70 * SECOND - 1);
	assert_int_equal(lab->end_cnt, 1);
	flow_expire(lab->table, 70 * SECOND);
	assert_int_equal(lab->end_cnt, 2);
	lab_free(lab);
}

static void a_hole_due_in_the_past_is_told_at_once(void **state)
{
	struct lab *lab = lab_new(16);
	struct packet packet = lab_packet(lab, PROTO_UDP, 1, 1, 2, 2, 10 * SECOND);
	uint8_t dir;
	uint32_t flow = flow_touch(lab->table, &packet, 0, &dir);

	(void)state;
	flow_hole(lab->table, flow, SECOND);
	flow_expire(lab->table, 10 * SECOND);
	assert_int_equal(lab->end_cnt, 1);
	assert_int_equal(lab->ends[0].due_ns, SECOND);
	assert_int_equal(flow_hole_due(lab->table, flow), SECOND);
	lab_free(lab);
}

/* More than are sorted at once. */
static void the_end_of_many_comes_in_order_of_their_beginning(void **state)
{
	enum { COUNT = 20000 };
	struct lab *lab = lab_new(COUNT);
	uint8_t dir;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		struct packet packet =
			lab_packet(lab, PROTO_UDP, i * 7919 % COUNT, 1, 60000, 2, SECOND);
		assert_int_not_equal(flow_touch(lab->table, &packet, 0, &dir), 0);
	}
	flow_expire(lab->table, STAMP_END_NS);
	assert_int_equal(lab->end_cnt, COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(lab->ends[i].first_ord, i + 1);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_many_comes_in_order_of_their_beginning),
		cmocka_unit_test(flows_end_as_a_sorted_array_says_however_often_expiry_runs),
		cmocka_unit_test(a_hole_due_in_the_past_is_told_at_once),
		cmocka_unit_test(next_due_never_passes_a_due_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
