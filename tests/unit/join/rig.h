/* rig.h - a join with one ring, a policy of two shops and two payment providers, and
 * the events it sent. */
#ifndef SEKISHO_TESTS_JOIN_RIG_H
#define SEKISHO_TESTS_JOIN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fact/learn.h"
#include "join/join.h"
#include "policy/held.h"

#define S 1000000000ull
#define RIG_EVENTS 64

struct rig {
	struct held held;
	uint8_t *lists;
	struct arena arena;
	struct indicators set;
	struct spsc in, out;
	struct join *join;
	struct join_env env;
	char events[RIG_EVENTS][EVENT_JSON_MAX];
	uint32_t count;
	uint8_t record[sizeof(struct record) + EVENT_JSON_MAX];
	uint32_t index;
};

extern struct rig rig;

int rig_start(void **state);
int rig_stop(void **state);
void rig_stamp(struct fact *fact, enum fact_kind kind, uint32_t size, uint64_t ns);
/* Of the shop 10.0.0.5 or .6 (end 0) and somebody (end 1), in the ring, not committed. */
struct fact_finding *rig_finding(const char *server, const char *remote, uint64_t ns);
void rig_name(struct fact_finding *fact, enum fact_text slot, const char *name);
void rig_host(struct fact_finding *fact, const char *name);
/* For another join than the rig's: what is the same, and where events go. */
struct join_conf rig_conf(uint32_t rings);
struct event_sink rig_sink(void);
/* A ring of RIG_RING bytes in the arena, both ends of it; RIG_RING_ROOM is what it takes there. */
#define RIG_RING 65536
#define RIG_RING_ROOM (RIG_RING + 4096)
void rig_ring(struct arena *arena, struct spsc *in, struct spsc *out);
/* An event holds that text, or does not; the whole event is printed where that is wrong. */
void rig_has(const char *event, const char *text);
void rig_has_not(const char *event, const char *text);
/* All that is in the ring; its events are rig.events[0..count-1]. */
void rig_step(void);

#endif
