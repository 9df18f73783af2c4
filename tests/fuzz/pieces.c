/* Names of any bytes: what is joined of them stands within bounds and in them, and names that a
 * row keeps are those that came. */
#include <string.h>

#include "detect/spread.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS 3

static struct arena arena;
static struct spreads spreads;

static void start(void)
{
	const struct hash_key key = {.k0 = 1, .k1 = 2};

	if (arena.base != NULL)
		return;
	require(arena_new(&arena, spreads_bytes(ROWS) + 256, NULL));
	require(spreads_new(&spreads, &arena, ROWS, &key));
}

static bool is_cut_of(struct bytes part, const struct pieces *pieces)
{
	for (uint32_t i = 0; i < pieces->count; i++)
		if (part.ptr >= pieces->name[i].ptr &&
			part.ptr + part.len <= pieces->name[i].ptr + pieces->name[i].len)
			return true;
	return false;
}

static void join(const struct pieces *pieces)
{
	struct pieces_order order;
	struct pieces_text text;

	pieces_sort(pieces, &order);
	require(order.count >= 1 && order.count <= pieces->count);
	for (uint32_t i = 0; i < order.count; i++)
		require(order.from[i] < pieces->count && is_cut_of(order.rest[i], pieces));
	for (int way = 0; way < PIECES_WAYS; way++) {
		pieces_join(&order, (enum pieces_way)way, &text);
		require(text.len <= sizeof(text.data));
		for (size_t i = 0; i < text.len; i++)
			require(text.data[i] != '.');
	}
}

/* Lines: a byte of who asks and how much later, and a name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes left = bytes_of(data, size);
	struct pieces pieces;
	uint64_t now_ns = 1;

	start();
	while (left.len > 1) {
		size_t end = bytes_find_byte(left, '\n');
		struct bytes line = bytes_head(left, end == SIZE_MAX ? left.len : end);
		uint8_t what = left.ptr[0];

		left = bytes_skip(left, line.len + 1);
		if (line.len < 2)
			continue;
		const struct tuple pair = {.proto = PROTO_UDP, .tenant = what & 7};
		struct bytes name = bytes_skip(line, 1);

		now_ns += (uint64_t)(what >> 3) * (SPREAD_AGE_NS / 8);
		struct spread *row = spread_add(&spreads, &pair, name, now_ns);
		if (row == NULL)
			continue;
		spread_pieces(row, &pieces);
		struct bytes last = pieces.name[pieces.count - 1];
		require(pieces.count <= PIECES_NAMES && last.len <= name.len &&
			memcmp(last.ptr, name.ptr, last.len) == 0);
		join(&pieces);
	}
	spread_expire(&spreads, UINT64_MAX - 1);
	require(spreads.pool.used == 0);
	return 0;
}
