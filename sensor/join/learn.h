/* learn.h - what one sensor learns across flows.  Private to this room. */
#ifndef SEKISHO_JOIN_LEARN_H
#define SEKISHO_JOIN_LEARN_H

#include "base/texts.h"
#include "fact/learn.h"
#include "join/rows.h"

struct join;

struct seen_row {
	uint64_t value, first_ns, flow;
	uint32_t count, zero;
};

/* Addresses by the name their client asked for. */
struct called {
	struct rows rows;
	struct texts names;
};

size_t learn_bytes(void);
void learn_new(struct join *join, struct arena *arena);
/* The first name of an hour stays. */
void learn_called(struct join *join, const struct fact_called *fact);
/* Length of the name, 0 = none; *name is valid until the next fact. */
uint32_t called_name(const struct join *join, uint16_t tenant, const struct addr *client,
	const struct addr *address, const char **name);
/* Another hour begins: what is older than the one before is forgotten. */
void learn_hour(struct join *join);
void learn_name(struct join *join, const struct fact_name *fact);
bool learnt_name(const struct join *join, uint16_t tenant, const struct addr *client,
	const struct addr *address, uint64_t name_hash, uint64_t at_ns);
void learn_values(struct join *join, const struct fact_repeat *fact);
bool value_repeated(struct join *join, uint64_t value);
/* First time this server was seen with that destination. */
uint64_t destination_first(struct join *join, uint16_t tenant, const struct addr *server,
	const struct addr *remote, const struct masked *name, uint64_t at_ns);

#endif
