/* nearest.h - "did you mean": the known word closest to one somebody mistyped.
 *
 * Distance: inserted, deleted, changed or swapped neighbouring bytes (optimal
 * string alignment), ASCII case ignored.  A word is near if at most a third of
 * the longer one, and at least one byte, differs. */
#ifndef SEKISHO_BASE_NEAREST_H
#define SEKISHO_BASE_NEAREST_H

#include "base/bytes.h"

#define NEAREST_WORD_MAX 64 /* longer words are near to nothing */

/* For words that lie in a table of another shape: start with nearest_of(),
 * offer each word, then read best. */
struct nearest {
	struct bytes word;
	const char *best; /* of the words offered, or NULL if none is near */
	unsigned distance;
};

struct nearest nearest_of(struct bytes word);
/* The candidate must live as long as the answer is used. */
void nearest_offer(struct nearest *nearest, const char *candidate);

/* The nearest of count words (the first of equals), or NULL. */
const char *nearest_word(struct bytes word, const char *const words[], size_t count);

#endif
