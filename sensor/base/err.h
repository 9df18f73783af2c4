/* err.h - one error of the control plane: made where the fact is known,
 * printed once, by main.  Text: where, what, what now; one line; safe to print
 * (err_set passes everything through safe_line, so callers hand over raw bytes
 * or the text of another error). */
#ifndef SEKISHO_BASE_ERR_H
#define SEKISHO_BASE_ERR_H

#include <stdbool.h>

/* Exit status of every program. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_DAMAGE = 1,   /* done, but the input was damaged */
	EXIT_USAGE = 2,    /* usage or configuration */
	EXIT_CANNOT = 3,   /* permission, interface, port, space */
	EXIT_INTERNAL = 4, /* our own mistake */
};

struct err {
	int status;     /* enum exit_status, 0 = no error */
	char text[480]; /* NUL-terminated */
};

/* Always returns false, so that a failing function can end in it. */
bool err_set(struct err *err, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
