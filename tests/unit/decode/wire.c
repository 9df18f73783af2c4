#include "wire.h"

#include <stdlib.h>

#include "guard.h"

static const uint8_t ip4_src[4] = {10, 0, 0, 1}, ip4_dst[4] = {10, 0, 0, 2};
static const uint8_t ip6_src[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
static const uint8_t ip6_dst[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};

struct bench *bench;
struct wire *wire;

struct wire *wire_new(void)
{
	struct wire *w = malloc(sizeof(*w));

	if (w == NULL)
		abort();
	wire_clear(w);
	return w;
}

void wire_clear(struct wire *w)
{
	w->start = WIRE_MAX;
	w->transport = NO_TRANSPORT;
}

struct bytes wire_all(const struct wire *w)
{
	return bytes_of(w->bytes + w->start, WIRE_MAX - w->start);
}

void wire_put(struct wire *w, const void *data, size_t len)
{
	if (len > w->start)
		abort();
	w->start -= len;
	memcpy(w->bytes + w->start, data, len);
}

void wire_put16(struct wire *w, uint32_t v)
{
	wire_put(w, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

void wire_put32(struct wire *w, uint32_t v)
{
	wire_put16(w, v & 0xffff);
	wire_put16(w, v >> 16);
}

void wire_pattern(struct wire *w, size_t len)
{
	if (len > w->start)
		abort();
	w->start -= len;
	for (size_t i = 0; i < len; i++)
		w->bytes[w->start + i] = (uint8_t)(i * 7 + i / 251);
}

static uint32_t naive_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

/* Over the pseudo header too, once the ends are known. */
static void transport_sum(struct wire *w, const uint8_t *src, const uint8_t *dst, size_t addr_len)
{
	static const size_t places[256] = {[6] = 16, [17] = 6, [58] = 2};

	if (w->transport == NO_TRANSPORT)
		return;
	uint8_t *at = w->bytes + w->transport;
	size_t len = WIRE_MAX - w->transport;
	uint8_t tail[8] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len, 0, 0, 0, w->proto};
	uint32_t sum = naive_sum(0, src, addr_len);
	sum = naive_sum(sum, dst, addr_len);
	sum = naive_sum(sum, tail, sizeof(tail));
	put_sum(at + places[w->proto], naive_sum(sum, at, len));
	w->transport = NO_TRANSPORT;
}

void wire_tcp(struct wire *w, uint16_t sport, uint16_t dport)
{
	wire_put32(w, 0x00000007); /* checksum, urgent pointer */
	wire_put32(w, 0x50185678); /* 5 words, PSH ACK, window */
	wire_put32(w, 0x01020304); /* acknowledged */
	wire_put32(w, 0xa1a2a3a4); /* sequence */
	wire_put16(w, dport);
	wire_put16(w, sport);
	w->transport = w->start;
	w->proto = 6;
}

void wire_udp(struct wire *w, uint16_t sport, uint16_t dport)
{
	size_t len = WIRE_MAX - w->start + 8;

	wire_put16(w, 0);
	wire_put16(w, len > 0xffff ? 0 : (uint32_t)len);
	wire_put16(w, dport);
	wire_put16(w, sport);
	w->transport = w->start;
	w->proto = 17;
}

void wire_icmp(struct wire *w, int family, uint8_t type, uint8_t code, uint16_t id)
{
	wire_put32(w, (uint32_t)id << 16 | 1);
	wire_put16(w, 0);
	wire_put(w, (uint8_t[]){type, code}, 2);
	w->transport = w->start;
	w->proto = 58;
	if (family == 6)
		return;
	put_sum(w->bytes + w->start + 2, naive_sum(0, w->bytes + w->start, WIRE_MAX - w->start));
	w->transport = NO_TRANSPORT;
}

void wire_ip4_part(struct wire *w, uint8_t proto, uint16_t id, uint16_t place)
{
	size_t len = WIRE_MAX - w->start + 20;

	transport_sum(w, ip4_src, ip4_dst, 4);
	wire_put(w, ip4_dst, 4);
	wire_put(w, ip4_src, 4);
	wire_put16(w, 0);
	wire_put(w, (uint8_t[]){64, proto}, 2);
	wire_put16(w, place);
	wire_put16(w, id);
	wire_put16(w, len > 0xffff ? 0 : (uint32_t)len);
	wire_put16(w, 0x4500);
	put_sum(w->bytes + w->start + 10, naive_sum(0, w->bytes + w->start, 20));
}

void wire_ip4(struct wire *w, uint8_t proto)
{
	wire_ip4_part(w, proto, 0, 0x4000);
}

void wire_ip6(struct wire *w, uint8_t next)
{
	size_t len = WIRE_MAX - w->start;

	transport_sum(w, ip6_src, ip6_dst, 16);
	wire_put(w, ip6_dst, 16);
	wire_put(w, ip6_src, 16);
	wire_put(w, (uint8_t[]){next, 64}, 2);
	wire_put16(w, len > 0xffff ? 0 : (uint32_t)len);
	wire_put32(w, 0x60000000);
}

void wire_ip6_part(struct wire *w, uint8_t next, uint32_t id, uint16_t place)
{
	wire_put32(w, id);
	wire_put16(w, place);
	wire_put(w, (uint8_t[]){next, 0}, 2);
	wire_ip6(w, 44);
}

void wire_extension(struct wire *w, uint8_t next, size_t len)
{
	uint8_t header[256] = {next, (uint8_t)(len / 8 - 1), 1, (uint8_t)(len - 4)};

	wire_put(w, header, len);
}

void wire_vlan(struct wire *w, uint16_t tci, uint16_t ether)
{
	wire_put16(w, ether);
	wire_put16(w, tci);
}

void wire_ethernet(struct wire *w, uint16_t ether)
{
	wire_put16(w, ether);
	wire_put(w, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
}

void wire_vxlan(struct wire *w, uint32_t vni)
{
	wire_put32(w, vni << 8);
	wire_put32(w, 0x08000000);
}

static const struct hash_key bench_key = {1, 2};

uint64_t bench_hash(struct tuple tuple)
{
	uint8_t key[sizeof(tuple)];

	tuple_normalise(&tuple);
	if (!addr_is4(&tuple.src) || !addr_is4(&tuple.dst))
		return hash_sip13(&bench_key, &tuple, sizeof(tuple));
	memcpy(key, tuple.src.b + 12, 4);
	memcpy(key + 4, tuple.dst.b + 12, 4);
	memcpy(key + 8, &tuple.sport, 8);
	return hash_sip13(&bench_key, key, 16);
}

struct bench *bench_new(uint32_t frag_buffers, uint32_t inputs, struct tenant_map tenants)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	if (b == NULL || !arena_new(&b->arena, decoder_bytes(frag_buffers, inputs), &err))
		abort();
	b->decoder = decoder_new(&b->arena, frag_buffers, inputs, &bench_key, tenants);
	if (b->decoder == NULL)
		abort();
	b->link = LINK_ETHERNET;
	b->pos = (struct pos){UINT64_C(1700000000000000000), 0};
	return b;
}

void bench_free(struct bench *b)
{
	arena_free(&b->arena);
	guard_free();
	free(b);
}

bool bench_cut(struct bench *b, struct bytes all, size_t caplen, size_t wirelen)
{
	struct bytes copy = guarded(all.ptr, caplen);

	b->pos.ord++;
	struct frame frame = {.data = copy.ptr,
		.caplen = (uint32_t)caplen,
		.wirelen = (uint32_t)wirelen,
		.ts_ns = b->pos.now_ns,
		.number = b->pos.ord,
		.link = b->link,
		.source = b->source,
		.block = 77,
		.vlan = b->vlan};
	return decode(b->decoder, &frame, b->pos, &b->packet);
}

bool bench_wire(struct bench *b, const struct wire *w)
{
	struct bytes all = wire_all(w);

	return bench_cut(b, all, all.len, all.len);
}

const struct decode_counters *bench_counters(const struct bench *b)
{
	return decoder_counters(b->decoder, b->source);
}

bool bench_adds_up(const struct bench *b)
{
	const struct decode_counters *c = bench_counters(b);
	uint64_t sum = c->decoded;

	for (int i = 0; i < FRAME_REASON_COUNT; i++)
		sum += c->refused[i];
	return sum == c->frames;
}

uint64_t bench_refused_only(const struct bench *b, enum frame_reason reason)
{
	const struct decode_counters *c = bench_counters(b);

	return c->frames - c->decoded == c->refused[reason] ? c->refused[reason] : 0;
}

bool bench_refuses(struct bench *b, const struct wire *w, enum frame_reason reason)
{
	uint64_t before = bench_counters(b)->refused[reason];

	return !bench_wire(b, w) && bench_counters(b)->refused[reason] == before + 1 &&
	       bench_adds_up(b);
}

int bench_start_raw(void **state)
{
	(void)state;
	bench = bench_new(FRAG_BUFFERS_MIN, 1, (struct tenant_map){0});
	bench->link = LINK_RAW;
	wire_clear(wire);
	return 0;
}

int bench_stop(void **state)
{
	bool fine = bench_adds_up(bench);

	(void)state;
	bench_free(bench);
	return fine ? 0 : -1;
}
