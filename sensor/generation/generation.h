/* generation.h - everything the engine was told, as sealed sections.
 *
 * A section is a memfd (or file) mapped read-only: unchanged ones are shared
 * between generations.  Start, reload and restart take the same path: the
 * builder child compiles text to sections, the keeper checks and seals them,
 * the engine maps them before ready and swaps at one position. */
#ifndef SEKISHO_GENERATION_GENERATION_H
#define SEKISHO_GENERATION_GENERATION_H

#include "base/bytes.h"
#include "base/err.h"

enum section_kind { SECTION_POLICY, SECTION_LISTS, SECTION_CARDS, SECTION_RULES, SECTION_COUNT };

struct section {
	int fd;              /* sealed memfd, owned by the generation */
	struct bytes image;  /* mapped read-only */
	uint64_t hash;
};

struct generation {
	uint64_t id;         /* hash of the sections' hashes: the same text, the same id */
	struct section section[SECTION_COUNT];
};

const char *section_word(enum section_kind kind);

/* Copies image into a new memfd, seals and maps it. */
bool section_seal(struct section *out, enum section_kind kind, struct bytes image, struct err *err);
/* Maps a sealed memfd received from elsewhere; refuses one that is not sealed. */
bool section_map(struct section *out, int fd, struct err *err);
void section_drop(struct section *section);

/* After all sections are set: the id. */
void generation_finish(struct generation *generation);
void generation_drop(struct generation *generation);

#endif
