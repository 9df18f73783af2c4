/* messages.c - prints every message of captures, unmasked: what tests compare
 * with other programs' reading.  Never installed.
 * usage: messages CAPTURE...      the lines: tell.h
 *
 * A walk of its own through the rooms that read (capture to unwrap), in one
 * thread; without policy, detectors and join.  Each capture is read alone.
 * Exit status 1: a capture could not be read, or a pool was too small. */
#include <stdio.h>
#include <stdlib.h>

#include "capture/source.h"
#include "classify/classify.h"
#include "decode/decode.h"
#include "stream/stream.h"
#include "tell.h"

#define BATCH 32
#define FLOWS (1u << 16)
#define BLOCKS (1u << 14)
#define HOLDS (1u << 13)
#define INFLATERS 256

/* A flow that carried payload. */
struct talk {
	struct classify classify;
	struct tell tell[2];
	void *parser;
	char community_id[COMMUNITY_ID_MAX];
	struct tell_at at;
	bool raw[2], ended[2];
};

struct walk {
	const char *file;
	struct arena arena;
	struct source *source;
	struct decoder *decoder;
	struct flow_table *flows;
	struct streams *streams;
	struct unwrap *unwrap;
	struct pool holds;
	struct parse_io io;
	struct talk **talks; /* by flow */
	struct talk *talk;   /* of the call at hand */
	uint64_t lost;       /* what a pool had no room for */
};

static void sink_open(void *self, const struct message *message)
{
	struct walk *walk = self;

	tell_open(&walk->talk->tell[message->dir]);
	unwrap_open(walk->unwrap, &walk->talk->tell[message->dir].slot, message);
}

static void sink_run(void *self, const struct message *message, const struct run *run)
{
	struct walk *walk = self;
	struct tell *tell = &walk->talk->tell[message->dir];

	tell_run(tell, &walk->talk->at, run, message->kind == MESSAGE_DNS_QUERY);
	unwrap_run(walk->unwrap, &tell->slot, message, run);
}

static void sink_gap(void *self, const struct message *message, enum field_role role, uint64_t len)
{
	struct walk *walk = self;
	struct tell *tell = &walk->talk->tell[message->dir];

	tell->body_gap = tell->body_gap || role == FIELD_HTTP_BODY;
	unwrap_gap(walk->unwrap, &tell->slot, message, role, len);
}

static void sink_close(void *self, const struct message *message, enum close_reason reason)
{
	struct walk *walk = self;
	struct tell *tell = &walk->talk->tell[message->dir];

	unwrap_close(walk->unwrap, &tell->slot, message);
	tell_close(tell, &walk->talk->at, message, reason);
}

static void view_take(void *self, const struct message *message, const struct view *view)
{
	struct walk *walk = self;

	tell_view(&walk->talk->tell[message->dir], view);
}

static void view_gap(void *self, const struct message *message, const struct view *view)
{
	(void)self, (void)message, (void)view;
}

static const struct parser *parser_of(const struct talk *talk)
{
	return talk->classify.parser > 0 ? parsers[talk->classify.parser - 1] : NULL;
}

static void parse_bytes(struct walk *walk, uint8_t dir, struct bytes data, bool datagram)
{
	struct talk *talk = walk->talk;
	const struct parser *parser = parser_of(talk);

	if (data.len == 0 || parser == NULL || talk->raw[dir])
		return;
	if (talk->parser == NULL)
		talk->parser = calloc(1, parser->state_size);
	if (talk->parser == NULL)
		abort();
	walk->io.datagram = datagram;
	walk->io.taken = 0;
	if (parser->data(talk->parser, &walk->io, dir, data) != PARSE_OK)
		talk->raw[dir] = !datagram;
}

static void take_data(struct walk *walk, const struct span *span)
{
	struct talk *talk = walk->talk;
	bool datagram = span->kind == SPAN_DATAGRAM;
	struct bytes held = {0};

	if (!classify_bytes(&talk->classify, span->dir, span->data, datagram, talk->at.port_low,
		    talk->at.port_high, &held))
		return;
	parse_bytes(walk, span->dir, held, datagram);
	parse_bytes(walk, span->dir, span->data, datagram);
}

static void give_up_probe(struct walk *walk, uint8_t dir)
{
	struct bytes held = {0};

	classify_give_up(&walk->talk->classify, dir, &held);
	parse_bytes(walk, dir, held, false);
}

static void take_gap(struct walk *walk, const struct span *span)
{
	struct talk *talk = walk->talk;

	give_up_probe(walk, span->dir);
	if (talk->parser == NULL || talk->raw[span->dir])
		return;
	if (parser_of(talk)->gap(talk->parser, &walk->io, span->dir, span->gap) == PARSE_BAD)
		talk->raw[span->dir] = true;
}

static void take_end(struct walk *walk, uint8_t dir)
{
	struct talk *talk = walk->talk;

	if (talk->ended[dir])
		return;
	give_up_probe(walk, dir);
	talk->ended[dir] = true;
	if (talk->parser != NULL)
		parser_of(talk)->end(talk->parser, &walk->io, dir);
}

static const char *proto_word(uint8_t proto)
{
	return proto == PROTO_TCP ? "tcp" : proto == PROTO_UDP ? "udp" : "icmp";
}

static struct tell_at at_of(
	const struct walk *walk, const struct tuple *key, const char *community_id)
{
	return (struct tell_at){.file = walk->file,
		.community_id = community_id,
		.proto = proto_word(key->proto),
		.port_low = key->sport < key->dport ? key->sport : key->dport,
		.port_high = key->sport < key->dport ? key->dport : key->sport};
}

static struct talk *talk_new(const struct walk *walk, const struct tuple *key)
{
	struct talk *talk = calloc(1, sizeof(*talk));

	if (talk == NULL)
		abort();
	flow_community_id(key, talk->community_id);
	talk->at = at_of(walk, key, talk->community_id);
	return talk;
}

static void take_spans(struct walk *walk, uint32_t flow)
{
	struct span span;

	while (stream_pull(walk->streams, &span)) {
		if (walk->talks[flow] == NULL && span.data.len == 0)
			continue;
		if (walk->talks[flow] == NULL)
			walk->talks[flow] = talk_new(walk, flow_key(walk->flows, flow));
		walk->talk = walk->talks[flow];
		if (span.kind == SPAN_DATA || span.kind == SPAN_DATAGRAM)
			take_data(walk, &span);
		else if (span.kind == SPAN_GAP)
			take_gap(walk, &span);
		else if (span.kind == SPAN_END)
			take_end(walk, span.dir);
	}
}

static void print_flow(const struct walk *walk, const struct tuple *key)
{
	char community_id[COMMUNITY_ID_MAX];

	if (key->proto != PROTO_TCP && key->proto != PROTO_UDP && key->proto != PROTO_ICMP &&
		key->proto != PROTO_ICMP6)
		return;
	flow_community_id(key, community_id);
	struct tell_at at = at_of(walk, key, community_id);
	tell_flow(&at);
}

static void flow_ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct walk *walk = self;
	struct flow *record = flow_at(walk->flows, flow);
	struct talk *talk;

	(void)due_ns, (void)evicted;
	if (record->stream != 0) {
		stream_end(walk->streams, walk->flows, flow);
		take_spans(walk, flow);
		stream_free(walk->streams, record);
	}
	print_flow(walk, flow_key(walk->flows, flow));
	talk = walk->talks[flow];
	walk->talks[flow] = NULL;
	if (talk == NULL)
		return;
	walk->talk = talk;
	if (talk->parser != NULL)
		parser_of(talk)->drop(talk->parser, &walk->io);
	free(talk->parser);
	tell_free(&talk->tell[0]);
	tell_free(&talk->tell[1]);
	free(talk);
}

static void hole_due(void *self, uint32_t flow, uint64_t due_ns)
{
	struct walk *walk = self;

	(void)due_ns;
	stream_hole_due(walk->streams, walk->flows, flow);
	take_spans(walk, flow);
}

static void take_packet(struct walk *walk, const struct packet *packet)
{
	uint8_t dir;

	flow_expire(walk->flows, packet->pos.now_ns);
	uint32_t flow = flow_touch(walk->flows, packet, 0, &dir);
	if (flow == 0)
		walk->lost++;
	if (flow == 0 || (packet->flags & PACKET_OPAQUE) != 0)
		return;
	if (packet->payload_wire == 0 && packet->tuple.proto != PROTO_TCP)
		return;
	stream_push(walk->streams, walk->flows, flow, dir, packet);
	take_spans(walk, flow);
}

static void take_frames(struct walk *walk)
{
	struct pos pos = {.ord = 0};
	struct frame frames[BATCH];
	struct packet packet;
	int count;

	while ((count = source_next(walk->source, frames, BATCH)) != SOURCE_END) {
		for (int i = 0; i < count; i++) {
			pos.ord++;
			if (frames[i].ts_ns > pos.now_ns)
				pos.now_ns = frames[i].ts_ns;
			decoder_expire(walk->decoder, pos.now_ns);
			if (decode(walk->decoder, &frames[i], pos, &packet)) {
				take_packet(walk, &packet);
				if ((packet.flags & PACKET_REASSEMBLED) != 0)
					decoder_recycle(walk->decoder, packet.block);
			}
			source_release(walk->source, frames[i].block);
		}
	}
	flow_expire(walk->flows, STAMP_END_NS);
}

static bool walk_new(struct walk *walk, struct err *err)
{
	const struct hash_key key = {1, 2};
	struct flow_owner owner = {.ended = flow_ended, .hole_due = hole_due, .self = walk};
	size_t size = decoder_bytes(FRAG_BUFFERS_MIN, 1) + flow_table_bytes(FLOWS) +
		      streams_bytes(FLOWS, BLOCKS) + unwrap_bytes(HOLDS, INFLATERS) +
		      pool_bytes(FIELD_WHOLE, HOLDS) + 4096;

	walk->source = source_files(&walk->file, 1, err);
	if (walk->source == NULL || !arena_new(&walk->arena, size, err))
		return false;
	walk->decoder = decoder_new(
		&walk->arena, FRAG_BUFFERS_MIN, 1, &key, (struct tenant_map){.find = NULL});
	walk->flows = flow_table_new(&walk->arena, FLOWS, owner);
	walk->streams = streams_new(&walk->arena, FLOWS, BLOCKS);
	walk->unwrap = unwrap_new(&walk->arena, HOLDS, INFLATERS,
		(struct view_sink){.self = walk, .view = view_take, .gap = view_gap});
	walk->talks = calloc(FLOWS + 1, sizeof(struct talk *));
	if (!pool_new(&walk->holds, &walk->arena, FIELD_WHOLE, HOLDS) || walk->talks == NULL)
		abort();
	walk->io = (struct parse_io){.hold = &walk->holds,
		.client_dir = -1,
		.sink = {.self = walk,
			.open = sink_open,
			.run = sink_run,
			.gap = sink_gap,
			.close = sink_close}};
	return true;
}

static bool walk_file(const char *path)
{
	struct walk walk = {.file = path};
	struct source_input input;
	struct err err = {0};

	if (!walk_new(&walk, &err)) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		if (walk.source != NULL)
			source_close(walk.source);
		return false;
	}
	take_frames(&walk);
	source_input(walk.source, 0, &input);
	if (input.damage != NULL)
		fprintf(stderr, "%s: %s\n", path, input.damage);
	const struct unwrap_counters *unwrap = unwrap_counters(walk.unwrap);
	walk.lost += walk.io.hold_refused + unwrap->state_refused + unwrap->inflate_refused +
		     stream_counters(walk.streams)->forced;
	if (walk.lost > 0)
		fprintf(stderr, "%s: a pool was too small\n", path);
	source_close(walk.source);
	free(walk.talks);
	arena_free(&walk.arena);
	return walk.lost == 0;
}

int main(int argc, char **argv)
{
	bool fine = argc > 1;

	if (argc < 2)
		fprintf(stderr, "usage: %s CAPTURE...\n", argv[0]);
	for (int i = 1; i < argc; i++)
		fine = walk_file(argv[i]) && fine;
	return fine ? 0 : 1;
}
