#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/schema.h"

#define HASH_BYTES 32
#define HASH_TEXT (2 * HASH_BYTES + 1)

static void field(crypto_generichash_state *state, const char *text)
{
	uint64_t len = strlen(text); /* lengths too: ("ab", "c") is not ("a", "bc") */

	crypto_generichash_update(state, (const unsigned char *)&len, sizeof(len));
	crypto_generichash_update(state, (const unsigned char *)text, len);
}

static void row_hash(const char *before, int64_t time, const char *who, const char *what,
	const char *detail, char out[static HASH_TEXT])
{
	crypto_generichash_state state;
	unsigned char hash[HASH_BYTES];

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	field(&state, before);
	crypto_generichash_update(&state, (const unsigned char *)&time, sizeof(time));
	field(&state, who);
	field(&state, what);
	field(&state, detail);
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(out, HASH_TEXT, hash, sizeof(hash));
}

bool audit_add(struct sql *sql, int64_t now, const char *who, const char *what, const char *detail)
{
	char before[HASH_TEXT] = "", hash[HASH_TEXT];
	struct sql_rows rows = sql_ask(sql, "SELECT hash FROM audit ORDER BY id DESC LIMIT 1", "");

	if (sql_next(&rows))
		snprintf(before, sizeof(before), "%s", sql_text(&rows, 0));
	sql_end(&rows);
	row_hash(before, now, who, what, detail, hash);
	return sql_run(sql,
		"INSERT INTO audit(time, who, what, detail, hash) VALUES(?, ?, ?, ?, ?)", "itttt",
		now, who, what, detail, hash);
}

int64_t audit_check(struct sql *sql)
{
	char before[HASH_TEXT] = "", hash[HASH_TEXT];
	struct sql_rows rows =
		sql_ask(sql, "SELECT id, time, who, what, detail, hash FROM audit ORDER BY id", "");
	int64_t expected = 1;

	while (sql_next(&rows)) {
		row_hash(before, sql_int(&rows, 1), sql_text(&rows, 2), sql_text(&rows, 3),
			sql_text(&rows, 4), hash);
		if (sql_int(&rows, 0) != expected || strcmp(hash, sql_text(&rows, 5)) != 0) {
			sql_end(&rows);
			return expected;
		}
		memcpy(before, hash, sizeof(before));
		expected++;
	}
	return 0;
}
