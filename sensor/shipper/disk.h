/* disk.h - how the spool looks on disk and in memory; for its own files only.
 * Little-endian; the order mark refuses another machine's. */
#ifndef SEKISHO_SHIPPER_DISK_H
#define SEKISHO_SHIPPER_DISK_H

#include "shipper/spool.h"

#define DISK_ORDER 0x01020304u
#define DISK_VERSION 2
#define SEGMENT_MAGIC UINT64_C(0x3130676573686b73)    /* "skhseg01" */
#define SUPERBLOCK_MAGIC UINT64_C(0x3130627573686b73) /* "skhsub01" */
#define SEGMENT_HEADER 4096
#define SUPERBLOCK_SLOT 4096
#define SPARE_NAME "spare.seg"
#define SUPERBLOCK_NAME "superblock"
#define NAME_SIZE 64
#define RUNS_MAX 16 /* engine runs whose last n is remembered; the oldest goes */
#define GROUP_BYTES (1u << 20)
#define WINDOW_BYTES (256u << 10)

struct segment_header {
	uint64_t magic;
	uint32_t version, order;
	uint64_t sensor_id, epoch, first_seq;
	uint32_t segment_bytes, crc; /* of what stands before crc */
};

/* Before each record; len 0: the end.  Records are 8-byte aligned. */
struct disk_head {
	uint32_t len; /* of the body */
	uint32_t crc; /* of what follows and the body, begun with the epoch */
	uint64_t seq, ring, position, real_ns;
	uint32_t untold[3]; /* refused by class, that no GAP has told yet */
	uint32_t zero;
};

struct run_mark {
	uint64_t run, n;
};

/* What admitted records said last: decides what is a repetition. */
struct progress {
	uint64_t ring, position; /* ring 0: none yet */
	struct run_mark runs[RUNS_MAX];
	uint32_t run_cnt, run_last; /* run_last: the one in use, replaced last */
	uint32_t untold[3], zero;
};

struct superblock {
	uint64_t magic;
	uint32_t version, order;
	uint64_t generation, sensor_id, epoch, acked, next_seq;
	struct progress progress;
	uint32_t zero, crc; /* of what stands before crc */
};

_Static_assert(sizeof(struct superblock) <= SUPERBLOCK_SLOT, "a slot holds it");
_Static_assert(sizeof(struct disk_head) == 56, "no hole");

struct segment {
	uint64_t first_seq, end_seq; /* end_seq: first number that is not in it */
	uint32_t used;               /* bytes, header included */
	uint64_t acked_ns;           /* when it was found to be acknowledged; 0: not yet */
};

/* A run of a segment in memory, for reading. */
struct window {
	int fd;           /* -1: none */
	uint64_t segment; /* first_seq of the file that fd is */
	uint32_t at, len;
	uint8_t data[WINDOW_BYTES];
};

struct spool {
	struct spool_io io;
	struct spool_conf conf;
	struct superblock super; /* as last written; acked and progress: see below */
	int super_fd, fd;        /* fd: the last segment, -1 none */
	bool spare, no_space;
	uint64_t acked, next_seq, durable_next;
	struct progress progress; /* with the group */
	struct segment *segments;
	size_t segment_cnt, segment_room;
	uint8_t *group;
	size_t group_len;
	uint32_t group_cnt;
	uint32_t refused_open[3]; /* by class, after the last record */
	uint64_t refused[3], lost, opened_ns;
	struct window window;
};

/* disk.c */
bool disk_write(const struct spool_io *io, int fd, const void *data, size_t len, uint64_t at);
/* How many bytes there were before the end or an error. */
size_t disk_read(const struct spool_io *io, int fd, void *out, size_t len, uint64_t at);
uint32_t disk_size(uint32_t body_len); /* head, body and padding */
uint32_t disk_crc(uint64_t epoch, const struct disk_head *head, struct bytes body);
void segment_name(uint64_t epoch, uint64_t first_seq, char out[static NAME_SIZE]);
bool segment_name_read(const char *name, uint64_t *epoch, uint64_t *first_seq);

/* superblock.c */
bool superblock_read(struct spool *spool, bool *found, struct err *err);
bool superblock_write(struct spool *spool, struct err *err);

/* progress.c */
bool progress_has(const struct progress *progress, uint64_t ring, uint64_t position,
	const struct record *record);
void progress_note(
	struct progress *progress, const struct disk_head *head, const struct record *record);

/* segment.c: how many of the first are acknowledged, durably, and so only kept */
size_t segments_kept(const struct spool *spool);
bool spare_make(struct spool *spool, struct err *err);
bool segment_start(struct spool *spool, uint64_t first_seq, struct err *err);
void segment_drop(struct spool *spool, size_t cnt); /* the first cnt */

/* scan.c: the next whole record at or behind *at with min <= seq < end; *at is where it
 * stands.  body: valid until the next call.  False: none, *at is segment_bytes. */
bool scan_next(struct spool *spool, const struct segment *segment, uint64_t min, uint32_t *at,
	struct disk_head *head, struct bytes *body);
void scan_forget(struct spool *spool); /* the file changed */
/* The end of what is not zero behind at; at: all is.  Numbers *seq, *seq + 1 ... whose
 * heads are recognisable there are counted into *seq. */
uint32_t scan_tail(struct spool *spool, const struct segment *segment, uint32_t at, uint64_t *seq);

/* gap.c: a GAP record with its JSON; returns the length. */
struct gap {
	const char *reason;
	uint8_t event_class;
	uint64_t n, first_seq, real_ns;
};
size_t gap_body(const char *sensor, const struct gap *gap, uint8_t out[static SPOOL_BODY_MAX]);

/* recover.c: segments and records of the folder into memory. */
bool recover(struct spool *spool, bool had_superblock, struct err *err);

#endif
