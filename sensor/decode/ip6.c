/* IPv6 (RFC 8200), its extension headers, jumbograms (RFC 2675), and AH
 * (RFC 4302), which IPv4 has too.
 *
 * The tuple has the ends of the IP header, whatever a routing header or a home
 * address option says: those are free for a sender to invent.  They only stand
 * in for an end where the transport's checksum is made over them. */
#include "decode/walk.h"

#define IP6_HEADER 40
#define IP6_JUMBO_MIN 65536u
#define FRAGMENT_HEADER 8
#define FRAGMENT_OFFSET 0xfff8
#define FRAGMENT_MORE 1
#define AUTH_MIN 8

enum ip_next {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AUTH = 51,
	NEXT_NONE = 59,
	NEXT_DESTINATION = 60,
};

enum option {
	OPTION_PAD1 = 0,
	OPTION_JUMBO = 0xc2,
	OPTION_HOME_ADDRESS = 0xc9, /* RFC 6275 section 6.3 */
};

enum routing {
	ROUTING_SOURCE = 0,  /* RFC 2460 section 4.4 */
	ROUTING_MOBILE = 2,  /* RFC 6275 section 6.4 */
	ROUTING_SEGMENT = 4, /* RFC 8754: the last segment stands first */
};

static struct addr ip6_addr(struct rd *rd)
{
	struct addr addr = {0};
	struct bytes b = rd_bytes(rd, sizeof(addr.b));

	if (b.len == sizeof(addr.b))
		memcpy(addr.b, b.ptr, sizeof(addr.b));
	return addr;
}

static void ip6_clip(struct walk *w, uint64_t len)
{
	if (walk_clip(w, len))
		return;
	w->clipped = true;
	w->counters->short_frames++;
}

enum layer ip6(struct walk *w)
{
	struct tuple *tuple = &w->out->tuple;
	struct rd h;

	if (!walk_take(w, IP6_HEADER, &h))
		return walk_short(w, IP6_HEADER);
	uint32_t version = rd_u32(&h) >> 28;
	uint32_t len = rd_u16(&h);
	w->proto = rd_u8(&h);
	rd_u8(&h); /* hop limit */
	tuple->src = ip6_addr(&h);
	tuple->dst = ip6_addr(&h);
	if (version != 6)
		return walk_refuse(w, FRAME_NON_IP);
	w->family = 6;
	w->sum_src_set = w->sum_dst_set = false;
	/* 0 with a next header: a jumbogram, or what segmentation offload leaves. */
	w->jumbo = len == 0 && w->proto == NEXT_HOP_BY_HOP;
	if (len != 0 || w->proto == NEXT_NONE)
		ip6_clip(w, len);
	return LAYER_PROTO;
}

static enum layer ip6_options(struct walk *w, struct rd options, uint32_t header)
{
	while (rd_left(&options) > 0) {
		uint8_t type = rd_u8(&options);

		if (type == OPTION_PAD1)
			continue;
		uint8_t len = rd_u8(&options);
		if (options.bad || len > rd_left(&options))
			break; /* the transport behind it is still there */
		struct rd value = rd_sub(&options, len);
		if (type == OPTION_HOME_ADDRESS && rd_left(&value) == sizeof(struct addr)) {
			w->sum_src = ip6_addr(&value);
			w->sum_src_set = true;
		} else if (type == OPTION_JUMBO && w->jumbo && rd_left(&value) == 4) {
			uint32_t whole = rd_u32(&value);

			if (whole < IP6_JUMBO_MIN)
				return walk_refuse(w, FRAME_BAD_LENGTH);
			ip6_clip(w, whole - header);
			w->jumbo = false;
		}
	}
	return LAYER_PROTO;
}

/* RFC 8200 section 8.1: the checksum is made over the final destination. */
static enum layer ip6_routing(struct walk *w, struct rd body)
{
	uint8_t type = rd_u8(&body);
	uint8_t left = rd_u8(&body);

	rd_u32(&body); /* reserved; of a segment list: last entry, flags, tag */
	if (left == 0 || rd_left(&body) < sizeof(struct addr))
		return LAYER_PROTO;
	if (type == ROUTING_SOURCE)
		rd_bytes(&body, rd_left(&body) / sizeof(struct addr) * sizeof(struct addr) -
					sizeof(struct addr));
	else if (type != ROUTING_MOBILE && type != ROUTING_SEGMENT)
		return LAYER_PROTO;
	w->sum_dst = ip6_addr(&body);
	w->sum_dst_set = true;
	return LAYER_PROTO;
}

static enum layer ip6_fragment(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, FRAGMENT_HEADER, &h))
		return walk_short(w, FRAGMENT_HEADER);
	w->proto = rd_u8(&h);
	rd_u8(&h);
	uint16_t place = rd_u16(&h);
	uint32_t id = rd_u32(&h);
	/* RFC 6946: an atomic fragment never meets others. */
	if ((place & (FRAGMENT_OFFSET | FRAGMENT_MORE)) == 0)
		return LAYER_PROTO;
	return walk_fragment(w, id, 0, place & FRAGMENT_OFFSET, (place & FRAGMENT_MORE) != 0);
}

bool ip_is_extension(const struct walk *w)
{
	switch (w->proto) {
	case NEXT_AUTH:
		return true;
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_FRAGMENT:
	case NEXT_DESTINATION:
		return w->family == 6;
	default:
		return false;
	}
}

enum layer ip_extension(struct walk *w)
{
	uint8_t type = w->proto;
	struct rd peek = w->rd;

	if (type == NEXT_FRAGMENT)
		return ip6_fragment(w);
	if (walk_left(w) < 2)
		return walk_short(w, 2);
	w->proto = rd_u8(&peek);
	uint32_t units = rd_u8(&peek);
	uint32_t len = type == NEXT_AUTH ? AUTH_MIN + units * 4 : 8 + units * 8;
	struct rd body;
	if (!walk_take(w, len, &body))
		return walk_short(w, len);
	rd_u16(&body);
	switch (type) {
	case NEXT_HOP_BY_HOP:
	case NEXT_DESTINATION:
		return ip6_options(w, body, len);
	case NEXT_ROUTING:
		return ip6_routing(w, body);
	default:
		return LAYER_PROTO;
	}
}
