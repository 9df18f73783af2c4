/* feed.h - the engine's side of a reload: a thread that takes what the keeper
 * sends, maps and checks it, and lets the capture thread find it between two
 * batches; what the engine has left is unmapped here, too.
 *
 * A slot's state says whose it is; it passes on by one store. */
#ifndef SEKISHO_KEEPER_FEED_H
#define SEKISHO_KEEPER_FEED_H

#include <stdatomic.h>

#include "engine.h"
#include "keeper/control.h"

#define FEED_SLOTS 4 /* in use, being left, offered, being mapped */

enum feed_state {
	FEED_FREE,    /* the thread's */
	FEED_OFFERED, /* whoever changes the state first has it */
	FEED_TAKEN,   /* the engine's */
	FEED_LEFT,    /* the thread's: to be unmapped */
};

struct feed {
	struct control *control;
	uint32_t serial; /* older orders are out of date */
	struct {
		struct generation generation;
		_Atomic int state;
	} slot[FEED_SLOTS];
	_Atomic bool news;      /* something is offered, or a reason stands there */
	_Atomic int has_reason; /* 0: no, 1: yes, 2: it is being read */
	char reason[sizeof(((struct err *)0)->text)];
};

/* first: what the engine starts with, of that order; the feed owns this process's share of
 * it from now on.  control NULL: nothing ever comes. */
void feed_init(struct feed *feed, struct control *control, uint32_t serial,
	const struct generation *first);
/* The thread: in the confined engine, so that it is confined too. */
bool feed_start(struct feed *feed, struct err *err);
/* What engine_run() asks. */
struct generation_feed feed_calls(struct feed *feed);

#endif
