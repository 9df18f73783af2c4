/* decode.h - frames to packets: links, VLAN tags, IP with its extension
 * headers, fragments, VXLAN, then TCP, UDP or ICMP.
 *
 * Runs in the capture thread (one decoder a thread), since the owner of a
 * packet is a function of the inner 5-tuple.  A loop of at most DECODE_DEPTH
 * layers (decode.c), never recursion; what most frames are takes a short road (plain.c) to the
 * same packet.  Lengths are believed only where they fit.
 * Adding a link or tunnel is a row in link.c or tunnel.c. */
#ifndef SEKISHO_DECODE_DECODE_H
#define SEKISHO_DECODE_DECODE_H

#include "base/arena.h"
#include "base/frame.h"
#include "base/hash.h"
#include "base/reason.h"
#include "decode/packet.h"

#define DECODE_DEPTH 8 /* VLAN tags, IP and extension headers, tunnels in one frame */
#define FRAG_TIMEOUT_NS (15ull * 1000000000ull)
#define FRAG_BUFFERS_MIN 64

struct decode_counters {
	uint64_t frames;                      /* given to decode */
	uint64_t decoded;                     /* gave a packet, or a fragment that was kept */
	uint64_t refused[FRAME_REASON_COUNT]; /* frames == decoded + sum(refused) */
	uint64_t fragments;                   /* kept, part of decoded: packets = decoded - this */
	uint64_t datagrams;                   /* made whole */
	uint64_t frag_conflict;               /* fragments that differ from what came before */
	uint64_t frag_evicted;                /* datagrams given up to make room */
	uint64_t frag_expired_bytes;          /* payload skipped(frag_timeout), evicted included */
	uint64_t bad_checksum;                /* packets with PACKET_BAD_CHECKSUM */
	uint64_t short_frames;                /* a header claims more than the frame holds: what is
					       * there is taken */
	uint64_t vxlan;                       /* VXLAN headers passed */
};

struct decoder;

/* Which tenant a frame belongs to: from (source, VLAN ids outer to inner, VNI or
 * UINT32_MAX); given by policy, pure.  VLANs without priority tags, NULL where there
 * are none; the VNI of the outermost tunnel.  find NULL: all is tenant 0. */
struct tenant_map {
	uint16_t (*find)(const void *self, uint16_t source, const uint16_t vlans[],
		uint32_t vlan_cnt, uint32_t vni);
	const void *self;
};

/* frag_buffers: datagrams that may be under reassembly at once (64 KiB each, from
 * the arena).  inputs: sources, each with its own counters.  decoder_new() gives
 * NULL if the arena is full. */
size_t decoder_bytes(uint32_t frag_buffers, uint32_t inputs);
struct decoder *decoder_new(struct arena *arena, uint32_t frag_buffers, uint32_t inputs,
	const struct hash_key *key, struct tenant_map tenants);

/* Another policy, another map; between two frames. */
void decoder_tenants(struct decoder *decoder, struct tenant_map tenants);

/* One frame at its position.  True: *out is a packet.  False: refused or kept
 * (counted), *out is undefined.  The frame's own block is never kept here: false, or true with
 * PACKET_REASSEMBLED (this was the last fragment), and the caller may release it at once, for
 * fragments are copied; else the packet's payload stands in it.  A reassembled packet's payload
 * is valid until decoder_recycle() of out->block. */
bool decode(struct decoder *decoder, const struct frame *frame, struct pos pos, struct packet *out);

/* A buffer lent with PACKET_REASSEMBLED is no longer read.  Thread-safe. */
void decoder_recycle(struct decoder *decoder, uint32_t block);

/* Fragments older than FRAG_TIMEOUT_NS at now are given up and counted; now =
 * STAMP_END_NS gives up all.  Called once a batch. */
void decoder_expire(struct decoder *decoder, uint64_t now_ns);

const struct decode_counters *decoder_counters(const struct decoder *decoder, uint32_t input);

#endif
