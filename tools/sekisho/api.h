/* api.h - one question to the aggregator over its Unix socket (aggregator/serve/API.md).
 *
 * Every question is a connection of its own; there is no state between two. */
#ifndef SEKISHO_TOOLS_API_H
#define SEKISHO_TOOLS_API_H

#include "base/err.h"
#include "sekisho/value.h"

#define API_ANSWER_MAX (16u << 20)
#define API_TIMEOUT_S 30 /* of the whole answer, from connect to its last byte */

struct api_question {
	const char *method, *target; /* the target is ASCII without blanks */
	struct bytes body;           /* may be empty */
	const char *type;            /* of the body */
	unsigned wait_s;             /* how much longer than API_TIMEOUT_S is no fault */
};

/* The answer's object, to be given to value_drop(), or NULL with err:
 * EXIT_CANNOT where nobody answers or the answer cannot be read, EXIT_USAGE
 * where the aggregator says that the question is wrong (400, 404, 409). */
struct value *api_ask(const char *socket, const struct api_question *question, struct err *err);

#endif
