#include "store/journal.h"

uint64_t journal_mark(struct sql *sql, uint64_t sensor, uint64_t epoch)
{
	return (uint64_t)sql_one(sql, 0, "SELECT hw FROM sensor WHERE id = ? AND epoch = ?", "ii",
		(int64_t)sensor, (int64_t)epoch);
}

void journal_mark_set(struct sql *sql, uint64_t sensor, uint64_t epoch, uint64_t mark, int64_t now)
{
	sql_run(sql,
		"INSERT INTO sensor(id, epoch, hw, name, seen) VALUES(?, ?, ?, '', ?)"
		" ON CONFLICT(id, epoch) DO UPDATE SET hw = excluded.hw, seen = excluded.seen",
		"iiii", (int64_t)sensor, (int64_t)epoch, (int64_t)mark, now);
}

void journal_hello(struct sql *sql, uint64_t sensor, uint64_t epoch, const char *name,
	uint64_t oldest, int64_t now)
{
	uint64_t mark = journal_mark(sql, sensor, epoch);
	uint64_t lost = oldest > mark + 1 ? oldest - mark - 1 : 0;

	sql_run(sql,
		"INSERT INTO sensor(id, epoch, hw, name, seen, lost) VALUES(?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(id, epoch) DO UPDATE SET hw = excluded.hw, name = excluded.name,"
		" seen = excluded.seen, lost = lost + excluded.lost",
		"iiitii", (int64_t)sensor, (int64_t)epoch, (int64_t)(mark + lost), name, now,
		(int64_t)lost);
}

int64_t journal_add(struct sql *sql, const struct arrival *from, const struct record *record,
	const char *run, struct bytes json)
{
	sql_run(sql,
		"INSERT INTO event(sensor, epoch, seq, kind, run, time, recv, body)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
		"iiiitiib", (int64_t)from->sensor, (int64_t)from->epoch, (int64_t)from->seq,
		(int64_t)record->kind, run, (int64_t)record->packet_ns, from->now, json);
	return sql_failed(sql) ? 0 : sql_last_id(sql);
}

void journal_refuse(struct sql *sql, const struct arrival *from, const char *why)
{
	sql_run(sql, "INSERT OR IGNORE INTO refused VALUES(?, ?, ?, ?, ?)", "iiiit",
		(int64_t)from->sensor, (int64_t)from->epoch, (int64_t)from->seq, from->now, why);
}

void journal_span(struct sql *sql, const char *run, int64_t first, int64_t last)
{
	sql_run(sql,
		"INSERT INTO span VALUES(?, ?, ?) ON CONFLICT(run) DO UPDATE SET"
		" first = min(first, excluded.first), last = max(last, excluded.last)",
		"tii", run, first, last);
}
