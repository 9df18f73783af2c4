/* vectors.h - reads a file of vectors that a Python script beside the test
 * wrote: a sequence of fields, each a 32-bit little-endian length and bytes. */
#ifndef SEKISHO_TEST_VECTORS_H
#define SEKISHO_TEST_VECTORS_H

#include "base/bytes.h"

/* The whole file; aborts if it cannot be read. */
struct bytes vectors_load(const char *path);
/* The next field, taken off the front of *left; aborts if there is none. */
struct bytes vectors_field(struct bytes *left);
/* The next field as a decimal number. */
long vectors_number(struct bytes *left);
/* All vectors of the file, each read off the front by check(), which says if it counts; guarded
 * copies are freed behind it.  How many do. */
int vectors_each(const char *path, bool (*check)(struct bytes *left));

#endif
