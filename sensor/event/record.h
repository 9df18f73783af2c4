/* record.h - one event on its way: a small header, then one JSON object.
 *
 * The same record stands in the ring, in the spool and in a batch on the wire,
 * so nobody parses text to route.  Numbers are little-endian in memory and on
 * disk: they are written as they lie, so the programs are for little-endian machines
 * (built and tested on x86-64; the superblock of a spool names the order). */
#ifndef SEKISHO_EVENT_RECORD_H
#define SEKISHO_EVENT_RECORD_H

#include <stdint.h>

#define EVENT_JSON_MAX (16u << 10)

enum event_kind {
	EVENT_ALERT = 1,
	EVENT_CONTACT = 2,
	EVENT_OBSERVE = 3,
	EVENT_COVERAGE = 4,
	EVENT_HEALTH = 5,
	EVENT_STATS = 6,
	EVENT_GAP = 7, /* made by the shipper: numbers of what was shed or lost */
};

/* What goes first when room is short: higher is shed earlier. */
enum event_class { EVENT_P0, EVENT_P1, EVENT_P2 };

struct record {
	uint64_t n;   /* engine's ordinal in its run, from 1; 0: made by the shipper */
	uint64_t run; /* epoch of the engine: hash of inputs and generations (files), random (live)
		       */
	uint64_t packet_ns;
	uint64_t finding_id; /* 0 where there is none */
	uint32_t merchant;
	uint32_t len; /* of the JSON that follows, <= EVENT_JSON_MAX, no newline */
	uint16_t tenant;
	uint8_t kind;        /* enum event_kind */
	uint8_t event_class; /* enum event_class */
	uint8_t replay;      /* 1: of a file run: a namespace of its own */
	uint8_t zero[3];
};

const char *event_kind_word(enum event_kind kind);

#endif
