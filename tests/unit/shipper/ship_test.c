/* Goal: every event of the ring reaches the aggregator once and in order, and
 * the shipper ends when it should.  Method: ship_run() in a thread, a ROUTER of
 * ours here that loses, repeats and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "peer.h"
#include "shipper/ship.h"
#include "shipper/spool_io.h"

#define RING (1u << 20)
#define KILLS 20

struct lab {
	char dir[64], endpoint[128];
	struct peer *peer;
	struct lane lane;
	struct spsc ring;
	struct shipper_conf conf;
	struct ship_clock clock;
	volatile int stop;
	struct err err;
	int status;
	_Atomic int done;
	pthread_t thread;
	uint64_t clock_ns;
};

static int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->peer = calloc(1, sizeof(*lab->peer));
	snprintf(lab->dir, sizeof(lab->dir), "/tmp/sekisho-ship-XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	snprintf(lab->endpoint, sizeof(lab->endpoint), "ipc://%s/socket", lab->dir);
	assert_true(lane_open(&lab->lane, RING));
	assert_true(spsc_attach(&lab->ring, lab->lane.mem, lab->lane.len, false));
	lab->conf = (struct shipper_conf){.endpoint = lab->endpoint,
		.spool_dir = lab->dir,
		.spool_bytes = 64u << 20,
		.name = "lab",
		.until_drained = true};
	*state = lab;
	return 0;
}

static void remove_one(void *to, const char *name)
{
	const struct spool_io *io = to;

	if (name[0] != '.')
		(void)io->unlink(io->self, name);
}

static int lab_close(void **state)
{
	struct lab *lab = *state;

	peer_close(lab->peer);
	lane_close(&lab->lane);
	struct spool_dir dir;
	struct spool_io io;
	struct err err;
	if (spool_dir_open(&dir, lab->dir, &io, &err)) {
		io.list(&dir, remove_one, &io);
		spool_dir_close(&dir);
	}
	rmdir(lab->dir);
	free(lab->peer);
	free(lab);
	return 0;
}

static void *run(void *self)
{
	struct lab *lab = self;

	lab->status = ship_run(&lab->conf, &lab->ring, &lab->stop,
		lab->clock.now_ns != NULL ? &lab->clock : NULL, &lab->err);
	lab->done = 1;
	return NULL;
}

static void start(struct lab *lab)
{
	lab->done = 0;
	assert_int_equal(pthread_create(&lab->thread, NULL, run, lab), 0);
}

static void serve_until_done(struct lab *lab)
{
	while (!lab->done)
		peer_step(lab->peer, 2);
	pthread_join(lab->thread, NULL);
}

static void fill(struct lab *lab, uint64_t count)
{
	while (lab->lane.n < count) {
		if (!lane_put(&lab->lane, lab->lane.n % 3, 40 + lab->lane.n % 700))
			peer_step(lab->peer, 1);
	}
}

static void all_came(const struct lab *lab, uint64_t count)
{
	assert_false(lab->peer->broken);
	assert_int_equal(lab->peer->hw, count);
	for (uint64_t seq = 1; seq <= count; seq++)
		assert_int_equal(lab->peer->n[seq], seq);
}

static void every_event_comes_once_and_in_order(void **state)
{
	struct lab *lab = *state;

	assert_true(peer_open(lab->peer, lab->endpoint));
	start(lab);
	fill(lab, 20000);
	lane_end(&lab->lane);
	serve_until_done(lab);
	assert_string_equal(lab->err.text, "");
	assert_int_equal(lab->status, EXIT_DONE);
	all_came(lab, 20000);
}

/* Runs twenty times as fast, so that waiting for 5 s is no waiting. */
static uint64_t hasty_clock(void *self)
{
	(void)self;
	return clock_boot_ns() * 20;
}

static void a_peer_that_loses_and_repeats_still_gets_every_event_once(void **state)
{
	struct lab *lab = *state;

	lab->peer->drop_every = 7;
	lab->peer->lose_every = 5;
	lab->peer->repeat_every = 3;
	lab->peer->credit = 4;
	lab->clock.now_ns = hasty_clock;
	assert_true(peer_open(lab->peer, lab->endpoint));
	start(lab);
	fill(lab, 20000);
	lane_end(&lab->lane);
	serve_until_done(lab);
	assert_int_equal(lab->status, EXIT_DONE);
	all_came(lab, 20000);
	assert_true(lab->peer->gaps_told + lab->peer->repeated > 0);
}

static void repetitions_of_a_restarted_engine_are_dropped(void **state)
{
	struct lab *lab = *state;

	assert_true(peer_open(lab->peer, lab->endpoint));
	start(lab);
	fill(lab, 500);
	lab->lane.n = 0;
	fill(lab, 700);
	lane_end(&lab->lane);
	serve_until_done(lab);
	all_came(lab, 700);
}

/* Each look at this clock is half a second later. */
static uint64_t fast_clock(void *self)
{
	uint64_t *ns = self;

	return *ns += UINT64_C(500000000);
}

static void run_here(struct lab *lab)
{
	run(lab);
}

static void without_an_aggregator_the_end_names_it_and_what_waits(void **state)
{
	struct lab *lab = *state;
	char expected[400];

	lab->clock = (struct ship_clock){.self = &lab->clock_ns, .now_ns = fast_clock};
	fill(lab, 300);
	lane_end(&lab->lane);
	run_here(lab);
	assert_int_equal(lab->status, EXIT_CANNOT);
	snprintf(expected, sizeof(expected),
		"%s: nothing acknowledged for 60 s; 300 events wait in %s and go with the next "
		"start",
		lab->endpoint, lab->dir);
	assert_string_equal(lab->err.text, expected);
	/* and so they do */
	lab->err = (struct err){0};
	lab->clock.now_ns = NULL;
	assert_true(peer_open(lab->peer, lab->endpoint));
	start(lab);
	serve_until_done(lab);
	assert_int_equal(lab->status, EXIT_DONE);
	all_came(lab, 300);
}

static void a_stop_leaves_what_waits_in_the_spool(void **state)
{
	struct lab *lab = *state;

	lab->clock = (struct ship_clock){.self = &lab->clock_ns, .now_ns = fast_clock};
	lab->conf.until_drained = false;
	lab->stop = 1;
	fill(lab, 300);
	run_here(lab);
	assert_int_equal(lab->status, EXIT_DONE);
	assert_int_equal(spsc_fill(&lab->ring), 0);
	assert_int_equal(lab->clock_ns > UINT64_C(10000000000), 1);
}

static void a_stop_ends_at_once_if_nothing_waits(void **state)
{
	struct lab *lab = *state;

	lab->clock = (struct ship_clock){.self = &lab->clock_ns, .now_ns = fast_clock};
	lab->conf.until_drained = false;
	lab->stop = 1;
	lane_end(&lab->lane);
	run_here(lab);
	assert_int_equal(lab->status, EXIT_DONE);
	assert_true(lab->clock_ns < UINT64_C(2000000000));
}

/* What the engine could not put into the ring is told as a numbered event. */
static void what_the_engine_gave_up_is_told(void **state)
{
	struct lab *lab = *state;
	_Atomic uint64_t *words = lab->ring.control->words;

	assert_true(peer_open(lab->peer, lab->endpoint));
	atomic_store(&words[SHIPPER_WORD_REFUSED_P1], 3);
	atomic_store(&words[SHIPPER_WORD_REFUSED_P2], 40);
	atomic_store(&words[SHIPPER_WORD_TOLD_P2], 30); /* before the last restart */
	fill(lab, 5);
	start(lab);
	lane_end(&lab->lane);
	serve_until_done(lab);
	assert_int_equal(lab->status, EXIT_DONE);
	assert_int_equal(lab->peer->hw, 7);
	assert_int_equal(lab->peer->gaps, 2);
	assert_int_equal(atomic_load(&words[SHIPPER_WORD_TOLD_P1]), 3);
	assert_int_equal(atomic_load(&words[SHIPPER_WORD_TOLD_P2]), 40);
	assert_non_null(strstr(lab->peer->gap, "\"reason\":\"no_room\",\"class\":2,\"n\":10,"));
}

/* Live, with nobody there: P2 and P1 go first, and P0 when spool and ring are full. */
static void a_full_spool_sheds_p0_last_and_every_loss_is_in_a_numbered_event(void **state)
{
	struct lab *lab = *state;
	uint64_t lost = 0, came = 0;

	lab->conf.until_drained = false;
	start(lab);
	while (lab->lane.n < 5000) /* 80 MB into 64 MiB */
		if (!lane_put(&lab->lane, lab->lane.n % 50 == 0 ? EVENT_P2 : EVENT_P0, 16000))
			sched_yield();
	assert_true(peer_open(lab->peer, lab->endpoint));
	while (came + lost < 5000 && !lab->done) {
		peer_step(lab->peer, 2);
		lost = lab->peer->gap_n[0] + lab->peer->gap_n[1] + lab->peer->gap_n[2];
		came = lab->peer->hw - lab->peer->gaps;
	}
	lab->stop = 1;
	serve_until_done(lab);
	assert_int_equal(lab->status, EXIT_DONE);
	assert_false(lab->peer->broken);
	assert_int_equal(lab->peer->hw - lab->peer->gaps + lost, 5000);
	assert_in_range(lab->peer->gap_n[EVENT_P0], 500, 2000);
	assert_in_range(lab->peer->gap_n[EVENT_P2], 20, 60); /* from 70 % on, of 100 */
	assert_int_equal(lab->peer->gap_n[EVENT_P1], 0);
	uint64_t last = 0;
	for (uint64_t seq = 1; seq <= lab->peer->hw; seq++) {
		assert_true(lab->peer->kind[seq] == EVENT_GAP || lab->peer->n[seq] > last);
		last = lab->peer->kind[seq] == EVENT_GAP ? last : lab->peer->n[seq];
	}
}

static void a_ring_that_contradicts_itself_ends_the_shipper(void **state)
{
	struct lab *lab = *state;

	fill(lab, 2);
	memset((uint8_t *)lab->lane.mem + sizeof(struct spsc_control), 0x7f, 4);
	run_here(lab);
	assert_int_equal(lab->status, EXIT_INTERNAL);
	assert_string_equal(lab->err.text, "the ring of events contradicts itself");
}

static void a_record_that_lies_about_its_length_ends_the_shipper(void **state)
{
	struct lab *lab = *state;
	uint32_t *len =
		(uint32_t *)(void *)((uint8_t *)lab->lane.mem + sizeof(struct spsc_control) + 8 +
				     offsetof(struct record, len));

	fill(lab, 1);
	*len = 41;
	run_here(lab);
	assert_int_equal(lab->status, EXIT_INTERNAL);
	assert_string_equal(lab->err.text, "a record in the ring is broken");
}

static void a_wrong_endpoint_is_a_usage_error(void **state)
{
	static const char *const wrong[] = {"tcp://192.0.2.1:5", "udp://127.0.0.1:5", "",
		"tcp://1.2.3.4:1@127.0.0.1", "tcp://127.0.0.1:port"};
	struct lab *lab = *state;
	char expected[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		lab->conf.endpoint = wrong[i];
		run_here(lab);
		assert_int_equal(lab->status, EXIT_USAGE);
		snprintf(expected, sizeof(expected), "--publish: \"%s\" is n", wrong[i]);
		assert_memory_equal(lab->err.text, expected, strlen(expected));
	}
}

static void a_spool_has_one_owner_and_must_exist(void **state)
{
	struct lab *lab = *state;
	struct spool_dir dir;
	struct spool_io io;
	char expected[300];

	assert_true(spool_dir_open(&dir, lab->dir, &io, &lab->err));
	run_here(lab);
	assert_int_equal(lab->status, EXIT_CANNOT);
	snprintf(expected, sizeof(expected),
		"%s: another sensor uses this spool; give --spool another folder", lab->dir);
	assert_string_equal(lab->err.text, expected);
	spool_dir_close(&dir);
	lab->conf.spool_dir = "/dev/null/none";
	run_here(lab);
	assert_int_equal(lab->status, EXIT_CANNOT);
	assert_string_equal(
		lab->err.text, "/dev/null/none: cannot open the spool: Not a directory");
}

static pid_t start_child(struct lab *lab)
{
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid > 0)
		return pid;
	struct spsc ring;
	struct err err = {0};
	if (!spsc_attach(&ring, lab->lane.mem, lab->lane.len, false))
		_exit(EXIT_INTERNAL);
	_exit(ship_run(&lab->conf, &ring, &lab->stop, NULL, &err));
}

/* The seed is printed; moments differ anyhow. */
static void kills_at_any_moment_lose_and_double_nothing(void **state)
{
	struct lab *lab = *state;
	uint32_t seed = (uint32_t)getpid();
	uint64_t expected = 0;
	int status;

	print_message("# seed %u\n", seed);
	assert_true(peer_open(lab->peer, lab->endpoint));
	for (int kills = 0; kills < KILLS; kills++) {
		pid_t pid = start_child(lab);
		seed = seed * 1664525 + 1013904223;
		uint64_t target = lab->lane.n + 200 + (seed >> 16) % 2000;
		while (lab->lane.n < target)
			if (!lane_put(&lab->lane, EVENT_P0, 40 + lab->lane.n % 700))
				peer_step(lab->peer, 1);
		for (uint32_t i = 0; i < seed >> 24; i++)
			peer_step(lab->peer, 1);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	lane_end(&lab->lane);
	pid_t pid = start_child(lab);
	while (waitpid(pid, &status, WNOHANG) == 0)
		peer_step(lab->peer, 2);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_DONE);
	assert_false(lab->peer->broken);
	for (uint64_t seq = 1; seq <= lab->peer->hw; seq++)
		if (lab->peer->kind[seq] != EVENT_GAP)
			assert_int_equal(lab->peer->n[seq], ++expected);
	assert_int_equal(expected, lab->lane.n);
}

#define T(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_event_comes_once_and_in_order),
		T(a_peer_that_loses_and_repeats_still_gets_every_event_once),
		T(repetitions_of_a_restarted_engine_are_dropped),
		T(without_an_aggregator_the_end_names_it_and_what_waits),
		T(a_stop_leaves_what_waits_in_the_spool),
		T(a_stop_ends_at_once_if_nothing_waits),
		T(what_the_engine_gave_up_is_told),
		T(a_full_spool_sheds_p0_last_and_every_loss_is_in_a_numbered_event),
		T(a_ring_that_contradicts_itself_ends_the_shipper),
		T(a_record_that_lies_about_its_length_ends_the_shipper),
		T(a_wrong_endpoint_is_a_usage_error),
		T(a_spool_has_one_owner_and_must_exist),
		T(kills_at_any_moment_lose_and_double_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
