/* The names of contacts: said by a flow, or else asked for; the earliest stays,
 * whatever the order in which workers told them. */
#include "join/rig.h"

#include <string.h>

#include "fact/sums.h"

#define MINUTE (60 * S)

static void has(const char *text)
{
	assert_int_equal(rig.count, 2); /* contacts, coverage */
	rig_has(rig.events[0], text);
}

static void commit(const struct fact *fact)
{
	spsc_commit(&rig.in, fact->size);
	while (join_step(rig.join)) {
	}
}

/* A row of that minute; its name was said at (ns, ord). */
static void contact(uint64_t minute, const char *name, uint64_t ns, uint64_t ord)
{
	uint32_t len = (uint32_t)strlen(name);
	struct fact_contact *fact = spsc_reserve(&rig.in, (uint32_t)sizeof(*fact) + len);

	memset(fact, 0, sizeof(*fact));
	rig_stamp(&fact->fact, FACT_CONTACT, (uint32_t)sizeof(*fact) + len, (minute + 1) * MINUTE);
	fact->fact.stamp.cls = STAMP_TIMER;
	fact->server = held_addr("10.0.0.5");
	fact->remote = held_addr("198.51.100.9");
	fact->minute = minute;
	fact->port = 443;
	fact->proto = PROTO_TCP;
	fact->server_opened = 1;
	fact->packets_out = 1;
	fact->name_ns = ns;
	fact->name_ord = ord;
	fact->name_len = len;
	memcpy(fact->name, name, len);
	commit(&fact->fact);
}

static void called(uint64_t ns, const char *client, const char *name)
{
	uint32_t len = (uint32_t)strlen(name);
	struct fact_called *fact = spsc_reserve(&rig.in, (uint32_t)sizeof(*fact) + len);

	memset(fact, 0, sizeof(*fact));
	rig_stamp(&fact->fact, FACT_CALLED, (uint32_t)sizeof(*fact) + len, ns);
	fact->client = held_addr(client);
	fact->address = held_addr("198.51.100.9");
	fact->name_len = len;
	memcpy(fact->name, name, len);
	commit(&fact->fact);
}

/* Whatever stands behind the minute tells it. */
static void end_minute(uint64_t minute)
{
	struct fact_repeat *fact = spsc_reserve(&rig.in, sizeof(*fact));

	memset(fact, 0, sizeof(*fact));
	rig_stamp(&fact->fact, FACT_REPEAT, sizeof(*fact), (minute + 1) * MINUTE + 1);
	rig.count = 0;
	commit(&fact->fact);
}

static void the_name_said_first_stays_for_good(void **state)
{
	(void)state;
	contact(100, "second.example", 6000 * S, 8);
	contact(100, "first.example", 6000 * S, 7);
	contact(100, "third.example", 6001 * S, 1);
	contact(100, "", 0, 0);
	end_minute(100);
	has("\"first.example\",\"\"]");
	contact(179, "fourth.example", 10740 * S, 1); /* the next delta leaves with its hour */
	end_minute(179);
	has("\"first.example\",\"\"]");
}

static void without_one_the_name_asked_for_stands(void **state)
{
	(void)state;
	called(6000 * S, "10.0.0.6", "others.example");
	called(6001 * S, "10.0.0.5", "asked.example");
	called(6002 * S, "10.0.0.5", "later.example");
	contact(100, "", 0, 0);
	end_minute(100);
	has("\"asked.example\",\"\"]");
	contact(179, "said.example", 10740 * S, 1);
	end_minute(179);
	has("\"said.example\",\"\"]");
}

static void a_name_asked_for_is_kept_beyond_its_hour_but_not_the_next(void **state)
{
	(void)state;
	called(6000 * S, "10.0.0.5", "asked.example");
	contact(100, "", 0, 0);
	end_minute(100);
	contact(119, "", 0, 0); /* the last of its hour */
	end_minute(119);
	has("\"asked.example\",\"\"]");
	contact(179, "", 0, 0);
	end_minute(179);
	has("\"asked.example\",\"\"]");
	contact(239, "", 0, 0);
	end_minute(239);
	has(",\"\",\"\"]");
}

static void what_an_hour_cannot_keep_is_counted(void **state)
{
	char name[254];

	(void)state;
	memset(name, 'x', 253);
	name[253] = '\0';
	for (uint32_t i = 0; i < 2500; i++) {
		uint32_t len = 253;
		struct fact_called *fact = spsc_reserve(&rig.in, (uint32_t)sizeof(*fact) + len);
		memset(fact, 0, sizeof(*fact));
		rig_stamp(&fact->fact, FACT_CALLED, (uint32_t)sizeof(*fact) + len, 6000 * S);
		fact->address = addr_from4(i);
		fact->name_len = len;
		memcpy(fact->name, name, len);
		commit(&fact->fact);
	}
	/* 16,384 rows of 32 bytes: 2,072 names of 253 */
	assert_int_equal(join_counters(rig.join)->called_over, 2500 - 16384 * 32 / 253);
	join_finish(rig.join);
	rig_has(rig.events[rig.count - 1], "\"counters\":{\"called_over\":428}");
}

#define T(test) cmocka_unit_test_setup_teardown(test, rig_start, rig_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_name_said_first_stays_for_good),
		T(without_one_the_name_asked_for_stands),
		T(a_name_asked_for_is_kept_beyond_its_hour_but_not_the_next),
		T(what_an_hour_cannot_keep_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
