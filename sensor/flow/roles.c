#include "flow/table.h"

/* A SYN this close before the lowest sequence seen is its beginning: a capture
 * may be reordered, even reversed.  Another connection's hits it 1 in 16,000. */
#define NEAR_MAX (256u << 10)
/* Data on a SYN or just behind it that an acknowledgment may cover. */
#define ACK_REACH (64u << 10)

static enum isn_state isn_state(const struct flow *flow, uint8_t dir)
{
	return (enum isn_state)(flow->state >> 2 * dir & 3);
}

static void set_isn_state(struct flow *flow, uint8_t dir, enum isn_state state)
{
	flow->state = (uint8_t)((flow->state & ~(3 << 2 * dir)) | (int)state << 2 * dir);
}

static bool is_isn(const struct flow *flow, const struct flow_cold *cold, uint8_t dir, uint32_t seq)
{
	enum isn_state state = isn_state(flow, dir);

	return ((state == ISN_ONE || state == ISN_TWO) && flow->isn[dir] == seq) ||
	       (state == ISN_TWO && cold->isn[dir] == seq);
}

static bool is_late(const struct flow *flow, uint8_t dir)
{
	return (flow->flags & (dir == 0 ? FLOW_LATE_0 : FLOW_LATE_1)) != 0;
}

static void set_late(struct flow *flow, uint8_t dir, bool late)
{
	uint16_t flag = dir == 0 ? FLOW_LATE_0 : FLOW_LATE_1;

	flow->flags = (uint16_t)(late ? flow->flags | flag : flow->flags & ~flag);
}

static bool has_payload(const struct flow *flow)
{
	return (flow->flags & (FLOW_PAYLOAD_0 | FLOW_PAYLOAD_1)) != 0;
}

/* The candidate on an open flow is a connection of its own: shown by the
 * answer to it or, if the other side is out of sight, by its first data. */
static bool candidate_won(const struct flow *flow, const struct flow_cold *cold, uint8_t dir,
	const struct packet *packet)
{
	uint8_t other = (uint8_t)(1 - dir);

	if ((packet->tcp_flags & TCP_SYN) != 0)
		return (packet->tcp_flags & TCP_ACK) != 0 && isn_state(flow, other) == ISN_TWO &&
		       is_late(flow, other) && packet->ack - cold->isn[other] - 1 <= ACK_REACH &&
		       packet->ack - flow->isn[other] - 1 > ACK_REACH;
	return (flow->flags & FLOW_ANSWERED) == 0 && isn_state(flow, dir) == ISN_TWO &&
	       is_late(flow, dir) && packet->seq == cold->isn[dir] + 1 &&
	       packet->seq != flow->isn[dir] + 1;
}

bool roles_open_anew(const struct flow *flow, const struct flow_cold *cold, uint8_t dir,
	const struct packet *packet)
{
	enum isn_state state = isn_state(flow, dir);

	if ((packet->tcp_flags & TCP_RST) != 0)
		return false;
	if (candidate_won(flow, cold, dir, packet))
		return true;
	if ((packet->tcp_flags & TCP_SYN) == 0 || is_isn(flow, cold, dir, packet->seq))
		return false;
	if (state == ISN_LOW)
		return flow->isn[dir] - packet->seq > NEAR_MAX;
	return flow_closed(flow);
}

void roles_first(
	struct flow *flow, const struct tuple *key, uint8_t dir, const struct packet *packet)
{
	bool ports = key->proto == PROTO_TCP || key->proto == PROTO_UDP;

	flow->client_dir = dir;
	if (ports && key->sport != key->dport)
		flow->client_dir = key->sport < key->dport;
	if (key->proto == PROTO_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		flow->flags |= FLOW_MIDSTREAM;
}

/* Handshake: who opened, and the sequence numbers it may have begun with. */
static void take_syn(
	struct flow *flow, struct flow_cold *cold, uint8_t dir, const struct packet *packet)
{
	enum isn_state state = isn_state(flow, dir);
	bool answer = (packet->tcp_flags & TCP_ACK) != 0;

	if (state == ISN_NONE || state == ISN_LOW) {
		flow->isn[dir] = packet->seq;
		set_isn_state(flow, dir, ISN_ONE);
	} else if (!is_isn(flow, cold, dir, packet->seq)) {
		cold->isn[dir] = packet->seq;
		set_late(flow, dir, has_payload(flow));
		set_isn_state(flow, dir, ISN_TWO);
	}
	if ((flow->flags & (FLOW_SYN_SEEN | FLOW_SYNACK_SEEN)) == 0)
		flow_client_is(flow, answer ? (uint8_t)(1 - dir) : dir);
	flow->flags |= answer ? FLOW_SYNACK_SEEN : FLOW_SYN_SEEN;
	if (!answer)
		flow->flags &= (uint16_t)~FLOW_MIDSTREAM;
}

/* The other side's acknowledgment decides between two beginnings. */
static void take_ack(struct flow *flow, const struct flow_cold *cold, uint8_t other, uint32_t ack)
{
	if (isn_state(flow, other) != ISN_TWO)
		return;
	uint32_t past[2] = {ack - flow->isn[other] - 1, ack - cold->isn[other] - 1};
	uint32_t won = past[1] < past[0];
	if (past[won] > ACK_REACH)
		return;
	if (won != 0)
		flow->isn[other] = cold->isn[other];
	set_isn_state(flow, other, ISN_ONE);
}

static void take_lowest(struct flow *flow, uint8_t dir, uint32_t seq)
{
	enum isn_state state = isn_state(flow, dir);

	if (state == ISN_NONE || (state == ISN_LOW && flow->isn[dir] - seq <= NEAR_MAX)) {
		flow->isn[dir] = seq;
		set_isn_state(flow, dir, ISN_LOW);
	}
}

void roles_update(
	struct flow *flow, struct flow_cold *cold, uint8_t dir, const struct packet *packet)
{
	uint8_t flags = packet->tcp_flags;

	if ((flags & TCP_RST) != 0) {
		flow->flags |= FLOW_RST; /* its sequence number may be anything */
		return;
	}
	if ((flags & TCP_SYN) != 0)
		take_syn(flow, cold, dir, packet);
	else
		take_lowest(flow, dir, packet->seq);
	if ((flags & TCP_ACK) != 0)
		take_ack(flow, cold, (uint8_t)(1 - dir), packet->ack);
	if ((flags & TCP_FIN) != 0)
		flow->flags |= dir == 0 ? FLOW_FIN_0 : FLOW_FIN_1;
}

void flow_client_is(struct flow *flow, uint8_t dir)
{
	flow->client_dir = dir;
	flow->flags |= FLOW_CLIENT_KNOWN;
}

uint32_t flow_isn(
	const struct flow_table *table, uint32_t flow, uint8_t dir, uint32_t isn[static 2])
{
	enum isn_state state = isn_state(&table->flows[flow], dir);

	isn[0] = table->flows[flow].isn[dir];
	isn[1] = state == ISN_TWO ? table->cold[flow].isn[dir] : 0;
	return state == ISN_TWO ? 2 : state == ISN_ONE ? 1 : 0;
}
