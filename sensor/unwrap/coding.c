/* coding.c - content codings (RFC 9110 section 8.4.1), declared or seen.
 *
 * What cannot be decoded is shown as it stands: by the view the coding was
 * taken out of, or, if that one is silent, from here. */
#include "unwrap/layer.h"

static bool gzip_looks(struct bytes head)
{
	/* RFC 1952 section 2.3: magic, deflate, no reserved flag, a known operating system. */
	return head.len >= 18 && head.ptr[0] == 0x1f && head.ptr[1] == 0x8b && head.ptr[2] == 8 &&
	       (head.ptr[3] & 0xe0) == 0 && (head.ptr[9] <= 13 || head.ptr[9] == 255);
}

static bool note_open(struct unwrap *unwrap, struct node *node)
{
	node->out.body = true;
	if (node->coding.state == 0)
		unwrap->counters.inflate_refused++;
	return node->coding.state != 0;
}

static bool deflate_open(struct unwrap *unwrap, struct node *node)
{
	node->coding.state = inflate_open(unwrap->inflaters, INFLATE_AUTO);
	return note_open(unwrap, node);
}

static bool brotli_open(struct unwrap *unwrap, struct node *node)
{
	node->coding.expands = true;
	node->coding.state = expand_open(unwrap->expanders, EXPAND_BROTLI);
	return note_open(unwrap, node);
}

static bool zstd_open(struct unwrap *unwrap, struct node *node)
{
	node->coding.expands = true;
	node->coding.state = expand_open(unwrap->expanders, EXPAND_ZSTD);
	return note_open(unwrap, node);
}

static void coding_close(struct unwrap *unwrap, struct node *node)
{
	if (node->coding.expands)
		expand_close(unwrap->expanders, node->coding.state);
	else
		inflate_close(unwrap->inflaters, node->coding.state);
}

static enum inflate_rc step(
	struct unwrap *unwrap, struct node *node, struct bytes *data, bool last, struct bytes *out)
{
	uint32_t state = node->coding.state;

	return node->coding.expands ? expand_step(unwrap->expanders, state, data, last, out)
				    : inflate_step(unwrap->inflaters, state, data, last, out);
}

static struct bytes rest_of(const struct unwrap *unwrap, const struct node *node)
{
	return node->coding.expands ? expand_rest(unwrap->expanders, node->coding.state)
				    : inflate_rest(unwrap->inflaters, node->coding.state);
}

static size_t staged(const struct unwrap *unwrap, const struct node *node)
{
	return node->coding.expands ? expand_staged(unwrap->expanders, node->coding.state)
				    : inflate_staged(unwrap->inflaters, node->coding.state);
}

size_t coding_unused(const struct unwrap *unwrap, const struct node *node, bool all_staged)
{
	if (node->code->close != coding_close)
		return 0;
	return node->coding.left + (all_staged ? staged(unwrap, node) : rest_of(unwrap, node).len);
}

/* No more is decoded; from here on the view's own bytes are shown. */
static void stop(struct unwrap *unwrap, struct node *node)
{
	struct view *view = &node->out.view;

	value_end(unwrap, node);
	node->coding.over = true;
	view->depth--;
	view->layers[view->depth] = 0;
	node->out.codings = 0;
}

static void show_rest(struct unwrap *unwrap, struct node *node, struct bytes rest)
{
	if (node->coding.sole)
		value_put(unwrap, node, rest);
}

static void finish(struct unwrap *unwrap, struct node *node, enum inflate_rc rc)
{
	if (node->coding.declared && rc != INFLATE_DONE)
		coding_lost(unwrap, node, rc == INFLATE_BOMB ? SKIP_BOMB : SKIP_CODING);
	stop(unwrap, node);
	show_rest(unwrap, node, rest_of(unwrap, node));
}

static void decode(struct unwrap *unwrap, struct node *node, struct bytes *data, bool last)
{
	enum inflate_rc rc;
	struct bytes out;

	do {
		rc = step(unwrap, node, data, last, &out);
		node->coding.left = data->len;
		value_put(unwrap, node, out);
	} while (rc == INFLATE_OK && (data->len > 0 || out.len > 0 || last));
	if (rc != INFLATE_OK)
		finish(unwrap, node, rc);
}

static void coding_run(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	if (!node->coding.over)
		decode(unwrap, node, &data, last);
	if (node->coding.over)
		show_rest(unwrap, node, data);
	node->coding.left = 0;
	if (last)
		value_end(unwrap, node);
}

static void coding_gap(struct unwrap *unwrap, struct node *node)
{
	struct bytes none = bytes_of(NULL, 0);

	if (!node->coding.over) {
		decode(unwrap, node, &none, true);
		if (node->coding.declared)
			coding_lost(unwrap, node, SKIP_CODING);
	}
	value_end(unwrap, node);
}

const struct layer_code layer_gzip = {.looks = gzip_looks,
	.open = deflate_open,
	.run = coding_run,
	.gap = coding_gap,
	.close = coding_close};

const struct layer_code layer_deflate = {
	.open = deflate_open, .run = coding_run, .gap = coding_gap, .close = coding_close};

const struct layer_code layer_brotli = {
	.open = brotli_open, .run = coding_run, .gap = coding_gap, .close = coding_close};

const struct layer_code layer_zstd = {.looks = expand_is_zstd,
	.open = zstd_open,
	.run = coding_run,
	.gap = coding_gap,
	.close = coding_close};
