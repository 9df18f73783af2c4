/* record.h - a view sink that puts views together and checks the contract of
 * unwrap.h on the way; and a message fed to unwrap as a parser would. */
#ifndef SEKISHO_TEST_UNWRAP_RECORD_H
#define SEKISHO_TEST_UNWRAP_RECORD_H

#include "unwrap/unwrap.h"

#define RECORD_VIEWS 8192
#define RECORD_BYTES (24u << 20)

struct seen {
	enum field_role role;
	char layers[64]; /* words joined by '/' */
	uint8_t key[UNWRAP_KEY_MAX];
	size_t key_len, at, len; /* at: in bytes */
	uint32_t ordinal, gaps;
	bool whole;
};

struct record {
	struct seen view[RECORD_VIEWS]; /* in the order they began */
	uint32_t count;
	uint32_t open[UNWRAP_STREAMS]; /* view + 1 */
	uint8_t *bytes;
	size_t used;
};

struct view_sink record_sink(struct record *record);
void record_clear(struct record *record);
struct bytes record_data(const struct record *record, uint32_t view);
/* Aborts unless no long view is open. */
void record_closed(const struct record *record);
/* A hash over all views: what they are and what is in them, not how long ones were cut. */
uint64_t record_sum(const struct record *record);

/* Aborts unless shown is what all is, in order, but for whole views that a sink with that
 * place does not want (unwrap.h). */
void record_wanted(const struct record *all, const struct record *shown,
	size_t (*place)(struct bytes data, size_t from));

/* A field as message.h has it: up to FIELD_WHOLE bytes whole; a longer one's
 * first FIELD_WHOLE bytes, then a run of first bytes, then runs of each. */
struct fed {
	struct unwrap *unwrap;
	uint32_t slot;
	struct message message;
};
void fed_field(struct fed *fed, enum field_role role, struct bytes name, struct bytes data,
	size_t first, size_t each);

#endif
