/* secret.h - memory through which payload passes: kept out of core dumps, whatever
 * limits and settings say.  (arena.h does the same for what is cut from arenas.)
 *
 * Not kept out: registers, which a kernel writes into a core as they are. */
#ifndef SEKISHO_BASE_SECRET_H
#define SEKISHO_BASE_SECRET_H

#include <pthread.h>

#include "base/err.h"

/* Zeroed pages, or NULL.  secret_free takes NULL. */
void *secret_new(size_t size);
void secret_free(void *memory);

/* The stack of the main thread, as far as it is and as it will grow. */
bool secret_stack(struct err *err);

/* What calls that have returned left on the caller's stack, SECRET_WIPED bytes of it.
 * Some microseconds: for when there is nothing to do. */
#define SECRET_WIPED (64u << 10)
void secret_stack_wipe(void);

/* A thread on a stack of that kind; SECRET_STACK bytes and a guard page below. */
#define SECRET_STACK ((size_t)1 << 20)
struct secret_thread {
	pthread_t id;
	void *stack; /* NULL: does not run */
};
bool secret_thread_start(
	struct secret_thread *thread, void *(*run)(void *), void *self, struct err *err);
/* Waits for its end; a thread that never started is no error. */
void secret_thread_join(struct secret_thread *thread);

#endif
