/* indicator.h - addresses, prefixes and domains of lists, as a read-only image.
 *
 * One table of keyed hashes behind a word Bloom filter:
 * exact addresses, prefixes (asked once per prefix length that occurs), and
 * domains, which cover every name below them.  Keys are compared whole.
 * Tested once per flow and per name.  Position-independent: offsets only.
 * Threads: an opened set is read-only; any number may ask it. */
#ifndef SEKISHO_INDICATOR_INDICATOR_H
#define SEKISHO_INDICATOR_INDICATOR_H

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"

enum indicator_kind { INDICATOR_ADDRESS, INDICATOR_PREFIX, INDICATOR_DOMAIN };

enum indicator_state { /* of the address or name, as its list says */
	INDICATOR_CURRENT,
	INDICATOR_TAKEN_DOWN,
	INDICATOR_SINKHOLED,
	INDICATOR_EXPIRED,
	INDICATOR_REASSIGNED,
	INDICATOR_REVOKED,
};

struct indicator_row {
	uint8_t kind, state;
	uint8_t law;                /* from a law-enforcement list: takedown-contact */
	uint8_t zero[7];            /* all of a row is in the image: nothing may be padding */
	uint16_t list;              /* opaque number of the list, from 1 */
	uint32_t line;              /* of the list's file: an answer per row */
	uint64_t from_ns, until_ns; /* validity; 0 and UINT64_MAX where unknown */
};

struct indicators {
	struct bytes image;
};

#define INDICATOR_HITS_MAX 8

/* Lists as files: one indicator a line, or CSV with a header row (columns by
 * name: indicator, ip, domain or value; state, from, until, law).  '#' comments,
 * CRLF, BOM, refanged hxxp/[.]; ports and URLs are reduced to host.  Refused
 * with file:line: rows that are neither address, prefix nor domain, prefixes
 * shorter than /8 (IPv6 /16), loopback, public suffixes (libpsl) and single
 * labels.  list ids are 1.. in order of paths.  out is malloc'd. */
bool indicators_build(
	const char *const paths[], uint32_t count, uint8_t **out, size_t *out_len, struct err *err);
/* Checks an image; borrows it.  An image of no rows is fine. */
bool indicators_open(struct indicators *set, struct bytes image, struct err *err);

uint32_t indicators_count(const struct indicators *set);
uint32_t indicators_lists(const struct indicators *set);
/* The opaque id of a list as events print it: "L-0001". */
#define LIST_ID_MAX 8
void indicator_list_id(uint16_t list, char out[static LIST_ID_MAX]);

/* Row numbers that hold the address or name, most exact first. */
uint32_t indicators_addr(const struct indicators *set, const struct addr *addr,
	uint32_t rows[static INDICATOR_HITS_MAX]);
uint32_t indicators_domain(
	const struct indicators *set, struct bytes name, uint32_t rows[static INDICATOR_HITS_MAX]);
const struct indicator_row *indicators_row(const struct indicators *set, uint32_t row);

#endif
