/* Links and VLAN tags.  A link is a row of link_start(); the EtherType of all
 * of them ends in link_ether(). */
#include "decode/walk.h"

#define ETHERNET_ADDRS 12
#define NULL_HEADER 4
#define SLL_HEADER 16
#define SLL2_HEADER 20
#define SLL_ARPHRD_NETLINK 824
#define VLAN_ID 0x0fff
#define FRAME_VLAN_SET 0x10000u

enum ether_type {
	ETHER_IP4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHER_IP6 = 0x86dd,
	ETHER_QINQ = 0x88a8, /* IEEE 802.1ad */
	ETHER_QINQ_OLD = 0x9100,
	ETHER_QINQ_OLDER = 0x9200,
};

/* Address families of BSD loopback headers: IPv6 has a number per system. */
enum family {
	FAMILY_INET = 2,
	FAMILY_INET6_LINUX = 10,
	FAMILY_INET6_OPENBSD = 24,
	FAMILY_INET6_FREEBSD = 28,
	FAMILY_INET6_DARWIN = 30,
};

/* Id 0 is a priority tag and names no VLAN (IEEE 802.1Q 6.9). */
static void vlan_add(struct walk *w, uint32_t tci)
{
	if ((tci & VLAN_ID) != 0)
		w->vlans[w->vlan_cnt++] = (uint16_t)(tci & VLAN_ID);
}

/* LINKTYPE_NULL writes the family in the order of the machine that captured. */
static enum layer link_loopback(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, NULL_HEADER, &h))
		return walk_short(w, NULL_HEADER);
	uint32_t family = rd_u32(&h);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case FAMILY_INET:
		return LAYER_IP4;
	case FAMILY_INET6_LINUX:
	case FAMILY_INET6_OPENBSD:
	case FAMILY_INET6_FREEBSD:
	case FAMILY_INET6_DARWIN:
		return LAYER_IP6;
	default:
		return walk_refuse(w, FRAME_NON_IP);
	}
}

static enum layer link_sll(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, SLL_HEADER, &h))
		return walk_short(w, SLL_HEADER);
	rd_u16(&h); /* packet type */
	uint16_t arphrd = rd_u16(&h);
	rd_bytes(&h, 10); /* address length and address */
	w->ether = rd_u16(&h);
	return arphrd == SLL_ARPHRD_NETLINK ? walk_refuse(w, FRAME_NON_IP) : LAYER_ETHER;
}

static enum layer link_sll2(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, SLL2_HEADER, &h))
		return walk_short(w, SLL2_HEADER);
	w->ether = rd_u16(&h);
	rd_bytes(&h, 6); /* reserved, interface index */
	uint16_t arphrd = rd_u16(&h);
	return arphrd == SLL_ARPHRD_NETLINK ? walk_refuse(w, FRAME_NON_IP) : LAYER_ETHER;
}

enum layer link_start(struct walk *w)
{
	if ((w->frame->vlan & FRAME_VLAN_SET) != 0) {
		w->depth++;
		vlan_add(w, w->frame->vlan);
	}
	switch (w->frame->link) {
	case LINK_ETHERNET:
		return LAYER_ETHERNET;
	case LINK_NULL:
	case LINK_LOOP:
		return link_loopback(w);
	case LINK_RAW_BSD:
	case LINK_RAW:
		return LAYER_RAW;
	case LINK_IPV4:
		return LAYER_IP4;
	case LINK_IPV6:
		return LAYER_IP6;
	case LINK_LINUX_SLL:
		return link_sll(w);
	case LINK_LINUX_SLL2:
		return link_sll2(w);
	default:
		return walk_refuse(w, FRAME_LINK_TYPE);
	}
}

enum layer link_ethernet(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, ETHERNET_ADDRS + 2, &h))
		return walk_short(w, ETHERNET_ADDRS + 2);
	rd_bytes(&h, ETHERNET_ADDRS);
	w->ether = rd_u16(&h);
	return w->ether == ETHER_IP4 ? LAYER_IP4 : LAYER_ETHER;
}

bool link_known(uint16_t ether)
{
	switch (ether) {
	case ETHER_IP4:
	case ETHER_IP6:
	case ETHER_ARP:
	case ETHER_VLAN:
	case ETHER_QINQ:
	case ETHER_QINQ_OLD:
	case ETHER_QINQ_OLDER:
		return true;
	default:
		return false;
	}
}

enum layer link_ether(struct walk *w)
{
	switch (w->ether) {
	case ETHER_IP4:
		return LAYER_IP4;
	case ETHER_IP6:
		return LAYER_IP6;
	case ETHER_VLAN:
	case ETHER_QINQ:
	case ETHER_QINQ_OLD:
	case ETHER_QINQ_OLDER:
		return LAYER_VLAN;
	default:
		w->tunnel = tunnel_find(w, TUNNEL_ETHER, w->ether);
		return w->tunnel != NULL ? LAYER_TUNNEL : walk_refuse(w, FRAME_NON_IP);
	}
}

enum layer link_vlan(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, 4, &h))
		return walk_short(w, 4);
	vlan_add(w, rd_u16(&h));
	w->ether = rd_u16(&h);
	return LAYER_ETHER;
}

enum layer link_raw(struct walk *w)
{
	struct rd peek = w->rd;

	if (walk_left(w) == 0)
		return walk_short(w, 1);
	uint8_t version = rd_u8(&peek) >> 4;
	if (version == 4)
		return LAYER_IP4;
	return version == 6 ? LAYER_IP6 : walk_refuse(w, FRAME_NON_IP);
}
