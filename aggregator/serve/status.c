#include "serve/status.h"

#ifndef SEKISHO_VERSION
#define SEKISHO_VERSION "0"
#endif

#define LIMIT_MAX 1000

/* What its spool had no room for, or could not read any more: reason -> events. */
static void shed_put(struct sql *sql, int64_t sensor, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT reason, sum(n) FROM shed WHERE sensor = ? GROUP BY reason ORDER BY reason",
		"i", sensor);

	out_open(out, "shed", '{');
	while (sql_next(&rows))
		out_int(out, sql_text(&rows, 0), sql_int(&rows, 1));
	out_close(out, '}');
}

/* On the last two days (UTC) of a run that it told of. */
static void counters_put(struct sql *sql, int64_t sensor, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT word, sum(n) FROM counter c WHERE sensor = ? AND day >= (SELECT max(day)"
		" FROM counter l WHERE l.sensor = c.sensor AND l.run = c.run) - 1"
		" GROUP BY word ORDER BY word",
		"i", sensor);

	out_open(out, "counters", '{');
	while (sql_next(&rows))
		out_int(out, sql_text(&rows, 0), sql_int(&rows, 1));
	out_close(out, '}');
}

static void sensors_put(struct sql *sql, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT s.id, s.epoch, s.name, s.hw, s.seen, s.lost, coalesce(h.state, ''),"
		" coalesce(h.detail, ''), s.epoch = (SELECT epoch FROM sensor n WHERE n.id = s.id"
		" ORDER BY n.seen DESC, n.epoch LIMIT 1) FROM sensor s LEFT JOIN health h ON "
		"h.sensor = s.id"
		" ORDER BY s.seen DESC, s.id, s.epoch LIMIT ?",
		"i", (int64_t)LIMIT_MAX);

	out_open(out, "sensors", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_hex(out, "id", (uint64_t)sql_int(&rows, 0));
		out_hex(out, "epoch", (uint64_t)sql_int(&rows, 1));
		out_string(out, "name", sql_text(&rows, 2));
		out_int(out, "stored", sql_int(&rows, 3));
		out_time(out, "seen", sql_int(&rows, 4));
		out_int(out, "lost", sql_int(&rows, 5));
		shed_put(sql, sql_int(&rows, 0), out);
		if (sql_int(&rows, 8) != 0) /* of the sensor: once */
			counters_put(sql, sql_int(&rows, 0), out);
		out_string(out, "state", sql_text(&rows, 6));
		out_string(out, "detail", sql_text(&rows, 7));
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void store_put(const struct api *api, struct out *out)
{
	const struct ingest_counts *counts = hub_counts(api->hub);
	struct sql *sql = api->sql;

	out_open(out, "store", '{');
	out_string(out, "path", api->db);
	out_bool(out, "taking", hub_healthy(api->hub));
	out_int(out, "events", sql_one(sql, 0, "SELECT count(*) FROM event", ""));
	out_int(out, "contacts", sql_one(sql, 0, "SELECT count(*) FROM contact", ""));
	out_int(out, "unreadable", sql_one(sql, 0, "SELECT count(*) FROM refused", ""));
	out_int(out, "bytes",
		sql_one(sql, 0,
			"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
			""));
	out_int(out, "messages", (int64_t)counts->messages);
	out_int(out, "repeated", (int64_t)counts->repeated);
	out_int(out, "refused", (int64_t)counts->refused);
	out_int(out, "gaps", (int64_t)counts->gaps);
	out_int(out, "older", (int64_t)counts->older);
	out_int(out, "failed", (int64_t)counts->failed);
	out_close(out, '}');
}

void status_put(const struct api *api, struct out *out)
{
	out_open(out, NULL, '{');
	sensors_put(api->sql, out);
	status_interfaces(api->sql, out);
	status_merchants(api->sql, out);
	store_put(api, out);
	out_string(out, "version", SEKISHO_VERSION);
	out_close(out, '}');
}
