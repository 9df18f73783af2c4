/* http_answer.c - whatever listens on the socket: no byte beyond the buffer, and
 * an answer that is whole stays the same when more arrives behind it. */
#include <stdlib.h>
#include <string.h>

#include "../../tools/sekisho/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly that many bytes, so that one too far is a crash. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

static void check_within(const struct http_answer *answer, const uint8_t *buffer, size_t size)
{
	if (answer->status < 200 || answer->status > 599)
		abort();
	if (answer->body.len > size ||
		(answer->body.len > 0 &&
			(answer->body.ptr < buffer ||
				answer->body.ptr + answer->body.len > buffer + size)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer whole, part;
	uint8_t *buffer = copy_of(data, size), *prefix;
	size_t half = size / 2;

	if (http_answer(buffer, size, true, &whole) == HTTP_MORE)
		abort();
	free(buffer);
	buffer = copy_of(data, size);
	enum http_rc rc = http_answer(buffer, size, false, &whole);
	if (rc == HTTP_DONE)
		check_within(&whole, buffer, size);
	prefix = copy_of(data, half);
	if (http_answer(prefix, half, false, &part) == HTTP_DONE) {
		check_within(&part, prefix, half);
		if (rc != HTTP_DONE || whole.status != part.status ||
			!bytes_equal(whole.body, part.body))
			abort();
	}
	free(prefix);
	free(buffer);
	return 0;
}
