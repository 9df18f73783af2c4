/* progress.c - what was admitted last, to know a repetition again.
 *
 * By position: a shipper that died between sync and release reads the same
 * ring again.  By (run, n): an engine that died reads the same files again. */
#include "shipper/disk.h"

static const struct run_mark *find(const struct progress *progress, uint64_t run)
{
	for (uint32_t i = 0; i < progress->run_cnt; i++)
		if (progress->runs[i].run == run)
			return &progress->runs[i];
	return NULL;
}

bool progress_has(const struct progress *progress, uint64_t ring, uint64_t position,
	const struct record *record)
{
	if (progress->ring != 0 && progress->ring == ring && position <= progress->position)
		return true;
	const struct run_mark *mark = find(progress, record->run);
	return record->n > 0 && mark != NULL && record->n <= mark->n;
}

void progress_note(
	struct progress *progress, const struct disk_head *head, const struct record *record)
{
	memcpy(progress->untold, head->untold, sizeof(progress->untold));
	if (record->n == 0)
		return;
	progress->ring = head->ring;
	progress->position = head->position;
	struct run_mark *mark = (struct run_mark *)find(progress, record->run);
	if (mark == NULL) {
		if (progress->run_cnt < RUNS_MAX)
			mark = &progress->runs[progress->run_cnt++];
		else
			mark = &progress->runs[(progress->run_last + 1) % RUNS_MAX];
		*mark = (struct run_mark){.run = record->run};
	}
	progress->run_last = (uint32_t)(mark - progress->runs);
	if (record->n > mark->n)
		mark->n = record->n;
}
