#include "capture/merge.h"

#include <stdlib.h>

static bool goes_first(const struct merge *merge, uint16_t a, uint16_t b)
{
	uint64_t ts_a = merge->heads[a].ts_ns, ts_b = merge->heads[b].ts_ns;

	return ts_a != ts_b ? ts_a < ts_b : a < b;
}

static void sift_down(struct merge *merge)
{
	uint16_t *heap = merge->heap, moved = heap[0];
	uint32_t at = 0;

	for (uint32_t child; (child = 2 * at + 1) < merge->heap_cnt; at = child) {
		if (child + 1 < merge->heap_cnt && goes_first(merge, heap[child + 1], heap[child]))
			child++;
		if (!goes_first(merge, heap[child], moved))
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
}

static void push(struct merge *merge, uint16_t file)
{
	uint32_t at = merge->heap_cnt++;

	for (; at > 0 && goes_first(merge, file, merge->heap[(at - 1) / 2]); at = (at - 1) / 2)
		merge->heap[at] = merge->heap[(at - 1) / 2];
	merge->heap[at] = file;
}

static bool look_ahead(struct merge *merge, uint16_t file)
{
	return merge->files[file].fill(&merge->files[file], &merge->heads[file], 1) == 1;
}

/* False: a file's next block is held, so nobody knows who is first. */
static bool settle(struct merge *merge)
{
	for (; merge->started < merge->count; merge->started++) {
		uint16_t file = (uint16_t)merge->started;

		if (look_ahead(merge, file))
			push(merge, file);
		else if (!merge->files[file].ended)
			return false;
	}
	if (!merge->taken)
		return true;
	if (!look_ahead(merge, merge->heap[0])) {
		if (!merge->files[merge->heap[0]].ended)
			return false;
		merge->heap[0] = merge->heap[--merge->heap_cnt];
	}
	sift_down(merge);
	merge->taken = false;
	return true;
}

bool merge_init(struct merge *merge, struct file *files, uint32_t count)
{
	*merge = (struct merge){.files = files, .count = count};
	merge->heads = calloc(count, sizeof(*merge->heads));
	merge->heap = calloc(count, sizeof(*merge->heap));
	return merge->heads != NULL && merge->heap != NULL;
}

void merge_fini(struct merge *merge)
{
	free(merge->heads);
	free(merge->heap);
}

uint32_t merge_fill(struct merge *merge, struct frame frames[], uint32_t max)
{
	uint32_t n = 0;

	while (n < max && settle(merge) && merge->heap_cnt > 0) {
		frames[n++] = merge->heads[merge->heap[0]];
		merge->taken = true;
	}
	return n;
}

bool merge_ended(const struct merge *merge)
{
	return merge->started == merge->count && merge->heap_cnt == 0 && !merge->taken;
}

const struct file *merge_waits(const struct merge *merge)
{
	if (merge->started < merge->count)
		return &merge->files[merge->started];
	return merge->taken ? &merge->files[merge->heap[0]] : NULL;
}
