/* clock.h - packet time as text.  (The wall clock is read by processes only
 * for delivery; nothing in workers or join decides by it.) */
#ifndef SEKISHO_BASE_CLOCK_H
#define SEKISHO_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define CLOCK_EVE_MAX 40

/* EVE form in UTC: 2026-01-31T09:15:02.123456+0000, with NUL; returns its
 * length (31 for years 1..9999). */
size_t clock_eve(uint64_t ns, char out[static CLOCK_EVE_MAX]);
/* The reverse; accepts any number of fraction digits and +hhmm or Z. */
bool clock_parse(struct bytes text, uint64_t *ns);
/* Real time now, ns since 1970. */
uint64_t clock_real_ns(void);
/* Monotonic time incl. suspend (CLOCK_BOOTTIME). */
uint64_t clock_boot_ns(void);

#endif
