/* Reads each capture file named on the command line by itself and prints
 * "frames TAB damage TAB path"; with -v before that a line per frame: stamp,
 * lengths, link type, number, CRC-32C of the bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "capture/source.h"

#define BATCH 32

static void print_frame(const struct frame *frame)
{
	printf("%" PRIu64 ".%09" PRIu64 " %u %u %u %" PRIu64 " %08x\n", frame->ts_ns / 1000000000,
		frame->ts_ns % 1000000000, frame->caplen, frame->wirelen, frame->link,
		frame->number, hash_crc32c(0, frame->data, frame->caplen));
}

static bool dump(const char *path, bool verbose)
{
	struct err err = {.status = 0};
	struct source *source = source_files(&path, 1, &err);
	struct frame frames[BATCH];
	struct source_input input;

	if (source == NULL) {
		printf("-\t%s\t%s\n", err.text, path);
		return false;
	}
	for (int n; (n = source_next(source, frames, BATCH)) != SOURCE_END;) {
		for (int i = 0; i < n; i++) {
			if (verbose)
				print_frame(&frames[i]);
			source_release(source, frames[i].block);
		}
	}
	source_input(source, 0, &input);
	printf("%" PRIu64 "\t%s\t%s\n", input.frames, input.damage != NULL ? input.damage : "",
		path);
	source_close(source);
	return true;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;

	for (int i = verbose ? 2 : 1; i < argc; i++)
		dump(argv[i], verbose);
	return 0;
}
