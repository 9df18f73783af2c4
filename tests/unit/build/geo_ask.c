/* geo_ask.c - what the builder makes of MaxMind DB files, for geo_test.py.
 *
 * usage: geo_ask ask FILE...    addresses from stdin; "COUNTRY ASN ORG" for each
 *        geo_ask flip FILE      builds from the file with each byte changed, and
 *                               cut at every 16th; says how many were refused
 *        geo_ask child FILE...  builds in a child, as the keeper does */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build/build.h"
#include "build/mmdb.h"

#define FILE_MAX 65536
#define CUT 16
#define SECONDS_MAX 240 /* of all damaged files together */

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "geo_ask: %s\n", what);
	exit(4);
}

static int ask(char **paths, uint32_t count)
{
	const char *const *files = (const char *const *)paths;
	struct err err = {0};
	struct geo geo;
	uint8_t *image;
	size_t len;
	char line[128];

	if (!geo_build(files, count, &image, &len, &err)) {
		printf("%d %s\n", err.status, err.text);
		return 1;
	}
	require(geo_open(&geo, bytes_of(image, len), &err), "the image made is refused");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct addr addr;

		require(addr_parse(bytes_trim(bytes_text(line)), &addr), "no address");
		struct geo_answer answer = geo_find(&geo, &addr);
		printf("%s %u %s\n", answer.country[0] != 0 ? answer.country : "-", answer.asn,
			answer.as_org != NULL ? answer.as_org : "-");
	}
	fprintf(stderr, "%u %u\n", geo.header->range4_cnt, geo.header->range6_cnt);
	free(image);
	return 0;
}

/* True: refused, with a text.  What is made of the rest must open. */
static bool refused(int fd, const uint8_t *data, size_t size)
{
	char path[64];
	const char *paths[] = {path};
	struct err err = {0};
	struct geo geo;
	uint8_t *image;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(-1 != ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size, "no copy");
	if (!geo_build(paths, 1, &image, &len, &err)) {
		require(err.status == EXIT_USAGE && strstr(err.text, path) != NULL,
			"refused without a reason");
		return true;
	}
	require(geo_open(&geo, bytes_of(image, len), &err), "the image made is refused");
	free(image);
	return false;
}

static int flip(const char *path)
{
	static uint8_t data[FILE_MAX];
	int fd = memfd_create("damaged", MFD_CLOEXEC), from = open(path, O_RDONLY | O_CLOEXEC);
	size_t flips = 0, cuts = 0;

	require(-1 != fd && -1 != from, "no file");
	ssize_t n = read(from, data, sizeof(data));
	close(from);
	require(n > 0 && n < FILE_MAX && !refused(fd, data, (size_t)n), "no small good file");
	alarm(SECONDS_MAX);
	for (size_t i = 0; i < (size_t)n; i++) {
		data[i] ^= 0xff;
		flips += refused(fd, data, (size_t)n);
		data[i] ^= 0xfe; /* the lowest bit stays changed */
		flips += refused(fd, data, (size_t)n);
		data[i] ^= 1;
	}
	for (size_t i = 0; i < (size_t)n; i += CUT) {
		require(refused(fd, data, i), "a cut file is taken");
		cuts++;
	}
	printf("%zd bytes: %zu changed files refused, %zu cut ones\n", n, flips, cuts);
	close(fd);
	return 0;
}

static int child(char **paths, uint32_t count)
{
	struct build_request request = {.cards_dir = SEKISHO_SIGNATURES "/cards"};
	struct generation generation;
	struct err err = {0};

	for (uint32_t i = 0; i < count && i < BUILD_GEO_MAX; i++)
		request.geoip[request.geoip_cnt++] = paths[i];
	if (!build_in_child(&request, &generation, &err)) {
		printf("%d %s\n", err.status, err.text);
		return 1;
	}
	printf("%zu\n", generation.section[SECTION_GEO].image.len);
	generation_drop(&generation);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "ask") == 0)
		return ask(argv + 2, (uint32_t)argc - 2);
	if (strcmp(argv[1], "flip") == 0)
		return flip(argv[2]);
	return child(argv + 2, (uint32_t)argc - 2);
}
