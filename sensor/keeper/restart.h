/* restart.h - when a child that died is started again: soon, but one that dies again and
 * again later and later, so that it costs no processor and fills no log.
 *
 * The first death is followed by a pause of RESTART_FIRST_NS, each further one by twice the
 * pause before it, up to RESTART_MAX_NS; after a life of lived_ns or more it is the first
 * again.  Times are those of one clock that never goes back. */
#ifndef SEKISHO_KEEPER_RESTART_H
#define SEKISHO_KEEPER_RESTART_H

#include <stdint.h>

#define RESTART_FIRST_NS UINT64_C(100000000)
#define RESTART_MAX_NS UINT64_C(10000000000)

struct restart {
	uint64_t lived_ns;   /* a shorter life counts as none */
	uint64_t started_ns; /* when it was started last */
	uint64_t pause_ns;   /* before that start; 0: there was none */
	uint64_t due_ns;     /* of the next start; 0: none waits */
};

void restart_started(struct restart *restart, uint64_t now_ns);
/* It died: sets due_ns; how long that is from now. */
uint64_t restart_died(struct restart *restart, uint64_t now_ns);

#endif
