/* syscalls.h - the system calls a process may still make: a list, through seccomp.
 *
 * What is not on it kills the process (SIGSYS; the kernel's log names the call, audit
 * type 1326).  A list is rows with a reason each, in a .def file beside its user.  Rows of
 * one call with different conditions are alternatives.  clone3, whose flags a filter cannot
 * read, "does not exist" (ENOSYS): the C library then takes clone.
 * Under sanitizers nothing is filtered: their reports open files and start processes. */
#ifndef SEKISHO_BASE_SYSCALLS_H
#define SEKISHO_BASE_SYSCALLS_H

#include <stdint.h>

#include "base/err.h"

struct syscall_row {
	const char *call;     /* as the kernel names it */
	uint8_t arg;          /* the argument asked: (value of arg & mask) == value */
	uint64_t mask, value; /* mask 0: whatever its arguments are */
};

/* From now on, for all threads, and without return: only these.  False: the kernel has no
 * filters, or a row names no call. */
bool syscalls_only(const struct syscall_row rows[], uint32_t count, struct err *err);
/* False: built with a sanitizer, syscalls_only() does nothing. */
bool syscalls_filtered(void);

#endif
