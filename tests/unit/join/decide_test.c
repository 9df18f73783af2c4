/* What a finding is by direction, how sure it is and whether its destination is
 * authorised, asked of join_step() itself: facts in, events out. */
#include "join/rig.h"

#include <string.h>

#define CARD_WHY (WHY_BIT(WHY_CARD_FORMAT))

/* Sends what was reserved; the one alert that came of it, or NULL. */
static const char *decided(const struct fact_finding *fact)
{
	spsc_commit(&rig.in, fact->fact.size);
	rig_step();
	assert_true(rig.count <= 1);
	return rig.count == 1 ? rig.events[0] : NULL;
}

static void a_request_of_the_server_is_exfiltration(void **state)
{
	(void)state;
	const char *event = decided(rig_finding("10.0.0.5", "198.51.100.9", 10 * S));
	rig_has(event, "\"category\":\"card-exfil\"");
	rig_has(event, "\"confidence\":\"high\"");
	rig_has(event, "\"initiator\":\"server\"");
	rig_has(event, "\"severity\":1");
}

static void a_request_to_the_server_is_exposure_only_without_retention(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S);

	(void)state;
	fact->flow.client_end = 1;
	fact->flow.dir = 1;
	assert_null(decided(fact));
	assert_int_equal(join_counters(rig.join)->own_payer, 1);
	fact = rig_finding("10.0.0.6", "198.51.100.9", 11 * S);
	fact->flow.client_end = 1;
	fact->flow.dir = 1;
	rig_has(decided(fact), "\"category\":\"card-exposure\"");
}

static void an_answer_to_the_server_is_a_counter(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S);

	(void)state;
	fact->is_request = 0;
	fact->flow.dir = 1;
	assert_null(decided(fact));
	assert_int_equal(join_counters(rig.join)->received, 1);
}

static struct fact_finding *answer(uint32_t distinct, uint64_t ns)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", ns);

	fact->is_request = 0;
	fact->flow.client_end = 1;
	fact->distinct = distinct;
	return fact;
}

static void an_answer_of_the_server_goes_by_the_number_of_cards(void **state)
{
	(void)state;
	assert_null(decided(answer(1, 10 * S)));
	rig_has(decided(answer(2, 11 * S)), "\"category\":\"card-exposure\"");
	rig_has(decided(answer(9, 12 * S)), "\"category\":\"card-exposure\"");
	rig_has(decided(answer(10, 13 * S)), "\"technique\":\"dump-fetch\"");
}

static void one_card_in_a_file_is_a_dump_and_in_an_image_a_lie(void **state)
{
	struct fact_finding *fact = answer(1, 10 * S);
	const char *event;

	(void)state;
	fact->served = SERVED_AS_FILE;
	event = decided(fact);
	rig_has(event, "\"category\":\"card-exfil\"");
	rig_has(event, "\"technique\":\"dump-fetch\"");
	rig_has_not(event, "type-lies");
	fact = answer(1, 11 * S);
	fact->served = SERVED_AS_IMAGE;
	event = decided(fact);
	rig_has(event, "\"technique\":\"dump-fetch\"");
	rig_has(event, "type-lies");
	assert_int_equal(join_counters(rig.join)->own_payer, 0);
}

static struct fact_finding *export(uint32_t distinct, uint64_t ns)
{
	struct fact_finding *fact = answer(distinct, ns);

	fact->flow.key.dst = held_addr("203.0.113.7");
	fact->served = SERVED_AS_FILE;
	return fact;
}

static void what_an_operator_fetches_is_shown(void **state)
{
	const char *event;

	(void)state;
	event = decided(export(40, 10 * S));
	rig_has(event, "\"category\":\"card-exposure\"");
	rig_has(event, "\"technique\":\"shown\"");
	assert_null(decided(export(1, 11 * S)));
	assert_int_equal(join_counters(rig.join)->own_payer, 1);
}

/* The role is the client's: a server that fetches from an operator's address is answered. */
static void an_operator_that_is_asked_is_none(void **state)
{
	struct fact_finding *fact = export(40, 10 * S);

	(void)state;
	fact->flow.client_end = 0;
	fact->flow.dir = 1;
	assert_null(decided(fact));
	assert_int_equal(join_counters(rig.join)->received, 1);
}

static void an_unknown_direction_is_at_most_medium(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S);

	(void)state;
	fact->flow.flags = FACT_CLIENT_UNKNOWN;
	const char *event = decided(fact);
	rig_has(event, "\"confidence\":\"medium\"");
	rig_has(event, "direction-unknown");
}

static void a_lone_number_is_no_alert(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S);

	(void)state;
	fact->why = CARD_WHY;
	assert_null(decided(fact));
	assert_int_equal(join_counters(rig.join)->low, 1);
}

static void test_numbers_alone_are_no_alert(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S);

	(void)state;
	fact->test_only = 1;
	assert_null(decided(fact));
	assert_int_equal(join_counters(rig.join)->test_cards, 1);
}

static void the_psp_by_address_and_name_is_authorised(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "192.0.2.5", 10 * S);

	(void)state;
	rig_host(fact, "psp.example");
	assert_null(decided(fact));
	fact = rig_finding("10.0.0.5", "192.0.2.5", 11 * S);
	rig_host(fact, "evil.example");
	rig_has(decided(fact), "card-exfil"); /* its address, a stranger's name */
	fact = rig_finding("10.0.0.6", "192.0.2.5", 12 * S);
	rig_has(decided(fact), "card-exfil"); /* not this merchant's */
	assert_int_equal(join_counters(rig.join)->authorised, 1);
}

static void the_name_alone_proves_nothing(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S);

	(void)state;
	rig_host(fact, "psp.example");
	const char *event = decided(fact);
	rig_has(event, "claims-psp");
	rig_has(event, "cold-start");
	rig_has(event, "\"confidence\":\"medium\"");
	fact = rig_finding("10.0.0.5", "198.51.100.9", 10 * S + 3601 * S);
	rig_host(fact, "psp.example");
	event = decided(fact);
	rig_has(event, "\"confidence\":\"high\"");
	assert_null(strstr(event, "cold-start"));
	fact = rig_finding("10.0.0.5", "198.51.100.9", 8000 * S);
	rig_host(fact, "evil-psp.example");
	assert_null(strstr(decided(fact), "claims-psp"));
}

static void teach(uint64_t ns, uint32_t ttl, bool foreign)
{
	struct fact_name *fact = spsc_reserve(&rig.in, sizeof(*fact));

	memset(fact, 0, sizeof(*fact));
	rig_stamp(&fact->fact, FACT_NAME, sizeof(*fact), ns);
	fact->client = held_addr("10.0.0.5");
	fact->address = held_addr("198.51.100.9");
	fact->name_hash = hash_sip13(&(struct hash_key){1, 2}, "psp.example", 11);
	fact->ttl = ttl;
	fact->foreign = foreign;
	spsc_commit(&rig.in, fact->fact.size);
	rig_step();
}

static const char *call_at(uint64_t ns)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "198.51.100.9", ns);

	rig_host(fact, "psp.example");
	return decided(fact);
}

static void an_answer_of_the_resolver_authorises_for_ttl_and_grace(void **state)
{
	(void)state;
	teach(10 * S, 60, false); /* below 300 s counts as 300 s */
	assert_null(call_at(11 * S));
	assert_null(call_at((10 + 300 + 3600) * S));
	rig_has(call_at((10 + 300 + 3600) * S + 1), "card-exfil");
}

static void an_answer_of_a_foreign_resolver_teaches_nothing(void **state)
{
	(void)state;
	teach(10 * S, 60, true);
	rig_has(call_at(11 * S), "claims-psp");
}

/* A call to an address of the PSP's (or a stranger's) under these names; NULL: not seen. */
static const char *named(const char *remote, const char *sni, const char *host_name)
{
	static uint64_t at = 8000 * S;
	struct fact_finding *fact = rig_finding("10.0.0.5", remote, at += S);

	if (sni != NULL)
		rig_name(fact, TEXT_SNI, sni);
	if (host_name != NULL)
		rig_host(fact, host_name);
	return decided(fact);
}

static void a_server_name_is_a_name(void **state)
{
	const char *event;

	(void)state;
	teach(1 * S, 60, false); /* the run begins long before the calls */
	assert_null(named("192.0.2.5", "psp.example", NULL));
	assert_null(named("192.0.2.5", "Pay.PSP.example", NULL));
	event = named("192.0.2.5", "evil.example", NULL);
	rig_has(event, "\"confidence\":\"high\"");
	rig_has(event, "\"tls\":{\"sni\":\"evil.example\"}");
	rig_has(named("192.0.2.5", "psp.example.evil.example", NULL), "card-exfil");
	rig_has(named("203.0.113.77", "psp.example", NULL), "claims-psp");
}

static void where_both_names_are_seen_both_must_be_the_psps(void **state)
{
	const char *event;

	(void)state;
	teach(1 * S, 60, false);
	assert_null(named("192.0.2.5", "psp.example", "psp.example:443"));
	assert_null(named("192.0.2.5", "psp.example", "pay.psp.example"));
	event = named("192.0.2.5", "evil.example", "psp.example");
	rig_has(event, "names-differ");
	assert_null(strstr(event, "cold-start"));
	event = named("192.0.2.5", "psp.example", "evil.example");
	rig_has(event, "names-differ");
	event = named("203.0.113.77", "psp.example.", "PSP.example");
	rig_has(event, "claims-psp");
	assert_null(strstr(event, "names-differ"));
	event = named("203.0.113.77", "evil.example", "psp.example");
	rig_has(event, "claims-psp");
	rig_has(event, "names-differ");
	event = named("192.0.2.5", "psp.example", "other.example"); /* two profiles, one address */
	rig_has(event, "card-exfil");
}

static void a_missed_answer_excuses_only_names_that_agree(void **state)
{
	struct fact_finding *fact = rig_finding("10.0.0.5", "203.0.113.77", 10 * S);

	(void)state;
	rig_name(fact, TEXT_SNI, "evil.example");
	rig_host(fact, "psp.example");
	const char *event = decided(fact);
	rig_has(event, "claims-psp");
	rig_has(event, "\"confidence\":\"high\"");
	assert_null(strstr(event, "cold-start"));
}

static void an_answer_for_the_server_name_authorises(void **state)
{
	struct fact_finding *fact;

	(void)state;
	teach(10 * S, 60, false);
	fact = rig_finding("10.0.0.5", "198.51.100.9", 11 * S);
	rig_name(fact, TEXT_SNI, "PSP.example");
	assert_null(decided(fact));
	fact = rig_finding("10.0.0.5", "198.51.100.9", 12 * S);
	rig_name(fact, TEXT_SNI, "psp.example");
	rig_host(fact, "evil.example");
	rig_has(decided(fact), "names-differ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_request_of_the_server_is_exfiltration, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			a_request_to_the_server_is_exposure_only_without_retention, rig_start,
			rig_stop),
		cmocka_unit_test_setup_teardown(
			an_answer_to_the_server_is_a_counter, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			an_answer_of_the_server_goes_by_the_number_of_cards, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			one_card_in_a_file_is_a_dump_and_in_an_image_a_lie, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			what_an_operator_fetches_is_shown, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			an_operator_that_is_asked_is_none, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			an_unknown_direction_is_at_most_medium, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(a_lone_number_is_no_alert, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			test_numbers_alone_are_no_alert, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			the_psp_by_address_and_name_is_authorised, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(the_name_alone_proves_nothing, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			an_answer_of_the_resolver_authorises_for_ttl_and_grace, rig_start,
			rig_stop),
		cmocka_unit_test_setup_teardown(
			an_answer_of_a_foreign_resolver_teaches_nothing, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(a_server_name_is_a_name, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			where_both_names_are_seen_both_must_be_the_psps, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			a_missed_answer_excuses_only_names_that_agree, rig_start, rig_stop),
		cmocka_unit_test_setup_teardown(
			an_answer_for_the_server_name_authorises, rig_start, rig_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
