/* guard.h - bytes that end (or begin) at an unreadable page: one byte too far
 * is a crash, not luck. */
#ifndef SEKISHO_TEST_GUARD_H
#define SEKISHO_TEST_GUARD_H

#include "base/bytes.h"

/* A copy of the bytes whose last byte stands before an unreadable page.  Valid
 * until guard_free(); aborts if there is no memory. */
struct bytes guarded(const void *data, size_t len);
/* A copy whose first byte stands behind an unreadable page. */
struct bytes guarded_front(const void *data, size_t len);
/* Frees every copy made so far. */
void guard_free(void);

/* Repeatable numbers for random tests: the same seed, the same numbers. */
void draw_seed(uint64_t seed);
uint32_t draw(void);

#endif
