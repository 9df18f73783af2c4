/* tls.c - TLS records (RFC 8446 section 5.1); tells ClientHellos, skips what is encrypted.
 *
 * A record of application data before a handshake in its direction is no TLS:
 * the bytes are somebody's who wants to look like it. */
#include "parse/field.h"
#include "parse/tls_hello.h"

#define RECORD_HEADER 5
#define RECORD_MAX (16384 + 2048) /* RFC 5246 section 6.2.3 */
#define HANDSHAKE_HEADER 4
#define HELLO_MAX (128u << 10) /* three lists of 64 KiB cannot all be full in earnest */

enum record_type {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT,
	RECORD_HANDSHAKE,
	RECORD_APPLICATION_DATA,
	RECORD_HEARTBEAT,
};
enum handshake_type { HANDSHAKE_CLIENT_HELLO = 1, HANDSHAKE_SERVER_HELLO = 2 };

struct tls_dir {
	struct message message; /* of the open hello */
	uint32_t item;          /* of io->hold: a struct hello that came in pieces */
	uint32_t handshake_left;
	uint16_t left; /* of the record */
	uint8_t header[RECORD_HEADER];
	uint8_t header_len;
	uint8_t handshake[HANDSHAKE_HEADER];
	uint8_t handshake_len;
	bool seen;   /* a handshake record */
	bool sealed; /* behind ChangeCipherSpec: only a hello alone in its record is read */
	bool open;   /* the hello is being told */
	bool lost;   /* no room to keep it: the rest is passed over */
};

struct tls_state {
	struct tls_dir dir[2];
	uint32_t hellos;
};
_Static_assert(sizeof(struct tls_state) <= PARSER_STATE_MAX, "state too large");

struct tls_call {
	struct tls_state *state;
	struct tls_dir *dir;
	struct parse_io *io;
	uint8_t number; /* of the direction */
};

static void tell(struct tls_call *call, enum field_role role, struct bytes data)
{
	struct run run = {.role = role, .data = data};

	if (data.len > 0)
		field_tell(call->io, &call->dir->message, &run);
}

static void tell_hello(struct tls_call *call, const struct hello *hello)
{
	uint16_t version = hello_version(hello);
	char hex[HELLO_JA3_LEN];

	for (int i = 0; i < 4; i++)
		hex[i] = "0123456789abcdef"[version >> (12 - 4 * i) & 15];
	tell(call, FIELD_TLS_VERSION, bytes_of(hex, 4));
	tell(call, FIELD_TLS_SNI, bytes_of(hello->sni, hello->sni_len));
	tell(call, FIELD_TLS_ALPN, bytes_of(hello->alpn, hello->alpn_len));
	if (hello_ja3(hello, hex))
		tell(call, FIELD_TLS_JA3, bytes_of(hex, sizeof(hex)));
	else
		call->io->odd = true;
	if (call->io->client_dir < 0)
		call->io->client_dir = (int8_t)call->number;
}

static void open_hello(struct tls_call *call)
{
	struct tls_dir *dir = call->dir;

	dir->message = (struct message){
		.number = call->state->hellos++, .kind = MESSAGE_TLS_HELLO, .dir = call->number};
	dir->open = true;
	call->io->sink.open(call->io->sink.self, &dir->message);
}

static void close_hello(struct tls_call *call, enum close_reason reason)
{
	struct tls_dir *dir = call->dir;

	if (dir->item != 0)
		pool_erase(call->io->hold, dir->item, FIELD_WHOLE);
	dir->item = 0;
	if (dir->open)
		call->io->sink.close(call->io->sink.self, &dir->message, reason);
	dir->open = false;
}

/* The call ends inside the hello. */
static void keep_hello(struct tls_call *call, const struct hello *hello)
{
	struct tls_dir *dir = call->dir;

	if (dir->item == 0) {
		dir->item = pool_take(call->io->hold);
		if (dir->item == 0) {
			call->io->hold_refused++;
			dir->lost = true;
			close_hello(call, CLOSE_GAP);
			return;
		}
		memcpy(pool_at(call->io->hold, dir->item), hello, sizeof(*hello));
	}
}

static enum parse_rc take_hello(struct tls_call *call, struct rd *in)
{
	struct tls_dir *dir = call->dir;
	struct hello fresh;
	struct hello *hello = &fresh;

	if (dir->item != 0) {
		hello = pool_at(call->io->hold, dir->item);
	} else {
		hello_begin(hello, dir->handshake_left);
		open_hello(call);
	}
	size_t before = rd_left(in);
	struct rd part = rd_of(
		bytes_of(in->ptr, before < dir->handshake_left ? before : dir->handshake_left));
	enum hello_rc rc = hello_take(hello, &part);
	size_t taken = (size_t)(part.ptr - in->ptr);
	(void)rd_bytes(in, taken);
	dir->handshake_left -= (uint32_t)taken;
	if (rc == HELLO_MORE) {
		keep_hello(call, hello);
		return PARSE_OK;
	}
	if (rc == HELLO_DONE)
		tell_hello(call, hello);
	close_hello(call, rc == HELLO_DONE ? CLOSE_COMPLETE : CLOSE_BAD);
	return rc == HELLO_DONE ? PARSE_OK : PARSE_BAD;
}

static uint16_t record_len(const struct tls_dir *dir)
{
	struct rd rd = rd_of(bytes_of(dir->header, RECORD_HEADER));

	(void)rd_u24(&rd);
	return rd_u16(&rd);
}

/* The header of a handshake message is complete.  Behind ChangeCipherSpec it is
 * mostly cipher text; but a second ClientHello may stand there (RFC 8446 D.4). */
static enum parse_rc begin_handshake(struct tls_call *call)
{
	struct tls_dir *dir = call->dir;
	struct rd rd = rd_of(bytes_of(dir->handshake, HANDSHAKE_HEADER));
	uint8_t type = rd_u8(&rd);

	dir->handshake_left = rd_u24(&rd);
	dir->lost = type != HANDSHAKE_CLIENT_HELLO;
	if (dir->sealed &&
		(dir->lost || dir->handshake_left + HANDSHAKE_HEADER != record_len(dir))) {
		dir->handshake_left = record_len(dir) - (uint32_t)HANDSHAKE_HEADER;
		dir->lost = true;
		type = 0;
	}
	if (type == HANDSHAKE_SERVER_HELLO && call->io->client_dir < 0)
		call->io->client_dir = (int8_t)(1 - call->number);
	if (dir->handshake_left == 0)
		dir->handshake_len = 0;
	return type == HANDSHAKE_CLIENT_HELLO &&
			       (dir->handshake_left == 0 || dir->handshake_left > HELLO_MAX)
		       ? PARSE_BAD
		       : PARSE_OK;
}

/* Bytes of handshake records; messages may be spread over records (RFC 8446 section 5.1). */
static enum parse_rc take_handshake(struct tls_call *call, struct rd *in)
{
	struct tls_dir *dir = call->dir;
	enum parse_rc rc = PARSE_OK;

	while (rc == PARSE_OK && rd_left(in) > 0) {
		if (dir->handshake_len < HANDSHAKE_HEADER) {
			dir->handshake[dir->handshake_len++] = rd_u8(in);
			if (dir->handshake_len == HANDSHAKE_HEADER)
				rc = begin_handshake(call);
			continue;
		}
		if (dir->lost) {
			size_t len = rd_left(in) < dir->handshake_left ? rd_left(in)
								       : dir->handshake_left;
			(void)rd_bytes(in, len);
			dir->handshake_left -= (uint32_t)len;
		} else {
			rc = take_hello(call, in);
		}
		if (dir->handshake_left == 0)
			dir->handshake_len = 0;
	}
	return rc;
}

/* The header of a record is complete. */
static bool begin_record(struct tls_dir *dir)
{
	struct rd rd = rd_of(bytes_of(dir->header, RECORD_HEADER));
	uint8_t type = rd_u8(&rd);
	uint8_t major = rd_u8(&rd);
	uint8_t minor = rd_u8(&rd);

	dir->left = rd_u16(&rd);
	if (type < RECORD_CHANGE_CIPHER_SPEC || type > RECORD_HEARTBEAT || major != 3 ||
		minor > 4 || dir->left > RECORD_MAX)
		return false;
	if (type == RECORD_HANDSHAKE) {
		dir->seen = true;
		if (dir->sealed)
			dir->handshake_len = 0;
	}
	if (type == RECORD_CHANGE_CIPHER_SPEC)
		dir->sealed = true;
	return dir->seen || type == RECORD_ALERT;
}

static uint8_t record_type(const struct tls_dir *dir)
{
	struct rd rd = rd_of(bytes_of(dir->header, RECORD_HEADER));

	return rd_u8(&rd);
}

/* Bytes kept from earlier calls are not the caller's to tell. */
static void tell_raw(struct tls_call *call, struct bytes data)
{
	struct message message = {.kind = MESSAGE_RAW, .dir = call->number};
	struct run run = {.role = FIELD_RAW, .data = data};

	if (data.len == 0)
		return;
	call->io->sink.open(call->io->sink.self, &message);
	field_tell(call->io, &message, &run);
	call->io->sink.close(call->io->sink.self, &message, CLOSE_BAD);
}

static enum parse_rc bad(struct tls_call *call, size_t taken)
{
	close_hello(call, CLOSE_BAD);
	call->io->taken = taken;
	return PARSE_BAD;
}

/* Reads what is missing of a record header; false: this is no record. */
static bool take_header(struct tls_call *call, struct rd *in)
{
	struct tls_dir *dir = call->dir;
	uint8_t had = dir->header_len;

	while (dir->header_len < RECORD_HEADER && rd_left(in) > 0)
		dir->header[dir->header_len++] = rd_u8(in);
	if (dir->header_len < RECORD_HEADER || begin_record(dir))
		return true;
	close_hello(call, CLOSE_BAD);
	tell_raw(call, bytes_of(dir->header, had));
	in->ptr -= RECORD_HEADER - had;
	dir->header_len = 0;
	return false;
}

static struct tls_call call_of(void *state, struct parse_io *io, uint8_t dir)
{
	struct tls_state *tls = state;

	return (struct tls_call){.state = tls, .dir = &tls->dir[dir], .io = io, .number = dir};
}

static enum parse_rc tls_data(void *state, struct parse_io *io, uint8_t number, struct bytes data)
{
	struct tls_call call = call_of(state, io, number);
	struct tls_dir *dir = call.dir;
	struct rd in = rd_of(data);

	while (rd_left(&in) > 0) {
		if (dir->header_len < RECORD_HEADER) {
			if (!take_header(&call, &in))
				return bad(&call, data.len - rd_left(&in));
		} else {
			size_t len = rd_left(&in) < dir->left ? rd_left(&in) : dir->left;
			struct rd part = rd_of(bytes_of(in.ptr, len));
			uint8_t type = record_type(dir);

			if (type == RECORD_APPLICATION_DATA)
				io->skipped[SKIP_ENCRYPTED] += len;
			else if (type == RECORD_HANDSHAKE &&
				 take_handshake(&call, &part) == PARSE_BAD)
				return bad(&call, (size_t)(part.ptr - data.ptr));
			(void)rd_bytes(&in, len);
			dir->left = (uint16_t)(dir->left - len);
		}
		if (dir->header_len == RECORD_HEADER && dir->left == 0)
			dir->header_len = 0;
	}
	return PARSE_OK;
}

static enum parse_rc tls_gap(void *state, struct parse_io *io, uint8_t number, uint64_t len)
{
	struct tls_call call = call_of(state, io, number);
	struct tls_dir *dir = call.dir;

	if (dir->header_len == RECORD_HEADER && len > 0 && len <= dir->left) {
		if (record_type(dir) == RECORD_HANDSHAKE) {
			close_hello(&call, CLOSE_GAP);
			dir->sealed = true;
			dir->lost = true;
			dir->handshake_len = HANDSHAKE_HEADER;
			dir->handshake_left = (uint32_t)(dir->left - len);
		}
		dir->left = (uint16_t)(dir->left - len);
		if (dir->left == 0)
			dir->header_len = 0;
		return PARSE_OK;
	}
	close_hello(&call, CLOSE_GAP);
	if (dir->header_len < RECORD_HEADER)
		tell_raw(&call, bytes_of(dir->header, dir->header_len));
	io->taken = 0;
	dir->header_len = 0;
	return PARSE_BAD;
}

static void tls_end(void *state, struct parse_io *io, uint8_t number)
{
	struct tls_call call = call_of(state, io, number);

	close_hello(&call, CLOSE_END);
	if (call.dir->header_len < RECORD_HEADER)
		tell_raw(&call, bytes_of(call.dir->header, call.dir->header_len));
	call.dir->header_len = 0;
}

static void tls_drop(void *state, struct parse_io *io)
{
	struct tls_state *tls = state;

	for (int i = 0; i < 2; i++) {
		if (tls->dir[i].item != 0)
			pool_erase(io->hold, tls->dir[i].item, FIELD_WHOLE);
		tls->dir[i].item = 0;
	}
}

/* A handshake record that begins with a ClientHello or ServerHello. */
static enum probe_rc tls_probe(const struct probe *probe)
{
	struct rd rd = rd_of(probe->head);
	bool more = rd_left(&rd) < RECORD_HEADER + 1;

	if (probe->datagram)
		return PROBE_NO;
	if (rd_u8(&rd) != RECORD_HANDSHAKE || (rd_left(&rd) > 0 && rd_u8(&rd) != 3) ||
		(rd_left(&rd) > 0 && rd_u8(&rd) > 4))
		return PROBE_NO;
	if (more)
		return PROBE_MORE;
	uint16_t len = rd_u16(&rd);
	uint8_t type = rd_u8(&rd);
	return len > 0 && len <= RECORD_MAX &&
			       (type == HANDSHAKE_CLIENT_HELLO || type == HANDSHAKE_SERVER_HELLO)
		       ? PROBE_YES
		       : PROBE_NO;
}

const struct parser parser_tls = {
	.name = "tls",
	.state_size = sizeof(struct tls_state),
	.probe = tls_probe,
	.data = tls_data,
	.gap = tls_gap,
	.end = tls_end,
	.drop = tls_drop,
};
