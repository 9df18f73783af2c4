#include "decode/frag.h"

#include <assert.h>
#include <stdatomic.h>

#include "decode/walk.h"

#define BUFFER_SIZE 65536u
#define UNIT 8u /* offsets count in these */
#define UNIT_WORDS (BUFFER_SIZE / UNIT / 64)
#define LENGTH_UNKNOWN UINT32_MAX

_Static_assert(sizeof(struct frag_key) == 64, "hashed and compared as bytes: no padding");

/* One buffer.  Free, under reassembly (in a chain and in the age list) or lent. */
struct datagram {
	struct frag_key key;
	uint64_t due_ns;       /* given up then */
	uint32_t chain;        /* next of the same bucket */
	uint32_t older, newer; /* age list */
	uint32_t next_free;
	uint32_t held;  /* bytes that stand in the buffer */
	uint32_t end;   /* of the furthest fragment so far */
	uint32_t total; /* or LENGTH_UNKNOWN */
	uint16_t source;
	uint8_t proto; /* of the fragment at offset 0 */
	bool conflict;
	uint64_t have[UNIT_WORDS]; /* a bit per unit */
};

struct frag_table {
	struct hash_key key;
	struct decode_counters *counters;
	struct datagram *datagrams;
	uint8_t *buffers;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t count;
	uint32_t oldest, newest;
	uint32_t free_head;
	_Atomic uint32_t returned; /* list by next_free that other threads push to */
};

static uint32_t bucket_count(uint32_t buffers)
{
	uint32_t n = 64;

	while (n < buffers && n < UINT32_C(1) << 20)
		n *= 2;
	return n;
}

static uint8_t *buffer_at(const struct frag_table *t, uint32_t i)
{
	return t->buffers + (size_t)i * BUFFER_SIZE;
}

static uint32_t *bucket_of(struct frag_table *t, const struct frag_key *key)
{
	return &t->buckets[hash_sip13(&t->key, key, sizeof(*key)) & t->bucket_mask];
}

static void age_unlink(struct frag_table *t, struct datagram *d)
{
	if (d->older == FRAG_NONE)
		t->oldest = d->newer;
	else
		t->datagrams[d->older].newer = d->newer;
	if (d->newer == FRAG_NONE)
		t->newest = d->older;
	else
		t->datagrams[d->newer].older = d->older;
}

static void age_append(struct frag_table *t, uint32_t i)
{
	struct datagram *d = &t->datagrams[i];

	d->older = t->newest;
	d->newer = FRAG_NONE;
	if (t->newest == FRAG_NONE)
		t->oldest = i;
	else
		t->datagrams[t->newest].newer = i;
	t->newest = i;
}

/* Out of chain and age list: the buffer belongs to the caller. */
static void datagram_unlink(struct frag_table *t, uint32_t i)
{
	struct datagram *d = &t->datagrams[i];
	uint32_t *link = bucket_of(t, &d->key);

	while (*link != i)
		link = &t->datagrams[*link].chain;
	*link = d->chain;
	age_unlink(t, d);
}

static void free_push(struct frag_table *t, uint32_t i)
{
	t->datagrams[i].next_free = t->free_head;
	t->free_head = i;
}

static void wipe(struct frag_table *t, uint32_t i)
{
	explicit_bzero(buffer_at(t, i), t->datagrams[i].end);
}

static void give_up(struct frag_table *t, uint32_t i)
{
	struct datagram *d = &t->datagrams[i];

	wipe(t, i);
	t->counters[d->source].frag_expired_bytes += d->held;
	datagram_unlink(t, i);
	free_push(t, i);
}

static uint32_t buffer_take(struct frag_table *t)
{
	if (t->free_head == FRAG_NONE)
		t->free_head =
			atomic_exchange_explicit(&t->returned, FRAG_NONE, memory_order_acquire);
	if (t->free_head == FRAG_NONE && t->oldest != FRAG_NONE) {
		t->counters[t->datagrams[t->oldest].source].frag_evicted++;
		give_up(t, t->oldest);
	}
	uint32_t i = t->free_head;
	if (i != FRAG_NONE)
		t->free_head = t->datagrams[i].next_free;
	return i;
}

static uint32_t datagram_find(struct frag_table *t, const struct frag_key *key)
{
	uint32_t i = *bucket_of(t, key);

	while (i != FRAG_NONE && memcmp(&t->datagrams[i].key, key, sizeof(*key)) != 0)
		i = t->datagrams[i].chain;
	return i;
}

static uint32_t datagram_new(struct frag_table *t, const struct frag_part *part)
{
	uint32_t i = buffer_take(t);

	if (i == FRAG_NONE)
		return i;
	struct datagram *d = &t->datagrams[i];
	uint32_t *bucket = bucket_of(t, &part->key);

	d->key = part->key;
	d->due_ns = part->now_ns > UINT64_MAX - FRAG_TIMEOUT_NS ? UINT64_MAX
								: part->now_ns + FRAG_TIMEOUT_NS;
	d->held = d->end = 0;
	d->total = LENGTH_UNKNOWN;
	d->source = part->source;
	d->proto = 0;
	d->conflict = false;
	memset(d->have, 0, sizeof(d->have));
	d->chain = *bucket;
	*bucket = i;
	age_append(t, i);
	return i;
}

/* Does it agree with the length that is known, or does it make it known? */
static bool length_agrees(struct datagram *d, const struct frag_part *part)
{
	uint32_t end = part->off + (uint32_t)part->data.len;

	if (d->total != LENGTH_UNKNOWN && (part->more ? end > d->total : end != d->total))
		return false;
	if (!part->more && end < d->end)
		return false;
	if (!part->more)
		d->total = end;
	if (end > d->end)
		d->end = end;
	return true;
}

/* Copies the units that are new.  False if others differ from what stands. */
static bool datagram_fill(struct datagram *d, uint8_t *buffer, const struct frag_part *part)
{
	const uint8_t *from = part->data.ptr;
	uint32_t left = (uint32_t)part->data.len;
	bool same = true;

	for (uint32_t unit = part->off / UNIT; left > 0; unit++) {
		uint32_t n = left < UNIT ? left : UNIT;
		uint64_t bit = UINT64_C(1) << (unit % 64);
		uint8_t *to = buffer + (size_t)unit * UNIT;

		if ((d->have[unit / 64] & bit) == 0) {
			memcpy(to, from, n);
			d->have[unit / 64] |= bit;
			d->held += n;
		} else if (memcmp(to, from, n) != 0) {
			same = false;
		}
		from += n;
		left -= n;
	}
	return same;
}

size_t frag_bytes(uint32_t buffers)
{
	return sizeof(struct frag_table) +
	       (size_t)buffers * (sizeof(struct datagram) + BUFFER_SIZE) +
	       (size_t)bucket_count(buffers) * sizeof(uint32_t) + 4 * 64;
}

struct frag_table *frag_new(struct arena *arena, uint32_t buffers, const struct hash_key *key,
	struct decode_counters *counters)
{
	struct frag_table *t = arena_take(arena, sizeof(*t));
	uint32_t buckets = bucket_count(buffers);

	if (t == NULL)
		return NULL;
	t->key = *key;
	t->counters = counters;
	t->count = buffers;
	t->oldest = t->newest = t->free_head = FRAG_NONE;
	atomic_init(&t->returned, FRAG_NONE);
	t->bucket_mask = buckets - 1;
	t->buckets = arena_take(arena, buckets * sizeof(uint32_t));
	t->datagrams = arena_take(arena, (size_t)buffers * sizeof(struct datagram));
	t->buffers = arena_take(arena, (size_t)buffers * BUFFER_SIZE);
	if (t->buckets == NULL || t->datagrams == NULL || t->buffers == NULL)
		return NULL;
	memset(t->buckets, 0xff, buckets * sizeof(uint32_t));
	for (uint32_t i = buffers; i > 0; i--)
		free_push(t, i - 1);
	return t;
}

enum frag_rc frag_push(struct frag_table *t, const struct frag_part *part, struct frag_whole *out)
{
	if (part->data.len == 0 || part->data.len > FRAG_DATAGRAM_MAX - part->off)
		return FRAG_BAD;
	frag_expire(t, part->now_ns);
	uint32_t i = datagram_find(t, &part->key);
	if (i == FRAG_NONE)
		i = datagram_new(t, part);
	if (i == FRAG_NONE)
		return FRAG_FULL;

	struct datagram *d = &t->datagrams[i];
	struct decode_counters *counters = &t->counters[part->source];
	bool agrees = length_agrees(d, part);
	if (!agrees || !datagram_fill(d, buffer_at(t, i), part)) {
		d->conflict = true;
		counters->frag_conflict++;
	}
	if (!agrees)
		return FRAG_BAD;
	if (part->off == 0 && d->held > 0 && d->proto == 0)
		d->proto = part->proto;
	if (d->held != d->total)
		return FRAG_KEPT;
	counters->datagrams++;
	datagram_unlink(t, i);
	*out = (struct frag_whole){.data = bytes_of(buffer_at(t, i), d->total),
		.buffer = i,
		.proto = d->proto,
		.conflict = d->conflict};
	return FRAG_WHOLE;
}

void frag_return(struct frag_table *t, uint32_t i)
{
	assert(i < t->count);
	wipe(t, i);
	uint32_t head = atomic_load_explicit(&t->returned, memory_order_relaxed);
	do
		t->datagrams[i].next_free = head;
	while (!atomic_compare_exchange_weak_explicit(
		&t->returned, &head, i, memory_order_release, memory_order_relaxed));
}

void frag_expire(struct frag_table *t, uint64_t now_ns)
{
	while (t->oldest != FRAG_NONE && t->datagrams[t->oldest].due_ns <= now_ns)
		give_up(t, t->oldest);
}

static void whole_enter(struct walk *w, const struct frag_whole *whole)
{
	if (w->buffer != FRAG_NONE) /* the fragment came from a datagram that was whole before */
		frag_return(w->decoder->frags, w->buffer);
	w->buffer = whole->buffer;
	w->rd = rd_of(whole->data);
	w->missing = 0;
	w->proto = whole->proto;
	w->flags |= PACKET_REASSEMBLED;
	if (whole->conflict)
		w->flags |= PACKET_FRAG_CONFLICT;
}

/* Only whole units can be followed by more.  Linux cuts what IPv4 has beyond
 * them and refuses it in IPv6; so do we. */
static bool part_units(struct walk *w, struct frag_part *part)
{
	if (part->more && w->family == 4)
		part->data.len -= part->data.len % UNIT;
	return !part->more || part->data.len % UNIT == 0;
}

enum layer walk_fragment(struct walk *w, uint32_t id, uint8_t key_proto, uint32_t off, bool more)
{
	struct frag_part part = {.data = bytes_of(w->rd.ptr, walk_left(w)),
		.off = off,
		.more = more,
		.proto = w->proto,
		.source = w->frame->source,
		.now_ns = w->out->pos.now_ns};
	struct frag_whole whole;

	if (w->clipped)
		return walk_refuse(w, FRAME_BAD_LENGTH);
	if (w->missing > 0)
		return walk_refuse(w, FRAME_TRUNCATED);
	if (!part_units(w, &part))
		return walk_refuse(w, FRAME_FRAGMENT_BAD);
	part.key = (struct frag_key){.src = w->out->tuple.src,
		.dst = w->out->tuple.dst,
		.id = id,
		.vni = w->vni,
		.tenant = walk_tenant(w),
		.proto = key_proto,
		.family = w->family};
	memcpy(part.key.vlans, w->vlans, w->vlan_cnt * sizeof(w->vlans[0]));
	switch (frag_push(w->decoder->frags, &part, &whole)) {
	case FRAG_WHOLE:
		whole_enter(w, &whole);
		return LAYER_PROTO;
	case FRAG_KEPT:
		return LAYER_KEPT;
	case FRAG_BAD:
		return walk_refuse(w, FRAME_FRAGMENT_BAD);
	default:
		return walk_refuse(w, FRAME_FRAGMENT_FULL);
	}
}
