/* reading.h - reads a capture in memory to its end and keeps what came. */
#ifndef SEKISHO_TEST_CAPTURE_READING_H
#define SEKISHO_TEST_CAPTURE_READING_H

#include "capture/source.h"

#define READING_MAX 64

struct reading_frame {
	uint64_t ts_ns, number;
	uint32_t caplen, wirelen, vlan;
	uint16_t link, source;
	uint8_t fill;     /* first byte */
	bool right_bytes; /* are those of encode_payload(fill, .) */
};

struct reading {
	uint32_t count; /* all frames, also beyond READING_MAX */
	struct reading_frame frames[READING_MAX];
	uint64_t input_frames, input_bytes; /* of all inputs */
	char damage[160];                   /* of the first input that has one, or "" */
	char error[480];                    /* of a source that did not open, or "" */
};

/* Each part ends at an unreadable page; batch frames are asked for at a time
 * and given back at once. */
void read_parts(struct reading *r, const struct bytes parts[], uint32_t count, uint32_t batch);
void read_bytes(struct reading *r, struct bytes part, uint32_t batch);

#endif
