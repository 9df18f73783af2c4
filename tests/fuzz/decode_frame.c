/* Input: records of (link, flags, ticks, length of 2 bytes, frame), all given to
 * one decoder, so that fragments meet.  Properties: every frame is a packet, a
 * kept fragment or refused once; a payload lies in its frame or in a buffer;
 * the same input gives the same packets; of a plain frame, the walk makes the same. */
#include <stdlib.h>

#include "base/rd.h"
#include "decode/walk.h"
#include "require.h"

#define BUFFERS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t links[] = {LINK_ETHERNET, LINK_RAW, LINK_NULL, LINK_LOOP, LINK_LINUX_SLL,
	LINK_LINUX_SLL2, LINK_IPV4, LINK_IPV6, LINK_RAW_BSD, 9};

enum record_flag { RECORD_VLAN = 1, RECORD_CUT = 2, RECORD_SECOND_SOURCE = 4, RECORD_KEEP = 8 };

static void check_counters(const struct decoder *decoder, uint32_t input, uint64_t packets)
{
	const struct decode_counters *c = decoder_counters(decoder, input);
	uint64_t sum = c->decoded;

	for (int i = 0; i < FRAME_REASON_COUNT; i++)
		sum += c->refused[i];
	require(sum == c->frames);
	require(c->decoded - c->fragments == packets);
	require(c->bad_checksum <= packets);
}

static void check_packet(const struct packet *p, struct bytes frame)
{
	volatile uint8_t sink = 0;

	require(p->payload_len <= p->payload_wire);
	require(p->tuple.zero == 0);
	if ((p->flags & PACKET_OPAQUE) != 0)
		require(p->tuple.sport == 0 && p->tuple.dport == 0);
	if ((p->flags & PACKET_REASSEMBLED) != 0)
		require(p->block < BUFFERS);
	else
		require(p->block == 99 && p->payload >= frame.ptr &&
			p->payload + p->payload_len <= frame.ptr + frame.len);
	for (uint32_t i = 0; i < p->payload_len; i++) /* readable, says the sanitizer */
		sink = p->payload[i];
	(void)sink;
}

struct record {
	struct frame frame;
	uint8_t *copy; /* on the heap, so that one byte too far is seen */
	uint8_t flags, ticks;
};

static struct record next_record(struct rd *rd)
{
	uint16_t link = links[rd_u8(rd) % (sizeof(links) / sizeof(links[0]))];
	struct record r = {.flags = rd_u8(rd), .ticks = rd_u8(rd)};
	size_t len = rd_u16(rd);
	struct bytes bytes = rd_bytes(rd, len < rd_left(rd) ? len : rd_left(rd));

	r.copy = malloc(bytes.len > 0 ? bytes.len : 1);
	require(r.copy != NULL);
	if (bytes.len > 0)
		memcpy(r.copy, bytes.ptr, bytes.len);
	r.frame = (struct frame){.data = r.copy,
		.caplen = (uint32_t)bytes.len,
		.wirelen = (uint32_t)bytes.len + ((r.flags & RECORD_CUT) != 0 ? 64 : 0),
		.link = link,
		.source = (r.flags & RECORD_SECOND_SOURCE) != 0,
		.block = 99,
		.vlan = (r.flags & RECORD_VLAN) != 0 ? 0x10001 : 0};
	return r;
}

static void check_plain(struct decoder *decoder, const struct frame *frame)
{
	struct packet a = {.wire_len = frame->caplen}, b = a;

	if (!plain(decoder, frame, &a))
		return;
	require(walk(decoder, frame, &b));
	require(a.payload == b.payload && a.payload_len == b.payload_len &&
		a.payload_wire == b.payload_wire && a.hash == b.hash && a.flags == b.flags);
	require(memcmp(&a.tuple, &b.tuple, sizeof(a.tuple)) == 0);
	require(a.seq == b.seq && a.ack == b.ack && a.window == b.window && a.urgent == b.urgent &&
		a.tcp_flags == b.tcp_flags);
}

static uint64_t decode_all(struct decoder *decoder, struct rd rd)
{
	struct pos pos = {0, 0};
	uint64_t packets[2] = {0}, trace = 0;

	while (rd_left(&rd) > 0) {
		struct record r = next_record(&rd);
		struct packet p;

		pos.now_ns += r.ticks * UINT64_C(100000000);
		pos.ord++;
		check_plain(decoder, &r.frame);
		if (decode(decoder, &r.frame, pos, &p)) {
			check_packet(&p, bytes_of(r.copy, r.frame.caplen));
			packets[r.frame.source]++;
			trace = trace * 31 + p.hash + p.payload_len + p.flags;
			if ((p.flags & PACKET_REASSEMBLED) != 0 && (r.flags & RECORD_KEEP) == 0)
				decoder_recycle(decoder, p.block);
		}
		free(r.copy);
	}
	decoder_expire(decoder, STAMP_END_NS);
	check_counters(decoder, 0, packets[0]);
	check_counters(decoder, 1, packets[1]);
	return trace;
}

static uint64_t run(const uint8_t *data, size_t size)
{
	const struct hash_key key = {1, 2};
	struct arena arena;
	struct err err;

	require(arena_new(&arena, decoder_bytes(BUFFERS, 2), &err));
	struct decoder *decoder =
		decoder_new(&arena, BUFFERS, 2, &key, (struct tenant_map){NULL, NULL});
	require(decoder != NULL);
	uint64_t trace = decode_all(decoder, rd_of(bytes_of(data, size)));
	arena_free(&arena);
	return trace;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0) /* else data may be NULL */
		require(run(data, size) == run(data, size));
	return 0;
}
