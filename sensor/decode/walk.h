/* walk.h - one frame on its way through the layers; private to decode.
 *
 * Each layer is a function that reads its header from walk.rd and returns the
 * next layer.  The loop in decode.c counts the depth. */
#ifndef SEKISHO_DECODE_WALK_H
#define SEKISHO_DECODE_WALK_H

#include "base/rd.h"
#include "decode/decode.h"
#include "decode/frag.h"

#define NO_VNI UINT32_MAX

enum layer {
	LAYER_LINK, /* by the frame's link type */
	LAYER_ETHERNET,
	LAYER_ETHER, /* what walk.ether says */
	LAYER_VLAN,
	LAYER_RAW, /* IP of either version */
	LAYER_IP4,
	LAYER_IP6,
	LAYER_PROTO,     /* what walk.proto says */
	LAYER_EXTENSION, /* an IPv6 extension header, or AH */
	LAYER_TUNNEL,    /* walk.tunnel's header */
	LAYER_PACKET,    /* done: *out is a packet */
	LAYER_KEPT,      /* done: a fragment that was kept */
	LAYER_REFUSED,   /* done: walk.reason */
};

enum tunnel_carrier {
	TUNNEL_ETHER, /* an EtherType */
	TUNNEL_PROTO, /* an IP protocol */
	TUNNEL_UDP,   /* a UDP destination port */
};

struct tunnel;

struct walk {
	struct rd rd;     /* the captured rest */
	uint32_t missing; /* wire bytes behind it that were not captured */
	uint32_t vni;     /* of the outermost tunnel: inner ones may be forged by its tenant */
	uint32_t buffer;  /* the defragmenter's that rd reads, or FRAG_NONE */
	uint16_t vlans[DECODE_DEPTH];
	uint32_t vlan_cnt, depth;
	const struct tunnel *tunnel;
	uint16_t ether;
	uint8_t proto, family; /* family: 4 or 6, of the IP header last read */
	uint8_t flags;         /* enum packet_flag */
	bool clipped;          /* the IP header claims more than the frame holds */
	bool jumbo;            /* IPv6 payload length 0 with hop-by-hop options (RFC 2675) */
	enum frame_reason reason;
	struct addr sum_src, sum_dst; /* ends of the pseudo header, if not the tuple's */
	bool sum_src_set, sum_dst_set;
	const struct frame *frame;
	struct packet *out;
	struct decoder *decoder;
	struct decode_counters *counters;
};

struct decoder {
	struct hash_key key;
	struct tenant_map tenants;
	struct frag_table *frags;
	struct walk walk; /* here, so that it need not be cleared for every frame */
	uint32_t inputs;
	struct decode_counters counters[];
};

static inline enum layer walk_refuse(struct walk *w, enum frame_reason reason)
{
	w->reason = reason;
	return LAYER_REFUSED;
}

/* Captured bytes left. */
static inline uint32_t walk_left(const struct walk *w)
{
	return (uint32_t)(w->rd.end - w->rd.ptr);
}

/* For a header of len bytes that is not there. */
static inline enum layer walk_short(struct walk *w, size_t len)
{
	bool cut = len <= (uint64_t)walk_left(w) + w->missing;

	return walk_refuse(w, cut ? FRAME_TRUNCATED : FRAME_BAD_LENGTH);
}

/* A cursor over the next len bytes, which stay if they are not all there. */
static inline bool walk_take(struct walk *w, uint32_t len, struct rd *header)
{
	if (len > walk_left(w))
		return false;
	*header = rd_sub(&w->rd, len);
	return true;
}

/* A header says that len bytes follow.  True if they do; if the frame holds
 * fewer, what it holds is taken (sliced copies look so, also inside VXLAN) and
 * false. */
static inline bool walk_clip(struct walk *w, uint64_t len)
{
	uint32_t left = walk_left(w);

	if (len > (uint64_t)left + w->missing)
		return false;
	if (len <= left) {
		w->rd.end = w->rd.ptr + len;
		w->missing = 0;
	} else {
		w->missing = (uint32_t)len - left;
	}
	return true;
}

/* link.c */
enum layer link_start(struct walk *w);
enum layer link_ethernet(struct walk *w);
enum layer link_ether(struct walk *w);
enum layer link_vlan(struct walk *w);
enum layer link_raw(struct walk *w);
/* Is it a type that link_ether() goes on with, or ARP? */
bool link_known(uint16_t ether);

/* ip4.c, ip6.c */
enum layer ip4(struct walk *w);
enum layer ip6(struct walk *w);
bool ip_is_extension(const struct walk *w);
enum layer ip_extension(struct walk *w);

/* decode.c, plain.c: two roads from a frame to all of *out that decode() does not set itself;
 * false: no packet, or for plain(): not a plain frame. */
bool walk(struct decoder *decoder, const struct frame *frame, struct packet *out);
bool plain(struct decoder *decoder, const struct frame *frame, struct packet *out);
uint16_t walk_tenant(const struct walk *w);

/* frag.c: the rest is a fragment's data; the ends of its key stand in the tuple. */
enum layer walk_fragment(struct walk *w, uint32_t id, uint8_t key_proto, uint32_t off, bool more);
/* transport.c */
enum layer transport(struct walk *w);

/* tunnel.c: what a number of the carrier leads into, or NULL if there is no row
 * or the bytes that follow cannot be that tunnel. */
const struct tunnel *tunnel_find(
	const struct walk *w, enum tunnel_carrier carrier, uint16_t number);
enum layer tunnel_enter(struct walk *w);
/* Some tunnel stands on that port. */
bool tunnel_on_udp(uint16_t port);

#endif
