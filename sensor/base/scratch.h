/* scratch.h - a local that is written before it is read.
 *
 * All locals are zeroed by the compiler (-ftrivial-auto-var-init), so that a mistake shows
 * nothing of the stack.  Where that is done for every packet or value it costs more than the
 * work; such a local says so with this word, and its writer stands next to it. */
#ifndef SEKISHO_BASE_SCRATCH_H
#define SEKISHO_BASE_SCRATCH_H

#define SCRATCH __attribute__((uninitialized))

#endif
