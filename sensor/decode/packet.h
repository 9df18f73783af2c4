/* packet.h - a frame after decode: the inner transport packet.  Also the
 * descriptor that is dealt to a worker, so plain data without padding games.
 * The payload is borrowed from block, and whose that is says PACKET_REASSEMBLED:
 * without it the source's, which goes back by source_release(); with it a buffer of
 * the defragmenter, which goes back by decoder_recycle(). */
#ifndef SEKISHO_DECODE_PACKET_H
#define SEKISHO_DECODE_PACKET_H

#include "base/stamp.h"
#include "base/tuple.h"

enum packet_flag {
	PACKET_BAD_CHECKSUM = 1,  /* IP header or transport; parsed all the same */
	PACKET_REASSEMBLED = 2,   /* payload stands in a defragmenter buffer */
	PACKET_FRAG_CONFLICT = 4, /* overlapping fragments differed */
	PACKET_TUNNELLED = 8,
	PACKET_OPAQUE = 16,  /* a protocol without ports: payload is skipped(protocol) */
	PACKET_SWAPPED = 32, /* tuple_normalise() of the tuple swaps it: it came from the flow's
			      * second end */
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

struct packet {
	const uint8_t *payload; /* of the transport, captured part */
	uint32_t payload_len;   /* captured */
	uint32_t payload_wire;  /* as the headers say; >= payload_len */
	struct pos pos;
	uint64_t ts_ns; /* the frame's own stamp */
	uint64_t frame_number;
	struct tuple tuple; /* inner, from source to destination */
	uint64_t hash;      /* keyed, of the normalised tuple: same for both directions */
	uint32_t seq, ack;  /* TCP */
	uint32_t block;     /* the source's or the defragmenter's: see above */
	uint32_t wire_len;  /* of the frame */
	uint16_t source;
	uint16_t window;
	uint16_t urgent;
	uint8_t tcp_flags; /* enum tcp_flag */
	uint8_t flags;     /* enum packet_flag */
};

#endif
