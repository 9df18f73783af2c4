#include "detect/emit.h"

#include <assert.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"

#define SHED_QUARTERS 3

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

static bool is_minor(enum fact_kind kind)
{
	return kind == FACT_NAME || kind == FACT_REPEAT;
}

/* Live, what can be missed leaves room for what cannot. */
static bool is_shed(const struct emit *emit, enum fact_kind kind)
{
	return emit->live && is_minor(kind) &&
	       spsc_fill(&emit->ring) > emit->ring.size / 4 * SHED_QUARTERS;
}

static void count_lost(struct emit *emit, enum fact_kind kind)
{
	enum fact_lost lost = LOST_FINDINGS;

	if (kind == FACT_CONTACT || kind == FACT_COVERAGE || kind == FACT_LIMITS ||
		kind == FACT_FRAMES) {
		emit->kept++;
		return;
	}
	if (is_minor(kind))
		lost = kind == FACT_NAME ? LOST_NAMES : LOST_VALUES;
	emit->dropped[kind]++;
	atomic_store_explicit(&emit->ring.control->words[LOST_WORD + lost], ++emit->lost[lost],
		memory_order_relaxed);
}

bool emit_has_room(const struct emit *emit)
{
	return spsc_fill(&emit->ring) <= emit->ring.size / 2;
}

void *emit_reserve(struct emit *emit, enum fact_kind kind, uint32_t size)
{
	struct fact *fact = is_shed(emit, kind) ? NULL : spsc_reserve(&emit->ring, size);

	if (fact == NULL && (!emit->live || !is_minor(kind)))
		fact = wait_for_room(emit, size);
	if (fact == NULL) {
		count_lost(emit, kind);
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
