/* file.h - one capture file: its bytes at hand, and the reader of its format.
 *
 * The bytes at hand are the whole mapping, or one inflated block of a gzip'd
 * file.  file_has() brings more; the readers know nothing of the difference.
 * Owner: the source.  One thread. */
#ifndef SEKISHO_CAPTURE_FILE_H
#define SEKISHO_CAPTURE_FILE_H

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/frame.h"
#include "capture/source.h"

#define FILE_NS_MAX INT64_MAX /* stamps end here, so that a time-out can be added to one */
#define FILE_DAMAGE_MAX 128
#define FILE_MAGIC_LEN 4

struct pcap_format {
	uint64_t fraction_ns; /* of one unit of the second word of a stamp: 1 or 1000 */
	uint32_t header_len;  /* of a record: 16, or 24 in the modified form */
	uint16_t minor;       /* below 4 the two lengths may stand the other way round */
	uint16_t link;
};

struct pcapng_interface {
	uint32_t snaplen; /* 0 = no limit */
	uint16_t link;
	uint8_t resolution; /* if_tsresol as it stands in the file */
	uint32_t scale;     /* ns per unit, where that is a power of 10 */
	int64_t offset_s;
};

struct pcapng_format {
	struct pcapng_interface *interfaces; /* of this section; a mapping */
	uint32_t interface_cnt;
	uint64_t last_ns; /* a simple packet has no stamp and takes this one */
};

struct gunzip;

struct file {
	const uint8_t *at, *end; /* at hand, not yet read */
	const uint8_t *warm;
	const uint8_t *start; /* of what is at hand */
	uint64_t base;        /* offset of start in the (inflated) file */
	/* Up to max frames; 0: the end if ended is set, else held. */
	uint32_t (*fill)(struct file *file, struct frame frames[], uint32_t max);
	uint64_t number; /* frames so far */
	uint32_t block;  /* that lends what is at hand */
	uint16_t source;
	bool swapped; /* the other byte order than ours */
	bool ended;
	union {
		struct pcap_format pcap;
		struct pcapng_format pcapng;
	};
	struct gunzip *gunzip;  /* NULL: not gzip'd */
	_Atomic uint32_t *hold; /* gzip'd: the count of the block at hand, else NULL */
	_Atomic uint32_t *first_hold;
	uint32_t first_block;
	struct bytes raw;     /* the file as it lies on disk */
	bool mapped;          /* raw is ours to unmap */
	_Atomic bool damaged; /* set after the text */
	char damage[FILE_DAMAGE_MAX];
};

/* Opens and maps path, finds the format; file is zeroed but for source.  A
 * gzip'd file uses GUNZIP_BLOCKS block numbers from first_block on, holds[] are
 * the counts of all blocks.  file_close() is due whatever comes back. */
bool file_open(struct file *file, const char *path, _Atomic uint32_t *holds, uint32_t first_block,
	struct err *err);
/* The same for bytes that the caller keeps. */
bool file_open_bytes(struct file *file, const char *name, struct bytes raw, _Atomic uint32_t *holds,
	uint32_t first_block, struct err *err);
void file_close(struct file *file);

/* Ends the file at a damage; the text gets " at offset N" appended. */
void file_damage(struct file *file, uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Slow path of file_has(). */
bool file_more(struct file *file, size_t len, const char *what);

/* len bytes (at most SOURCE_BLOCK_MAX) are at file->at.  If not: with ended set
 * the file has no more, which is damage if part of a what is there; else the
 * next block is held: ask again later, nothing is lost. */
static inline bool file_has(struct file *file, size_t len, const char *what)
{
	return len <= (size_t)(file->end - file->at) || file_more(file, len, what);
}

static inline uint64_t file_offset(const struct file *file)
{
	return file->base + (uint64_t)(file->at - file->start);
}

static inline uint16_t file_u16(const struct file *file, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return file->swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t file_u32(const struct file *file, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return file->swapped ? __builtin_bswap32(v) : v;
}

/* Lends len bytes at data in one more frame; the rest of it is the caller's. */
static inline void file_lend(
	struct file *file, struct frame *frame, const uint8_t *data, uint32_t len)
{
	frame->data = data;
	frame->caplen = len;
	frame->number = ++file->number;
	frame->source = file->source;
	frame->block = file->block;
	frame->vlan = 0;
	if (file->hold != NULL)
		atomic_fetch_add_explicit(file->hold, 1, memory_order_relaxed);
}

/* The formats: true if the first bytes are theirs (then file is set up). */
bool pcapfile_open(struct file *file);
bool pcapng_open(struct file *file, struct err *err);
void pcapng_close(struct file *file);

#endif
