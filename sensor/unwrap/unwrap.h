/* unwrap.h - from the runs of a message to views: what detectors read.
 *
 * A view is a field or run after zero or more layers: declared content
 * codings, the fields of a form, query or cookie, the strings and numbers of JSON,
 * layers in layers.  The body (after declared codings) is itself a view, so
 * nothing hides between fields.  What a layer is not sure about is shown as it
 * stands as well; so is a coded body from where it broke.
 * Depth UNWRAP_DEPTH; bytes and steps are bounded by limits that are functions
 * of the message's bytes alone.  No view depends on where runs were cut: a
 * whole view (first and last) holds its complete value, up to FIELD_WHOLE;
 * longer ones come as FIELD_WHOLE first, then runs.
 * Threads: one per struct unwrap; the sink is called in it.
 * Never: allocates after unwrap_new, recurses, keeps bytes after unwrap_close. */
#ifndef SEKISHO_UNWRAP_UNWRAP_H
#define SEKISHO_UNWRAP_UNWRAP_H

#include "base/arena.h"
#include "base/reason.h"
#include "codec/layer.h"
#include "parse/message.h"

#define UNWRAP_DEPTH 4
#define UNWRAP_KEY_MAX 64
#define UNWRAP_STREAMS (UNWRAP_DEPTH + 1) /* long views of one message that can be open at once */
#define UNWRAP_VIEWS_MAX (1u << 20)       /* values of one message that are shown by themselves */

struct view {
	enum field_role role;
	uint8_t layers[UNWRAP_DEPTH]; /* outermost first */
	uint8_t depth;
	uint8_t stream; /* 0..UNWRAP_STREAMS-1: which long view these bytes continue; whole
			 * views (first and last) may use any and keep none */
	bool first, last;
	struct bytes key; /* header name, form or innermost JSON key, cut at UNWRAP_KEY_MAX, or
			   * empty */
	uint32_t ordinal; /* of the field among its siblings, from 0 */
	struct bytes data;
	uint64_t offset; /* of data in the view */
};

struct view_sink {
	void *self;
	void (*view)(void *self, const struct message *message, const struct view *view);
	/* Bytes of that open long view are missing here; it has neither data nor key. */
	void (*gap)(void *self, const struct message *message, const struct view *view);
	/* What it looks for: first place at or behind from where that may begin, or data.len.
	 * A whole field, or value of a text layer, without such a place, in which nothing more can
	 * be coded, is not shown (decoded bodies always are).  NULL: all are. */
	size_t (*place)(struct bytes data, size_t from);
	size_t least; /* bytes of the shortest it looks for, at most 18 (a gzip file's) */
	bool plain;   /* views as they stand are enough */
};

struct unwrap_counters {
	/* Body bytes as they came in, that no view shows decoded: CODING (unknown,
	 * broken, or behind a gap), BOMB.  Counted as they come; they are shown as
	 * they stand. */
	uint64_t skipped[SKIP_REASON_COUNT];
	uint64_t state_refused;   /* quota: no room for a body's or a layer's state */
	uint64_t inflate_refused; /* quota: no state for a coding free */
	uint64_t depth_cut; /* limit: a layer at UNWRAP_DEPTH, a coding too many, JSON too deep */
	uint64_t steps_cut; /* limit: messages with more than UNWRAP_VIEWS_MAX values */
};

struct unwrap;

size_t unwrap_bytes(uint32_t messages, uint32_t inflaters);
struct unwrap *unwrap_new(
	struct arena *arena, uint32_t messages, uint32_t inflaters, struct view_sink sink);

/* The calls of a message_sink.  *slot belongs to the caller, one per direction
 * of a flow, 0 at first; unwrap keeps the message's state id in it and sets it
 * back to 0 at close. */
void unwrap_open(struct unwrap *unwrap, uint32_t *slot, const struct message *message);
void unwrap_run(struct unwrap *unwrap, uint32_t *slot, const struct message *message,
	const struct run *run);
void unwrap_gap(struct unwrap *unwrap, uint32_t *slot, const struct message *message,
	enum field_role role, uint64_t len);
void unwrap_close(struct unwrap *unwrap, uint32_t *slot, const struct message *message);

/* Asks for the state of a slot soon. */
void unwrap_prefetch(const struct unwrap *unwrap, uint32_t slot);

const struct unwrap_counters *unwrap_counters(const struct unwrap *unwrap);

#endif
