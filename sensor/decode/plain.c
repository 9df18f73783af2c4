/* The short road of what most frames are: Ethernet, IPv4 without options or fragments, TCP or
 * UDP, all of it captured.  It knows no errors: whatever is not exactly that takes the walk of
 * decode.c, which would make the same packet of a plain frame (a test and a fuzz target compare
 * them).  Costs a quarter of the walk. */
#include "base/sip.h"
#include "decode/sum.h"
#include "decode/walk.h"

#define ETHERNET_HEADER 14
#define IP4_HEADER 20
#define TCP_HEADER 20
#define UDP_HEADER 8

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are compared as loaded");

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t be16(const uint8_t *p)
{
	return __builtin_bswap16(load16(p));
}

static inline uint32_t be32(const uint8_t *p)
{
	return __builtin_bswap32(load32(p));
}

/* As addr_from4(), of the address as it stands in the header. */
static inline void put_address(struct addr *out, uint32_t network_order)
{
	uint64_t words[2] = {0, UINT64_C(0xffff0000) | (uint64_t)network_order << 32};

	memcpy(out->b, words, sizeof(words));
}

/* Bytes of the IP packet, 0: not plain. */
static inline uint32_t ip_length(const struct frame *frame)
{
	const uint8_t *ether = frame->data, *ip = ether + ETHERNET_HEADER;
	uint32_t total;

	if (frame->link != LINK_ETHERNET || frame->vlan != 0 || frame->wirelen > frame->caplen ||
		frame->caplen < ETHERNET_HEADER + IP4_HEADER)
		return 0;
	if (load16(ether + 12) != __builtin_bswap16(0x0800) || ip[0] != 0x45 ||
		(load16(ip + 6) & __builtin_bswap16(0x3fff)) != 0)
		return 0;
	total = be16(ip + 2);
	return total >= IP4_HEADER && total <= frame->caplen - ETHERNET_HEADER ? total : 0;
}

/* Length of the transport's header, 0: not plain. */
static inline uint32_t take_tcp(const uint8_t *tcp, uint32_t len, struct packet *out)
{
	uint32_t header;

	if (len < TCP_HEADER)
		return 0;
	header = (uint32_t)(tcp[12] >> 4) * 4;
	out->seq = be32(tcp + 4);
	out->ack = be32(tcp + 8);
	out->tcp_flags = tcp[13] & 0x3f;
	out->window = be16(tcp + 14);
	out->urgent = be16(tcp + 18);
	return header >= TCP_HEADER && header <= len ? header : 0;
}

/* The same; *len becomes what the header says. */
static inline uint32_t take_udp(const uint8_t *udp, uint32_t *len, struct packet *out)
{
	uint32_t said;

	if (*len < UDP_HEADER)
		return 0;
	said = be16(udp + 4);
	if (said < UDP_HEADER || said > *len || tunnel_on_udp(be16(udp + 2)))
		return 0;
	*len = said;
	out->seq = out->ack = 0;
	out->window = out->urgent = 0;
	out->tcp_flags = 0;
	return UDP_HEADER;
}

/* As tuple_hash() of decode.c. */
static inline void hash(const struct decoder *decoder, const uint8_t *ip, struct packet *out)
{
	uint32_t src = load32(ip + 12), dst = load32(ip + 16);
	uint32_t low = __builtin_bswap32(src), high = __builtin_bswap32(dst);
	uint64_t sport = out->tuple.sport, dport = out->tuple.dport;
	bool swap = low > high || (low == high && sport > dport);
	uint64_t ends = swap ? (uint64_t)src << 32 | dst : (uint64_t)dst << 32 | src;
	uint64_t ports = swap ? dport | sport << 16 : sport | dport << 16;

	out->flags |= swap ? PACKET_SWAPPED : 0;
	out->hash = sip13_two(&decoder->key, ends,
		ports | (uint64_t)out->tuple.tenant << 32 | (uint64_t)out->tuple.proto << 48);
}

static inline bool sums_are_good(const uint8_t *ip, const uint8_t *data, uint32_t len)
{
	uint64_t ends = sum_bytes(ip + 12, 8);
	bool unsummed = ip[9] == PROTO_UDP && load16(data + 6) == 0;

	if (sum_fold(sum_bytes(ip, 12) + ends) != 0xffff)
		return false;
	return unsummed ||
	       sum_fold(ends + sum_u32(len) + sum_u32(ip[9]) + sum_bytes(data, len)) == 0xffff;
}

bool plain(struct decoder *decoder, const struct frame *frame, struct packet *out)
{
	const struct tenant_map *map = &decoder->tenants;
	const uint8_t *ip = frame->data + ETHERNET_HEADER, *data = ip + IP4_HEADER;
	uint32_t total = ip_length(frame), len = total - IP4_HEADER, header = 0;

	if (total == 0)
		return false;
	if (ip[9] == PROTO_TCP)
		header = take_tcp(data, len, out);
	else if (ip[9] == PROTO_UDP)
		header = take_udp(data, &len, out);
	if (header == 0)
		return false;
	put_address(&out->tuple.src, load32(ip + 12));
	put_address(&out->tuple.dst, load32(ip + 16));
	out->tuple.sport = be16(data);
	out->tuple.dport = be16(data + 2);
	out->tuple.proto = ip[9];
	out->tuple.zero = 0;
	out->tuple.tenant =
		map->find == NULL ? 0 : map->find(map->self, frame->source, NULL, 0, NO_VNI);
	out->payload = data + header;
	out->payload_len = out->payload_wire = len - header;
	out->flags = sums_are_good(ip, data, len) ? 0 : PACKET_BAD_CHECKSUM;
	hash(decoder, ip, out);
	return true;
}
