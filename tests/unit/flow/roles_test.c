#include "lab.h"

#define CLIENT 9 /* the higher address, so its direction is 1 */
#define SERVER 3
#define C 1 /* directions */
#define S 0

static uint32_t tcp(struct lab *lab, uint8_t from, uint8_t flags, uint32_t seq, uint32_t ack,
	uint32_t len, uint64_t now_ns)
{
	struct packet packet =
		from == C ? lab_packet(lab, PROTO_TCP, CLIENT, 40000, SERVER, 80, now_ns)
			  : lab_packet(lab, PROTO_TCP, SERVER, 80, CLIENT, 40000, now_ns);
	uint8_t dir;

	packet.tcp_flags = flags;
	packet.seq = seq;
	packet.ack = ack;
	packet.payload_wire = packet.payload_len = len;
	uint32_t flow = flow_touch(lab->table, &packet, 0, &dir);
	assert_int_equal(dir, from);
	return flow;
}

static uint32_t handshake(struct lab *lab, uint32_t isn, uint64_t now_ns)
{
	tcp(lab, C, TCP_SYN, isn, 0, 0, now_ns);
	tcp(lab, S, TCP_SYN | TCP_ACK, isn + 5000, isn + 1, 0, now_ns);
	return tcp(lab, C, TCP_ACK, isn + 1, isn + 5001, 0, now_ns);
}

static void a_handshake_proves_the_client(void **state)
{
	struct lab *lab = lab_new(16);
	uint32_t isn[2], flow = handshake(lab, 100, SECOND);
	const struct flow *record = flow_at(lab->table, flow);

	(void)state;
	assert_int_equal(record->client_dir, C);
	assert_int_equal(record->flags & ~FLOW_TCP,
		FLOW_SYN_SEEN | FLOW_SYNACK_SEEN | FLOW_CLIENT_KNOWN | FLOW_ANSWERED);
	assert_int_equal(flow_isn(lab->table, flow, C, isn), 1);
	assert_int_equal(isn[0], 100);
	assert_int_equal(flow_isn(lab->table, flow, S, isn), 1);
	assert_int_equal(isn[0], 5100);
	lab_free(lab);
}

static void without_a_handshake_the_client_is_guessed(void **state)
{
	struct lab *lab = lab_new(16);
	uint32_t flow = tcp(lab, S, TCP_ACK, 1, 1, 5, SECOND);
	uint8_t dir;

	(void)state;
	assert_int_equal(flow_at(lab->table, flow)->client_dir, C); /* the higher port */
	assert_int_equal(
		flow_at(lab->table, flow)->flags & ~FLOW_TCP, FLOW_MIDSTREAM | FLOW_PAYLOAD_0);
	struct packet packet = lab_packet(lab, PROTO_UDP, 5, 123, 6, 123, SECOND);
	flow = flow_touch(lab->table, &packet, 0, &dir);
	assert_int_equal(flow_at(lab->table, flow)->client_dir, dir); /* the first to speak */
	packet = lab_packet(lab, PROTO_UDP, 8, 123, 7, 123, SECOND);
	flow = flow_touch(lab->table, &packet, 0, &dir);
	assert_int_equal(dir, 1);
	assert_int_equal(flow_at(lab->table, flow)->client_dir, 1);
	flow_client_is(flow_at(lab->table, flow), 0);
	assert_int_equal(flow_at(lab->table, flow)->client_dir, 0);
	assert_int_equal(flow_at(lab->table, flow)->flags & ~FLOW_TCP, FLOW_CLIENT_KNOWN);
	lab_free(lab);
}

static void a_synack_alone_proves_its_receiver_the_client(void **state)
{
	struct lab *lab = lab_new(16);
	uint32_t flow = tcp(lab, S, TCP_SYN | TCP_ACK, 7, 8, 0, SECOND);
	const struct flow *record = flow_at(lab->table, flow);

	(void)state;
	assert_int_equal(record->client_dir, C);
	assert_int_equal(
		record->flags & ~FLOW_TCP, FLOW_SYNACK_SEEN | FLOW_CLIENT_KNOWN | FLOW_MIDSTREAM);
	lab_free(lab);
}

static void two_syns_are_candidates_until_the_answer_decides(void **state)
{
	(void)state;
	for (uint32_t wins = 0; wins < 2; wins++) {
		struct lab *lab = lab_new(16);
		uint32_t seqs[2] = {1000, 900000}, isn[2];
		uint32_t flow = tcp(lab, C, TCP_SYN, seqs[0], 0, 0, SECOND);

		assert_int_equal(tcp(lab, C, TCP_SYN, seqs[1], 0, 0, SECOND), flow);
		assert_int_equal(flow_isn(lab->table, flow, C, isn), 2);
		assert_int_equal(isn[0], seqs[0]);
		assert_int_equal(isn[1], seqs[1]);
		assert_int_equal(
			tcp(lab, S, TCP_SYN | TCP_ACK, 5, seqs[wins] + 1, 0, SECOND), flow);
		assert_int_equal(flow_isn(lab->table, flow, C, isn), 1);
		assert_int_equal(isn[0], seqs[wins]);
		assert_int_equal(flow_table_counters(lab->table)->created, 1);
		lab_free(lab);
	}
}

static void a_syn_on_a_closed_flow_opens_a_new_one(void **state)
{
	(void)state;
	for (int by_rst = 0; by_rst < 2; by_rst++) {
		struct lab *lab = lab_new(16);

		handshake(lab, 100, SECOND);
		tcp(lab, C, TCP_ACK, 101, 5101, 10, SECOND);
		if (by_rst)
			tcp(lab, S, TCP_RST, 5101, 0, 0, SECOND);
		tcp(lab, C, TCP_FIN | TCP_ACK, 111, 5101, 0, SECOND);
		tcp(lab, S, TCP_FIN | TCP_ACK, 5101, 112, 0, SECOND);
		tcp(lab, C, TCP_SYN, 100, 0, 0, SECOND); /* a late copy of the old SYN does not */
		assert_int_equal(lab->end_cnt, 0);
		uint32_t flow = handshake(lab, 70000000, 2 * SECOND);
		assert_int_equal(lab->end_cnt, 1);
		assert_true(lab->ends[0].evicted);
		assert_int_equal(lab->ends[0].due_ns, 2 * SECOND);
		assert_int_equal(flow_first(lab->table, flow).now_ns, 2 * SECOND);
		assert_int_equal(flow_table_counters(lab->table)->replaced, 1);
		lab_free(lab);
	}
}

static void a_forged_syn_does_not_cut_an_open_flow(void **state)
{
	struct lab *lab = lab_new(16);
	uint32_t flow = handshake(lab, 100, SECOND);

	(void)state;
	tcp(lab, C, TCP_ACK, 101, 5101, 10, SECOND);
	assert_int_equal(tcp(lab, C, TCP_SYN, 3000000000u, 0, 0, SECOND), flow);
	assert_int_equal(tcp(lab, C, TCP_ACK, 111, 5101, 10, SECOND), flow);
	assert_int_equal(tcp(lab, S, TCP_ACK, 5101, 121, 10, SECOND), flow);
	assert_int_equal(lab->end_cnt, 0);
	lab_free(lab);
}

static void a_new_connection_without_an_end_of_the_old_is_opened_by_its_answer(void **state)
{
	struct lab *lab = lab_new(16);
	uint32_t isn[2];

	(void)state;
	handshake(lab, 100, SECOND);
	tcp(lab, C, TCP_ACK, 101, 5101, 10, SECOND);
	uint32_t flow = handshake(lab, 3000000000u, 2 * SECOND);
	assert_int_equal(lab->end_cnt, 1);
	assert_int_equal(flow_at(lab->table, flow)->client_dir, C);
	assert_int_equal(flow_isn(lab->table, flow, S, isn), 1);
	assert_int_equal(isn[0], 3000005000u);
	lab_free(lab);
}

static void with_one_side_in_sight_its_first_data_decide(void **state)
{
	struct lab *lab = lab_new(16);

	(void)state;
	tcp(lab, C, TCP_SYN, 100, 0, 0, SECOND);
	tcp(lab, C, TCP_ACK, 101, 1, 10, SECOND);
	tcp(lab, C, TCP_SYN, 3000000000u, 0, 0, SECOND);
	assert_int_equal(lab->end_cnt, 0);
	tcp(lab, C, TCP_ACK, 3000000001u, 1, 10, SECOND);
	assert_int_equal(lab->end_cnt, 1);
	lab_free(lab);
}

static void a_reversed_capture_is_one_flow_and_gets_its_client(void **state)
{
	struct lab *lab = lab_new(16);
	uint32_t isn[2], flow = tcp(lab, S, TCP_FIN | TCP_ACK, 5101, 112, 0, SECOND);

	(void)state;
	tcp(lab, C, TCP_FIN | TCP_ACK, 111, 5101, 0, SECOND);
	tcp(lab, C, TCP_ACK, 106, 5101, 5, SECOND);
	tcp(lab, C, TCP_ACK, 101, 5101, 5, SECOND);
	tcp(lab, C, TCP_ACK, 101, 5101, 0, SECOND);
	tcp(lab, S, TCP_SYN | TCP_ACK, 5100, 101, 0, SECOND);
	assert_int_equal(tcp(lab, C, TCP_SYN, 100, 0, 0, SECOND), flow);
	assert_int_equal(lab->end_cnt, 0);
	assert_int_equal(flow_at(lab->table, flow)->client_dir, C);
	assert_int_equal(flow_at(lab->table, flow)->flags & (FLOW_CLIENT_KNOWN | FLOW_MIDSTREAM),
		FLOW_CLIENT_KNOWN);
	assert_int_equal(flow_isn(lab->table, flow, C, isn), 1);
	assert_int_equal(isn[0], 100);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_proves_the_client),
		cmocka_unit_test(without_a_handshake_the_client_is_guessed),
		cmocka_unit_test(a_synack_alone_proves_its_receiver_the_client),
		cmocka_unit_test(two_syns_are_candidates_until_the_answer_decides),
		cmocka_unit_test(a_syn_on_a_closed_flow_opens_a_new_one),
		cmocka_unit_test(a_forged_syn_does_not_cut_an_open_flow),
		cmocka_unit_test(
			a_new_connection_without_an_end_of_the_old_is_opened_by_its_answer),
		cmocka_unit_test(with_one_side_in_sight_its_first_data_decide),
		cmocka_unit_test(a_reversed_capture_is_one_flow_and_gets_its_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
