#include "capture/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/gunzip.h"

static bool is_regular(int fd, const char *path, struct stat *st, struct err *err)
{
	if (-1 == fstat(fd, st))
		return err_set(
			err, EXIT_CANNOT, "%s: cannot look at it: %s", path, strerror(errno));
	if (S_ISDIR(st->st_mode))
		return err_set(
			err, EXIT_USAGE, "%s: is a directory; name the capture files in it", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, EXIT_USAGE,
			"%s: is no regular file; write a pipe to a file first, or name an "
			"interface to listen on",
			path);
	if (st->st_size == 0)
		return err_set(err, EXIT_USAGE,
			"%s: is empty; a capture file has at least a header", path);
	return true;
}

/* Maps the file as long as it is now.  The descriptor is not needed behind. */
static bool map_file(struct file *file, int fd, const char *path, struct err *err)
{
	struct stat st;

	if (!is_regular(fd, path, &st, err))
		return false;
	size_t len = (size_t)st.st_size;
	void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		return err_set(err, EXIT_CANNOT, "%s: cannot map it: %s", path, strerror(errno));
	(void)madvise(map, len, MADV_SEQUENTIAL);
	(void)madvise(map, len, MADV_DONTDUMP);
	file->raw = bytes_of(map, len);
	file->mapped = true;
	return true;
}

/* False: that block is held. */
static bool next_block(struct file *file, size_t len)
{
	struct bytes rest = bytes_of(file->at, (size_t)(file->end - file->at));
	struct bytes block;

	if (!gunzip_next(file->gunzip, rest, len, &block))
		return false;
	file->base = file_offset(file);
	file->block = file->first_block + gunzip_at(file->gunzip);
	file->hold = file->first_hold + gunzip_at(file->gunzip);
	file->start = block.ptr;
	file->at = block.ptr;
	file->warm = block.ptr;
	file->end = block.ptr + block.len;
	return true;
}

static bool find_format(struct file *file, const char *name, struct err *err)
{
	size_t here = (size_t)(file->end - file->at);

	if (here >= FILE_MAGIC_LEN) {
		if (pcapfile_open(file) || pcapng_open(file, err))
			return true;
		if (err->status != 0)
			return false;
	}
	if (file->gunzip != NULL && gunzip_fault(file->gunzip) != NULL)
		return err_set(err, EXIT_USAGE, "%s: %s before the first bytes of a capture", name,
			gunzip_fault(file->gunzip));
	char begin[3 * FILE_MAGIC_LEN + 1] = " nothing";

	for (size_t i = 0; i < here && i < FILE_MAGIC_LEN; i++)
		snprintf(begin + 3 * i, 4, " %02x", file->at[i]);
	return err_set(err, EXIT_USAGE,
		"%s: not a capture: begins with%s%s, known are pcap and pcapng, plain or gzip'd",
		name, begin, file->gunzip != NULL ? " (inflated)" : "");
}

bool file_open_bytes(struct file *file, const char *name, struct bytes raw, _Atomic uint32_t *holds,
	uint32_t first_block, struct err *err)
{
	err->status = 0;
	file->raw = raw;
	if (gunzip_is(raw)) {
		file->gunzip = gunzip_new(raw, holds + first_block, name, err);
		file->first_hold = holds + first_block;
		file->first_block = first_block;
		if (file->gunzip == NULL)
			return false;
		(void)next_block(file, FILE_MAGIC_LEN); /* the first one: nobody holds it */
		return find_format(file, name, err);
	}
	file->start = raw.ptr;
	file->at = raw.ptr;
	file->warm = raw.ptr;
	file->end = raw.ptr + raw.len;
	return find_format(file, name, err);
}

bool file_open(struct file *file, const char *path, _Atomic uint32_t *holds, uint32_t first_block,
	struct err *err)
{
	/* O_NONBLOCK: a pipe nobody writes to would hold us for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (-1 == fd)
		return err_set(err, errno == ENOENT ? EXIT_USAGE : EXIT_CANNOT,
			"%s: cannot open the capture file: %s", path, strerror(errno));
	bool ok = map_file(file, fd, path, err);

	close(fd);
	return ok && file_open_bytes(file, path, file->raw, holds, first_block, err);
}

void file_close(struct file *file)
{
	pcapng_close(file);
	gunzip_free(file->gunzip);
	if (file->mapped)
		munmap((void *)(uintptr_t)file->raw.ptr, file->raw.len);
}

void file_damage(struct file *file, uint64_t offset, const char *format, ...)
{
	char what[FILE_DAMAGE_MAX / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(file->damage, sizeof(file->damage), "%s at %soffset %" PRIu64, what,
		file->gunzip != NULL ? "inflated " : "", offset);
	file->ended = true;
	atomic_store_explicit(&file->damaged, true, memory_order_release);
}

bool file_more(struct file *file, size_t len, const char *what)
{
	if (file->gunzip != NULL && !gunzip_ended(file->gunzip)) {
		if (!next_block(file, len))
			return false;
		if (len <= (size_t)(file->end - file->at))
			return true;
	}
	const char *fault = file->gunzip != NULL ? gunzip_fault(file->gunzip) : NULL;

	file->ended = true;
	if (fault != NULL)
		file_damage(file, file->base + (uint64_t)(file->end - file->start), "%s", fault);
	else if (file->at != file->end)
		file_damage(file, file_offset(file), "truncated %s", what);
	return false;
}
