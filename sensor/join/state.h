/* state.h - what the files of this room share.  Private to it. */
#ifndef SEKISHO_JOIN_STATE_H
#define SEKISHO_JOIN_STATE_H

#include "base/arena.h"
#include "event/json.h"
#include "fact/lost.h"
#include "fact/sums.h"
#include "join/join.h"
#include "join/learn.h"

#define SEEN_ROWS (1u << 17)  /* of each direct-mapped memory of 64-bit values */
#define CONTACT_NAME_SHARE 64 /* bytes of names for each contact row */
#define SID_BASE 515900000u   /* of the signatures of our own findings */

struct contact_key {
	struct addr server, remote;
	uint32_t merchant;
	uint16_t tenant, port;
	uint8_t proto, server_opened, zero[6];
};

struct contact_sum {
	struct contact_key key;
	uint64_t first_ns, last_ns, bytes_out, bytes_in, opened;
	uint32_t packets_out, packets_in, flows;
	uint16_t sent; /* 1: its first sight was sent */
	uint16_t app;  /* this and the name outlast what is sent */
	uint64_t name_ns, name_ord;
	struct text_ref name;
};

/* What was decided of a finding. */
struct verdict {
	enum category category;
	const char *technique;
	enum confidence confidence;
	uint64_t why;
	int sum;
	bool quiet; /* counted, no event */
};

struct join {
	struct join_conf conf;
	struct join_env env;
	struct spsc *rings;
	const struct fact *head[JOIN_RINGS_MAX]; /* read, not yet used */
	struct event_sink sink;
	struct join_counters counters, told; /* told: in the last event of type stats */
	uint64_t n;                          /* of the last event */
	uint64_t start_ns;                   /* first packet time seen */
	uint64_t now_ns;                     /* of the last fact */
	uint64_t fold_minute;                /* minute whose sums are open, */
	uint64_t fold_ns;                    /* their stamp, */
	bool fold_open;                      /* and whether there are any */
	uint64_t sent_hour;
	struct seen_row *values, *destinations;
	struct rows names, contacts, coverage;
	struct texts contact_names;
	struct called called[2];       /* of this hour, of the one before */
	struct fact_frames frames[64]; /* by source (folded beyond), of fold_minute */
	uint8_t frames_set[64];
	uint64_t waiting_since; /* live: real time at which a mark began to be missed */
	uint64_t late_told, lost_told[LOST_COUNT];
	_Alignas(8) uint8_t last[sizeof(struct fact_finding)]; /* its further cards follow it */
	struct verdict last_verdict;
	struct flood *last_flood; /* that took it, or NULL */
	struct floods *floods;
	_Alignas(8) uint8_t copy[FACT_MAX]; /* of a fact whose sums are another's */
	char json[EVENT_JSON_MAX];
};

/* blind.c: what workers could not tell since the last time. */
void blind_tell(struct join *join, uint64_t ns);

/* stats.c: what was counted since the last time. */
void stats_tell(struct join *join, uint64_t ns);

/* decide.c */
void decide_card(struct join *join, const struct fact_finding *finding, struct verdict *out);
void decide_rule(struct join *join, const struct fact_finding *finding, struct verdict *out);
void decide_listed(struct join *join, const struct fact_listed *listed, struct verdict *out);

/* alert.c */
struct flood; /* NULL: the alert stands for itself */
void alert_finding(struct join *join, const struct fact_finding *finding,
	const struct verdict *verdict, const struct flood *flood);
void alert_listed(struct join *join, const struct fact_listed *listed,
	const struct verdict *verdict, const struct flood *flood);
/* Further cards of a finding: one more alert under its number. */
void alert_more_cards(struct join *join, const struct fact_finding *finding,
	const struct verdict *verdict, const struct fact_more_cards *more);

/* fold.c */
void fold_contact(struct join *join, const struct fact_contact *fact);
void fold_coverage(struct join *join, const struct fact_coverage *fact);
void fold_limits(struct join *join, const struct fact_limits *fact);
void fold_frames(struct join *join, const struct fact_frames *fact);
/* The open minute is over for every ring: its events. */
void fold_flush(struct join *join);
void fold_finish(struct join *join);

/* send.c */
void send_start(struct join *join, struct json *json, const char *type, uint64_t ns);
void send_run(struct join *join, struct json *json); /* members of sekisho that all have */
void send_generation(struct join *join, struct json *json);
void send_event(struct join *join, struct json *json, struct record *record);
const char *source_name(const struct join *join, uint16_t source);

#endif
