/* source.h - where frames come from: files in time order, or interfaces.
 *
 * A source is opened by the keeper (which may), before it forks the engine
 * (which may not open anything).  One thread reads it.  Frames are borrowed
 * from blocks: source_next() takes a hold of a frame's block for the caller, one
 * per frame, and whoever is done with the frame gives it by source_release(), from
 * any thread; a block is used again when nobody holds it and reading has moved
 * past it.
 *
 * Files: pcap (micro, nano, swapped, and the "modified" 0xa1b2cd34 form),
 * pcapng (several sections, interfaces, link types, if_tsresol, if_tsoffset,
 * EPB, SPB, obsolete PB; unknown blocks are stepped over), either one gzip'd.
 * A simple packet (SPB) has no stamp and takes that of the frame before it.
 * A damaged file counts up to the damage: source_input() says where and what.
 * Never: trusts a length; a block beyond 16 MiB is damage.  Stamps are at most
 * INT64_MAX.  A file is read as long as it was when opened: one that shrinks
 * while it is read ends the process (SIGBUS). */
#ifndef SEKISHO_CAPTURE_SOURCE_H
#define SEKISHO_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/frame.h"

#define SOURCE_BLOCK_MAX (16u << 20)
#define SOURCE_INPUTS_MAX 1024

struct source;

/* All files (1..SOURCE_INPUTS_MAX) as one source, merged by time stamp (equal stamps: the earlier
 * path first; within one file the file's order, whatever its stamps say).
 * frame.source is the index in paths.  On failure nothing stays open. */
struct source *source_files(const char *const paths[], uint32_t count, struct err *err);

/* Interfaces through TPACKET_V3 rings (ring_bytes each), promiscuous, with a
 * BPF expression compiled by libpcap (NULL or "" = everything). */
struct source *source_live(const char *const names[], uint32_t count, const char *bpf,
	size_t ring_bytes, struct err *err);

/* The same as source_files() over bytes that the caller keeps: for tests and fuzzers. */
struct source *source_memory(
	const struct bytes parts[], const char *const names[], uint32_t count, struct err *err);

void source_close(struct source *source);

enum source_rc { SOURCE_IDLE = 0, SOURCE_END = -1 };

/* Up to max frames (>= 1) in order; each block lent is held once per frame.
 * SOURCE_IDLE: nothing now (live; a gzip'd file all of whose blocks are held);
 * SOURCE_END: no more frames. */
int source_next(struct source *source, struct frame frames[], uint32_t max);
/* After SOURCE_IDLE: waits at most timeout_ms for frames, or for a block. */
void source_wait(struct source *source, int timeout_ms);
/* Gives back what source_next lent for one frame.  Thread-safe. */
void source_release(struct source *source, uint32_t block);
/* So much more of input i stands in an event.  Thread-safe. */
void source_told(
	struct source *source, uint32_t i, uint64_t frames, uint64_t bytes, uint64_t drops);
/* In a process that inherited the source after another one died reading it,
 * before its first source_next().  Live: what waits in the rings is given back
 * unread, and it counts as drops with what the dead one had read and not told;
 * files: reading starts over, counts at 0. */
void source_take_over(struct source *source);
/* Whether processes forked from now on get the memory in which frames lie (at first: yes). */
void source_fork(const struct source *source, bool with_frames);

/* Live, by who opened it, each second: says which interface went down or away and
 * which came back, and listens to it again. */
void source_tend(struct source *source);
/* Grows whenever one went or came back.  Thread-safe, cheap. */
uint32_t source_changes(const struct source *source);

struct source_input {
	const char *name;       /* path or interface, as given */
	uint64_t frames, bytes; /* wire bytes */
	uint64_t drops;         /* live: lost in the kernel or by source_take_over(), ever */
	uint64_t told_bytes, told_drops; /* of them, by source_told() */
	bool away;                       /* live: down or removed, when it was last tended */
	const char *damage; /* NULL, or what is wrong, with its offset: "truncated record at offset
			       1234" */
};
uint32_t source_inputs(const struct source *source);
/* State of input i now; live: reads the kernel's counter.  Thread-safe; the
 * numbers are shared with processes forked after the source was opened. */
void source_input(struct source *source, uint32_t i, struct source_input *out);
bool source_is_live(const struct source *source);

/* A hash of all files' lengths and contents' first and last 64 KiB, for the epoch of a replay. */
uint64_t source_identity(const struct source *source);

/* Prints one interface per line ("NAME  ADDRESSES") to stdout, by libpcap. */
bool source_list_interfaces(struct err *err);

#endif
