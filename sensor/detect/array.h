/* array.h - the name of the JSON array (RFC 8259 section 5) that a number stands in, read backwards
 * from it: for texts that no layer reads, so that a list of ids is known by its name however
 * long it is. */
#ifndef SEKISHO_DETECT_ARRAY_H
#define SEKISHO_DETECT_ARRAY_H

#include "base/bytes.h"

/* Zeroed for each text. */
struct array {
	size_t seen;       /* what begins before belongs to the array at hand, or to none, */
	struct bytes name; /* of that one, empty = none; borrowed from the text */
};

/* Of the number at off; ask in ascending order, so that all of a text costs one walk over it. */
struct bytes array_name(struct array *array, struct bytes text, size_t off);

#endif
