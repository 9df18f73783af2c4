#include "keeper/sink.h"

#include <string.h>
#include <time.h>

#include "shipper/shipper.h"

#define PAUSE_NS 100000

static void *reserve(void *self, uint32_t len)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct ring_sink *sink = self;

	while ((sink->room = spsc_reserve(&sink->ring, len)) == NULL && *sink->stop == 0)
		nanosleep(&pause, NULL);
	return sink->room;
}

static bool is_given_up(const struct ring_sink *sink, enum event_class event_class)
{
	uint64_t percent = spsc_fill(&sink->ring) * 100 / sink->ring.size;

	return sink->live && ((event_class == EVENT_P2 && percent >= 70) ||
				     (event_class == EVENT_P1 && percent >= 85));
}

static void commit(void *self, uint32_t len)
{
	struct ring_sink *sink = self;
	struct record record;

	memcpy(&record, sink->room, sizeof(record));
	if (!is_given_up(sink, (enum event_class)record.event_class)) {
		spsc_commit(&sink->ring, len);
		return;
	}
	/* the reservation is taken anew by the next event */
	atomic_fetch_add(&sink->ring.control
				  ->words[record.event_class == EVENT_P1 ? SHIPPER_WORD_REFUSED_P1
									 : SHIPPER_WORD_REFUSED_P2],
		1);
}

struct event_sink ring_sink(struct ring_sink *sink)
{
	return (struct event_sink){.self = sink, .reserve = reserve, .commit = commit};
}
