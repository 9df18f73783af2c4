/* mask.h - the one door from bytes of the wire to text that may leave.
 *
 * Whatever the kind: at most MASKED_MAX bytes of printable UTF-8 (safe_text's
 * rules), no run of 12..19 digits (separators and percent escapes seen
 * through) survives as it was, card or not: a card shows BIN-6 and last four,
 * any other such run its first two digits.  Cutting never uncovers. */
#ifndef SEKISHO_MASK_MASK_H
#define SEKISHO_MASK_MASK_H

#include "base/bytes.h"
#include "base/masked.h"
#include "pan/pan.h"

/* A host or DNS name. */
void mask_name(struct masked *out, struct bytes name);
/* A request target: path kept with long digit runs masked, each query value of more than 3 bytes
 * shortened to its length, user-info gone. */
void mask_url(struct masked *out, struct bytes url);
/* A field or key name. */
void mask_key(struct masked *out, struct bytes key);
/* A short text of ours or theirs (user agent, method). */
void mask_text(struct masked *out, struct bytes text);

/* Evidence around a card: the shape stays, values go.  The hits' digits become
 * BIN-6, stars, last four; all other digits '#'; letters inside values '*'
 * (an e-mail keeps '@' and '.'), but keys (before '=' , ':' or inside JSON
 * quotes before a colon) and the values of host, hostname, url, domain, action
 * and method stay.  Bytes that are not text become '.'. */
void mask_evidence(struct masked *out, struct bytes around, const struct pan_hit hits[],
	uint32_t count);

#endif
