/* Goal: what a minute's contact rows say is a sum, a minimum or a maximum, the
 * name included, so that no order of flows shows.  Method: flows in both
 * orders, the facts read back from the ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "detect/contact.h"
#include "fact/sums.h"

#define ROWS 4
#define FACTS 8

struct rig {
	struct arena arena;
	struct emit emit;
	struct spsc out;
	struct contacts_fold *fold;
	volatile int stop;
	_Alignas(8)
		uint8_t fact[FACTS][sizeof(struct fact_contact) + (CONTACT_NAME_MAX + 7) / 8 * 8];
	uint32_t count;
};

static struct rig rig;
static const struct subject server_first = {.merchant = 7};

static int start(void **state)
{
	const struct hash_key key = {1, 2};
	struct err err = {0};

	(void)state;
	memset(&rig, 0, sizeof(rig));
	assert_true(
		arena_new(&rig.arena, contacts_fold_bytes(ROWS) + spsc_bytes(65536) + 4096, &err));
	void *mem = arena_take(&rig.arena, spsc_bytes(65536));
	spsc_format(mem, 65536);
	assert_true(spsc_attach(&rig.emit.ring, mem, spsc_bytes(65536), true));
	assert_true(spsc_attach(&rig.out, mem, spsc_bytes(65536), false));
	rig.emit.stop = &rig.stop;
	rig.fold = contacts_fold_new(&rig.arena, ROWS, &key);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	arena_free(&rig.arena);
	return 0;
}

/* A flow from 10.0.0.5 to 198.51.100.n:443. */
struct made {
	struct tuple key;
	struct contact_flow flow;
};

static struct contact_flow *flow_to(struct made *made, uint8_t n, uint64_t at_ns)
{
	made->key = (struct tuple){.src = addr_from4(0x0a000005),
		.dst = addr_from4(0xc6336400u + n),
		.sport = 40000,
		.dport = 443,
		.proto = PROTO_TCP};
	made->flow = (struct contact_flow){.key = &made->key,
		.subject = &server_first,
		.first_ns = at_ns,
		.last_ns = at_ns + 5,
		.packets = {2, 1},
		.bytes = {200, 100},
		.answered = true,
		.first = true,
		.app = 3};
	return &made->flow;
}

static void name(const struct contact_flow *flow, const char *text, uint64_t ns, uint64_t ord)
{
	struct contact_name said = {.name = bytes_text(text), .at_ns = ns, .at_ord = ord};

	contacts_name(rig.fold, flow, &said);
}

static void send(void)
{
	uint64_t position;
	uint32_t len;
	const void *fact;

	rig.count = 0;
	contacts_send(rig.fold, &rig.emit);
	while ((fact = spsc_next(&rig.out, &len, &position)) != NULL) {
		assert_true(rig.count < FACTS && len <= sizeof(rig.fact[0]));
		memcpy(rig.fact[rig.count++], fact, len);
		spsc_release(&rig.out);
	}
}

static const struct fact_contact *sent(uint32_t i)
{
	assert_true(i < rig.count);
	return (const void *)rig.fact[i];
}

static void named(const struct fact_contact *fact, const char *text)
{
	assert_int_equal(fact->name_len, strlen(text));
	assert_memory_equal(fact->name, text, fact->name_len);
}

static void the_name_said_first_is_kept_in_any_order(void **state)
{
	struct made one;
	struct contact_flow *flow = flow_to(&one, 9, 100);

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		if (turn == 0)
			name(flow, "first.example", 100, 5);
		name(flow, "second.example", 100, 6);
		name(flow, "third.example", 101, 1);
		if (turn == 1)
			name(flow, "first.example", 100, 5);
		assert_true(contacts_add(rig.fold, 1, flow));
		send();
		assert_int_equal(rig.count, 1);
		named(sent(0), "first.example");
		assert_int_equal(sent(0)->name_ns, 100);
		assert_int_equal(sent(0)->name_ord, 5);
		assert_int_equal(sent(0)->packets_out, 2);
		assert_int_equal(sent(0)->app, 3);
	}
}

static void a_name_is_lower_case_without_the_last_dot_and_masked(void **state)
{
	struct made one;
	struct contact_flow *flow = flow_to(&one, 9, 100);

	(void)state;
	name(flow, "WWW.Example.", 100, 5);
	assert_true(contacts_add(rig.fold, 1, flow));
	send();
	named(sent(0), "www.example");
	name(flow, "4111111111111111.example", 100, 5);
	assert_true(contacts_add(rig.fold, 1, flow));
	send();
	named(sent(0), "411111******1111.example");
}

static void a_name_is_cut_at_its_most(void **state)
{
	char text[CONTACT_NAME_MAX + 2] = {0};
	struct made one;
	struct contact_flow *flow = flow_to(&one, 9, 100);

	(void)state;
	memset(text, 'x', CONTACT_NAME_MAX + 1);
	name(flow, text, 100, 5);
	assert_true(contacts_add(rig.fold, 1, flow));
	send();
	assert_int_equal(sent(0)->name_len, CONTACT_NAME_MAX);
}

static void a_visitor_names_the_server_and_not_itself(void **state)
{
	struct made one;
	struct contact_flow *flow = flow_to(&one, 9, 100);

	(void)state;
	flow->client_end = 1;
	flow->listed = true;
	name(flow, "shop.example", 100, 5);
	assert_true(contacts_add(rig.fold, 1, flow));
	send();
	assert_int_equal(sent(0)->name_len, 0);
}

static void a_name_without_packets_is_no_contact(void **state)
{
	struct made one;

	(void)state;
	name(flow_to(&one, 9, 100), "first.example", 100, 5);
	send();
	assert_int_equal(rig.count, 0);
}

static void the_smallest_protocol_number_stands_for_a_row(void **state)
{
	struct made one, two, three;

	(void)state;
	flow_to(&one, 9, 100)->app = 0;
	flow_to(&two, 9, 101)->app = FACT_LABELS + 7;
	flow_to(&three, 9, 102)->app = 2;
	assert_true(contacts_add(rig.fold, 1, &one.flow));
	assert_true(contacts_add(rig.fold, 1, &three.flow));
	assert_true(contacts_add(rig.fold, 1, &two.flow));
	send();
	assert_int_equal(sent(0)->app, 2);
	assert_int_equal(sent(0)->flows, 3);
}

static void without_room_a_row_goes_unnamed_and_is_counted(void **state)
{
	char text[CONTACT_NAME_MAX + 1] = {0};
	struct made one;

	(void)state;
	memset(text, 'x', CONTACT_NAME_MAX);
	name(flow_to(&one, 1, 100), text, 100, 5);
	assert_int_equal(contacts_refused(rig.fold), 0);
	name(flow_to(&one, 2, 100), "next.example", 100, 5);
	assert_int_equal(contacts_refused(rig.fold), 1);
	assert_true(contacts_add(rig.fold, 1, flow_to(&one, 2, 100)));
	send();
	assert_int_equal(sent(0)->name_len, 0);
	name(flow_to(&one, 2, 100), "next.example", 100, 5); /* the next minute has room again */
	assert_int_equal(contacts_refused(rig.fold), 1);
}

/* Live, with a ring that is full, and then with one that takes some. */
static void rows_without_room_stay_and_are_added_to(void **state)
{
	struct made made[ROWS];
	uint64_t flows = 0, bytes = 0;
	void *junk;

	(void)state;
	rig.emit.live = true;
	while ((junk = spsc_reserve(&rig.emit.ring, 64)) != NULL) {
		memset(junk, 0, 64);
		spsc_commit(&rig.emit.ring, 64);
	}
	for (uint8_t round = 0; round < 2; round++) {
		for (uint8_t i = 0; i < ROWS; i++)
			assert_true(contacts_add(rig.fold, 1, flow_to(&made[i], i, 100)));
		if (round == 0) {
			contacts_send(rig.fold, &rig.emit);
			assert_int_equal(rig.emit.sent, 0);
			assert_int_equal(rig.emit.kept, 1); /* the others were not tried */
			assert_int_equal(rig.emit.dropped[FACT_CONTACT], 0);
			uint64_t position;
			uint32_t len;
			while (spsc_next(&rig.out, &len, &position) != NULL)
				continue;
			spsc_release(&rig.out);
		}
	}
	send();
	assert_int_equal(rig.count, ROWS);
	for (uint32_t i = 0; i < ROWS; i++) {
		flows += sent(i)->flows;
		bytes += sent(i)->bytes_out;
	}
	assert_int_equal(flows, 2 * ROWS);
	assert_int_equal(bytes, 2 * 200 * ROWS);
	send();
	assert_int_equal(rig.count, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rows_without_room_stay_and_are_added_to),
		T(the_name_said_first_is_kept_in_any_order),
		T(a_name_is_lower_case_without_the_last_dot_and_masked),
		T(a_name_is_cut_at_its_most),
		T(a_visitor_names_the_server_and_not_itself),
		T(a_name_without_packets_is_no_contact),
		T(the_smallest_protocol_number_stands_for_a_row),
		T(without_room_a_row_goes_unnamed_and_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
