/* merge.h - several files as one row of frames: the lowest stamp first, of
 * equal stamps the earlier file.  Looks one frame ahead in each file. */
#ifndef SEKISHO_CAPTURE_MERGE_H
#define SEKISHO_CAPTURE_MERGE_H

#include "base/frame.h"
#include "capture/file.h"

struct merge {
	struct file *files;  /* borrowed */
	struct frame *heads; /* the next frame of each file */
	uint16_t *heap;      /* files with a head, the first one on top */
	uint32_t count, heap_cnt;
	uint32_t started; /* files whose first frame was looked at */
	bool taken;       /* the head on top was lent */
};

bool merge_init(struct merge *merge, struct file *files, uint32_t count);
void merge_fini(struct merge *merge);
/* Up to max frames; fewer if a file ended or its next block is held. */
uint32_t merge_fill(struct merge *merge, struct frame frames[], uint32_t max);
/* True if no file has a frame left. */
bool merge_ended(const struct merge *merge);
/* The file that merge_fill() waits for, or NULL. */
const struct file *merge_waits(const struct merge *merge);

#endif
