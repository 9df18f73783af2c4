/* bench_run.c - one measurement a process, "name=value" pairs on one line.  bench.py
 * repeats, interleaves and makes tables.
 *
 *   bench_run read FILE                      every 64 bytes of the file once
 *   bench_run limit FILE CONF...             walk, decode, flow, in-order bytes; then also
 *                                            one pass of pan and of the signatures
 *   bench_run engine WORKERS FILE CONF...    engine_run, events thrown away
 *   bench_run plain WORKERS FILE CONF...     the same, but no coding is taken off, nothing
 * unwrapped bench_run flows COUNT PACKETS CONF...    COUNT flows that wait, then PACKETS in turn
 *   bench_run flood COUNT FROM FILE CONF...  FILE and COUNT SYNs in 10 s from FROM (unix time);
 *                                            that time passes as it did; events as
 *                                            "milliseconds behind the packets", TAB, JSON
 * CONF: SIGNATURES-FOLDER [POLICY [RULES [LIST]]] ("-": none) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "build/build.h"
#include "decode/decode.h"
#include "engine.h"
#include "loaded.h"
#include "traffic.h"
#include "worker.h"

#define MEMORY (1ull << 30)
#define MEMORY_FLOWS (4ull << 30) /* 2^21 flows, so that half of them may carry payload */
#define NS_PER_S 1000000000ull
#define FLOOD_NS (10 * NS_PER_S)
#define LEAD_NS (1 * NS_PER_S)

struct bench {
	const struct generation *generation;
	uint64_t clock_at_ready_ns, cpu_at_ready_ns, all_at_ready_ns;
	uint64_t steady_ns, cpu_at_steady_ns; /* packet time from which CPU time counts too */
	uint64_t pace_from_ns, pace_to_ns, pace_clock_ns;
	_Atomic uint64_t reached_ns; /* by the capture thread */
	uint64_t rss_kib;
	bool print, plain;
	uint8_t record[sizeof(struct record) + EVENT_JSON_MAX];
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec at;

	clock_gettime(id, &at);
	return (uint64_t)at.tv_sec * NS_PER_S + (uint64_t)at.tv_nsec;
}

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

static struct bytes map_file(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &status) == -1) {
		perror(path);
		exit(2);
	}
	void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	close(fd);
	return (struct bytes){at, (size_t)status.st_size};
}

static void build(char **conf, int count, struct generation *out)
{
	static char psp[4096], cards[4096], rules[4096];
	struct err err = {0};
	const char *policy = count > 1 && strcmp(conf[1], "-") != 0 ? conf[1] : NULL;
	const char *more = count > 2 && strcmp(conf[2], "-") != 0 ? conf[2] : NULL;
	const char *list = count > 3 ? conf[3] : NULL;
	struct build_request request = {.policy_path = policy,
		.profiles_dir = psp,
		.cards_dir = cards,
		.rules = {rules, more},
		.rule_cnt = more != NULL ? 2 : 1,
		.lists = {list},
		.list_cnt = list != NULL,
		.default_level = LEVEL_CONTENT};

	snprintf(psp, sizeof(psp), "%s/psp", conf[0]);
	snprintf(cards, sizeof(cards), "%s/cards", conf[0]);
	snprintf(rules, sizeof(rules), "%s/rules/sekisho.rules", conf[0]);
	if (build_here(&request, out, &err))
		return;
	fprintf(stderr, "%s\n", err.text);
	exit(2);
}

static uint64_t rss_anon_kib(void)
{
	char line[256];
	uint64_t kib = 0;
	FILE *file = fopen("/proc/self/status", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtoull(line + 8, NULL, 10);
	if (file != NULL)
		fclose(file);
	return kib;
}

/* What engine_run is given. */

static bool ready(void *self, struct err *err)
{
	struct bench *run = self;

	(void)err;
	run->clock_at_ready_ns = clock_ns(CLOCK_MONOTONIC);
	run->cpu_at_ready_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	run->all_at_ready_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	return true;
}

/* In the capture thread, between batches: here a window of packet time passes as it did. */
static void pace(struct bench *run, uint64_t now_ns)
{
	if (run->pace_clock_ns == 0)
		run->pace_clock_ns = clock_ns(CLOCK_MONOTONIC);
	uint64_t due_ns = run->pace_clock_ns + (now_ns - run->pace_from_ns);
	if (due_ns < clock_ns(CLOCK_MONOTONIC))
		return;
	struct timespec until = {
		.tv_sec = (time_t)(due_ns / NS_PER_S), .tv_nsec = (long)(due_ns % NS_PER_S)};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static const struct generation *next(void *self, struct pos at)
{
	struct bench *run = self;

	if (at.ord == 0)
		return run->generation;
	atomic_store_explicit(&run->reached_ns, at.now_ns, memory_order_relaxed);
	if (at.now_ns >= run->pace_from_ns && at.now_ns < run->pace_to_ns)
		pace(run, at.now_ns);
	if (run->cpu_at_steady_ns == 0 && at.now_ns >= run->steady_ns)
		run->cpu_at_steady_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static void *reserve(void *self, uint32_t len)
{
	struct bench *run = self;

	return len <= sizeof(run->record) ? run->record : NULL;
}

static void commit(void *self, uint32_t len)
{
	static const char ended[] = "\"state\":\"ended\"";
	struct bench *run = self;
	const uint8_t *json = run->record + sizeof(struct record);
	size_t json_len = len - sizeof(struct record);

	if (json_len < 512 && memmem(json, json_len, ended, sizeof(ended) - 1) != NULL)
		run->rss_kib = rss_anon_kib(); /* the last event: all memory is still held */
	if (!run->print)
		return;
	struct record *record = (struct record *)run->record;
	uint64_t at_ns = record->packet_ns;
	uint64_t reached = atomic_load_explicit(&run->reached_ns, memory_order_relaxed);
	printf("%llu\t%.*s\n",
		(unsigned long long)(reached > at_ns ? (reached - at_ns) / 1000000 : 0),
		(int)json_len, (const char *)json);
}

static int engine(struct bench *run, struct source *source, uint32_t workers, uint64_t memory,
	struct engine_report *report)
{
	static const int stop = 0;
	struct err err = {0};
	struct engine_conf conf = {.workers = workers,
		.memory = memory,
		.run = 1,
		.key = {1, 2},
		.token_key = {7},
		.sensor = "bench",
		.plain = run->plain,
		.ready = ready,
		.self = run};

	int status = engine_run(&conf, source,
		(struct event_sink){.self = run, .reserve = reserve, .commit = commit},
		(struct generation_feed){.self = run, .next = next}, &stop, report, &err);
	if (err.status != 0)
		fprintf(stderr, "%s\n", err.text);
	return status;
}

static void print_report(
	const struct bench *run, const struct engine_report *report, struct source *source)
{
	uint64_t wire = 0, clock = clock_ns(CLOCK_MONOTONIC) - run->clock_at_ready_ns;

	for (uint32_t i = 0; i < source_inputs(source); i++) {
		struct source_input input;
		source_input(source, i, &input);
		wire += input.bytes;
	}
	printf("wall=%.6f cpu=%.6f all_cpu=%.6f wire=%llu packets=%llu inspected=%llu flows=%llu "
	       "quotas=%llu imbalance=%lld facts=%llu events=%llu join_cpu=%.6f rss_kib=%llu\n",
		seconds(clock), seconds(clock_ns(CLOCK_THREAD_CPUTIME_ID) - run->cpu_at_ready_ns),
		seconds(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - run->all_at_ready_ns),
		(unsigned long long)wire, (unsigned long long)report->packets,
		(unsigned long long)report->payload_inspected, (unsigned long long)report->flows,
		(unsigned long long)report->quotas, (long long)report->join.imbalance,
		(unsigned long long)report->join.facts, (unsigned long long)report->join.events,
		seconds(report->join.busy_ns), (unsigned long long)run->rss_kib);
}

static struct source *open_parts(const struct bytes parts[], uint32_t count)
{
	static const char *const names[] = {"traffic", "more"};
	struct err err = {0};
	struct source *source = source_memory(parts, names, count, &err);

	if (source == NULL) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	return source;
}

static int run_engine(char **argv, int argc, bool plain)
{
	static struct bench run;
	static struct engine_report report;
	struct generation generation = {0};
	struct bytes file = map_file(argv[1]);
	struct source *source = open_parts(&file, 1);

	build(argv + 2, argc - 2, &generation);
	run.generation = &generation;
	run.plain = plain;
	int status = engine(&run, source, (uint32_t)strtoul(argv[0], NULL, 10), MEMORY, &report);
	print_report(&run, &report, source);
	return status;
}

static int do_engine(char **argv, int argc)
{
	return run_engine(argv, argc, false);
}

static int do_plain(char **argv, int argc)
{
	return run_engine(argv, argc, true);
}

static int do_flows(char **argv, int argc)
{
	static struct bench run;
	static struct engine_report report;
	struct generation generation = {0};
	uint32_t packets = (uint32_t)strtoul(argv[1], NULL, 10);
	struct bytes traffic =
		traffic_flows((uint32_t)strtoul(argv[0], NULL, 10), packets, &run.steady_ns);
	struct source *source = open_parts(&traffic, 1);

	build(argv + 2, argc - 2, &generation);
	run.generation = &generation;
	int status = engine(&run, source, 1, MEMORY_FLOWS, &report);
	uint64_t steady = clock_ns(CLOCK_THREAD_CPUTIME_ID) - run.cpu_at_steady_ns;
	printf("steady_packets=%u steady_cpu=%.6f ", packets, seconds(steady));
	print_report(&run, &report, source);
	return status;
}

static int do_flood(char **argv, int argc)
{
	static struct bench run;
	static struct engine_report report;
	struct generation generation = {0};
	uint32_t count = (uint32_t)strtoul(argv[0], NULL, 10);
	uint64_t from_ns = strtoull(argv[1], NULL, 10) * NS_PER_S;
	struct bytes parts[2] = {map_file(argv[2])};

	if (count > 0)
		parts[1] = traffic_flood(count, from_ns, FLOOD_NS);
	struct source *source = open_parts(parts, count > 0 ? 2 : 1);
	build(argv + 3, argc - 3, &generation);
	run.generation = &generation;
	run.print = true;
	run.pace_from_ns = from_ns > LEAD_NS ? from_ns - LEAD_NS : 0;
	run.pace_to_ns = from_ns > 0 ? from_ns + FLOOD_NS + LEAD_NS : 0;
	int status = engine(&run, source, 1, MEMORY, &report);
	print_report(&run, &report, source);
	return status;
}

static int do_read(char **argv, int argc)
{
	struct bytes file = map_file(argv[0]);
	uint64_t from = clock_ns(CLOCK_THREAD_CPUTIME_ID), sum = 0, word;

	(void)argc;
	for (size_t i = 0; i + 64 <= file.len; i += 64) {
		memcpy(&word, file.ptr + i, sizeof(word));
		sum += word;
	}
	uint64_t spent = clock_ns(CLOCK_THREAD_CPUTIME_ID) - from;
	printf("cpu=%.6f bytes=%zu sum=%llu\n", seconds(spent), file.len, (unsigned long long)sum);
	return 0;
}

/* The rooms one after the other without detect: what no engine of ours can pass. */
struct ceiling {
	struct source *source;
	struct decoder *decoder;
	struct flow_table *flows;
	struct streams *streams;
	struct loaded *loaded;
	bool scan;
	uint64_t packets, bytes, hits;
	struct pan_scan pan;
};

static void limit_pull(struct ceiling *limit)
{
	static const struct hash_key key = {1, 2};
	uint32_t found[RULE_HITS_MAX];
	struct span span;

	while (stream_pull(limit->streams, &span)) {
		limit->bytes += span.data.len;
		if (!limit->scan || span.data.len == 0)
			continue;
		pan_find(&limit->loaded->cards, &key, span.data, 0, span.data.len, true, true,
			&limit->pan);
		limit->hits += limit->pan.count;
		limit->hits += rules_candidates(limit->loaded->rules, limit->loaded->scratch[0],
			FIELD_HTTP_BODY, span.data, found);
	}
}

static void limit_ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct ceiling *limit = self;
	struct flow *record = flow_at(limit->flows, flow);

	(void)due_ns, (void)evicted;
	if (record->stream == 0)
		return;
	stream_end(limit->streams, limit->flows, flow);
	limit_pull(limit);
	stream_free(limit->streams, record);
}

static void limit_hole(void *self, uint32_t flow, uint64_t due_ns)
{
	struct ceiling *limit = self;

	(void)due_ns;
	stream_hole_due(limit->streams, limit->flows, flow);
	limit_pull(limit);
}

static void limit_new(struct ceiling *limit, struct arena *arena)
{
	static const struct hash_key key = {1, 2};
	struct worker_sizes sizes = worker_sizes_for(MEMORY);
	struct err err = {0};
	size_t room = flow_table_bytes(sizes.flows) +
		      streams_bytes(sizes.stream_flows, sizes.stream_blocks) +
		      decoder_bytes(FRAG_BUFFERS_MIN, 1) + (1u << 20);

	if (!arena_new(arena, room, &err))
		exit(2);
	limit->decoder =
		decoder_new(arena, FRAG_BUFFERS_MIN, 1, &key, (struct tenant_map){.find = NULL});
	limit->flows = flow_table_new(arena, sizes.flows,
		(struct flow_owner){.ended = limit_ended, .hole_due = limit_hole, .self = limit});
	limit->streams = streams_new(arena, sizes.stream_flows, sizes.stream_blocks);
}

static void limit_batch(struct ceiling *limit, const struct packet packets[], uint32_t count)
{
	uint32_t likely[WORKER_BATCH];

	for (uint32_t i = 0; i < count; i++)
		likely[i] = flow_guess(limit->flows, &packets[i]);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t dir;
		uint32_t flow = flow_touch(limit->flows, &packets[i], likely[i], &dir);

		if (flow == 0 || (packets[i].flags & PACKET_OPAQUE) != 0)
			continue;
		if (packets[i].payload_wire == 0 && flow_at(limit->flows, flow)->stream == 0)
			continue;
		stream_push(limit->streams, limit->flows, flow, dir, &packets[i]);
		limit_pull(limit);
	}
	limit->packets += count;
}

static void limit_run(struct ceiling *limit)
{
	struct frame frames[WORKER_BATCH];
	static struct packet packets[WORKER_BATCH];
	struct pos pos = {0};
	int count;

	while ((count = source_next(limit->source, frames, WORKER_BATCH)) > 0) {
		uint32_t made = 0;
		for (int i = 0; i < count; i++) {
			pos.ord++;
			if (frames[i].ts_ns > pos.now_ns)
				pos.now_ns = frames[i].ts_ns;
			if (!decode(limit->decoder, &frames[i], pos, &packets[made]))
				continue;
			flow_expect(limit->flows, packets[made++].hash);
		}
		limit_batch(limit, packets, made);
		for (int i = 0; i < count; i++)
			source_release(limit->source, frames[i].block);
	}
	flow_expire(limit->flows, STAMP_END_NS);
}

static int do_limit(char **argv, int argc)
{
	static struct ceiling limit[2];
	static struct loaded loaded;
	struct generation generation = {0};
	struct bytes file = map_file(argv[0]);
	struct err err = {0};

	build(argv + 1, argc - 1, &generation);
	size_t rules = rules_bytes(generation.section[SECTION_RULES].image);
	if (!loaded_new(&loaded, rules, &err) ||
		!loaded_open(&loaded, &generation, 1, NULL, 0, &err))
		return 2;
	for (int i = 0; i < 2; i++) {
		struct arena arena;
		limit[i].loaded = &loaded;
		limit[i].scan = i == 1;
		limit[i].source = open_parts(&file, 1);
		limit_new(&limit[i], &arena);
		uint64_t from = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		limit_run(&limit[i]);
		uint64_t spent = clock_ns(CLOCK_THREAD_CPUTIME_ID) - from;
		printf("%s=%.6f ", i == 0 ? "hand_cpu" : "scan_cpu", seconds(spent));
		source_close(limit[i].source);
		arena_free(&arena);
	}
	printf("packets=%llu bytes=%llu hits=%llu\n", (unsigned long long)limit[1].packets,
		(unsigned long long)limit[1].bytes, (unsigned long long)limit[1].hits);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int args;
		int (*run)(char **argv, int argc);
	} modes[] = {{"read", 1, do_read}, {"limit", 2, do_limit}, {"engine", 3, do_engine},
		{"plain", 3, do_plain}, {"flows", 3, do_flows}, {"flood", 4, do_flood}};

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].word) == 0 && argc - 2 >= modes[i].args)
			return modes[i].run(argv + 2, argc - 2);
	fprintf(stderr,
		"usage: bench_run read|limit|engine|plain|flows|flood ... (see bench_run.c)\n");
	return 2;
}
