/* Goal: every event of the ring reaches the aggregator once and in order, and
 * the shipper ends when it should.  Method: ship_run() in a thread, a ROUTER of
 * ours here that loses, repeats and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "shipper/ship.h"

#define RING (1u << 20)

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

static int lab_close(void **state)
{
	struct lab *lab = *state;
	char command[128];

	peer_close(lab->peer);
	lane_close(&lab->lane);
	snprintf(command, sizeof(command), "%s", lab->dir);
	const char *const argv[] = {"rm", "-rf", command, NULL};
	pid_t pid = fork();
	if (pid == 0) {
		execv("/bin/rm", (char *const *)argv);
		_exit(127);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_event_comes_once_and_in_order, lab_open, lab_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
