/* sink.h - to whom it goes.
 *
 * What the server itself calls is named by the registrable domain of the name
 * seen (the whole name below a public suffix), else by address and port.  What
 * a client fetches is named by the object's path, since fetchers rotate; a
 * client without a path by its address alone, since its port means nothing. */
#ifndef SEKISHO_CORRELATE_SINK_H
#define SEKISHO_CORRELATE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink_in {
	const char *name; /* Host, SNI or query name as seen; "" for none */
	const char *url;  /* path and query; "" for none */
	const char *ip;
	int64_t port;
	bool fetched; /* the client opened: what left was fetched */
};

/* Lower-cased; without port, brackets and trailing dot. */
void sink_name(const char *raw, char *out, size_t size);
void sink_of(const struct sink_in *in, char *out, size_t size);

#endif
