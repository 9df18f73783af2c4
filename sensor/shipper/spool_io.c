#include "shipper/spool_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int fd_of(void *self)
{
	return ((struct spool_dir *)self)->fd;
}

static int dir_open(void *self, const char *name, bool create)
{
	int how = create ? O_CREAT | O_EXCL : 0;

	return openat(fd_of(self), name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | how, 0600);
}

static void dir_close(void *self, int fd)
{
	(void)self;
	close(fd);
}

static int dir_reserve(void *self, int fd, uint64_t len)
{
	(void)self;
	errno = posix_fallocate(fd, 0, (off_t)len);
	return errno == 0 ? 0 : -1;
}

static ssize_t dir_read(void *self, int fd, void *out, size_t len, uint64_t at)
{
	(void)self;
	return pread(fd, out, len, (off_t)at);
}

static ssize_t dir_write(void *self, int fd, const void *data, size_t len, uint64_t at)
{
	(void)self;
	return pwrite(fd, data, len, (off_t)at);
}

static int dir_sync(void *self, int fd)
{
	(void)self;
	return fdatasync(fd);
}

static int dir_sync_dir(void *self)
{
	return fsync(fd_of(self));
}

static int dir_rename(void *self, const char *from, const char *to)
{
	return renameat(fd_of(self), from, fd_of(self), to);
}

static int dir_unlink(void *self, const char *name)
{
	return unlinkat(fd_of(self), name, 0);
}

static int dir_list(void *self, void (*each)(void *to, const char *name), void *to)
{
	int fd = openat(fd_of(self), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL)
		each(to, entry->d_name);
	int failed = errno;
	closedir(dir);
	errno = failed;
	return failed == 0 ? 0 : -1;
}

bool spool_dir_open(struct spool_dir *dir, const char *path, struct spool_io *io, struct err *err)
{
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd == -1)
		return err_set(
			err, EXIT_CANNOT, "%s: cannot open the spool: %s", path, strerror(errno));
	if (flock(dir->fd, LOCK_EX | LOCK_NB) == -1) {
		int failed = errno;
		spool_dir_close(dir);
		if (failed == EWOULDBLOCK)
			return err_set(err, EXIT_CANNOT,
				"%s: another sensor uses this spool; give --spool another folder",
				path);
		return err_set(
			err, EXIT_CANNOT, "%s: cannot lock the spool: %s", path, strerror(failed));
	}
	*io = (struct spool_io){.self = dir,
		.open = dir_open,
		.close = dir_close,
		.reserve = dir_reserve,
		.read = dir_read,
		.write = dir_write,
		.sync = dir_sync,
		.sync_dir = dir_sync_dir,
		.rename = dir_rename,
		.unlink = dir_unlink,
		.list = dir_list};
	return true;
}

void spool_dir_close(struct spool_dir *dir)
{
	if (dir->fd != -1)
		close(dir->fd);
	dir->fd = -1;
}
