#include "engine.h"

#include <assert.h>
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/coverage.h"
#include "base/scratch.h"
#include "decode/decode.h"
#include "engine_state.h"
#include "mask/mask.h"

#define FACT_RING (8u << 20)
#define DEAL_RING (1u << 20)
#define NAP_NS 50000
#define NAP_IDLE_NS 1000000         /* the longest, after a while without work */
#define NAPS_WIPE 200               /* what timers leave on a stack goes in 0.2 s */
#define LIVE_SLACK_NS 1000000000ull /* now is at least the kernel's clock less this */
#define LIVE_JUMP_NS 60000000000ull /* and moves on by at most this per batch */
#define TICK_MS 100
#define LAST_NS 50000000ull /* live: reading goes on after the order to stop */
#define LAST_WAIT_MS 10

/* A replay that is stopped ends as by kill: it will be told again from its beginning.
 * Live, stop is the end of input. */
static bool gives_up(const struct engine *engine)
{
	return atomic_load_explicit(&engine->broken, memory_order_relaxed) ||
	       (*engine->stop != 0 && !engine->conf->live);
}

static void nap(long pause_ns)
{
	const struct timespec pause = {.tv_nsec = pause_ns};

	nanosleep(&pause, NULL);
}

/* Of a thread that found nothing to do: longer while nothing comes. */
static void nap_idle(long *pause_ns)
{
	nap(*pause_ns);
	*pause_ns = *pause_ns * 2 < NAP_IDLE_NS ? *pause_ns * 2 : NAP_IDLE_NS;
}

/* Asked by decode, in the capture thread: the slot in use there. */
static uint16_t find_tenant(
	const void *self, uint16_t source, const uint16_t vlans[], uint32_t vlan_cnt, uint32_t vni)
{
	const struct engine *engine = self;
	const struct loaded *loaded = &engine->loaded[engine->slot];

	return policy_tenant(&loaded->policy, loaded->interface[source], vlans, vlan_cnt, vni);
}

struct tenant_map engine_tenants(const struct engine *engine)
{
	bool any = policy_has_tenants(&engine->loaded[engine->slot].policy);

	return (struct tenant_map){.find = any ? find_tenant : NULL, .self = engine};
}

static struct inspect_env env_of(const struct engine *engine, uint32_t worker)
{
	struct inspect_env env = loaded_inspect_env(&engine->loaded[engine->slot], worker);

	env.key = engine->conf->key;
	env.plain = engine->conf->plain;
	env.labels = engine->conf->labels != NULL ? engine->conf->labels[worker] : NULL;
	memcpy(env.token_key, engine->conf->token_key, sizeof(env.token_key));
	return env;
}

/* A later engine goes on behind what stands in an event. */
static void tell_source(void *self, uint16_t input, uint64_t frames, uint64_t bytes, uint64_t drops)
{
	struct engine *engine = self;

	source_told(engine->source, input, frames, bytes, drops);
}

static void ring_new(
	struct arena *arena, uint64_t size, struct spsc *producer, struct spsc *consumer)
{
	void *mem = arena_take(arena, spsc_bytes(size));

	assert(mem != NULL);
	spsc_format(mem, size);
	bool both = spsc_attach(producer, mem, spsc_bytes(size), true) &&
		    spsc_attach(consumer, mem, spsc_bytes(size), false);
	assert(both);
}

static struct join_conf join_conf_of(struct engine *engine)
{
	const struct engine_conf *conf = engine->conf;
	uint32_t rows = conf->memory >> 30 >= 1 ? 1u << 20 : 1u << 16;

	return (struct join_conf){.rings = conf->workers + 1,
		.live = conf->live,
		.replay = !conf->live,
		.run = conf->run,
		.env_of = swap_join,
		.told = tell_source,
		.self = engine,
		.key = conf->key,
		.sensor = conf->sensor,
		.sources = engine->names,
		.source_cnt = source_inputs(engine->source),
		.contact_rows = rows / 2,
		.coverage_rows = 65536,
		.name_rows = 65536};
}

struct plan {
	uint64_t fact_ring;
	uint32_t frag_buffers;
	struct worker_sizes worker;
	size_t total;
};

static struct plan plan_of(struct engine *engine)
{
	const struct engine_conf *conf = engine->conf;
	struct join_conf join = join_conf_of(engine);
	struct plan plan = {.fact_ring = conf->fact_ring != 0 ? conf->fact_ring : FACT_RING,
		.frag_buffers = conf->memory >= (512ull << 20) ? 512 : FRAG_BUFFERS_MIN};
	size_t fixed = join_bytes(&join) +
		       decoder_bytes(plan.frag_buffers, source_inputs(engine->source)) +
		       (spsc_bytes(plan.fact_ring) + 64) * (conf->workers + 1) +
		       (spsc_bytes(DEAL_RING) + 64) * conf->workers + (1u << 16);

	size_t share = fixed < conf->memory ? (conf->memory - fixed) / conf->workers : 0;
	plan.worker = worker_sizes_for(share);
	plan.total = fixed + worker_bytes(&plan.worker) * conf->workers;
	return plan;
}

static struct emit emit_of(const struct engine *engine)
{
	static const int never = 0;

	return (struct emit){
		.live = engine->conf->live, .stop = engine->conf->live ? &never : engine->stop};
}

static void lanes_new(struct engine *engine, const struct plan *plan)
{
	const struct engine_conf *conf = engine->conf;

	for (uint32_t i = 0; i < conf->workers; i++) {
		struct lane *lane = &engine->lane[i];
		struct inspect_env env = env_of(engine, i);
		lane->engine = engine;
		lane->emit = emit_of(engine);
		ring_new(&engine->arena, plan->fact_ring, &lane->emit.ring, &engine->join_end[i]);
		ring_new(&engine->arena, DEAL_RING, &lane->deal_in, &lane->deal_out);
		lane->worker = worker_new(&engine->arena, &plan->worker, &env, &lane->emit);
		explicit_bzero(env.token_key, sizeof(env.token_key));
	}
	engine->frames = emit_of(engine);
	ring_new(&engine->arena, plan->fact_ring, &engine->frames.ring,
		&engine->join_end[conf->workers]);
}

static bool engine_prepare(
	struct engine *engine, const struct generation *generation, struct err *err)
{
	const struct engine_conf *conf = engine->conf;
	struct plan plan = plan_of(engine);
	size_t rules = rules_bytes(generation->section[SECTION_RULES].image);

	if (!arena_new(&engine->arena, plan.total, err) ||
		!loaded_new(&engine->loaded[0], rules, err) ||
		!loaded_new(&engine->loaded[1], rules, err) ||
		!loaded_open(&engine->loaded[0], generation, conf->workers, engine->names,
			source_inputs(engine->source), err))
		return false;
	engine->decoder = decoder_new(&engine->arena, plan.frag_buffers,
		source_inputs(engine->source), &conf->key, engine_tenants(engine));
	lanes_new(engine, &plan);
	frames_book_init(&engine->book, engine->source, engine->decoder, &engine->frames);
	struct join_conf join = join_conf_of(engine);
	struct join_env env = loaded_join_env(&engine->loaded[0]);
	engine->join = join_new(&engine->arena, &join, &env, engine->join_end, engine->sink);
	return conf->ready == NULL || conf->ready(conf->self, err);
}

/* The join's thread. */
static void *join_run(void *self)
{
	struct engine *engine = self;
	long pause_ns = NAP_NS;

	while (!gives_up(engine)) {
		if (join_step(engine->join)) {
			pause_ns = NAP_NS;
			continue;
		}
		if (join_ended(engine->join)) {
			join_finish(engine->join);
			break;
		}
		nap_idle(&pause_ns);
	}
	return NULL;
}

/* A worker's thread, with more than one worker.  A batch ends at an order. */
static uint32_t take_dealt(
	struct lane *lane, struct packet packets[WORKER_BATCH], struct swap_order *order)
{
	uint32_t count = 0;

	while (count < WORKER_BATCH) {
		uint64_t position;
		uint32_t len;
		const void *packet = spsc_next(&lane->deal_out, &len, &position);
		if (packet == NULL)
			break;
		if (len == sizeof(*order)) {
			memcpy(order, packet, sizeof(*order));
			break;
		}
		memcpy(&packets[count], packet, sizeof(packets[0]));
		worker_expect(lane->worker, &packets[count++]);
	}
	spsc_release(&lane->deal_out);
	return count;
}

static void give_back(struct engine *engine, const struct packet *packet)
{
	if ((packet->flags & PACKET_REASSEMBLED) != 0)
		decoder_recycle(engine->decoder, packet->block);
	else
		source_release(engine->source, packet->block);
}

static struct pos dealt_now(struct engine *engine, bool *ended)
{
	/* ended first, then the position, then the ring is looked at: what is read here is
	 * complete for an empty ring. */
	*ended = atomic_load_explicit(&engine->dealt.ended, memory_order_acquire);
	uint64_t now_ns = atomic_load_explicit(&engine->dealt.now_ns, memory_order_acquire);
	uint64_t ord = atomic_load_explicit(&engine->dealt.ord, memory_order_acquire);

	return (struct pos){.now_ns = now_ns, .ord = ord};
}

static void *lane_run(void *self)
{
	struct lane *lane = self;
	struct engine *engine = lane->engine;
	struct packet packets[WORKER_BATCH];
	uint32_t naps = 0;
	long pause_ns = NAP_NS;

	while (!gives_up(engine)) {
		bool ended;
		struct pos dealt = dealt_now(engine, &ended);
		struct swap_order order = {.pos = {.ord = 0}};
		uint32_t count = take_dealt(lane, packets, &order);
		if (count == 0 && order.pos.ord == 0) {
			worker_reached(lane->worker, dealt);
			if (ended) {
				lane->emit.live = false; /* its last facts find room */
				worker_finish(lane->worker);
				break;
			}
			if (naps++ % NAPS_WIPE == 1) /* not between two packets of a busy time */
				secret_stack_wipe();
			nap_idle(&pause_ns);
			continue;
		}
		naps = 0;
		pause_ns = NAP_NS;
		worker_packets(lane->worker, packets, count);
		if (count > 0)
			worker_reached(lane->worker, packets[count - 1].pos);
		for (uint32_t i = 0; i < count; i++)
			give_back(engine, &packets[i]);
		if (order.pos.ord != 0)
			swap_worker(engine, (uint32_t)(lane - engine->lane), order.pos, order.slot);
	}
	return NULL;
}

static void publish_dealt(struct engine *engine, bool ended)
{
	/* ord before now would promise frames that are not dealt yet; each alone is true here. */
	atomic_store_explicit(&engine->dealt.now_ns, engine->pos.now_ns, memory_order_release);
	atomic_store_explicit(&engine->dealt.ord, engine->pos.ord + 1, memory_order_release);
	atomic_store_explicit(&engine->dealt.ended, ended, memory_order_release);
}

bool engine_deal(struct engine *engine, struct lane *lane, const void *data, uint32_t len)
{
	void *room;

	while ((room = spsc_reserve(&lane->deal_in, len)) == NULL) {
		if (gives_up(engine))
			return false;
		nap(NAP_NS);
	}
	memcpy(room, data, len);
	spsc_commit(&lane->deal_in, len);
	return true;
}

/* By the hash of the flow; but queries for names of a client to a server are of one worker,
 * whatever their ports, since it puts together what is cut over several (detect/spread.h).  The
 * answers go with them.  Whose flow a packet is, is asked by its hash all the same. */
static uint32_t lane_of(const struct engine *engine, const struct packet *packet)
{
	uint64_t hash = packet->hash;

	if (tuple_asks_names(&packet->tuple)) {
		const struct tuple pair = tuple_pair(&packet->tuple);
		hash = hash_sip13(&engine->conf->key, &pair, sizeof(pair));
	}
	return (uint32_t)(hash % engine->conf->workers);
}

static void deal(struct engine *engine, const struct packet *packet)
{
	struct lane *lane = &engine->lane[lane_of(engine, packet)];

	if (!engine_deal(engine, lane, packet, sizeof(*packet)))
		give_back(engine, packet);
}

static void mark_frames(struct engine *engine, struct pos pos)
{
	struct spsc_control *control = engine->frames.ring.control;

	atomic_store_explicit(&control->words[MARK_TIME], pos.now_ns, memory_order_release);
	atomic_store_explicit(&control->words[MARK_ORD], pos.ord, memory_order_release);
}

/* All up to the position was told: the mark that says so. */
static struct pos behind(const struct engine *engine)
{
	return (struct pos){.now_ns = engine->pos.now_ns, .ord = engine->pos.ord + 1};
}

/* Time moves on: what is booked by minute is sent, then the position is told. */
static void advance(struct engine *engine, uint64_t now_ns)
{
	uint64_t minute = now_ns / MINUTE_NS;

	engine->pos.now_ns = now_ns;
	if (engine->frame_minute == minute)
		return;
	if (engine->frame_minute != UINT64_MAX && minute > engine->frame_minute) {
		uint64_t end_ns = (engine->frame_minute + 1) * MINUTE_NS;
		for (uint32_t i = 0; i < source_inputs(engine->source); i++)
			frames_book(&engine->book, (uint16_t)i, engine->frame_minute, end_ns);
		decoder_expire(engine->decoder, now_ns);
	}
	engine->frame_minute = minute;
}

static uint32_t decode_batch(
	struct engine *engine, const struct frame frames[], uint32_t count, struct packet packets[])
{
	uint32_t made = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct packet *packet = &packets[made];
		uint64_t now_ns = frames[i].ts_ns;

		if (engine->conf->live && now_ns > engine->pos.now_ns + LIVE_JUMP_NS &&
			engine->pos.now_ns != 0)
			now_ns = engine->pos.now_ns + LIVE_JUMP_NS;
		if (now_ns > engine->pos.now_ns || engine->frame_minute == UINT64_MAX)
			advance(engine, now_ns > engine->pos.now_ns ? now_ns : engine->pos.now_ns);
		engine->pos.ord++;
		if (!decode(engine->decoder, &frames[i], engine->pos, packet)) {
			source_release(engine->source, frames[i].block);
			continue;
		}
		if ((packet->flags & PACKET_REASSEMBLED) != 0)
			source_release(engine->source, frames[i].block);
		else
			packet->block = frames[i].block;
		if (engine->conf->workers == 1)
			worker_expect(engine->lane[0].worker, packet);
		made++;
	}
	return made;
}

static void pass_on(struct engine *engine, const struct packet packets[], uint32_t count)
{
	struct worker *inline_worker = engine->lane[0].worker;

	if (engine->conf->workers > 1) {
		for (uint32_t i = 0; i < count; i++) {
			/* Told before it may block: an idle worker passes on what is dealt. */
			struct pos before = {
				.now_ns = packets[i].pos.now_ns, .ord = packets[i].pos.ord};
			atomic_store_explicit(
				&engine->dealt.now_ns, before.now_ns, memory_order_release);
			atomic_store_explicit(&engine->dealt.ord, before.ord, memory_order_release);
			deal(engine, &packets[i]);
		}
		publish_dealt(engine, false);
		return;
	}
	worker_packets(inline_worker, packets, count);
	for (uint32_t i = 0; i < count; i++)
		give_back(engine, &packets[i]);
	worker_reached(inline_worker, behind(engine));
}

static void live_tick(struct engine *engine)
{
	uint64_t now_ns = clock_real_ns() - LIVE_SLACK_NS;

	if (engine->pos.now_ns != 0 && now_ns > engine->pos.now_ns + LIVE_JUMP_NS)
		now_ns = engine->pos.now_ns + LIVE_JUMP_NS;
	if (now_ns > engine->pos.now_ns)
		advance(engine, now_ns);
	mark_frames(engine, behind(engine));
	if (engine->conf->workers == 1)
		worker_reached(engine->lane[0].worker, behind(engine));
	else
		publish_dealt(engine, false);
}

/* One batch, or a wait for it.  False: the end of the input. */
static bool capture_step(struct engine *engine, int wait_ms)
{
	SCRATCH struct frame frames[WORKER_BATCH];
	SCRATCH struct packet packets[WORKER_BATCH];
	int count = source_next(engine->source, frames, WORKER_BATCH);

	if (count == SOURCE_END)
		return false;
	if (count == SOURCE_IDLE) {
		/* A gzip'd file is idle too while its blocks are held: no wall time there. */
		if (engine->conf->live)
			live_tick(engine);
		swap_try(engine);
		secret_stack_wipe();
		source_wait(engine->source, wait_ms);
		return true;
	}
	uint32_t made = decode_batch(engine, frames, (uint32_t)count, packets);
	/* Told before workers may wait for room: the join must not wait for us in turn. */
	mark_frames(engine, behind(engine));
	pass_on(engine, packets, made);
	swap_try(engine);
	return true;
}

static void capture_run(struct engine *engine)
{
	while (*engine->stop == 0)
		if (!capture_step(engine, TICK_MS))
			return;
	/* What the kernel had seen by now stands in a block that it has yet to close. */
	uint64_t until_ns = clock_boot_ns() + LAST_NS;
	while (engine->conf->live && clock_boot_ns() < until_ns)
		capture_step(engine, LAST_WAIT_MS);
}

static void capture_end(struct engine *engine)
{
	engine->frames.live = false;
	engine->lane[0].emit.live &= engine->conf->workers > 1;
	decoder_expire(engine->decoder, STAMP_END_NS);
	for (uint32_t i = 0; i < source_inputs(engine->source); i++)
		frames_book(&engine->book, (uint16_t)i, engine->frame_minute, STAMP_END_NS);
	mark_frames(engine, (struct pos){.now_ns = STAMP_END_NS, .ord = UINT64_MAX});
	publish_dealt(engine, true);
	if (engine->conf->workers == 1) {
		worker_reached(engine->lane[0].worker, behind(engine));
		worker_finish(engine->lane[0].worker);
	}
}

static bool start_threads(struct engine *engine, struct err *err)
{
	uint32_t lanes = engine->conf->workers > 1 ? engine->conf->workers : 0;

	bool fine = secret_thread_start(&engine->join_thread, join_run, engine, err);

	for (uint32_t i = 0; fine && i < lanes; i++)
		fine = secret_thread_start(
			&engine->lane[i].thread, lane_run, &engine->lane[i], err);
	atomic_store(&engine->broken, !fine);
	return fine;
}

/* Also of threads that were never started. */
static void join_threads(struct engine *engine)
{
	for (uint32_t i = 0; i < engine->conf->workers; i++)
		secret_thread_join(&engine->lane[i].thread);
	secret_thread_join(&engine->join_thread);
}

static void report_of(struct engine *engine, struct engine_report *report)
{
	*report = (struct engine_report){.join = *join_counters(engine->join)};
	for (uint32_t i = 0; i < engine->conf->workers; i++) {
		report->packets += worker_packets_seen(engine->lane[i].worker);
		report->payload_inspected += worker_bytes_inspected(engine->lane[i].worker);
		report->quotas += worker_quotas(engine->lane[i].worker);
		report->flows += worker_flows(engine->lane[i].worker)->created;
	}
	report->swaps = engine->swaps;
	report->quotas += report->join.contact_refused + report->join.coverage_refused +
			  report->join.names_refused + report->join.contact_unnamed;
	for (uint32_t i = 0; i < source_inputs(engine->source); i++) {
		struct source_input input;
		source_input(engine->source, i, &input);
		report->inputs_damaged += input.damage != NULL;
	}
}

static void health_of(struct engine *engine)
{
	for (uint32_t i = 0; i < source_inputs(engine->source); i++) {
		struct source_input input;
		struct masked detail;
		source_input(engine->source, i, &input);
		if (input.damage == NULL)
			continue;
		mask_text(&detail, bytes_text(input.damage));
		join_health(engine->join, "damaged", &detail, engine->pos.now_ns);
	}
	join_health(engine->join, "ended", NULL, engine->pos.now_ns);
}

static void engine_close(struct engine *engine)
{
	loaded_free(&engine->loaded[0]);
	loaded_free(&engine->loaded[1]);
	arena_free(&engine->arena);
}

int engine_run(const struct engine_conf *conf, struct source *source, struct event_sink sink,
	struct generation_feed feed, const volatile int *stop, struct engine_report *report,
	struct err *err)
{
	static struct engine engine; /* too large for a stack; one run at a time in a process */
	const struct generation *generation = feed.next(feed.self, (struct pos){.ord = 0});

	assert(generation != NULL && conf->workers >= 1 && conf->workers <= ENGINE_WORKERS_MAX);
	memset(&engine, 0, sizeof(engine));
	engine.conf = conf;
	engine.source = source;
	engine.sink = sink;
	engine.stop = stop;
	engine.feed = feed;
	engine.current = generation;
	engine.frame_minute = UINT64_MAX;
	for (uint32_t i = 0; i < source_inputs(source); i++) {
		struct source_input input;
		source_input(source, i, &input);
		engine.names[i] = input.name;
	}
	if (!engine_prepare(&engine, generation, err)) {
		engine_close(&engine);
		return err->status;
	}
	join_health(engine.join, "started", NULL, 0);
	join_prefixes(engine.join, 0);
	if (!start_threads(&engine, err)) {
		join_threads(&engine);
		engine_close(&engine);
		return err->status;
	}
	capture_run(&engine);
	capture_end(&engine);
	join_threads(&engine);
	report_of(&engine, report);
	if (!gives_up(&engine))
		health_of(&engine);
	engine_close(&engine);
	return report->inputs_damaged > 0 ? EXIT_DAMAGE : EXIT_DONE;
}
