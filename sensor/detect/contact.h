/* contact.h - who talked to whom, folded per minute in the worker.
 *
 * There is no fact per flow: a flow's counters are added to the row of its
 * (tenant, server, remote, port, protocol, opener) when a minute of packet time
 * is over and when the flow ends; the rows leave as partial sums that the join
 * adds up, so order and the number of workers cannot matter.
 * Rows are kept for flows the protected server opened, and for inbound ones
 * that are listed or beyond an ordinary page; bare SYNs and unanswered inbound
 * flows have none. */
#ifndef SEKISHO_DETECT_CONTACT_H
#define SEKISHO_DETECT_CONTACT_H

#include "detect/emit.h"
#include "detect/subject.h"
#include "flow/flow.h"

#define CONTACT_PAGE_BYTES (1u << 20) /* inbound: an ordinary page sends less in a minute */

struct contact_flow {
	const struct tuple *key;
	const struct subject *subject;
	uint64_t first_ns, last_ns;
	uint32_t packets[2], bytes[2]; /* since the last fold, by direction */
	uint8_t client_end;
	bool answered;
	bool listed;
	bool first;   /* never folded before: it opened in this minute */
	uint16_t app; /* as in struct fact_contact */
};

/* What a flow that the server did not open must be to have a row: one that is answered and
 * listed, or sends so much. */
static inline bool contact_is_more(bool listed, uint32_t bytes_out)
{
	return listed || bytes_out >= CONTACT_PAGE_BYTES;
}

/* A name that a flow was called by, and where: the earliest of a row counts. */
struct contact_name {
	struct bytes name; /* as on the wire, without port */
	uint64_t at_ns, at_ord;
};

/* The name as it may leave: masked, lower case, without the last dot, at most
 * CONTACT_NAME_MAX bytes. */
void contact_name_mask(struct masked *out, struct bytes name);

struct contacts_fold;

size_t contacts_fold_bytes(uint32_t rows);
struct contacts_fold *contacts_fold_new(
	struct arena *arena, uint32_t rows, const struct hash_key *key);
/* Adds a flow's share to the open minute.  False: no room (quota); the flow keeps its counters. */
bool contacts_add(struct contacts_fold *fold, uint64_t minute, const struct contact_flow *flow);
/* The peer of a flow that the server opened goes by that name.  Without room: unnamed (quota). */
void contacts_name(struct contacts_fold *fold, const struct contact_flow *flow,
	const struct contact_name *name);
/* Sends and clears all rows; those that find no room stay and are added to. */
void contacts_send(struct contacts_fold *fold, struct emit *emit);
uint64_t contacts_refused(const struct contacts_fold *fold);

#endif
