#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <zmq.h>

#include "shipper/shipper.h"

bool peer_open(struct peer *peer, const char *endpoint)
{
	const int none = 0;

	peer->context = zmq_ctx_new();
	peer->socket = zmq_socket(peer->context, ZMQ_ROUTER);
	zmq_setsockopt(peer->socket, ZMQ_LINGER, &none, sizeof(none));
	if (peer->credit == 0)
		peer->credit = WIRE_CREDIT;
	snprintf(peer->endpoint, sizeof(peer->endpoint), "%s", endpoint);
	return zmq_bind(peer->socket, endpoint) != -1;
}

void peer_close(struct peer *peer)
{
	if (peer->socket != NULL)
		zmq_close(peer->socket);
	if (peer->context != NULL)
		zmq_ctx_term(peer->context);
	peer->socket = peer->context = NULL;
}

static void note_gap(struct peer *peer, struct bytes json)
{
	unsigned event_class = 0;
	unsigned long long n = 0;

	snprintf(peer->gap, sizeof(peer->gap), "%.*s", (int)json.len, (const char *)json.ptr);
	const char *said = strstr(peer->gap, "\"class\":");
	if (said == NULL || sscanf(said, "\"class\":%1u,\"n\":%llu,", &event_class, &n) != 2 ||
		event_class > 2)
		peer->broken = true;
	else
		peer->gap_n[event_class] += n;
	peer->gaps++;
}

static uint32_t store(struct peer *peer, struct bytes body)
{
	struct wire_batch batch;
	struct record record;
	struct bytes json;

	if (body.len < sizeof(batch)) {
		peer->broken = true;
		return 0;
	}
	memcpy(&batch, body.ptr, sizeof(batch));
	peer->batches++;
	if (peer->drop_every > 0 && peer->batches % peer->drop_every == 0)
		return 0;
	if (batch.first_seq > peer->hw + 1) {
		peer->gaps_told++;
		return 1;
	}
	struct bytes at = bytes_skip(body, sizeof(batch));
	for (uint32_t i = 0; i < batch.count; i++) {
		uint64_t seq = batch.first_seq + i;
		if (!wire_record(&at, &record, &json) || seq >= PEER_EVENTS_MAX) {
			peer->broken = true;
			return 0;
		}
		if (seq <= peer->hw) {
			peer->repeated++;
			peer->broken |= peer->n[seq] != record.n;
			continue;
		}
		peer->n[seq] = record.n;
		peer->kind[seq] = record.kind;
		if (record.kind == EVENT_GAP) {
			note_gap(peer, json);
		}
		peer->hw = seq;
	}
	peer->broken |= at.len > 0;
	return 0;
}

static void answer(struct peer *peer, const void *id, size_t id_len, uint32_t reason)
{
	struct wire_ack ack = {.hw_seq = peer->hw, .credit = peer->credit, .reason = reason};
	uint8_t out[128];
	size_t len = wire_put(out, sizeof(out), WIRE_ACK, peer->sensor_id, peer->epoch,
		bytes_of(&ack, sizeof(ack)));
	uint64_t turn = ++peer->answers;
	bool again = peer->repeat_every > 0 && turn % peer->repeat_every == 0;

	if (peer->lose_every > 0 && turn % peer->lose_every == 0)
		return;
	for (int i = 0; i < (again ? 2 : 1); i++) {
		zmq_send(peer->socket, id, id_len, ZMQ_SNDMORE | ZMQ_DONTWAIT);
		zmq_send(peer->socket, out, len, ZMQ_DONTWAIT);
	}
}

void peer_step(struct peer *peer, int timeout_ms)
{
	zmq_pollitem_t item = {.socket = peer->socket, .events = ZMQ_POLLIN};
	static uint8_t in[WIRE_MESSAGE_MAX];
	uint8_t id[256];

	if (zmq_poll(&item, 1, timeout_ms) <= 0)
		return;
	int id_len = zmq_recv(peer->socket, id, sizeof(id), ZMQ_DONTWAIT);
	int len = zmq_recv(peer->socket, in, sizeof(in), ZMQ_DONTWAIT);
	struct wire_header header;
	struct bytes body;
	if (id_len <= 0 || len <= 0 || (size_t)len > sizeof(in) ||
		!wire_get(bytes_of(in, (size_t)len), &header, &body)) {
		peer->broken = true;
		return;
	}
	peer->sensor_id = header.sensor_id;
	if (peer->epoch != 0 && peer->epoch != header.epoch)
		peer->broken = true;
	peer->epoch = header.epoch;
	uint32_t reason = 0;
	if (header.kind == WIRE_HELLO)
		peer->hellos++;
	else
		reason = store(peer, body);
	answer(peer, id, (size_t)id_len, reason);
}

bool lane_open(struct lane *lane, uint64_t size)
{
	lane->len = spsc_bytes(size);
	lane->mem =
		mmap(NULL, lane->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lane->mem == MAP_FAILED)
		return false;
	spsc_format(lane->mem, size);
	lane->run = 77;
	return spsc_attach(&lane->producer, lane->mem, lane->len, true);
}

void lane_close(struct lane *lane)
{
	munmap(lane->mem, lane->len);
}

bool lane_put(struct lane *lane, enum event_class event_class, size_t json_len)
{
	struct record record = {.n = lane->n + 1,
		.run = lane->run,
		.len = (uint32_t)json_len,
		.kind = EVENT_ALERT,
		.event_class = (uint8_t)event_class};
	uint8_t *room = spsc_reserve(&lane->producer, (uint32_t)(sizeof(record) + json_len));

	if (room == NULL)
		return false;
	memcpy(room, &record, sizeof(record));
	memset(room + sizeof(record), 'a', json_len);
	memcpy(room + sizeof(record), "{\"a\":\"", 6);
	memcpy(room + sizeof(record) + json_len - 2, "\"}", 2);
	spsc_commit(&lane->producer, (uint32_t)(sizeof(record) + json_len));
	lane->n++;
	return true;
}

void lane_end(struct lane *lane)
{
	struct spsc_control *control = lane->mem;

	atomic_store(&control->words[SHIPPER_WORD_ENDED], 1);
}
