/* rules.h - signatures in Suricata's syntax, on the buffers our messages have.
 *
 * Read: alert <proto> <addr> <port> -> <addr> <port> (options).  Options now:
 * msg sid rev classtype metadata reference priority flow(to_server, to_client,
 * established) content with nocase depth offset distance within fast_pattern
 * startswith endswith and negation, sticky buffers of field.def words (and Suricata's
 * http.request_body, http.response_body, file_data for http.body).  Anything else is an
 * error with file:line:column, the word and the nearest known one; nothing of
 * a broken file is loaded.
 * One literal of each rule (the fast pattern) goes to the prefilter of its
 * buffer; rule_verify then checks the whole rule exactly.
 * Threads: opened rules are read-only and shared; scratch is one per thread. */
#ifndef SEKISHO_RULES_RULES_H
#define SEKISHO_RULES_RULES_H

#include "match/match.h"
#include "parse/message.h"

#define RULE_MSG_MAX 128
#define RULE_HITS_MAX 16

/* Compiles rule files to a section image (malloc'd). An empty set is an error only if
 * files were named. */
bool rules_build(
	const char *const paths[], uint32_t count, uint8_t **out, size_t *out_len, struct err *err);

struct rules; /* an opened image with its databases */

size_t rules_bytes(struct bytes image);
struct rules *rules_open(struct bytes image, struct arena *arena, struct err *err);
struct match_scratch *rules_scratch(const struct rules *rules, struct err *err);

struct rule_row {
	uint32_t sid, rev;
	uint8_t severity;      /* priority or classtype's: 1..3 */
	uint8_t confidence;    /* metadata confidence: 2 high, 1 medium (also without), 0 low */
	const char *msg;       /* NUL-terminated, <= RULE_MSG_MAX */
	const char *category;  /* metadata sekisho_category, or "rule" */
	const char *technique; /* metadata sekisho_technique, or classtype */
};
uint32_t rules_count(const struct rules *rules);
struct rule_row rules_row(const struct rules *rules, uint32_t rule);

/* The buffers of one message, as far as they are kept whole: indexed by field_role. */
struct rule_buffers {
	struct bytes field[FIELD_ROLE_COUNT];
	bool to_server, to_client, established;
	uint8_t proto;
};

/* Rules that could match buffer role: indices in rules[], <= RULE_HITS_MAX. */
uint32_t rules_candidates(const struct rules *rules, struct match_scratch *scratch,
	enum field_role role, struct bytes data, uint32_t found[static RULE_HITS_MAX]);
/* All conditions of a rule on these buffers. */
bool rule_verify(const struct rules *rules, uint32_t rule, const struct rule_buffers *buffers);
/* True if any rule reads that buffer. */
bool rules_reads(const struct rules *rules, enum field_role role);

#endif
