/* Goal: whatever is explained, the answer is JSON of ASCII without a number of a card's length, in
 * which pan_find() finds nothing. */
#include <stdlib.h>

#include "explain/explain.h"
#include "pan/fixture.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DIGITS_MAX 11

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct explained explained;
	static struct pan_scan scan;
	static char json[EXPLAIN_JSON_MAX];
	const struct hash_key key = {.k0 = 1};
	const struct explain_question question = {
		.data = bytes_of(data, size), .table = fixture_table()};
	struct err err = {0};
	size_t digits = 0;

	if (size == 0)
		return 0;
	require(explain_bytes(&question, &explained, &err));
	size_t len = explain_json(&explained, json, sizeof(json));
	require(len > 0);
	for (size_t i = 0; i < len; i++) {
		require(json[i] >= ' ' && json[i] < 0x7f);
		digits = json[i] >= '0' && json[i] <= '9' ? digits + 1 : 0;
		require(digits <= DIGITS_MAX);
	}
	pan_find(fixture_table(), &key, bytes_of(json, len), 0, len, true, true, &scan);
	require(scan.count == 0);
	return 0;
}
