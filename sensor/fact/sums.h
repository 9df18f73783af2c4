/* sums.h - the facts that add up: partial sums of one minute, merged by the join
 * by addition, so that neither order nor the number of workers can matter. */
#ifndef SEKISHO_FACT_SUMS_H
#define SEKISHO_FACT_SUMS_H

#include "base/coverage.h"
#include "base/limit.h"
#include "fact/fact.h"

struct fact_contact {
	struct fact fact;
	struct addr server, remote;
	uint64_t minute;
	uint64_t first_ns, last_ns;
	uint64_t bytes_out, bytes_in; /* from the server's view */
	uint32_t packets_out, packets_in;
	uint32_t flows, merchant;
	uint64_t opened;       /* bit s: a flow opened in second s of the minute */
	uint16_t tenant, port; /* the opened end's port */
	uint8_t proto;
	uint8_t server_opened;      /* 1: the protected server is the client */
	uint16_t app;               /* smallest of its flows': parser's index + 1, or nDPI's number
				       + FACT_LABELS; 0 = none */
	uint64_t name_ns, name_ord; /* where the name was said: the earliest is kept */
	uint32_t name_len;
	uint32_t zero;
	char name[]; /* masked, lower case */
};
#define FACT_LABELS 256
#define CONTACT_NAME_MAX 253

struct fact_coverage {
	struct fact fact;
	struct account_row row;
};

struct fact_limits {
	struct fact fact;
	uint64_t minute;
	uint64_t count[LIMIT_COUNT]; /* by enum limit */
};

struct fact_frames {
	struct fact fact;
	uint64_t minute;
	uint16_t source;
	uint8_t zero[6];
	int64_t frames, bytes, decoded, drops;
	int64_t refused[FRAME_REASON_COUNT];
};

#endif
