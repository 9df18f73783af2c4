/* policy_yaml.c - any text is a policy that opens and answers, or an error with a text. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/policy/image_questions.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(const char *path, enum policy_level level)
{
	uint8_t *image = NULL;
	size_t len = 0;
	struct err err = {0};
	struct policy policy;

	if (!policy_build(path, NULL, level, &image, &len, &err)) {
		require(err.text[0] != 0 && err.status != 0 && image == NULL);
		return;
	}
	require(policy_open(&policy, bytes_of(image, len), &err));
	require(policy_given(&policy));
	image_questions(&policy);
	free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("policy", MFD_CLOEXEC);

	require(-1 != fd);
	require(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	build(path, size % 2 == 0 ? LEVEL_CONTENT : LEVEL_CONTACTS);
	close(fd);
	return 0;
}
