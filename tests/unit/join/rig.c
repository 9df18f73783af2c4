#include "join/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/message.h"

#define FULL_WHY (WHY_BIT(WHY_CARD_FORMAT) | WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_EXPIRY))

static const char policy_text[] =
	"merchants:\n"
	"  - {id: 1, addresses: [10.0.0.5], level: content, basis: test, authorised: [psp, "
	"other]}\n"
	"  - {id: 2, addresses: [10.0.0.6], level: content, basis: test, non_retention: true}\n"
	"profiles:\n"
	"  - {name: psp, hosts: [psp.example], prefixes: [192.0.2.0/28]}\n"
	"  - {name: other, hosts: [other.example], prefixes: [192.0.2.64/28]}\n"
	"assets:\n"
	"  - {address: 10.0.0.53, role: resolver}\n"
	"  - {address: 203.0.113.7, role: operator}\n";

struct rig rig;

static void *reserve(void *self, uint32_t len)
{
	(void)self;
	return len <= sizeof(rig.record) ? rig.record : NULL;
}

static void commit(void *self, uint32_t len)
{
	size_t json = len - sizeof(struct record);

	(void)self;
	assert_true(rig.count < RIG_EVENTS);
	memcpy(rig.events[rig.count], rig.record + sizeof(struct record), json);
	rig.events[rig.count++][json] = '\0';
}

static struct join_env same_env(void *self, uint32_t slot)
{
	(void)self;
	(void)slot;
	return rig.env;
}

struct event_sink rig_sink(void)
{
	return (struct event_sink){.reserve = reserve, .commit = commit};
}

struct join_conf rig_conf(uint32_t rings)
{
	static const char *const sources[] = {"test"};

	return (struct join_conf){.rings = rings,
		.env_of = same_env,
		.key = {1, 2},
		.sensor = "test",
		.sources = sources,
		.source_cnt = 1,
		.contact_rows = 64,
		.coverage_rows = 64,
		.name_rows = 64};
}

void rig_ring(struct arena *arena, struct spsc *in, struct spsc *out)
{
	void *mem = arena_take(arena, spsc_bytes(RIG_RING));

	spsc_format(mem, RIG_RING);
	assert_true(spsc_attach(in, mem, spsc_bytes(RIG_RING), true));
	assert_true(spsc_attach(out, mem, spsc_bytes(RIG_RING), false));
}

int rig_start(void **state)
{
	struct join_conf conf = rig_conf(1);
	struct err err = {0};
	size_t len;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	held_enter();
	held_good(&rig.held, policy_text, NULL);
	assert_true(indicators_build(NULL, 0, &rig.lists, &len, &err));
	assert_true(indicators_open(&rig.set, bytes_of(rig.lists, len), &err));
	assert_true(arena_new(&rig.arena, join_bytes(&conf) + RIG_RING_ROOM, &err));
	rig_ring(&rig.arena, &rig.in, &rig.out);
	rig.env = (struct join_env){.policy = &rig.held.policy, .lists = &rig.set};
	rig.join = join_new(&rig.arena, &conf, &rig.env, &rig.out, rig_sink());
	return 0;
}

int rig_stop(void **state)
{
	(void)state;
	arena_free(&rig.arena);
	free(rig.lists);
	held_free(&rig.held);
	held_leave();
	return 0;
}

void rig_stamp(struct fact *fact, enum fact_kind kind, uint32_t size, uint64_t ns)
{
	fact->stamp = (struct stamp){.time_ns = ns, .cls = STAMP_PACKET, .ord = ++rig.index};
	fact->kind = kind;
	fact->size = size;
}

/* The shop 10.0.0.5 (end 0) and somebody (end 1). */
struct fact_finding *rig_finding(const char *server, const char *remote, uint64_t ns)
{
	struct fact_finding *fact = spsc_reserve(&rig.in, FACT_MAX);

	assert_non_null(fact);
	memset(fact, 0, FACT_MAX);
	rig_stamp(&fact->fact, FACT_FINDING, sizeof(*fact), ns);
	fact->flow.key.src = held_addr(server);
	fact->flow.key.dst = held_addr(remote);
	fact->flow.key.proto = PROTO_TCP;
	fact->flow.merchant = strcmp(server, "10.0.0.5") == 0 ? 1 : 2;
	fact->flow.first_ns = ns;
	fact->is_request = 1;
	fact->why = FULL_WHY;
	fact->distinct = 1;
	fact->count = 1;
	fact->role = FIELD_HTTP_BODY;
	return fact;
}

void rig_name(struct fact_finding *fact, enum fact_text slot, const char *name)
{
	struct masked text = {.len = (uint16_t)strlen(name)};

	memcpy(text.text, name, text.len);
	fact_text_put(fact, slot, &text);
}

void rig_host(struct fact_finding *fact, const char *name)
{
	rig_name(fact, TEXT_HOST, name);
}

void rig_step(void)
{
	rig.count = 0;
	while (join_step(rig.join)) {
	}
}

/* Lines of their own: a message of cmocka holds less than an event, and what it cuts is
 * no TAP. */
static void print_event(const char *event)
{
	printf("# %s\n", event);
	fflush(stdout);
}

void rig_has(const char *event, const char *text)
{
	assert_non_null(event);
	if (strstr(event, text) != NULL)
		return;
	print_event(event);
	fail_msg("%s is not in the event above", text);
}

void rig_has_not(const char *event, const char *text)
{
	assert_non_null(event);
	if (strstr(event, text) == NULL)
		return;
	print_event(event);
	fail_msg("%s is in the event above", text);
}
