/* The whole reader of files on any bytes: pcap, pcapng, gzip'd, and two copies
 * merged.  Properties: frames lie in their block; their bytes do not change
 * while they are held; numbers count from 1; asking for one frame at a time
 * gives the same as asking for many; the end stays the end. */
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "capture/source.h"
#include "guard.h"
#include "require.h"

#define BATCH_MAX 32
#define EXPANSION_MAX 1200 /* gzip makes at most 1032 bytes of one */

static uint32_t sum_of(uint32_t sum, const struct frame *frame)
{
	const uint64_t words[] = {frame->ts_ns, frame->number, frame->caplen, frame->wirelen,
		frame->link, frame->source};

	sum = hash_crc32c(sum, words, sizeof(words));
	return hash_crc32c(sum, frame->data, frame->caplen);
}

/* A checksum of all frames and of the damage told; *count: how many. */
static uint32_t read_all(
	const struct bytes parts[], uint32_t files, uint32_t batch, uint64_t *count)
{
	static const char *const names[] = {"one", "two"};
	struct err err = {.status = 0};
	struct source *source = source_memory(parts, names, files, &err);
	struct frame frames[BATCH_MAX];
	uint64_t numbers[2] = {0};
	uint32_t sum = 0;
	int n;

	*count = 0;
	if (source == NULL) {
		require(err.status != 0 && err.text[0] != '\0');
		return hash_crc32c(0, err.text, strlen(err.text));
	}
	while ((n = source_next(source, frames, batch)) != SOURCE_END) {
		require(n > 0 && (uint32_t)n <= batch); /* nothing is held: never idle */
		for (int i = 0; i < n; i++) {
			require(frames[i].number == ++numbers[frames[i].source]);
			require(frames[i].ts_ns <= INT64_MAX);
			require(frames[i].caplen <= SOURCE_BLOCK_MAX);
			sum = sum_of(sum, &frames[i]);
			source_release(source, frames[i].block);
		}
		*count += (uint64_t)n;
	}
	require(source_next(source, frames, 1) == SOURCE_END);
	for (uint32_t i = 0; i < files; i++) {
		struct source_input input;

		source_input(source, i, &input);
		require(input.frames == numbers[i]);
		if (input.damage != NULL)
			sum = hash_crc32c(sum, input.damage, strlen(input.damage));
	}
	(void)source_identity(source);
	source_close(source);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes copy = guarded(data, size);
	struct bytes parts[] = {copy, copy};
	uint64_t one, many, merged;
	uint32_t sum = read_all(parts, 1, 1, &one);

	require(read_all(parts, 1, BATCH_MAX, &many) == sum);
	require(one == many && one <= size * EXPANSION_MAX);
	(void)read_all(parts, 2, 3, &merged);
	require(merged == 2 * one);
	guard_free();
	return 0;
}
