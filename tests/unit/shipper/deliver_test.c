/* Goal: the other side may lose, repeat, reorder, lie, pause or be silent: what
 * it acknowledged is gone, everything else is sent again, at the times that
 * deliver.h states.  Method: a link in memory, a clock by hand, a spool on the
 * disk model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "disk_model.h"
#include "shipper/deliver.h"

#define SEGMENT (1u << 20)
#define S UINT64_C(1000000000)
#define OUT_MAX 128

struct out {
	enum wire_kind kind;
	struct wire_hello hello;
	uint64_t first_seq;
	uint32_t count;
	size_t len;
};

struct lab {
	struct model model;
	struct spool_io io;
	struct spool *spool;
	struct link link;
	struct deliver *deliver;
	struct out out[OUT_MAX];
	int out_cnt, reopened;
	bool blocked;
	uint8_t in[64][128];
	size_t in_len[64];
	int in_cnt, in_at;
	uint64_t now;
};

static bool lab_send(void *self, const void *data, size_t len)
{
	struct lab *lab = self;
	struct wire_header header;
	struct bytes body, json;
	struct record record;
	struct wire_batch batch;

	if (lab->blocked)
		return false;
	assert_true(len <= sizeof(header) + WIRE_BATCH_MAX);
	assert_true(wire_get(bytes_of(data, len), &header, &body));
	assert_int_equal(header.sensor_id, spool_state(lab->spool).sensor_id);
	assert_int_equal(header.epoch, spool_state(lab->spool).epoch);
	struct out *out = &lab->out[lab->out_cnt++];
	assert_true(lab->out_cnt < OUT_MAX);
	*out = (struct out){.kind = header.kind, .len = len};
	if (header.kind == WIRE_HELLO) {
		assert_int_equal(body.len, sizeof(out->hello));
		memcpy(&out->hello, body.ptr, sizeof(out->hello));
		return true;
	}
	memcpy(&batch, body.ptr, sizeof(batch));
	out->first_seq = batch.first_seq;
	out->count = batch.count;
	assert_in_range(batch.count, 1, WIRE_BATCH_EVENTS_MAX);
	body = bytes_skip(body, sizeof(batch));
	for (uint32_t i = 0; i < batch.count; i++) {
		assert_true(wire_record(&body, &record, &json));
		assert_int_equal(record.n, batch.first_seq + i);
	}
	assert_int_equal(body.len, 0);
	return true;
}

static size_t lab_receive(void *self, void *out, size_t size)
{
	struct lab *lab = self;

	if (lab->in_at == lab->in_cnt)
		return 0;
	size_t len = lab->in_len[lab->in_at];
	assert_true(len <= size);
	memcpy(out, lab->in[lab->in_at++], len);
	return len;
}

static bool lab_reopen(void *self)
{
	((struct lab *)self)->reopened++;
	return true;
}

static void put(struct lab *lab, uint64_t from, uint64_t to, uint32_t json_len)
{
	static uint8_t body[SPOOL_BODY_MAX];
	struct err err = {0};

	for (uint64_t n = from; n <= to; n++) {
		struct spool_origin origin = {.ring = 1, .position = n};
		struct record record = {.n = n, .run = 2, .kind = EVENT_ALERT, .len = json_len};
		struct bytes bytes = bytes_of(body, sizeof(record) + json_len);
		memcpy(body, &record, sizeof(record));
		memset(body + sizeof(record), 'x', json_len);
		while (spool_admit(lab->spool, &origin, bytes, SPOOL_WAITS) != SPOOL_TAKEN)
			assert_true(spool_sync(lab->spool, &err));
	}
	assert_true(spool_sync(lab->spool, &err));
}

static int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	const struct spool_conf conf = {
		.path = "spool", .sensor = "lab", .bytes = 32 * SEGMENT, .segment_bytes = SEGMENT};
	struct err err = {0};

	assert_non_null(lab);
	model_open(&lab->model, SEGMENT, &lab->io);
	lab->spool = spool_open(&lab->io, &conf, &err);
	assert_non_null(lab->spool);
	lab->link = (struct link){
		.self = lab, .send = lab_send, .receive = lab_receive, .reopen = lab_reopen};
	lab->deliver = deliver_new(lab->spool, &lab->link, "sensor-1", 1);
	assert_non_null(lab->deliver);
	lab->now = 1000 * S;
	*state = lab;
	return 0;
}

static int lab_close(void **state)
{
	struct lab *lab = *state;

	deliver_free(lab->deliver);
	spool_close(lab->spool);
	model_close(&lab->model);
	free(lab);
	return 0;
}

static void ack_as(struct lab *lab, uint64_t epoch, uint64_t hw, uint32_t credit, uint32_t reason)
{
	struct wire_ack ack = {.hw_seq = hw, .credit = credit, .reason = reason};

	lab->in_len[lab->in_cnt] = wire_put(lab->in[lab->in_cnt], sizeof(lab->in[0]), WIRE_ACK,
		spool_state(lab->spool).sensor_id, epoch, bytes_of(&ack, sizeof(ack)));
	lab->in_cnt++;
}

static void ack(struct lab *lab, uint64_t hw, uint32_t credit, uint32_t reason)
{
	ack_as(lab, spool_state(lab->spool).epoch, hw, credit, reason);
}

/* Forgets what was sent, steps until nothing moves. */
static void step(struct lab *lab)
{
	lab->out_cnt = 0;
	while (deliver_step(lab->deliver, lab->now))
		continue;
	lab->in_cnt = lab->in_at = 0;
}

static void batch_is(const struct lab *lab, int i, uint64_t first, uint32_t count)
{
	assert_true(i < lab->out_cnt);
	assert_int_equal(lab->out[i].kind, WIRE_BATCH);
	assert_int_equal(lab->out[i].first_seq, first);
	assert_int_equal(lab->out[i].count, count);
}

static void hello_comes_first_and_credit_opens_the_way(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 1000, 100);
	step(lab);
	assert_int_equal(lab->out_cnt, 1);
	assert_int_equal(lab->out[0].kind, WIRE_HELLO);
	assert_int_equal(lab->out[0].hello.oldest_seq, 1);
	assert_int_equal(lab->out[0].hello.next_seq, 1001);
	assert_string_equal(lab->out[0].hello.name, "sensor-1");
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
	ack(lab, 0, 64, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 2);
	batch_is(lab, 0, 1, 512);
	batch_is(lab, 1, 513, 488);
	ack(lab, 512, 64, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
	assert_int_equal(spool_state(lab->spool).acked, 512);
	ack(lab, 1000, 64, 0);
	step(lab);
	assert_int_equal(spool_state(lab->spool).acked, 1000);
	lab->now += 1000 * S;
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
}

static void a_batch_stays_below_its_limit_in_bytes(void **state)
{
	struct lab *lab = *state;
	uint64_t next = 1;

	put(lab, 1, 60, EVENT_JSON_MAX);
	ack(lab, 0, 64, 0);
	step(lab);
	for (int i = 1; i < lab->out_cnt; i++) {
		assert_int_equal(lab->out[i].first_seq, next);
		assert_in_range(lab->out[i].count, 1, 15);
		next += lab->out[i].count;
	}
	assert_int_equal(next, 61);
}

static void credit_limits_the_batches_under_way(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 5000, 40);
	ack(lab, 0, 2, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 3);
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
	ack(lab, 512, 2, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 1);
	batch_is(lab, 0, 1025, 512);
	ack(lab, 1024, 0, 2);
	step(lab);
	ack(lab, 1536, 0, 2);
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
	ack(lab, 1536, 1000000, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 7);
	batch_is(lab, 0, 1537, 512);
}

static void a_gap_rewinds_once_for_many_answers(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 2048, 40);
	ack(lab, 0, 64, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 5);
	for (int i = 0; i < 3; i++)
		ack(lab, 512, 64, 1);
	step(lab);
	assert_int_equal(lab->out_cnt, 3);
	batch_is(lab, 0, 513, 512);
	ack(lab, 512, 64, 1);
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
	lab->now += 2 * S;
	ack(lab, 512, 64, 1);
	step(lab);
	assert_int_equal(lab->out_cnt, 3);
	assert_int_equal(deliver_counts(lab->deliver).rewinds, 2);
}

static void old_repeated_and_reordered_acks_change_nothing(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 2048, 40);
	ack(lab, 0, 64, 0);
	step(lab);
	ack(lab, 1536, 64, 0);
	ack(lab, 1536, 64, 0);
	ack(lab, 512, 0, 0);
	ack(lab, 1024, 0, 0);
	step(lab);
	assert_int_equal(spool_state(lab->spool).acked, 1536);
	assert_int_equal(lab->out_cnt, 0);
	put(lab, 2049, 2050, 40);
	step(lab);
	batch_is(lab, 0, 2049, 2);
}

static void answers_that_are_not_for_us_are_counted_and_ignored(void **state)
{
	struct lab *lab = *state;
	uint64_t epoch = spool_state(lab->spool).epoch;

	put(lab, 1, 100, 40);
	step(lab);
	ack_as(lab, epoch + 1, 50, 64, 0);
	ack(lab, 101, 64, 0); /* never sent */
	ack(lab, UINT64_MAX, 64, 1);
	ack(lab, 50, 64, 0);
	lab->in[3][40] ^= 1; /* its sum is wrong */
	lab->in[4][0] = 0;
	lab->in_len[4] = 1;
	lab->in_cnt++;
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
	assert_int_equal(spool_state(lab->spool).acked, 0);
	assert_int_equal(deliver_counts(lab->deliver).acks_odd, 5);
	assert_int_equal(deliver_counts(lab->deliver).acks, 0);
}

static void without_an_answer_all_is_sent_again_after_five_seconds_doubling(void **state)
{
	struct lab *lab = *state;
	uint64_t span = 5 * S;

	put(lab, 1, 10, 40);
	ack(lab, 0, 64, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 2);
	for (int round = 0; round < 6; round++) {
		lab->now += span / 4 * 3 - S / 100;
		ack(lab, 0, 64, 0); /* alive, but nothing stored */
		step(lab);
		assert_int_equal(lab->out_cnt, 0);
		lab->now += span / 2 + S / 50;
		ack(lab, 0, 64, 0);
		step(lab);
		assert_int_equal(lab->out_cnt, 2);
		assert_int_equal(lab->out[0].kind, WIRE_HELLO);
		batch_is(lab, 1, 1, 10);
		span = span * 2 < 60 * S ? span * 2 : 60 * S;
	}
	assert_int_equal(lab->reopened, 0);
	ack(lab, 4, 64, 0);
	step(lab);
	lab->now += 7 * S; /* five again */
	step(lab);
	assert_int_equal(lab->out_cnt, 2);
	batch_is(lab, 1, 5, 6);
}

static void silence_for_fifteen_seconds_makes_a_new_socket(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 10, 40);
	lab->blocked = true;
	step(lab);
	lab->now += 11 * S;
	step(lab);
	assert_int_equal(lab->reopened, 0);
	lab->now += 8 * S;
	step(lab);
	assert_int_equal(lab->reopened, 1);
	lab->blocked = false;
	step(lab);
	assert_int_equal(lab->out[0].kind, WIRE_HELLO);
	lab->now += 22 * S; /* thirty now */
	step(lab);
	assert_int_equal(lab->reopened, 1);
	lab->now += 16 * S;
	step(lab);
	assert_int_equal(lab->reopened, 2);
	ack(lab, 0, 64, 0);
	step(lab);
	lab->now += 19 * S;
	step(lab);
	assert_int_equal(lab->reopened, 3);
}

static void with_nothing_to_say_silence_is_fine(void **state)
{
	struct lab *lab = *state;

	step(lab);
	lab->now += 3600 * S;
	step(lab);
	assert_int_equal(lab->reopened, 0);
	assert_int_equal(deliver_counts(lab->deliver).resends, 0);
}

/* Its store was restored from a copy: what is kept goes again, as often as it takes. */
static void an_aggregator_of_the_past_gets_what_is_kept(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 1000, 40);
	ack(lab, 600, 64, 0);
	step(lab);
	ack(lab, 300, 64, 1);
	step(lab);
	assert_true(deliver_is_behind(lab->deliver));
	assert_int_equal(lab->out[0].kind, WIRE_HELLO);
	assert_int_equal(lab->out[0].hello.oldest_seq, 1);
	batch_is(lab, 1, 301, 512);
	batch_is(lab, 2, 813, 188);
	assert_int_equal(spool_state(lab->spool).acked, 600);
	ack(lab, 1000, 64, 0); /* of before the copy was put back: there is none of it */
	step(lab);
	assert_false(deliver_is_behind(lab->deliver));
	ack(lab, 100, 64, 1);
	lab->now += 2 * S;
	step(lab);
	batch_is(lab, 1, 101, 512);
	lab->now += 7 * S; /* though all was acknowledged once */
	step(lab);
	assert_int_equal(lab->out[0].kind, WIRE_HELLO);
	batch_is(lab, 1, 101, 512);
	ack(lab, 612, 64, 0);
	ack(lab, 1000, 64, 0);
	step(lab);
	assert_false(deliver_is_behind(lab->deliver));
	lab->now += 60 * S;
	step(lab);
	assert_int_equal(lab->out_cnt, 0);
}

/* What the spool has deleted is told in HELLO: the aggregator counts it as lost. */
static void an_aggregator_of_long_ago_is_told_what_is_left(void **state)
{
	struct lab *lab = *state;
	struct err err = {0};

	put(lab, 1, 1000, 12000);
	lab->in_cnt = 0;
	ack(lab, 1000, 64, 0);
	step(lab);
	assert_true(spool_tend(lab->spool, 1, &err));
	uint64_t oldest = spool_state(lab->spool).oldest;
	assert_in_range(oldest, 2, 999);
	ack(lab, 0, 64, 1);
	step(lab);
	assert_int_equal(lab->out[0].kind, WIRE_HELLO);
	assert_int_equal(lab->out[0].hello.oldest_seq, oldest);
	assert_int_equal(lab->out[1].first_seq, oldest);
}

static void what_was_acknowledged_before_the_start_is_not_sent(void **state)
{
	struct lab *lab = *state;

	put(lab, 1, 1000, 40);
	ack(lab, 700, 64, 0);
	step(lab);
	assert_int_equal(lab->out_cnt, 2);
	batch_is(lab, 1, 701, 300);
	assert_int_equal(deliver_counts(lab->deliver).events, 300);
}

#define T(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(hello_comes_first_and_credit_opens_the_way),
		T(a_batch_stays_below_its_limit_in_bytes),
		T(credit_limits_the_batches_under_way),
		T(a_gap_rewinds_once_for_many_answers),
		T(old_repeated_and_reordered_acks_change_nothing),
		T(answers_that_are_not_for_us_are_counted_and_ignored),
		T(without_an_answer_all_is_sent_again_after_five_seconds_doubling),
		T(silence_for_fifteen_seconds_makes_a_new_socket),
		T(with_nothing_to_say_silence_is_fine),
		T(an_aggregator_of_the_past_gets_what_is_kept),
		T(an_aggregator_of_long_ago_is_told_what_is_left),
		T(what_was_acknowledged_before_the_start_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
