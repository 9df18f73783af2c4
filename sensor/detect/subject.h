/* subject.h - whose flow is it: which end is protected, which merchant, how
 * closely may we look.  Pure: from policy and the flow's
 * 5-tuple alone; who opened it is passed in. */
#ifndef SEKISHO_DETECT_SUBJECT_H
#define SEKISHO_DETECT_SUBJECT_H

#include "base/tuple.h"
#include "policy/policy.h"

struct subject {
	uint32_t merchant;
	uint8_t end;     /* 0 or 1: the protected end of the normalised tuple */
	uint8_t level;   /* enum policy_level */
	uint8_t guessed; /* no policy, and no end is protected: the initiator counts */
	uint8_t nobody;  /* policy was given and names neither end */
	uint8_t shared;
	uint8_t roles[2]; /* asset_role bits of both ends */
	uint8_t own;      /* nobody: that end is the operator's all the same */
};

/* Which end opened a flow without a handshake whose first datagram end `from` sent: 0 or 1;
 * -1: unknown.  Who asks a well-known port, who pings, and a protected server that speaks
 * first to a stranger.  A first datagram from a well-known port may be an answer. */
int subject_opener(const struct policy *policy, const struct tuple *key, uint8_t from);

/* client_end: the end that opened the flow (a guess is good enough here). */
void subject_of(const struct policy *policy, const struct tuple *key, uint8_t client_end,
	struct subject *out);

#endif
