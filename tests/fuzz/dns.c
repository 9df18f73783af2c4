/* dns.c - any bytes, over TCP in any cut and as a datagram. */
#include <stdlib.h>

#include "parse/say.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void datagrams(const struct say *says, size_t count)
{
	struct drive drive;

	drive_new(&drive, &parser_dns, 1);
	drive.io.datagram = true;
	for (size_t i = 0; i < count; i++)
		drive_data(&drive, says[i].dir, says[i].data);
	drive_end(&drive);
	if (!drive_clean(&drive))
		abort();
	drive_free(&drive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct say says[SAYS_MAX] = {0};
	size_t count = size > 0 ? says_of(bytes_of(data + 1, size - 1), says) : 0;
	size_t piece = size > 0 && data[0] > 0 ? data[0] : 1;

	if (!same_in_pieces(&parser_dns, says, count, piece))
		abort();
	datagrams(says, count);
	return 0;
}
