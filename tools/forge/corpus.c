/* corpus.c - many interleaved flows, made straight into a file. */
#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filler.h"
#include "gzip.h"
#include "tls.h"
#include "wire.h"

enum {
	FLOWS = 2000,
	FLOWS_SMALL = 200000,
	MSS = 1448,
	POOL = 4 << 20,
	PACKED = 256,
	PACKED_MAX = 24 << 10,
	BODY_MIN = 300,
	BODY_MAX = 24 << 10,
	HEAD_MAX = 4608,
	RECORD_MAX = 16384,
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_PSH = 8,
	TCP_ACK = 16,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	FRAME_MAX = 1600,
};

enum step {
	STEP_SYN = 0,
	STEP_SYN_ACK = 1,
	STEP_ACK = 2,
	STEP_SAY = 3,
	STEP_FIN = 4,
	STEP_FIN_ACK = 5,
	STEP_LAST_ACK = 6,
};

/* What one side says next: a head of its own and a run of a pool behind it. */
struct saying {
	unsigned side;
	uint8_t head[HEAD_MAX];
	size_t head_len, body_len, sent;
	const uint8_t *body;
};

struct cflow {
	uint8_t ip[2][4];
	uint16_t port[2];
	uint32_t seq[2];
	enum step step;
	unsigned turns;     /* sayings left after this one */
	unsigned unacked;   /* segments */
	unsigned said;      /* sayings so far: the first of each side is a hello */
	struct saying *now; /* NULL in the corpus "small" */
};

struct corpus {
	FILE *out;
	const char *file;
	struct rng rng;
	uint64_t written, time_us;
	struct buf pool[4]; /* by enum filler */
	struct buf packed[PACKED];
	struct cflow *flows;
	bool tls;
	uint16_t ip_id;
};

static const char *const shops[] = {"shop.example", "www.tea.example", "store.example",
	"cart.books.example", "kimono.example", "api.sweets.example"};

static void le32(uint8_t *p, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static void be16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void be32(uint8_t *p, uint32_t value)
{
	be16(p, value >> 16);
	be16(p + 2, value & 0xffff);
}

static void put(struct corpus *c, const void *data, size_t len)
{
	if (fwrite(data, 1, len, c->out) != len)
		die("cannot write all of %s", c->file);
	c->written += len;
}

/* frame: room for Ethernet and IPv4 (34 bytes), then l4_len bytes whose
 * checksum, at sum_off, is zero. */
static void put_frame(struct corpus *c, const struct cflow *f, unsigned side, unsigned proto,
	uint8_t *frame, size_t l4_len, size_t sum_off)
{
	uint8_t record[16], *ip = frame + 14;
	uint64_t sum;

	memset(frame, 0, 34);
	frame[0] = frame[6] = 2;
	memcpy(frame + 2, f->ip[!side], 4);
	memcpy(frame + 8, f->ip[side], 4);
	be16(frame + 12, 0x0800);
	ip[0] = 0x45;
	be16(ip + 2, (unsigned)(20 + l4_len));
	be16(ip + 4, c->ip_id++);
	ip[6] = 0x40;
	ip[8] = side ? 57 : 64;
	ip[9] = (uint8_t)proto;
	memcpy(ip + 12, f->ip[side], 4);
	memcpy(ip + 16, f->ip[!side], 4);
	be16(ip + 10, sum_end(sum_add(0, ip, 20)));
	sum = sum_add(proto + (uint64_t)l4_len, ip + 12, 8);
	be16(ip + 20 + sum_off, sum_end(sum_add(sum, ip + 20, l4_len)));
	c->time_us += 1 + rng_below(&c->rng, 10);
	le32(record, 1795168800 + c->time_us / 1000000);
	le32(record + 4, c->time_us % 1000000);
	le32(record + 8, 34 + l4_len);
	le32(record + 12, 34 + l4_len);
	put(c, record, sizeof(record));
	put(c, frame, 34 + l4_len);
}

/* A TCP segment with len bytes that already stand behind its header of 20
 * (SYN: 24) or, with timestamps, 32 bytes. */
static void put_tcp(struct corpus *c, struct cflow *f, unsigned side, unsigned flags,
	uint8_t *frame, size_t len)
{
	uint8_t *tcp = frame + 34;
	size_t head = flags & TCP_SYN ? 24 : 32;

	memset(tcp, 0, head);
	be16(tcp, f->port[side]);
	be16(tcp + 2, f->port[!side]);
	be32(tcp + 4, f->seq[side]);
	be32(tcp + 8, flags & TCP_ACK ? f->seq[!side] : 0);
	tcp[12] = (uint8_t)(head / 4 << 4);
	tcp[13] = (uint8_t)flags;
	be16(tcp + 14, 64240);
	if (flags & TCP_SYN) {
		be32(tcp + 20, 0x02040000 | MSS);
	} else {
		be32(tcp + 20, 0x0101080a);
		be32(tcp + 24, (uint32_t)(c->time_us / 1000) + side);
		be32(tcp + 28, (uint32_t)(c->time_us / 1000));
	}
	f->seq[side] += (uint32_t)len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	put_frame(c, f, side, PROTO_TCP, frame, head + len, 16);
}

static void put_bare(struct corpus *c, struct cflow *f, unsigned side, unsigned flags)
{
	uint8_t frame[FRAME_MAX];

	put_tcp(c, f, side, flags, frame, 0);
}

/* Log-uniform enough: a uniform octave, then uniform inside it. */
static size_t draw_len(struct rng *rng, size_t low, size_t high)
{
	size_t octaves = 0;

	while (low << (octaves + 1) < high)
		octaves++;
	size_t base = low << rng_below(rng, octaves + 1);
	size_t len = base + rng_below(rng, base);

	return len < high ? len : high;
}

static void request(struct corpus *c, struct saying *s)
{
	struct buf head = {0}, form = {0};
	bool post = rng_below(&c->rng, 10) == 0;

	buf_fmt(&head, "%s /%s/", post ? "POST" : "GET", post ? "shopping" : "products");
	filler_from(&head, &c->rng, "abcdefghijklmnop", 6);
	buf_fmt(&head,
		" HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
		"AppleWebKit/537.36\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
		"Accept-Language: ja,en;q=0.7\r\nAccept-Encoding: gzip, deflate\r\n"
		"Connection: keep-alive\r\nReferer: http://%s/products\r\nCookie: eccube=",
		shops[rng_below(&c->rng, 6)], shops[rng_below(&c->rng, 6)]);
	filler_from(&head, &c->rng, "0123456789abcdef", 32);
	buf_text(&head, "\r\n");
	if (post) {
		buf_fmt(&form,
			"name=%s&zip=%03u-%04u&tel=090-0000-%04u&email=%s@mail.example&token=",
			"HANAKO+SATO", (unsigned)rng_below(&c->rng, 1000),
			(unsigned)rng_below(&c->rng, 10000), (unsigned)rng_below(&c->rng, 10000),
			"hanako");
		filler_from(&form, &c->rng, "0123456789abcdef", 40);
		buf_fmt(&form, "&amount=%u", (unsigned)rng_below(&c->rng, 50000));
		buf_fmt(&head,
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
			"%zu\r\n",
			form.len);
	}
	buf_text(&head, "\r\n");
	buf_add(&head, form.data, form.len);
	memcpy(s->head, head.data, head.len);
	s->head_len = head.len;
	s->body_len = 0;
	buf_free(&head);
	buf_free(&form);
}

static enum filler draw_kind(struct rng *rng)
{
	uint64_t n = rng_below(rng, 100);

	return n < 45 ? FILLER_HTML : n < 65 ? FILLER_JS : n < 85 ? FILLER_JSON : FILLER_RANDOM;
}

static void response(struct corpus *c, struct saying *s)
{
	enum filler kind = draw_kind(&c->rng);
	bool gzip = kind != FILLER_RANDOM && rng_below(&c->rng, 10) < 3;
	const struct buf *pool = &c->pool[kind];

	s->body_len = draw_len(&c->rng, BODY_MIN, BODY_MAX);
	s->body = pool->data + rng_below(&c->rng, pool->len - s->body_len);
	if (gzip) {
		const struct buf *packed = &c->packed[rng_below(&c->rng, PACKED)];

		s->body = packed->data;
		s->body_len = packed->len;
		kind = FILLER_HTML;
	}
	s->head_len = (size_t)snprintf((char *)s->head, HEAD_MAX,
		"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
		"Content-Type: %s\r\n%sContent-Length: %zu\r\nConnection: keep-alive\r\n\r\n",
		filler_type(kind), gzip ? "Content-Encoding: gzip\r\n" : "", s->body_len);
}

static void hello(struct corpus *c, struct saying *s, unsigned side)
{
	struct buf b = {0};

	if (side == 0) {
		tls_client_hello(&b, &c->rng, shops[rng_below(&c->rng, 6)], "http/1.1");
	} else {
		tls_server_hello(&b, &c->rng);
		buf_u8(&b, 23);
		buf_u16(&b, 0x0303);
		buf_u16(&b, 3000);
		filler_add(&b, &c->rng, FILLER_RANDOM, 3000);
	}
	memcpy(s->head, b.data, b.len);
	s->head_len = b.len;
	s->body_len = 0;
	buf_free(&b);
}

static void tls_record(struct corpus *c, struct saying *s, unsigned side)
{
	const struct buf *pool = &c->pool[FILLER_RANDOM];

	s->body_len = draw_len(&c->rng, 200, side ? RECORD_MAX : 900);
	s->body = pool->data + rng_below(&c->rng, pool->len - s->body_len);
	memcpy(s->head, "\x17\x03\x03", 3);
	be16(s->head + 3, (unsigned)s->body_len);
	s->head_len = 5;
}

static void next_saying(struct corpus *c, struct cflow *f, unsigned side)
{
	struct saying *s = f->now;
	bool first = f->said++ < 2;

	s->side = side;
	s->sent = 0;
	if (!c->tls && side == 0)
		request(c, s);
	else if (!c->tls)
		response(c, s);
	else if (first)
		hello(c, s, side);
	else
		tls_record(c, s, side);
}

static void begin(struct corpus *c, struct cflow *f)
{
	uint64_t v = rng_next(&c->rng);

	f->ip[0][0] = 10;
	memcpy(&f->ip[0][1], &v, 3);
	memcpy(f->ip[1], "\xcb\x00\x71", 3);
	f->ip[1][3] = (uint8_t)(1 + (v >> 24) % 250);
	f->port[0] = (uint16_t)(1024 + (v >> 32) % 64000);
	f->port[1] = c->tls ? 443 : (v >> 50) % 5 ? 80 : 8080;
	f->seq[0] = (uint32_t)rng_next(&c->rng);
	f->seq[1] = (uint32_t)rng_next(&c->rng);
	f->step = STEP_SYN;
	f->turns = 2 * (1 + (unsigned)rng_below(&c->rng, c->tls ? 3 : 12)) + (c->tls ? 2 : 0);
	f->unacked = 0;
	f->said = 0;
}

/* The next segment of what is said, or the next saying, or the end. */
static void step_say(struct corpus *c, struct cflow *f)
{
	struct saying *s = f->now;
	size_t len = s->head_len + s->body_len, n = len - s->sent < MSS ? len - s->sent : MSS;
	uint8_t frame[FRAME_MAX], *to = frame + 34 + 32;
	size_t head = 0;

	if (f->unacked == 2 || (n == 0 && f->unacked > 0)) {
		f->unacked = 0;
		put_bare(c, f, !s->side, TCP_ACK);
		return;
	}
	if (n == 0) {
		f->turns--;
		f->step = f->turns ? STEP_SAY : STEP_FIN;
		next_saying(c, f, !s->side);
		return;
	}
	if (s->sent < s->head_len) {
		head = s->head_len - s->sent < n ? s->head_len - s->sent : n;
		memcpy(to, s->head + s->sent, head);
	}
	if (n > head)
		memcpy(to + head, s->body + (s->sent + head - s->head_len), n - head);
	s->sent += n;
	f->unacked++;
	put_tcp(c, f, s->side, TCP_ACK | (s->sent == len ? TCP_PSH : 0), frame, n);
}

static void step(struct corpus *c, struct cflow *f)
{
	switch (f->step) {
	case STEP_SYN:
		put_bare(c, f, 0, TCP_SYN);
		f->step = STEP_SYN_ACK;
		return;
	case STEP_SYN_ACK:
		put_bare(c, f, 1, TCP_SYN | TCP_ACK);
		f->step = STEP_ACK;
		return;
	case STEP_ACK:
		put_bare(c, f, 0, TCP_ACK);
		f->step = STEP_SAY;
		next_saying(c, f, 0);
		return;
	case STEP_SAY:
		step_say(c, f);
		return;
	case STEP_FIN:
		put_bare(c, f, 0, TCP_FIN | TCP_ACK);
		f->step = STEP_FIN_ACK;
		return;
	case STEP_FIN_ACK:
		put_bare(c, f, 1, TCP_FIN | TCP_ACK);
		f->step = STEP_LAST_ACK;
		return;
	case STEP_LAST_ACK:
		put_bare(c, f, 0, TCP_ACK);
		begin(c, f);
		return;
	}
}

static void put_dns(struct corpus *c, struct cflow *f)
{
	uint8_t frame[FRAME_MAX], *udp = frame + 34, *dns = udp + 8, *p = dns + 12;
	static const uint8_t answer[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, 9};
	unsigned id = (unsigned)rng_below(&c->rng, 65536);

	f->port[1] = 53;
	unsigned messages = rng_below(&c->rng, 5) ? 2 : 1;

	for (unsigned side = 0; side < messages; side++) {
		size_t len;

		memset(udp, 0, 20);
		be16(dns, id);
		be16(dns + 2, side ? 0x8180 : 0x0100);
		be16(dns + 4, 1);
		be16(dns + 6, side);
		memcpy(p,
			"\x07mirror0\x07"
			"example\0\0\1\0\1",
			21);
		p[7] = (uint8_t)('0' + id % 10);
		len = 8 + 12 + 21;
		if (side) {
			memcpy(udp + len, answer, sizeof(answer));
			len += sizeof(answer);
		}
		be16(udp, f->port[side]);
		be16(udp + 2, f->port[!side]);
		be16(udp + 4, (unsigned)len);
		put_frame(c, f, side, PROTO_UDP, frame, len, 6);
	}
}

static void step_small(struct corpus *c, struct cflow *f)
{
	uint64_t n = rng_below(&c->rng, 100);

	if (n < 35) {
		put_dns(c, f);
		return;
	}
	f->port[1] = 80;
	if (n < 55) {
		put_bare(c, f, 0, TCP_SYN);
		if (rng_below(&c->rng, 100) < 65)
			put_bare(c, f, 1, TCP_RST | TCP_ACK);
		return;
	}
	put_bare(c, f, n % 2, TCP_ACK);
}

static void pack(struct corpus *c, struct buf *out)
{
	size_t len = draw_len(&c->rng, BODY_MIN * 4, PACKED_MAX);
	const struct buf *pool = &c->pool[rng_below(&c->rng, 3)];

	gzip_add(out, pool->data + rng_below(&c->rng, pool->len - len), len, 5);
}

static void open_corpus(struct corpus *c, const char *file, bool content, size_t flows)
{
	uint8_t head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};

	c->file = file;
	c->out = fopen(file, "wb");
	if (!c->out)
		die("cannot write %s", file);
	put(c, head, sizeof(head));
	for (unsigned i = 0; i < 4 && content; i++)
		filler_add(&c->pool[i], &c->rng, (enum filler)i, POOL);
	for (unsigned i = 0; i < PACKED && content; i++)
		pack(c, &c->packed[i]);
	c->flows = must_alloc(flows, sizeof(*c->flows));
	for (size_t i = 0; i < flows; i++)
		begin(c, &c->flows[i]);
	for (size_t i = 0; i < flows && content; i++)
		c->flows[i].now = must_alloc(1, sizeof(struct saying));
}

static void close_corpus(struct corpus *c, size_t flows)
{
	if (fclose(c->out) != 0)
		die("cannot write all of %s", c->file);
	for (unsigned i = 0; i < 4; i++)
		buf_free(&c->pool[i]);
	for (unsigned i = 0; i < PACKED; i++)
		buf_free(&c->packed[i]);
	for (size_t i = 0; i < flows; i++)
		free(c->flows[i].now);
	free(c->flows);
}

void corpus_write(const char *kind, const char *file, uint64_t megabytes, uint64_t seed)
{
	struct corpus *c = must_alloc(1, sizeof(*c));
	bool small = strcmp(kind, "small") == 0;
	size_t flows = small ? FLOWS_SMALL : FLOWS;

	c->rng.state = seed;
	c->tls = strcmp(kind, "tls") == 0;
	if (!small && !c->tls && strcmp(kind, "http") != 0)
		die("unknown corpus \"%s\"; known are http, tls, small", kind);
	open_corpus(c, file, !small, flows);
	while (c->written < megabytes * 1000000) {
		struct cflow *f = &c->flows[rng_below(&c->rng, flows)];

		if (small)
			step_small(c, f);
		else
			step(c, f);
	}
	close_corpus(c, flows);
	free(c);
}
