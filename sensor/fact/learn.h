/* learn.h - the facts that teach the join: addresses of names, returning values. */
#ifndef SEKISHO_FACT_LEARN_H
#define SEKISHO_FACT_LEARN_H

#include "fact/fact.h"

struct fact_name {
	struct fact fact;
	struct addr client, address;
	struct addr resolver;
	uint64_t name_hash; /* hash_sip13 of the lower-case name under the run's key */
	uint32_t ttl;
	uint16_t tenant;
	uint8_t foreign; /* the resolver is not listed in policy */
	uint8_t zero;
};

struct fact_repeat {
	struct fact fact;
	uint64_t flow_id;
	uint32_t count;
	uint32_t zero;
	uint64_t value[64]; /* keyed, of the cards of one message */
};

/* A listed resolver answered the client's question with that address.  Told at most once a
 * minute and worker for the same three: who takes it must not mind a repetition. */
struct fact_called {
	struct fact fact;
	struct addr client, address;
	uint16_t tenant, zero;
	uint32_t name_len;
	char name[]; /* as that of a contact */
};

#endif
