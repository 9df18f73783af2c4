/* section.c - one sealed, read-only piece of a generation. */
#include "generation/generation.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define SECTION_MAGIC "SKSECT1"
#define SECTION_LEN_MAX ((uint64_t)1 << 36)
#define WRITE_MAX ((size_t)1 << 30) /* one write(2) stops at 2 GiB - 4 KiB */
#define SEALS_ALL (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

struct section_header {
	char magic[8];
	uint32_t kind;
	uint32_t zero;
	uint64_t len;
	uint64_t hash;
	uint8_t pad[32];
};

static_assert(sizeof(struct section_header) == SECTION_HEADER_LEN, "the header's place is fixed");

static const char *const words[SECTION_COUNT] = {
	[SECTION_POLICY] = "policy",
	[SECTION_LISTS] = "lists",
	[SECTION_CARDS] = "cards",
	[SECTION_RULES] = "rules",
	[SECTION_GEO] = "geo",
};

/* A name, not a proof: the key is public, the seals are what protects. */
static uint64_t section_hash(uint32_t kind, struct bytes image)
{
	const struct hash_key key = {.k0 = 0x73656b6973686f31, .k1 = kind};

	return hash_sip24(&key, image.ptr, image.len);
}

static bool write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len < WRITE_MAX ? len : WRITE_MAX);

		if (-1 == n && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool header_good(const struct section_header *header, uint64_t file_len, struct err *err)
{
	static const uint8_t none[sizeof(header->pad)];

	if (memcmp(header->magic, SECTION_MAGIC, sizeof(header->magic)) != 0)
		return err_set(err, EXIT_CANNOT,
			"section: not a section of this version (wrong magic); build it again");
	if (header->kind >= SECTION_COUNT)
		return err_set(
			err, EXIT_CANNOT, "section: unknown kind %u; build it again", header->kind);
	if (header->len != file_len - SECTION_HEADER_LEN)
		return err_set(err, EXIT_CANNOT,
			"section %s: header says %llu bytes, %llu are there; build it again",
			words[header->kind], (unsigned long long)header->len,
			(unsigned long long)(file_len - SECTION_HEADER_LEN));
	if (header->zero != 0 || memcmp(header->pad, none, sizeof(none)) != 0)
		return err_set(err, EXIT_CANNOT,
			"section %s: reserved bytes of the header are not 0; build it again",
			words[header->kind]);
	return true;
}

/* Takes the mapping if it is what its header says. */
static bool section_check(struct section *out, const uint8_t *map, uint64_t len, struct err *err)
{
	struct section_header header;
	struct bytes image = bytes_of(map + SECTION_HEADER_LEN, (size_t)len - SECTION_HEADER_LEN);

	memcpy(&header, map, sizeof(header));
	if (!header_good(&header, len, err))
		return false;
	if (section_hash(header.kind, image) != header.hash)
		return err_set(err, EXIT_CANNOT,
			"section %s: its bytes do not have the hash of its header; build it again",
			words[header.kind]);
	*out = (struct section){.kind = header.kind, .image = image, .hash = header.hash};
	return true;
}

const char *section_word(enum section_kind kind)
{
	return (unsigned)kind < SECTION_COUNT ? words[kind] : "unknown";
}

int section_memfd(enum section_kind kind, struct err *err)
{
	int fd = memfd_create(section_word(kind), MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (-1 == fd)
		err_set(err, EXIT_CANNOT, "section %s: no memory file: %s", section_word(kind),
			strerror(errno));
	return fd;
}

bool section_write(int fd, enum section_kind kind, struct bytes image, struct err *err)
{
	struct section_header header = {.magic = SECTION_MAGIC, .kind = kind, .len = image.len};

	header.hash = section_hash(kind, image);
	if (!write_all(fd, &header, sizeof(header)) || !write_all(fd, image.ptr, image.len))
		return err_set(err, EXIT_CANNOT, "section %s: %zu bytes could not be written: %s",
			section_word(kind), image.len, strerror(errno));
	return true;
}

bool section_map(struct section *out, int fd, struct err *err)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (-1 == seals || (seals & SEALS_ALL) != SEALS_ALL)
		return err_set(err, EXIT_CANNOT,
			"section: not sealed, so its sender could still change it; refused");
	if (-1 == fstat(fd, &st))
		return err_set(err, EXIT_CANNOT, "section: %s", strerror(errno));
	if (st.st_size < SECTION_HEADER_LEN || (uint64_t)st.st_size > SECTION_LEN_MAX)
		return err_set(err, EXIT_CANNOT,
			"section: %lld bytes cannot be a section; build it again",
			(long long)st.st_size);

	size_t len = (size_t)st.st_size;
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (MAP_FAILED == map)
		return err_set(err, EXIT_CANNOT, "section: %zu bytes could not be mapped: %s", len,
			strerror(errno));
	if (!section_check(out, map, len, err)) {
		munmap(map, len);
		return false;
	}
	out->fd = fd;
	return true;
}

bool section_finish(struct section *out, int fd, struct err *err)
{
	if (-1 == fcntl(fd, F_ADD_SEALS, SEALS_ALL))
		return err_set(
			err, EXIT_CANNOT, "section: could not be sealed: %s", strerror(errno));
	return section_map(out, fd, err);
}

bool section_seal(struct section *out, enum section_kind kind, struct bytes image, struct err *err)
{
	int fd = section_memfd(kind, err);

	if (-1 == fd)
		return false;
	if (!section_write(fd, kind, image, err) || !section_finish(out, fd, err)) {
		close(fd);
		return false;
	}
	return true;
}

bool section_share(struct section *out, const struct section *from, struct err *err)
{
	int fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 0);

	if (-1 == fd)
		return err_set(err, EXIT_CANNOT, "section %s: %s", section_word(from->kind),
			strerror(errno));
	if (!section_map(out, fd, err)) {
		close(fd);
		return false;
	}
	return true;
}

void section_drop(struct section *section)
{
	if (section->image.ptr == NULL)
		return;
	munmap((void *)(section->image.ptr - SECTION_HEADER_LEN),
		section->image.len + SECTION_HEADER_LEN);
	close(section->fd);
	*section = (struct section){0};
}

void generation_finish(struct generation *generation)
{
	const struct hash_key key = {.k0 = 0x73656b6973686f32, .k1 = SECTION_COUNT};
	uint64_t hashes[SECTION_COUNT];

	for (size_t i = 0; i < SECTION_COUNT; i++)
		hashes[i] = generation->section[i].hash;
	generation->id = hash_sip24(&key, hashes, sizeof(hashes));
}

void generation_drop(struct generation *generation)
{
	for (size_t i = 0; i < SECTION_COUNT; i++)
		section_drop(&generation->section[i]);
	generation->id = 0;
}
