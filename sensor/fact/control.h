/* control.h - facts of the control plane, told by the capture thread at a position
 * of their own. */
#ifndef SEKISHO_FACT_CONTROL_H
#define SEKISHO_FACT_CONTROL_H

#include "fact/fact.h"

/* From here on another generation. */
struct fact_swap {
	struct fact fact;
	uint32_t slot; /* of the generations opened */
	uint32_t zero;
};

enum fact_note_kind {
	NOTE_GENERATION_REFUSED, /* detail: why */
	NOTE_INTERFACE_DOWN,     /* detail: which */
	NOTE_INTERFACE_UP,
};

struct fact_note {
	struct fact fact;
	uint32_t note; /* enum fact_note_kind */
	struct masked detail;
};

#endif
