#include "worker.h"

#include <assert.h>

#include "account/account.h"
#include "base/scratch.h"
#include "fact/sums.h"
#include "join/join.h"

#define FOLD_BYTES (1u << 31)
#define LEAD 8  /* packets between two steps of looking ahead */
#define LOOKS 3 /* steps behind the first */

struct worker {
	struct flow_table *flows;
	struct streams *streams;
	struct inspect *inspect;
	struct account *account;
	struct contacts_fold *contacts;
	struct emit *emit;
	struct hash_key key;
	uint64_t now_ns; /* every due time up to it was served */
	uint64_t minute; /* the open one; UINT64_MAX: no packet yet */
	uint16_t epoch;  /* of the rows in account, never 0: another when they leave.  In the 45
			  * days until one comes back, no flow lives without payload */
	bool no_room;    /* for further sums of this minute */
	struct inspect_place place;
	uint64_t packets, inspected, refused_flow;
	uint64_t limits_told[LIMIT_COUNT];
	/* The next batch, as far as it is known. */
	const struct packet *expected[WORKER_BATCH];
	uint32_t likely[WORKER_BATCH];
	uint32_t expected_count;
};

/* The walk, top-down. */
static void take_packet(struct worker *worker, const struct packet *packet, uint32_t likely);
static void advance(struct worker *worker, uint64_t now_ns);
static void take_spans(struct worker *worker, uint32_t flow, const struct packet *packet);
static void close_minute(struct worker *worker, uint64_t stamp_ns);
static void fold_flow(void *self, uint32_t number);
static void name_contact(struct worker *worker, uint32_t flow, struct bytes name);

static void guess(struct worker *worker, uint32_t i)
{
	worker->likely[i] = flow_guess(worker->flows, worker->expected[i]);
}

static void ask_states(struct worker *worker, uint32_t i)
{
	const struct flow *flow = flow_at(worker->flows, worker->likely[i]);

	if (worker->likely[i] == 0)
		return;
	flow_prefetch(worker->flows, worker->expected[i], worker->likely[i]);
	if (worker->expected[i]->payload_wire == 0)
		return;
	stream_prefetch(worker->streams, flow);
	inspect_prefetch(worker->inspect, flow);
}

static void ask_parser(struct worker *worker, uint32_t i)
{
	if (worker->likely[i] != 0 && worker->expected[i]->payload_wire != 0)
		inspect_prefetch_parser(worker->inspect, flow_at(worker->flows, worker->likely[i]));
}

/* The steps that are due once n packets are expected: each finds what the one before it asked
 * for, LEAD packets ago: bucket, flow, its states, its parser.  (Below 0 wraps.) */
static inline void look_ahead(struct worker *worker, uint32_t n)
{
	uint32_t at = n - 1 - LEAD, count = worker->expected_count;

	if (at < count)
		guess(worker, at);
	at -= LEAD;
	if (at < count)
		ask_states(worker, at);
	at -= LEAD;
	if (at < count)
		ask_parser(worker, at);
}

void worker_expect(struct worker *worker, const struct packet *packet)
{
	assert(worker->expected_count < WORKER_BATCH);
	worker->expected[worker->expected_count++] = packet;
	flow_expect(worker->flows, packet->hash);
	look_ahead(worker, worker->expected_count);
}

void worker_packets(struct worker *worker, const struct packet packets[], uint32_t count)
{
	assert(count == worker->expected_count);
	for (uint32_t n = count + 1; n <= count + LOOKS * LEAD; n++)
		look_ahead(worker, n);
	for (uint32_t i = 0; i < count; i++)
		take_packet(worker, &packets[i], worker->likely[i]);
	worker->expected_count = 0;
	worker->packets += count;
}

/* The row to book a flow's bytes to: its subject, in the minute at hand. */
static struct account_counts *find_books(struct worker *worker, uint32_t flow, uint16_t source)
{
	const struct tuple *tuple = flow_key(worker->flows, flow);
	const struct flow *record = flow_at(worker->flows, flow);
	struct account_key key = {
		.minute = worker->minute, .source = source, .tenant = tuple->tenant};
	struct subject subject;

	inspect_subject(worker->inspect, record, tuple, &subject);
	key.merchant = subject.merchant;
	if (!subject.guessed && (!subject.nobody || subject.own))
		key.server = subject.end == 0 ? tuple->src : tuple->dst;
	return account_row(worker->account, &key);
}

/* Found once a minute; without state the subject may still change with each packet. */
static struct account_counts *books_of(struct worker *worker, uint32_t flow, uint16_t source)
{
	struct inspect_books *books = inspect_books(worker->inspect, flow_at(worker->flows, flow));
	struct account_counts *counts;
	uint32_t number;

	if (books == NULL)
		return find_books(worker, flow, source);
	if (books->epoch == worker->epoch && books->source == source)
		return account_at(worker->account, books->row);
	counts = find_books(worker, flow, source);
	number = account_number(worker->account, counts);
	if (number <= UINT16_MAX)
		*books = (struct inspect_books){
			.epoch = worker->epoch, .row = (uint16_t)number, .source = source};
	return counts;
}

static void book_unowned(
	struct worker *worker, const struct packet *packet, enum skip_reason reason)
{
	struct account_key key = {
		.minute = worker->minute, .source = packet->source, .tenant = packet->tuple.tenant};
	struct account_counts *counts = account_row(worker->account, &key);

	counts->packets++;
	counts->payload += packet->payload_wire;
	counts->skipped[reason] += packet->payload_wire;
}

/* What the last push came to, beside what its spans will. */
static void book_push(struct worker *worker, const struct packet *packet, uint32_t flow,
	struct account_counts *counts)
{
	const struct stream_counters *last = stream_last(worker->streams);
	const struct flow *record = flow_at(worker->flows, flow);

	counts->duplicate += (int64_t)last->duplicate;
	counts->pending += (int64_t)last->pending;
	counts->missing += (int64_t)last->missing;
	counts->conflict += (int64_t)last->conflict;
	counts->skipped[SKIP_REASSEMBLY] += (int64_t)last->skipped_reassembly;
	counts->skipped[SKIP_CONFLICT] += (int64_t)last->skipped_conflict;
	if (packet == NULL)
		return;
	counts->packets++;
	counts->payload += packet->payload_wire;
	counts->skipped[SKIP_TRUNCATED] += packet->payload_wire - packet->payload_len;
	if ((record->flags & FLOW_ANSWERED) == 0)
		counts->one_sided += packet->payload_wire;
}

static void take_packet(struct worker *worker, const struct packet *packet, uint32_t likely)
{
	struct flow *record;
	uint8_t dir;

	if (packet->pos.now_ns > worker->now_ns || worker->minute == UINT64_MAX)
		advance(worker, packet->pos.now_ns);
	emit_at(worker->emit, packet->pos.now_ns, STAMP_PACKET, packet->pos.ord);
	uint32_t flow = flow_touch(worker->flows, packet, likely, &dir);
	if (flow == 0) {
		worker->refused_flow++;
		book_unowned(worker, packet, SKIP_FLOW_TABLE);
		return;
	}
	record = flow_at(worker->flows, flow);
	if (record->bytes[dir] > FOLD_BYTES)
		fold_flow(worker, flow); /* its 32-bit sum must not wrap within a minute */
	if ((packet->flags & PACKET_OPAQUE) != 0) {
		book_unowned(worker, packet, SKIP_PROTOCOL);
		return;
	}
	if (packet->payload_wire == 0 && record->stream == 0)
		return; /* nothing to acknowledge */
	worker->place = (struct inspect_place){.packet_ns = packet->ts_ns,
		.frame = packet->frame_number,
		.source = packet->source};
	stream_push(worker->streams, worker->flows, flow, dir, packet);
	/* Without payload there is nothing to book but what it settled. */
	take_spans(worker, flow, packet->payload_wire == 0 ? NULL : packet);
	if (record->stream == 0 &&
		inspect_rest(worker->inspect, worker->flows, flow) == INSPECT_IDLE) {
		fold_flow(worker, flow);
		inspect_end(worker->inspect, worker->flows, flow);
	}
}

static void book_skipped(struct account_counts *counts, const int64_t skipped[])
{
	for (int i = 0; i < SKIP_REASON_COUNT; i++) {
		counts->skipped[i] += skipped[i];
		counts->inspected -= skipped[i];
	}
}

/* What the packet, if any, and its spans come to is booked where the flow's bytes belong
 * before they are read. */
static void take_spans(struct worker *worker, uint32_t flow, const struct packet *packet)
{
	struct account_counts *counts = NULL;
	SCRATCH struct span span;

	while (stream_pull(worker->streams, &span)) {
		SCRATCH int64_t skipped[SKIP_REASON_COUNT];

		if (counts == NULL) {
			inspect_meet(worker->inspect, worker->flows, flow, &span, &worker->place);
			counts = books_of(worker, flow, worker->place.source);
			book_push(worker, packet, flow, counts);
		}
		counts->inspected += (int64_t)span.data.len;
		if (inspect_span(worker->inspect, &span, skipped))
			book_skipped(counts, skipped);
		if (inspect_name(worker->inspect).len > 0) {
			name_contact(worker, flow, inspect_name(worker->inspect));
			inspect_name_told(worker->inspect);
		}
		worker->inspected += span.data.len;
	}
	if (packet == NULL)
		return;
	if (counts == NULL) {
		counts = books_of(worker, flow, packet->source);
		book_push(worker, packet, flow, counts);
	}
	if (inspect_is_tls(worker->inspect, flow_at(worker->flows, flow))) /* its hello, too */
		counts->tls += packet->payload_wire;
}

/* Flows, holes and findings that wait, in order of their times, up to that time. */
static void serve(struct worker *worker, uint64_t until_ns)
{
	uint64_t due;

	while ((due = inspect_due(worker->inspect)) <= until_ns && due != STAMP_END_NS) {
		flow_expire(worker->flows, due);
		inspect_serve(worker->inspect, worker->flows, due);
	}
	flow_expire(worker->flows, until_ns);
}

static uint64_t next_due(const struct worker *worker)
{
	uint64_t flow = flow_next_due(worker->flows), inspect = inspect_due(worker->inspect);

	return flow < inspect ? flow : inspect;
}

/* Serves all that is due before now, and each minute that ends on the way: the sums of a
 * minute stand before what has waited to its very end. */
static void advance(struct worker *worker, uint64_t now_ns)
{
	uint64_t minute = now_ns / MINUTE_NS;

	if (worker->minute == minute && now_ns < next_due(worker)) { /* nearly always */
		worker->now_ns = now_ns;
		return;
	}

	if (worker->minute == UINT64_MAX)
		worker->minute = minute;
	while (worker->minute < minute) {
		uint64_t end_ns = (worker->minute + 1) * MINUTE_NS;
		uint64_t due;

		serve(worker, end_ns - 1);
		flow_expire(worker->flows, end_ns);
		close_minute(worker, end_ns);
		due = next_due(worker) / MINUTE_NS;
		worker->minute = due <= worker->minute ? worker->minute + 1
				 : due < minute        ? due
						       : minute;
	}
	serve(worker, now_ns);
	worker->now_ns = now_ns;
}

static inline void contact_of(const struct worker *worker, uint32_t number, struct subject *subject,
	struct contact_flow *out)
{
	const struct flow *flow = flow_at(worker->flows, number);
	const struct tuple *key = flow_key(worker->flows, number);

	inspect_subject(worker->inspect, flow, key, subject);
	*out = (struct contact_flow){.key = key,
		.subject = subject,
		.first_ns = flow_first(worker->flows, number).now_ns,
		.last_ns = flow->last_ns,
		.packets = {flow->packets[0], flow->packets[1]},
		.bytes = {flow->bytes[0], flow->bytes[1]},
		.client_end = flow->client_dir,
		.answered = (flow->flags & FLOW_ANSWERED) != 0,
		.listed = inspect_is_listed(worker->inspect, flow),
		.first = (flow->flags & FLOW_FOLDED) == 0,
		.app = inspect_app(worker->inspect, flow)};
}

/* A stranger called and little came of it: no contact, as contacts_add() would find out, too,
 * once it knew the subject.  Without state it is not listed. */
static bool is_call(const struct worker *worker, uint32_t number)
{
	const struct flow *flow = flow_at(worker->flows, number);
	uint32_t most = flow->bytes[0] > flow->bytes[1] ? flow->bytes[0] : flow->bytes[1];

	return !contact_is_more(flow->parse != 0, most) &&
	       inspect_is_stranger(
		       worker->inspect, flow_key(worker->flows, number), flow->client_dir);
}

static void fold_flow(void *self, uint32_t number)
{
	struct worker *worker = self;
	struct flow *flow = flow_at(worker->flows, number);
	struct contact_flow contact;
	struct subject subject;

	if (flow->packets[0] + flow->packets[1] == 0)
		return;
	if (!is_call(worker, number)) {
		contact_of(worker, number, &subject, &contact);
		if (!contacts_add(worker->contacts, worker->minute, &contact))
			return;
	}
	flow->flags |= FLOW_FOLDED;
	flow->packets[0] = flow->packets[1] = 0;
	flow->bytes[0] = flow->bytes[1] = 0;
}

/* Once a flow: its row gets the name at once, its sums at the minute's end. */
static void name_contact(struct worker *worker, uint32_t flow, struct bytes name)
{
	struct contact_name said = {
		.name = name, .at_ns = worker->emit->at.time_ns, .at_ord = worker->emit->at.ord};
	struct contact_flow contact;
	struct subject subject;

	contact_of(worker, flow, &subject, &contact);
	contacts_name(worker->contacts, &contact, &said);
}

/* What finds no room stays in the books for the next minute's end; once one does not, the
 * others are not waited for. */
static bool send_coverage(void *self, const struct account_row *row)
{
	struct worker *worker = self;
	struct fact_coverage *fact =
		worker->no_room ? NULL : emit_reserve(worker->emit, FACT_COVERAGE, sizeof(*fact));

	worker->no_room = fact == NULL;
	if (fact == NULL)
		return false;
	fact->row = *row;
	emit_commit(worker->emit, &fact->fact);
	return true;
}

static void limits_of(const struct worker *worker, uint64_t limits[static LIMIT_COUNT])
{
	const struct flow_counters *flows = flow_table_counters(worker->flows);

	inspect_limits(worker->inspect, limits);
	limits[LIMIT_FLOWS] = worker->refused_flow;
	limits[LIMIT_EVICTED] = flows->evicted_syn + flows->evicted_idle + flows->evicted_payload;
	limits[LIMIT_HOLES] = stream_counters(worker->streams)->forced;
	limits[LIMIT_ROWS] = account_overflow(worker->account);
	limits[LIMIT_SUMS] = contacts_refused(worker->contacts);
}

/* What was added since the last one; without room it is told with the next. */
static void send_limits(struct worker *worker)
{
	uint64_t now[LIMIT_COUNT];
	struct fact_limits *fact;

	limits_of(worker, now);
	if (memcmp(now, worker->limits_told, sizeof(now)) == 0)
		return;
	fact = emit_reserve(worker->emit, FACT_LIMITS, sizeof(*fact));
	if (fact == NULL)
		return;
	fact->minute = worker->minute;
	for (int i = 0; i < LIMIT_COUNT; i++)
		fact->count[i] = now[i] - worker->limits_told[i];
	emit_commit(worker->emit, &fact->fact);
	memcpy(worker->limits_told, now, sizeof(now));
}

/* The sums of the minute leave with one stamp, behind all timers of its end. */
static void close_minute(struct worker *worker, uint64_t stamp_ns)
{
	flow_each(worker->flows, fold_flow, worker);
	emit_at(worker->emit, stamp_ns, STAMP_TIMER, UINT64_MAX);
	contacts_send(worker->contacts, worker->emit);
	worker->no_room = false;
	account_take(worker->account, UINT64_MAX, send_coverage, worker);
	send_limits(worker);
	worker->epoch = worker->epoch == UINT16_MAX ? 1 : (uint16_t)(worker->epoch + 1);
}

static void flow_ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct worker *worker = self;
	struct flow *record = flow_at(worker->flows, flow);

	if (!evicted)
		emit_at(worker->emit, due_ns, STAMP_TIMER, flow_first(worker->flows, flow).ord);
	inspect_last_place(worker->inspect, record, &worker->place);
	if (record->stream != 0) {
		stream_end(worker->streams, worker->flows, flow);
		take_spans(worker, flow, NULL);
		stream_free(worker->streams, record);
	}
	inspect_end(worker->inspect, worker->flows, flow);
	fold_flow(worker, flow);
}

static void hole_due(void *self, uint32_t flow, uint64_t due_ns)
{
	struct worker *worker = self;
	const struct flow *record = flow_at(worker->flows, flow);

	emit_at(worker->emit, due_ns, STAMP_TIMER, flow_first(worker->flows, flow).ord);
	inspect_last_place(worker->inspect, record, &worker->place);
	stream_hole_due(worker->streams, worker->flows, flow);
	take_spans(worker, flow, NULL);
}

static void tell_mark(struct worker *worker, struct pos pos)
{
	struct spsc_control *control = worker->emit->ring.control;

	atomic_store_explicit(&control->words[MARK_TIME], pos.now_ns, memory_order_release);
	atomic_store_explicit(&control->words[MARK_ORD], pos.ord, memory_order_release);
}

void worker_reached(struct worker *worker, struct pos pos)
{
	if (pos.now_ns > worker->now_ns && worker->minute != UINT64_MAX)
		advance(worker, pos.now_ns);
	tell_mark(worker, pos);
}

void worker_finish(struct worker *worker)
{
	flow_expire(worker->flows, STAMP_END_NS);
	close_minute(worker, STAMP_END_NS);
	tell_mark(worker, (struct pos){.now_ns = STAMP_END_NS, .ord = UINT64_MAX});
}

/* Bytes a flow needs in all its rooms, with a request in flight; half of the
 * flows at most carry payload at once. */
struct worker_sizes worker_sizes_for(size_t memory)
{
	uint32_t flows = 1024;

	while (flows < (1u << 22) && (size_t)flows * 2 * 900 < memory)
		flows *= 2;
	return (struct worker_sizes){.flows = flows,
		.stream_flows = flows / 2 + 512,
		.stream_blocks = flows / 4 + 1024,
		.accounts = 16384,
		.inspect = {.flows = flows / 2 + 512,
			.inflaters = 64 + flows / 4096,
			.tails = 1024 + flows / 32,
			.gathers = 32 + flows / 4096, /* of 32 KiB, for long coded stretches */
			.cards = 256 + flows / 256,
			.sets = 2 + flows / 16384, /* of 250 KiB, for more than 64 cards */
			.holds = 2048 + flows / 16,
			.spreads = 256 + flows / 128, /* of 2.2 KiB */
			.contacts = 16384 + flows / 16}};
}

size_t worker_bytes(const struct worker_sizes *sizes)
{
	return sizeof(struct worker) + flow_table_bytes(sizes->flows) +
	       streams_bytes(sizes->stream_flows, sizes->stream_blocks) +
	       inspect_bytes(&sizes->inspect) + account_bytes(sizes->accounts) +
	       contacts_fold_bytes(sizes->inspect.contacts) + 4096;
}

struct worker *worker_new(struct arena *arena, const struct worker_sizes *sizes,
	const struct inspect_env *env, struct emit *emit)
{
	struct worker *worker = arena_take(arena, sizeof(*worker));
	struct flow_owner owner = {.ended = flow_ended, .hole_due = hole_due, .self = worker};

	assert(worker != NULL);
	worker->emit = emit;
	worker->minute = UINT64_MAX;
	worker->epoch = 1;
	worker->flows = flow_table_new(arena, sizes->flows, owner);
	worker->streams = streams_new(arena, sizes->stream_flows, sizes->stream_blocks);
	worker->inspect = inspect_new(arena, &sizes->inspect, env, emit);
	worker->account = account_new(arena, sizes->accounts, &env->key);
	worker->contacts = contacts_fold_new(arena, sizes->inspect.contacts, &env->key);
	return worker;
}

void worker_swap(struct worker *worker, const struct inspect_env *env)
{
	inspect_swap(worker->inspect, env);
}

uint64_t worker_quotas(const struct worker *worker)
{
	uint64_t sum = stream_counters(worker->streams)->skipped_reassembly;
	uint64_t limits[LIMIT_COUNT];

	limits_of(worker, limits);
	for (enum limit i = 0; i < LIMIT_COUNT; i++)
		sum += limit_is_quota(i) ? limits[i] : 0;
	for (int i = 0; i < FACT_KIND_COUNT; i++)
		sum += worker->emit->dropped[i];
	return sum;
}

uint64_t worker_bytes_inspected(const struct worker *worker)
{
	return worker->inspected;
}

uint64_t worker_packets_seen(const struct worker *worker)
{
	return worker->packets;
}

const struct flow_counters *worker_flows(const struct worker *worker)
{
	return flow_table_counters(worker->flows);
}
