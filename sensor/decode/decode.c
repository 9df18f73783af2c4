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

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tuple_hash() packs a tuple's end");

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static bool is_ip4(const uint64_t half[2])
{
	return half[0] == 0 && (half[1] & 0xffffffff) == 0xffff0000;
}

static uint64_t hash_words(const struct decoder *decoder, const uint64_t key[], size_t count)
{
	return hash_sip13(&decoder->key, key, count * sizeof(key[0]));
}

/* Of what tuple_normalise() makes, which a test compares; of IPv4 ends only what is their own,
 * so that two words do.  Put together from words, since copying a tuple whose fields were just
 * written waits for them. */
static uint64_t tuple_hash(const struct decoder *decoder, const struct tuple *t, bool *swapped)
{
	uint64_t src[2] = {word_at(t->src.b), word_at(t->src.b + 8)};
	uint64_t dst[2] = {word_at(t->dst.b), word_at(t->dst.b + 8)};
	uint64_t end = (uint64_t)t->tenant << 32 | (uint64_t)t->proto << 48;
	bool decided = src[0] != dst[0];
	uint64_t low = __builtin_bswap64(decided ? src[0] : src[1]);
	uint64_t high = __builtin_bswap64(decided ? dst[0] : dst[1]);

	bool swap = low > high || (low == high && t->sport > t->dport);
	const uint64_t *a = swap ? dst : src, *b = swap ? src : dst;

	*swapped = swap;
	end |= swap ? t->dport | (uint64_t)t->sport << 16 : t->sport | (uint64_t)t->dport << 16;
	if (is_ip4(src) && is_ip4(dst)) {
		uint64_t key[2] = {a[1] >> 32 | (b[1] & 0xffffffff00000000), end};
		return hash_words(decoder, key, 2);
	}
	uint64_t key[5] = {a[0], a[1], b[0], b[1], end};
	return hash_words(decoder, key, 5);
}

uint16_t walk_tenant(const struct walk *w)
{
	const struct tenant_map *map = &w->decoder->tenants;

	if (map->find == NULL)
		return 0;
	return map->find(map->self, w->frame->source, w->vlans, w->vlan_cnt, w->vni);
}

static void finish(struct walk *w)
{
	struct packet *out = w->out;
	bool swapped;

	out->tuple.tenant = walk_tenant(w);
	out->hash = tuple_hash(w->decoder, &out->tuple, &swapped);
	out->flags = (uint8_t)(w->flags | (swapped ? PACKET_SWAPPED : 0));
	if (w->buffer != FRAG_NONE)
		out->block = w->buffer;
}

/* What is the frame's. */
static inline void packet_start(struct packet *out, const struct frame *frame, struct pos pos)
{
	out->pos.now_ns = pos.now_ns;
	out->pos.ord = pos.ord;
	out->ts_ns = frame->ts_ns;
	out->frame_number = frame->number;
	out->block = frame->block;
	out->wire_len = frame->wirelen > frame->caplen ? frame->wirelen : frame->caplen;
	out->source = frame->source;
}

/* Field by field: zeroing both structs first would cost as much as the rest. */
static void walk_start(struct walk *w, const struct frame *frame, struct packet *out)
{
	w->out = out;
	w->frame = frame;
	w->counters = &w->decoder->counters[frame->source];
	w->rd = rd_of(bytes_of(frame->data, frame->caplen));
	w->missing = out->wire_len - frame->caplen;
	w->vni = NO_VNI;
	w->buffer = FRAG_NONE;
	w->vlan_cnt = w->depth = 0;
	w->flags = 0;
	w->clipped = w->jumbo = false;
	out->tuple.sport = out->tuple.dport = 0;
	out->tuple.zero = 0;
	out->seq = out->ack = 0;
	out->window = out->urgent = 0;
	out->tcp_flags = 0;
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
	decoder->walk.decoder = decoder;
	decoder->key = *key;
	decoder->tenants = tenants;
	decoder->inputs = inputs;
	decoder->frags = frag_new(arena, frag_buffers, key, decoder->counters);
	return decoder->frags != NULL ? decoder : NULL;
}

void decoder_tenants(struct decoder *decoder, struct tenant_map tenants)
{
	decoder->tenants = tenants;
}

bool walk(struct decoder *decoder, const struct frame *frame, struct packet *out)
{
	struct walk *w = &decoder->walk;
	enum layer layer = LAYER_LINK;

	walk_start(w, frame, out);
	while (layer < LAYER_PACKET)
		layer = step(w, layer);
	if (layer == LAYER_PACKET) {
		finish(w);
		return true;
	}
	if (w->buffer != FRAG_NONE)
		frag_return(decoder->frags, w->buffer);
	if (layer == LAYER_KEPT) {
		w->counters->decoded++;
		w->counters->fragments++;
	} else {
		w->counters->refused[w->reason]++;
	}
	return false;
}

bool decode(struct decoder *decoder, const struct frame *frame, struct pos pos, struct packet *out)
{
	struct decode_counters *counters = &decoder->counters[frame->source];

	assert(frame->source < decoder->inputs);
	counters->frames++;
	packet_start(out, frame, pos);
	if (!plain(decoder, frame, out) && !walk(decoder, frame, out))
		return false;
	counters->bad_checksum += (out->flags & PACKET_BAD_CHECKSUM) != 0;
	counters->decoded++;
	return true;
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
