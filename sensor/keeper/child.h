/* child.h - the two children: how they start, what they may, how they end. */
#ifndef SEKISHO_KEEPER_CHILD_H
#define SEKISHO_KEEPER_CHILD_H

#include <sys/types.h>

#include "base/err.h"
#include "base/spsc.h"

/* Signals that end us; a child's handler sets *stop. */
extern volatile int child_stop;

/* In the child, first of all: dies with the keeper, leaves no core, SIGTERM and
 * SIGINT set child_stop, SIGHUP is ignored: it is the keeper's. */
bool child_start(const char *name, struct err *err);
/* Gives up capabilities for good: all, or all but the one that opens others' files. */
enum child_caps { CHILD_CAPS_NONE, CHILD_CAPS_FILES };
bool child_keep(enum child_caps keep, struct err *err);
/* In the engine, once ready: no new privileges, no files, no sockets, no processes: of
 * system calls only those of engine.def. */
bool child_confine_engine(struct err *err);
/* In the shipper, before it opens its spool: those of shipper.def. */
bool child_confine_shipper(struct err *err);
/* No core dumps and no ptrace, also for the keeper itself. */
bool child_no_core(struct err *err);

#endif
