#include "shipper/spool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "shipper/disk.h"

#define KEEP_PART 4 /* of the spool, for what is acknowledged */
#define KEEP_NS (UINT64_C(86400) * 1000000000)

/* Up to where a class is taken, in percent of the room; GAP records: all of it. */
static const uint8_t admitted_to[] = {[EVENT_P0] = 95, [EVENT_P1] = 85, [EVENT_P2] = 70};

static struct segment *last_of(struct spool *spool)
{
	return spool->segment_cnt == 0 ? NULL : &spool->segments[spool->segment_cnt - 1];
}

static uint64_t segments_max(const struct spool *spool)
{
	return spool->conf.bytes / spool->conf.segment_bytes;
}

static uint64_t room(const struct spool *spool)
{
	uint64_t here = spool->segment_cnt + (spool->spare ? 1 : 0);
	uint64_t most = segments_max(spool);

	return (spool->no_space && here < most ? here : most) * spool->conf.segment_bytes;
}

/* What waits; what is only kept gives way. */
static uint64_t fill(struct spool *spool)
{
	const struct segment *last = last_of(spool);

	if (last == NULL)
		return spool->group_len;
	return (spool->segment_cnt - segments_kept(spool) - 1) * spool->conf.segment_bytes +
	       last->used + spool->group_len;
}

static bool drop_kept(struct spool *spool)
{
	bool any = segments_kept(spool) > 0;

	if (any)
		segment_drop(spool, 1);
	return any;
}

static enum spool_rc new_segment(struct spool *spool)
{
	struct err err = {0};

	while (spool->segment_cnt >= segments_max(spool))
		if (!drop_kept(spool))
			return SPOOL_FULL;
	while (!segment_start(spool, spool->next_seq, &err))
		if (!spool->no_space || !drop_kept(spool))
			return SPOOL_FULL;
	return SPOOL_TAKEN;
}

/* Room of the segment for one more record, of a new one if there is none. */
static enum spool_rc make_room(struct spool *spool, uint32_t need, unsigned percent)
{
	const struct segment *last = last_of(spool);

	if (spool->group_cnt == SPOOL_GROUP_MAX || spool->group_len + need > GROUP_BYTES)
		return SPOOL_BUSY;
	if (fill(spool) + need > room(spool) / 100 * percent)
		return SPOOL_FULL;
	if (spool->fd != -1 && last->used + spool->group_len + need <= spool->conf.segment_bytes)
		return SPOOL_TAKEN;
	if (spool->group_len > 0)
		return SPOOL_BUSY;
	return new_segment(spool);
}

static void append(struct spool *spool, const struct spool_origin *origin, const uint32_t untold[3],
	struct bytes body)
{
	struct disk_head head = {.len = (uint32_t)body.len,
		.seq = spool->next_seq++,
		.ring = origin->ring,
		.position = origin->position,
		.real_ns = origin->real_ns,
		.untold = {untold[0], untold[1], untold[2]}};
	uint8_t *out = spool->group + spool->group_len;
	struct record record;

	head.crc = disk_crc(spool->super.epoch, &head, body);
	memset(out, 0, disk_size(head.len));
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), body.ptr, body.len);
	memcpy(&record, body.ptr, sizeof(record));
	progress_note(&spool->progress, &head, &record);
	memset(spool->refused_open, 0, sizeof(spool->refused_open));
	spool->group_len += disk_size(head.len);
	spool->group_cnt++;
}

static bool is_record(struct bytes body, struct record *record)
{
	if (body.len <= sizeof(*record) || body.len > SPOOL_BODY_MAX)
		return false;
	memcpy(record, body.ptr, sizeof(*record));
	return record->len == body.len - sizeof(*record) && record->kind >= EVENT_ALERT &&
	       record->kind <= EVENT_GAP && record->event_class <= EVENT_P2;
}

static void untold_now(const struct spool *spool, uint32_t untold[3])
{
	for (int i = 0; i < 3; i++)
		untold[i] = spool->progress.untold[i] + spool->refused_open[i];
}

void spool_refuse(struct spool *spool, enum event_class event_class, uint32_t n)
{
	spool->refused[event_class] += n;
	spool->refused_open[event_class] += n;
}

enum spool_rc spool_admit(struct spool *spool, const struct spool_origin *origin, struct bytes body,
	enum spool_patience patience)
{
	struct record record;
	uint32_t untold[3];

	if (!is_record(body, &record))
		return SPOOL_BAD;
	if (progress_has(&spool->progress, origin->ring, origin->position, &record))
		return SPOOL_REPEATED;
	enum spool_rc rc =
		make_room(spool, disk_size((uint32_t)body.len), admitted_to[record.event_class]);
	bool sheds = patience == SPOOL_SHEDS_ALL ||
		     (patience == SPOOL_SHEDS && record.event_class != EVENT_P0);
	if (rc == SPOOL_FULL && sheds) {
		spool_refuse(spool, (enum event_class)record.event_class, 1);
		return SPOOL_REFUSED;
	}
	if (rc != SPOOL_TAKEN)
		return rc;
	untold_now(spool, untold);
	append(spool, origin, untold, body);
	return SPOOL_TAKEN;
}

enum spool_rc spool_tell(struct spool *spool, uint64_t real_ns)
{
	uint8_t body[SPOOL_BODY_MAX];
	uint32_t untold[3];

	untold_now(spool, untold);
	for (uint8_t i = EVENT_P0; i <= EVENT_P2; i++) {
		struct gap gap = {
			.reason = "no_room", .event_class = i, .n = untold[i], .real_ns = real_ns};
		if (untold[i] == 0)
			continue;
		gap.first_seq = spool->next_seq;
		size_t len = gap_body(spool->conf.sensor, &gap, body);
		enum spool_rc rc = make_room(spool, disk_size((uint32_t)len), 100);
		if (rc != SPOOL_TAKEN)
			return rc;
		untold[i] = 0;
		append(spool, &(struct spool_origin){.real_ns = real_ns}, untold,
			bytes_of(body, len));
	}
	return SPOOL_TAKEN;
}

static bool write_group(struct spool *spool, struct err *err)
{
	const struct spool_io *io = &spool->io;
	struct segment *last = last_of(spool);

	if (spool->fd == -1 && !segment_start(spool, spool->next_seq - spool->group_cnt, err))
		return false;
	last = last_of(spool);
	if (disk_write(io, spool->fd, spool->group, spool->group_len, last->used) &&
		io->sync(io->self, spool->fd) != -1)
		return true;
	err_set(err, EXIT_CANNOT, "%s: cannot write events: %s", spool->conf.path, strerror(errno));
	io->close(io->self, spool->fd);
	spool->fd = -1;
	return false;
}

bool spool_sync(struct spool *spool, struct err *err)
{
	if (spool->group_cnt == 0)
		return true;
	if (!write_group(spool, err)) {
		log_line(LOG_LEVEL_ERROR, "%s; trying another segment", err->text);
		*err = (struct err){0};
		if (!write_group(spool, err))
			return false;
	}
	struct segment *last = last_of(spool);
	last->used += (uint32_t)spool->group_len;
	last->end_seq = spool->durable_next = spool->next_seq;
	spool->group_len = 0;
	spool->group_cnt = 0;
	spool->window.len = 0; /* it may hold the place as it was */
	return true;
}

void spool_ack(struct spool *spool, uint64_t seq)
{
	assert(seq < spool->durable_next);
	if (seq > spool->acked)
		spool->acked = seq;
}

/* Too many, too old, or where the spare should be. */
static void drop_old(struct spool *spool, uint64_t real_ns)
{
	size_t kept = segments_kept(spool), done = 0;

	for (size_t i = 0; i < kept; i++)
		if (spool->segments[i].acked_ns == 0)
			spool->segments[i].acked_ns = real_ns;
	while (done < kept && (kept - done > segments_max(spool) / KEEP_PART ||
				      spool->segment_cnt - done >= segments_max(spool) ||
				      real_ns - spool->segments[done].acked_ns >= KEEP_NS))
		done++;
	segment_drop(spool, done);
}

bool spool_tend(struct spool *spool, uint64_t real_ns, struct err *err)
{
	struct err spare = {0};

	if (spool->group_cnt > 0)
		return true; /* its progress is not durable */
	if (spool->acked > spool->super.acked && !superblock_write(spool, err))
		return false;
	drop_old(spool, real_ns);
	bool had_space = !spool->no_space;
	bool made = spool->spare || spool->segment_cnt >= segments_max(spool) ||
		    spare_make(spool, &spare);
	while (!made && spool->no_space && drop_kept(spool))
		made = spare_make(spool, &spare);
	if (!made && had_space)
		log_line(LOG_LEVEL_WARN, "%s; what is refused is counted and told", spare.text);
	return true;
}

struct spool_state spool_state(const struct spool *spool)
{
	uint32_t untold[3];

	untold_now(spool, untold);
	return (struct spool_state){.sensor_id = spool->super.sensor_id,
		.epoch = spool->super.epoch,
		.acked = spool->acked,
		.oldest = spool->segment_cnt > 0 && spool->segments[0].first_seq <= spool->acked
				  ? spool->segments[0].first_seq
				  : spool->acked + 1,
		.next_seq = spool->durable_next,
		.lost = spool->lost,
		.refused = {spool->refused[0], spool->refused[1], spool->refused[2]},
		.untold = (uint64_t)untold[0] + untold[1] + untold[2],
		.settled = spool->group_cnt == 0 && spool->refused_open[0] == 0 &&
			   spool->refused_open[1] == 0 && spool->refused_open[2] == 0};
}

static const struct segment *segment_of(const struct spool *spool, uint64_t seq)
{
	size_t low = 0, high = spool->segment_cnt;

	while (low < high) { /* the last that begins at or before seq */
		size_t middle = low + (high - low) / 2;
		if (spool->segments[middle].first_seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || seq >= spool->segments[low - 1].end_seq)
		return NULL;
	return &spool->segments[low - 1];
}

size_t spool_read(
	struct spool *spool, struct spool_cursor *cursor, uint8_t out[static SPOOL_BODY_MAX])
{
	struct disk_head head;
	struct bytes body;

	if (cursor->seq >= spool->durable_next)
		return 0;
	const struct segment *segment = segment_of(spool, cursor->seq);
	if (segment != NULL) {
		if (cursor->segment != segment->first_seq) {
			cursor->segment = segment->first_seq;
			cursor->at = SEGMENT_HEADER;
		}
		if (scan_next(spool, segment, cursor->seq, &cursor->at, &head, &body) &&
			head.seq == cursor->seq) {
			memcpy(out, body.ptr, body.len);
			cursor->at += disk_size(head.len);
			cursor->seq++;
			return body.len;
		}
	}
	const struct gap gap = {.reason = "spool_corrupt",
		.n = 1,
		.first_seq = cursor->seq++,
		.real_ns = spool->opened_ns};
	return gap_body(spool->conf.sensor, &gap, out);
}

static bool prepare(struct spool *spool, struct err *err)
{
	bool found;

	if (!superblock_read(spool, &found, err) || !recover(spool, found, err))
		return false;
	if (spool->super.generation == 0 && spool->super_fd != -1) {
		spool->io.close(spool->io.self, spool->super_fd);
		spool->super_fd = -1; /* whatever stands there gets its room again */
	}
	if (!superblock_write(spool, err))
		return false;
	if (spool->segment_cnt < segments_max(spool) && !spare_make(spool, err)) {
		if (!spool->no_space || spool->segment_cnt == 0)
			return false;
		log_line(LOG_LEVEL_WARN, "%s; what is refused is counted and told", err->text);
		*err = (struct err){0};
	}
	return spool->io.sync_dir(spool->io.self) != -1 ||
	       err_set(err, EXIT_CANNOT, "%s: cannot write the folder: %s", spool->conf.path,
		       strerror(errno));
}

struct spool *spool_open(const struct spool_io *io, const struct spool_conf *conf, struct err *err)
{
	if (conf->segment_bytes < SPOOL_SEGMENT_MIN || conf->segment_bytes % 4096 != 0 ||
		conf->bytes / conf->segment_bytes < 4) {
		err_set(err, EXIT_USAGE, "%s: a spool of %llu bytes is too small; 4 segments of %u",
			conf->path, (unsigned long long)conf->bytes, conf->segment_bytes);
		return NULL;
	}
	struct spool *spool = calloc(1, sizeof(*spool));
	uint8_t *group = malloc(GROUP_BYTES);
	if (spool == NULL || group == NULL) {
		free(spool);
		free(group);
		err_set(err, EXIT_CANNOT, "%s: no memory", conf->path);
		return NULL;
	}
	spool->io = *io;
	spool->conf = *conf;
	spool->group = group;
	spool->super_fd = spool->fd = spool->window.fd = -1;
	spool->opened_ns = clock_real_ns();
	if (prepare(spool, err))
		return spool;
	spool_close(spool);
	return NULL;
}

void spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	scan_forget(spool);
	if (spool->fd != -1)
		spool->io.close(spool->io.self, spool->fd);
	if (spool->super_fd != -1)
		spool->io.close(spool->io.self, spool->super_fd);
	free(spool->segments);
	free(spool->group);
	free(spool);
}
