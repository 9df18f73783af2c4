/* stamp.h - when something happened: a total order over all workers.
 *
 * pos: the capture thread gives every frame a position before it is dealt.
 * now is the running maximum of packet time over all sources; ord counts
 * frames over all sources from 1.  Workers and join know no other time.
 * stamp: the place of a fact.  A timer's fact is placed at its due time,
 * before all packets of that time, by the first frame of its flow, so the
 * order in which a sweep visits flows does not matter. */
#ifndef SEKISHO_BASE_STAMP_H
#define SEKISHO_BASE_STAMP_H

#include <stdint.h>

struct pos {
	uint64_t now_ns;
	uint64_t ord;
};

#define STAMP_END_NS UINT64_MAX /* end of input: now is infinite */

/* STAMP_WAIT: a finding that has waited long enough; placed at its due time behind all
 * timers of flows, by the frame that began its wait. */
enum stamp_class { STAMP_TIMER, STAMP_WAIT, STAMP_PACKET };

struct stamp {
	uint64_t time_ns; /* pos.now_ns, or the due time of a timer */
	uint64_t ord;     /* of the frame; for a timer of the flow's first */
	uint32_t cls;     /* enum stamp_class */
	uint32_t index;   /* of the fact at this place */
};

/* <0, 0, >0 by (time_ns, cls, ord, index). */
static inline int stamp_compare(const struct stamp *a, const struct stamp *b)
{
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	if (a->cls != b->cls)
		return a->cls < b->cls ? -1 : 1;
	if (a->ord != b->ord)
		return a->ord < b->ord ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

#endif
