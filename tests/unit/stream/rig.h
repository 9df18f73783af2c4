/* rig.h - one TCP flow pushed through the stream room; every span is checked
 * and the books are balanced after each call. */
#ifndef SEKISHO_TEST_STREAM_RIG_H
#define SEKISHO_TEST_STREAM_RIG_H

#include "flow/lab.h"

#include <string.h>

#include "stream/stream.h"

#define RIG_BYTES (2u << 20)
#define RIG_TEXT 8192
#define C 1 /* direction of the client: it has the higher address */
#define S 0

struct rig_half {
	uint8_t *bytes; /* delivered, at their offsets */
	uint64_t end;   /* offset behind the last byte or gap */
	uint64_t delivered, missing, conflict, jumps;
	uint32_t ends;
	char text[RIG_TEXT]; /* short log: data as is, {conflict}, [gap], $ = END */
	size_t text_len;
};

struct rig {
	struct arena arena;
	struct flow_table *table;
	struct streams *streams;
	struct lab lab; /* only its counter of frames is used */
	uint64_t now_ns, pushed, lent_data, lent_conflict;
	uint8_t last_dir;
	uint32_t flow;
	bool after_rst;
	struct rig_half half[2];
};

/* Pulls every span there is. */
void rig_drain(struct rig *rig);
struct rig *rig_new_sized(uint32_t flows, uint32_t blocks);
struct rig *rig_new(void);
void rig_end(struct rig *rig);
void rig_free(struct rig *rig);
void rig_send(struct rig *rig, uint8_t dir, uint8_t flags, uint32_t seq, uint32_t ack,
	const void *data, uint32_t len, uint32_t wire);
void rig_text(struct rig *rig, uint32_t seq, const char *text);
void rig_ack(struct rig *rig, uint32_t ack);
void rig_open(struct rig *rig, uint32_t isn);
void rig_wait(struct rig *rig, uint64_t ns);

#define assert_client(rig, expected) assert_string_equal((rig)->half[C].text, expected)

#endif
