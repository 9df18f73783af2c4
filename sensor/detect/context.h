/* context.h - the owned who-and-where of an open exchange: method, host,
 * target and status, kept from the request's head until request and answer
 * are closed.
 *
 * At most CONTEXT_OPEN_MAX of a flow are open (then the oldest goes, counted).
 * Texts are cut at CONTEXT_TEXT_MAX together; size classes 64, 128, 256, 512
 * from pools of one worker. */
#ifndef SEKISHO_DETECT_CONTEXT_H
#define SEKISHO_DETECT_CONTEXT_H

#include "base/arena.h"
#include "base/bytes.h"

#define CONTEXT_OPEN_MAX 64
#define CONTEXT_CLASSES 4
#define CONTEXT_TEXT_MAX 448

enum context_text {
	CONTEXT_METHOD,
	CONTEXT_URL,
	CONTEXT_HOST,
	CONTEXT_AGENT,
	CONTEXT_TEXTS,
	CONTEXT_SNI = 0, /* of a flow's own context, which ends with the flow */
};

struct context {
	uint32_t next;   /* id of the next older context of the flow, 0 = none */
	uint32_t number; /* of the exchange */
	uint16_t status; /* of the answer, 0 = not seen */
	uint16_t len[CONTEXT_TEXTS];
	uint8_t closed;   /* the request is over */
	uint8_t answered; /* the answer is */
	uint8_t type;     /* enum served_type of the answer */
	uint8_t head;     /* first byte of its body, 0 = none yet */
	uint8_t zero[2];
	uint8_t text[]; /* one after the other */
};

struct contexts {
	struct pool pool[CONTEXT_CLASSES];
	uint64_t refused; /* quota: no room */
	uint64_t overrun; /* limit: more than CONTEXT_OPEN_MAX open */
};

size_t contexts_bytes(uint32_t flows);
bool contexts_new(struct contexts *contexts, struct arena *arena, uint32_t flows);

/* *head: the flow's list, newest first.  The context of that exchange, or NULL. */
struct context *context_find(struct contexts *contexts, uint32_t head, uint32_t number);
/* A new one at the head of the list; NULL: no room. */
struct context *context_open(struct contexts *contexts, uint32_t *head, uint32_t number);
/* Appends to a text (each text is set once, in any order); may move the
 * context to another class: use the pointer returned. */
struct context *context_put(struct contexts *contexts, uint32_t *head, struct context *context,
	enum context_text which, struct bytes value);
struct bytes context_get(const struct context *context, enum context_text which);
void context_close(struct contexts *contexts, uint32_t *head, uint32_t number);
void context_close_all(struct contexts *contexts, uint32_t *head);

#endif
