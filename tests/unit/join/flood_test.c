/* More than ten alerts a second of one server, destination and technique become one
 * event for ten seconds; nothing else does. */
#include "join/flood.h"

#include <stdio.h>
#include <string.h>

#include "fact/control.h"
#include "join/rig.h"

/* A finding with one card of that number to the n-th stranger. */
static struct fact_finding *theft(uint64_t card, uint32_t stranger, uint64_t ns)
{
	static uint64_t number;
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", ns);

	fact->flow.key.dst.b[15] = (uint8_t)stranger;
	fact->flow.packet_ns = ns;
	fact->finding_id = ++number;
	fact->flow.flow_id = 1000 + number;
	fact->card_cnt = 1;
	fact->card[0] = (struct fact_card){.quick = card * UINT64_C(0x9e3779b97f4a7c15),
		.token = {(uint8_t)card, (uint8_t)(card >> 8)},
		.bin = "411111",
		.last4 = "1111",
		.brand = "visa",
		.digits = 16};
	return fact;
}

static void send(const struct fact_finding *fact)
{
	spsc_commit(&rig.in, fact->fact.size);
	rig_step();
}

/* That many at that time, each with a card of its own: how many events came at once. */
static uint32_t burst(uint32_t count, uint32_t stranger, uint64_t ns)
{
	static uint64_t card;
	uint32_t events = 0;

	for (uint32_t i = 0; i < count; i++) {
		send(theft(++card, stranger, ns));
		events += rig.count;
	}
	return events;
}

/* Something that is no alert, at that time. */
static void later(uint64_t ns)
{
	struct fact_repeat *fact = spsc_reserve(&rig.in, sizeof(*fact));

	memset(fact, 0, sizeof(*fact));
	rig_stamp(&fact->fact, FACT_REPEAT, sizeof(*fact), ns);
	spsc_commit(&rig.in, fact->fact.size);
	rig_step();
}

static void ten_a_second_are_sent_by_themselves(void **state)
{
	(void)state;
	for (uint64_t second = 100; second < 130; second++)
		assert_int_equal(burst(10, 9, second * S), 10);
	assert_int_equal(join_counters(rig.join)->folded, 0);
	assert_int_equal(burst(1, 9, 129 * S), 0); /* the eleventh of its second */
	assert_int_equal(join_counters(rig.join)->folded, 1);
}

static void a_flood_is_told_after_ten_seconds(void **state)
{
	(void)state;
	assert_int_equal(burst(30, 9, 100 * S), 10);
	assert_int_equal(burst(5, 9, 103 * S), 0);
	later(110 * S - 1);
	assert_int_equal(rig.count, 0);
	later(110 * S);
	assert_int_equal(rig.count, 2); /* eight cards, and the other seventeen */
	rig_has(rig.events[0], "\"folded\":24");
	rig_has(rig.events[0], "\"flood\":{\"alerts\":25,");
	rig_has(rig.events[0], "\"distinct\":25");
	rig_has(rig.events[0], "\"count\":25");
	rig_has(rig.events[0], "\"part\":0");
	rig_has(rig.events[1], "\"part\":1");
	rig_has_not(rig.events[1], "\"folded\"");
	assert_int_equal(burst(10, 9, 111 * S), 10); /* it is over */
}

static void a_flood_that_goes_on_is_folded_on(void **state)
{
	(void)state;
	assert_int_equal(burst(111, 9, 100 * S), 10); /* 101 in its ten seconds */
	later(110 * S);
	rig_has(rig.events[0], "\"folded\":100");
	assert_int_equal(burst(5, 9, 111 * S), 0);
	later(120 * S);
	assert_int_equal(rig.count, 1);
	rig_has(rig.events[0], "\"folded\":4");
	assert_int_equal(burst(10, 9, 121 * S), 10);
}

static void another_destination_or_technique_is_not_folded_with_it(void **state)
{
	struct fact_finding *fact;

	(void)state;
	assert_int_equal(burst(30, 9, 100 * S), 10);
	assert_int_equal(burst(10, 10, 100 * S), 10);
	fact = theft(1, 9, 100 * S);
	fact->is_request = 0;
	fact->flow.client_end = 1;
	fact->distinct = 12; /* fetched from here */
	send(fact);
	assert_int_equal(rig.count, 1);
}

static void the_surest_is_shown_and_the_first_of_those(void **state)
{
	struct fact_finding *fact;

	(void)state;
	for (int i = 0; i < 12; i++) {
		fact = theft(1, 9, 100 * S);
		fact->flow.flags = FACT_CLIENT_UNKNOWN;
		send(fact);
	}
	fact = theft(1, 9, 101 * S);
	uint64_t first = fact->finding_id;
	send(fact);
	send(theft(1, 9, 101 * S));
	later(120 * S);
	assert_int_equal(rig.count, 1);
	char text[64];
	snprintf(text, sizeof(text), "\"finding_id\":%llu,\"part\"", (unsigned long long)first);
	rig_has(rig.events[0], text);
	rig_has(rig.events[0], "\"confidence\":\"high\"");
	rig_has(rig.events[0], "\"distinct\":1,"); /* one card, four times */
}

static void the_cards_behind_a_folded_finding_are_folded_with_it(void **state)
{
	struct fact_more_cards *more;
	struct fact_finding *fact;

	(void)state;
	assert_int_equal(burst(10, 9, 100 * S), 10);
	fact = theft(7, 9, 100 * S);
	fact->estimated = 1;
	uint64_t number = fact->finding_id;
	send(fact);
	more = spsc_reserve(&rig.in, sizeof(*more));
	memset(more, 0, sizeof(*more));
	rig_stamp(&more->fact, FACT_MORE_CARDS, sizeof(*more), 100 * S);
	more->finding_id = number;
	more->count = FACT_TOKENS;
	for (uint32_t i = 0; i < FACT_TOKENS; i++)
		more->card[i].quick = i * UINT64_C(0x123456789abcdef);
	spsc_commit(&rig.in, more->fact.size);
	rig_step();
	assert_int_equal(rig.count, 0);
	later(120 * S);
	rig_has(rig.events[0], "\"distinct\":65");
	rig_has(rig.events[0], "\"estimated\":true");
	assert_int_equal(rig.count, 2);
}

static void one_flood_too_many_is_sent_singly_and_counted(void **state)
{
	(void)state;
	for (uint32_t stranger = 1; stranger <= FLOODS; stranger++)
		assert_int_equal(burst(11, stranger, 100 * S), 10);
	assert_int_equal(burst(15, FLOODS + 1, 100 * S), 15);
	assert_int_equal(join_counters(rig.join)->floods_refused, 5);
	later(110 * S);
	assert_int_equal(rig.count, FLOODS);
	assert_int_equal(burst(11, FLOODS + 1, 111 * S), 10);
}

static void the_end_of_input_tells_what_is_folded(void **state)
{
	(void)state;
	assert_int_equal(burst(30, 9, 100 * S), 10);
	rig.count = 0;
	join_finish(rig.join);
	assert_true(rig.count >= 2);
	rig_has(rig.events[0], "\"folded\":19");
}

static void a_swap_tells_what_is_folded_first(void **state)
{
	struct fact_swap *fact;

	(void)state;
	assert_int_equal(burst(30, 9, 100 * S), 10);
	fact = spsc_reserve(&rig.in, sizeof(*fact));
	memset(fact, 0, sizeof(*fact));
	rig_stamp(&fact->fact, FACT_SWAP, sizeof(*fact), 101 * S);
	spsc_commit(&rig.in, fact->fact.size);
	rig_step();
	assert_int_equal(rig.count, 4);
	rig_has(rig.events[0], "\"folded\":19");
	rig_has(rig.events[2], "\"state\":\"generation\"");
	rig_has(rig.events[3], "\"state\":\"policy\"");
}

/* The last event, and that it is the only one of its kind. */
static const char *counted(void)
{
	uint32_t stats = 0;

	for (uint32_t i = 0; i < rig.count; i++)
		stats += strstr(rig.events[i], "\"event_type\":\"stats\"") != NULL;
	assert_int_equal(stats, 1);
	return rig.events[rig.count - 1];
}

static void what_was_folded_or_refused_is_told_once_as_numbers(void **state)
{
	(void)state;
	for (uint32_t stranger = 1; stranger <= FLOODS; stranger++)
		burst(12, stranger, 100 * S);
	burst(15, FLOODS + 1, 100 * S);
	rig.count = 0;
	join_finish(rig.join);
	rig_has(counted(), "\"counters\":{\"folded\":16,\"floods_refused\":5},\"run\":");
	rig.count = 0;
	join_finish(rig.join);
	assert_int_equal(rig.count, 0);
	burst(12, 1, 200 * S);
	rig.count = 0;
	join_finish(rig.join);
	rig_has(counted(), "\"counters\":{\"folded\":2},\"run\":"); /* since then */
}

static void live_a_mark_tells_it_where_no_fact_comes(void **state)
{
	(void)state;
	assert_int_equal(burst(30, 9, 100 * S), 10);
	atomic_store(&rig.in.control->words[MARK_TIME], 110 * S - 1);
	rig_step();
	assert_int_equal(rig.count, 0);
	atomic_store(&rig.in.control->words[MARK_TIME], 110 * S);
	rig_step();
	assert_int_equal(rig.count, 2);
}

#define T(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ten_a_second_are_sent_by_themselves),
		T(a_flood_is_told_after_ten_seconds),
		T(a_flood_that_goes_on_is_folded_on),
		T(another_destination_or_technique_is_not_folded_with_it),
		T(the_surest_is_shown_and_the_first_of_those),
		T(the_cards_behind_a_folded_finding_are_folded_with_it),
		T(one_flood_too_many_is_sent_singly_and_counted),
		T(the_end_of_input_tells_what_is_folded),
		T(a_swap_tells_what_is_folded_first),
		T(what_was_folded_or_refused_is_told_once_as_numbers),
		T(live_a_mark_tells_it_where_no_fact_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
