/* component.h - which threads of one subject belong together.
 *
 * A pure function of the threads: the order they stand in does not matter.
 * Two do that have the same sink and are at most 90 days apart; so do a theft
 * and a foothold on the same server, seen at most 7 days before the theft or
 * while it went on.  What belongs to the same third belongs together. */
#ifndef SEKISHO_CORRELATE_COMPONENT_H
#define SEKISHO_CORRELATE_COMPONENT_H

#include <stddef.h>
#include <stdint.h>

struct component_thread { /* one per thread and server it was seen on */
	int64_t thread, first, last;
	const char *family, *sink, *server;
	size_t root; /* filled: equal roots are one component; index of its first row */
};

void component_find(struct component_thread rows[], size_t count);

#endif
