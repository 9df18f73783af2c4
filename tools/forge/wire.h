/* wire.h - packets as a tap would record them: IPv4 or IPv6 with right
 * checksums, cut into fragments, wrapped in VXLAN, tagged, under a link header,
 * kept in memory until they are written in order of time as classic pcap.
 * Sources: RFC 791, 8200, 1071, 7348, IEEE 802.1Q, tcpdump.org linktypes. */
#ifndef FORGE_WIRE_H
#define FORGE_WIRE_H

#include "buf.h"
#include "rng.h"

struct addr {
	uint8_t version; /* 4 or 6; 0: none */
	uint8_t ip[16];  /* the first 4 count in version 4 */
};

struct end {
	struct addr addr;
	uint16_t port;
	uint8_t mac[6];
};

enum link {
	LINK_ETHERNET = 0,
	LINK_SLL = 1,
	LINK_RAW = 2,
	LINK_NULL = 3,
};

enum order {
	ORDER_SENT = 0,
	ORDER_REVERSED = 1,
	ORDER_SHUFFLED = 2,
};

/* What happens to a packet below the transport. */
struct path {
	unsigned vlan[2]; /* outer first; 0: no tag */
	unsigned vni;     /* 0: no VXLAN */
	unsigned fragment_bytes;
	enum order fragment_order;
};

struct packet {
	int64_t time_ns;
	struct end src, dst;
	unsigned proto;
	const uint8_t *l4; /* header and payload, checksum zero */
	size_t l4_len;
	size_t sum_off; /* of the checksum in l4; past its end: none */
	bool bad_sum;
};

struct frame {
	int64_t time_ns;
	size_t off, len; /* in bytes */
	uint32_t id;     /* order of making: decides where times are equal */
};

/* Owner: main. */
struct capture {
	enum link link;
	struct rng rng; /* IP identifications, order of fragments */
	struct buf bytes;
	struct frame *frames;
	size_t frame_cnt, frame_cap;
};

/* Adds the frames of one packet, returns the id of the first; they are
 * consecutive up to capture->frame_cnt - 1. */
uint32_t capture_add(struct capture *cap, const struct path *path, const struct packet *pkt);
/* Sorts by time; number[id] is then the frame's number, 1 the first.  Owner of
 * number: the caller. */
uint32_t *capture_sort(struct capture *cap);
/* Writes microsecond pcap; dies when it cannot. */
void capture_write(const struct capture *cap, const char *file);
void capture_fini(struct capture *cap);

/* RFC 1071 over data, begun with sum; not yet folded. */
uint64_t sum_add(uint64_t sum, const void *data, size_t len);
/* Folded and complemented. */
unsigned sum_end(uint64_t sum);
/* The sum over the pseudo header of RFC 793 or RFC 8200 section 8.1. */
uint64_t sum_pseudo(const struct addr *src, const struct addr *dst, unsigned proto, size_t len);

bool addr_parse(const char *text, struct addr *out);
void addr_text(const struct addr *addr, char text[static 46]);

#endif
