#include "serve/page.h"

void merchants_put(struct sql *sql, struct out *out)
{
	static const char *const text[] = {"name", "owner", "agency", "platform"};
	struct sql_rows rows = sql_ask(sql,
		"SELECT id, name, owner, agency, platform, addresses, hostnames, level, basis,"
		" non_retention, authorised FROM merchant ORDER BY id",
		"");

	out_open(out, NULL, '{');
	out_open(out, "merchants", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_int(out, "id", sql_int(&rows, 0));
		for (int i = 0; i < 4; i++)
			out_string(out, text[i], sql_text(&rows, i + 1));
		out_words(out, "addresses", sql_text(&rows, 5));
		out_words(out, "hostnames", sql_text(&rows, 6));
		out_string(out, "level", sql_text(&rows, 7));
		out_string(out, "basis", sql_text(&rows, 8));
		out_bool(out, "non_retention", sql_text(&rows, 9)[0] == 't');
		out_words(out, "authorised", sql_text(&rows, 10));
		out_close(out, '}');
	}
	out_close(out, ']');
	out_close(out, '}');
}
