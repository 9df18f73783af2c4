/* http1_message.c - opens and closes messages, chooses how content is framed. */
#include "parse/http1.h"

#define STATUS_SWITCHING 101

static uint64_t bit_of(uint32_t number)
{
	return UINT64_C(1) << (number % HTTP_OUTSTANDING_MAX);
}

static bool is_response(const struct http_dir *dir)
{
	return dir->message.kind == MESSAGE_HTTP_RESPONSE;
}

static uint32_t next_number(struct http_call *call, enum message_kind kind)
{
	struct http_state *state = call->state;

	if (kind != MESSAGE_HTTP_REQUEST)
		return state->responses;
	uint64_t bit = bit_of(state->requests);
	state->head_bits &= ~bit;
	state->connect_bits &= ~bit;
	return state->requests++;
}

void http_open(struct http_call *call, enum message_kind kind)
{
	struct http_dir *dir = call->dir;
	uint8_t number = (uint8_t)(dir - call->state->dir);

	dir->message = (struct message){.number = next_number(call, kind),
		.kind = (uint8_t)kind,
		.dir = number,
		.orphan = kind == MESSAGE_HTTP_RESPONSE &&
			  call->state->responses >= call->state->requests};
	dir->open = true;
	dir->head_len = 0;
	dir->status = 0;
	dir->framing = 0;
	dir->name_len = 0;
	dir->cr = false;
	dir->trailer = false;
	dir->blank = false;
	dir->maybe = false;
	dir->messy = false;
	dir->chunked = false;
	dir->old = false;
	call->io->sink.open(call->io->sink.self, &dir->message);
}

void http_close(struct http_call *call, enum close_reason reason)
{
	struct http_dir *dir = call->dir;
	bool interim = dir->status >= 100 && dir->status < 200 && dir->status != STATUS_SWITCHING;

	if (dir->aside.open)
		field_end(&call->aside);
	if (dir->field.open)
		field_end(&call->field);
	call->field.name = bytes_of(NULL, 0);
	if (dir->open)
		call->io->sink.close(call->io->sink.self, &dir->message, reason);
	if (dir->open && is_response(dir) && !interim)
		call->state->responses++;
	dir->open = false;
	dir->cr = false;
	dir->name_len = 0;
	explicit_bzero(dir->name, sizeof(dir->name)); /* the connection may stay open for long */
	dir->raw_len = 0;
	dir->phase = HTTP_START;
}

void http_replay(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (call->replay) { /* they stand right before the cursor: a replay never grows */
		call->in = rd_of(
			bytes_of(call->in.ptr - dir->name_len, rd_left(&call->in) + dir->name_len));
		dir->name_len = 0;
		return;
	}
	memcpy(call->old, dir->name, dir->name_len);
	call->after = call->in;
	call->in = rd_of(bytes_of(call->old, dir->name_len));
	call->replay = true;
	dir->name_len = 0;
}

void http_scan(struct http_call *call, bool line)
{
	call->dir->phase = HTTP_SCAN;
	call->dir->line = line;
	call->dir->name_len = 0;
}

void http_tell(struct http_call *call, enum field_role role, struct bytes name, struct bytes data)
{
	struct run run = {.role = role, .name = name, .data = data};

	field_tell(call->io, &call->dir->message, &run);
}

bool http_take_line(struct http_call *call, struct teller *teller)
{
	struct http_dir *dir = call->dir;
	struct bytes left = bytes_of(call->in.ptr, rd_left(&call->in));
	size_t end = bytes_find_byte(left, '\n');
	bool found = end != SIZE_MAX;
	struct bytes part = rd_bytes(&call->in, found ? end : left.len);

	if (dir->cr && !(found && part.len == 0)) {
		http_odd_line(call); /* a bare CR ends a line for some */
		field_add(teller, bytes_text("\r"));
	}
	dir->cr = false;
	if (part.len > 0 && bytes_starts(bytes_skip(part, part.len - 1), "\r")) {
		part.len--;
		dir->cr = !found;
	}
	if (bytes_find_byte(part, '\r') != SIZE_MAX)
		http_odd_line(call);
	field_add(teller, part);
	if (found)
		(void)rd_u8(&call->in);
	return found;
}

static bool has_bit(const struct http_call *call, uint64_t bits)
{
	const struct http_state *state = call->state;
	uint32_t number = call->dir->message.number;

	return !call->dir->message.orphan && state->requests - number <= HTTP_OUTSTANDING_MAX &&
	       (bits & bit_of(number)) != 0;
}

/* RFC 9112 section 6.3, rules 1 and 2: the messages that have no content. */
static bool is_empty(struct http_call *call)
{
	const struct http_dir *dir = call->dir;

	if (!is_response(dir))
		return false;
	if (dir->status == STATUS_SWITCHING ||
		(dir->status / 100 == 2 && has_bit(call, call->state->connect_bits))) {
		call->state->switched = true;
		return true;
	}
	return dir->status / 100 == 1 || dir->status == 204 || dir->status == 304 ||
	       has_bit(call, call->state->head_bits);
}

/* Rules 3 to 8.  A Transfer-Encoding is first tried as chunked whatever it
 * says, and so is the content behind a line that may hide one: if the first
 * line is no chunk size, the other reading is taken. */
static void begin_content(struct http_call *call)
{
	struct http_dir *dir = call->dir;

	if (dir->framing & FRAMING_CODING) {
		dir->phase = HTTP_CHUNK_SIZE;
	} else if (dir->framing & FRAMING_DOUBT) {
		http_scan(call, true);
	} else if (dir->framing & FRAMING_LENGTH) {
		dir->left = dir->length;
		dir->phase = HTTP_LENGTH;
		if (dir->left == 0)
			http_close(call, CLOSE_COMPLETE);
	} else if (is_response(dir)) {
		dir->phase = dir->framing & FRAMING_ODD ? HTTP_CHUNK_SIZE : HTTP_CLOSE;
	} else {
		http_close(call, CLOSE_COMPLETE);
	}
}

void http_head_end(struct http_call *call)
{
	struct http_dir *dir = call->dir;
	bool both = (dir->framing & FRAMING_CODING) && (dir->framing & FRAMING_LENGTH);

	call->field.name = bytes_of(NULL, 0);
	dir->name_len = 0;
	dir->cr = false;
	if (both || (dir->framing & FRAMING_DOUBT) || ((dir->framing & FRAMING_CODING) && dir->old))
		call->io->odd = true;
	if (!is_empty(call)) {
		begin_content(call);
	} else if ((dir->framing & FRAMING_CODING) && !call->state->switched &&
		   (dir->status == 204 || dir->status / 100 == 1)) {
		call->io->odd = true; /* neither may have one, but there may be content */
		dir->maybe = true;
		dir->phase = HTTP_CHUNK_SIZE;
	} else {
		http_close(call, CLOSE_COMPLETE);
	}
}

void http_odd_line(struct http_call *call)
{
	call->io->odd = true;
	call->dir->framing |= FRAMING_ODD;
}
