/* mask.h - the one door from bytes of the wire to text that may leave.
 *
 * Whatever the kind: at most MASKED_MAX bytes of printable UTF-8 (safe_text's
 * rules); no run of 12 digits or more survives as it was, card or not, seen
 * through up to 3 characters between digits that are no letters, through
 * percent, \x, \u and entity escapes (4 levels) and full-width digits: 14..19
 * digits with a valid check digit show BIN-6 and last four, any other run its
 * first two digits, an escaped one none.  Base64 of digits is covered, and packed digits
 * behind a tag of a card's chip (57, 5A, 9F6B).
 * Cutting never uncovers.  Codes and passwords are shorter than that: only the
 * values of mask_url() and mask_evidence() are rid of them, so nothing else may be
 * given such a value. */
#ifndef SEKISHO_MASK_MASK_H
#define SEKISHO_MASK_MASK_H

#include "base/bytes.h"
#include "base/masked.h"
#include "pan/pan.h"

/* A host or DNS name.  An IPv4 address, with or without port, stays as it is. */
void mask_name(struct masked *out, struct bytes name);
/* A request target: path kept, each query value of more than 3 bytes or 2 digits
 * and each name of more than 32 bytes replaced by "[its length]", user-info gone. */
void mask_url(struct masked *out, struct bytes url);
/* A field or key name. */
void mask_key(struct masked *out, struct bytes key);
/* A short text of ours or theirs (user agent, method, what is damaged): all but digits stays. */
void mask_text(struct masked *out, struct bytes text);

/* Evidence around cards: the shape stays, values go.  The hits' (offsets are in
 * around) digits become BIN-6, stars, last four (two below PAN_LAST4_DIGITS); all
 * other digits '#'; letters '*', a character that is not ASCII one '*'.  Keys
 * stay: quoted before a colon, or bare before '=' where a pair begins; so do the
 * letters of url, action and method (up to '?') and the whole value of host,
 * hostname and domain, if it looks like one.  Bytes that are not text become '.'; where
 * packed digits stand (PAN_PACKED, or what looks like their tag), every byte of a value does,
 * and those of a hit '*'. */
void mask_evidence(
	struct masked *out, struct bytes around, const struct pan_hit hits[], uint32_t count);

#endif
