/* spool_open.c - whatever happened to the files: the spool opens or says why,
 * every number it holds is read as a whole record or as a GAP, a second start
 * finds the same, and it goes on taking events.
 *
 * The input is patches to a good spool, four bytes each: which file and how
 * (one byte), place (two), value (one). */
#include <string.h>

#include "../unit/shipper/disk_model.h"
#include "event/wire.h"
#include "require.h"
#include "shipper/spool.h"

#define SEGMENT (64u << 10)
#define PATCH_LEN 4
#define PATCHES_MAX 32
#define EVENTS 220
#define NUMBERS_MAX 4000 /* a damaged tail looks like that many at most */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spool_conf conf = {
	.path = "spool", .sensor = "fuzz", .bytes = 16 * SEGMENT, .segment_bytes = SEGMENT};

static void admit(struct spool *spool, uint64_t n)
{
	static uint8_t body[sizeof(struct record) + 400];
	const struct spool_origin origin = {
		.ring = 3, .position = n << 20, .real_ns = n + (UINT64_C(1) << 60)};
	const struct record record = {.n = n, .run = 4, .kind = EVENT_ALERT, .len = 400};
	struct err err;

	memcpy(body, &record, sizeof(record));
	memset(body + sizeof(record), '0' + (int)(n % 10), 400);
	if (spool_admit(spool, &origin, bytes_of(body, sizeof(body)), SPOOL_WAITS) == SPOOL_TAKEN)
		return;
	require(spool_sync(spool, &err));
	require(spool_admit(spool, &origin, bytes_of(body, sizeof(body)), SPOOL_WAITS) ==
		SPOOL_TAKEN);
}

static void patch(struct model *model, const uint8_t *data)
{
	const char *name = model_name(model, "e", data[0] & 3);
	struct model_file *file = model_file(model, name == NULL ? "superblock" : name);
	size_t place = (size_t)data[1] << 8 | data[2];

	if (file == NULL || file->len == 0)
		return;
	place %= file->len;
	switch (data[0] >> 2 & 3) {
	case 0:
		file->data[place] = data[3];
		break;
	case 1:
		file->data[place] ^= data[3];
		break;
	case 2:
		memset(file->data + place, data[3], file->len - place);
		break;
	default:
		memset(file->data + place, 0, SEGMENT - place);
		file->len = place;
	}
}

static uint64_t check(struct spool *spool)
{
	static uint8_t out[SPOOL_BODY_MAX];
	struct spool_state state = spool_state(spool);
	struct spool_cursor cursor = {.seq = state.acked + 1};
	uint64_t lost = 0, last = 0;
	struct record record;

	require(state.next_seq - state.acked <= NUMBERS_MAX);
	for (uint64_t seq = state.acked + 1; seq < state.next_seq; seq++) {
		size_t len = spool_read(spool, &cursor, out);
		require(len > sizeof(record) && cursor.seq == seq + 1);
		memcpy(&record, out, sizeof(record));
		require(record.len == len - sizeof(record));
		lost += record.kind == EVENT_GAP;
		if (record.kind == EVENT_GAP)
			continue;
		require(record.n > last && record.len == 400);
		require(out[len - 1] == '0' + record.n % 10);
		last = record.n;
	}
	require(spool_read(spool, &cursor, out) == 0);
	require(lost == state.lost);
	return state.next_seq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model;
	struct spool_io io;
	struct err err = {0};

	model_open(&model, SEGMENT, &io);
	struct spool *spool = spool_open(&io, &conf, &err);
	require(spool != NULL);
	for (uint64_t n = 1; n <= EVENTS; n++)
		admit(spool, n);
	require(spool_sync(spool, &err));
	spool_close(spool);
	for (size_t i = 0; i + PATCH_LEN <= size && i < PATCHES_MAX * PATCH_LEN; i += PATCH_LEN)
		patch(&model, data + i);
	spool = spool_open(&io, &conf, &err);
	require(spool != NULL || err.status == EXIT_CANNOT);
	if (spool != NULL) {
		uint64_t next = check(spool);
		admit(spool, 1000);
		require(spool_sync(spool, &err));
		spool_close(spool);
		spool = spool_open(&io, &conf, &err);
		require(spool != NULL && check(spool) == next + 1);
		spool_close(spool);
	}
	require(model.open_cnt == 0);
	model_close(&model);
	return 0;
}
