#include "shipper/deliver.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"

#define NS_PER_S UINT64_C(1000000000)
#define RESEND_MIN_NS (5 * NS_PER_S)
#define RESEND_MAX_NS (60 * NS_PER_S)
#define SILENT_MIN_NS (15 * NS_PER_S)
#define SILENT_MAX_NS (300 * NS_PER_S)
#define REWIND_PAUSE_NS NS_PER_S /* one gap makes 64 answers: rewind once */
#define ACKS_PER_STEP 256
#define BATCHES_PER_STEP 8
#define INBOUND_MAX 1024

/* What doubles while nothing happens. */
struct timer {
	uint64_t from_ns, span_ns, wait_ns; /* wait: span with jitter */
};

struct deliver {
	struct spool *spool;
	struct link link;
	struct hash_key jitter;
	uint64_t draws;
	char name[sizeof(((struct wire_hello *)0)->name)];
	bool started, hello_due, told_ahead;
	bool behind; /* it was restored from a copy: it lacks what it acknowledged */
	struct spool_cursor cursor;
	uint64_t sent[WIRE_CREDIT]; /* last number of each batch under way, oldest first */
	uint32_t sent_cnt, credit;
	uint64_t hw; /* what the aggregator has, as it said last */
	uint64_t rewound_hw, rewound_ns, progress_ns;
	struct timer resend, silent;
	struct deliver_counts counts;
	size_t ready_len; /* of out: a batch that could not be sent yet */
	uint64_t ready_last;
	uint32_t ready_cnt;
	uint8_t body[SPOOL_BODY_MAX];
	uint8_t out[sizeof(struct wire_header) + WIRE_BATCH_MAX];
};

_Static_assert(WIRE_BATCH_MAX + sizeof(struct wire_header) < WIRE_MESSAGE_MAX, "a batch passes");

static void timer_set(struct deliver *deliver, struct timer *timer, uint64_t now, uint64_t span)
{
	uint64_t draw = ++deliver->draws;
	uint64_t part = hash_sip13(&deliver->jitter, &draw, sizeof(draw)) % 501;

	*timer = (struct timer){
		.from_ns = now, .span_ns = span, .wait_ns = span / 1000 * (750 + part)};
}

static bool timer_over(const struct timer *timer, uint64_t now)
{
	return now - timer->from_ns >= timer->wait_ns;
}

static uint64_t doubled(uint64_t span, uint64_t most)
{
	return span * 2 < most ? span * 2 : most;
}

static void rewind_to(struct deliver *deliver, uint64_t seq)
{
	deliver->cursor = (struct spool_cursor){.seq = seq};
	deliver->sent_cnt = 0;
	deliver->ready_len = 0;
}

/* The first number that the aggregator lacks and that can still be read. */
static uint64_t wanted(const struct deliver *deliver, const struct spool_state *state)
{
	uint64_t next = deliver->behind ? deliver->hw + 1 : state->acked + 1;

	return next > state->oldest ? next : state->oldest;
}

static bool send_hello(struct deliver *deliver)
{
	const struct spool_state state = spool_state(deliver->spool);
	struct wire_hello hello = {.oldest_seq = state.oldest, .next_seq = state.next_seq};
	uint8_t out[sizeof(struct wire_header) + sizeof(hello)];

	memcpy(hello.name, deliver->name, sizeof(hello.name));
	size_t len = wire_put(out, sizeof(out), WIRE_HELLO, state.sensor_id, state.epoch,
		bytes_of(&hello, sizeof(hello)));
	if (!deliver->link.send(deliver->link.self, out, len))
		return false;
	deliver->hello_due = false;
	deliver->counts.hellos++;
	return true;
}

/* As many events as fit, into out behind the header's place; false: nothing durable. */
static bool make_batch(struct deliver *deliver, const struct spool_state *state)
{
	struct wire_batch batch = {.first_seq = deliver->cursor.seq};
	uint8_t *body = deliver->out + sizeof(struct wire_header);
	size_t at = sizeof(batch);

	while (batch.count < WIRE_BATCH_EVENTS_MAX) {
		struct spool_cursor before = deliver->cursor;
		size_t len = spool_read(deliver->spool, &deliver->cursor, deliver->body);
		size_t padded = (len + 7) & ~(size_t)7;
		if (len == 0)
			break;
		if (at + padded > WIRE_BATCH_MAX) {
			deliver->cursor = before;
			break;
		}
		memset(body + at + padded - 8, 0, 8);
		memcpy(body + at, deliver->body, len);
		at += padded;
		batch.count++;
	}
	if (batch.count == 0)
		return false;
	memcpy(body, &batch, sizeof(batch));
	deliver->ready_last = batch.first_seq + batch.count - 1;
	deliver->ready_cnt = batch.count;
	deliver->ready_len = wire_put(deliver->out, sizeof(deliver->out), WIRE_BATCH,
		state->sensor_id, state->epoch, bytes_of(body, at));
	return true;
}

static bool send_batch(struct deliver *deliver, uint64_t now)
{
	const struct spool_state state = spool_state(deliver->spool);
	uint32_t limit = deliver->credit < WIRE_CREDIT ? deliver->credit : WIRE_CREDIT;

	if (deliver->sent_cnt >= limit)
		return false;
	if (deliver->ready_len == 0 && !make_batch(deliver, &state))
		return false;
	if (!deliver->link.send(deliver->link.self, deliver->out, deliver->ready_len))
		return false;
	if (deliver->sent_cnt == 0) {
		timer_set(deliver, &deliver->resend, now, deliver->resend.span_ns);
		timer_set(deliver, &deliver->silent, now, deliver->silent.span_ns);
	}
	deliver->sent[deliver->sent_cnt++] = deliver->ready_last;
	deliver->ready_len = 0;
	deliver->counts.batches++;
	deliver->counts.events += deliver->ready_cnt;
	return true;
}

static void forget_acked(struct deliver *deliver, uint64_t hw)
{
	uint32_t done = 0;

	while (done < deliver->sent_cnt && deliver->sent[done] <= hw)
		done++;
	memmove(deliver->sent, deliver->sent + done,
		(deliver->sent_cnt - done) * sizeof(*deliver->sent));
	deliver->sent_cnt -= done;
	if (deliver->cursor.seq <= hw) {
		deliver->cursor = (struct spool_cursor){.seq = hw + 1};
		deliver->ready_len = 0;
	}
}

static void on_gap(struct deliver *deliver, const struct wire_ack *ack, uint64_t now)
{
	const struct spool_state state = spool_state(deliver->spool);

	deliver->behind = ack->hw_seq < state.acked;
	uint64_t from = wanted(deliver, &state);
	if (deliver->cursor.seq == from && deliver->sent_cnt == 0)
		return;
	if (deliver->rewound_hw == ack->hw_seq && now - deliver->rewound_ns < REWIND_PAUSE_NS)
		return;
	if (deliver->behind)
		deliver->hello_due = true; /* it says what we still have */
	deliver->rewound_hw = ack->hw_seq;
	deliver->rewound_ns = now;
	deliver->counts.rewinds++;
	rewind_to(deliver, from);
}

static bool ack_of(struct deliver *deliver, struct bytes message, const struct spool_state *state,
	struct wire_ack *ack)
{
	struct wire_header header;
	struct bytes body;

	if (!wire_get(message, &header, &body) || header.kind != WIRE_ACK ||
		header.sensor_id != state->sensor_id || header.epoch != state->epoch ||
		body.len != sizeof(*ack))
		return false;
	memcpy(ack, body.ptr, sizeof(*ack));
	if (ack->hw_seq < state->next_seq)
		return true;
	if (!deliver->told_ahead)
		log_line(LOG_LEVEL_ERROR,
			"the aggregator has event %llu, the spool only up to %llu; was an older "
			"copy "
			"of the spool restored?",
			(unsigned long long)ack->hw_seq, (unsigned long long)state->next_seq - 1);
	deliver->told_ahead = true;
	return false;
}

static void on_message(struct deliver *deliver, struct bytes message, uint64_t now)
{
	const struct spool_state state = spool_state(deliver->spool);
	struct wire_ack ack;

	if (!ack_of(deliver, message, &state, &ack)) {
		deliver->counts.acks_odd++;
		return;
	}
	deliver->counts.acks++;
	timer_set(deliver, &deliver->silent, now, SILENT_MIN_NS);
	if (ack.hw_seq > state.acked)
		spool_ack(deliver->spool, ack.hw_seq);
	if (ack.hw_seq > state.acked || (deliver->behind && ack.hw_seq > deliver->hw)) {
		deliver->progress_ns = now;
		timer_set(deliver, &deliver->resend, now, RESEND_MIN_NS);
	}
	forget_acked(deliver, ack.hw_seq);
	if (ack.hw_seq >= deliver->hw || ack.reason != 0) { /* else: older than one we had */
		deliver->credit = ack.credit;
		deliver->hw = ack.hw_seq;
	}
	deliver->behind = deliver->behind && deliver->hw < state.acked;
	if (ack.reason == 1)
		on_gap(deliver, &ack, now);
}

static bool take_messages(struct deliver *deliver, uint64_t now)
{
	uint8_t message[INBOUND_MAX];
	size_t len;
	int taken = 0;

	while (taken < ACKS_PER_STEP &&
		(len = deliver->link.receive(deliver->link.self, message, sizeof(message))) > 0) {
		on_message(deliver, bytes_of(message, len), now);
		taken++;
	}
	return taken > 0;
}

static void watch(struct deliver *deliver, uint64_t now)
{
	const struct spool_state state = spool_state(deliver->spool);

	if (wanted(deliver, &state) >= state.next_seq) { /* nothing waits */
		deliver->resend.from_ns = deliver->silent.from_ns = now;
		return;
	}
	if (timer_over(&deliver->resend, now)) {
		rewind_to(deliver, wanted(deliver, &state));
		deliver->hello_due = true;
		deliver->counts.resends++;
		timer_set(deliver, &deliver->resend, now,
			doubled(deliver->resend.span_ns, RESEND_MAX_NS));
	}
	if (timer_over(&deliver->silent, now)) {
		(void)deliver->link.reopen(deliver->link.self);
		rewind_to(deliver, wanted(deliver, &state));
		deliver->hello_due = true;
		deliver->credit = 0;
		deliver->counts.reopens++;
		timer_set(deliver, &deliver->silent, now,
			doubled(deliver->silent.span_ns, SILENT_MAX_NS));
	}
}

static void start(struct deliver *deliver, uint64_t now)
{
	const struct spool_state state = spool_state(deliver->spool);

	deliver->started = true;
	deliver->hello_due = true;
	deliver->progress_ns = now;
	rewind_to(deliver, state.acked + 1);
	timer_set(deliver, &deliver->resend, now, RESEND_MIN_NS);
	timer_set(deliver, &deliver->silent, now, SILENT_MIN_NS);
}

struct deliver *deliver_new(
	struct spool *spool, const struct link *link, const char *name, uint64_t seed)
{
	struct deliver *deliver = calloc(1, sizeof(*deliver));

	if (deliver == NULL)
		return NULL;
	deliver->spool = spool;
	deliver->link = *link;
	deliver->jitter = (struct hash_key){seed, 0};
	memcpy(deliver->name, name, strnlen(name, sizeof(deliver->name) - 1));
	return deliver;
}

void deliver_free(struct deliver *deliver)
{
	free(deliver);
}

bool deliver_step(struct deliver *deliver, uint64_t now_ns)
{
	if (!deliver->started)
		start(deliver, now_ns);
	bool moved = take_messages(deliver, now_ns);

	watch(deliver, now_ns);
	if (deliver->hello_due && !send_hello(deliver))
		return moved;
	for (int i = 0; i < BATCHES_PER_STEP && send_batch(deliver, now_ns); i++)
		moved = true;
	return moved;
}

bool deliver_is_behind(const struct deliver *deliver)
{
	return deliver->behind;
}

uint64_t deliver_progress_ns(const struct deliver *deliver)
{
	return deliver->progress_ns;
}

struct deliver_counts deliver_counts(const struct deliver *deliver)
{
	return deliver->counts;
}
