#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "event/wire.h"
#include "guard.h"

static size_t sample(uint8_t out[1024])
{
	struct wire_batch batch = {.first_seq = 9, .count = 2};
	struct record record = {.n = 1, .kind = EVENT_ALERT, .len = 5};
	uint8_t body[512];
	size_t len = 0;

	memcpy(body, &batch, sizeof(batch));
	len += sizeof(batch);
	for (int i = 0; i < 2; i++) {
		memcpy(body + len, &record, sizeof(record));
		memcpy(body + len + sizeof(record), "{\"a\":\0\0\0", 8);
		len += sizeof(record) + 8;
	}
	return wire_put(out, 1024, WIRE_BATCH, 77, 88, bytes_of(body, len));
}

static void what_was_put_is_got(void **state)
{
	uint8_t out[1024];
	struct wire_header header;
	struct bytes body, json;
	struct record record;

	(void)state;
	size_t len = sample(out);
	assert_true(wire_get(guarded(out, len), &header, &body));
	assert_int_equal(header.sensor_id, 77);
	assert_int_equal(header.epoch, 88);
	assert_int_equal(header.kind, WIRE_BATCH);
	struct bytes at = bytes_skip(body, sizeof(struct wire_batch));
	assert_true(wire_record(&at, &record, &json));
	assert_int_equal(json.len, 5);
	assert_true(wire_record(&at, &record, &json));
	assert_false(wire_record(&at, &record, &json));
	guard_free();
}

static void every_prefix_and_every_changed_byte_is_refused(void **state)
{
	uint8_t out[1024];
	struct wire_header header;
	struct bytes body;
	size_t len = sample(out);

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_false(wire_get(guarded(out, n), &header, &body));
	for (size_t n = sizeof(header); n < len; n++) {
		out[n] ^= 0x10;
		assert_false(wire_get(bytes_of(out, len), &header, &body));
		out[n] ^= 0x10;
	}
	guard_free();
}

static void a_record_longer_than_the_batch_is_refused(void **state)
{
	struct record record = {.len = EVENT_JSON_MAX + 1};
	struct bytes json, at;

	(void)state;
	at = guarded(&record, sizeof(record));
	assert_false(wire_record(&at, &record, &json));
	record.len = 8;
	at = guarded(&record, sizeof(record));
	assert_false(wire_record(&at, &record, &json));
	guard_free();
}

static void what_does_not_fit_is_not_put(void **state)
{
	uint8_t out[sizeof(struct wire_header) + 7];

	(void)state;
	assert_int_equal(wire_put(out, sizeof(out), WIRE_ACK, 1, 1, bytes_text("12345678")), 0);
	assert_int_equal(
		wire_put(out, sizeof(out), WIRE_ACK, 1, 1, bytes_text("1234567")), sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_got),
		cmocka_unit_test(every_prefix_and_every_changed_byte_is_refused),
		cmocka_unit_test(a_record_longer_than_the_batch_is_refused),
		cmocka_unit_test(what_does_not_fit_is_not_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
