/* spool_io.h - the few calls the spool makes of a file system, so that tests
 * can fail, shorten or stop any of them.
 *
 * Names are plain file names inside one folder.  Every call returns -1 with
 * errno where it fails; read and write may be short. */
#ifndef SEKISHO_SHIPPER_SPOOL_IO_H
#define SEKISHO_SHIPPER_SPOOL_IO_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

struct spool_io {
	void *self;
	/* For reading and writing; create: it must not exist yet.  A descriptor. */
	int (*open)(void *self, const char *name, bool create);
	void (*close)(void *self, int fd);
	int (*reserve)(void *self, int fd, uint64_t len); /* room on the disk, reads as zero */
	ssize_t (*read)(void *self, int fd, void *out, size_t len, uint64_t at);
	ssize_t (*write)(void *self, int fd, const void *data, size_t len, uint64_t at);
	int (*sync)(void *self, int fd);
	int (*sync_dir)(void *self);
	int (*rename)(void *self, const char *from, const char *to);
	int (*unlink)(void *self, const char *name);
	int (*list)(void *self, void (*each)(void *to, const char *name), void *to);
};

struct spool_dir {
	int fd;
};

/* The real one.  EXIT_CANNOT: no such folder, or another process has it.  dir
 * is the caller's and outlives io; spool_dir_close() gives the folder back. */
bool spool_dir_open(struct spool_dir *dir, const char *path, struct spool_io *io, struct err *err);
void spool_dir_close(struct spool_dir *dir);

#endif
