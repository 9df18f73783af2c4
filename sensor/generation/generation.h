/* generation.h - everything the engine was told, as sealed sections.
 *
 * A section is a memfd mapped read-only: unchanged ones are shared between
 * generations.  At the start, and live at each SIGHUP (keeper/reload.h), a builder
 * child compiles text to sections, and the keeper seals and checks them.  The
 * engine inherits the newest when it is forked; later ones come to it as
 * descriptors over a socket (keeper/control.h), are mapped and checked by a
 * thread of their own (keeper/feed.h), and swapped in at one position (engine.h).
 *
 * In the memfd a header of 64 bytes (magic, kind, length, hash) stands before
 * the image, so that what arrives over a socket says what it is.  All four
 * seals (shrink, grow, write, seal) must be set: then nobody, its maker
 * included, can change a byte under a reader. */
#ifndef SEKISHO_GENERATION_GENERATION_H
#define SEKISHO_GENERATION_GENERATION_H

#include "base/bytes.h"
#include "base/err.h"

enum section_kind {
	SECTION_POLICY,
	SECTION_LISTS,
	SECTION_CARDS,
	SECTION_RULES,
	SECTION_GEO,
	SECTION_COUNT
};

#define SECTION_HEADER_LEN 64 /* the image is aligned to 64 bytes */

/* All zero = empty; then fd means nothing. */
struct section {
	int fd;             /* sealed memfd, owned by the section */
	uint32_t kind;      /* enum section_kind */
	struct bytes image; /* mapped read-only, without the header; ptr is NULL if empty */
	uint64_t hash;      /* of kind and image */
};

struct generation {
	uint64_t id; /* hash of the sections' hashes: the same text, the same id */
	struct section section[SECTION_COUNT];
};

/* "policy", "lists", "cards", "rules", "geo". */
const char *section_word(enum section_kind kind);

/* Copies image into a new memfd, seals and maps it. */
bool section_seal(struct section *out, enum section_kind kind, struct bytes image, struct err *err);
/* Maps a sealed memfd received from elsewhere; refuses one that is not sealed,
 * or whose header or hash is wrong.  True: the section owns fd; false: the
 * caller still does, and out is untouched. */
bool section_map(struct section *out, int fd, struct err *err);
/* Another section on the same memory (its fd duplicated): one unchanged part of
 * the next generation. */
bool section_share(struct section *out, const struct section *from, struct err *err);
/* Unmaps and closes; an empty section is left alone. */
void section_drop(struct section *section);

/* section_seal in its three steps, for a builder in another process: the parent
 * makes the memfd, the child writes, the parent seals.  section_memfd: -1 = error;
 * section_finish: ownership of fd as in section_map. */
int section_memfd(enum section_kind kind, struct err *err);
bool section_write(int fd, enum section_kind kind, struct bytes image, struct err *err);
bool section_finish(struct section *out, int fd, struct err *err);

/* After all sections are set: the id. */
void generation_finish(struct generation *generation);
void generation_drop(struct generation *generation);

#endif
