/* dns.c - DNS (RFC 1035) over UDP and TCP, mDNS and LLMNR: names, answers, codes.
 *
 * Questions and up to DNS_ANSWERS_MAX answers are told, what lies behind them
 * as one raw field.  Over TCP the first FIELD_WHOLE bytes of a message are read. */
#include "base/rd.h"
#include "base/scratch.h"
#include "parse/field.h"

#define DNS_PORT 53
#define DNS_MULTICAST_PORT 5353
#define DNS_LLMNR_PORT 5355
#define DNS_HEADER 12
#define DNS_NAME_MAX 255 /* RFC 1035 section 2.3.4 */
#define DNS_LABEL_MAX 63
#define DNS_POINTERS_MAX 32
#define DNS_QUESTIONS_MAX 16
#define DNS_ANSWERS_MAX 16
#define DNS_OUTSTANDING_MAX 16
#define DNS_OPCODE_MAX 6
#define DNS_PLAIN_OPT 11 /* an EDNS record without options says nothing */
#define DNS_PREFIX 2     /* of TCP, RFC 7766 section 8 */

enum dns_type {
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_DNAME = 39,
};

struct dns_header {
	uint16_t id, flags, questions, answers, authorities, additional;
};

struct dns_name {
	size_t len;
	uint8_t text[DNS_NAME_MAX]; /* in lower case */
	uint8_t sent[DNS_NAME_MAX];
};

struct dns_dir {
	struct message message;
	struct field tail; /* what is told raw of the open message */
	uint32_t item;     /* of io->hold: the message so far */
	uint16_t held;     /* bytes in it */
	uint16_t len;      /* of the message */
	uint16_t left;     /* of the message */
	uint8_t prefix_len;
	uint8_t prefix;
	bool open; /* its beginning is told, the rest passes */
	bool lost; /* no room to hold it: told as it came */
};

/* Queries and answers so far; the query with number n stands in place n % DNS_OUTSTANDING_MAX
 * until it is overwritten. */
struct dns_exchange {
	uint32_t queries, answers;
	uint16_t id[DNS_OUTSTANDING_MAX];
	uint16_t unanswered; /* bit i: the query in place i */
};

struct dns_state {
	struct dns_dir dir[2];
	struct dns_exchange exchange;
};
_Static_assert(DNS_OUTSTANDING_MAX == 16, "a bit for each");
#define MEMO_LEN ((int)(offsetof(struct dns_exchange, unanswered) + sizeof(uint16_t)))
_Static_assert(MEMO_LEN <= PARSER_MEMO_MAX, "an exchange is the memo");
_Static_assert(sizeof(struct dns_state) <= PARSER_STATE_MAX, "state too large");

static struct dns_header header_of(struct rd *rd)
{
	struct rd words = rd_sub(rd, DNS_HEADER);
	struct dns_header header = {.id = rd_u16(&words)};

	header.flags = rd_u16(&words);
	header.questions = rd_u16(&words);
	header.answers = rd_u16(&words);
	header.authorities = rd_u16(&words);
	header.additional = rd_u16(&words);
	return header;
}

static bool is_response(const struct dns_header *header)
{
	return (header->flags & 0x8000) != 0;
}

static bool are_flags(uint16_t flags)
{
	return (flags >> 11 & 15) <= DNS_OPCODE_MAX;
}

/* A bit that must be 0 (RFC 1035 section 4.1.1); servers answer those who set it. */
static bool is_reserved_set(uint16_t flags)
{
	return (flags & 0x0040) != 0;
}

static bool is_plausible(const struct dns_header *header)
{
	if (!are_flags(header->flags))
		return false;
	if (header->questions > DNS_QUESTIONS_MAX)
		return false;
	return is_response(header) || header->questions > 0;
}

static bool name_label(struct dns_name *name, struct bytes label)
{
	if (name->len + label.len + (name->len > 0 ? 1 : 0) > sizeof(name->text))
		return false;
	if (name->len > 0) {
		name->sent[name->len] = '.';
		name->text[name->len++] = '.';
	}
	bytes_lower(name->text + name->len, label);
	if (label.len > 0)
		memcpy(name->sent + name->len, label.ptr, label.len);
	name->len += label.len;
	return true;
}

/* RFC 1035 section 4.1.4.  A pointer must point before the name it stands in,
 * and before the last one: so there are no loops.  The cursor moves behind the
 * name where it stands. */
static bool name_read(struct bytes message, struct rd *rd, struct dns_name *name)
{
	struct rd at = *rd;
	size_t start = (size_t)(rd->ptr - message.ptr);
	int pointers = 0;

	name->len = 0;
	for (;;) {
		uint8_t len = rd_u8(&at);

		if (at.bad)
			return false;
		if (len == 0)
			break;
		if (len <= DNS_LABEL_MAX) {
			struct bytes label = rd_bytes(&at, len);

			if (at.bad || !name_label(name, label))
				return false;
			continue;
		}
		size_t to = (size_t)(len & 0x3f) << 8 | rd_u8(&at);
		if (at.bad || (len & 0xc0) != 0xc0 || to < DNS_HEADER || to >= start ||
			++pointers > DNS_POINTERS_MAX)
			return false;
		if (pointers == 1)
			*rd = at;
		start = to;
		at = rd_of(bytes_skip(message, to));
	}
	if (pointers == 0)
		*rd = at;
	if (name->len == 0) {
		name->sent[0] = '.';
		name->text[name->len++] = '.';
	}
	return true;
}

/* As name_read() of a name that only has to be one; most have no pointer. */
static bool name_pass(struct bytes message, struct rd *rd)
{
	SCRATCH struct dns_name name;
	struct rd at = *rd;
	size_t len = 0;

	for (;;) {
		uint8_t label = rd_u8(&at);

		if (at.bad)
			return false;
		if (label == 0)
			break;
		len += label + (len > 0 ? 1u : 0u);
		if (label > DNS_LABEL_MAX || len > sizeof(name.text))
			return name_read(message, rd, &name);
		(void)rd_bytes(&at, label);
	}
	*rd = at;
	return true;
}

struct dns_call {
	struct dns_state *state;
	struct parse_io *io;
	const struct message *message;
};

/* The run is the caller's own: nearly all are whole as they stand. */
static void tell(struct dns_call *call, struct run *run)
{
	if (run->data.len > FIELD_WHOLE) {
		field_tell(call->io, call->message, run);
		return;
	}
	run->first = run->last = true;
	call->io->sink.run(call->io->sink.self, call->message, run);
}

static bool tell_question(
	struct dns_call *call, struct bytes message, struct rd *rd, struct dns_name *name)
{
	if (!name_read(message, rd, name))
		return false;
	struct run run = {.role = FIELD_DNS_QUERY,
		.name = bytes_of(name->sent, name->len),
		.data = bytes_of(name->text, name->len),
		.number = rd_u16(rd)};
	(void)rd_u16(rd); /* class */
	if (!rd->bad)
		tell(call, &run);
	return !rd->bad;
}

/* The value of a record: a name where the type has one, else its bytes. */
static struct bytes value_of(
	struct bytes message, uint16_t type, struct bytes data, struct dns_name *name)
{
	struct rd rd = rd_of(data);

	if (type != TYPE_NS && type != TYPE_CNAME && type != TYPE_PTR && type != TYPE_MX &&
		type != TYPE_DNAME)
		return data;
	if (type == TYPE_MX)
		(void)rd_u16(&rd); /* preference */
	if (rd.bad || !name_read(message, &rd, name) || rd_left(&rd) > 0)
		return data;
	return bytes_of(name->text, name->len);
}

/* The owner of a record: nearly always a pointer to the first question, which was read. */
static bool read_owner(struct bytes message, struct rd *rd, const struct dns_name *question,
	struct dns_name *own, const struct dns_name **owner)
{
	struct rd peek = *rd;

	if (question != NULL && rd_u16(&peek) == (0xc000 | DNS_HEADER) && !peek.bad) {
		*rd = peek;
		*owner = question;
		return true;
	}
	*owner = own;
	return name_read(message, rd, own);
}

static bool tell_answer(
	struct dns_call *call, struct bytes message, struct rd *rd, const struct dns_name *question)
{
	SCRATCH struct dns_name own, value;
	const struct dns_name *owner;

	if (!read_owner(message, rd, question, &own, &owner))
		return false;
	uint16_t type = rd_u16(rd);
	(void)rd_u16(rd); /* class */
	uint32_t ttl = rd_u32(rd);
	struct bytes data = rd_bytes(rd, rd_u16(rd));
	if (rd->bad)
		return false;
	struct run run = {.role = FIELD_DNS_ANSWER,
		.name = bytes_of(owner->text, owner->len),
		.data = value_of(message, type, data, &value),
		.number = type,
		.ttl = ttl};
	tell(call, &run);
	return true;
}

/* The exchange: an answer has the number of the last query with its id. */
static struct message message_of(
	struct dns_exchange *exchange, const struct dns_header *header, uint8_t dir)
{
	uint32_t slot = exchange->queries % DNS_OUTSTANDING_MAX;

	if (!is_response(header)) {
		exchange->id[slot] = header->id;
		exchange->unanswered |= (uint16_t)(1u << slot);
		return (struct message){
			.number = exchange->queries++, .kind = MESSAGE_DNS_QUERY, .dir = dir};
	}
	struct message message = {.number = exchange->answers++,
		.kind = MESSAGE_DNS_RESPONSE,
		.dir = dir,
		.orphan = true};
	uint32_t known =
		exchange->queries < DNS_OUTSTANDING_MAX ? exchange->queries : DNS_OUTSTANDING_MAX;
	for (uint32_t i = 1; i <= known && message.orphan; i++) {
		uint32_t number = exchange->queries - i, at = number % DNS_OUTSTANDING_MAX;

		if (exchange->id[at] != header->id)
			continue;
		message.number = number;
		message.orphan = false;
		exchange->unanswered &= (uint16_t) ~(1u << at);
	}
	return message;
}

/* Header and questions can be read. */
static bool is_message(struct bytes data, struct dns_header *header)
{
	struct rd rd = rd_of(data);

	*header = header_of(&rd);
	if (rd.bad || !is_plausible(header))
		return false;
	for (uint16_t i = 0; i < header->questions; i++) {
		if (!name_pass(data, &rd))
			return false;
		(void)rd_u32(&rd);
		if (rd.bad)
			return false;
	}
	return true;
}

/* Tells what is read of the message; what is left of data belongs to the tail. */
static struct bytes tell_message(
	struct dns_call *call, const struct dns_header *header, struct bytes data)
{
	SCRATCH struct dns_name first, further;
	struct rd rd = rd_of(bytes_of(data.ptr + DNS_HEADER, data.len - DNS_HEADER));
	const struct dns_name *question = NULL;
	const uint8_t *told;

	for (uint16_t i = 0; i < header->questions; i++)
		if (tell_question(call, data, &rd, i == 0 ? &first : &further) && i == 0)
			question = &first;
	if (is_response(header)) {
		struct run run = {.role = FIELD_DNS_RCODE, .number = header->flags & 15};
		tell(call, &run);
	}
	told = rd.ptr;
	for (uint16_t i = 0; i < header->answers && i < DNS_ANSWERS_MAX; i++) {
		if (!tell_answer(call, data, &rd, question))
			break;
		told = rd.ptr;
	}
	return bytes_skip(data, (size_t)(told - data.ptr));
}

static void open_message(
	struct dns_call *call, struct dns_dir *dir, const struct dns_header *header, uint8_t number)
{
	dir->message = message_of(&call->state->exchange, header, number);
	call->message = &dir->message;
	if (call->io->client_dir < 0)
		call->io->client_dir = (int8_t)(is_response(header) ? 1 - number : number);
	call->io->sink.open(call->io->sink.self, &dir->message);
}

static enum parse_rc datagram(struct dns_call *call, uint8_t number, struct bytes data)
{
	struct dns_dir *dir = &call->state->dir[number];
	struct dns_header header;

	call->io->taken = 0;
	if (!is_message(data, &header))
		return PARSE_BAD;
	open_message(call, dir, &header, number);
	struct run tail = {.role = FIELD_RAW, .data = tell_message(call, &header, data)};
	if (tail.data.len > DNS_PLAIN_OPT)
		tell(call, &tail);
	call->io->sink.close(call->io->sink.self, &dir->message, CLOSE_COMPLETE);
	return PARSE_OK;
}

static struct teller teller_of(struct dns_call *call, struct dns_dir *dir)
{
	return (struct teller){.io = call->io, .message = &dir->message, .field = &dir->tail};
}

static void close_message(struct dns_call *call, struct dns_dir *dir, enum close_reason reason)
{
	struct teller teller = teller_of(call, dir);

	if (dir->tail.open)
		field_end(&teller);
	if (dir->item != 0)
		pool_erase(call->io->hold, dir->item, dir->held);
	dir->item = 0;
	if (dir->open)
		call->io->sink.close(call->io->sink.self, &dir->message, reason);
	dir->open = false;
	dir->lost = false;
	dir->held = 0;
	dir->prefix_len = 0;
}

/* Tells the part of the open message that nobody reads. */
static void pass(struct dns_call *call, struct dns_dir *dir, struct bytes part)
{
	struct teller teller = teller_of(call, dir);

	if (part.len == 0)
		return;
	if (!dir->tail.open)
		field_open(&teller, FIELD_RAW, true);
	field_add(&teller, part);
	field_flush(&teller);
}

/* Tells bytes, and the length prefix before them, that are no DNS message. */
static void pass_raw(struct dns_call *call, struct dns_dir *dir, uint8_t number, struct bytes part)
{
	uint8_t prefix[DNS_PREFIX] = {dir->prefix, (uint8_t)dir->len};

	if (dir->prefix_len == DNS_PREFIX)
		prefix[0] = (uint8_t)(dir->len >> 8);
	dir->message = (struct message){.kind = MESSAGE_RAW, .dir = number};
	call->io->sink.open(call->io->sink.self, &dir->message);
	dir->open = true;
	pass(call, dir, bytes_of(prefix, dir->prefix_len));
	pass(call, dir, part);
}

/* The bytes that are read of a message are complete: all, or the first FIELD_WHOLE. */
static enum parse_rc begin_message(
	struct dns_call *call, struct dns_dir *dir, uint8_t number, struct bytes window)
{
	struct dns_header header;

	if (!is_message(window, &header)) {
		pass_raw(call, dir, number, window);
		close_message(call, dir, CLOSE_BAD);
		return PARSE_BAD;
	}
	open_message(call, dir, &header, number);
	dir->open = true;
	struct bytes tail = tell_message(call, &header, window);
	if (dir->left > 0 || tail.len > DNS_PLAIN_OPT)
		pass(call, dir, tail);
	if (dir->left == 0)
		close_message(call, dir, CLOSE_COMPLETE);
	else if (dir->item != 0) {
		pool_erase(call->io->hold, dir->item, dir->held);
		dir->item = 0;
	}
	return PARSE_OK;
}

/* Holds a part of the window; false: there is no room. */
static bool hold(struct dns_call *call, struct dns_dir *dir, struct bytes part)
{
	if (dir->item == 0)
		dir->item = pool_take(call->io->hold);
	if (dir->item == 0)
		return false;
	memcpy((uint8_t *)pool_at(call->io->hold, dir->item) + dir->held, part.ptr, part.len);
	dir->held = (uint16_t)(dir->held + part.len);
	return true;
}

static enum parse_rc take_window(
	struct dns_call *call, struct dns_dir *dir, uint8_t number, struct rd *in)
{
	size_t want = (dir->len < FIELD_WHOLE ? dir->len : (size_t)FIELD_WHOLE) - dir->held;
	struct bytes part = rd_bytes(in, rd_left(in) < want ? rd_left(in) : want);

	dir->left = (uint16_t)(dir->left - part.len);
	if (dir->held == 0 && part.len == want)
		return begin_message(call, dir, number, part);
	if (!hold(call, dir, part)) {
		call->io->hold_refused++;
		dir->lost = true;
		pass_raw(call, dir, number, part);
		return PARSE_OK;
	}
	if (part.len < want)
		return PARSE_OK;
	return begin_message(
		call, dir, number, bytes_of(pool_at(call->io->hold, dir->item), dir->held));
}

static void take_prefix(struct dns_dir *dir, uint8_t byte)
{
	dir->prefix_len++;
	if (dir->prefix_len == 1) {
		dir->prefix = byte;
		return;
	}
	dir->len = (uint16_t)(dir->prefix << 8 | byte);
	dir->left = dir->len;
}

static enum parse_rc dns_data(void *state, struct parse_io *io, uint8_t number, struct bytes data)
{
	struct dns_call call = {.state = state, .io = io};
	struct dns_dir *dir = &call.state->dir[number];
	struct rd in = rd_of(data);

	if (io->datagram)
		return datagram(&call, number, data);
	while (rd_left(&in) > 0) {
		enum parse_rc rc = PARSE_OK;

		if (dir->prefix_len < DNS_PREFIX) {
			take_prefix(dir, rd_u8(&in));
			if (dir->prefix_len == DNS_PREFIX && dir->len == 0)
				rc = begin_message(&call, dir, number, bytes_of(NULL, 0));
		} else if (dir->open) {
			struct bytes part =
				rd_bytes(&in, rd_left(&in) < dir->left ? rd_left(&in) : dir->left);

			dir->left = (uint16_t)(dir->left - part.len);
			pass(&call, dir, part);
			if (dir->left == 0)
				close_message(&call, dir, CLOSE_COMPLETE);
		} else {
			rc = take_window(&call, dir, number, &in);
		}
		if (rc == PARSE_BAD) {
			io->taken = data.len - rd_left(&in);
			return rc;
		}
	}
	return PARSE_OK;
}

/* What is kept is told raw. */
static void flush(struct dns_call *call, struct dns_dir *dir, uint8_t number)
{
	if (dir->open || dir->prefix_len == 0)
		return;
	pass_raw(call, dir, number,
		dir->item == 0 ? bytes_of(NULL, 0)
			       : bytes_of(pool_at(call->io->hold, dir->item), dir->held));
}

static enum parse_rc dns_gap(void *state, struct parse_io *io, uint8_t number, uint64_t len)
{
	struct dns_call call = {.state = state, .io = io};
	struct dns_dir *dir = &call.state->dir[number];
	bool inside = dir->prefix_len == DNS_PREFIX && len > 0 && len <= dir->left;

	io->taken = 0;
	flush(&call, dir, number);
	if (dir->tail.open) {
		struct teller teller = teller_of(&call, dir);

		field_gap(&teller, len);
	}
	if (!inside) {
		close_message(&call, dir, CLOSE_GAP);
		return PARSE_BAD;
	}
	dir->left = (uint16_t)(dir->left - len);
	if (dir->left == 0)
		close_message(&call, dir, CLOSE_GAP);
	return PARSE_OK;
}

static void dns_end(void *state, struct parse_io *io, uint8_t number)
{
	struct dns_call call = {.state = state, .io = io};
	struct dns_dir *dir = &call.state->dir[number];

	flush(&call, dir, number);
	close_message(&call, dir, CLOSE_END);
}

static void dns_drop(void *state, struct parse_io *io)
{
	struct dns_state *dns = state;

	for (int i = 0; i < 2; i++) {
		field_drop(&dns->dir[i].tail, io->hold);
		if (dns->dir[i].item != 0)
			pool_erase(io->hold, dns->dir[i].item, dns->dir[i].held);
		dns->dir[i].item = 0;
	}
}

static int dns_rest(const void *state, uint8_t memo[static PARSER_MEMO_MAX])
{
	const struct dns_state *dns = state;

	for (int i = 0; i < 2; i++)
		if (dns->dir[i].open || dns->dir[i].item != 0 || dns->dir[i].prefix_len != 0)
			return -1;
	if (dns->exchange.unanswered == 0)
		return 0;
	memcpy(memo, &dns->exchange, MEMO_LEN);
	return MEMO_LEN;
}

static void dns_wake(void *state, const uint8_t memo[static PARSER_MEMO_MAX])
{
	struct dns_state *dns = state;

	memcpy(&dns->exchange, memo, MEMO_LEN);
}

static bool is_dns_port(const struct probe *probe)
{
	return probe->port_low == DNS_PORT || probe->port_high == DNS_PORT ||
	       probe->port_low == DNS_MULTICAST_PORT || probe->port_high == DNS_MULTICAST_PORT ||
	       probe->port_low == DNS_LLMNR_PORT || probe->port_high == DNS_LLMNR_PORT;
}

/* Every record can be read and nothing follows the last: for ports that promise nothing. */
static bool is_strict(struct bytes data)
{
	struct rd rd = rd_of(data);
	struct dns_header header = header_of(&rd);
	uint32_t records = (uint32_t)header.answers + header.authorities + header.additional;
	SCRATCH struct dns_name name;

	if (header.questions != 1 || is_reserved_set(header.flags) || !name_read(data, &rd, &name))
		return false;
	(void)rd_u32(&rd);
	for (uint32_t i = 0; i < records; i++) {
		if (!name_read(data, &rd, &name))
			return false;
		(void)rd_u64(&rd); /* type, class, ttl */
		(void)rd_bytes(&rd, rd_u16(&rd));
		if (rd.bad)
			return false;
	}
	return !rd.bad && rd_left(&rd) == 0;
}

/* On other ports the first label must be one of a host name. */
static enum probe_rc probe_label(struct rd *rd, bool full)
{
	if (rd_left(rd) == 0)
		return PROBE_MORE;
	uint8_t label = rd_u8(rd);
	if (label == 0 || label > DNS_LABEL_MAX)
		return PROBE_NO;
	for (uint8_t i = 0; i < label; i++) {
		if (rd_left(rd) == 0)
			return full ? PROBE_YES : PROBE_MORE;
		uint8_t c = byte_lower(rd_u8(rd));
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_')
			return PROBE_NO;
	}
	return PROBE_YES;
}

/* A length prefix and a header with one question; refused as soon as it cannot be. */
static enum probe_rc probe_stream(const struct probe *probe)
{
	struct rd rd = rd_of(probe->head);
	size_t have = probe->head.len;
	uint16_t len = rd_u16(&rd);
	struct dns_header header = header_of(&rd);
	bool known = is_dns_port(probe);

	if (have >= DNS_PREFIX + 4) {
		struct rd after = rd_of(bytes_skip(probe->head, DNS_PREFIX + 2));
		uint16_t flags = rd_u16(&after);

		if (len < DNS_HEADER + 5 || !are_flags(flags) || (!known && is_reserved_set(flags)))
			return PROBE_NO;
		if (rd_left(&after) >= 2 && rd_u16(&after) != 1)
			return PROBE_NO;
	}
	if (have < DNS_PREFIX + DNS_HEADER)
		return PROBE_MORE;
	if (known) /* an update or IXFR has records besides its question */
		return PROBE_YES;
	if (!is_response(&header) &&
		(header.answers > 0 || header.authorities > 0 || header.additional > 2))
		return PROBE_NO;
	return probe_label(&rd, have >= PROBE_MAX);
}

static enum probe_rc dns_probe(const struct probe *probe)
{
	struct dns_header header;

	if (!probe->datagram)
		return probe_stream(probe);
	if (!is_message(probe->head, &header))
		return PROBE_NO;
	return is_dns_port(probe) || is_strict(probe->head) ? PROBE_YES : PROBE_NO;
}

const struct parser parser_dns = {
	.name = "dns",
	.state_size = sizeof(struct dns_state),
	.probe = dns_probe,
	.data = dns_data,
	.gap = dns_gap,
	.end = dns_end,
	.drop = dns_drop,
	.rest = dns_rest,
	.wake = dns_wake,
};
