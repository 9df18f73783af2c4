#include "rig.h"

static void bytes_in_order_are_lent_in_place(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	rig_text(rig, 104, "two");
	assert_client(rig, "onetwo");
	assert_int_equal(stream_last(rig->streams)->delivered, 3);
	assert_int_equal(flow_at(rig->table, rig->flow)->flags & FLOW_HOLE, 0);
	rig_end(rig);
	assert_client(rig, "onetwo$");
	assert_string_equal(rig->half[S].text, "$");
	rig_free(rig);
}

static void a_hole_is_filled_and_the_order_restored(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 104, "two");
	assert_client(rig, "");
	assert_int_not_equal(flow_at(rig->table, rig->flow)->flags & FLOW_HOLE, 0);
	assert_int_equal(stream_counters(rig->streams)->pending, 3);
	rig_text(rig, 101, "one");
	assert_client(rig, "onetwo");
	assert_int_equal(flow_at(rig->table, rig->flow)->flags & FLOW_HOLE, 0);
	rig_free(rig);
}

static void a_hole_is_waited_for_two_seconds(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 104, "two");
	rig_wait(rig, FLOW_HOLE_NS - 1);
	assert_client(rig, "");
	rig_wait(rig, 1);
	assert_client(rig, "[3]two");
	rig_text(rig, 107, "three");
	rig_text(rig, 101, "one"); /* late: raw */
	assert_client(rig, "[3]twothree{one}");
	rig_free(rig);
}

static void a_hole_the_receiver_has_is_waited_for_half_a_second(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 104, "two");
	rig_wait(rig, SECOND / 10);
	rig_ack(rig, 107);
	rig_wait(rig, FLOW_HOLE_ACKED_NS - 1);
	rig_ack(rig, 107); /* a second one does not prolong it */
	assert_client(rig, "");
	rig_wait(rig, 1);
	assert_client(rig, "[3]two");
	rig_free(rig);
}

static void each_hole_has_its_own_wait(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 3000, "far");
	rig_wait(rig, SECOND);
	rig_text(rig, 9000, "farther");
	rig_wait(rig, SECOND);
	assert_client(rig, "[2899]far");
	rig_wait(rig, SECOND - 1);
	assert_client(rig, "[2899]far");
	rig_wait(rig, 1);
	assert_client(rig, "[2899]far[5997]farther");
	rig_free(rig);
}

static void filling_a_hole_from_behind_does_not_prolong_its_wait(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 9000, "farther");
	rig_wait(rig, SECOND);
	rig_text(rig, 3000, "far");
	rig_wait(rig, SECOND - 1);
	assert_client(rig, "");
	rig_wait(rig, 1);
	assert_client(rig, "[2899]far[5997]farther");
	rig_free(rig);
}

static void a_retransmission_is_a_duplicate_and_a_differing_one_is_lent_raw(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	rig_text(rig, 104, "two");
	rig_text(rig, 101, "one");
	rig_text(rig, 101, "onetwo"); /* both segments in one */
	assert_int_equal(stream_counters(rig->streams)->duplicate, 9);
	rig_text(rig, 101, "0ne");
	rig_text(rig, 102, "neTwo");    /* other borders */
	rig_text(rig, 104, "twothree"); /* old and new */
	assert_client(rig, "onetwo{0ne}{neTwo}three");
	assert_int_equal(stream_counters(rig->streams)->duplicate, 12);
	rig_free(rig);
}

static void kept_segments_are_remembered_by_their_own_borders(void **state)
{
	struct rig *rig = rig_new();
	char text[1460], early[1949];

	(void)state;
	memset(text, 'x', sizeof(text));
	memset(early, 'y', sizeof(early));
	rig_open(rig, 100);
	rig_send(rig, C, TCP_ACK, 2050, 501, text, sizeof(text), sizeof(text));
	rig_send(rig, C, TCP_ACK, 2050 + 1460, 501, text, sizeof(text), sizeof(text));
	rig_send(rig, C, TCP_ACK, 101, 501, early, sizeof(early), sizeof(early));
	assert_int_equal(rig->half[C].delivered, 1949 + 2 * 1460);
	rig_send(rig, C, TCP_ACK, 2050 + 1460, 501, text, sizeof(text), sizeof(text));
	rig_send(rig, C, TCP_ACK, 2050, 501, text, sizeof(text), sizeof(text));
	assert_int_equal(stream_counters(rig->streams)->duplicate, 2 * 1460);
	assert_int_equal(stream_counters(rig->streams)->conflict, 0);
	rig_free(rig);
}

static void the_first_copy_wins_among_kept_bytes_too(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 104, "two");
	rig_text(rig, 104, "two");   /* the same: duplicate */
	rig_text(rig, 103, "eTwO!"); /* differs in two of three */
	rig_text(rig, 101, "onet");  /* overlaps, agrees */
	assert_client(rig, "{TwO}onetwo!");
	assert_int_equal(stream_counters(rig->streams)->duplicate, 3 + 2);
	rig_free(rig);
}

static void the_budget_of_conflicts_is_kept(void **state)
{
	struct rig *rig = rig_new();
	static uint8_t data[60000];

	(void)state;
	rig_open(rig, 100);
	rig_send(rig, C, TCP_ACK, 101, 501, data, sizeof(data), sizeof(data));
	data[7] = 1;
	rig_send(rig, C, TCP_ACK, 101, 501, data, sizeof(data), sizeof(data));
	assert_int_equal(rig->half[C].conflict, 60000);
	rig_send(rig, C, TCP_ACK, 101, 501, data, 5536, 5536);
	assert_int_equal(rig->half[C].conflict, STREAM_CONFLICT_MAX);
	rig_send(rig, C, TCP_ACK, 102, 501, data, 1, 1);
	assert_int_equal(rig->half[C].conflict, STREAM_CONFLICT_MAX);
	assert_int_equal(stream_counters(rig->streams)->skipped_conflict, 1);
	rig_free(rig);
}

static void numbers_wrap(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, UINT32_MAX - 4);
	rig_text(rig, 2, "three");
	rig_text(rig, UINT32_MAX - 3, "one");
	rig_text(rig, UINT32_MAX, "two");
	assert_client(rig, "onetwothree");
	rig_text(rig, UINT32_MAX - 3, "one");
	assert_int_equal(stream_counters(rig->streams)->duplicate, 3);
	rig_free(rig);
}

static void keep_alives_and_probes_are_no_conflict(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	rig_send(rig, C, TCP_ACK, 103, 501, "\0", 1, 1);
	rig_text(rig, 104, "t"); /* a probe of a closed window, not taken */
	rig_text(rig, 104, "two");
	assert_client(rig, "onetwo");
	rig_free(rig);
}

static void a_syn_may_carry_data_and_urgent_bytes_stay_in_line(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_send(rig, C, TCP_SYN, 100, 0, "fast", 4, 4);
	rig_send(rig, S, TCP_SYN | TCP_ACK, 500, 105, NULL, 0, 0);
	rig_send(rig, C, TCP_ACK | TCP_URG, 105, 501, "open", 4, 4);
	assert_client(rig, "fastopen");
	rig_free(rig);
}

static void an_acknowledged_fin_ends_and_data_behind_it_are_raw(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_send(rig, C, TCP_FIN | TCP_ACK, 101, 501, "bye", 3, 3);
	assert_client(rig, "bye");
	rig_ack(rig, 105);
	assert_client(rig, "bye$");
	rig_text(rig, 105, "more");
	assert_client(rig, "bye${more}");
	rig_end(rig);
	assert_client(rig, "bye${more}");
	assert_int_equal(rig->half[S].ends, 1);
	rig_free(rig);
}

static void what_never_came_before_an_acknowledged_fin_is_a_gap_at_the_end(void **state)
{
	static const struct {
		uint32_t ack;
		const char *text;
	} ends[] = {{108, "one[3]$"}, {104, "one$"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = rig_new();

		rig_open(rig, 100);
		rig_text(rig, 101, "one");
		rig_send(rig, C, TCP_FIN | TCP_ACK, 107, 501, NULL, 0, 0);
		rig_ack(rig, ends[i].ack);
		assert_client(rig, "one");
		rig_end(rig);
		assert_client(rig, ends[i].text);
		rig_free(rig);
	}
}

static void a_forged_fin_or_rst_stops_nothing(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	rig_send(rig, C, TCP_FIN | TCP_ACK, 104, 501, NULL, 0, 0);
	rig_text(rig, 104, "two");
	rig_send(rig, C, TCP_RST, 107, 0, NULL, 0, 0);
	assert_false(rig->after_rst);
	rig_text(rig, 107, "three");
	assert_true(rig->after_rst);
	assert_client(rig, "onetwothree");
	rig_free(rig);
}

static void what_the_capture_cut_off_is_a_gap(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_send(rig, C, TCP_ACK, 101, 501, "head", 4, 100);
	rig_text(rig, 201, "next");
	assert_client(rig, "head[96]next");
	rig_send(rig, C, TCP_ACK, 205, 501, NULL, 0, 10);
	assert_client(rig, "head[96]next[10]");
	rig_free(rig);
}

static void a_beginning_not_seen_is_held_until_it_is_clear(void **state)
{
	static const struct {
		const char *what, *lent;
	} rows[] = {
		{"ack", "onetwo"}, {"chain", "onetwo34"}, {"wait", "onetwo"}, {"end", "onetwo$"}};

	(void)state;
	for (int row = 0; row < 4; row++) {
		struct rig *rig = rig_new();

		rig_text(rig, 104, "two");
		rig_text(rig, 101, "one");
		assert_client(rig, "");
		switch (row) {
		case 0:
			rig_ack(rig, 101);
			assert_client(rig, "");
			rig_ack(rig, 107);
			break;
		case 1:
			rig_text(rig, 104, "two");
			rig_text(rig, 107, "3");
			assert_client(rig, "");
			rig_text(rig, 108, "4");
			break;
		case 2:
			rig_wait(rig, FLOW_HOLE_NS - 1);
			assert_client(rig, "");
			rig_wait(rig, 1);
			break;
		default:
			rig_end(rig);
		}
		assert_client(rig, rows[row].lent);
		if (row < 3) {
			rig_text(rig, 96, "early");
			assert_non_null(strstr(rig->half[C].text, "{early}"));
		}
		rig_free(rig);
	}
}

static void a_reversed_capture_is_whole_once_the_syn_arrives(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_send(rig, C, TCP_FIN | TCP_ACK, 110, 506, NULL, 0, 0);
	rig_send(rig, S, TCP_ACK, 501, 110, "reply", 5, 5);
	rig_text(rig, 104, "second");
	rig_text(rig, 101, "one");
	rig_send(rig, S, TCP_SYN | TCP_ACK, 500, 101, NULL, 0, 0);
	assert_string_equal(rig->half[S].text, "reply");
	assert_client(rig, "");
	rig_send(rig, C, TCP_SYN, 100, 0, NULL, 0, 0);
	assert_client(rig, "onesecond");
	rig_free(rig);
}

static void two_syns_hold_until_the_answer_tells_which(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_send(rig, C, TCP_SYN, 100, 0, NULL, 0, 0);
	rig_send(rig, C, TCP_SYN, 90000, 0, NULL, 0, 0);
	rig_text(rig, 90004, "two");
	rig_text(rig, 90001, "one");
	assert_client(rig, "");
	rig_send(rig, S, TCP_SYN | TCP_ACK, 500, 90001, NULL, 0, 0);
	assert_client(rig, "onetwo");
	rig_free(rig);
}

static void a_stray_is_lent_raw_and_four_in_order_move_the_stream(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	rig_text(rig, 1000000000, "a");
	rig_text(rig, 104, "two");
	rig_text(rig, 1000000001, "b");
	rig_text(rig, 1000000002, "c");
	assert_client(rig, "one{a}two{b}{c}");
	rig_text(rig, 1000000003, "d");
	rig_text(rig, 1000000004, "e");
	assert_client(rig, "one{a}two{b}{c}[0]de");
	rig_free(rig);
}

static void the_stream_moves_behind_what_was_delivered_too(void **state)
{
	static const struct {
		uint32_t isn, to;
	} moves[] = {{1711286023, 145}, {100, 3000000000}, {1u << 31, 100}};

	(void)state;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		struct rig *rig = rig_new();
		uint32_t to = moves[i].to;

		rig_open(rig, moves[i].isn);
		rig_text(rig, moves[i].isn + 1, "one");
		rig_text(rig, moves[i].isn + 9, "kept");
		rig_text(rig, to, "a");
		rig_text(rig, to + 1, "b");
		rig_text(rig, to + 2, "c");
		rig_text(rig, to + 3, "d");
		assert_client(rig, "one{a}{b}{c}[5]kept[0]d");
		rig_text(rig, to + 6, "f");
		rig_text(rig, to + 4, "e!");
		assert_client(rig, "one{a}{b}{c}[5]kept[0]de!f");
		rig_free(rig);
	}
}

static void what_stands_before_a_jump_is_read_free_of_the_budget(void **state)
{
	struct rig *rig = rig_new();
	static uint8_t data[60000];
	const uint32_t to = 101 + (32u << 20);

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	for (uint32_t i = 0; i < 4; i++)
		rig_text(rig, to + i, "x");
	assert_client(rig, "one{x}{x}{x}[0]x");
	rig_text(rig, 101, "one"); /* delivered before: still known */
	assert_int_equal(stream_counters(rig->streams)->duplicate, 3);
	for (uint32_t i = 0; i < 2; i++)
		rig_send(rig, C, TCP_ACK, 104 + i * 60000, 501, data, sizeof(data), sizeof(data));
	assert_int_equal(rig->half[C].conflict, 3 + 2 * sizeof(data));
	assert_int_equal(stream_counters(rig->streams)->skipped_conflict, 0);
	rig_text(rig, 101, "0ne"); /* the budget is for these, and whole */
	rig_text(rig, to + 4, "y");
	assert_non_null(strstr(rig->half[C].text, "{0ne}y"));
	rig_free(rig);
}

static void past_the_limit_the_hole_is_given_up(void **state)
{
	struct rig *rig = rig_new();
	uint8_t data[STREAM_BLOCK] = {0};

	(void)state;
	rig_open(rig, STREAM_BLOCK - 2);
	for (uint32_t i = 1; i <= STREAM_KEEP_MAX / STREAM_BLOCK; i++)
		rig_send(rig, C, TCP_ACK, i * STREAM_BLOCK, 501, data, sizeof(data), sizeof(data));
	assert_int_equal(stream_counters(rig->streams)->pending, STREAM_KEEP_MAX);
	assert_int_equal(rig->half[C].delivered, 0);
	rig_send(rig, C, TCP_ACK, STREAM_KEEP_MAX + STREAM_BLOCK, 501, data, 1, 1);
	assert_int_equal(rig->half[C].delivered, STREAM_KEEP_MAX + 1);
	assert_int_equal(rig->half[C].missing, 1);
	assert_int_equal(stream_counters(rig->streams)->forced, 0);
	rig_free(rig);
}

static void without_a_free_block_nothing_is_lost_but_order(void **state)
{
	struct rig *rig = rig_new_sized(1, 1);

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 3000, "far");
	rig_text(rig, 9000, "farther");
	assert_client(rig, "[2899]far[5997]farther");
	assert_int_equal(stream_counters(rig->streams)->forced, 1);
	rig_free(rig);
}

static void without_room_for_its_state_a_flow_is_skipped_by_name(void **state)
{
	struct rig *rig = rig_new_sized(1, 1);
	struct packet packet = lab_packet(&rig->lab, PROTO_TCP, 1, 1, 2, 2, rig->now_ns);
	uint8_t dir;

	(void)state;
	rig_open(rig, 100);
	rig_text(rig, 101, "one");
	packet.tcp_flags = TCP_ACK;
	packet.payload = (const uint8_t *)"x";
	packet.payload_len = packet.payload_wire = 1;
	uint32_t flow = flow_touch(rig->table, &packet, 0, &dir);
	rig->pushed++;
	stream_push(rig->streams, rig->table, flow, dir, &packet);
	rig_drain(rig);
	assert_int_equal(stream_counters(rig->streams)->skipped_reassembly, 1);
	rig_free(rig);
}

static void a_datagram_is_one_span(void **state)
{
	struct rig *rig = rig_new();
	struct packet packet = lab_packet(&rig->lab, PROTO_UDP, 1, 1, 2, 2, rig->now_ns);
	uint8_t dir;

	(void)state;
	packet.payload = (const uint8_t *)"query";
	packet.payload_len = packet.payload_wire = 5;
	uint32_t flow = flow_touch(rig->table, &packet, 0, &dir);
	rig->pushed += 5;
	stream_push(rig->streams, rig->table, flow, dir, &packet);
	rig_drain(rig);
	assert_string_equal(rig->half[dir].text, "<query>");
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_in_order_are_lent_in_place),
		cmocka_unit_test(a_hole_is_filled_and_the_order_restored),
		cmocka_unit_test(a_hole_is_waited_for_two_seconds),
		cmocka_unit_test(a_hole_the_receiver_has_is_waited_for_half_a_second),
		cmocka_unit_test(each_hole_has_its_own_wait),
		cmocka_unit_test(filling_a_hole_from_behind_does_not_prolong_its_wait),
		cmocka_unit_test(a_retransmission_is_a_duplicate_and_a_differing_one_is_lent_raw),
		cmocka_unit_test(kept_segments_are_remembered_by_their_own_borders),
		cmocka_unit_test(the_first_copy_wins_among_kept_bytes_too),
		cmocka_unit_test(the_budget_of_conflicts_is_kept),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(keep_alives_and_probes_are_no_conflict),
		cmocka_unit_test(a_syn_may_carry_data_and_urgent_bytes_stay_in_line),
		cmocka_unit_test(an_acknowledged_fin_ends_and_data_behind_it_are_raw),
		cmocka_unit_test(what_never_came_before_an_acknowledged_fin_is_a_gap_at_the_end),
		cmocka_unit_test(a_forged_fin_or_rst_stops_nothing),
		cmocka_unit_test(what_the_capture_cut_off_is_a_gap),
		cmocka_unit_test(a_beginning_not_seen_is_held_until_it_is_clear),
		cmocka_unit_test(a_reversed_capture_is_whole_once_the_syn_arrives),
		cmocka_unit_test(two_syns_hold_until_the_answer_tells_which),
		cmocka_unit_test(a_stray_is_lent_raw_and_four_in_order_move_the_stream),
		cmocka_unit_test(the_stream_moves_behind_what_was_delivered_too),
		cmocka_unit_test(what_stands_before_a_jump_is_read_free_of_the_budget),
		cmocka_unit_test(past_the_limit_the_hole_is_given_up),
		cmocka_unit_test(without_a_free_block_nothing_is_lost_but_order),
		cmocka_unit_test(without_room_for_its_state_a_flow_is_skipped_by_name),
		cmocka_unit_test(a_datagram_is_one_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
