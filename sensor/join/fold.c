/* fold.c - partial sums of a minute to contact and coverage events.
 *
 * Sums of all workers for a minute stand before anything of the next one in
 * stamp order; fold_flush() is called between the two, so the events come at
 * one place whatever the number of workers, sorted by key. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "detect/words.h"
#include "join/state.h"

#define ROWS_PER_EVENT 128
#define ROW_BYTES 1200 /* of JSON, at most: a character of a name may take six bytes */
#define COVERAGE_PER_EVENT 16

static_assert(sizeof(struct contact_key) == 48, "compared as bytes");

/* The name said first stays, whoever of the workers told it first. */
static void name_contact(
	struct join *join, struct contact_sum *sum, const struct fact_contact *fact)
{
	bool earlier = fact->name_ns < sum->name_ns ||
		       (fact->name_ns == sum->name_ns && fact->name_ord < sum->name_ord);

	if (fact->name_len == 0 || (sum->name.len > 0 && !earlier))
		return;
	if (!texts_put(&join->contact_names, &sum->name, fact->name, fact->name_len)) {
		join->counters.contact_unnamed++;
		return;
	}
	sum->name_ns = fact->name_ns;
	sum->name_ord = fact->name_ord;
}

void fold_contact(struct join *join, const struct fact_contact *fact)
{
	struct contact_key key = {.server = fact->server,
		.remote = fact->remote,
		.merchant = fact->merchant,
		.tenant = fact->tenant,
		.port = fact->port,
		.proto = fact->proto,
		.server_opened = fact->server_opened};
	struct masked none = {0};
	bool made;
	struct contact_sum *sum = rows_get(&join->contacts, &join->conf.key, &key, &made);

	join->fold_minute = fact->minute;
	if (sum == NULL) {
		join->counters.contact_refused++;
		return;
	}
	destination_first(join, fact->tenant, &fact->server, &fact->remote, &none, fact->first_ns);
	if (sum->packets_out + sum->packets_in == 0 && sum->flows == 0)
		sum->first_ns = UINT64_MAX;
	if (fact->first_ns < sum->first_ns)
		sum->first_ns = fact->first_ns;
	if (fact->last_ns > sum->last_ns)
		sum->last_ns = fact->last_ns;
	sum->bytes_out += fact->bytes_out;
	sum->bytes_in += fact->bytes_in;
	sum->packets_out += fact->packets_out;
	sum->packets_in += fact->packets_in;
	sum->flows += fact->flows;
	sum->opened |= fact->opened;
	if (fact->app != 0 && (sum->app == 0 || fact->app < sum->app))
		sum->app = fact->app;
	name_contact(join, sum, fact);
}

void fold_coverage(struct join *join, const struct fact_coverage *fact)
{
	bool made;
	struct account_row *row = rows_get(&join->coverage, &join->conf.key, &fact->row.key, &made);

	join->fold_minute = fact->row.key.minute;
	join->counters.imbalance += account_imbalance(&fact->row.counts);
	if (row == NULL) {
		join->counters.coverage_refused++;
		return;
	}
	account_add(&row->counts, &fact->row.counts);
}

void fold_limits(struct join *join, const struct fact_limits *fact)
{
	join->fold_minute = fact->minute;
	for (int i = 0; i < LIMIT_COUNT; i++)
		join->counters.limits[i] += fact->count[i];
}

void fold_frames(struct join *join, const struct fact_frames *fact)
{
	struct fact_frames *to = &join->frames[fact->source < 64 ? fact->source : 63];

	join->fold_minute = fact->minute;
	join->frames_set[fact->source < 64 ? fact->source : 63] = 1;
	to->minute = fact->minute;
	to->source = fact->source;
	to->frames += fact->frames;
	to->bytes += fact->bytes;
	to->decoded += fact->decoded;
	to->drops += fact->drops;
	for (int i = 0; i < FRAME_REASON_COUNT; i++)
		to->refused[i] += fact->refused[i];
}

static void put_name(struct join *join, struct json *json, const struct contact_sum *sum)
{
	const char *text = texts_at(&join->contact_names, &sum->name);
	struct masked name = {.len = (uint16_t)sum->name.len};

	if (name.len == 0 && sum->key.server_opened != 0)
		name.len = (uint16_t)called_name(
			join, sum->key.tenant, &sum->key.server, &sum->key.remote, &text);
	memcpy(name.text, text, name.len);
	json_masked(json, NULL, &name);
}

static void put_contact(struct join *join, struct json *json, const struct contact_sum *sum)
{
	const char *app = sum->app < FACT_LABELS
				  ? detect_app_word((uint8_t)sum->app, 0)
				  : detect_app_word(0, (uint16_t)(sum->app - FACT_LABELS));

	static const char *const unknown = "ip";
	uint8_t opened[8];

	for (int i = 0; i < 8; i++)
		opened[i] = (uint8_t)(sum->opened >> (56 - 8 * i));
	json_array(json, NULL);
	json_addr(json, NULL, &sum->key.server);
	json_addr(json, NULL, &sum->key.remote);
	json_u64(json, NULL, sum->key.port);
	json_text(json, NULL,
		sum->key.proto == PROTO_TCP   ? "tcp"
		: sum->key.proto == PROTO_UDP ? "udp"
					      : unknown);
	json_u64(json, NULL, sum->key.server_opened);
	json_u64(json, NULL, sum->key.merchant);
	json_time(json, NULL, sum->first_ns);
	json_time(json, NULL, sum->last_ns);
	json_u64(json, NULL, sum->packets_out);
	json_u64(json, NULL, sum->packets_in);
	json_u64(json, NULL, sum->bytes_out);
	json_u64(json, NULL, sum->bytes_in);
	json_u64(json, NULL, sum->flows);
	json_u64(json, NULL, (uint64_t)__builtin_popcountll(sum->opened));
	json_hex(json, NULL, opened, sizeof(opened));
	put_name(join, json, sum);
	json_text(json, NULL, app != NULL ? app : "");
	json_close(json);
}

static void clear_contact(struct contact_sum *sum)
{
	*sum = (struct contact_sum){.key = sum->key,
		.sent = 1,
		.app = sum->app,
		.name_ns = sum->name_ns,
		.name_ord = sum->name_ord,
		.name = sum->name};
}

struct contact_event {
	struct json json;
	uint16_t tenant;
	uint32_t rows;
	bool open;
};

static void end_contacts(struct join *join, struct contact_event *event, uint64_t ns)
{
	struct record record = {.packet_ns = ns,
		.tenant = event->tenant,
		.kind = EVENT_CONTACT,
		.event_class = EVENT_P1};

	if (!event->open)
		return;
	json_close(&event->json); /* rows */
	send_run(join, &event->json);
	json_close(&event->json); /* sekisho */
	send_event(join, &event->json, &record);
	event->open = false;
}

static bool is_full(const struct contact_event *event, uint16_t tenant)
{
	return event->rows == ROWS_PER_EVENT || event->tenant != tenant ||
	       event->json.len + 2 * ROW_BYTES > event->json.size;
}

static void add_contact(
	struct join *join, struct contact_event *event, struct contact_sum *sum, uint64_t ns)
{
	if (event->open && is_full(event, sum->key.tenant))
		end_contacts(join, event, ns);
	if (!event->open) {
		event->open = true;
		event->rows = 0;
		event->tenant = sum->key.tenant;
		send_start(join, &event->json, "contact", ns);
		json_object(&event->json, "sekisho");
		json_u64(&event->json, "tenant", event->tenant);
		json_array(&event->json, "rows");
	}
	put_contact(join, &event->json, sum);
	event->rows++;
	clear_contact(sum);
}

/* New tuples at once; the others when an hour of packet time is over, or at the end. */
static void flush_contacts(struct join *join, uint64_t ns, bool all)
{
	struct contact_event event = {.open = false};

	rows_sort(&join->contacts);
	for (uint32_t i = 0; i < join->contacts.used; i++) {
		struct contact_sum *sum = rows_at(&join->contacts, join->contacts.order[i]);
		bool busy = sum->packets_out + sum->packets_in > 0 || sum->flows > 0;
		if (busy && (all || !sum->sent))
			add_contact(join, &event, sum, ns);
	}
	end_contacts(join, &event, ns);
	/* Half full of tuples that were sent: start anew, they will be first seen again. */
	if (all && (join->contacts.used > join->contacts.capacity / 2 ||
			   join->contact_names.used > join->contact_names.size / 2)) {
		rows_clear(&join->contacts);
		join->contact_names.used = 0;
	}
}

static void put_skipped(struct json *json, const int64_t skipped[])
{
	json_object(json, "skipped");
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		if (skipped[i] != 0)
			json_i64(json, skip_reason_word((enum skip_reason)i), skipped[i]);
	json_close(json);
}

static void put_coverage(struct join *join, struct json *json, const struct account_row *row)
{
	json_object(json, NULL);
	json_object(json, "subject");
	json_u64(json, "merchant", row->key.merchant);
	json_addr(json, "server", &row->key.server);
	json_close(json);
	json_u64(json, "tenant", row->key.tenant);
	json_text(json, "source", source_name(join, row->key.source));
	json_i64(json, "packets", row->counts.packets);
	json_i64(json, "payload", row->counts.payload);
	json_i64(json, "inspected", row->counts.inspected);
	json_i64(json, "duplicate", row->counts.duplicate);
	json_i64(json, "pending", row->counts.pending);
	json_i64(json, "missing", row->counts.missing);
	json_i64(json, "conflict", row->counts.conflict);
	json_i64(json, "tls", row->counts.tls);
	json_i64(json, "one_sided", row->counts.one_sided);
	put_skipped(json, row->counts.skipped);
	json_close(json);
}

static void put_frames(struct join *join, struct json *json)
{
	json_array(json, "frames");
	for (int s = 0; s < 64; s++) {
		struct fact_frames *frames = &join->frames[s];
		if (!join->frames_set[s])
			continue;
		json_object(json, NULL);
		json_text(json, "source", source_name(join, frames->source));
		json_i64(json, "frames", frames->frames);
		json_i64(json, "bytes", frames->bytes);
		json_i64(json, "decoded", frames->decoded);
		json_i64(json, "drops", frames->drops);
		json_object(json, "refused");
		for (int i = 0; i < FRAME_REASON_COUNT; i++)
			if (frames->refused[i] != 0)
				json_i64(json, frame_reason_word((enum frame_reason)i),
					frames->refused[i]);
		json_close(json);
		json_close(json);
		join->counters.imbalance += frames->frames - frames->decoded;
		for (int i = 0; i < FRAME_REASON_COUNT; i++)
			join->counters.imbalance -= frames->refused[i];
	}
	json_close(json);
}

static void frames_told(struct join *join)
{
	for (int s = 0; s < 64; s++) {
		struct fact_frames *frames = &join->frames[s];

		if (join->frames_set[s] && join->conf.told != NULL)
			join->conf.told(join->conf.self, frames->source, (uint64_t)frames->frames,
				(uint64_t)frames->bytes, (uint64_t)frames->drops);
		*frames = (struct fact_frames){0};
		join->frames_set[s] = 0;
	}
}

static void coverage_event(
	struct join *join, uint32_t from, uint32_t to, bool with_frames, uint64_t ns)
{
	struct record record = {.packet_ns = ns, .kind = EVENT_COVERAGE, .event_class = EVENT_P2};
	struct json json;

	send_start(join, &json, "coverage", ns);
	json_object(&json, "sekisho");
	json_time(&json, "minute", join->fold_minute * MINUTE_NS);
	json_array(&json, "rows");
	for (uint32_t i = from; i < to; i++)
		put_coverage(join, &json, rows_at(&join->coverage, join->coverage.order[i]));
	json_close(&json);
	if (with_frames) {
		put_frames(join, &json);
	} else {
		json_array(&json, "frames");
		json_close(&json);
	}
	if (join->counters.late > join->late_told)
		json_u64(&json, "late", join->counters.late - join->late_told);
	join->late_told = join->counters.late;
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
	if (with_frames)
		frames_told(join);
}

static void flush_coverage(struct join *join, uint64_t ns)
{
	uint32_t from = 0;

	rows_sort(&join->coverage);
	do {
		uint32_t to = from + COVERAGE_PER_EVENT;
		if (to > join->coverage.used)
			to = join->coverage.used;
		coverage_event(join, from, to, from == 0, ns);
		from = to;
	} while (from < join->coverage.used);
	rows_clear(&join->coverage);
}

void fold_flush(struct join *join)
{
	uint64_t ns = (join->fold_minute + 1) * MINUTE_NS;
	uint64_t hour = ns / (60 * MINUTE_NS);

	flush_contacts(join, ns, hour > join->sent_hour);
	flush_coverage(join, ns);
	blind_tell(join, ns);
	stats_tell(join, ns);
	if (hour > join->sent_hour && join->sent_hour != 0)
		learn_hour(join);
	join->sent_hour = hour > join->sent_hour ? hour : join->sent_hour;
	join->fold_open = false;
}

void fold_finish(struct join *join)
{
	if (join->fold_open)
		fold_flush(join);
	flush_contacts(join, (join->fold_minute + 1) * MINUTE_NS, true);
	blind_tell(join, (join->fold_minute + 1) * MINUTE_NS);
	stats_tell(join, (join->fold_minute + 1) * MINUTE_NS);
}
