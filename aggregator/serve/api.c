#include "serve/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "merchant/merchant.h"
#include "serve/page.h"
#include "serve/status.h"
#include "store/incident.h"
#include "store/json_in.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define TEXT_MAX 1000 /* of who and why */

static int error_put(struct out *out, int status, const char *text)
{
	out_open(out, NULL, '{');
	out_string(out, "error", text);
	out_close(out, '}');
	return status;
}

/* A decimal parameter; otherwise if absent, -1 if it is none or beyond max. */
static int64_t number(const char *text, int64_t otherwise, int64_t max)
{
	char *end;

	if (text == NULL)
		return otherwise;
	if (*text < '0' || *text > '9' || strlen(text) > 18)
		return -1;
	int64_t value = strtoll(text, &end, 10);
	return *end == '\0' && value <= max ? value : -1;
}

static int incidents_get(const struct api *api, const struct http_request *request, struct out *out)
{
	const char *state = http_query(request, "state"), *run = http_query(request, "run");
	int64_t limit = number(http_query(request, "limit"), LIMIT_DEFAULT, LIMIT_MAX);

	state = state != NULL ? state : "open";
	if (strcmp(state, "open") != 0 && strcmp(state, "closed") != 0 && strcmp(state, "all") != 0)
		return error_put(out, 400, "state: open, closed or all");
	if (limit < 0)
		return error_put(out, 400, "limit: a number up to 1000");
	struct sql_rows rows = sql_ask(api->sql,
		"SELECT i.id FROM incident i JOIN thread t ON t.incident = i.id WHERE i.merged_into"
		" IS NULL AND (?1 = 'all' OR (?1 = 'open') = (i.state IN ('open', 'acknowledged')))"
		" AND (?2 IS NULL OR i.run = ?2) GROUP BY i.id"
		" ORDER BY min(t.severity), max(t.last) DESC, i.id LIMIT ?3",
		"tti", state, run, limit);

	out_open(out, NULL, '{');
	out_open(out, "incidents", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		summary_put(api->sql, sql_int(&rows, 0), (int64_t)clock_real_ns(), out);
		out_close(out, '}');
	}
	out_close(out, ']');
	out_close(out, '}');
	return 200;
}

static int page_get(const struct api *api, int64_t incident, struct out *out)
{
	int64_t survivor = incident_survivor(api->sql, incident);

	if (survivor == 0)
		return error_put(out, 404, "there is no incident of that number");
	out_open(out, NULL, '{');
	summary_put(api->sql, survivor, (int64_t)clock_real_ns(), out);
	page_put(api->sql, survivor, out);
	out_close(out, '}');
	return 200;
}

static int decision(const struct api *api, int64_t incident, const char *state, const char *who,
	const char *why, struct out *out)
{
	int64_t now = (int64_t)clock_real_ns();

	if (why[0] == '\0' && strcmp(state, "acknowledged") != 0)
		return error_put(out, 400, "say why: {\"why\": \"...\"}");
	if (strlen(why) > TEXT_MAX || strlen(who) > TEXT_MAX)
		return error_put(out, 400, "who and why: at most 1000 bytes each");
	switch (incident_decide(
		api->sql, incident, state, who[0] != '\0' ? who : "somebody", why, now)) {
	case INCIDENT_NONE:
		return error_put(out, 404, "there is no incident of that number");
	case INCIDENT_NOT_NOW:
		return error_put(out, 409, "the incident is in another state already");
	case INCIDENT_FAILED:
		return error_put(out, 503, sql_problem(api->sql));
	case INCIDENT_DONE:
		break;
	}
	out_open(out, NULL, '{');
	summary_put(api->sql, incident_survivor(api->sql, incident), now, out);
	out_close(out, '}');
	return 200;
}

static int incident_post(const struct api *api, int64_t incident, const char *action,
	const struct http_request *request, struct out *out)
{
	static const char *const actions[][2] = {
		{"/ack", "acknowledged"}, {"/close", "closed"}, {"/false", "false"}};
	struct json_in *json;
	const char *state = NULL;

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(actions[i][0], action) == 0)
			state = actions[i][1];
	}
	if (state == NULL)
		return error_put(out, 404, "no such thing; see API.md");
	json = json_in_read(request->body, HTTP_BODY_MAX);
	if (json == NULL && request->body.len > 0)
		return error_put(out, 400, "the body is no JSON object");
	int status = decision(
		api, incident, state, json_in_text(json, "who"), json_in_text(json, "why"), out);
	json_in_drop(json);
	return status;
}

static int incident_path(const struct api *api, const struct http_request *request, struct out *out)
{
	const char *text = request->path + strlen("/incidents/");
	size_t digits = strspn(text, "0123456789");
	char copy[24];

	snprintf(copy, sizeof(copy), "%.*s", (int)digits, text);
	int64_t incident = number(copy, -1, INT64_MAX);
	if (digits == 0 || incident < 1)
		return error_put(out, 404, "there is no incident of that number");
	if (text[digits] != '\0' && strcmp(request->method, "POST") == 0)
		return incident_post(api, incident, text + digits, request, out);
	if (text[digits] == '\0' && strcmp(request->method, "GET") == 0)
		return page_get(api, incident, out);
	return error_put(out, 404, "no such thing; see API.md");
}

static int64_t events_put(struct sql *sql, int64_t after, int64_t limit, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT e.id, e.sensor, e.seq, e.body, s.name FROM event e LEFT JOIN sensor s ON"
		" s.id = e.sensor AND s.epoch = e.epoch WHERE e.id > ? ORDER BY e.id LIMIT ?",
		"ii", after, limit);
	char hex[17];

	while (sql_next(&rows)) {
		after = sql_int(&rows, 0);
		snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)sql_int(&rows, 1));
		out_open(out, NULL, '{');
		out_int(out, "id", after);
		out_string(out, "sensor", sql_text(&rows, 4)[0] != '\0' ? sql_text(&rows, 4) : hex);
		out_int(out, "seq", sql_int(&rows, 2));
		out_raw(out, "event", sql_text(&rows, 3));
		out_close(out, '}');
	}
	return after;
}

static int events_get(
	const struct api *api, const struct http_request *request, struct out *out, int *wait_s)
{
	const char *from = http_query(request, "after");
	bool at_end = from != NULL && strcmp(from, "last") == 0;
	int64_t end = sql_one(api->sql, 0, "SELECT max(id) FROM event", "");
	int64_t after = at_end ? end : number(from, 0, INT64_MAX);
	int64_t limit = number(http_query(request, "limit"), LIMIT_DEFAULT, LIMIT_MAX);
	int64_t wait = number(http_query(request, "wait"), 0, HTTP_WAIT_MAX_S);

	if (after < 0 || limit < 1 || wait < 0)
		return error_put(
			out, 400, "after: an id, or last; limit: 1 to 1000; wait: 0 to 30 seconds");
	if (wait > 0 && !at_end && !request->last && end <= after) {
		*wait_s = (int)wait;
		return 0;
	}
	out_open(out, NULL, '{');
	out_open(out, "events", '[');
	int64_t next = events_put(api->sql, after, limit, out);
	out_close(out, ']');
	out_int(out, "next", next);
	out_close(out, '}');
	return 200;
}

static int merchants_any(const struct api *api, const struct http_request *request, struct out *out)
{
	const char *dry = http_query(request, "dry_run");
	struct merchant_change change;
	struct err err = {0};

	if (strcmp(request->method, "GET") == 0) {
		merchants_put(api->sql, out);
		return 200;
	}
	bool try = dry != NULL && strcmp(dry, "1") == 0;
	if (!merchants_import(api->sql, request->body, try, api->policy_out,
		    (int64_t)clock_real_ns(), &change, &err))
		return error_put(out, err.status == EXIT_USAGE ? 400 : 503, err.text);
	out_open(out, NULL, '{');
	out_int(out, "added", change.added);
	out_int(out, "changed", change.changed);
	out_int(out, "gone", change.gone);
	out_int(out, "unchanged", change.unchanged);
	if (change.policy_written)
		out_string(out, "policy", api->policy_out);
	else
		out_null(out, "policy");
	out_close(out, '}');
	return 200;
}

static int route(
	const struct api *api, const struct http_request *request, struct out *out, int *wait_s)
{
	const char *path = request->path;
	bool get = strcmp(request->method, "GET") == 0;

	if (strncmp(path, "/incidents/", 11) == 0)
		return incident_path(api, request, out);
	if (strcmp(path, "/merchants") == 0 && (get || strcmp(request->method, "POST") == 0))
		return merchants_any(api, request, out);
	if (get && strcmp(path, "/incidents") == 0)
		return incidents_get(api, request, out);
	if (get && strcmp(path, "/events") == 0)
		return events_get(api, request, out, wait_s);
	if (get && strcmp(path, "/status") == 0) {
		status_put(api, out);
		return 200;
	}
	return error_put(out, 404, "no such thing; see API.md");
}

int api_answer(void *owner, const struct http_request *request, struct out *out, int *wait_s)
{
	const struct api *api = owner;
	int status = route(api, request, out, wait_s);

	if (!sql_failed(api->sql))
		return status;
	/* Half an answer is none. */
	out_drop(out);
	sql_rollback(api->sql);
	return error_put(out, 503, sql_problem(api->sql));
}

size_t api_limit(const char *path)
{
	return strcmp(path, "/merchants") == 0 ? HTTP_FILE_MAX : HTTP_BODY_MAX;
}
