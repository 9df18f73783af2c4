#include "detect/emit.h"

#include <assert.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"

void emit_at(struct emit *emit, uint64_t time_ns, enum stamp_class cls, uint64_t ord)
{
	struct stamp at = {.time_ns = time_ns, .ord = ord, .cls = cls};

	if (emit->at.time_ns == at.time_ns && emit->at.ord == at.ord && emit->at.cls == at.cls)
		return;
	emit->at = at;
}

static void *wait_for_room(struct emit *emit, uint32_t size)
{
	uint64_t from = emit->live ? clock_boot_ns() : 0;
	void *room;

	while ((room = spsc_reserve(&emit->ring, size)) == NULL) {
		if (*emit->stop != 0 || (emit->live && clock_boot_ns() - from > EMIT_WAIT_NS))
			return NULL;
		sched_yield();
	}
	return room;
}

void *emit_reserve(struct emit *emit, enum fact_kind kind, uint32_t size)
{
	struct fact *fact = spsc_reserve(&emit->ring, size);

	if (fact == NULL)
		fact = wait_for_room(emit, size);
	if (fact == NULL) {
		emit->dropped[kind]++;
		return NULL;
	}
	memset(fact, 0, size);
	fact->stamp = emit->at;
	fact->kind = kind;
	fact->size = size;
	emit->at.index++;
	return fact;
}

void emit_commit(struct emit *emit, const struct fact *fact)
{
	emit->sent++;
	spsc_commit(&emit->ring, fact->size);
}
