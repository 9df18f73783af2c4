#include "capture/source.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "capture/afpacket.h"
#include "capture/file.h"
#include "capture/gunzip.h"
#include "capture/merge.h"
#include "capture/offload.h"

#define BLOCK_NOBODYS 0u /* mapped files: nothing is ever given back */
#define BLOCK_FIRST 1u
#define IDENTITY_PART (64u << 10)
#define NAP_MS 1 /* where nothing can be waited for */

/* Written by the reading thread, read by anybody, shared with forked processes. */
struct tally {
	_Atomic uint64_t frames, bytes, drops;
	_Atomic uint64_t told_frames, told_bytes, told_drops;
	struct afpacket_read read;
	_Atomic bool away;
	_Atomic uint32_t changes; /* of all inputs: in the first one's */
};

struct source {
	uint32_t count;
	bool live;
	char **names;
	struct tally *tallies;   /* a shared mapping */
	_Atomic uint32_t *holds; /* by block number */
	struct file *files;
	struct merge merge;
	struct afpacket *rings;
	uint32_t ring_blocks;
	struct pollfd *polls;
};

static bool no_memory(struct err *err)
{
	return err_set(err, EXIT_CANNOT, "no memory for the capture source");
}

static bool keep_names(struct source *source, const char *const names[])
{
	source->names = calloc(source->count, sizeof(*source->names));
	for (uint32_t i = 0; source->names != NULL && i < source->count; i++) {
		source->names[i] = strdup(names[i]);
		if (source->names[i] == NULL)
			return false;
	}
	return source->names != NULL;
}

/* A source with blocks_each block numbers per input. */
static struct source *new_source(
	const char *const names[], uint32_t count, uint32_t blocks_each, struct err *err)
{
	if (count == 0 || count > SOURCE_INPUTS_MAX) {
		err_set(err, EXIT_USAGE, "%u inputs; there must be 1 to %d", count,
			SOURCE_INPUTS_MAX);
		return NULL;
	}
	struct source *source = calloc(1, sizeof(*source));

	if (source == NULL) {
		no_memory(err);
		return NULL;
	}
	source->count = count;
	source->holds = calloc(BLOCK_FIRST + (size_t)count * blocks_each, sizeof(*source->holds));
	void *tallies = mmap(NULL, count * sizeof(*source->tallies), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (tallies != MAP_FAILED)
		source->tallies = tallies;
	if (keep_names(source, names) && source->holds != NULL && source->tallies != NULL)
		return source;
	source_close(source);
	no_memory(err);
	return NULL;
}

static bool open_file(
	struct source *source, uint32_t i, const struct bytes parts[], struct err *err)
{
	struct file *file = &source->files[i];
	uint32_t first_block = BLOCK_FIRST + i * GUNZIP_BLOCKS;

	file->source = (uint16_t)i;
	return parts == NULL ? file_open(file, source->names[i], source->holds, first_block, err)
			     : file_open_bytes(file, source->names[i], parts[i], source->holds,
				       first_block, err);
}

/* parts NULL: the names are paths. */
static struct source *open_files(
	const char *const names[], const struct bytes parts[], uint32_t count, struct err *err)
{
	struct source *source = new_source(names, count, GUNZIP_BLOCKS, err);

	if (source == NULL)
		return NULL;
	source->files = calloc(count, sizeof(*source->files));
	if (source->files == NULL || !merge_init(&source->merge, source->files, count)) {
		no_memory(err);
		goto failed;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!open_file(source, i, parts, err))
			goto failed;
	}
	return source;
failed:
	source_close(source);
	return NULL;
}

struct source *source_files(const char *const paths[], uint32_t count, struct err *err)
{
	return open_files(paths, NULL, count, err);
}

struct source *source_memory(
	const struct bytes parts[], const char *const names[], uint32_t count, struct err *err)
{
	return open_files(names, parts, count, err);
}

struct source *source_live(const char *const names[], uint32_t count, const char *bpf,
	size_t ring_bytes, struct err *err)
{
	uint32_t blocks = afpacket_blocks(ring_bytes);
	struct source *source = new_source(names, count, blocks, err);

	if (source == NULL)
		return NULL;
	source->live = true;
	source->ring_blocks = blocks;
	source->rings = calloc(count, sizeof(*source->rings));
	source->polls = calloc(count, sizeof(*source->polls));
	if (source->rings == NULL || source->polls == NULL) {
		no_memory(err);
		goto failed;
	}
	for (uint32_t i = 0; i < count; i++)
		source->rings[i].fd = -1;
	for (uint32_t i = 0; i < count; i++) {
		source->rings[i].source = (uint16_t)i;
		source->rings[i].read = &source->tallies[i].read;
		if (!afpacket_open(&source->rings[i], source->names[i], bpf, blocks, source->holds,
			    BLOCK_FIRST + i * blocks, err))
			goto failed;
		offload_say(source->names[i]);
		source->polls[i] = (struct pollfd){.fd = source->rings[i].fd, .events = POLLIN};
	}
	return source;
failed:
	source_close(source);
	return NULL;
}

void source_close(struct source *source)
{
	if (source == NULL)
		return;
	for (uint32_t i = 0; i < source->count; i++) {
		if (source->files != NULL)
			file_close(&source->files[i]);
		if (source->rings != NULL)
			afpacket_close(&source->rings[i]);
		if (source->names != NULL)
			free(source->names[i]);
	}
	merge_fini(&source->merge);
	if (source->tallies != NULL)
		munmap(source->tallies, source->count * sizeof(*source->tallies));
	free(source->files);
	free(source->rings);
	free(source->polls);
	free(source->names);
	free(source->holds);
	free(source);
}

static uint32_t fill_files(struct source *source, struct frame frames[], uint32_t max)
{
	if (source->count == 1)
		return source->files[0].fill(&source->files[0], frames, max);
	return merge_fill(&source->merge, frames, max);
}

static bool files_ended(const struct source *source)
{
	return source->count == 1 ? source->files[0].ended : merge_ended(&source->merge);
}

/* The ring whose next frame is the earliest of those that are there, until the
 * next one's turn.  What a slower ring has not shown yet may be earlier. */
static uint32_t fill_live(struct source *source, struct frame frames[], uint32_t max)
{
	struct afpacket *first = NULL;
	uint64_t first_ns = UINT64_MAX, second_ns = UINT64_MAX;

	for (uint32_t i = 0; i < source->count; i++) {
		uint64_t ts_ns;

		if (!afpacket_ready(&source->rings[i], &ts_ns))
			continue;
		if (first == NULL || ts_ns < first_ns) {
			second_ns = first_ns;
			first_ns = ts_ns;
			first = &source->rings[i];
		} else if (ts_ns < second_ns) {
			second_ns = ts_ns;
		}
	}
	return first == NULL ? 0 : afpacket_fill(first, frames, max, second_ns);
}

static void count_more(_Atomic uint64_t *sum, uint64_t more)
{
	atomic_fetch_add_explicit(sum, more, memory_order_relaxed);
}

static void count_frames(struct source *source, const struct frame frames[], uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		uint16_t input = frames[i].source;
		uint64_t bytes = 0;
		uint32_t first = i;

		for (; i < n && frames[i].source == input; i++)
			bytes += frames[i].wirelen;
		count_more(&source->tallies[input].frames, i - first);
		count_more(&source->tallies[input].bytes, bytes);
	}
}

int source_next(struct source *source, struct frame frames[], uint32_t max)
{
	uint32_t n = 0;

	if (source->live) {
		for (uint32_t more = 1; more > 0 && n < max; n += more)
			more = fill_live(source, frames + n, max - n);
	} else {
		n = fill_files(source, frames, max);
		if (n == 0 && files_ended(source))
			return SOURCE_END;
	}
	count_frames(source, frames, n);
	return (int)n;
}

static void nap(int ms)
{
	(void)poll(NULL, 0, ms);
}

static void wait_live(struct source *source, int timeout_ms)
{
	uint64_t ts_ns;
	bool readable = false;

	for (uint32_t i = 0; i < source->count; i++) {
		if (afpacket_ready(&source->rings[i], &ts_ns))
			return;
	}
	if (poll(source->polls, source->count, timeout_ms) <= 0)
		return;
	for (uint32_t i = 0; i < source->count; i++) {
		if ((source->polls[i].revents & POLLERR) != 0)
			afpacket_clear_error(&source->rings[i]);
		readable |= afpacket_ready(&source->rings[i], &ts_ns);
	}
	/* A ring is readable for poll() while any closed block is not given back,
	 * also one that was read and is held. */
	if (!readable)
		nap(timeout_ms < NAP_MS ? timeout_ms : NAP_MS);
}

static void wait_files(const struct source *source, int timeout_ms)
{
	const struct file *file =
		source->count == 1 ? &source->files[0] : merge_waits(&source->merge);

	for (; timeout_ms > 0; timeout_ms -= NAP_MS) {
		if (file == NULL || file->ended || file->gunzip == NULL ||
			!gunzip_held(file->gunzip))
			return;
		nap(NAP_MS);
	}
}

void source_wait(struct source *source, int timeout_ms)
{
	if (source->live)
		wait_live(source, timeout_ms);
	else
		wait_files(source, timeout_ms);
}

void source_release(struct source *source, uint32_t block)
{
	if (block == BLOCK_NOBODYS)
		return;
	if (source->live)
		afpacket_release(
			&source->rings[(block - BLOCK_FIRST) / source->ring_blocks], block);
	else
		atomic_fetch_sub_explicit(&source->holds[block], 1, memory_order_release);
}

void source_take_over(struct source *source)
{
	for (uint32_t i = 0; i < source->count; i++) {
		struct tally *tally = &source->tallies[i];

		if (source->live) {
			uint64_t told = atomic_load(&tally->told_frames);

			count_more(&tally->drops, afpacket_skip(&source->rings[i]) +
							  atomic_load(&tally->frames) - told);
			atomic_store(&tally->frames, told);
			atomic_store(&tally->bytes, atomic_load(&tally->told_bytes));
			continue;
		}
		*tally = (struct tally){0};
	}
}

static void tend(struct source *source, uint32_t i)
{
	struct afpacket *ring = &source->rings[i];
	struct tally *tally = &source->tallies[i];
	const char *name = source->names[i];
	bool there = afpacket_exists(ring) || afpacket_bind_again(ring, name);
	bool away = !there || !afpacket_is_up(ring, name);

	if (away == atomic_load(&tally->away))
		return;
	if (away)
		log_line(LOG_LEVEL_ERROR,
			"%s: the interface is %s; nothing is seen of it until it "
			"is up again",
			name, there ? "down" : "gone");
	else
		log_line(LOG_LEVEL_WARN, "%s: the interface is up again and listened to", name);
	atomic_store(&tally->away, away);
	atomic_fetch_add(&source->tallies[0].changes, 1);
}

void source_tend(struct source *source)
{
	for (uint32_t i = 0; source->live && i < source->count; i++)
		tend(source, i);
}

uint32_t source_changes(const struct source *source)
{
	return atomic_load_explicit(&source->tallies[0].changes, memory_order_relaxed);
}

void source_told(struct source *source, uint32_t i, uint64_t frames, uint64_t bytes, uint64_t drops)
{
	count_more(&source->tallies[i].told_frames, frames);
	count_more(&source->tallies[i].told_bytes, bytes);
	count_more(&source->tallies[i].told_drops, drops);
}

void source_fork(const struct source *source, bool with_frames)
{
	int advice = with_frames ? MADV_DOFORK : MADV_DONTFORK;

	for (uint32_t i = 0; i < source->count; i++) {
		if (source->live)
			(void)madvise(source->rings[i].map,
				(size_t)source->rings[i].blocks * AFPACKET_BLOCK, advice);
		else if (source->files[i].mapped)
			(void)madvise((void *)(uintptr_t)source->files[i].raw.ptr,
				source->files[i].raw.len, advice);
	}
}

uint32_t source_inputs(const struct source *source)
{
	return source->count;
}

void source_input(struct source *source, uint32_t i, struct source_input *out)
{
	struct tally *tally = &source->tallies[i];

	*out = (struct source_input){.name = source->names[i]};
	if (source->live) {
		count_more(&tally->drops, afpacket_drops(&source->rings[i]));
		if (!afpacket_exists(&source->rings[i]))
			out->damage = "interface is gone";
	} else if (atomic_load_explicit(&source->files[i].damaged, memory_order_acquire)) {
		out->damage = source->files[i].damage;
	}
	out->frames = atomic_load_explicit(&tally->frames, memory_order_relaxed);
	out->bytes = atomic_load_explicit(&tally->bytes, memory_order_relaxed);
	out->drops = atomic_load_explicit(&tally->drops, memory_order_relaxed);
	out->away = atomic_load_explicit(&tally->away, memory_order_relaxed);
	out->told_bytes = atomic_load_explicit(&tally->told_bytes, memory_order_relaxed);
	out->told_drops = atomic_load_explicit(&tally->told_drops, memory_order_relaxed);
}

bool source_is_live(const struct source *source)
{
	return source->live;
}

uint64_t source_identity(const struct source *source)
{
	const struct hash_key key = {.k0 = 0x736f75726365, .k1 = 0x6964656e74697479};
	uint64_t words[4] = {0};

	for (uint32_t i = 0; source->files != NULL && i < source->count; i++) {
		struct bytes raw = source->files[i].raw;
		struct bytes head = bytes_head(raw, IDENTITY_PART);
		struct bytes tail = bytes_skip(raw, raw.len - head.len);

		words[0] = hash_sip24(&key, words, sizeof(words));
		words[1] = raw.len;
		words[2] = hash_sip24(&key, head.ptr, head.len);
		words[3] = hash_sip24(&key, tail.ptr, tail.len);
	}
	return hash_sip24(&key, words, sizeof(words));
}
