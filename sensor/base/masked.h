/* masked.h - text that may leave: the only text an event or a fact can hold.
 *
 * Made by mask/ (from bytes of the wire) and by masked_literal() (from our own
 * constants); fact_text_get() copies one back.  Whoever holds it owns it.
 * Printable UTF-8 without controls or bidirectional marks.  Of the wire's digits no
 * run of 12 or more is left as it was: at most BIN and last four show.  Shorter ones
 * and words stay where mask/mask.h keeps them: names, keys, paths and short texts
 * as they stand, values of URLs and of evidence (codes, passwords) not. */
#ifndef SEKISHO_BASE_MASKED_H
#define SEKISHO_BASE_MASKED_H

#include <stdint.h>

#define MASKED_MAX 512 /* bytes of text, without NUL */

/* Plain data: may be copied into a fact of any length up to sizeof. */
struct masked {
	uint16_t len;          /* bytes of text in use, <= MASKED_MAX */
	uint8_t cut;           /* 1: the original was longer */
	uint8_t zero;
	char text[MASKED_MAX]; /* no NUL */
};

/* Bytes of a struct masked that are in use: what to copy. */
static inline uint32_t masked_size(const struct masked *m)
{
	return 4u + m->len;
}

/* Our own constant (a name from a table, never bytes of the wire), cut at MASKED_MAX. */
void masked_literal(struct masked *out, const char *constant);

#endif
