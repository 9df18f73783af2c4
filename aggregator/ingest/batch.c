#include "ingest/batch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/book.h"
#include "store/journal.h"

enum ack_reason { ACK_FINE, ACK_GAP, ACK_STORE };

void ingest_begin(struct ingest *ingest, struct sql *sql, int64_t now)
{
	ingest->sql = sql;
	ingest->answers = 0;
	ingest->begun = false;
	correlate_start(&ingest->correlate, sql, now);
}

/* The run's 16 hex digits, or "live"; false: the event does not say. */
static bool run_of(const struct record *record, const struct json_in *json, char run[RUN_MAX])
{
	const struct json_in *sekisho = json_in_get(json, "sekisho");
	const char *text = json_in_text(sekisho, "run");

	if (record->kind == EVENT_GAP || !json_in_true(sekisho, "replay")) {
		snprintf(run, RUN_MAX, "live");
		return record->replay == 0 || record->kind == EVENT_GAP;
	}
	snprintf(run, RUN_MAX, "%s", text);
	return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static const char *fault_of(const struct record *record, const struct json_in *json, char *run)
{
	if (record->kind < EVENT_ALERT || record->kind > EVENT_GAP)
		return "kind";
	if (json == NULL)
		return "json";
	if (strcmp(json_in_text(json, "event_type"),
		    event_kind_word((enum event_kind)record->kind)) != 0)
		return "event_type";
	return run_of(record, json, run) ? NULL : "run";
}

static void event_add(struct ingest *ingest, const struct arrival *from,
	const struct record *record, struct bytes text)
{
	struct json_in *json = json_in_read(text, EVENT_JSON_MAX);
	char run[RUN_MAX];
	const char *fault = fault_of(record, json, run);

	if (fault != NULL) {
		/* Refusing the batch would stop all that stands behind it for ever. */
		ingest->counts.refused_events++;
		journal_refuse(ingest->sql, from, fault);
	} else {
		struct correlate_event event = {.sensor = from->sensor,
			.id = journal_add(ingest->sql, from, record, run, text),
			.time = book_time(json_in_text(json, "timestamp")),
			.run = run,
			.json = json};

		ingest->counts.events++;
		correlate_event(&ingest->correlate, &event);
	}
	json_in_drop(json);
}

/* Whole before any of it is stored: count and length must agree. */
static bool batch_sound(const struct wire_batch *batch, struct bytes records)
{
	struct record record;
	struct bytes json;
	uint32_t n = 0;

	if (batch->count == 0 || batch->count > WIRE_BATCH_EVENTS_MAX || batch->first_seq == 0 ||
		batch->first_seq > INT64_MAX - WIRE_BATCH_EVENTS_MAX)
		return false;
	while (n < batch->count && wire_record(&records, &record, &json))
		n++;
	return n == batch->count && records.len == 0;
}

static bool batch_put(struct ingest *ingest, const struct wire_header *header, struct bytes body,
	struct wire_ack *ack)
{
	struct wire_batch batch;
	struct record record;
	struct bytes json;

	if (body.len < sizeof(batch) || body.len > WIRE_BATCH_MAX + sizeof(batch))
		return false;
	memcpy(&batch, body.ptr, sizeof(batch));
	body = bytes_skip(body, sizeof(batch));
	if (!batch_sound(&batch, body))
		return false;
	uint64_t mark = journal_mark(ingest->sql, header->sensor_id, header->epoch);
	ack->hw_seq = mark;
	if (batch.first_seq > mark + 1) {
		ingest->counts.gaps++;
		ack->reason = ACK_GAP;
		return true;
	}
	struct arrival from = {
		.sensor = header->sensor_id, .epoch = header->epoch, .now = ingest->correlate.now};
	for (uint32_t i = 0; i < batch.count && wire_record(&body, &record, &json); i++) {
		from.seq = batch.first_seq + i;
		if (from.seq <= mark)
			ingest->counts.repeated++;
		else
			event_add(ingest, &from, &record, json);
	}
	if (from.seq > mark)
		ack->hw_seq = from.seq;
	journal_mark_set(
		ingest->sql, header->sensor_id, header->epoch, ack->hw_seq, ingest->correlate.now);
	return true;
}

static bool hello_put(struct ingest *ingest, const struct wire_header *header, struct bytes body,
	struct wire_ack *ack)
{
	struct wire_hello hello;

	if (body.len != sizeof(hello))
		return false;
	memcpy(&hello, body.ptr, sizeof(hello));
	if (memchr(hello.name, '\0', sizeof(hello.name)) == NULL || hello.oldest_seq == 0 ||
		hello.oldest_seq > hello.next_seq || hello.next_seq > INT64_MAX)
		return false;
	for (const char *c = hello.name; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			return false;
	}
	ack->hw_seq = journal_mark(ingest->sql, header->sensor_id, header->epoch);
	if (hello.next_seq <= ack->hw_seq) {
		ingest->counts.older++;
		log_line(LOG_LEVEL_ERROR,
			"sensor %s: its spool ends before event %llu, which it delivered; was an "
			"older copy of it restored, or do two sensors use copies of one? give it "
			"a new --spool",
			hello.name, (unsigned long long)ack->hw_seq);
	}
	journal_hello(ingest->sql, header->sensor_id, header->epoch, hello.name, hello.oldest_seq,
		ingest->correlate.now);
	ack->hw_seq = journal_mark(ingest->sql, header->sensor_id, header->epoch);
	return true;
}

bool ingest_message(struct ingest *ingest, struct bytes message)
{
	struct wire_header header;
	struct bytes body;
	bool taken = false;

	ingest->counts.messages++;
	assert(ingest->answers < INGEST_TURN);
	struct ingest_answer *answer = &ingest->answer[ingest->answers];
	*answer = (struct ingest_answer){.ack.credit = WIRE_CREDIT};
	if (!ingest->begun)
		sql_begin(ingest->sql);
	ingest->begun = true;
	if (wire_get(message, &header, &body)) {
		answer->sensor = header.sensor_id;
		answer->epoch = header.epoch;
		if (header.kind == WIRE_BATCH)
			taken = batch_put(ingest, &header, body, &answer->ack);
		else if (header.kind == WIRE_HELLO)
			taken = hello_put(ingest, &header, body, &answer->ack);
	}
	if (taken)
		ingest->answers++;
	else
		ingest->counts.refused++;
	return taken;
}

bool ingest_end(struct ingest *ingest)
{
	if (!ingest->begun)
		return true;
	correlate_end(&ingest->correlate);
	if (sql_commit(ingest->sql))
		return true;
	ingest->counts.failed++;
	for (uint32_t i = 0; i < ingest->answers; i++) {
		struct ingest_answer *answer = &ingest->answer[i];

		answer->ack = (struct wire_ack){.reason = ACK_STORE,
			.hw_seq = journal_mark(ingest->sql, answer->sensor, answer->epoch)};
	}
	return false;
}
