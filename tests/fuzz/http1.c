/* http1.c - any bytes, whole and in pieces, tell the same messages by the rules. */
#include <stdlib.h>

#include "parse/say.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct say says[SAYS_MAX] = {0};
	size_t count = size > 0 ? says_of(bytes_of(data + 1, size - 1), says) : 0;
	size_t piece = size > 0 && data[0] > 0 ? data[0] : 1;

	if (!same_in_pieces(&parser_http1, says, count, piece))
		abort();
	return 0;
}
