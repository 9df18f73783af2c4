/* lost.h - what a worker could not tell live: counts in words of its ring's
 * control block, behind the marks, which the join reads.  Sums of contacts and
 * coverage are no loss: they are kept and come later. */
#ifndef SEKISHO_FACT_LOST_H
#define SEKISHO_FACT_LOST_H

enum fact_lost { LOST_FINDINGS, LOST_NAMES, LOST_VALUES, LOST_COUNT };

#define LOST_WORD 2 /* the first of LOST_COUNT words */

#endif
