/* peeled.h - what tests of the peeler share: the texts that came out, and writers of two codings
 * of their own. */
#ifndef SEKISHO_TEST_PAN_PEELED_H
#define SEKISHO_TEST_PAN_PEELED_H

#include "pan/peel.h"

#define PEELED_MAX 4096
#define PEELED_BYTES (8u << 20)

struct peeled {
	uint8_t depth;
	uint8_t layers[PEEL_DEPTH];
	uint64_t off; /* of the outermost stretch in the view */
	const uint8_t *data;
	size_t len;
};

struct peeled_list {
	uint32_t count;
	bool full; /* more came out than is kept */
	struct peeled text[PEELED_MAX];
	size_t used;
	uint8_t bytes[PEELED_BYTES];
};

void peeled_clear(struct peeled_list *list);
void peeled_add(struct peeled_list *list, const struct peel_text *text, uint64_t off);
/* In an order of their own, each once. */
void peeled_sort(struct peeled_list *list);
bool peeled_same(const struct peeled_list *a, const struct peeled_list *b);
/* The first text that holds these bytes, or NULL. */
const struct peeled *peeled_with(const struct peeled_list *list, struct bytes part);

/* Writes it to out, which has room; returns the length. */
size_t write_base64(struct bytes data, uint8_t *out);
size_t write_hex(struct bytes data, uint8_t *out);

#endif
