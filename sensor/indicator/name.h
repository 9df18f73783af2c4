/* name.h - what a list's row names: an address, a prefix or a domain. */
#ifndef SEKISHO_INDICATOR_NAME_H
#define SEKISHO_INDICATOR_NAME_H

#include "indicator/image.h"

struct list_value {
	enum indicator_kind kind;
	struct prefix prefix;        /* address: 128 bits */
	char domain[DOMAIN_MAX + 1]; /* lower case, A-labels, NUL */
};

/* Reads one value as people write it: hxxp://evil[.]example/path, *.evil.example,
 * 192.0.2.1:443, 2001:db8::/32.  *why: one sentence if it is refused (broken,
 * too wide, loopback, a public suffix, a single label). */
bool list_value_read(struct bytes text, struct list_value *out, const char **why);

#endif
