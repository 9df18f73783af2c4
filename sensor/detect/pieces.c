#include "detect/pieces.h"

#include <assert.h>

#include "base/scratch.h"

#define NEAR 4           /* names before the newest that may say where the tail begins */
#define NUMBER_DIGITS 5  /* of a label that counts, */
#define NUMBER_LETTERS 2 /* behind so many letters */
#define NO_NUMBER UINT32_MAX
#define LABEL_LONG 7 /* few words that name a machine need more */

static_assert(PIECES_NAMES <= UINT8_MAX, "numbers of names");

/* Where the last label begins. */
static size_t last_label(struct bytes name)
{
	size_t at = name.len;

	while (at > 0 && name.ptr[at - 1] != '.')
		at--;
	return at;
}

static struct bytes without_last(struct bytes name)
{
	size_t at = last_label(name);

	return bytes_head(name, at == 0 ? 0 : at - 1);
}

static uint32_t labels_of(struct bytes name)
{
	uint32_t count = 1;

	for (size_t i = 0; i < name.len; i++)
		count += name.ptr[i] == '.';
	return count;
}

static bool is_one_of(struct bytes label, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal_nocase(label, bytes_text(words[i])))
			return true;
	return false;
}

size_t pieces_domain(struct bytes name)
{
	static const char *const second[] = {"ac", "ad", "co", "com", "ed", "edu", "go", "gob",
		"gov", "gr", "lg", "ltd", "me", "ne", "net", "nom", "or", "org", "plc", "sch"};
	const size_t words = sizeof(second) / sizeof(second[0]);
	struct bytes left = without_last(name);
	size_t at = last_label(left);

	if (name.len - left.len == 3 && is_one_of(bytes_skip(left, at), second, words))
		left = without_last(left);
	return without_last(left).len;
}

bool pieces_carries(struct bytes rest)
{
	bool upper = false, lower = false;
	size_t label = 0;

	for (size_t i = 0; i < rest.len; i++) {
		uint8_t c = rest.ptr[i];

		if (c == '.') {
			upper = lower = false;
			label = 0;
			continue;
		}
		label++;
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
		if ((c >= '0' && c <= '9') || (upper && lower) || label > LABEL_LONG)
			return true;
	}
	return false;
}

static uint32_t number_of(struct bytes label)
{
	uint32_t value = 0;
	size_t at = 0;

	while (at < label.len && at < NUMBER_LETTERS && byte_lower(label.ptr[at]) >= 'a' &&
		byte_lower(label.ptr[at]) <= 'z')
		at++;
	if (at == label.len || label.len - at > NUMBER_DIGITS)
		return NO_NUMBER;
	for (; at < label.len; at++) {
		if (label.ptr[at] < '0' || label.ptr[at] > '9')
			return NO_NUMBER;
		value = value * 10 + (uint32_t)(label.ptr[at] - '0');
	}
	return value;
}

/* Cuts a label out of what is left of a name; it is the only one: an empty one. */
static struct bytes label_at(struct bytes rest, uint32_t column, struct bytes *before)
{
	struct bytes head = rest;

	*before = bytes_head(rest, 0);
	if (column == PIECES_LEFTMOST) {
		size_t dot = bytes_find_byte(rest, '.');

		return dot == SIZE_MAX ? bytes_head(rest, 0) : bytes_head(rest, dot);
	}
	for (uint32_t i = 0; i < column; i++) {
		if (last_label(head) == 0)
			return bytes_head(rest, 0);
		head = without_last(head);
	}
	size_t at = last_label(head);

	if (column == 0 && at == 0)
		return bytes_head(rest, 0);
	*before = bytes_head(head, at == 0 ? 0 : at - 1);
	return bytes_skip(head, at);
}

/* Labels that both end with, at least one of each left over. */
static uint32_t common_tail(struct bytes one, struct bytes other)
{
	uint32_t count = 0;

	while (last_label(one) > 0 && last_label(other) > 0 &&
		bytes_equal(
			bytes_skip(one, last_label(one)), bytes_skip(other, last_label(other)))) {
		one = without_last(one);
		other = without_last(other);
		count++;
	}
	return count;
}

/* Labels that the names of the newest one's text end with.  A number is shared with one of another
 * text by its turn: that alone says nothing. */
static uint32_t tail_labels(const struct pieces *pieces)
{
	struct bytes newest = pieces->name[pieces->count - 1];
	bool counts = number_of(bytes_skip(newest, last_label(newest))) != NO_NUMBER;
	uint32_t labels = 0, sharing = 0, most = 0;

	for (uint32_t i = 1; i <= NEAR && i < pieces->count; i++) {
		uint32_t common = common_tail(newest, pieces->name[pieces->count - 1 - i]);

		if ((i == 1 || !counts) && common > labels)
			labels = common;
		most = common > most ? common : most;
		sharing += common > 0;
	}
	return sharing >= 2 ? most : labels;
}

/* Of one text are those that end as the newest does. */
static void choose(const struct pieces *pieces, struct pieces_order *out)
{
	struct bytes newest = pieces->name[pieces->count - 1], tail = newest;
	uint32_t labels = tail_labels(pieces);

	for (uint32_t i = 0; i < labels; i++)
		tail = without_last(tail);
	tail = bytes_skip(newest, tail.len);
	for (uint32_t i = 0; i < pieces->count; i++) {
		struct bytes name = pieces->name[i];

		if (name.len <= tail.len ||
			!bytes_equal(bytes_skip(name, name.len - tail.len), tail))
			continue;
		out->from[out->count] = (uint8_t)i;
		out->rest[out->count++] = bytes_head(name, name.len - tail.len);
	}
}

static uint32_t latest(const uint32_t value[], uint32_t count, uint32_t wanted)
{
	while (count > 0 && value[count - 1] != wanted)
		count--;
	return count; /* number + 1 */
}

struct chain {
	uint8_t at[PIECES_NAMES];
	uint32_t length, first;
	uint32_t oldest; /* the first that came */
};

/* The row of numbers that the newest stands in: which names, by number.  Where a number comes
 * twice there was a text before: what lies above the newest belongs to it only if it came behind
 * its first. */
static void find_chain(const struct pieces_order *all, uint32_t column, struct chain *out)
{
	SCRATCH uint32_t value[PIECES_NAMES];
	uint32_t at, oldest = all->count;
	struct bytes before;
	bool twice = false;

	for (uint32_t i = 0; i < all->count; i++)
		value[i] = number_of(label_at(all->rest[i], column, &before));
	uint32_t newest = value[all->count - 1], low = newest;
	out->length = 0;
	if (newest == NO_NUMBER)
		return;
	for (uint32_t want = newest; (at = latest(value, all->count, want)) > 0; want--) {
		twice |= latest(value, at - 1, want) > 0;
		oldest = at < oldest ? at : oldest;
		low = want;
		if (want == 0)
			break;
	}
	out->first = low;
	for (uint32_t want = low; out->length < PIECES_NAMES; want++) {
		at = latest(value, all->count, want);
		if (at == 0 || (twice && want > newest && at < oldest))
			break;
		oldest = at < oldest ? at : oldest;
		out->at[out->length++] = (uint8_t)(at - 1);
	}
	out->oldest = oldest - 1;
}

void pieces_sort(const struct pieces *pieces, struct pieces_order *out)
{
	SCRATCH struct pieces_order all;
	SCRATCH struct chain chain;
	uint32_t best = 1;

	assert(pieces->count >= 1 && pieces->count <= PIECES_NAMES);
	all.count = 0;
	choose(pieces, &all);
	all.column = PIECES_UNCOUNTED;
	all.first = 0;
	all.last_ones = true;
	*out = all;
	for (uint32_t column = 0; column <= PIECES_LEFTMOST; column++) {
		find_chain(&all, column, &chain);
		if (chain.length <= best)
			continue;
		best = out->count = chain.length;
		out->column = column;
		out->first = chain.first;
		out->last_ones = chain.oldest + chain.length == all.count;
		for (uint32_t i = 0; i < chain.length; i++) {
			out->rest[i] = all.rest[chain.at[i]];
			out->from[i] = all.from[chain.at[i]];
		}
	}
}

struct joint {
	struct pieces_text *out;
	size_t lone;  /* names of which one label is left */
	size_t piece; /* length of the first, */
	size_t last;  /* and of the last */
	bool uneven;
	bool digits; /* names of which two labels are digits */
};

static void add(struct joint *joint, struct bytes part)
{
	struct pieces_text *out = joint->out;

	assert(out->len + part.len <= sizeof(out->data));
	for (size_t i = 0; i < part.len; i++)
		if (part.ptr[i] != '.')
			out->data[out->len++] = part.ptr[i];
}

/* Labels of nothing but digits. */
static uint32_t digit_labels(struct bytes name)
{
	uint32_t labels = 0, digits = 0, len = 0;

	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.ptr[i] != '.') {
			len++;
			digits += name.ptr[i] >= '0' && name.ptr[i] <= '9';
			continue;
		}
		labels += len > 0 && digits == len;
		len = digits = 0;
	}
	return labels;
}

static void add_name(
	struct joint *joint, struct bytes left, struct bytes right, enum pieces_way way)
{
	size_t before = joint->out->len;
	uint32_t labels =
		(left.len > 0 ? labels_of(left) : 0) + (right.len > 0 ? labels_of(right) : 0);
	struct bytes front = left.len > 0 ? left : right, back = right.len > 0 ? right : left;

	joint->lone += labels <= 1;
	joint->digits |= digit_labels(left) + digit_labels(right) > 1;
	if (way == PIECES_LEFT && bytes_find_byte(front, '.') != SIZE_MAX)
		front = bytes_head(front, bytes_find_byte(front, '.'));
	if (way == PIECES_LEFT)
		add(joint, front);
	else if (way == PIECES_RIGHT)
		add(joint, bytes_skip(back, last_label(back)));
	else {
		add(joint, left);
		add(joint, right);
	}
	if (before == 0)
		joint->piece = joint->last = joint->out->len;
	else
		joint->uneven |= joint->last != joint->piece;
	joint->last = joint->out->len - before;
}

void pieces_join(const struct pieces_order *order, enum pieces_way way, struct pieces_text *out)
{
	struct joint joint = {.out = out};
	struct bytes before, label;

	out->len = 0;
	out->plain = false;
	if (order->count < 2)
		return;
	for (uint32_t i = 0; i < order->count; i++) {
		struct bytes rest = order->rest[i];

		if (order->column == PIECES_UNCOUNTED) {
			add_name(&joint, rest, bytes_head(rest, 0), way);
			continue;
		}
		label = label_at(rest, order->column, &before);
		size_t end = before.len + (before.len > 0 ? 1 : 0) + label.len;
		add_name(&joint, before, bytes_skip(rest, end + 1), way);
	}
	if (way != PIECES_WHOLE && joint.lone == order->count)
		out->len = 0;
	out->plain = order->column != PIECES_UNCOUNTED && order->first <= 1 && order->last_ones &&
		     !joint.digits && !joint.uneven && joint.last <= joint.piece;
}
