/* The views of a message do not depend on how its body was cut, keep the
 * contract of unwrap.h (record.c aborts otherwise), and leave no state behind.  A sink that
 * looks for digits sees the same but for values without any.
 * First byte: declared type, codings and whether the body is put behind a long
 * beginning; then two bytes of where to cut. */
#include <stdlib.h>

#include "unwrap/record.h"

#define BODY_MAX (32u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum who { TAKES_ALL, LOOKS, WHO_COUNT };

static struct record records[WHO_COUNT];

/* Two digits in a row. */
static size_t place(struct bytes data, size_t from)
{
	for (; from + 1 < data.len; from++)
		if (data.ptr[from] >= '0' && data.ptr[from] <= '9' && data.ptr[from + 1] >= '0' &&
			data.ptr[from + 1] <= '9')
			return from;
	return data.len;
}

static struct unwrap *one(enum who who)
{
	static struct arena arena[WHO_COUNT];
	static struct unwrap *unwrap[WHO_COUNT];
	struct err err;

	if (unwrap[who] == NULL) {
		struct view_sink sink = record_sink(&records[who]);
		sink.place = who == LOOKS ? place : NULL;
		if (!arena_new(&arena[who], unwrap_bytes(8, UNWRAP_DEPTH + 1) + 4096, &err))
			abort();
		unwrap[who] = unwrap_new(&arena[who], 8, UNWRAP_DEPTH + 1, sink);
	}
	return unwrap[who];
}

static void field(struct fed *fed, enum field_role role, const char *text)
{
	fed_field(fed, role, bytes_of(NULL, 0), bytes_text(text), 1, 1);
}

static uint64_t run(
	enum who who, uint8_t how, struct bytes body, size_t first, size_t each, uint64_t *lost)
{
	static const char *const type[] = {"", "application/json",
		"application/x-www-form-urlencoded", "multipart/mixed; boundary=B"};
	static const char *const coding[] = {
		"", "gzip", "deflate", "gzip, deflate", "br", "zstd", "zstd, br", "br, gzip"};
	struct fed fed = {.unwrap = one(who), .message = {.kind = MESSAGE_HTTP_REQUEST}};
	const struct unwrap_counters *counters = unwrap_counters(fed.unwrap);
	uint64_t before = counters->skipped[SKIP_CODING] + counters->skipped[SKIP_BOMB];

	record_clear(&records[who]);
	unwrap_open(fed.unwrap, &fed.slot, &fed.message);
	fed_field(&fed, FIELD_HTTP_URI, bytes_of(NULL, 0), body, first, each);
	fed_field(&fed, FIELD_HTTP_COOKIE, bytes_of(NULL, 0), body, first, each);
	field(&fed, FIELD_HTTP_CONTENT_TYPE, type[how & 3]);
	field(&fed, FIELD_HTTP_CONTENT_CODING, coding[(how >> 2 & 3) | (how >> 4 & 4)]);
	fed_field(&fed, FIELD_HTTP_BODY, bytes_of(NULL, 0), body, first, each);
	unwrap_close(fed.unwrap, &fed.slot, &fed.message);
	record_closed(&records[who]);
	*lost = counters->skipped[SKIP_CODING] + counters->skipped[SKIP_BOMB] - before;
	if (*lost > body.len || counters->state_refused > 0 || counters->inflate_refused > 0)
		abort();
	return record_sum(&records[who]);
}

/* A gap somewhere: nothing more is promised than the contract of the views. */
static void run_gap(uint8_t how, struct bytes body, size_t at)
{
	struct fed fed = {.unwrap = one(TAKES_ALL), .message = {.kind = MESSAGE_HTTP_REQUEST}};
	struct run run = {
		.role = FIELD_HTTP_BODY, .first = true, .data = bytes_head(body, FIELD_WHOLE)};

	if (body.len <= FIELD_WHOLE)
		return;
	record_clear(&records[TAKES_ALL]);
	field(&fed, FIELD_HTTP_CONTENT_CODING, (how & 4) != 0 ? "gzip" : "");
	unwrap_run(fed.unwrap, &fed.slot, &fed.message, &run);
	body = bytes_skip(body, FIELD_WHOLE);
	at %= body.len + 1;
	run = (struct run){
		.role = FIELD_HTTP_BODY, .data = bytes_head(body, at), .offset = FIELD_WHOLE};
	unwrap_run(fed.unwrap, &fed.slot, &fed.message, &run);
	unwrap_gap(fed.unwrap, &fed.slot, &fed.message, FIELD_HTTP_BODY, 7);
	run = (struct run){.role = FIELD_HTTP_BODY,
		.last = (how & 0x80) != 0,
		.data = bytes_skip(body, at),
		.offset = FIELD_WHOLE + at + 7};
	unwrap_run(fed.unwrap, &fed.slot, &fed.message, &run);
	unwrap_close(fed.unwrap, &fed.slot, &fed.message);
	record_closed(&records[TAKES_ALL]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t body[BODY_MAX];
	uint64_t lost[3];
	size_t len = 0;

	if (size < 3 || size - 3 > 4096)
		return 0;
	if ((data[0] & 0x30) != 0) { /* what comes may then be cut anywhere */
		const char *head[] = {"{\"a\":\"", "a=", "[1,"};

		len = FIELD_WHOLE - 5;
		memset(body, 'x', len);
		memcpy(body, head[(data[0] >> 4 & 3) - 1], strlen(head[(data[0] >> 4 & 3) - 1]));
	}
	memcpy(body + len, data + 3, size - 3);
	struct bytes all = bytes_of(body, len + size - 3);
	size_t cut = 1 + (size_t)(data[1] << 8 | data[2]) % BODY_MAX;
	uint64_t sum = run(TAKES_ALL, data[0], all, BODY_MAX, BODY_MAX, &lost[0]);
	(void)run(LOOKS, data[0], all, cut, BODY_MAX, &lost[1]);
	record_wanted(&records[TAKES_ALL], &records[LOOKS], place);
	if (sum != run(TAKES_ALL, data[0], all, cut, BODY_MAX, &lost[1]) ||
		sum != run(TAKES_ALL, data[0], all, 1, 1 + data[2] % 16, &lost[2]) ||
		lost[0] != lost[1] || lost[0] != lost[2])
		abort();
	run_gap(data[0], all, (size_t)(data[1] << 8 | data[2]));
	return 0;
}
