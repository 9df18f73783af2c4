/* cut.h - a decoder of bodies gives the same however its input is cut. */
#ifndef SEKISHO_TEST_CUT_H
#define SEKISHO_TEST_CUT_H

#include "codec/inflate.h"

/* The calls of codec/inflate.h, or of a room with the same. */
struct cut_decoder {
	uint32_t (*open)(void);
	enum inflate_rc (*step)(uint32_t state, struct bytes *in, bool last, struct bytes *out);
	struct bytes (*rest)(uint32_t state);
	void (*close)(uint32_t state);
};

struct cut_result {
	uint8_t *data; /* the caller frees it; NULL: nothing came out */
	size_t len, room, rest_len;
	enum inflate_rc rc;
	uint64_t shape; /* of the blocks: how they were cut */
};

/* Cut at first, then every each bytes. */
struct cut_result cut_run(
	const struct cut_decoder *decoder, struct bytes coded, size_t first, size_t each);
/* So cut it gives what it gave as a whole. */
void cut_same(const struct cut_decoder *decoder, struct bytes coded, const struct cut_result *whole,
	size_t first, size_t each);
/* About so many cuts in two, and small pieces. */
void cut_check(const struct cut_decoder *decoder, struct bytes coded,
	const struct cut_result *whole, size_t cuts);

#endif
