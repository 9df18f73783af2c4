/* superblock.c - who this spool is and what is acknowledged, in two slots
 * written in turn: a torn write leaves the other. */
#include <errno.h>

#include "base/hash.h"
#include "shipper/disk.h"

static uint32_t sum(const struct superblock *super)
{
	return hash_crc32c(0, super, offsetof(struct superblock, crc));
}

static bool is_good(const struct superblock *super)
{
	return super->magic == SUPERBLOCK_MAGIC && super->crc == sum(super) &&
	       super->version == DISK_VERSION && super->order == DISK_ORDER &&
	       super->progress.run_cnt <= RUNS_MAX && super->progress.run_last < RUNS_MAX &&
	       super->acked < super->next_seq;
}

/* Whole, but for the version: of another program, and not a bit that turned over. */
static bool is_of_another(const struct superblock *super)
{
	struct superblock ours = *super;

	ours.version = DISK_VERSION;
	ours.order = DISK_ORDER;
	return super->magic == SUPERBLOCK_MAGIC &&
	       (super->version != DISK_VERSION || super->order != DISK_ORDER) &&
	       super->crc != sum(&ours);
}

static bool refuse_version(const struct spool *spool, uint32_t version, struct err *err)
{
	return err_set(err, EXIT_CANNOT,
		"%s: a spool of version %u, or of another kind of machine; this program knows "
		"%d: let the program that wrote it deliver what waits, or give --spool another "
		"folder",
		spool->conf.path, version, DISK_VERSION);
}

static bool failed(const struct spool *spool, const char *what, struct err *err)
{
	return err_set(err, EXIT_CANNOT, "%s/%s: cannot %s: %s", spool->conf.path, SUPERBLOCK_NAME,
		what, strerror(errno));
}

/* No slot is good: fresh, or torn at its very first write, or damaged. */
bool superblock_read(struct spool *spool, bool *found, struct err *err)
{
	const struct spool_io *io = &spool->io;
	uint8_t slots[2 * SUPERBLOCK_SLOT] = {0};
	uint32_t other = 0;

	*found = false;
	spool->super_fd = io->open(io->self, SUPERBLOCK_NAME, false);
	if (spool->super_fd == -1)
		return errno == ENOENT || failed(spool, "open", err);
	for (int i = 0; i < 2; i++) {
		struct superblock super;
		uint8_t *slot = slots + i * SUPERBLOCK_SLOT;
		if (disk_read(io, spool->super_fd, slot, sizeof(super),
			    (uint64_t)i * SUPERBLOCK_SLOT) < sizeof(super))
			continue; /* short or unreadable: as good as damaged */
		memcpy(&super, slot, sizeof(super));
		if (is_good(&super) && (!*found || super.generation > spool->super.generation)) {
			spool->super = super;
			*found = true;
		} else if (is_of_another(&super)) {
			other = super.version;
		}
	}
	return *found || other == 0 || refuse_version(spool, other, err);
}

static bool open_new(struct spool *spool, struct err *err)
{
	const struct spool_io *io = &spool->io;

	spool->super_fd = io->open(io->self, SUPERBLOCK_NAME, false);
	if (spool->super_fd == -1 && errno == ENOENT)
		spool->super_fd = io->open(io->self, SUPERBLOCK_NAME, true);
	if (spool->super_fd == -1)
		return failed(spool, "make", err);
	if (io->reserve(io->self, spool->super_fd, (uint64_t)2 * SUPERBLOCK_SLOT) == -1 ||
		io->sync_dir(io->self) == -1)
		return failed(spool, "make", err);
	return true;
}

/* A descriptor that failed is not asked again; the slot that failed is. */
bool superblock_write(struct spool *spool, struct err *err)
{
	const struct spool_io *io = &spool->io;
	struct superblock next = spool->super;

	next.generation++;
	next.acked = spool->acked;
	next.next_seq = spool->durable_next;
	next.progress = spool->progress;
	next.crc = sum(&next);
	bool good = (spool->super_fd != -1 || open_new(spool, err));
	if (good && (!disk_write(io, spool->super_fd, &next, sizeof(next),
			     (next.generation & 1) * SUPERBLOCK_SLOT) ||
			    io->sync(io->self, spool->super_fd) == -1))
		good = failed(spool, "write", err);
	if (!good && spool->super_fd != -1) {
		io->close(io->self, spool->super_fd);
		spool->super_fd = -1;
	}
	if (good)
		spool->super = next;
	return good;
}
