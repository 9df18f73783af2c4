/* policy_image.c - a damaged image is refused, or its answers stay inside it.
 *
 * The input is patches to a good image, four bytes each: place (two bytes),
 * what (a byte, or a word small or great), value.  The copy is of exact size,
 * so that a sanitizer sees its end.  The input itself is opened as an image too. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/policy/image_questions.h"
#include "require.h"

#define PATCH_LEN 4
#define PATCHES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"tenants: [{id: 5, vlans: [5, [6, 7]], interface: a, vni: 9}]\n"
	"protected: [10.0.0.0/8, {prefix: 10.1.0.0/16, tenant: 5}]\n"
	"profiles: [{name: x, hosts: [a.x.example], prefixes: [192.0.2.0/28, 192.0.2.3]}]\n"
	"merchants: [{id: 1, addresses: [10.0.0.1], hostnames: [m.example], accounts: [z],\n"
	"  authorised: [x]}, {id: 2, addresses: [10.0.0.0/30], level: none}]\n"
	"assets: [{address: 10.0.0.53, role: resolver}]\n";

static uint8_t *good_image(size_t *len)
{
	uint8_t *image;
	char path[64];
	struct err err = {0};
	int fd = memfd_create("policy", MFD_CLOEXEC);

	require(-1 != fd);
	require(write(fd, text, sizeof(text) - 1) == (ssize_t)(sizeof(text) - 1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(policy_build(path, NULL, LEVEL_CONTENT, &image, len, &err));
	close(fd);
	return image;
}

static void patch(uint8_t *image, size_t len, const uint8_t *p)
{
	size_t at = (size_t)(p[0] | p[1] << 8) % len;
	uint32_t word = p[2] & 1 ? UINT32_MAX - p[3] : p[3];

	if (p[2] & 2)
		image[at] = p[3];
	else
		memcpy(image + at / 4 * 4, &word, sizeof(word));
}

static void open_and_ask(const uint8_t *image, size_t len)
{
	struct policy policy;
	struct err err = {0};

	if (policy_open(&policy, bytes_of(image, len), &err))
		image_questions(&policy);
	else
		require(err.text[0] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *good; /* made once */
	static size_t len;

	if (good == NULL)
		good = good_image(&len);
	uint8_t *image = malloc(len), *copy = malloc(size > 0 ? size : 1);
	require(image != NULL && copy != NULL);
	memcpy(image, good, len);
	for (size_t i = 0; i + PATCH_LEN <= size && i < (size_t)PATCH_LEN * PATCHES_MAX;
		i += PATCH_LEN)
		patch(image, len, data + i);
	open_and_ask(image, len);
	free(image);
	if (size > 0)
		memcpy(copy, data, size);
	open_and_ask(copy, size);
	free(copy);
	return 0;
}
