#include "decode/decode.h"

#include <assert.h>

#include "decode/walk.h"

/* The layers that the depth counts: what a sender may stack without end. */
static bool is_stackable(enum layer layer)
{
	switch (layer) {
	case LAYER_VLAN:
	case LAYER_IP4:
	case LAYER_IP6:
	case LAYER_EXTENSION:
	case LAYER_TUNNEL:
		return true;
	default:
		return false;
	}
}

static enum layer step(struct walk *w, enum layer layer)
{
	if (is_stackable(layer) && ++w->depth > DECODE_DEPTH)
		return walk_refuse(w, FRAME_DEPTH);
	switch (layer) {
	case LAYER_LINK:
		return link_start(w);
	case LAYER_ETHERNET:
		return link_ethernet(w);
	case LAYER_ETHER:
		return link_ether(w);
	case LAYER_VLAN:
		return link_vlan(w);
	case LAYER_RAW:
		return link_raw(w);
	case LAYER_IP4:
		return ip4(w);
	case LAYER_IP6:
		return ip6(w);
	case LAYER_PROTO:
		return ip_is_extension(w) ? LAYER_EXTENSION : transport(w);
	case LAYER_EXTENSION:
		return ip_extension(w);
	case LAYER_TUNNEL:
		return tunnel_enter(w);
	default:
		return layer;
	}
}

static uint64_t tuple_hash(const struct decoder *decoder, const struct tuple *tuple)
{
	struct tuple key = *tuple;

	tuple_normalise(&key);
	return hash_sip13(&decoder->key, &key, sizeof(key));
}

static void finish(struct walk *w)
{
	struct packet *out = w->out;

	out->flags = w->flags;
	out->tuple.tenant = walk_tenant(w);
	out->hash = tuple_hash(w->decoder, &out->tuple);
	if (w->buffer != FRAG_NONE)
		out->block = w->buffer;
	if ((w->flags & PACKET_BAD_CHECKSUM) != 0)
		w->counters->bad_checksum++;
	w->counters->decoded++;
}

static void start(struct walk *w)
{
	const struct frame *frame = w->frame;
	uint32_t wire = frame->wirelen > frame->caplen ? frame->wirelen : frame->caplen;

	w->rd = rd_of(bytes_of(frame->data, frame->caplen));
	w->missing = wire - frame->caplen;
	w->vni = NO_VNI;
	w->buffer = FRAG_NONE;
	w->vlan_cnt = w->depth = 0;
	w->flags = 0;
	w->clipped = w->jumbo = false;
	*w->out = (struct packet){.pos = w->pos,
		.ts_ns = frame->ts_ns,
		.frame_number = frame->number,
		.block = frame->block,
		.wire_len = wire,
		.source = frame->source};
}

size_t decoder_bytes(uint32_t frag_buffers, uint32_t inputs)
{
	return sizeof(struct decoder) + (size_t)inputs * sizeof(struct decode_counters) + 64 +
	       frag_bytes(frag_buffers);
}

struct decoder *decoder_new(struct arena *arena, uint32_t frag_buffers, uint32_t inputs,
	const struct hash_key *key, struct tenant_map tenants)
{
	struct decoder *decoder = arena_take(
		arena, sizeof(*decoder) + (size_t)inputs * sizeof(struct decode_counters));

	if (decoder == NULL)
		return NULL;
	decoder->key = *key;
	decoder->tenants = tenants;
	decoder->inputs = inputs;
	decoder->frags = frag_new(arena, frag_buffers, key, decoder->counters);
	return decoder->frags != NULL ? decoder : NULL;
}

bool decode(struct decoder *decoder, const struct frame *frame, struct pos pos, struct packet *out)
{
	struct walk w;
	enum layer layer = LAYER_LINK;

	assert(frame->source < decoder->inputs);
	w.frame = frame;
	w.pos = pos;
	w.out = out;
	w.decoder = decoder;
	w.counters = &decoder->counters[frame->source];
	w.counters->frames++;
	start(&w);
	while (layer < LAYER_PACKET)
		layer = step(&w, layer);
	if (layer == LAYER_PACKET) {
		finish(&w);
		return true;
	}
	if (w.buffer != FRAG_NONE)
		frag_return(decoder->frags, w.buffer);
	if (layer == LAYER_KEPT) {
		w.counters->decoded++;
		w.counters->fragments++;
	} else {
		w.counters->refused[w.reason]++;
	}
	return false;
}

void decoder_recycle(struct decoder *decoder, uint32_t block)
{
	frag_return(decoder->frags, block);
}

void decoder_expire(struct decoder *decoder, uint64_t now_ns)
{
	frag_expire(decoder->frags, now_ns);
}

const struct decode_counters *decoder_counters(const struct decoder *decoder, uint32_t input)
{
	assert(input < decoder->inputs);
	return &decoder->counters[input];
}
