#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "capture/gunzip.h"
#include "encode.h"
#include "reading.h"

static void encode_three(struct encode *e)
{
	encode_pcap(e, PCAP_MICRO, 1);
	encode_record(e, false, 1, 0, 60, 60, 1);
	encode_record(e, false, 2, 0, 70, 70, 2);
	encode_record(e, false, 3, 0, 80, 80, 3);
}

/* Records of 1000 to 1996 bytes, so that they cross blocks at any place. */
static void encode_many(struct encode *e, uint32_t count)
{
	encode_pcap(e, PCAP_MICRO, 1);
	for (uint32_t i = 0; i < count; i++)
		encode_record(e, false, i, 0, 1000 + i % 997, i, (uint8_t)i);
}

static void expect_three(const struct reading *r)
{
	assert_string_equal(r->error, "");
	assert_int_equal(r->count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(r->frames[i].ts_ns, (i + 1) * UINT64_C(1000000000));
		assert_int_equal(r->frames[i].caplen, 60 + 10 * i);
		assert_int_equal(r->frames[i].fill, i + 1);
		assert_true(r->frames[i].right_bytes);
	}
}

static void both_formats_are_read_gzipped(void **state)
{
	struct encode pcap = {.big = true}, pcapng = {.big = true}, gz = {.big = false};
	struct reading r;

	(void)state;
	encode_three(&pcap);
	encode_gzip(&gz, encode_bytes(&pcap));
	read_bytes(&r, encode_bytes(&gz), 2);
	expect_three(&r);
	assert_string_equal(r.damage, "");
	gz.len = 0;
	encode_section(&pcapng);
	encode_interface(&pcapng, 1, 0, -1, 0);
	for (uint8_t i = 0; i < 3; i++)
		encode_packet(&pcapng, 0, (i + 1) * 1000000u, 60 + 10u * i, 60, i + 1);
	encode_gzip(&gz, encode_bytes(&pcapng));
	read_bytes(&r, encode_bytes(&gz), 2);
	expect_three(&r);
	assert_string_equal(r.damage, "");
	encode_free(&pcap);
	encode_free(&pcapng);
	encode_free(&gz);
}

static void members_follow_each_other_wherever_the_file_was_split(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	struct reading r;

	(void)state;
	encode_three(&e);
	for (size_t cut = 0; cut <= e.len; cut++) {
		gz.len = 0;
		encode_gzip(&gz, bytes_of(e.data, cut));
		encode_gzip(&gz, bytes_of(e.data + cut, e.len - cut));
		encode_raw(&gz, "\0\0\0\0\0", cut % 5); /* padding as of a tape */
		read_bytes(&r, encode_bytes(&gz), 32);
		expect_three(&r);
		assert_string_equal(r.damage, "");
	}
	encode_free(&e);
	encode_free(&gz);
}

static void garbage_behind_the_stream_is_damage_behind_all_frames(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	struct reading r;

	(void)state;
	encode_three(&e);
	encode_gzip(&gz, encode_bytes(&e));
	encode_raw(&gz, "\0\0x", 3);
	read_bytes(&r, encode_bytes(&gz), 32);
	expect_three(&r);
	assert_string_equal(r.damage, "garbage behind the gzip stream at inflated offset 282");
	encode_free(&e);
	encode_free(&gz);
}

/* The frames that could be inflated count, never more and never wrong ones. */
static void a_stream_cut_at_any_byte_is_damage(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	struct reading r;
	uint32_t most = 0;

	(void)state;
	encode_three(&e);
	encode_gzip(&gz, encode_bytes(&e));
	for (size_t len = 2; len < gz.len; len++) {
		read_bytes(&r, bytes_of(gz.data, len), 32);
		if (r.error[0] != '\0') {
			assert_int_equal(most, 0);
			assert_string_equal(r.error, "a.pcap: gzip stream truncated before the "
						     "first bytes of a capture");
			continue;
		}
		assert_non_null(strstr(r.damage, "gzip stream truncated at inflated offset "));
		assert_true(r.count >= most && r.count <= 3);
		most = r.count;
		for (uint32_t i = 0; i < r.count; i++)
			assert_true(r.frames[i].right_bytes);
	}
	assert_int_equal(most, 3); /* the trailer was missing */
	gz.data[gz.len - 6] ^= 1;
	read_bytes(&r, encode_bytes(&gz), 32);
	expect_three(&r);
	assert_string_equal(r.damage, "gzip stream damaged at inflated offset 282");
	encode_free(&e);
	encode_free(&gz);
}

static void a_capture_cut_before_it_was_gzipped_tells_the_inflated_offset(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	struct reading r;

	(void)state;
	encode_three(&e);
	encode_gzip(&gz, bytes_of(e.data, e.len - 1));
	read_bytes(&r, encode_bytes(&gz), 32);
	assert_int_equal(r.count, 2);
	assert_string_equal(r.damage, "truncated record at inflated offset 186");
	encode_free(&e);
	encode_free(&gz);
}

static void what_is_gzipped_must_be_a_capture(void **state)
{
	struct encode gz = {.big = false};
	struct reading r;

	(void)state;
	encode_gzip(&gz, bytes_of("hello", 5));
	read_bytes(&r, encode_bytes(&gz), 32);
	assert_string_equal(r.error, "a.pcap: not a capture: begins with 68 65 6c 6c (inflated), "
				     "known are pcap and pcapng, plain or gzip'd");
	encode_free(&gz);
}

static void records_cross_blocks_at_any_place(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	struct reading plain, inflated;

	(void)state;
	encode_many(&e, 4000);
	encode_gzip(&gz, encode_bytes(&e));
	for (uint32_t batch = 1; batch <= 32; batch += 31) {
		read_bytes(&plain, encode_bytes(&e), batch);
		read_bytes(&inflated, encode_bytes(&gz), batch);
		assert_int_equal(plain.count, 4000);
		assert_memory_equal(&plain, &inflated, sizeof(plain));
	}
	encode_free(&e);
	encode_free(&gz);
}

static void a_gzipped_record_of_16_mib_is_read(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	struct reading r;

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	encode_record(&e, false, 1, 0, 5, 5, 1);
	encode_record(&e, false, 1, 0, (16u << 20) - 16, 9, 2);
	encode_record(&e, false, 2, 0, 4, 4, 3);
	encode_gzip(&gz, encode_bytes(&e));
	read_bytes(&r, encode_bytes(&gz), 8);
	assert_int_equal(r.count, 3);
	assert_true(r.frames[1].right_bytes);
	assert_true(r.frames[2].right_bytes);
	assert_string_equal(r.damage, "");
	encode_free(&e);
	encode_free(&gz);
}

/* Nobody gives anything back: all blocks but none twice are lent, then the
 * source is idle, and goes on where it was once the oldest block is free. */
static void a_block_is_not_used_again_while_it_is_held(void **state)
{
	static struct frame frames[4000];
	struct encode e = {.big = false}, gz = {.big = false};
	const char *name = "a.pcap";
	struct err err;
	uint32_t got = 0, again = 0;
	int n;

	(void)state;
	encode_many(&e, 4000);
	encode_gzip(&gz, encode_bytes(&e));
	struct bytes part = encode_bytes(&gz);
	struct source *source = source_memory(&part, &name, 1, &err);

	assert_non_null(source);
	while ((n = source_next(source, frames + got, 32)) > 0)
		got += (uint32_t)n;
	assert_int_equal(n, SOURCE_IDLE);
	source_wait(source, 1); /* comes back though nothing happened */
	assert_true(got > 7 * GUNZIP_FILL / 1500 && got < 4000);
	for (uint32_t i = 0; i < got; i++) {
		assert_int_equal(frames[i].data[0], (uint8_t)i);
		assert_int_equal(frames[i].wirelen, i);
		assert_int_equal(frames[i].data[frames[i].caplen - 1],
			encode_payload((uint8_t)i, frames[i].caplen - 1));
	}
	for (; frames[again].block == frames[0].block; again++)
		source_release(source, frames[again].block);
	source_wait(source, 0);
	n = source_next(source, frames, 32);
	assert_true(n > 0);
	assert_int_equal(frames[0].wirelen, got);
	assert_int_equal(frames[0].number, got + 1);
	source_close(source);
	encode_free(&e);
	encode_free(&gz);
}

struct hand_over {
	struct source *source;
	struct frame ring[256];
	_Atomic uint32_t put, taken;
	_Atomic bool ended;
	bool right;
};

static void *release_all(void *arg)
{
	struct hand_over *h = arg;

	for (;;) {
		uint32_t taken = atomic_load_explicit(&h->taken, memory_order_relaxed);

		if (taken == atomic_load_explicit(&h->put, memory_order_acquire)) {
			if (atomic_load(&h->ended) && taken == atomic_load(&h->put))
				return NULL;
			continue;
		}
		const struct frame *frame = &h->ring[taken % 256];

		for (uint32_t i = 0; i < frame->caplen; i++)
			h->right &=
				frame->data[i] == encode_payload((uint8_t)(frame->number - 1), i);
		source_release(h->source, frame->block);
		atomic_store_explicit(&h->taken, taken + 1, memory_order_release);
	}
}

static void blocks_come_back_from_another_thread(void **state)
{
	struct encode e = {.big = false}, gz = {.big = false};
	static struct hand_over h;
	const char *name = "a.pcap";
	struct err err;
	struct frame frames[32];
	pthread_t thread;
	uint32_t put = 0;

	(void)state;
	encode_many(&e, 6000);
	encode_gzip(&gz, encode_bytes(&e));
	struct bytes part = encode_bytes(&gz);

	h.source = source_memory(&part, &name, 1, &err);
	h.right = true;
	assert_non_null(h.source);
	assert_int_equal(0, pthread_create(&thread, NULL, release_all, &h));
	for (int n; (n = source_next(h.source, frames, 32)) != SOURCE_END;) {
		if (n == SOURCE_IDLE)
			source_wait(h.source, 100);
		for (int i = 0; i < n; i++, put++) {
			while (put - atomic_load_explicit(&h.taken, memory_order_acquire) == 256)
				;
			h.ring[put % 256] = frames[i];
			atomic_store_explicit(&h.put, put + 1, memory_order_release);
		}
	}
	atomic_store(&h.ended, true);
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_int_equal(put, 6000);
	assert_true(h.right);
	source_close(h.source);
	encode_free(&e);
	encode_free(&gz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats_are_read_gzipped),
		cmocka_unit_test(members_follow_each_other_wherever_the_file_was_split),
		cmocka_unit_test(garbage_behind_the_stream_is_damage_behind_all_frames),
		cmocka_unit_test(a_stream_cut_at_any_byte_is_damage),
		cmocka_unit_test(a_capture_cut_before_it_was_gzipped_tells_the_inflated_offset),
		cmocka_unit_test(what_is_gzipped_must_be_a_capture),
		cmocka_unit_test(records_cross_blocks_at_any_place),
		cmocka_unit_test(a_gzipped_record_of_16_mib_is_read),
		cmocka_unit_test(a_block_is_not_used_again_while_it_is_held),
		cmocka_unit_test(blocks_come_back_from_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
