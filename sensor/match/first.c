#include "match/first.h"

#include <endian.h>

#define FIRST_MAGIC UINT64_C(0x315453524946534b) /* "KSFIRST1" */
#define WINDOW_MAX 8
#define WINDOW_MIN 3 /* shorter ones stand in everything */
#define SET_MIN 512  /* bytes */
#define SET_MAX (1u << 17)
#define BITS_A_LITERAL 64 /* then a window that is none of theirs passes 1 time in 1,000 */

/* ASCII letters to lower case, and some other bytes to each other: both sides do it. */
#define FOLD UINT64_C(0x2020202020202020)

static size_t window_of(const struct match_literal literals[], uint32_t count)
{
	size_t window = WINDOW_MAX;

	for (uint32_t i = 0; i < count; i++)
		window = literals[i].text.len < window ? literals[i].text.len : window;
	return window < WINDOW_MIN ? 0 : window;
}

static size_t set_len(const struct match_literal literals[], uint32_t count)
{
	size_t len = SET_MIN;

	if (window_of(literals, count) == 0)
		return 0;
	while (len < SET_MAX && len * 8 < (size_t)count * BITS_A_LITERAL)
		len *= 2;
	return len;
}

size_t first_bytes(const struct match_literal literals[], uint32_t count)
{
	return sizeof(struct first) + set_len(literals, count);
}

static uint64_t hash(uint64_t word, size_t window)
{
	uint64_t taken = ~UINT64_C(0) >> (8 * (WINDOW_MAX - window));

	return ((word | FOLD) & taken) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool has(const struct first *first, uint64_t bit)
{
	bit &= (uint64_t)first->set_len * 8 - 1;
	return (first->set[bit / 8] >> bit % 8 & 1) != 0;
}

static void add(struct first *first, uint64_t bit)
{
	bit &= (uint64_t)first->set_len * 8 - 1;
	first->set[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static uint64_t load(const uint8_t *at, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, at, len);
	return le64toh(word);
}

/* How seldom the byte is in names, targets and pages, roughly. */
static unsigned rarity(uint8_t c)
{
	c = byte_lower(c);
	if (c >= '0' && c <= '9')
		return 3;
	if (c >= 'a' && c <= 'z')
		return strchr("etaoinsrlcdmphwu", c) == NULL ? 3 : 1;
	return memchr(" ./-_=&:\"<>", c, 11) == NULL ? 4 : 0;
}

/* The window of the literal that promises the fewest vain calls. */
static const uint8_t *choose(struct bytes text, size_t window)
{
	const uint8_t *best = text.ptr;
	unsigned best_sum = 0;

	for (size_t at = 0; at + window <= text.len; at++) {
		unsigned sum = 0;
		for (size_t i = 0; i < window; i++)
			sum += rarity(text.ptr[at + i]);
		if (sum > best_sum) {
			best_sum = sum;
			best = text.ptr + at;
		}
	}
	return best;
}

void first_build(const struct match_literal literals[], uint32_t count, struct first *out)
{
	out->magic = FIRST_MAGIC;
	out->window = (uint32_t)window_of(literals, count);
	out->set_len = (uint32_t)set_len(literals, count);
	for (uint32_t i = 0; i < count && out->set_len > 0; i++) {
		const uint8_t *at = choose(literals[i].text, out->window);
		uint64_t bits = hash(load(at, out->window), out->window);
		add(out, bits >> 44);
		add(out, bits >> 24);
	}
}

size_t first_check(struct bytes image)
{
	struct first head;

	if (image.len < sizeof(head))
		return 0;
	memcpy(&head, image.ptr, sizeof(head));
	if (head.magic != FIRST_MAGIC || head.set_len > SET_MAX ||
		(head.set_len & (head.set_len - 1)) != 0 || head.window > WINDOW_MAX ||
		(head.set_len > 0 && head.window < WINDOW_MIN) ||
		head.set_len > image.len - sizeof(head))
		return 0;
	return sizeof(head) + head.set_len;
}

bool first_may(const struct first *first, struct bytes buf)
{
	size_t window = first->window, at = 0;

	if (first->set_len == 0)
		return true;
	for (; at + WINDOW_MAX <= buf.len; at++) {
		uint64_t bits = hash(load(buf.ptr + at, WINDOW_MAX), window);
		if (has(first, bits >> 44) && has(first, bits >> 24))
			return true;
	}
	for (; at + window <= buf.len; at++) {
		uint64_t bits = hash(load(buf.ptr + at, window), window);
		if (has(first, bits >> 44) && has(first, bits >> 24))
			return true;
	}
	return false;
}
