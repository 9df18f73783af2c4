#include "keeper/restart.h"

void restart_started(struct restart *restart, uint64_t now_ns)
{
	restart->started_ns = now_ns;
	restart->due_ns = 0;
}

uint64_t restart_died(struct restart *restart, uint64_t now_ns)
{
	uint64_t pause_ns = 2 * restart->pause_ns;

	if (pause_ns == 0 || now_ns - restart->started_ns >= restart->lived_ns)
		pause_ns = RESTART_FIRST_NS;
	restart->pause_ns = pause_ns < RESTART_MAX_NS ? pause_ns : RESTART_MAX_NS;
	restart->due_ns = now_ns + restart->pause_ns;
	return restart->pause_ns;
}
