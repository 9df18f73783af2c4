/* gate.h - the first pass over every byte: where could a card stand?  Private to this room.
 *
 * A gate is a place where
 * - 12 digits in a row begin, or 4 digits, a separator (space, '+', '-', '.', '_') and 3 digits:
 *   any card written plain or in card groups has one in it, and identifiers of up to 11 digits,
 *   prices and dates have none;
 * - 4 digits begin that are the value of a name that ends with a digit: cc1=4539;
 * - a tag of a card's chip and its length stand (EMV book 3: 57, 5A, 9F6B), and packed decimal
 *   digits begin behind them. */
#ifndef SEKISHO_PAN_GATE_H
#define SEKISHO_PAN_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A quote that ends at k, escaped or not, less: where it begins. */
static inline size_t pan_before_quote(const uint8_t *data, size_t k)
{
	if (k == 0 || data[k - 1] != '"')
		return k;
	return k > 1 && data[k - 2] == '\\' ? k - 2 : k - 1;
}

/* Where the name ends whose value begins at i, behind the digit that is its last: one of a form
 * (cc1=, card[1]=) or of JSON ("cc1":", also inside a text).  0: none stands there. */
static inline size_t pan_key_end(const uint8_t *data, size_t i)
{
	size_t k = i;

	if (k > 0 && data[k - 1] == '=') {
		k--;
	} else {
		k = pan_before_quote(data, k);
		if (k > 0 && data[k - 1] == ' ')
			k--;
		if (k < 2 || data[k - 1] != ':' || data[k - 2] != '"')
			return 0;
		k = pan_before_quote(data, k - 1);
	}
	if (k > 0 && data[k - 1] == ']')
		k--;
	return k > 0 && data[k - 1] >= '0' && data[k - 1] <= '9' ? k : 0;
}

/* First gate at or behind from, or len. */
size_t pan_gate(const uint8_t *data, size_t from, size_t len);

/* The same in plain C: for processors without those instructions, and what the fast ones are
 * tested against. */
size_t pan_gate_plain(const uint8_t *data, size_t from, size_t len);
#ifdef __x86_64__
size_t pan_gate_sse2(const uint8_t *data, size_t from, size_t len);
size_t pan_gate_avx2(const uint8_t *data, size_t from, size_t len);
size_t pan_gate_avx512(const uint8_t *data, size_t from, size_t len);
#endif

#endif
