#include "store/schema.h"

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS sensor(id INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" hw INTEGER NOT NULL, name TEXT NOT NULL, seen INTEGER NOT NULL, lost INTEGER NOT NULL"
	" DEFAULT 0, PRIMARY KEY(id, epoch)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS event(id INTEGER PRIMARY KEY, sensor INTEGER NOT NULL,"
	" epoch INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, run TEXT NOT NULL,"
	" time INTEGER NOT NULL, recv INTEGER NOT NULL, body TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS refused(sensor INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, recv INTEGER NOT NULL, why TEXT NOT NULL,"
	" PRIMARY KEY(sensor, epoch, seq)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS span(run TEXT PRIMARY KEY, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS input(run TEXT NOT NULL, name TEXT NOT NULL,"
	" frames INTEGER NOT NULL, damage TEXT, PRIMARY KEY(run, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS health(sensor INTEGER PRIMARY KEY, state TEXT NOT NULL,"
	" detail TEXT NOT NULL, time INTEGER NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS shed(sensor INTEGER NOT NULL, reason TEXT NOT NULL,"
	" class INTEGER NOT NULL, n INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY(sensor, reason, class)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS prefix(sensor INTEGER NOT NULL, run TEXT NOT NULL,"
	" tenant INTEGER NOT NULL, low TEXT NOT NULL, high TEXT NOT NULL,"
	" merchant INTEGER NOT NULL, text TEXT NOT NULL, generation TEXT NOT NULL,"
	" PRIMARY KEY(sensor, run, tenant, low, high, merchant)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS server(sensor INTEGER NOT NULL, run TEXT NOT NULL,"
	" tenant INTEGER NOT NULL, address TEXT NOT NULL, source TEXT NOT NULL,"
	" last INTEGER NOT NULL, PRIMARY KEY(sensor, run, tenant, address, source))"
	" STRICT, WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS server_address ON server(run, address);";

static const char thread_tables[] =
	"CREATE TABLE IF NOT EXISTS thread(id INTEGER PRIMARY KEY, run TEXT NOT NULL,"
	" subject TEXT NOT NULL, tenant INTEGER NOT NULL, merchant INTEGER NOT NULL,"
	" server TEXT NOT NULL, family TEXT NOT NULL, sink TEXT NOT NULL,"
	" category TEXT NOT NULL, technique TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, n INTEGER NOT NULL DEFAULT 0,"
	" confidence INTEGER NOT NULL, severity INTEGER NOT NULL, confirmed INTEGER NOT NULL,"
	" score REAL NOT NULL, why INTEGER NOT NULL, shared INTEGER NOT NULL,"
	" bytes_out INTEGER NOT NULL DEFAULT 0, bytes_in INTEGER NOT NULL DEFAULT 0,"
	" incident INTEGER, UNIQUE(run, subject, family, sink)) STRICT;"
	"CREATE INDEX IF NOT EXISTS thread_incident ON thread(incident);"
	"CREATE INDEX IF NOT EXISTS thread_sink ON thread(run, sink);"
	"CREATE TABLE IF NOT EXISTS thread_server(thread INTEGER NOT NULL, server TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(thread, server))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS way(id INTEGER PRIMARY KEY, thread INTEGER NOT NULL,"
	" method TEXT NOT NULL, host TEXT NOT NULL, url TEXT NOT NULL, field TEXT NOT NULL,"
	" name TEXT NOT NULL, encoding TEXT NOT NULL, message TEXT NOT NULL,"
	" technique TEXT NOT NULL, initiator TEXT NOT NULL, UNIQUE(thread, method, host, url,"
	" field, name, encoding, message, technique, initiator)) STRICT;"
	"CREATE TABLE IF NOT EXISTS finding(sensor INTEGER NOT NULL, run TEXT NOT NULL,"
	" id INTEGER NOT NULL, thread INTEGER NOT NULL, way INTEGER NOT NULL,"
	" event INTEGER NOT NULL, time INTEGER NOT NULL, score REAL NOT NULL,"
	" why INTEGER NOT NULL, n INTEGER NOT NULL, estimated INTEGER NOT NULL,"
	" cards INTEGER NOT NULL,"
	" PRIMARY KEY(sensor, run, id, thread)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS finding_thread ON finding(thread, score DESC, time);"
	"CREATE TABLE IF NOT EXISTS card(thread INTEGER NOT NULL, token TEXT NOT NULL,"
	" sensor INTEGER NOT NULL, finding INTEGER NOT NULL, brand TEXT NOT NULL,"
	" PRIMARY KEY(thread, token, sensor, finding)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS remote(thread INTEGER NOT NULL, ip TEXT NOT NULL,"
	" port INTEGER NOT NULL, country TEXT NOT NULL, asn INTEGER NOT NULL,"
	" as_org TEXT NOT NULL, name_seen INTEGER NOT NULL, PRIMARY KEY(thread, ip, port))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS name(thread INTEGER NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY(thread, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS listed(thread INTEGER NOT NULL, list TEXT NOT NULL,"
	" state TEXT NOT NULL, PRIMARY KEY(thread, list, state)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS blind(run TEXT NOT NULL, subject TEXT NOT NULL,"
	" day INTEGER NOT NULL, cause TEXT NOT NULL, n INTEGER NOT NULL,"
	" PRIMARY KEY(run, subject, day, cause)) STRICT, WITHOUT ROWID;";

static const char people_tables[] =
	"CREATE TABLE IF NOT EXISTS incident(id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" run TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,"
	" revision INTEGER NOT NULL, confirmed INTEGER NOT NULL DEFAULT 0,"
	" updated INTEGER NOT NULL, merged_into INTEGER,"
	" judged_at INTEGER NOT NULL DEFAULT 0, judged_why INTEGER NOT NULL DEFAULT 0,"
	" judged_threads INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE IF NOT EXISTS history(id INTEGER PRIMARY KEY, incident INTEGER NOT NULL,"
	" time INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL) STRICT;"
	"CREATE INDEX IF NOT EXISTS history_incident ON history(incident);"
	"CREATE TABLE IF NOT EXISTS audit(id INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
	" who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL, hash TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS merchant(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" owner TEXT NOT NULL, agency TEXT NOT NULL, platform TEXT NOT NULL,"
	" addresses TEXT NOT NULL, hostnames TEXT NOT NULL, accounts TEXT NOT NULL,"
	" level TEXT NOT NULL, basis TEXT NOT NULL, non_retention TEXT NOT NULL,"
	" authorised TEXT NOT NULL, contact TEXT NOT NULL) STRICT;";

static const char book_tables[] =
	"CREATE TABLE IF NOT EXISTS contact(run TEXT NOT NULL, day INTEGER NOT NULL,"
	" tenant INTEGER NOT NULL, server TEXT NOT NULL, remote TEXT NOT NULL,"
	" port INTEGER NOT NULL, proto TEXT NOT NULL, opened INTEGER NOT NULL,"
	" merchant INTEGER NOT NULL, name TEXT NOT NULL, app TEXT NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, packets_out INTEGER NOT NULL, packets_in INTEGER NOT NULL,"
	" bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL, flows INTEGER NOT NULL,"
	" PRIMARY KEY(run, day, tenant, server, remote, port, proto, opened))"
	" STRICT, WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS contact_remote ON contact(remote, day);"
	"CREATE TABLE IF NOT EXISTS coverage(run TEXT NOT NULL, span INTEGER NOT NULL,"
	" sensor INTEGER NOT NULL, subject TEXT NOT NULL, start INTEGER NOT NULL, source TEXT NOT "
	"NULL,"
	" packets INTEGER NOT NULL, payload INTEGER NOT NULL, inspected INTEGER NOT NULL,"
	" duplicate INTEGER NOT NULL, pending INTEGER NOT NULL, missing INTEGER NOT NULL,"
	" tls INTEGER NOT NULL, one_sided INTEGER NOT NULL,"
	" PRIMARY KEY(run, span, subject, start, source, sensor)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS skipped(run TEXT NOT NULL, span INTEGER NOT NULL,"
	" subject TEXT NOT NULL, start INTEGER NOT NULL, reason TEXT NOT NULL,"
	" bytes INTEGER NOT NULL, PRIMARY KEY(run, span, subject, start, reason))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS counter(sensor INTEGER NOT NULL, run TEXT NOT NULL,"
	" day INTEGER NOT NULL, word TEXT NOT NULL, n INTEGER NOT NULL,"
	" PRIMARY KEY(sensor, run, day, word)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS frames(run TEXT NOT NULL, span INTEGER NOT NULL,"
	" sensor INTEGER NOT NULL, start INTEGER NOT NULL, source TEXT NOT NULL, frames INTEGER "
	"NOT NULL,"
	" bytes INTEGER NOT NULL, decoded INTEGER NOT NULL, drops INTEGER NOT NULL,"
	" PRIMARY KEY(run, span, start, source, sensor)) STRICT, WITHOUT ROWID;";

struct sql *store_open(const char *path, uint64_t max_bytes, struct err *err)
{
	struct sql *sql = sql_open(path, max_bytes, err);

	if (sql == NULL)
		return NULL;
	if (sql_begin(sql) && sql_script(sql, tables) && sql_script(sql, thread_tables) &&
		sql_script(sql, people_tables) && sql_script(sql, book_tables))
		sql_run(sql, "INSERT OR IGNORE INTO meta VALUES('version', ?)", "i",
			(int64_t)STORE_VERSION);
	int64_t version = sql_one(sql, 0, "SELECT value FROM meta WHERE key = 'version'", "");
	if (!sql_commit(sql))
		err_set(err, EXIT_CANNOT, "--db: %s: cannot be written: %s; %s", path,
			sql_problem(sql), sql_remedy(sql));
	else if (version != STORE_VERSION)
		err_set(err, EXIT_USAGE,
			"--db: %s: written by version %lld of the store, this program knows %d; "
			"use the program that wrote it, or name another",
			path, (long long)version, STORE_VERSION);
	else
		return sql;
	sql_close(sql);
	return NULL;
}
