/* wire.c - packets as a tap would record them. */
#include "wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_V6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	PROTO_UDP = 17,
	PROTO_FRAGMENT = 44,
	PORT_VXLAN = 4789,
	FRAGMENTS_MAX = 8192,
};

static const unsigned pcap_linktype[] = {
	[LINK_ETHERNET] = 1, [LINK_SLL] = 113, [LINK_RAW] = 101, [LINK_NULL] = 0};
static const struct addr vtep_src = {4, {10, 255, 0, 1}};
static const struct addr vtep_dst = {4, {10, 255, 0, 2}};

struct piece {
	size_t off, len;
};

static void add_addr(struct buf *b, const struct addr *addr)
{
	buf_add(b, addr->ip, addr->version == 4 ? 4 : 16);
}

static void add_v4(struct buf *b, const struct packet *pkt, unsigned id, struct piece piece)
{
	size_t start = b->len;
	bool more = piece.off + piece.len < pkt->l4_len;

	buf_u16(b, 0x4500);
	buf_u16(b, (unsigned)(20 + piece.len));
	buf_u16(b, id);
	buf_u16(b, (unsigned)(piece.off / 8) | (more ? 0x2000 : 0));
	buf_u8(b, 64);
	buf_u8(b, pkt->proto);
	buf_u16(b, 0);
	add_addr(b, &pkt->src.addr);
	add_addr(b, &pkt->dst.addr);
	buf_put16(b, start + 10, sum_end(sum_add(0, b->data + start, 20)));
}

static void add_v6(struct buf *b, const struct packet *pkt, unsigned id, struct piece piece)
{
	bool cut = piece.len < pkt->l4_len;
	bool more = piece.off + piece.len < pkt->l4_len;

	buf_u32(b, 0x60000000);
	buf_u16(b, (unsigned)(piece.len + (cut ? 8 : 0)));
	buf_u8(b, cut ? PROTO_FRAGMENT : pkt->proto);
	buf_u8(b, 64);
	add_addr(b, &pkt->src.addr);
	add_addr(b, &pkt->dst.addr);
	if (!cut)
		return;
	buf_u8(b, pkt->proto);
	buf_u8(b, 0);
	buf_u16(b, (unsigned)piece.off | (more ? 1 : 0));
	buf_u32(b, id);
}

static void add_ethernet(struct buf *b, const struct packet *pkt, const unsigned vlan[static 2])
{
	buf_add(b, pkt->dst.mac, 6);
	buf_add(b, pkt->src.mac, 6);
	if (vlan[1] != 0) {
		buf_u16(b, ETHERTYPE_QINQ);
		buf_u16(b, vlan[0]);
		buf_u16(b, ETHERTYPE_VLAN);
		buf_u16(b, vlan[1]);
	} else if (vlan[0] != 0) {
		buf_u16(b, ETHERTYPE_VLAN);
		buf_u16(b, vlan[0]);
	}
	buf_u16(b, pkt->src.addr.version == 4 ? ETHERTYPE_V4 : ETHERTYPE_V6);
}

static void add_link(
	struct buf *b, enum link link, const struct path *path, const struct packet *pkt)
{
	uint32_t family = pkt->src.addr.version == 4 ? 2 : 30;

	if (link == LINK_ETHERNET)
		add_ethernet(b, pkt, path->vlan);
	if (link == LINK_NULL)
		buf_add(b, &family, 4); /* in the writer's byte order, as BSD does */
	if (link != LINK_SLL)
		return;
	buf_u16(b, 0);
	buf_u16(b, 1);
	buf_u16(b, 6);
	buf_add(b, pkt->src.mac, 6);
	buf_u16(b, 0);
	buf_u16(b, pkt->src.addr.version == 4 ? ETHERTYPE_V4 : ETHERTYPE_V6);
}

static void add_ip(
	struct buf *b, const struct packet *pkt, const uint8_t *l4, unsigned id, struct piece piece)
{
	if (pkt->src.addr.version == 4)
		add_v4(b, pkt, id, piece);
	else
		add_v6(b, pkt, id, piece);
	buf_add(b, l4 + piece.off, piece.len);
}

/* RFC 7348: the inner frame under UDP between two tunnel ends. */
static void wrap_vxlan(struct buf *frame, const struct packet *pkt, const struct buf *inner,
	unsigned vni, const struct path *path, enum link link)
{
	struct buf udp = {0};
	struct packet outer = {
		.src = {.addr = vtep_src}, .dst = {.addr = vtep_dst}, .proto = PROTO_UDP};

	buf_u16(&udp, 49152u + (pkt->src.port & 0x3fffu));
	buf_u16(&udp, PORT_VXLAN);
	buf_u16(&udp, (unsigned)(16 + inner->len));
	buf_u16(&udp, 0);
	buf_u32(&udp, 0x08000000);
	buf_u32(&udp, vni << 8);
	buf_add(&udp, inner->data, inner->len);
	outer.l4 = udp.data;
	outer.l4_len = udp.len;
	memcpy(outer.src.mac, "\x02\x00\x0a\xff\x00\x01", 6);
	memcpy(outer.dst.mac, "\x02\x00\x0a\xff\x00\x02", 6);
	add_link(frame, link, path, &outer);
	add_ip(frame, &outer, udp.data, 0, (struct piece){0, udp.len});
	buf_free(&udp);
}

static void add_frame(struct capture *cap, const struct path *path, const struct packet *pkt,
	const uint8_t *l4, unsigned id, struct piece piece, int64_t time_ns)
{
	static const unsigned untagged[2] = {0, 0};
	size_t start = cap->bytes.len;

	if (path->vni != 0) {
		struct buf inner = {0};

		add_ethernet(&inner, pkt, untagged);
		add_ip(&inner, pkt, l4, id, piece);
		wrap_vxlan(&cap->bytes, pkt, &inner, path->vni, path, cap->link);
		buf_free(&inner);
	} else {
		add_link(&cap->bytes, cap->link, path, pkt);
		add_ip(&cap->bytes, pkt, l4, id, piece);
	}
	cap->frames = must_grow(cap->frames, cap->frame_cnt, &cap->frame_cap, sizeof(*cap->frames));
	cap->frames[cap->frame_cnt] =
		(struct frame){time_ns, start, cap->bytes.len - start, (uint32_t)cap->frame_cnt};
	cap->frame_cnt++;
}

/* Cuts l4_len into pieces of a multiple of 8 bytes and puts them in order. */
static size_t cut(struct rng *rng, const struct path *path, size_t l4_len,
	struct piece pieces[static FRAGMENTS_MAX])
{
	size_t step = path->fragment_bytes ? (path->fragment_bytes + 7) / 8 * 8 : l4_len;
	size_t cnt = 0;

	for (size_t off = 0; off < l4_len; off += step) {
		size_t len = l4_len - off < step ? l4_len - off : step;

		if (cnt == FRAGMENTS_MAX)
			die("more than %d fragments", FRAGMENTS_MAX);
		pieces[cnt++] = (struct piece){off, len};
	}
	for (size_t i = 0; i + 1 < cnt && path->fragment_order != ORDER_SENT; i++) {
		size_t j = i + rng_below(rng, cnt - i);
		struct piece first = pieces[i];

		if (path->fragment_order == ORDER_REVERSED)
			j = cnt - 1 - i;
		if (path->fragment_order == ORDER_REVERSED && i >= cnt / 2)
			break;
		pieces[i] = pieces[j];
		pieces[j] = first;
	}
	return cnt;
}

static int by_time(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

static void le32(uint8_t *p, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

uint64_t sum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len >= 4; len -= 4, p += 4) {
		uint32_t word;

		memcpy(&word, p, 4);
		sum += ntohl(word);
	}
	if (len >= 2)
		sum += (uint64_t)p[0] << 8 | p[1];
	if (len % 2 == 1)
		sum += (uint64_t)p[len - 1] << 8;
	return sum;
}

unsigned sum_end(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned)(~sum & 0xffff);
}

uint64_t sum_pseudo(const struct addr *src, const struct addr *dst, unsigned proto, size_t len)
{
	size_t size = src->version == 4 ? 4 : 16;

	return sum_add(sum_add(proto + (uint64_t)len, src->ip, size), dst->ip, size);
}

uint32_t capture_add(struct capture *cap, const struct path *path, const struct packet *pkt)
{
	uint32_t first = (uint32_t)cap->frame_cnt;
	struct piece *pieces = must_alloc(FRAGMENTS_MAX, sizeof(*pieces));
	struct buf l4 = {0};

	buf_add(&l4, pkt->l4, pkt->l4_len);
	if (pkt->sum_off + 2 <= l4.len) {
		uint64_t sum = sum_pseudo(&pkt->src.addr, &pkt->dst.addr, pkt->proto, l4.len);
		unsigned value;

		if (pkt->proto == 1) /* ICMP has no pseudo header */
			sum = 0;
		value = sum_end(sum_add(sum, l4.data, l4.len));
		if (value == 0 && pkt->proto == PROTO_UDP)
			value = 0xffff;
		buf_put16(&l4, pkt->sum_off, pkt->bad_sum ? value ^ 0x5555 : value);
	}
	unsigned id = (unsigned)rng_below(&cap->rng, 65536);
	size_t cnt = cut(&cap->rng, path, l4.len, pieces);

	for (size_t i = 0; i < cnt; i++)
		add_frame(cap, path, pkt, l4.data, id, pieces[i], pkt->time_ns + (int64_t)i * 1000);
	buf_free(&l4);
	free(pieces);
	return first;
}

uint32_t *capture_sort(struct capture *cap)
{
	uint32_t *number = must_alloc(cap->frame_cnt, sizeof(*number));

	if (cap->frame_cnt > 0)
		qsort(cap->frames, cap->frame_cnt, sizeof(*cap->frames), by_time);
	for (size_t i = 0; i < cap->frame_cnt; i++)
		number[cap->frames[i].id] = (uint32_t)i + 1;
	return number;
}

void capture_write(const struct capture *cap, const char *file)
{
	uint8_t head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4};
	FILE *out = fopen(file, "wb");

	if (!out)
		die("cannot write %s", file);
	le32(head + 20, pcap_linktype[cap->link]);
	fwrite(head, 1, sizeof(head), out);
	for (size_t i = 0; i < cap->frame_cnt; i++) {
		const struct frame *f = &cap->frames[i];

		le32(head, (uint64_t)(f->time_ns / 1000000000));
		le32(head + 4, (uint64_t)(f->time_ns % 1000000000 / 1000));
		le32(head + 8, f->len);
		le32(head + 12, f->len);
		fwrite(head, 1, 16, out);
		fwrite(cap->bytes.data + f->off, 1, f->len, out);
	}
	bool bad = ferror(out) != 0;

	if (fclose(out) != 0 || bad)
		die("cannot write all of %s", file);
}

void capture_fini(struct capture *cap)
{
	buf_free(&cap->bytes);
	free(cap->frames);
	*cap = (struct capture){0};
}

bool addr_parse(const char *text, struct addr *out)
{
	*out = (struct addr){0};
	if (inet_pton(AF_INET, text, out->ip) == 1)
		out->version = 4;
	else if (inet_pton(AF_INET6, text, out->ip) == 1)
		out->version = 6;
	return out->version != 0;
}

void addr_text(const struct addr *addr, char text[static 46])
{
	inet_ntop(addr->version == 4 ? AF_INET : AF_INET6, addr->ip, text, 46);
}
