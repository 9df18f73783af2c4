/* label.h - nDPI's name for a flow that no parser claimed: a label, no more.
 *
 * In:    the first LABEL_SPANS spans with data of the flow's raw directions.
 * Out:   the label: nDPI's number of a protocol; only what nDPI read in
 *        the bytes counts, never what it guesses by port, address or memory of
 *        other flows: the same flow has the same label whoever reads it.  It
 *        depends on how the bytes were cut, as nDPI looks at packets.
 * Asked: only for protocols of one table, whose dissectors keep nothing beyond
 *        the flow.  nDPI's calls for memory are refused and counted while a
 *        flow is read: it has its module, made before ready, and the states.
 * Owner: one worker.  Built without nDPI (-Dndpi=disabled) nothing has a label. */
#ifndef SEKISHO_CLASSIFY_LABEL_H
#define SEKISHO_CLASSIFY_LABEL_H

#include "base/bytes.h"
#include "base/err.h"

#define LABEL_SPANS 4
#define LABEL_STATES 16384 /* of a worker: flows undecided at once */
#define LABEL_BYTES 1400   /* of a span; the rest is not shown */

struct labels;

struct label_span {
	struct bytes held, data; /* one after the other; held: what the probes kept back */
	uint8_t dir;
	uint8_t client_dir;
	bool datagram;
	uint16_t client_port, server_port;
};

struct label_counters {
	uint64_t asked, named;
	uint64_t state_refused;  /* quota: no state was free */
	uint64_t memory_refused; /* nDPI asked for memory */
};

/* *out NULL: built without nDPI.  Allocates about 7 MiB and the states; before ready. */
bool labels_new(struct labels **out, uint32_t states, struct err *err);
void labels_free(struct labels *labels); /* NULL is fine */
/* One for each of count workers; false: none is left. */
bool labels_new_all(struct labels *out[], uint32_t count, struct err *err);
void labels_free_all(struct labels *labels[], uint32_t count);

/* *state: 0 at the flow's start; its place among the states, or LABEL_DONE.
 * Returns the label, once; 0: none (yet). */
#define LABEL_DONE UINT32_MAX
uint16_t label_span(struct labels *labels, uint32_t *state, const struct label_span *span);
/* No more: the flow ends or a parser has claimed it. */
void label_drop(struct labels *labels, uint32_t *state);

const struct label_counters *label_counters(const struct labels *labels);

/* As app_proto; NULL: none. */
const char *label_word(uint16_t label);

#endif
