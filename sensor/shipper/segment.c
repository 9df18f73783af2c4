#include <errno.h>

#include "base/hash.h"
#include "shipper/disk.h"

static bool failed(struct spool *spool, const char *name, int fd, const char *what, struct err *err)
{
	int reason = errno;

	if (fd != -1)
		spool->io.close(spool->io.self, fd);
	spool->no_space = reason == ENOSPC || reason == EDQUOT;
	return err_set(err, EXIT_CANNOT, "%s/%s: cannot %s: %s", spool->conf.path, name, what,
		strerror(reason));
}

/* The only place where the disk may be full: what is reserved stays ours. */
bool spare_make(struct spool *spool, struct err *err)
{
	const struct spool_io *io = &spool->io;
	int fd = io->open(io->self, SPARE_NAME, false);

	if (fd == -1 && errno == ENOENT)
		fd = io->open(io->self, SPARE_NAME, true);
	if (fd == -1)
		return failed(spool, SPARE_NAME, fd, "make", err);
	if (io->reserve(io->self, fd, spool->conf.segment_bytes) == -1)
		return failed(spool, SPARE_NAME, fd, "reserve room", err);
	io->close(io->self, fd);
	spool->spare = true;
	spool->no_space = false;
	return true;
}

static bool write_header(struct spool *spool, int fd, uint64_t first_seq)
{
	uint8_t block[SEGMENT_HEADER] = {0};
	struct segment_header header = {.magic = SEGMENT_MAGIC,
		.version = DISK_VERSION,
		.order = DISK_ORDER,
		.sensor_id = spool->super.sensor_id,
		.epoch = spool->super.epoch,
		.first_seq = first_seq,
		.segment_bytes = spool->conf.segment_bytes};

	header.crc = hash_crc32c(0, &header, offsetof(struct segment_header, crc));
	memcpy(block, &header, sizeof(header));
	return disk_write(&spool->io, fd, block, sizeof(block), 0) &&
	       spool->io.sync(spool->io.self, fd) != -1;
}

/* The spare becomes the last segment; the one before stays as it is. */
bool segment_start(struct spool *spool, uint64_t first_seq, struct err *err)
{
	const struct spool_io *io = &spool->io;
	char name[NAME_SIZE];

	if (spool->segment_cnt == spool->segment_room)
		return err_set(err, EXIT_CANNOT, "%s: too many segments", spool->conf.path);
	if (!spool->spare && !spare_make(spool, err))
		return false;
	segment_name(spool->super.epoch, first_seq, name);
	int fd = io->open(io->self, SPARE_NAME, false);
	if (fd == -1) {
		spool->spare = false;
		return failed(spool, SPARE_NAME, fd, "open", err);
	}
	if (!write_header(spool, fd, first_seq))
		return failed(spool, SPARE_NAME, fd, "write", err);
	if (io->rename(io->self, SPARE_NAME, name) == -1)
		return failed(spool, name, fd, "make", err);
	spool->spare = false;
	if (io->sync_dir(io->self) == -1)
		return failed(spool, name, fd, "make", err);
	if (spool->fd != -1)
		io->close(io->self, spool->fd);
	spool->fd = fd;
	/* a segment begun at the same number holds nothing: its name went to this one */
	if (spool->segment_cnt > 0 &&
		spool->segments[spool->segment_cnt - 1].first_seq == first_seq)
		spool->segment_cnt--;
	if (spool->segment_cnt > 0)
		spool->segments[spool->segment_cnt - 1].end_seq = first_seq;
	spool->segments[spool->segment_cnt++] = (struct segment){
		.first_seq = first_seq, .end_seq = first_seq, .used = SEGMENT_HEADER};
	scan_forget(spool);
	return true;
}

size_t segments_kept(const struct spool *spool)
{
	size_t kept = 0;

	while (kept + 1 < spool->segment_cnt &&
		spool->segments[kept].end_seq - 1 <= spool->super.acked)
		kept++;
	return kept;
}

void segment_drop(struct spool *spool, size_t cnt)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < cnt; i++) {
		segment_name(spool->super.epoch, spool->segments[i].first_seq, name);
		/* one that stays is found and removed by the next start */
		(void)spool->io.unlink(spool->io.self, name);
	}
	if (cnt > 0)
		memmove(spool->segments, spool->segments + cnt,
			(spool->segment_cnt - cnt) * sizeof(*spool->segments));
	spool->segment_cnt -= cnt;
}
