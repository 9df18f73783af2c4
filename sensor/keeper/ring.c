#include "keeper/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define LOCK_TRIES 50
#define LOCK_PAUSE_NS 100000000l

static int open_fd(const char *dir, char *path, size_t size)
{
	if (dir == NULL)
		return memfd_create("sekisho-ring", MFD_CLOEXEC);
	snprintf(path, size, "%s/ring", dir);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Children of a keeper that was killed hold it until they are gone. */
static bool lock(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int tries = LOCK_TRIES;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK || --tries == 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool event_ring_open(struct event_ring *ring, const char *dir, struct err *err)
{
	char path[4096] = "memory";
	struct stat state;
	struct spsc probe;

	*ring = (struct event_ring){.fd = -1, .len = spsc_bytes(RING_BYTES)};
	ring->fd = open_fd(dir, path, sizeof(path));
	if (ring->fd == -1 || fstat(ring->fd, &state) == -1)
		return err_set(err, EXIT_CANNOT, "%s: cannot open the ring of events: %s", path,
			strerror(errno));
	if (dir != NULL && !lock(ring->fd))
		return err_set(err, EXIT_CANNOT,
			"%s: another sensor uses this spool; give --spool another folder", dir);
	int full = (size_t)state.st_size < ring->len
			   ? posix_fallocate(ring->fd, 0, (off_t)ring->len)
			   : 0;
	if (full != 0 && dir != NULL && state.st_size == 0)
		unlink(path); /* half a ring is none */
	if (full != 0)
		return err_set(err, EXIT_CANNOT,
			"%s: no room for the ring of events (%zu bytes): %s; free some, or give "
			"--spool another folder",
			path, ring->len, strerror(full));
	ring->mem = mmap(NULL, ring->len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->mem == MAP_FAILED)
		return err_set(err, EXIT_CANNOT, "%s: cannot map the ring of events: %s", path,
			strerror(errno));
	madvise(ring->mem, ring->len, MADV_DONTDUMP);
	if (spsc_attach(&probe, ring->mem, ring->len, false))
		return true;
	if (state.st_size > 0)
		log_line(LOG_LEVEL_WARN, "%s: not a ring of events; it is made anew", path);
	memset(ring->mem, 0, ring->len);
	spsc_format(ring->mem, RING_BYTES);
	return true;
}

void event_ring_close(struct event_ring *ring)
{
	if (ring->mem != NULL && ring->mem != MAP_FAILED)
		munmap(ring->mem, ring->len);
	if (ring->fd != -1)
		close(ring->fd);
	ring->mem = NULL;
	ring->fd = -1;
}
