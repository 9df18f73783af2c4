#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/log.h"
#include "shipper/disk.h"

#define FOUND_MAX (1u << 20)

struct found {
	struct {
		uint64_t epoch, first_seq;
	} * at;
	size_t cnt, room;
	bool no_memory;
};

static void each_name(void *to, const char *name)
{
	struct found *found = to;
	uint64_t epoch, first_seq;

	if (!segment_name_read(name, &epoch, &first_seq) || found->cnt == FOUND_MAX)
		return;
	if (found->cnt == found->room) {
		size_t room = found->room * 2 + 64;
		void *more = reallocarray(found->at, room, sizeof(*found->at));
		if (more == NULL) {
			found->no_memory = true;
			return;
		}
		found->at = more;
		found->room = room;
	}
	found->at[found->cnt].epoch = epoch;
	found->at[found->cnt++].first_seq = first_seq;
}

static bool header_read(
	struct spool *spool, uint64_t epoch, uint64_t first_seq, struct segment_header *header)
{
	const struct spool_io *io = &spool->io;
	char name[NAME_SIZE];

	segment_name(epoch, first_seq, name);
	int fd = io->open(io->self, name, false);
	if (fd == -1)
		return false;
	bool good = disk_read(io, fd, header, sizeof(*header), 0) == sizeof(*header);
	io->close(io->self, fd);
	return good && header->magic == SEGMENT_MAGIC && header->version == DISK_VERSION &&
	       header->order == DISK_ORDER && header->epoch == epoch &&
	       header->first_seq == first_seq &&
	       header->crc == hash_crc32c(0, header, offsetof(struct segment_header, crc));
}

static bool random_u64(uint64_t *value)
{
	do {
		if (getrandom(value, sizeof(*value), 0) != sizeof(*value))
			return false;
	} while (*value == 0);
	return true;
}

/* Without a superblock: who the segments say we are, or somebody new. */
static bool identify(struct spool *spool, const struct found *found, struct err *err)
{
	struct superblock *super = &spool->super;
	struct segment_header header, best = {.first_seq = 0};

	for (size_t i = 0; i < found->cnt; i++)
		if (header_read(spool, found->at[i].epoch, found->at[i].first_seq, &header) &&
			(best.first_seq == 0 || header.first_seq < best.first_seq))
			best = header;
	*super = (struct superblock){
		.magic = SUPERBLOCK_MAGIC, .version = DISK_VERSION, .order = DISK_ORDER};
	super->sensor_id = best.sensor_id;
	super->epoch = best.epoch;
	super->acked = best.first_seq == 0 ? 0 : best.first_seq - 1;
	super->next_seq = super->acked + 1;
	if (best.first_seq != 0) {
		log_line(LOG_LEVEL_WARN, "%s/%s: unreadable; made anew from the segments",
			spool->conf.path, SUPERBLOCK_NAME);
		return true;
	}
	return (random_u64(&super->sensor_id) && random_u64(&super->epoch)) ||
	       err_set(err, EXIT_CANNOT, "no random bytes for the spool: %s", strerror(errno));
}

static void put_aside(struct spool *spool, uint64_t epoch, uint64_t first_seq)
{
	char name[NAME_SIZE], aside[NAME_SIZE + 4];

	segment_name(epoch, first_seq, name);
	snprintf(aside, sizeof(aside), "%s.bad", name);
	if (spool->io.rename(spool->io.self, name, aside) != -1)
		log_line(LOG_LEVEL_WARN, "%s/%s: not of this spool; kept as %s", spool->conf.path,
			name, aside);
}

static int by_first_seq(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->first_seq < y->first_seq ? -1 : x->first_seq > y->first_seq;
}

static bool take_segments(struct spool *spool, const struct found *found, struct err *err)
{
	size_t own = 0;

	spool->segment_room = spool->conf.bytes / spool->conf.segment_bytes + found->cnt + 2;
	spool->segments = calloc(spool->segment_room, sizeof(*spool->segments));
	if (spool->segments == NULL)
		return err_set(err, EXIT_CANNOT, "%s: no memory for %zu segments", spool->conf.path,
			spool->segment_room);
	for (size_t i = 0; i < found->cnt; i++) {
		if (found->at[i].epoch == spool->super.epoch)
			spool->segments[own++].first_seq = found->at[i].first_seq;
		else
			put_aside(spool, found->at[i].epoch, found->at[i].first_seq);
	}
	qsort(spool->segments, own, sizeof(*spool->segments), by_first_seq);
	spool->segment_cnt = own;
	for (size_t i = 0; i < own; i++) {
		struct segment *segment = &spool->segments[i];
		segment->used = spool->conf.segment_bytes;
		segment->end_seq =
			i + 1 < own ? segment[1].first_seq : segment->first_seq + segment->used / 8;
	}
	return true;
}

/* All whole records of one segment; returns the place behind the last. */
static uint32_t read_segment(
	struct spool *spool, const struct segment *segment, uint64_t *next, uint64_t *good)
{
	struct disk_head head;
	struct record record;
	struct bytes body;
	uint32_t at = SEGMENT_HEADER, end = at;

	*next = segment->first_seq;
	while (scan_next(spool, segment, *next, &at, &head, &body)) {
		memcpy(&record, body.ptr, sizeof(record));
		*next = head.seq + 1;
		at += disk_size(head.len);
		end = at;
		if (head.seq > spool->super.acked)
			++*good;
		if (head.seq >= spool->super.next_seq)
			progress_note(&spool->progress, &head, &record);
	}
	return end;
}

/* What a crash left behind the last whole record must not be taken for one
 * later, and its number is not given again: it may have been sent. */
static bool clean_tail(struct spool *spool, uint32_t at, uint64_t *next, struct err *err)
{
	static const uint8_t zero[4096];
	const struct spool_io *io = &spool->io;
	struct segment *last = &spool->segments[spool->segment_cnt - 1];
	uint64_t seen = *next;
	uint32_t end = scan_tail(spool, last, at, &seen);
	char name[NAME_SIZE];
	bool good = true;

	scan_forget(spool);
	segment_name(spool->super.epoch, last->first_seq, name);
	spool->fd = io->open(io->self, name, false);
	if (spool->fd == -1)
		return err_set(err, EXIT_CANNOT, "%s/%s: cannot open: %s", spool->conf.path, name,
			strerror(errno));
	if (end > at) {
		*next = seen > *next ? seen : *next + 1;
		log_line(LOG_LEVEL_WARN, "%s/%s: the last write was torn", spool->conf.path, name);
	}
	for (uint32_t i = at; good && i < end; i += sizeof(zero))
		good = disk_write(
			io, spool->fd, zero, end - i < sizeof(zero) ? end - i : sizeof(zero), i);
	/* also what a killed process wrote and did not sync */
	if (!good || io->sync(io->self, spool->fd) == -1)
		return err_set(err, EXIT_CANNOT, "%s/%s: cannot write: %s", spool->conf.path, name,
			strerror(errno));
	last->used = at;
	return true;
}

static bool read_records(struct spool *spool, struct err *err)
{
	uint64_t next = spool->super.acked + 1, good = 0;
	uint32_t end = SEGMENT_HEADER;

	for (size_t i = segments_kept(spool); i < spool->segment_cnt; i++)
		end = read_segment(spool, &spool->segments[i], &next, &good);
	if (spool->segment_cnt > 0 && !clean_tail(spool, end, &next, err))
		return false;
	if (next < spool->super.next_seq)
		next = spool->super.next_seq;
	if (spool->segment_cnt > 0)
		spool->segments[spool->segment_cnt - 1].end_seq = next;
	spool->next_seq = spool->durable_next = next;
	spool->lost = next - 1 - spool->super.acked - good;
	if (spool->lost > 0)
		log_line(LOG_LEVEL_ERROR,
			"%s: %llu events cannot be read; each is told as spool_corrupt",
			spool->conf.path, (unsigned long long)spool->lost);
	return true;
}

bool recover(struct spool *spool, bool had_superblock, struct err *err)
{
	struct found found = {.at = NULL};
	const struct spool_io *io = &spool->io;
	bool good = true;

	if (io->list(io->self, each_name, &found) == -1)
		good = err_set(err, EXIT_CANNOT, "%s: cannot read the folder: %s", spool->conf.path,
			strerror(errno));
	if (good && found.no_memory)
		good = err_set(err, EXIT_CANNOT, "%s: no memory", spool->conf.path);
	if (good && !had_superblock)
		good = identify(spool, &found, err);
	spool->progress = spool->super.progress;
	spool->acked = spool->super.acked;
	good = good && take_segments(spool, &found, err) && read_records(spool, err);
	free(found.at);
	return good;
}
