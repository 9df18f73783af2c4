/* shipper.h - the process that never sees a packet: ring -> spool -> aggregator,
 * or ring -> stdout.
 *
 * Every record passes the scrubber (scrub.h) first.  With a spool: a record
 * gets the next sequence number, is written and synced (group commit: 10 ms or
 * 256 events) and only then released from the ring; after a crash the highest
 * ring position in the spool says where to go on, so nothing is lost or
 * doubled.  A record of the same run with n not above the last one is a
 * repetition of a restarted replay and is dropped. */
#ifndef SEKISHO_SHIPPER_SHIPPER_H
#define SEKISHO_SHIPPER_SHIPPER_H

#include "base/err.h"
#include "base/spsc.h"

struct shipper_conf {
	const char *endpoint;  /* ipc:// or tcp://127.0.0.1:..., NULL: stdout */
	const char *spool_dir; /* 0700, made by the keeper; unused for stdout */
	uint64_t spool_bytes;  /* at most; >= 64 MiB */
	const char *name;      /* of the sensor */
	bool until_drained;    /* file run: end when the engine has ended and all is acknowledged */
};

/* Runs until stop becomes non-zero (then drains for at most 10 s), or until
 * drained.  ring: attached as consumer; word SHIPPER_WORD_ENDED of its control
 * is set by the keeper when no more records will come.  Exit status. */
int shipper_run(const struct shipper_conf *conf, struct spsc *ring, const volatile int *stop,
	struct err *err);

enum shipper_word {
	SHIPPER_WORD_ENDED = 0,
	/* Events the engine gave up by class because the ring was nearly full, of this
	 * ring's life, and how many of them the spool has told. */
	SHIPPER_WORD_REFUSED_P1 = 1,
	SHIPPER_WORD_REFUSED_P2 = 2,
	SHIPPER_WORD_RING = 3, /* random number of the ring, given by the shipper; 0: none yet */
	SHIPPER_WORD_BOOT = 4, /* of the boot that it was given in: after another the
				* positions of the file may be old */
	SHIPPER_WORD_TOLD_P1 = 5,
	SHIPPER_WORD_TOLD_P2 = 6,
};

#endif
