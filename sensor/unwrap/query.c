/* query.c - a request target or other URI (RFC 3986): the segments of its path that
 * percent-decoding changes, and the pairs of its query. */
#include "unwrap/layer.h"

#define PART_PATH 16 /* beside the parts of a form, which are smaller */

static void set_layer(struct node *node, enum layer layer)
{
	node->out.view.layers[node->out.view.depth - 1] = (uint8_t)layer;
}

static bool query_open(struct unwrap *unwrap, struct node *node)
{
	(void)unwrap;
	form_start(node, '&', false);
	node->form.part = PART_PATH;
	set_layer(node, LAYER_PERCENT);
	return true;
}

static void end_segment(struct unwrap *unwrap, struct node *node)
{
	uint8_t out[TEXT_HELD_MAX];

	value_put(unwrap, node, bytes_of(out, text_end(&node->form.decoder, out)));
	if (node->begun || node->form.decoder.changed)
		value_end(unwrap, node);
	node->hold_len = 0;
	node->form.decoder = (struct text_decoder){.held_len = 0};
}

static void put_segment(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	uint8_t out[256 + TEXT_HELD_MAX];

	while (data.len > 0) {
		struct bytes part = bytes_head(data, 256);
		size_t n = text_percent_put(&node->form.decoder, part, false, out);

		value_put(unwrap, node, bytes_of(out, n));
		data = bytes_skip(data, part.len);
	}
}

static void put_path(struct unwrap *unwrap, struct node *node, struct bytes path)
{
	size_t slash;

	while ((slash = bytes_find_byte(path, '/')) != SIZE_MAX) {
		put_segment(unwrap, node, bytes_head(path, slash));
		end_segment(unwrap, node);
		path = bytes_skip(path, slash + 1);
	}
	put_segment(unwrap, node, path);
}

static void end_path(struct unwrap *unwrap, struct node *node)
{
	end_segment(unwrap, node);
	form_start(node, '&', false);
	set_layer(node, LAYER_QUERY);
}

static struct bytes take_path(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	size_t mark = bytes_find_byte(data, '?');

	put_path(unwrap, node, bytes_head(data, mark));
	if (mark == SIZE_MAX)
		return bytes_of(NULL, 0);
	end_path(unwrap, node);
	return bytes_skip(data, mark + 1);
}

/* A '#' is not special: none is sent (RFC 9112 section 3.2), and who reads one
 * that was is unknown. */
static void query_run(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	if (node->form.part == PART_PATH)
		data = take_path(unwrap, node, data);
	if (node->form.part != PART_PATH)
		form_put(unwrap, node, data);
	if (last && node->form.part == PART_PATH)
		end_path(unwrap, node);
	if (last)
		form_end(unwrap, node);
}

static void query_gap(struct unwrap *unwrap, struct node *node)
{
	if (node->form.part == PART_PATH)
		end_path(unwrap, node);
	form_end(unwrap, node);
}

const struct layer_code layer_query = {.open = query_open, .run = query_run, .gap = query_gap};
