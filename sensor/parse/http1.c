/* http1.c - HTTP/1.0 and 1.1 (RFC 9110, RFC 9112), requests and responses. */
#include "parse/http1.h"
#include "base/scratch.h"

static const struct {
	void (*step)(struct http_call *call);
	bool head; /* its bytes count against HTTP_HEAD_MAX */
} phases[HTTP_PHASE_COUNT] = {
	[HTTP_START] = {http_step_start, false},
	[HTTP_METHOD] = {http_step_method, true},
	[HTTP_TARGET] = {http_step_target, true},
	[HTTP_TARGET_END] = {http_step_target_end, true},
	[HTTP_VERSION] = {http_step_version, true},
	[HTTP_STATUS] = {http_step_status, true},
	[HTTP_REASON] = {http_step_reason, true},
	[HTTP_LINE] = {http_step_line, true},
	[HTTP_NAME] = {http_step_name, true},
	[HTTP_VALUE_GAP] = {http_step_value_gap, true},
	[HTTP_VALUE] = {http_step_value, true},
	[HTTP_VALUE_END] = {http_step_value_end, true},
	[HTTP_REST_LINE] = {http_step_rest_line, true},
	[HTTP_REST] = {http_step_rest, true},
	[HTTP_LENGTH] = {http_step_length, false},
	[HTTP_CLOSE] = {http_step_close, false},
	[HTTP_CHUNK_SIZE] = {http_step_chunk_size, false},
	[HTTP_CHUNK_EXT] = {http_step_chunk_ext, false},
	[HTTP_CHUNK_DATA] = {http_step_chunk_data, false},
	[HTTP_CHUNK_END] = {http_step_chunk_end, false},
	[HTTP_SCAN] = {http_step_scan, false},
};

/* Sets all of *call but old and after, which a replay writes before it reads them. */
static void call_begin(
	struct http_call *call, void *state, struct parse_io *io, uint8_t dir, struct bytes data)
{
	struct http_state *http = state;
	struct http_dir *of = &http->dir[dir];

	call->state = http;
	call->dir = of;
	call->io = io;
	call->in = rd_of(data);
	call->field = (struct teller){.io = io,
		.message = &of->message,
		.field = &of->field,
		.begun = http_target_told,
		.self = call};
	if (of->field.open && of->field.role == FIELD_HTTP_HEADER)
		call->field.name = bytes_of(of->name, of->name_len);
	call->aside = (struct teller){.io = io, .message = &of->message, .field = &of->aside};
	call->replay = false;
	call->give_up = false;
}

/* What the tellers borrow must not outlive the bytes it points to. */
static void flush(struct http_call *call)
{
	if (call->dir->field.open)
		field_flush(&call->field);
	if (call->dir->aside.open)
		field_flush(&call->aside);
}

static bool is_switched(const struct http_call *call)
{
	const struct http_dir *dir = call->dir;

	return call->state->switched && !dir->open &&
	       (dir->phase == HTTP_START || dir->phase == HTTP_SCAN);
}

static void step(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	bool head = phases[dir->phase].head;
	size_t before = rd_left(&call->in);

	phases[dir->phase].step(call);
	if (head && phases[dir->phase].head)
		dir->head_len += (uint32_t)(before - rd_left(&call->in));
}

/* Bytes kept from earlier calls, and those of a replay, are not the caller's to tell. */
static enum parse_rc give_up(struct http_call *call, size_t len)
{
	struct rd own = call->in;

	http_body_pending(call);
	if (call->replay) {
		call->dir->phase = HTTP_SCAN;
		http_body_add(call, rd_bytes(&own, rd_left(&own)));
		call->in = call->after;
	}
	http_close(call, CLOSE_BAD);
	call->io->taken = len - rd_left(&call->in);
	return PARSE_BAD;
}

static enum parse_rc http_data(void *state, struct parse_io *io, uint8_t dir, struct bytes data)
{
	SCRATCH struct http_call call;

	call_begin(&call, state, io, dir, data);
	for (;;) {
		if (call.give_up || is_switched(&call))
			return give_up(&call, data.len);
		if (rd_left(&call.in) > 0) {
			step(&call);
			continue;
		}
		flush(&call);
		if (!call.replay)
			return PARSE_OK;
		call.replay = false;
		call.in = call.after;
	}
}

/* The bytes that are missing lie inside content whose end is known. */
static bool is_framed_gap(const struct http_dir *dir, uint64_t len)
{
	if (dir->phase == HTTP_CLOSE)
		return true;
	return (dir->phase == HTTP_LENGTH || dir->phase == HTTP_CHUNK_DATA) && len > 0 &&
	       len <= dir->left;
}

static void gap_in_content(struct http_call *call, uint64_t len)
{
	struct http_dir *dir = call->dir;

	http_body_add(call, bytes_of(NULL, 0));
	field_gap(&call->field, len);
	if (dir->phase == HTTP_CLOSE)
		return;
	dir->left -= len;
	if (dir->left > 0)
		return;
	if (dir->phase == HTTP_LENGTH)
		http_close(call, CLOSE_COMPLETE);
	else
		dir->phase = HTTP_CHUNK_END;
}

static enum parse_rc http_gap(void *state, struct parse_io *io, uint8_t dir, uint64_t len)
{
	SCRATCH struct http_call call;

	call_begin(&call, state, io, dir, bytes_of(NULL, 0));
	if (is_framed_gap(call.dir, len)) {
		gap_in_content(&call, len);
		return PARSE_OK;
	}
	http_head_pending(&call);
	http_body_pending(&call);
	if (call.dir->field.open)
		field_gap(&call.field, len);
	if (call.dir->open && call.dir->phase != HTTP_SCAN)
		http_close(&call, CLOSE_GAP);
	if (is_switched(&call)) {
		io->taken = 0;
		return PARSE_BAD;
	}
	http_scan(&call, true);
	return PARSE_OK;
}

static void http_end(void *state, struct parse_io *io, uint8_t dir)
{
	SCRATCH struct http_call call;

	call_begin(&call, state, io, dir, bytes_of(NULL, 0));
	http_head_pending(&call);
	http_body_pending(&call);
	if (call.dir->open)
		http_close(&call, call.dir->phase == HTTP_CLOSE ? CLOSE_COMPLETE : CLOSE_END);
}

static void http_drop(void *state, struct parse_io *io)
{
	struct http_state *http = state;

	for (int i = 0; i < 2; i++) {
		field_drop(&http->dir[i].field, io->hold);
		field_drop(&http->dir[i].aside, io->hold);
	}
}

static enum probe_rc http_probe(const struct probe *probe)
{
	struct bytes head = probe->head;

	if (probe->datagram)
		return PROBE_NO;
	while (bytes_starts(head, "\r") || bytes_starts(head, "\n"))
		head = bytes_skip(head, 1);
	enum http_start start = http_start_of(head, false);
	if (start == HTTP_START_MORE)
		return probe->head.len >= PROBE_MAX ? PROBE_NO : PROBE_MORE;
	return start == HTTP_START_NO ? PROBE_NO : PROBE_YES;
}

const struct parser parser_http1 = {
	.name = "http1",
	.state_size = sizeof(struct http_state),
	.probe = http_probe,
	.data = http_data,
	.gap = http_gap,
	.end = http_end,
	.drop = http_drop,
};
