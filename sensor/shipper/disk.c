#include "shipper/disk.h"

#include <errno.h>
#include <stdio.h>

#include "base/hash.h"

bool disk_write(const struct spool_io *io, int fd, const void *data, size_t len, uint64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = io->write(
			io->self, fd, (const uint8_t *)data + done, len - done, at + done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

size_t disk_read(const struct spool_io *io, int fd, void *out, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = io->read(io->self, fd, (uint8_t *)out + done, len - done, at + done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

uint32_t disk_size(uint32_t body_len)
{
	return (uint32_t)sizeof(struct disk_head) + ((body_len + 7) & ~7u);
}

uint32_t disk_crc(uint64_t epoch, const struct disk_head *head, struct bytes body)
{
	uint32_t crc = hash_crc32c(0, &epoch, sizeof(epoch));

	crc = hash_crc32c(crc, &head->len, sizeof(head->len));
	crc = hash_crc32c(crc, &head->seq, sizeof(*head) - offsetof(struct disk_head, seq));
	return hash_crc32c(crc, body.ptr, body.len);
}

void segment_name(uint64_t epoch, uint64_t first_seq, char out[static NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "e%016llx-%016llx.seg", (unsigned long long)epoch,
		(unsigned long long)first_seq);
}

static bool hex16(const char *text, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < 16; i++) {
		char c = text[i];
		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

bool segment_name_read(const char *name, uint64_t *epoch, uint64_t *first_seq)
{
	return strlen(name) == 38 && name[0] == 'e' && name[17] == '-' &&
	       strcmp(name + 34, ".seg") == 0 && hex16(name + 1, epoch) &&
	       hex16(name + 18, first_seq) && *first_seq > 0;
}
