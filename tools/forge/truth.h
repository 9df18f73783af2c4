/* truth.h - what was planted where: one JSON line per card and per named
 * exchange, so that a test can ask whether all of it was found. */
#ifndef FORGE_TRUTH_H
#define FORGE_TRUTH_H

#include "person.h"
#include "wire.h"

struct plant {
	char kind[10]; /* card, exchange */
	char label[32];
	char proto[8]; /* tcp, udp, icmp */
	struct end end[2];
	unsigned side;   /* who says it: 0 client, 1 server */
	size_t from, to; /* in that side's bytes */
	struct person person;
	char form[12]; /* plain, gzip, tls: how it lies in those bytes */
	char has[40];  /* what the message carries besides: exp,cvv,name,mail */
	bool test;
	uint32_t *frames; /* ids of the frames that carry a true copy */
	size_t frame_cnt, frame_cap;
};

/* Owner: main. */
struct truth {
	struct plant *plants;
	size_t cnt, cap;
};

struct plant *truth_add(struct truth *truth);
/* Every plant from first on that lies in [from, to) of side is in the frames
 * first_frame..last_frame. */
void truth_seen(struct truth *truth, size_t first, unsigned side, size_t from, size_t to,
	uint32_t first_frame, uint32_t last_frame);
/* number[] as capture_sort() gives it. */
void truth_write(const struct truth *truth, const struct capture *cap, const uint32_t *number,
	const char *file, bool clear);
void truth_fini(struct truth *truth);

#endif
