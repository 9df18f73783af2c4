/* filler.h - text and bytes that look like what shops send, without a card. */
#ifndef FORGE_FILLER_H
#define FORGE_FILLER_H

#include "buf.h"
#include "rng.h"

enum filler {
	FILLER_HTML = 0,
	FILLER_JS = 1,
	FILLER_JSON = 2,
	FILLER_RANDOM = 3,
	FILLER_NONE = 4,
};

/* "html", "js", "json", "random"; FILLER_NONE for another word. */
enum filler filler_of(const char *name);
const char *filler_type(enum filler kind);
/* Appends exactly len bytes. */
void filler_add(struct buf *out, struct rng *rng, enum filler kind, size_t len);
/* Appends len characters out of an alphabet. */
void filler_from(struct buf *out, struct rng *rng, const char *alphabet, size_t len);

#endif
