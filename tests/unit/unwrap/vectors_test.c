/* Goal: the views of a body are what Python reads out of it, however it comes.
 * Method: forms and JSON written by Python when the tests are built, plain and
 * in every coding, whole, cut in two everywhere and in single bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "codec/vectors.h"
#include "guard.h"
#include "unwrap/record.h"

#define CUTS 120 /* places per body */

static struct record record;
static struct unwrap *unwrap;
static const char *vectors_path;

static void feed(
	struct bytes kind, struct bytes coding, struct bytes body, size_t first, size_t each)
{
	struct fed fed = {.unwrap = unwrap, .message = {.kind = MESSAGE_HTTP_REQUEST}};
	struct bytes none = bytes_of(NULL, 0);

	record_clear(&record);
	unwrap_open(unwrap, &fed.slot, &fed.message);
	fed_field(&fed, FIELD_HTTP_CONTENT_TYPE, none, kind, 1, 1);
	fed_field(&fed, FIELD_HTTP_CONTENT_CODING, none, coding, 1, 1);
	fed_field(&fed, FIELD_HTTP_BODY, none, body, first, each);
	unwrap_close(unwrap, &fed.slot, &fed.message);
	assert_int_equal(fed.slot, 0);
	record_closed(&record);
}

static bool is_view(uint32_t at, struct bytes layers, struct bytes key, struct bytes data)
{
	const struct seen *seen = &record.view[at];

	return at < record.count && bytes_equal(bytes_text(seen->layers), layers) &&
	       bytes_equal(bytes_of(seen->key, seen->key_len), key) &&
	       bytes_equal(record_data(&record, at), data) &&
	       seen->whole == (data.len <= FIELD_WHOLE);
}

static void check_views(struct bytes name, struct bytes *left)
{
	uint32_t count = (uint32_t)vectors_number(left);

	for (uint32_t i = 0; i < count; i++) {
		struct bytes layers = vectors_field(left), key = vectors_field(left);
		struct bytes data = vectors_field(left);

		if (is_view(2 + i, layers, key, data))
			continue;
		print_error("%.*s: view %u of %u: wanted %.*s \"%.*s\" of %zu, got %s of %zu\n",
			(int)name.len, (const char *)name.ptr, i, count, (int)layers.len,
			(const char *)layers.ptr, (int)key.len, (const char *)key.ptr, data.len,
			record.view[2 + i].layers, record.view[2 + i].len);
		fail();
	}
	assert_int_equal(record.count, 2 + count); /* the two header fields are views too */
}

static void check_vector(struct bytes *left)
{
	struct bytes name = vectors_field(left), kind = vectors_field(left);
	struct bytes coding = vectors_field(left), body = vectors_field(left);
	uint64_t sum;

	feed(kind, coding, guarded(body.ptr, body.len), body.len, 1);
	check_views(name, left);
	sum = record_sum(&record);
	if (body.len <= FIELD_WHOLE)
		return;
	size_t rest = body.len - FIELD_WHOLE;
	for (size_t cut = 1; cut < rest; cut += 1 + rest / CUTS) {
		feed(kind, coding, body, cut, rest);
		assert_int_equal(record_sum(&record), sum);
	}
	feed(kind, coding, body, 1, 1);
	assert_int_equal(record_sum(&record), sum);
}

static void every_body_gives_the_views_python_reads(void **state)
{
	struct bytes left = vectors_load(vectors_path);
	void *file = (void *)(uintptr_t)left.ptr;
	int count = 0;

	(void)state;
	for (; left.len > 0; count++) {
		check_vector(&left);
		guard_free();
	}
	assert_true(count > 300);
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING], 0);
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_BOMB], 0);
	assert_int_equal(unwrap_counters(unwrap)->state_refused, 0);
	free(file);
}

static int set_up(void **state)
{
	static struct arena arena;
	struct err err;

	(void)state;
	if (!arena_new(&arena, unwrap_bytes(2, 4) + 4096, &err))
		return -1;
	unwrap = unwrap_new(&arena, 2, 4, record_sink(&record));
	return unwrap == NULL ? -1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_body_gives_the_views_python_reads),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, set_up, NULL);
}
