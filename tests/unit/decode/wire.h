/* wire.h - frames made by hand, inside out, and a decoder to give them to.
 *
 * Headers are put before what is there, so lengths are known when they are
 * written.  Checksums are made byte by byte as RFC 1071 section 4.1 shows, not
 * by the code under test. */
#ifndef SEKISHO_TEST_DECODE_WIRE_H
#define SEKISHO_TEST_DECODE_WIRE_H

#include "base/frame.h"
#include "decode/decode.h"

#define WIRE_MAX (300u << 10)
#define NO_TRANSPORT SIZE_MAX

struct wire {
	size_t start;     /* bytes[start .. WIRE_MAX) is the frame */
	size_t transport; /* where TCP, UDP or ICMPv6 begins: its sum is made by wire_ip*() */
	uint8_t proto;
	uint8_t bytes[WIRE_MAX];
};

/* A heap copy that lives as long as the test program. */
struct wire *wire_new(void);
void wire_clear(struct wire *w);
struct bytes wire_all(const struct wire *w);
void wire_put(struct wire *w, const void *data, size_t len);
void wire_put16(struct wire *w, uint32_t host_order);
void wire_put32(struct wire *w, uint32_t host_order);
/* len bytes that tell their place. */
void wire_pattern(struct wire *w, size_t len);

void wire_tcp(struct wire *w, uint16_t sport, uint16_t dport);
void wire_udp(struct wire *w, uint16_t sport, uint16_t dport);
/* Type, code and the 16 bits behind the checksum; family 4 or 6. */
void wire_icmp(struct wire *w, int family, uint8_t type, uint8_t code, uint16_t id);
/* From 10.0.0.1 to 10.0.0.2; place: flags and offset as on the wire. */
void wire_ip4(struct wire *w, uint8_t proto);
void wire_ip4_part(struct wire *w, uint8_t proto, uint16_t id, uint16_t place);
/* From 2001:db8::1 to 2001:db8::2. */
void wire_ip6(struct wire *w, uint8_t next);
void wire_ip6_part(struct wire *w, uint8_t next, uint32_t id, uint16_t place);
/* An extension header of len bytes (a multiple of 8) whose options are padding. */
void wire_extension(struct wire *w, uint8_t next, size_t len);
void wire_vlan(struct wire *w, uint16_t tci, uint16_t ether);
void wire_ethernet(struct wire *w, uint16_t ether);
void wire_vxlan(struct wire *w, uint32_t vni);

struct bench {
	struct arena arena;
	struct decoder *decoder;
	struct packet packet; /* the last one */
	struct pos pos;
	uint32_t vlan; /* for the next frames */
	uint16_t link;
	uint16_t source;
};

struct bench *bench_new(uint32_t frag_buffers, uint32_t inputs, struct tenant_map tenants);
void bench_free(struct bench *b);

/* Of the test that runs; the wire is main()'s. */
extern struct bench *bench;
extern struct wire *wire;
int bench_start_raw(void **state); /* frames are IP packets; one input, no tenants */
int bench_stop(void **state);      /* and its books add up */

/* The frame as it stands, its copy ending at an unreadable page. */
bool bench_wire(struct bench *b, const struct wire *w);
/* What packet.hash must be: under the bench's key, of the tuple as bytes, lower end first;
 * of an IPv4 tuple without the leading 12 bytes of its addresses. */
uint64_t bench_hash(struct tuple tuple);
/* Its first caplen bytes, of a frame that had wirelen. */
bool bench_cut(struct bench *b, struct bytes all, size_t caplen, size_t wirelen);
const struct decode_counters *bench_counters(const struct bench *b);
/* frames == decoded + sum(refused). */
bool bench_adds_up(const struct bench *b);
/* How often it was refused so, and that nothing else was. */
uint64_t bench_refused_only(const struct bench *b, enum frame_reason reason);
/* Refused once for that reason, whatever came before. */
bool bench_refuses(struct bench *b, const struct wire *w, enum frame_reason reason);

#endif
