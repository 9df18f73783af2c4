/* wire_batch.c - any message leaves the marks where they were or moves them
 * by what was stored; the same message again stores nothing.
 *
 * Input: bytes of a message.  Its sum and length are made right first if the
 * first byte is odd, so that what lies behind them is reached. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ingest/batch.h"
#include "require.h"
#include "store/journal.h"
#include "store/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair(uint8_t *message, size_t size)
{
	struct wire_header header;

	memcpy(&header, message, sizeof(header));
	header.magic = WIRE_MAGIC;
	header.version = 1;
	header.sensor_id %= 4;
	header.epoch %= 4;
	header.body_len = (uint32_t)(size - sizeof(header));
	header.crc = hash_crc32c(0, message + sizeof(header), size - sizeof(header));
	memcpy(message, &header, sizeof(header));
}

/* True: taken. */
static bool feed(struct ingest *ingest, struct sql *sql, struct bytes message)
{
	ingest_begin(ingest, sql, 1);
	bool taken = ingest_message(ingest, message);
	require(ingest->answers == (taken ? 1 : 0));
	require(ingest_end(ingest)); /* nothing a stranger sends may fail the store */
	return taken;
}

static int64_t stored(struct sql *sql)
{
	return sql_one(sql, -1,
		"SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM refused)", "");
}

/* One store for all inputs, since making one takes a hundred times what filling it does. */
static struct sql *emptied(void)
{
	static struct sql *sql;
	struct err err = {0};

	if (sql == NULL)
		sql = store_open(":memory:", 0, &err);
	require(sql != NULL &&
		sql_script(sql, "DELETE FROM sensor; DELETE FROM event; DELETE FROM refused;"
				"DELETE FROM span; DELETE FROM input; DELETE FROM health;"
				"DELETE FROM thread; DELETE FROM thread_server; DELETE FROM way;"
				"DELETE FROM finding; DELETE FROM card; DELETE FROM remote;"
				"DELETE FROM name; DELETE FROM listed; DELETE FROM blind;"
				"DELETE FROM incident; DELETE FROM history; DELETE FROM contact;"
				"DELETE FROM coverage; DELETE FROM skipped; DELETE FROM frames"));
	return sql;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ingest *ingest = calloc(1, sizeof(*ingest));
	uint8_t *message = malloc(size + 1);
	struct sql *sql = emptied();

	require(ingest != NULL && message != NULL && sql != NULL);
	if (size > 0) {
		memcpy(message, data + 1, size - 1);
		if ((data[0] & 1) && size - 1 >= sizeof(struct wire_header))
			repair(message, size - 1);
		struct bytes all = bytes_of(message, size - 1);
		bool taken = feed(ingest, sql, all);
		int64_t before = stored(sql);

		require(taken || before == 0);
		require(feed(ingest, sql, all) == taken);
		require(stored(sql) == before);
	}
	free(message);
	free(ingest);
	return 0;
}
