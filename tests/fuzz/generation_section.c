/* generation_section.c - a memfd from a stranger is a whole section or refused;
 * what was sealed comes back as it was. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "generation/generation.h"
#include "require.h"

#define SEALS_ALL (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memfd_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	require(-1 != fd);
	require(write(fd, data, size) == (ssize_t)size);
	require(fcntl(fd, F_ADD_SEALS, SEALS_ALL) == 0);
	return fd;
}

static void received(const uint8_t *data, size_t size)
{
	struct section section;
	struct err err = {0};
	int fd = memfd_of(data, size);

	if (!section_map(&section, fd, &err)) {
		require(err.text[0] != 0);
		close(fd);
		return;
	}
	require(section.image.len == size - SECTION_HEADER_LEN && section.kind < SECTION_COUNT);
	section_drop(&section);
}

static void round_trip(struct bytes image)
{
	struct section section, again;
	struct err err = {0};

	require(section_seal(&section, SECTION_LISTS, image, &err));
	require(bytes_equal(section.image, image));
	require(section_share(&again, &section, &err));
	require(again.hash == section.hash && bytes_equal(again.image, image));
	section_drop(&section);
	section_drop(&again);
}

/* A good section of the input with one bit of it flipped. */
static void damaged(const uint8_t *data, size_t size)
{
	struct section section;
	struct err err = {0};
	uint8_t *whole = malloc(SECTION_HEADER_LEN + size);

	require(whole != NULL);
	require(section_seal(&section, SECTION_RULES, bytes_of(data, size), &err));
	require(pread(section.fd, whole, SECTION_HEADER_LEN + size, 0) ==
		(ssize_t)(SECTION_HEADER_LEN + size));
	section_drop(&section);
	whole[data[0] % (SECTION_HEADER_LEN + size)] ^= (uint8_t)(1u << (size % 8));
	int fd = memfd_of(whole, SECTION_HEADER_LEN + size);
	require(!section_map(&section, fd, &err));
	close(fd);
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	received(data, size);
	round_trip(bytes_of(data, size));
	if (size > 0)
		damaged(data, size);
	return 0;
}
