/* talk.c - one exchange: turns become segments, stresses rearrange them. */
#include "talk.h"

#include <stdlib.h>
#include <string.h>

enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_PSH = 8,
	TCP_ACK = 16,
	TCP_URG = 32,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMP6 = 58,
	MSS = 1460,
	WINDOW = 64240,
	UDP_MAX = 65507,
	ICMP_MAX = 65000,
};

static const int64_t step_ns = 30000; /* between segments of one burst */

struct piece {
	size_t from, to; /* of that side's bytes */
	bool forged;     /* other bytes than were said */
};

/* One exchange on its way out. */
struct player {
	struct talk *talk;
	struct capture *cap;
	struct rng *rng;
	struct truth *truth;
	size_t first_plant;
	int64_t now;
	uint32_t isn[2];
	size_t acked[2]; /* bytes of the *other* side that this side has acknowledged */
	unsigned sent;   /* packets so far, for skip */
	bool quiet;      /* an exchange that is not in the truth (port reuse) */
};

struct segment {
	unsigned side, flags;
	uint32_t seq;
	const uint8_t *data;
	size_t len;
	int64_t time_ns;
	bool bad_sum;
};

static bool missed(struct player *p, unsigned side)
{
	const struct stress *s = &p->talk->stress;

	return p->sent++ < s->skip || s->drop_side == side + 1;
}

static void add_options(struct buf *l4, unsigned mss)
{
	buf_u16(l4, 0x0204);
	buf_u16(l4, mss);
	buf_u32(l4, 0x01030307); /* NOP, window scale 7 */
	buf_u32(l4, 0x01010402); /* NOP, NOP, SACK permitted */
}

/* Puts one segment on the wire unless the tap misses it. */
static void emit(struct player *p, const struct segment *seg, size_t from, bool is_true)
{
	const struct talk *talk = p->talk;
	const struct stress *s = &talk->stress;
	struct buf l4 = {0};
	bool syn = (seg->flags & TCP_SYN) != 0;
	unsigned flags = seg->flags | (s->urgent && seg->len > 0 ? TCP_URG : 0);
	uint32_t ack = p->isn[!seg->side] + 1 + (uint32_t)p->acked[seg->side];

	if (missed(p, seg->side))
		return;
	buf_u16(&l4, talk->end[seg->side].port);
	buf_u16(&l4, talk->end[!seg->side].port);
	buf_u32(&l4, seg->seq);
	buf_u32(&l4, flags & TCP_ACK ? ack : 0);
	buf_u16(&l4, (syn ? 8u : 5u) << 12 | flags);
	buf_u16(&l4, WINDOW);
	buf_u16(&l4, 0);
	buf_u16(&l4, flags & TCP_URG ? (unsigned)(seg->len & 0xffff) : 0);
	if (syn)
		add_options(&l4, s->mss ? s->mss : MSS);
	buf_add(&l4, seg->data, seg->len);
	struct packet pkt = {seg->time_ns, talk->end[seg->side], talk->end[!seg->side], PROTO_TCP,
		l4.data, l4.len, 16, seg->bad_sum || s->conflict == CONFLICT_BAD_ALL};
	uint32_t id = capture_add(p->cap, &s->path, &pkt);

	if (is_true && !p->quiet)
		truth_seen(p->truth, p->first_plant, seg->side, from, from + seg->len, id,
			(uint32_t)p->cap->frame_cnt - 1);
	buf_free(&l4);
}

static void emit_bare(struct player *p, unsigned side, unsigned flags, uint32_t seq)
{
	struct segment seg = {.side = side, .flags = flags, .seq = seq, .time_ns = p->now};

	emit(p, &seg, 0, false);
	p->now += step_ns;
}

static uint32_t seq_at(const struct player *p, unsigned side, size_t off)
{
	return p->isn[side] + 1 + (uint32_t)off;
}

/* The bytes [from, to) of side with every digit and letter moved on by one. */
static void forge_bytes(struct buf *out, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = data[i];

		if (c >= '0' && c <= '9')
			c = (uint8_t)('0' + (c - '0' + 1) % 10);
		else if (c > ' ')
			c = 'x';
		buf_u8(out, c);
	}
}

static void emit_piece(struct player *p, unsigned side, struct piece piece, int64_t time_ns)
{
	const uint8_t *data = p->talk->said[side].data + piece.from;
	struct segment seg = {side, TCP_ACK | TCP_PSH, seq_at(p, side, piece.from), data,
		piece.to - piece.from, time_ns, false};
	struct buf other = {0};

	if (piece.forged) {
		forge_bytes(&other, data, seg.len);
		seg.data = other.data;
		seg.bad_sum = p->talk->stress.conflict == CONFLICT_BAD_SUM;
	}
	emit(p, &seg, piece.from, !piece.forged);
	buf_free(&other);
}

/* The end of the segment that begins at from. */
static size_t piece_end(const struct talk *talk, unsigned side, size_t from, size_t to)
{
	const struct stress *s = &talk->stress;
	size_t step = s->segment_bytes ? s->segment_bytes : s->mss ? s->mss : MSS;
	size_t end = to - from > step ? from + step : to;
	size_t gap_end = s->gap_off + s->gap_len;

	if (side != SIDE_CLIENT)
		return end;
	if (s->cut > from && s->cut < end)
		end = s->cut;
	if (s->gap_len > 0 && s->gap_off > from && s->gap_off < end)
		end = s->gap_off;
	if (s->gap_len > 0 && gap_end > from && gap_end < end)
		end = gap_end;
	return end;
}

static bool in_gap(const struct stress *s, unsigned side, size_t from)
{
	return side == SIDE_CLIENT && from >= s->gap_off && from - s->gap_off < s->gap_len;
}

static struct piece *cut_turn(const struct talk *talk, const struct turn *turn, size_t *cnt)
{
	const struct stress *s = &talk->stress;
	struct piece *pieces = NULL;
	size_t cap = 0, to;

	*cnt = 0;
	for (size_t from = turn->from; from < turn->to; from = to) {
		to = piece_end(talk, turn->side, from, turn->to);
		size_t back = from - turn->from < s->overlap ? from - turn->from : s->overlap;
		struct piece piece = {from - back, to, false};
		struct piece forged = {from - back, to, true};
		bool before = s->conflict == CONFLICT_BEFORE || s->conflict == CONFLICT_BAD_SUM;

		if (in_gap(s, turn->side, from))
			continue;
		for (int i = 0; i < 3; i++) {
			bool first = i == 0 && before, last = i == 2;

			if (i == 0 && !before)
				continue;
			if (last && s->conflict != CONFLICT_AFTER && !s->duplicate)
				continue;
			pieces = must_grow(pieces, *cnt, &cap, sizeof(*pieces));
			pieces[(*cnt)++] =
				first || (last && s->conflict == CONFLICT_AFTER) ? forged : piece;
		}
	}
	return pieces;
}

static void put_in_order(struct rng *rng, enum order order, struct piece *pieces, size_t cnt)
{
	for (size_t i = 0; i + 1 < cnt; i++) {
		size_t j = i + rng_below(rng, cnt - i);
		struct piece first = pieces[i];

		if (order == ORDER_REVERSED && i >= cnt / 2)
			return;
		if (order == ORDER_REVERSED)
			j = cnt - 1 - i;
		pieces[i] = pieces[j];
		pieces[j] = first;
	}
}

static void ack(struct player *p, unsigned side, size_t upto)
{
	p->acked[side] = upto;
	emit_bare(p, side, TCP_ACK, seq_at(p, side, p->acked[!side]));
}

/* What a receiver must drop: outside of the window. */
static void emit_odd(struct player *p, unsigned side, size_t off)
{
	const struct stress *s = &p->talk->stress;

	if (s->odd_rst)
		emit_bare(p, side, TCP_RST, seq_at(p, side, off) + 0x40000000u);
	if (s->odd_fin)
		emit_bare(p, side, TCP_FIN | TCP_ACK, seq_at(p, side, off) + 0x40000000u);
}

static void play_turn(struct player *p, const struct turn *turn)
{
	const struct stress *s = &p->talk->stress;
	unsigned side = turn->side;
	size_t cnt, high = turn->from;
	struct piece *pieces = cut_turn(p->talk, turn, &cnt);

	if (s->order != ORDER_SENT)
		put_in_order(p->rng, s->order, pieces, cnt);
	p->now += turn->delay_ns;
	for (size_t i = 0; i < cnt; i++) {
		emit_piece(p, side, pieces[i], p->now);
		p->now += step_ns;
		high = pieces[i].to > high ? pieces[i].to : high;
		if (i == cnt / 2)
			emit_odd(p, side, high);
		if (i % 2 == 1 && i + 1 < cnt && s->order == ORDER_SENT)
			ack(p, !side, high);
	}
	p->now += p->talk->rtt_ns / 2;
	ack(p, !side, turn->to);
	free(pieces);
}

static void play_handshake(struct player *p)
{
	int64_t half = p->talk->rtt_ns / 2;

	emit_bare(p, SIDE_CLIENT, TCP_SYN, p->isn[SIDE_CLIENT]);
	p->now += half;
	emit_bare(p, SIDE_SERVER, TCP_SYN | TCP_ACK, p->isn[SIDE_SERVER]);
	p->now += half;
	emit_bare(p, SIDE_CLIENT, TCP_ACK, seq_at(p, SIDE_CLIENT, 0));
}

static void play_closing(struct player *p)
{
	size_t client = p->talk->said[SIDE_CLIENT].len, server = p->talk->said[SIDE_SERVER].len;

	p->now += 2000000;
	if (p->talk->stress.closing == CLOSE_NEVER)
		return;
	if (p->talk->stress.closing == CLOSE_RST) {
		emit_bare(p, SIDE_CLIENT, TCP_RST | TCP_ACK, seq_at(p, SIDE_CLIENT, client));
		return;
	}
	emit_bare(p, SIDE_CLIENT, TCP_FIN | TCP_ACK, seq_at(p, SIDE_CLIENT, client));
	p->acked[SIDE_SERVER] = client + 1;
	p->now += p->talk->rtt_ns / 2;
	emit_bare(p, SIDE_SERVER, TCP_FIN | TCP_ACK, seq_at(p, SIDE_SERVER, server));
	p->acked[SIDE_CLIENT] = server + 1;
	emit_bare(p, SIDE_CLIENT, TCP_ACK, seq_at(p, SIDE_CLIENT, client + 1));
}

/* The client asks three times; nobody is there, or a RST says so at once. */
static void play_unanswered(struct player *p)
{
	for (int i = 0; i < 3; i++) {
		emit_bare(p, SIDE_CLIENT, TCP_SYN, p->isn[SIDE_CLIENT]);
		if (p->talk->refused) {
			emit_bare(p, SIDE_SERVER, TCP_RST | TCP_ACK, 0);
			return;
		}
		p->now += (int64_t)1000000000 << i;
	}
}

/* SYNs to the server's port from addresses that nobody uses (198.18.0.0/15). */
static void play_flood(struct player *p)
{
	struct talk flood = *p->talk;
	struct player q = *p;

	q.talk = &flood;
	flood.stress = (struct stress){.path = p->talk->stress.path};
	for (unsigned i = 0; i < p->talk->stress.flood; i++) {
		struct end *end = &flood.end[SIDE_CLIENT];
		uint8_t *ip = end->addr.ip + (end->addr.version == 4 ? 0 : 12);

		rng_fill(p->rng, ip, 4);
		if (end->addr.version == 4) {
			ip[0] = 198;
			ip[1] = (uint8_t)(18 + ip[1] % 2);
		}
		end->port = (uint16_t)(1024 + rng_below(p->rng, 60000));
		q.isn[SIDE_CLIENT] = (uint32_t)rng_next(p->rng);
		q.now = p->now - 500000000 + (int64_t)rng_below(p->rng, 1000000000);
		emit_bare(&q, SIDE_CLIENT, TCP_SYN, q.isn[SIDE_CLIENT]);
	}
}

static void draw_isn(struct player *p)
{
	for (unsigned side = 0; side < 2; side++) {
		p->isn[side] = (uint32_t)rng_next(p->rng);
		if (p->talk->stress.wrap)
			p->isn[side] = 0xffffffffu - 40;
	}
}

/* An innocent exchange on the same ports, closed shortly before. */
static void play_reused(struct player *p)
{
	static const char hello[] = "HELLO\r\n", world[] = "WORLD\r\n";
	struct talk before = {.end = {p->talk->end[0], p->talk->end[1]}, .rtt_ns = p->talk->rtt_ns};
	struct player q = *p;

	q.talk = &before;
	q.quiet = true;
	before.stress.path = p->talk->stress.path;
	talk_say(&before, SIDE_CLIENT, hello, sizeof(hello) - 1, 0);
	talk_say(&before, SIDE_SERVER, world, sizeof(world) - 1, 0);
	draw_isn(&q);
	play_handshake(&q);
	for (size_t i = 0; i < before.turn_cnt; i++)
		play_turn(&q, &before.turns[i]);
	play_closing(&q);
	talk_fini(&before);
	p->now = q.now + 20000000;
}

size_t talk_say(struct talk *talk, unsigned side, const void *data, size_t len, int64_t delay_ns)
{
	size_t from = talk->said[side].len;

	buf_add(&talk->said[side], data, len);
	talk->turns = must_grow(talk->turns, talk->turn_cnt, &talk->turn_cap, sizeof(*talk->turns));
	talk->turns[talk->turn_cnt++] = (struct turn){side, from, from + len, delay_ns};
	return from;
}

int64_t talk_tcp(struct talk *talk, struct capture *cap, struct rng *rng, struct truth *truth,
	size_t first_plant, int64_t start_ns)
{
	struct player p = {talk, cap, rng, truth, first_plant, start_ns, {0}, {0}, 0, false};

	if (talk->stress.reuse)
		play_reused(&p);
	draw_isn(&p);
	play_flood(&p);
	if (talk->unanswered) {
		play_unanswered(&p);
		return p.now;
	}
	if (!talk->stress.midstream)
		play_handshake(&p);
	for (size_t i = 0; i < talk->turn_cnt; i++)
		play_turn(&p, &talk->turns[i]);
	play_closing(&p);
	return p.now;
}

int64_t talk_udp(struct talk *talk, struct capture *cap, struct truth *truth, size_t first_plant,
	int64_t start_ns)
{
	struct player p = {.talk = talk, .now = start_ns};

	for (size_t i = 0; i < talk->turn_cnt; i++) {
		const struct turn *t = &talk->turns[i];
		struct buf l4 = {0};

		p.now += t->delay_ns;
		if (t->to - t->from > UDP_MAX)
			die("a datagram of %zu bytes", t->to - t->from);
		if (missed(&p, t->side))
			continue;
		buf_u16(&l4, talk->end[t->side].port);
		buf_u16(&l4, talk->end[!t->side].port);
		buf_u16(&l4, (unsigned)(8 + t->to - t->from));
		buf_u16(&l4, 0);
		buf_add(&l4, talk->said[t->side].data + t->from, t->to - t->from);
		struct packet pkt = {p.now, talk->end[t->side], talk->end[!t->side], PROTO_UDP,
			l4.data, l4.len, 6, talk->stress.conflict == CONFLICT_BAD_ALL};
		uint32_t id = capture_add(cap, &talk->stress.path, &pkt);

		truth_seen(truth, first_plant, t->side, t->from, t->to, id,
			(uint32_t)cap->frame_cnt - 1);
		buf_free(&l4);
	}
	return p.now;
}

int64_t talk_icmp(struct talk *talk, struct capture *cap, struct rng *rng, struct truth *truth,
	size_t first_plant, int64_t start_ns)
{
	bool six = talk->end[0].addr.version == 6;
	unsigned ident = (unsigned)rng_below(rng, 65536);
	struct player p = {.talk = talk, .now = start_ns};

	for (size_t i = 0; i < talk->turn_cnt; i++) {
		const struct turn *t = &talk->turns[i];
		unsigned type = six ? 128u + t->side : t->side == SIDE_CLIENT ? 8u : 0u;
		struct buf l4 = {0};

		p.now += t->delay_ns;
		if (t->to - t->from > ICMP_MAX)
			die("an echo of %zu bytes", t->to - t->from);
		if (missed(&p, t->side))
			continue;
		buf_u16(&l4, type << 8);
		buf_u16(&l4, 0);
		buf_u16(&l4, ident);
		buf_u16(&l4, (unsigned)(1 + i / 2));
		buf_add(&l4, talk->said[t->side].data + t->from, t->to - t->from);
		struct packet pkt = {p.now, talk->end[t->side], talk->end[!t->side],
			six ? PROTO_ICMP6 : PROTO_ICMP, l4.data, l4.len, 2,
			talk->stress.conflict == CONFLICT_BAD_ALL};
		uint32_t id = capture_add(cap, &talk->stress.path, &pkt);

		truth_seen(truth, first_plant, t->side, t->from, t->to, id,
			(uint32_t)cap->frame_cnt - 1);
		buf_free(&l4);
	}
	return p.now;
}

void talk_fini(struct talk *talk)
{
	for (unsigned side = 0; side < 2; side++)
		buf_free(&talk->said[side]);
	free(talk->turns);
	*talk = (struct talk){0};
}
