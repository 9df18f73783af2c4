/* TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792) and ICMPv6 (RFC 4443); any
 * other protocol is a packet without ports.  A bad checksum is told, and the
 * packet is parsed all the same: the other end may be the sender's friend, and
 * offload leaves such sums on honest packets. */
#include "decode/sum.h"
#include "decode/walk.h"

#define TCP_HEADER 20
#define UDP_HEADER 8
#define ICMP_HEADER 8

enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO = 8,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
};

static uint64_t pseudo_header(const struct walk *w, uint32_t len)
{
	const struct tuple *t = &w->out->tuple;

	if (w->family == 4)
		return sum_bytes(t->src.b + 12, 4) + sum_bytes(t->dst.b + 12, 4) + sum_u32(len) +
		       sum_u32(w->proto);
	const struct addr *src = w->sum_src_set ? &w->sum_src : &t->src;
	const struct addr *dst = w->sum_dst_set ? &w->sum_dst : &t->dst;

	return sum_bytes(src->b, sizeof(src->b)) + sum_bytes(dst->b, sizeof(dst->b)) +
	       sum_u32(len) + sum_u32(w->proto);
}

/* Of the captured rest, which begins with the transport's header. */
static void transport_sum(struct walk *w, uint64_t sum)
{
	uint32_t len = walk_left(w);

	if (w->missing == 0 && sum_fold(sum + sum_bytes(w->rd.ptr, len)) != 0xffff)
		w->flags |= PACKET_BAD_CHECKSUM;
}

static enum layer transport_done(struct walk *w)
{
	struct packet *out = w->out;

	out->payload = w->rd.ptr;
	out->payload_len = walk_left(w);
	out->payload_wire = out->payload_len + w->missing;
	out->tuple.proto = w->proto;
	return LAYER_PACKET;
}

/* The packet is whole enough without its options, which nobody reads: they may
 * be cut by the capture or by a mirror that slices. */
static bool tcp_options(struct walk *w, uint32_t len)
{
	uint32_t left = walk_left(w);
	struct rd options;

	if (walk_take(w, len, &options))
		return true;
	if (len - left > w->missing && !w->clipped)
		return false;
	w->missing -= len - left > w->missing ? w->missing : len - left;
	w->rd.ptr = w->rd.end;
	return true;
}

static enum layer tcp(struct walk *w)
{
	struct packet *out = w->out;
	uint32_t wire = walk_left(w) + w->missing;

	if (walk_left(w) < TCP_HEADER)
		return walk_short(w, TCP_HEADER);
	transport_sum(w, pseudo_header(w, wire));
	struct rd h = rd_sub(&w->rd, TCP_HEADER);
	out->tuple.sport = rd_u16(&h);
	out->tuple.dport = rd_u16(&h);
	out->seq = rd_u32(&h);
	out->ack = rd_u32(&h);
	uint16_t offset_flags = rd_u16(&h);
	out->tcp_flags = offset_flags & 0x3f;
	out->window = rd_u16(&h);
	rd_u16(&h); /* checksum */
	out->urgent = rd_u16(&h);
	uint32_t header = (uint32_t)(offset_flags >> 12) * 4;
	if (header < TCP_HEADER || !tcp_options(w, header - TCP_HEADER))
		return walk_refuse(w, FRAME_BAD_LENGTH);
	return transport_done(w);
}

/* Length 0 stands in jumbograms (RFC 2675 section 4) and after segmentation
 * offload: then all of IP's payload counts. */
static bool udp_length(struct walk *w, uint32_t len)
{
	if (len == 0)
		return true;
	if (len < UDP_HEADER)
		return false;
	if (!walk_clip(w, len) && !w->clipped)
		w->counters->short_frames++;
	return true;
}

static enum layer udp(struct walk *w)
{
	struct rd peek = w->rd;

	if (walk_left(w) < UDP_HEADER)
		return walk_short(w, UDP_HEADER);
	uint16_t sport = rd_u16(&peek);
	uint16_t dport = rd_u16(&peek);
	uint32_t len = rd_u16(&peek);
	bool summed = rd_u16(&peek) != 0;
	if (!udp_length(w, len))
		return walk_refuse(w, FRAME_BAD_LENGTH);
	if (summed)
		transport_sum(w, pseudo_header(w, walk_left(w) + w->missing));
	(void)rd_bytes(&w->rd, UDP_HEADER);
	w->tunnel = tunnel_find(w, TUNNEL_UDP, dport);
	if (w->tunnel != NULL)
		return LAYER_TUNNEL;
	if (!summed && w->family == 6) /* RFC 6935: for tunnels only */
		w->flags |= PACKET_BAD_CHECKSUM;
	w->out->tuple.sport = sport;
	w->out->tuple.dport = dport;
	return transport_done(w);
}

static bool is_icmp(const struct walk *w)
{
	return w->proto == (w->family == 4 ? PROTO_ICMP : PROTO_ICMP6);
}

/* Echo: the id stands where a client's port would, so that request and reply
 * are one flow; never as 0, which would not tell who asked. */
static enum layer icmp(struct walk *w)
{
	struct tuple *tuple = &w->out->tuple;
	bool six = w->family == 6;

	if (walk_left(w) < ICMP_HEADER)
		return walk_short(w, ICMP_HEADER);
	transport_sum(w, six ? pseudo_header(w, walk_left(w) + w->missing) : 0);
	struct rd h = rd_sub(&w->rd, ICMP_HEADER);
	uint8_t type = rd_u8(&h);
	uint8_t code = rd_u8(&h);
	rd_u16(&h); /* checksum */
	uint16_t id = rd_u16(&h);
	if (id == 0)
		id = UINT16_MAX;
	if (type == (six ? ICMP6_ECHO : ICMP_ECHO)) {
		tuple->sport = id;
		tuple->dport = 0;
	} else if (type == (six ? ICMP6_ECHO_REPLY : ICMP_ECHO_REPLY)) {
		tuple->sport = 0;
		tuple->dport = id;
	} else {
		tuple->sport = type;
		tuple->dport = TUPLE_ICMP_CODE + code;
	}
	return transport_done(w);
}

enum layer transport(struct walk *w)
{
	if (w->proto == PROTO_TCP)
		return tcp(w);
	if (w->proto == PROTO_UDP)
		return udp(w);
	if (is_icmp(w))
		return icmp(w);
	w->tunnel = tunnel_find(w, TUNNEL_PROTO, w->proto);
	if (w->tunnel != NULL)
		return LAYER_TUNNEL;
	w->flags |= PACKET_OPAQUE;
	return transport_done(w);
}
