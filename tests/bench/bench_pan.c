/* Speed of the search for cards, part by part, for bench_pan.py.  Prints one line of KEY=SECONDS
 * for each round; the parts of a round are measured one after the other over the same bytes, in
 * runs as they come from the wire.
 *
 *   bench_pan CARDS-FOLDER ROUNDS FILE...   a line "FILE bytes=N", then its rounds */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <hs/hs.h>

#include "codec/coding.h"
#include "detect/card.h"
#include "pan/gate.h"
#include "pan/sign.h"

#define RUN 1448
#define TAILS 4
#define GATHERS 4

struct bench {
	struct bytes data;
	struct card_env env;
	struct pool tails, gathers;
	hs_database_t *rival;
	hs_scratch_t *scratch;
	uint64_t found; /* of the part at hand: keeps it from being optimised away */
};

struct part {
	const char *name;
	void (*run)(struct bench *bench);
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench_pan: %s\n", what);
	exit(2);
}

static double seconds(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static struct bytes run_at(const struct bench *bench, size_t at)
{
	return bytes_head(bytes_skip(bench->data, at), RUN);
}

static void part_read(struct bench *bench)
{
	const uint8_t *p = bench->data.ptr;
	uint64_t sum[8] = {0}, word[8];

	for (size_t i = 0; i + sizeof(word) <= bench->data.len; i += sizeof(word)) {
		memcpy(word, p + i, sizeof(word));
		for (int k = 0; k < 8; k++)
			sum[k] += word[k];
	}
	for (int k = 0; k < 8; k++)
		bench->found += sum[k];
}

static uint64_t gates_of(struct bytes run)
{
	uint64_t count = 0;
	size_t at = 0;

	while ((at = pan_gate(run.ptr, at, run.len)) < run.len) {
		count++;
		at += CARD_DIGITS_ANY;
		if (at >= run.len)
			break;
	}
	return count;
}

static void part_gate(struct bench *bench)
{
	for (size_t at = 0; at < bench->data.len; at += RUN)
		bench->found += gates_of(run_at(bench, at));
}

static void part_all(struct bench *bench)
{
	struct sign_region region;

	for (size_t at = 0; at < bench->data.len; at += RUN) {
		struct bytes run = run_at(bench, at);

		bench->found += gates_of(run);
		for (size_t from = 0; sign_next(run, from, SIGN_ALL, &region); from = region.to)
			bench->found += region.signs;
	}
}

static void part_place(struct bench *bench)
{
	for (size_t at = 0; at < bench->data.len; at += RUN) {
		struct bytes run = run_at(bench, at);
		size_t plain = pan_place(run, 0);

		bench->found += plain == 0 ? 0 : peel_place(bytes_head(run, plain), 1);
	}
}

static struct cards *no_cards(void *self, const struct inspect_place *place)
{
	struct bench *bench = self;

	(void)place;
	bench->found++;
	return NULL;
}

struct reading {
	struct bench *bench;
	uint32_t *gather;
};

static void keep_open(void *self, const struct window *window, const struct peel_opens *opens)
{
	const struct reading *reading = self;

	gather_begin(&reading->bench->gathers, reading->gather, window, opens);
}

static struct cards *get_cards(void *self, const struct inspect_place *place)
{
	const struct reading *reading = self;

	return no_cards(reading->bench, place);
}

/* All that a body goes through behind its parser. */
static void part_card(struct bench *bench)
{
	const struct view view = {.role = FIELD_HTTP_BODY};
	const struct inspect_place place = {.frame = 1};
	uint32_t shaped = 0, failed = 0, tail = 0, gather = 0;
	struct reading reading = {.bench = bench, .gather = &gather};
	struct card_scan scan = {.env = &bench->env,
		.view = &view,
		.get = get_cards,
		.open = keep_open,
		.self = &reading,
		.sum = INT_MIN,
		.shaped = &shaped,
		.failed = &failed};
	const struct gather_sink texts = {.self = &scan, .text = card_text};

	for (size_t at = 0; at < bench->data.len; at += RUN) {
		const struct tail_run run = {.data = run_at(bench, at),
			.offset = at,
			.place = &place,
			.last = bench->data.len - at <= RUN};

		gather_put(&bench->gathers, &gather, bench->env.peeler, run.data, at, texts);
		tail_feed(&bench->tails, &tail, &run,
			(struct window_sink){.self = &scan, .scan = card_window});
	}
	gather_end(&bench->gathers, &gather, bench->env.peeler, texts);
	bench->found += shaped;
}

static int count_match(unsigned int id, unsigned long long from, unsigned long long to,
	unsigned int flags, void *context)
{
	uint64_t *found = context;

	(void)id, (void)from, (void)to, (void)flags;
	(*found)++;
	return 0;
}

static void part_rival(struct bench *bench)
{
	for (size_t at = 0; at < bench->data.len; at += RUN) {
		struct bytes run = run_at(bench, at);

		hs_scan(bench->rival, (const char *)run.ptr, (unsigned)run.len, 0, bench->scratch,
			count_match, &bench->found);
	}
}

static const struct part parts[] = {{"read", part_read}, {"gate", part_gate}, {"all", part_all},
	{"place", part_place}, {"card", part_card}, {"rival", part_rival}};

/* The same seven classes: digits with separators, base64 of digits, UTF-16, percent, \x, entities
 * and hex. */
static void rival_new(struct bench *bench)
{
	static const char *const expressions[] = {"(?:[0-9][ -]?){12}[0-9]",
		"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){3}", "(?:[0-9]\\x00){13}", "(?:%3[0-9]){13}",
		"(?:\\\\x3[0-9]){13}", "(?:&#(?:4[89]|5[0-7]);){13}", "(?:3[0-9]){13}"};
	unsigned flags[7], ids[7];
	hs_compile_error_t *error = NULL;

	for (unsigned i = 0; i < 7; i++) {
		flags[i] = HS_FLAG_DOTALL;
		ids[i] = i;
	}
	if (hs_compile_multi(expressions, flags, ids, 7, HS_MODE_BLOCK, NULL, &bench->rival,
		    &error) != HS_SUCCESS)
		fail(error->message);
	if (hs_alloc_scratch(bench->rival, &bench->scratch) != HS_SUCCESS)
		fail("scratch");
}

static void bench_new(struct bench *bench, const char *cards_dir)
{
	struct err err = {0};
	struct arena arena;
	uint8_t *image;
	size_t len;
	size_t room = peeler_bytes() + pool_bytes(sizeof(struct tail), TAILS) +
		      pool_bytes(sizeof(struct gather), GATHERS) + 4096;

	if (!pan_table_build(cards_dir, &image, &len, &err) ||
		!pan_table_open(&bench->env.table, bytes_of(image, len), &err) ||
		!arena_new(&arena, room, &err))
		fail(err.text);
	bench->env.key = (struct hash_key){1, 2};
	bench->env.peeler = peeler_new(&arena);
	if (bench->env.peeler == NULL ||
		!pool_new(&bench->tails, &arena, sizeof(struct tail), TAILS) ||
		!pool_new(&bench->gathers, &arena, sizeof(struct gather), GATHERS))
		fail("memory");
	rival_new(bench);
}

static struct bytes map_file(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &status) == -1)
		fail(path);
	void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		fail(path);
	close(fd);
	return bytes_of(at, (size_t)status.st_size);
}

static void round_of(struct bench *bench)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		double from = seconds();

		bench->found = 0;
		parts[i].run(bench);
		printf("%s=%.6f %s_found=%llu ", parts[i].name, seconds() - from, parts[i].name,
			(unsigned long long)bench->found);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	static struct bench bench;

	if (argc < 4)
		fail("usage: bench_pan CARDS-FOLDER ROUNDS FILE...");
	bench_new(&bench, argv[1]);
	for (int file = 3; file < argc; file++) {
		bench.data = map_file(argv[file]);
		printf("%s bytes=%zu\n", argv[file], bench.data.len);
		for (unsigned long left = strtoul(argv[2], NULL, 10); left > 0; left--)
			round_of(&bench);
		munmap((void *)(uintptr_t)bench.data.ptr, bench.data.len);
	}
	return 0;
}
