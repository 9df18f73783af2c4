/* guard.h - the last look at masked text of a finding: whatever our own decoders can read out of
 * it does not leave.  mask/ covers what a reader sees; a number in a coding may look like
 * anything. */
#ifndef SEKISHO_DETECT_GUARD_H
#define SEKISHO_DETECT_GUARD_H

#include "detect/card.h"

/* A text that holds a number in some coding becomes "[its length]". */
void guard_text(struct card_env *env, struct masked *text);

#endif
