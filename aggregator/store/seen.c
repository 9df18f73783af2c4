/* seen.c - addresses are kept as 32 hex digits: their order is that of the numbers. */
#include "store/seen.h"

#include <stdio.h>

#include "base/addr.h"

#define PREFIXES_MAX 128 /* of one event */
#define HEX_SIZE 33

static void hex_put(const struct addr *addr, char out[static HEX_SIZE])
{
	for (int i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", addr->b[i]);
}

static bool range_of(const char *text, char low[static HEX_SIZE], char high[static HEX_SIZE])
{
	struct prefix prefix;

	if (!prefix_parse(bytes_text(text), &prefix))
		return false;
	hex_put(&prefix.addr, low);
	for (unsigned bit = prefix.bits; bit < 128; bit++)
		prefix.addr.b[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	hex_put(&prefix.addr, high);
	return true;
}

static void prefix_add(struct sql *sql, const struct seen_at *at, const char *generation,
	const struct json_in *row)
{
	const char *text = json_in_value_text(json_in_item(row, 0));
	char low[HEX_SIZE], high[HEX_SIZE];

	if (range_of(text, low, high))
		sql_run(sql, "INSERT OR IGNORE INTO prefix VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
			"itittitt", at->sensor, at->run, json_in_value_int(json_in_item(row, 1)),
			low, high, json_in_value_int(json_in_item(row, 2)), text, generation);
}

void seen_policy(struct sql *sql, const struct seen_at *at, const struct json_in *sekisho)
{
	const struct json_in *prefixes = json_in_get(sekisho, "prefixes");
	const char *generation = json_in_text(sekisho, "generation");

	sql_run(sql, "DELETE FROM prefix WHERE sensor = ? AND run = ? AND generation <> ?", "itt",
		at->sensor, at->run, generation);
	for (size_t i = 0; i < json_in_count(prefixes) && i < PREFIXES_MAX; i++)
		prefix_add(sql, at, generation, json_in_item(prefixes, i));
}

void seen_server(struct sql *sql, const struct seen_at *at, const char *source, int64_t tenant,
	const char *server, int64_t time)
{
	static const struct addr nobody;
	struct addr addr;
	char hex[HEX_SIZE];

	if (!addr_parse(bytes_text(server), &addr) || addr_compare(&addr, &nobody) == 0)
		return;
	hex_put(&addr, hex);
	sql_run(sql,
		"INSERT INTO server VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(sensor, run, tenant,"
		" address, source) DO UPDATE SET last = max(last, excluded.last)",
		"ititti", at->sensor, at->run, tenant, hex, source, time);
}
