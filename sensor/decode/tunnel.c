/* Tunnels: a row says on what number of what carrier one stands, whether the
 * bytes can be it, and how to go in.  What cannot be the tunnel stays what the
 * carrier says (a card sent to UDP port 4789 is a datagram like any other). */
#include "decode/walk.h"

#define VXLAN_HEADER 8
#define VXLAN_HAS_VNI 0x08 /* RFC 7348 section 5: the I flag must be set */
#define ETHERNET_ADDRS 12

struct tunnel {
	enum tunnel_carrier carrier;
	uint16_t number;
	bool (*holds)(struct rd rd);
	enum layer (*enter)(struct walk *w);
};

static bool vxlan_holds(struct rd rd)
{
	uint8_t flags = rd_u8(&rd);

	rd_bytes(&rd, VXLAN_HEADER - 1 + ETHERNET_ADDRS);
	uint16_t ether = rd_u16(&rd);
	return !rd.bad && (flags & VXLAN_HAS_VNI) != 0 && link_known(ether);
}

static enum layer vxlan_enter(struct walk *w)
{
	struct rd h;

	if (!walk_take(w, VXLAN_HEADER, &h))
		return walk_short(w, VXLAN_HEADER);
	rd_u32(&h); /* flags, reserved */
	uint32_t vni = rd_u24(&h);
	if (w->vni == NO_VNI)
		w->vni = vni;
	w->counters->vxlan++;
	return LAYER_ETHERNET;
}

static const struct tunnel tunnels[] = {
	{TUNNEL_UDP, 4789, vxlan_holds, vxlan_enter},
	{TUNNEL_UDP, 8472, vxlan_holds, vxlan_enter}, /* before RFC 7348; Linux's default */
};

const struct tunnel *tunnel_find(const struct walk *w, enum tunnel_carrier carrier, uint16_t number)
{
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		if (tunnels[i].number == number && tunnels[i].carrier == carrier)
			return tunnels[i].holds(w->rd) ? &tunnels[i] : NULL;
	}
	return NULL;
}

bool tunnel_on_udp(uint16_t port)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++)
		found |= tunnels[i].number == port && tunnels[i].carrier == TUNNEL_UDP;
	return found;
}

enum layer tunnel_enter(struct walk *w)
{
	w->flags |= PACKET_TUNNELLED;
	w->clipped = false;
	return w->tunnel->enter(w);
}
