/* reload.h - the keeper makes a new generation of the files it was told at the
 * start, without waiting: a builder child compiles, the keeper hands what came of
 * it to the engine.  One that is refused changes nothing: a line and an event say
 * why, the last good one stays, also for an engine that starts later. */
#ifndef SEKISHO_KEEPER_RELOAD_H
#define SEKISHO_KEEPER_RELOAD_H

#include "build/build.h"
#include "keeper/control.h"

struct reload {
	const struct build_request *request;
	struct control control;
	struct build_child child;
	uint32_t serial; /* of the last order */
	bool running;    /* child builds */
	bool again;      /* asked for meanwhile */
};

bool reload_init(struct reload *reload, const struct build_request *request, struct err *err);
void reload_close(struct reload *reload);
/* In a child: all is closed, or all but the engine's end. */
void reload_forget(struct reload *reload);
void reload_forget_keeper(struct reload *reload);

void reload_begin(struct reload *reload);
/* The child is gone: its generation is in *current from now on, or is refused. */
void reload_end(struct reload *reload, int status, struct generation *current);

#endif
