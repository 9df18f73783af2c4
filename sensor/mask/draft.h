/* draft.h - text on its way out: bytes of the wire that are being covered.  Private to this room.
 */
#ifndef SEKISHO_MASK_DRAFT_H
#define SEKISHO_MASK_DRAFT_H

#include "base/bytes.h"
#include "base/masked.h"

#define DRAFT_MAX 1024 /* more than a struct masked can hold after any covering */

struct draft {
	uint8_t text[DRAFT_MAX];
	size_t len;
	bool cut; /* the original goes on: digits at the end may be the front of more */
};

void draft_add(struct draft *draft, struct bytes bytes);
/* "[N]": N bytes stood here. */
void draft_add_length(struct draft *draft, size_t len);

/* Covers every run of 12 digits or more, seen through separators, percent,
 * backslash and entity escapes and full-width digits. */
void draft_cover_digits(struct draft *draft);
/* Covers runs that are base64 of 12 digits or more. */
void draft_cover_base64(struct draft *draft);

/* Length of the tag (EMV book 3: 57, 5A, 6B), its length and its value at i, if the value
 * begins with packed digits, also where the text ends within it; 0: none stands there. */
size_t draft_packed(struct bytes text, size_t i);

/* Covers what draft_packed() sees, writes it as safe text and wipes it. */
void draft_finish(struct draft *draft, struct masked *out);

#endif
