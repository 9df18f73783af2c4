/* talk.h - one exchange between two ends: what each side says, in turns, and
 * the stresses its packets go through on the way to the tap. */
#ifndef FORGE_TALK_H
#define FORGE_TALK_H

#include "truth.h"
#include "wire.h"

enum {
	SIDE_CLIENT = 0,
	SIDE_SERVER = 1,
	SIDE_NONE = 2,
};

enum closing {
	CLOSE_FIN = 0,
	CLOSE_RST = 1,
	CLOSE_NEVER = 2,
};

enum conflict {
	CONFLICT_NONE = 0,
	CONFLICT_AFTER = 1,   /* each segment comes again with other bytes */
	CONFLICT_BEFORE = 2,  /* the other bytes come first */
	CONFLICT_BAD_SUM = 3, /* they come first, under a wrong checksum */
	CONFLICT_BAD_ALL = 4, /* no other bytes: every checksum is wrong */
};

/* The words behind "with"; { 0 } is a plain exchange. */
struct stress {
	struct path path;
	unsigned mss;           /* 0: 1460 */
	unsigned segment_bytes; /* 0: as large as the mss */
	unsigned cut;           /* one more cut at this byte of the client's stream */
	enum order order;       /* of the segments of one turn */
	unsigned overlap;       /* each segment begins so many bytes earlier */
	enum conflict conflict;
	enum closing closing;
	unsigned drop_side;        /* 1 + SIDE_x whose packets the tap misses; 0: none */
	unsigned skip;             /* so many first packets are missed */
	unsigned gap_off, gap_len; /* of the client's stream, missed though it was acked */
	unsigned flood;            /* spoofed SYNs around the exchange */
	bool duplicate, wrap, midstream, odd_rst, odd_fin, urgent, reuse, six, tls;
};

struct turn {
	unsigned side;
	size_t from, to;  /* of that side's bytes */
	int64_t delay_ns; /* since the last packet */
};

/* Owner: the exchange being made; talk_fini() frees it. */
struct talk {
	struct end end[2];
	struct buf said[2];
	struct turn *turns;
	size_t turn_cnt, turn_cap;
	struct stress stress;
	int64_t rtt_ns;
	bool unanswered, refused; /* a SYN, and then nothing or a RST */
};

/* Says bytes[0..len) as a new turn of side; returns where they begin. */
size_t talk_say(struct talk *talk, unsigned side, const void *data, size_t len, int64_t delay_ns);
/* The exchange over TCP, UDP or ICMP echo, from start_ns on.  The plants of
 * truth[first_plant..] get their frames.  Returns the time of the last packet. */
int64_t talk_tcp(struct talk *talk, struct capture *cap, struct rng *rng, struct truth *truth,
	size_t first_plant, int64_t start_ns);
int64_t talk_udp(struct talk *talk, struct capture *cap, struct truth *truth, size_t first_plant,
	int64_t start_ns);
int64_t talk_icmp(struct talk *talk, struct capture *cap, struct rng *rng, struct truth *truth,
	size_t first_plant, int64_t start_ns);
void talk_fini(struct talk *talk);

#endif
