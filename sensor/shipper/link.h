/* link.h - a socket to the aggregator, as delivery sees it. */
#ifndef SEKISHO_SHIPPER_LINK_H
#define SEKISHO_SHIPPER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct link {
	void *self;
	/* One whole message or nothing; false: not now. */
	bool (*send)(void *self, const void *data, size_t len);
	/* One message; returns its length, 0: none now.  What is longer than size or of
	 * several frames is dropped and counts as a message of length 1. */
	size_t (*receive)(void *self, void *out, size_t size);
	/* A new socket in place of the old one; false: none now, the next call tries again. */
	bool (*reopen)(void *self);
};

#endif
