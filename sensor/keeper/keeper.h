/* keeper.h - the process that holds what is dear: settings, inputs, the ring,
 * the token key, and the two children that do the work.
 *
 * SIGTERM and SIGINT end all three: the engine first, the shipper when it has
 * what the engine said.  SIGHUP, live: the files named at the start are compiled
 * again and handed to the running engine (reload.h).
 *
 * engine: reads packets; opens nothing once ready; its crash costs a restart
 * (files: from the beginning, repetitions are dropped by the shipper).
 * shipper: spool and network; never sees a packet.  Both die with the keeper. */
#ifndef SEKISHO_KEEPER_KEEPER_H
#define SEKISHO_KEEPER_KEEPER_H

#include "keeper/conf.h"

/* Runs to the end; exit status. */
int keeper_run(const struct conf *conf, struct err *err);
/* -T: builds everything, says what would run, ends. */
int keeper_test(const struct conf *conf, struct err *err);

#endif
