#include "keeper/feed.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define WAIT_MS 200 /* what was left is unmapped so soon */

void feed_init(
	struct feed *feed, struct control *control, uint32_t serial, const struct generation *first)
{
	*feed = (struct feed){.control = control, .serial = serial};
	feed->slot[0].generation = *first;
	feed->slot[0].state = FEED_OFFERED;
	feed->news = true;
}

static void drop_left(struct feed *feed)
{
	for (int i = 0; i < FEED_SLOTS; i++) {
		if (atomic_load(&feed->slot[i].state) != FEED_LEFT)
			continue;
		generation_drop(&feed->slot[i].generation);
		atomic_store(&feed->slot[i].state, FEED_FREE);
	}
}

/* What was offered and not taken yet is out of date. */
static void withdraw(struct feed *feed)
{
	for (int i = 0; i < FEED_SLOTS; i++) {
		int offered = FEED_OFFERED;
		atomic_compare_exchange_strong(&feed->slot[i].state, &offered, FEED_LEFT);
	}
	drop_left(feed);
}

static void nap(void)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000l};

	nanosleep(&pause, NULL);
}

/* There is one, or one is being left: the engine passes on within a tick. */
static int free_slot(struct feed *feed)
{
	for (;;) {
		withdraw(feed);
		for (int i = 0; i < FEED_SLOTS; i++)
			if (atomic_load(&feed->slot[i].state) == FEED_FREE)
				return i;
		nap();
	}
}

static void say_refused(struct feed *feed, const char *reason)
{
	while (atomic_load(&feed->has_reason) != 0)
		nap();
	snprintf(feed->reason, sizeof(feed->reason), "%s", reason);
	atomic_store(&feed->has_reason, 1);
	atomic_store(&feed->news, true);
}

static bool map_all(struct generation *out, int fds[], uint64_t id, struct err *err)
{
	*out = (struct generation){.id = 0};
	for (int i = 0; i < SECTION_COUNT; i++) {
		if (!section_map(&out->section[i], fds[i], err))
			return false;
		fds[i] = -1;
		if (out->section[i].kind != (uint32_t)i)
			return err_set(err, EXIT_INTERNAL, "section %d is of another kind", i);
	}
	generation_finish(out);
	return out->id == id ||
	       err_set(err, EXIT_INTERNAL, "the sections are not those of that generation");
}

static void take_generation(struct feed *feed, const struct control_message *message, int fds[])
{
	struct err err = {0};
	int i = free_slot(feed);

	if (map_all(&feed->slot[i].generation, fds, message->id, &err)) {
		atomic_store(&feed->slot[i].state, FEED_OFFERED);
		atomic_store(&feed->news, true);
		return;
	}
	generation_drop(&feed->slot[i].generation);
	log_line(LOG_LEVEL_ERROR, "a new generation is refused: %s; the last one stays", err.text);
	say_refused(feed, err.text);
}

static void *feed_run(void *self)
{
	struct feed *feed = self;

	for (;;) {
		struct control_message message;
		int fds[SECTION_COUNT];

		/* An engine that died may have left orders: what we started with is newer. */
		if (control_receive(feed->control, WAIT_MS, &message, fds) &&
			message.serial > feed->serial) {
			if (message.kind == CONTROL_GENERATION)
				take_generation(feed, &message, fds);
			else
				say_refused(feed, message.reason);
		}
		for (int i = 0; i < SECTION_COUNT; i++)
			if (-1 != fds[i])
				close(fds[i]);
		drop_left(feed);
	}
	return NULL;
}

bool feed_start(struct feed *feed, struct err *err)
{
	pthread_t thread;

	if (feed->control == NULL)
		return true;
	if (pthread_create(&thread, NULL, feed_run, feed) != 0)
		return err_set(err, EXIT_CANNOT, "cannot start a thread; raise the limit of tasks");
	pthread_detach(thread); /* it ends with the process */
	return true;
}

static const struct generation *feed_next(void *self, struct pos at)
{
	struct feed *feed = self;

	(void)at;
	if (!atomic_load_explicit(&feed->news, memory_order_relaxed))
		return NULL;
	atomic_store(&feed->news, false); /* before we look: what comes later says so again */
	if (atomic_load(&feed->has_reason) == 2)
		atomic_store(&feed->has_reason, 0);
	if (atomic_load(&feed->has_reason) == 1)
		atomic_store(&feed->news, true);
	for (int i = 0; i < FEED_SLOTS; i++) {
		int offered = FEED_OFFERED;
		if (atomic_compare_exchange_strong(&feed->slot[i].state, &offered, FEED_TAKEN))
			return &feed->slot[i].generation;
	}
	return NULL;
}

static const char *feed_refusal(void *self)
{
	struct feed *feed = self;
	int full = 1;

	if (!atomic_load_explicit(&feed->news, memory_order_relaxed))
		return NULL;
	return atomic_compare_exchange_strong(&feed->has_reason, &full, 2) ? feed->reason : NULL;
}

static void give_back(struct feed *feed, const struct generation *generation)
{
	for (int i = 0; i < FEED_SLOTS; i++)
		if (&feed->slot[i].generation == generation)
			atomic_store(&feed->slot[i].state, FEED_LEFT);
}

static void feed_taken(void *self, const struct generation *generation, const char *reason)
{
	if (reason == NULL) {
		log_line(LOG_LEVEL_INFO, "generation %016llx is in force",
			(unsigned long long)generation->id);
		return;
	}
	log_line(LOG_LEVEL_ERROR, "generation %016llx is refused: %s; the last one stays",
		(unsigned long long)generation->id, reason);
	give_back(self, generation);
}

static void feed_left(void *self, const struct generation *generation)
{
	give_back(self, generation);
}

struct generation_feed feed_calls(struct feed *feed)
{
	return (struct generation_feed){.self = feed,
		.next = feed_next,
		.refusal = feed_refusal,
		.taken = feed_taken,
		.left = feed_left};
}
