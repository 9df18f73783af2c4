/* option.h - the words of a command line: all programs read them by one function, so that
 * they refuse alike, and name the nearest option where one is unknown.
 *
 * As getopt_long(3): options may stand between operands, a long name may be cut short as
 * long as it can be only one option's.  One walk at a time in a process. */
#ifndef SEKISHO_BASE_OPTION_H
#define SEKISHO_BASE_OPTION_H

#include <stddef.h>

#include "base/err.h"

#define OPTIONS_MAX 32

struct option_row {
	const char *name; /* without "--" */
	char letter;      /* its short form; 0: none */
	bool valued;      /* a value follows it */
	int code;         /* what option_next() returns: 0 or more */
};

struct option_walk {
	const struct option_row *rows;
	size_t count; /* at most OPTIONS_MAX */
	int argc;
	char **argv;       /* operands move to its end */
	int at;            /* after OPTION_END: of the first operand; argc: there is none */
	const char *value; /* of the option returned last, or NULL; borrowed of argv */
};

enum option_none { OPTION_END = -1, OPTION_WRONG = -2 };

struct option_walk options_of(const struct option_row rows[], size_t count, int argc, char *argv[]);
/* The next option's code.  OPTION_WRONG: err says which word and why (EXIT_USAGE). */
int option_next(struct option_walk *walk, struct err *err);

#endif
