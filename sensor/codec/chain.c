#include "codec/chain.h"

#include "codec/glyph.h"
#include "codec/look.h"

#define COUNT_MIN 2
#define NUMBER_MAX 40 /* bytes on each side in which a number may stand that has one escape */

static bool blank_line(struct bytes buf, size_t at)
{
	return at + 4 <= buf.len && memcmp(buf.ptr + at, "\r\n\r\n", 4) == 0;
}

/* True if an empty line lies in [from, end). */
static bool parted(struct bytes buf, size_t from, size_t end)
{
	return bytes_find(bytes_of(buf.ptr + from, end - from), bytes_text("\r\n\r\n")) != SIZE_MAX;
}

static bool is_lead(const struct escapes *escapes, uint8_t c)
{
	return escapes->lead == ANY_WIDE ? c >= 0x80 || c == 0x1b : c == escapes->lead;
}

/* The next byte that an escape may begin with, or buf.len. */
static size_t next_lead(const struct escapes *escapes, struct bytes buf, size_t at)
{
	if (escapes->lead != ANY_WIDE) {
		size_t lead = bytes_find_byte(bytes_skip(buf, at), escapes->lead);

		return lead == SIZE_MAX ? buf.len : at + lead;
	}
	while (at < buf.len && !is_lead(escapes, buf.ptr[at]))
		at++;
	return at;
}

/* Next escape at or behind that place: its place, or buf.len. */
static size_t next_escape(
	const struct escapes *escapes, struct bytes buf, size_t at, struct escape *out)
{
	for (at = next_lead(escapes, buf, at); at < buf.len; at = next_lead(escapes, buf, at + 1)) {
		*out = escapes->at(buf, at);
		if (out->len > 0)
			return at;
	}
	out->len = 0;
	return buf.len;
}

/* Where the last escape before that place ends; SIZE_MAX: none within reach. */
static size_t escape_before(const struct escapes *escapes, struct bytes buf, size_t at)
{
	size_t reach = 2 * escapes->beside + ESCAPE_MAX;

	reach = reach < escapes->gap + ESCAPE_MAX ? escapes->gap + ESCAPE_MAX : reach;
	for (size_t back = 1; back <= reach && back <= at; back++) {
		if (!is_lead(escapes, buf.ptr[at - back]))
			continue;
		struct escape escape = escapes->at(buf, at - back);

		if (escape.len > 0 && escape.len <= back)
			return at - back + escape.len;
	}
	return SIZE_MAX;
}

/* Where the literal bytes begin that go with the chain whose first escape stands there; those
 * next to the escape before are the other chain's. */
static size_t front_of(const struct escapes *escapes, struct bytes buf, size_t first, size_t before)
{
	size_t off = first > escapes->beside ? first - escapes->beside : 0;

	if (before != SIZE_MAX && before > off)
		off = before;
	for (size_t at = first; at > off + 3; at--) {
		if (blank_line(buf, at - 4))
			return at;
	}
	return off;
}

static size_t back_of(const struct escapes *escapes, struct bytes buf, size_t last_end, size_t next)
{
	size_t end = last_end + escapes->beside < next ? last_end + escapes->beside : next;

	for (size_t at = last_end; at < end; at++) {
		if (blank_line(buf, at))
			return at;
	}
	return end;
}

/* Digits of a number, grouped or not, that ends or begins at a place. */
static size_t digits_beside(struct bytes buf, size_t at, bool left)
{
	size_t digits = 0;

	for (size_t i = 0; i < NUMBER_MAX; i++) {
		if (left ? i >= at : at + i >= buf.len)
			break;
		uint8_t c = left ? buf.ptr[at - i - 1] : buf.ptr[at + i];

		if (is_digit(c))
			digits++;
		else if (c != ' ' && c != '-' && c != '.' && c != '+')
			break;
	}
	return digits;
}

struct chain {
	size_t first, last_end; /* of its escapes */
	size_t count;
	bool strong, alone;
	size_t next; /* the escape behind it, or where the buffer ends */
};

static void chain_walk(
	const struct escapes *escapes, struct bytes buf, size_t at, struct chain *chain)
{
	struct escape escape = escapes->at(buf, at);

	*chain = (struct chain){.first = at, .last_end = at, .next = at};
	while (escape.len > 0 && chain->next - chain->last_end <= escapes->gap &&
		!parted(buf, chain->last_end, chain->next)) {
		chain->count++;
		chain->strong |= escape.strong;
		chain->alone |= escape.alone;
		chain->last_end = chain->next + escape.len;
		chain->next = next_escape(escapes, buf, chain->last_end, &escape);
	}
}

static bool plausible(const struct escapes *escapes, struct bytes buf, const struct chain *chain)
{
	if (!chain->strong)
		return false;
	if (escapes->holds != NULL) {
		size_t off = chain->first < CHAIN_GAP ? 0 : chain->first - CHAIN_GAP;

		return escapes->holds(
			bytes_head(bytes_skip(buf, off), chain->last_end + CHAIN_GAP - off));
	}
	return chain->count >= COUNT_MIN || chain->alone ||
	       digits_beside(buf, chain->first, true) +
			       digits_beside(buf, chain->last_end, false) >=
		       CARD_DIGITS_MIN;
}

bool chain_find(const struct escapes *escapes, struct bytes buf, size_t from, struct stretch *out)
{
	struct escape escape;
	size_t at = next_escape(escapes, buf, from, &escape);

	if (at == buf.len)
		return false;
	size_t before = escape_before(escapes, buf, at);

	while (at < buf.len) {
		struct chain chain;

		chain_walk(escapes, buf, at, &chain);
		size_t off = front_of(escapes, buf, at, before);
		bool first =
			before == SIZE_MAX || at - before > escapes->gap || parted(buf, before, at);

		if (first && off >= from && plausible(escapes, buf, &chain)) {
			out->off = off;
			out->len = back_of(escapes, buf, chain.last_end, chain.next) - off;
			out->variant = 0;
			return true;
		}
		before = chain.last_end;
		at = chain.next;
	}
	return false;
}

struct bytes chain_core(const struct escapes *escapes, struct bytes coded)
{
	struct escape escape;
	size_t first = next_escape(escapes, coded, 0, &escape), end = first;

	for (size_t at = first; at < coded.len; at = next_escape(escapes, coded, end, &escape))
		end = at + escape.len;
	return bytes_of(coded.ptr + first, end - first);
}

size_t chain_decode(const struct escapes *escapes, struct bytes coded, uint8_t *out, size_t room)
{
	size_t at = 0, n = 0;

	while (at < coded.len && n < room) {
		struct escape escape;
		size_t next = next_escape(escapes, coded, at, &escape);
		size_t plain = next - at < room - n ? next - at : room - n;
		uint8_t byte[PUT_MAX];

		memcpy(out + n, coded.ptr + at, plain);
		n += plain;
		if (next == coded.len)
			break;
		size_t put = escapes->put(coded.ptr + next, escape.len, byte);

		put = put < room - n ? put : room - n;
		memcpy(out + n, byte, put);
		n += put;
		at = next + escape.len;
	}
	return n;
}
