/* swap.c - a generation changes under traffic, and other words of the control plane:
 * each at a position of its own. */
#include <string.h>

#include "engine_state.h"
#include "fact/control.h"
#include "mask/mask.h"

struct join_env swap_join(void *self, uint32_t slot)
{
	struct engine *engine = self;

	atomic_fetch_add(&engine->passed, 1);
	return loaded_join_env(&engine->loaded[slot]);
}

void swap_worker(struct engine *engine, uint32_t worker, struct pos pos, uint32_t slot)
{
	struct inspect_env env = loaded_inspect_env(&engine->loaded[slot], worker);

	worker_reached(engine->lane[worker].worker, pos);
	worker_swap(engine->lane[worker].worker, &env);
	atomic_fetch_add(&engine->passed, 1);
}

/* A position of its own between two frames; everybody swaps there. */
static void order_swap(struct engine *engine, uint32_t slot)
{
	struct swap_order order = {.slot = slot};
	struct fact_swap *fact;

	engine->pos.ord++;
	order.pos = engine->pos;
	atomic_store(&engine->passed, 0);
	engine->slot = slot;
	decoder_tenants(engine->decoder, engine_tenants(engine));
	engine->swaps++;
	for (uint32_t i = 0; engine->conf->workers > 1 && i < engine->conf->workers; i++)
		engine_deal(engine, &engine->lane[i], &order, sizeof(order));
	if (engine->conf->workers == 1)
		swap_worker(engine, 0, order.pos, slot);
	emit_at(&engine->frames, order.pos.now_ns, STAMP_PACKET, order.pos.ord);
	fact = emit_reserve(&engine->frames, FACT_SWAP, sizeof(*fact));
	if (fact == NULL)
		return;
	fact->slot = slot;
	emit_commit(&engine->frames, &fact->fact);
}

/* A word of the control plane at a position of its own. */
static void note(struct engine *engine, enum fact_note_kind kind, const char *text)
{
	struct masked detail;
	struct fact_note *fact;

	mask_text(&detail, bytes_text(text));
	engine->pos.ord++;
	emit_at(&engine->frames, engine->pos.now_ns, STAMP_PACKET, engine->pos.ord);
	fact = emit_reserve(&engine->frames, FACT_NOTE, sizeof(*fact));
	if (fact == NULL)
		return;
	fact->note = kind;
	memcpy(&fact->detail, &detail, masked_size(&detail));
	emit_commit(&engine->frames, &fact->fact);
}

/* The other slot is free only when all have passed the last swap. */
static bool all_passed(struct engine *engine)
{
	if (engine->leaving == NULL)
		return true;
	if (atomic_load(&engine->passed) < engine->conf->workers + 1)
		return false;
	if (engine->feed.left != NULL)
		engine->feed.left(engine->feed.self, engine->leaving);
	engine->leaving = NULL;
	return true;
}

static void swap_to(struct engine *engine, const struct generation *next)
{
	uint32_t slot = 1 - engine->slot;
	struct err err = {0};
	bool fine = loaded_open(&engine->loaded[slot], next, engine->conf->workers, engine->names,
		source_inputs(engine->source), &err);

	if (fine) {
		engine->leaving = engine->current;
		engine->current = next;
		order_swap(engine, slot);
	} else {
		note(engine, NOTE_GENERATION_REFUSED, err.text);
	}
	if (engine->feed.taken != NULL)
		engine->feed.taken(engine->feed.self, next, fine ? NULL : err.text);
}

static void tell_interfaces(struct engine *engine)
{
	uint32_t changes = source_changes(engine->source);

	if (changes == engine->changes)
		return;
	engine->changes = changes;
	for (uint32_t i = 0; i < source_inputs(engine->source); i++) {
		struct source_input input;
		source_input(engine->source, i, &input);
		if (input.away != engine->away[i])
			note(engine, input.away ? NOTE_INTERFACE_DOWN : NOTE_INTERFACE_UP,
				input.name);
		engine->away[i] = input.away;
	}
}

void swap_try(struct engine *engine)
{
	const struct generation *next;
	const char *reason;

	/* A swap that the join is not told would be one of the workers alone. */
	if (!emit_has_room(&engine->frames))
		return;
	tell_interfaces(engine);
	if (!all_passed(engine))
		return;
	reason = engine->feed.refusal != NULL ? engine->feed.refusal(engine->feed.self) : NULL;
	if (reason != NULL)
		note(engine, NOTE_GENERATION_REFUSED, reason);
	next = engine->feed.next(engine->feed.self, engine->pos);
	if (next != NULL)
		swap_to(engine, next);
}
