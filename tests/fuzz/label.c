/* label.c - nDPI through our glue: any spans of any flow give a word of the
 * table or none, states come back, and the same bytes give the same label after
 * whatever other flows.
 *
 * The input is spans: a head (bit 0 direction, 1 datagram, 2 a new flow), two
 * bytes of the server's port, one of the length in units of 8, then the bytes. */

#include "classify/label.h"
#include "require.h"

#define STATES 2
#define HEAD_LEN 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t label_all(struct labels *labels, const uint8_t *data, size_t size)
{
	uint32_t state = 0;
	uint64_t sum = 0;

	while (size >= HEAD_LEN) {
		size_t len = (size_t)data[3] * 8;
		struct label_span span = {.dir = data[0] & 1,
			.datagram = (data[0] & 2) != 0,
			.client_port = 50123,
			.server_port = (uint16_t)(data[1] << 8 | data[2])};

		if ((data[0] & 4) != 0) {
			label_drop(labels, &state);
			state = 0;
		}
		data += HEAD_LEN;
		size -= HEAD_LEN;
		len = len < size ? len : size;
		span.data = bytes_of(data, len);
		uint16_t label = label_span(labels, &state, &span);
		require(label == 0 || label_word(label) != NULL);
		sum = sum * 31 + label;
		data += len;
		size -= len;
	}
	label_drop(labels, &state);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct labels *labels; /* made once: it must not remember */
	struct err err = {0};

	if (labels == NULL)
		require(labels_new(&labels, STATES, &err));
	uint64_t first = label_all(labels, data, size);
	require(label_all(labels, data, size) == first);
	require(label_counters(labels)->state_refused == 0);
	return 0;
}
