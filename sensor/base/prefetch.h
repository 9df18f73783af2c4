/* prefetch.h - asks memory for a line that is read or written soon.
 *
 * Any address is fine, also of what is gone.  The empty asm is no instruction: without it the
 * compiler takes a function that does nothing but ask for one without effect, and drops the
 * calls of it. */
#ifndef SEKISHO_BASE_PREFETCH_H
#define SEKISHO_BASE_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

#define PREFETCH_LINE 64

static inline void prefetch(const void *at)
{
	__builtin_prefetch(at, 1);
	__asm__ volatile("");
}

/* Every line of len bytes. */
static inline void prefetch_all(const void *at, size_t len)
{
	for (size_t i = 0; i < len; i += PREFETCH_LINE)
		prefetch((const uint8_t *)at + i);
}

#endif
