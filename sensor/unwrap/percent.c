/* percent.c - a value that is percent-encoded (once more). */
#include "unwrap/layer.h"

static bool is_hex(uint8_t c)
{
	c = byte_lower(c);
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool percent_looks(struct bytes head)
{
	for (size_t at = bytes_find_byte(head, '%'); at != SIZE_MAX;
		at = bytes_find_byte(head, '%')) {
		head = bytes_skip(head, at + 1);
		if (head.len >= 2 && is_hex(head.ptr[0]) && is_hex(head.ptr[1]))
			return true;
	}
	return false;
}

static bool percent_open(struct unwrap *unwrap, struct node *node)
{
	(void)unwrap;
	(void)node;
	return true;
}

static void percent_flush(struct unwrap *unwrap, struct node *node)
{
	uint8_t out[TEXT_HELD_MAX];

	value_put(unwrap, node, bytes_of(out, text_end(&node->percent, out)));
	value_end(unwrap, node);
}

static void percent_run(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	uint8_t out[256 + TEXT_HELD_MAX];

	while (data.len > 0) {
		struct bytes part = bytes_head(data, 256);
		size_t n = text_percent_put(&node->percent, part, false, out);

		value_put(unwrap, node, bytes_of(out, n));
		data = bytes_skip(data, part.len);
	}
	if (last)
		percent_flush(unwrap, node);
}

const struct layer_code layer_percent = {.looks = percent_looks,
	.weak = true,
	.open = percent_open,
	.run = percent_run,
	.gap = percent_flush};
