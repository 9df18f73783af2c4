/* Goal: a worker tells each contact there was and no other, and no memory that is full stays
 * silent.  Method: packets by hand into a worker of very few rows; the facts read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fact/sums.h"
#include "pan/fixture.h"
#include "policy/held.h"
#include "worker.h"

#define S UINT64_C(1000000000)
#define RING (1u << 20)
#define CONTACTS_MAX 64
#define CALLS 8 /* connections of a case */

#define SHOP 0x0a000005u     /* 10.0.0.5 and .6, protected */
#define STRANGER 0xc6336400u /* 198.51.100.0 and up */

static const char policy_text[] =
	"merchants:\n"
	"  - {id: 1, addresses: [10.0.0.5], level: content, basis: test}\n"
	"  - {id: 2, addresses: [10.0.0.6], level: content, basis: test}\n";

static const struct worker_sizes roomy = {.flows = 256,
	.stream_flows = 64,
	.stream_blocks = 64,
	.accounts = 64,
	.inspect = {.flows = 64,
		.inflaters = 64,
		.tails = 64,
		.gathers = 64,
		.cards = 64,
		.sets = 64,
		.holds = 64,
		.spreads = 64,
		.contacts = 64}};

struct rig {
	struct held held;
	struct indicators lists;
	uint8_t *lists_image;
	struct arena arena;
	struct emit emit;
	struct spsc out;
	struct worker *worker;
	volatile int stop;
	uint64_t ord, now_ns;
	/* Of the facts. */
	uint64_t limits[LIMIT_COUNT];
	struct {
		struct addr remote;
		uint32_t flows;
		uint8_t server_opened;
	} contact[CONTACTS_MAX];
	uint32_t contacts;
};

static struct rig rig;

static void make(const struct worker_sizes *sizes)
{
	const struct inspect_env env = {.policy = &rig.held.policy,
		.lists = &rig.lists,
		.cards = fixture_table(),
		.key = {1, 2}};
	struct err err = {0};
	void *mem;

	rig.contacts = 0;
	rig.ord = 0;
	rig.now_ns = 600 * S;
	memset(rig.limits, 0, sizeof(rig.limits));
	assert_true(arena_new(&rig.arena, worker_bytes(sizes) + spsc_bytes(RING) + 4096, &err));
	mem = arena_take(&rig.arena, spsc_bytes(RING));
	spsc_format(mem, RING);
	rig.emit = (struct emit){.stop = &rig.stop};
	assert_true(spsc_attach(&rig.emit.ring, mem, spsc_bytes(RING), true));
	assert_true(spsc_attach(&rig.out, mem, spsc_bytes(RING), false));
	rig.worker = worker_new(&rig.arena, sizes, &env, &rig.emit);
}

static void take_contact(const struct fact_contact *fact)
{
	assert_true(rig.contacts < CONTACTS_MAX);
	rig.contact[rig.contacts].remote = fact->remote;
	rig.contact[rig.contacts].flows = fact->flows;
	rig.contact[rig.contacts++].server_opened = fact->server_opened;
}

static void take(void)
{
	const struct fact *fact;
	uint64_t position;
	uint32_t len;

	while ((fact = spsc_next(&rig.out, &len, &position)) != NULL) {
		if (fact->kind == FACT_CONTACT)
			take_contact((const struct fact_contact *)fact);
		for (int i = 0; fact->kind == FACT_LIMITS && i < LIMIT_COUNT; i++)
			rig.limits[i] += ((const struct fact_limits *)fact)->count[i];
	}
	spsc_release(&rig.out);
}

/* The worker ends; its facts are read. */
static void finish(void)
{
	worker_finish(rig.worker);
	take();
	arena_free(&rig.arena);
}

struct end {
	uint32_t ip;
	uint16_t port;
};

struct segment {
	uint8_t proto, flags;
	uint32_t seq, ack;
	struct bytes data;
	uint64_t hash; /* 0: of the tuple */
};

static void send(struct end from, struct end to, const struct segment *what)
{
	static const struct hash_key key = {1, 2};
	const uint32_t len = (uint32_t)what->data.len;
	struct packet packet = {.payload = what->data.ptr,
		.payload_len = len,
		.payload_wire = len,
		.pos = {.now_ns = rig.now_ns, .ord = ++rig.ord},
		.ts_ns = rig.now_ns,
		.frame_number = rig.ord,
		.tuple = {.src = addr_from4(from.ip),
			.dst = addr_from4(to.ip),
			.sport = from.port,
			.dport = to.port,
			.proto = what->proto},
		.seq = what->seq,
		.ack = what->ack,
		.wire_len = 60 + len,
		.window = 64000,
		.tcp_flags = what->flags};
	struct tuple tuple = packet.tuple;

	packet.flags = tuple_normalise(&tuple) ? PACKET_SWAPPED : 0;
	packet.hash = what->hash != 0 ? what->hash : hash_sip13(&key, &tuple, sizeof(tuple));
	worker_expect(rig.worker, &packet);
	worker_packets(rig.worker, &packet, 1);
	rig.now_ns += S / 1000;
}

static void tcp(struct end from, struct end to, uint8_t flags, uint32_t seq, const char *text)
{
	send(from, to,
		&(struct segment){.proto = PROTO_TCP,
			.flags = flags,
			.seq = seq,
			.ack = 101,
			.data = bytes_text(text)});
}

static void handshake(struct end client, struct end server)
{
	tcp(client, server, TCP_SYN, 100, "");
	tcp(server, client, TCP_SYN | TCP_ACK, 100, "");
	tcp(client, server, TCP_ACK, 101, "");
}

static struct end stranger(uint32_t number)
{
	return (struct end){STRANGER + number, 443};
}

static struct end shop(uint32_t number)
{
	return (struct end){SHOP + number % 2, (uint16_t)(40000 + number)};
}

static void what_the_server_opens_is_a_contact_and_a_call_is_none(void **state)
{
	(void)state;
	make(&roomy);
	handshake(shop(0), stranger(7));
	handshake((struct end){STRANGER + 8, 50000}, (struct end){SHOP, 443});
	finish();
	assert_int_equal(rig.contacts, 1);
	const struct addr called = addr_from4(STRANGER + 7);
	assert_memory_equal(&rig.contact[0].remote, &called, sizeof(called));
	assert_int_equal(rig.contact[0].server_opened, 1);
	assert_int_equal(rig.contact[0].flows, 1);
}

static void what_a_stranger_opens_is_a_contact_if_much_came_of_it(void **state)
{
	static char page[4096];
	const struct end client = {STRANGER + 8, 50000}, server = {SHOP, 443};

	(void)state;
	memset(page, 'x', sizeof(page) - 1);
	for (int more = 0; more < 2; more++) {
		uint32_t parts = CONTACT_PAGE_BYTES / (sizeof(page) - 1 + 60) + (uint32_t)more;

		make(&roomy);
		handshake(client, server);
		for (uint32_t i = 0; i < parts; i++) {
			tcp(server, client, TCP_ACK, 101 + i * (uint32_t)(sizeof(page) - 1), page);
			take();
		}
		finish();
		assert_int_equal(rig.contacts, more);
	}
}

static void what_nobody_protects_has_no_contact(void **state)
{
	(void)state;
	make(&roomy);
	handshake((struct end){STRANGER + 1, 50000}, stranger(2));
	finish();
	assert_int_equal(rig.contacts, 0);
}

#define POST "POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 99999\r\n"
/* 40 of them are sent. */
#define GET "GET / HTTP/1.1\r\nHost: a.example\r\nAccept: text/html,application/json\r\n\r\n"
#define CARD "{\"card\":\"4012888888881881\",\"cvv\":\"123\","
#define STORED "\x78\x01\x01\xb8\x0b\x47\xf4" /* RFC 1951 section 3.2.4: 3000 bytes */
#define FILLED 3000                           /* more than a field that is held whole */

/* Open connections that need a row each, and one room that has but that many. */
static const struct tight {
	enum limit limit;
	size_t offset; /* of that room's size in struct worker_sizes */
	uint32_t rows;
	const char *text, *fill; /* fill NULL: cards */
} tights[] = {
#define TIGHT(limit, field, rows, text, fill)                                                      \
	{                                                                                          \
		LIMIT_##limit, offsetof(struct worker_sizes, field), rows, text, fill              \
	}
	TIGHT(STATES, inspect.flows, 1, "hello", ""),
	TIGHT(CONTEXTS, inspect.flows, CALLS, "", GET),
	TIGHT(FIELDS, inspect.holds, 1, "POST /up HTTP/1.1\r\nCookie: a", ""),
	TIGHT(BODIES, inspect.holds, 1, POST "\r\n{\"a\":\"", "b"),
	TIGHT(INFLATERS, inspect.inflaters, 1, POST "Content-Encoding: deflate\r\n\r\n" STORED,
		"b "),
	TIGHT(TAILS, inspect.tails, 1, POST "\r\n", "b "),
	TIGHT(CARDS, inspect.cards, 1, POST "\r\n" CARD, "b "),
	TIGHT(CARD_SETS, inspect.sets, 1, POST "\r\n" CARD, NULL),
	TIGHT(GATHERS, inspect.gathers, 1, POST "\r\na=", "4142434445464748494a4b4c4d4e4f50"),
	TIGHT(SUMS, inspect.contacts, 1, "hello", ""), TIGHT(EVICTED, flows, 1, "hello", ""),
	TIGHT(ROWS, accounts, 2, "hello", ""), /* one is nobody's */
};

/* The next of many different ones. */
static const char *card(uint64_t *state, char out[static 24])
{
	const struct naive_issuer *rows;
	char digits[20];
	size_t count = naive_issuers(&rows), row;

	do
		row = fixture_below(state, count);
	while (rows[row].tier != 1 || rows[row].length_low > 16 || rows[row].length_high < 16);
	assert_true(naive_card(state, &rows[row], 16, digits));
	snprintf(out, 24, "\"%s\",", digits);
	return out;
}

static const char *text_of(const struct tight *tight)
{
	static char text[FILLED + 256];
	size_t len = strlen(tight->text), end = len + FILLED;
	const char *piece = tight->fill;
	uint64_t state = 1;
	char row[24];

	memcpy(text, tight->text, len + 1);
	if (piece != NULL && piece[0] == '\0')
		return text;
	for (; len + sizeof(row) * 2 < end; len += strlen(piece)) {
		piece = tight->fill == NULL ? card(&state, row) : tight->fill;
		memcpy(text + len, piece, strlen(piece) + 1);
	}
	return text;
}

static uint64_t counted(const struct tight *tight, bool full)
{
	struct worker_sizes sizes = roomy;

	if (full)
		memcpy((uint8_t *)&sizes + tight->offset, &tight->rows, sizeof(tight->rows));
	make(&sizes);
	for (uint32_t i = 0; i < CALLS; i++) {
		handshake(shop(i), stranger(i));
		tcp(shop(i), stranger(i), TCP_ACK, 101, text_of(tight));
	}
	worker_reached(rig.worker, (struct pos){.now_ns = rig.now_ns + 60 * S, .ord = rig.ord + 1});
	uint64_t quotas = worker_quotas(rig.worker);
	finish();
	assert_int_equal(quotas != 0, full);
	return rig.limits[tight->limit];
}

static void a_room_that_is_full_is_told_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tights) / sizeof(tights[0]); i++) {
		uint64_t enough = counted(&tights[i], false), full = counted(&tights[i], true);

		if (enough != 0 || full == 0)
			fail_msg("%s: %llu with room, %llu without", limit_word(tights[i].limit),
				(unsigned long long)enough, (unsigned long long)full);
	}
}

/* RFC 1035 section 4.1: one question for the address of "a". */
static const uint8_t query[] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};

static void a_flow_that_may_not_rest_is_told(void **state)
{
	(void)state;
	for (uint32_t rows = 1; rows <= 2; rows++) {
		struct worker_sizes sizes = roomy;

		sizes.inspect.flows = rows;
		make(&sizes);
		for (uint32_t i = 0; i < 2; i++)
			send(shop(i), (struct end){STRANGER + i, 53},
				&(struct segment){.proto = PROTO_UDP,
					.data = bytes_of(query, sizeof(query))});
		finish();
		assert_int_equal(rig.limits[LIMIT_RESTS], rows == 1);
		assert_int_equal(rig.limits[LIMIT_STATES], 0);
	}
}

static void packets_without_room_for_their_flow_are_told(void **state)
{
	(void)state;
	make(&roomy);
	for (uint32_t i = 0; i < 200; i++)
		send(shop(i), stranger(i), &(struct segment){.proto = PROTO_UDP, .hash = 1});
	finish();
	assert_int_not_equal(rig.limits[LIMIT_FLOWS], 0);
	assert_int_equal(rig.limits[LIMIT_EVICTED], 0);
}

/* What stands behind a hole takes the last block, and the next one finds none. */
static void a_hole_that_is_given_up_for_room_is_told(void **state)
{
	(void)state;
	for (uint32_t blocks = 1; blocks <= 2; blocks++) {
		struct worker_sizes sizes = roomy;

		sizes.stream_blocks = blocks;
		make(&sizes);
		for (uint32_t i = 0; i < 2; i++) {
			handshake(shop(i), stranger(i));
			tcp(shop(i), stranger(i), TCP_ACK, 201, "behind a hole");
		}
		finish();
		assert_int_equal(rig.limits[LIMIT_HOLES], blocks == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_server_opens_is_a_contact_and_a_call_is_none),
		cmocka_unit_test(what_a_stranger_opens_is_a_contact_if_much_came_of_it),
		cmocka_unit_test(what_nobody_protects_has_no_contact),
		cmocka_unit_test(a_room_that_is_full_is_told_by_its_name),
		cmocka_unit_test(a_flow_that_may_not_rest_is_told),
		cmocka_unit_test(packets_without_room_for_their_flow_are_told),
		cmocka_unit_test(a_hole_that_is_given_up_for_room_is_told),
	};
	struct err err = {0};
	size_t len;

	held_enter();
	held_good(&rig.held, policy_text, NULL);
	if (!indicators_build(NULL, 0, &rig.lists_image, &len, &err) ||
		!indicators_open(&rig.lists, bytes_of(rig.lists_image, len), &err))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(rig.lists_image);
	held_free(&rig.held);
	held_leave();
	return failed;
}
