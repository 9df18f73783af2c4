/* form.c - pairs: application/x-www-form-urlencoded (WHATWG URL 5.1), and
 * cookies (RFC 6265 section 4.2.1), which are pairs without any coding. */
#include "unwrap/layer.h"

#define LOOK_PAIRS 2 /* k=v&k= : one pair alone may be anything */

enum part { PART_SPACE, PART_KEY, PART_VALUE };

void form_start(struct node *node, uint8_t separator, bool plain)
{
	node->form = (struct form_state){
		.separator = separator, .plain = plain, .part = plain ? PART_SPACE : PART_KEY};
	node->key_len = 0;
	node->out.view.ordinal = 0;
}

static void flush(struct unwrap *unwrap, struct node *node)
{
	uint8_t out[TEXT_HELD_MAX];

	value_put(unwrap, node, bytes_of(out, text_end(&node->form.decoder, out)));
}

/* What stands before '=' is the key.  A key too long for one, or that was
 * encoded, is shown as well: it may be no key at all. */
static void end_key(struct unwrap *unwrap, struct node *node)
{
	struct form_state *form = &node->form;
	uint8_t len;

	flush(unwrap, node);
	len = node->hold_len < UNWRAP_KEY_MAX ? (uint8_t)node->hold_len : UNWRAP_KEY_MAX;
	memcpy(node->key, node->hold, len);
	if (node->begun || node->hold_len > UNWRAP_KEY_MAX || form->decoder.changed)
		value_end(unwrap, node);
	node->hold_len = 0;
	node->key_len = len;
	form->decoder.changed = false;
	form->part = PART_VALUE;
}

static void end_pair(struct unwrap *unwrap, struct node *node)
{
	struct form_state *form = &node->form;

	flush(unwrap, node);
	value_end(unwrap, node);
	node->key_len = 0;
	form->decoder.changed = false;
	form->part = form->plain ? PART_SPACE : PART_KEY;
	node->out.view.ordinal++;
}

static bool is_plain(const struct form_state *form, uint8_t c)
{
	if (c == form->separator || (c == '=' && form->part == PART_KEY))
		return false;
	return form->plain || (c != '%' && c != '+');
}

static void put_byte(struct unwrap *unwrap, struct node *node, uint8_t c)
{
	struct form_state *form = &node->form;
	uint8_t out[1 + TEXT_HELD_MAX];

	if (c == form->separator)
		end_pair(unwrap, node);
	else if (c == '=' && form->part == PART_KEY)
		end_key(unwrap, node);
	else
		value_put(unwrap, node,
			bytes_of(
				out, text_percent_put(&form->decoder, bytes_of(&c, 1), true, out)));
}

void form_put(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	struct form_state *form = &node->form;

	while (data.len > 0) {
		size_t n = 0;

		if (form->part == PART_SPACE) {
			while (n < data.len && data.ptr[n] == ' ')
				n++;
			form->part = n < data.len ? PART_KEY : PART_SPACE;
			data = bytes_skip(data, n);
			continue;
		}
		if (form->decoder.held_len == 0)
			while (n < data.len && is_plain(form, data.ptr[n]))
				n++;
		value_put(unwrap, node, bytes_head(data, n));
		data = bytes_skip(data, n);
		if (data.len == 0)
			break;
		put_byte(unwrap, node, data.ptr[0]);
		data = bytes_skip(data, 1);
	}
}

void form_end(struct unwrap *unwrap, struct node *node)
{
	end_pair(unwrap, node);
}

/* Letters, digits and _-.~%[]+*!$:@ as a set of bits. */
static bool is_key(uint8_t c)
{
	static const uint64_t set[4] = {
		UINT64_C(0x07ff6c3200000000), UINT64_C(0x47fffffeafffffff), 0, 0};

	return (set[c / 64] >> c % 64 & 1) != 0;
}

static bool is_value(uint8_t c)
{
	return c >= ' ' && c != 0x7f && c != '<' && c != '>' && c != '"' && c != '&';
}

static bool form_looks(struct bytes head)
{
	for (int pairs = 1;; pairs++) {
		size_t n = 0;

		while (n < head.len && n <= UNWRAP_KEY_MAX && is_key(head.ptr[n]))
			n++;
		if (n == 0 || n > UNWRAP_KEY_MAX || n == head.len || head.ptr[n] != '=')
			return false;
		if (pairs == LOOK_PAIRS)
			return true;
		while (n < head.len && is_value(head.ptr[n]))
			n++;
		if (n == head.len || head.ptr[n] != '&')
			return false;
		head = bytes_skip(head, n + 1);
	}
}

static bool form_open(struct unwrap *unwrap, struct node *node)
{
	(void)unwrap;
	form_start(node, '&', false);
	return true;
}

static bool cookie_open(struct unwrap *unwrap, struct node *node)
{
	(void)unwrap;
	form_start(node, ';', true);
	return true;
}

static void form_run(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	form_put(unwrap, node, data);
	if (last)
		form_end(unwrap, node);
}

/* What follows may be the rest of a value: no key until the next pair. */
static void form_gap(struct unwrap *unwrap, struct node *node)
{
	end_pair(unwrap, node);
	node->form.part = PART_VALUE;
}

const struct layer_code layer_form = {
	.looks = form_looks, .open = form_open, .run = form_run, .gap = form_gap};

const struct layer_code layer_cookie = {.open = cookie_open, .run = form_run, .gap = form_gap};
