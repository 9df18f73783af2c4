/* replay.c - runs a fuzz target once over every file of a folder of kept
 * inputs, and over every prefix of the small ones. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)
#define PREFIX_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1); /* exact, so that a sanitizer sees the end */

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static bool run_file(const char *dir, const char *name)
{
	static uint8_t data[INPUT_MAX];
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return false;
	size_t size = fread(data, 1, sizeof(data), file);
	fclose(file);
	run(data, size);
	for (size_t n = 0; n < size && n < PREFIX_MAX; n++)
		run(data, n);
	return true;
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	size_t count = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s FOLDER-OF-INPUTS\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] != '.' && !run_file(argv[1], entry->d_name))
			return 1;
		count += entry->d_name[0] != '.';
	}
	closedir(dir);
	printf("%zu kept inputs\n", count);
	return count > 0 ? 0 : 1; /* a target without inputs tests nothing */
}
