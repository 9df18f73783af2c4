/* disk_model.h - a disk in memory that fails, fills up or loses power at the
 * n-th call.
 *
 * After the crash every call fails until model_restart().  A killed process
 * leaves what it wrote, half of the call that was under way included; a loss
 * of power leaves only what was synced (files and folder). */
#ifndef SEKISHO_TEST_SHIPPER_DISK_MODEL_H
#define SEKISHO_TEST_SHIPPER_DISK_MODEL_H

#include "shipper/spool_io.h"

#define MODEL_FILES 64
#define MODEL_NAMES 64

struct model_file {
	uint8_t *data, *synced;
	size_t len, synced_len;
};

struct model_name {
	char text[64]; /* empty: none */
	int file;
};

enum model_fault { MODEL_NONE, MODEL_KILL, MODEL_POWER, MODEL_EIO, MODEL_ENOSPC, MODEL_SHORT };

struct model {
	struct model_file files[MODEL_FILES];
	struct model_name names[MODEL_NAMES], synced_names[MODEL_NAMES];
	int file_cnt, open_cnt;
	size_t file_max;          /* bytes of one file */
	uint64_t reserved, space; /* space 0: endless */
	uint64_t calls, fault_at;
	enum model_fault fault;
	bool dead;
};

void model_open(struct model *model, size_t file_max, struct spool_io *io);
void model_close(struct model *model);
void model_restart(struct model *model); /* after a crash; no fault any more */
/* NULL: no such file. */
struct model_file *model_file(struct model *model, const char *name);
/* The name of the i-th file that begins with text; NULL: none. */
const char *model_name(struct model *model, const char *text, int i);

#endif
