/* ahead.h - touches bytes before they are read.
 *
 * Records are a linked list: the next header is a dependent cache miss.
 * Asking for every line 2 KiB ahead in address order halves the time per
 * full-size packet, whatever is done with it later. */
#ifndef SEKISHO_CAPTURE_AHEAD_H
#define SEKISHO_CAPTURE_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#define AHEAD_BYTES 2048
#define AHEAD_LINE 64

/* *warm: where the last call stopped; within the same run of bytes. */
static inline void ahead(const uint8_t **warm, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *to = (size_t)(end - at) > AHEAD_BYTES ? at + AHEAD_BYTES : end;

	if (*warm < at)
		*warm = at;
	for (; to - *warm >= AHEAD_LINE; *warm += AHEAD_LINE)
		__builtin_prefetch(*warm);
}

#endif
