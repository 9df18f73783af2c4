/* classify.c - the decision does not depend on the cut, and no byte is lost. */
#include "classify/classify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives all in pieces and returns what was decided. */
static struct classify decide(struct bytes data, size_t piece, uint16_t port)
{
	struct classify classify = {0};
	struct bytes held;
	size_t told = 0;

	for (struct bytes left = data; left.len > 0; left = bytes_skip(left, piece)) {
		struct bytes part = bytes_head(left, piece);

		if (classify_bytes(&classify, 0, part, false, port, 50000, &held))
			told += held.len + part.len;
	}
	classify_give_up(&classify, 0, &held);
	if (told + held.len != data.len)
		abort();
	return classify;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data + (size > 0), size - (size > 0));
	size_t piece = size > 0 && data[0] % 40 > 0 ? data[0] % 40 : 1;
	uint16_t port = size > 0 && data[0] > 127 ? 53 : 80;

	struct classify whole = decide(input, SIZE_MAX, port);
	struct classify cut = decide(input, piece, port);
	if (whole.parser != cut.parser || whole.raw[0] != cut.raw[0])
		abort();
	return 0;
}
