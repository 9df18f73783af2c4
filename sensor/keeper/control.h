/* control.h - the keeper's word to the engine while it runs: a new generation,
 * as descriptors of its sealed sections, or why one was refused.
 *
 * A pair of sockets made before the first engine; it outlives each of them.
 * Nothing comes back: what the engine makes of it stands in events. */
#ifndef SEKISHO_KEEPER_CONTROL_H
#define SEKISHO_KEEPER_CONTROL_H

#include "generation/generation.h"

enum control_end { CONTROL_KEEPER, CONTROL_ENGINE, CONTROL_ENDS };

struct control {
	int fd[CONTROL_ENDS]; /* -1: closed */
};

enum control_kind { CONTROL_GENERATION = 1, CONTROL_REFUSED = 2 };

struct control_message {
	uint32_t kind;                                /* enum control_kind */
	uint32_t serial;                              /* grows with each order */
	uint64_t id;                                  /* of the generation */
	char reason[sizeof(((struct err *)0)->text)]; /* of a refusal, NUL-terminated */
};

bool control_open(struct control *control, struct err *err);
void control_close(struct control *control);

/* Do not wait.  False: nobody reads. */
bool control_send(struct control *control, uint32_t serial, const struct generation *generation,
	struct err *err);
bool control_refuse(struct control *control, uint32_t serial, const char *reason, struct err *err);

/* Waits at most timeout_ms.  True: a message; sections[] are then descriptors that the
 * caller owns (-1: none). */
bool control_receive(struct control *control, int timeout_ms, struct control_message *message,
	int sections[static SECTION_COUNT]);

#endif
