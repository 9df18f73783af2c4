/* endpoint.h - where events may travel without encryption: inside one machine.
 *
 * ipc://PATH (absolute, as long as a Unix socket's path may be) and
 * tcp://ADDRESS:PORT with a loopback address in figures; never a name, which
 * may mean anything tomorrow. */
#ifndef SEKISHO_BASE_ENDPOINT_H
#define SEKISHO_BASE_ENDPOINT_H

#include "base/err.h"

/* option: what the text was given with, for the message.  False: EXIT_USAGE. */
bool endpoint_check(const char *option, const char *endpoint, struct err *err);

#endif
