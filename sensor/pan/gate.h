/* gate.h - the first pass over every byte: where could a card stand?  Private to this room.
 *
 * A gate is a place where 12 digits in a row begin, or 4 digits, a separator
 * (space, '+', '-', '.') and 3 digits: any card written plain or in card groups
 * has one in it, and identifiers of up to 11 digits, prices and dates have none. */
#ifndef SEKISHO_PAN_GATE_H
#define SEKISHO_PAN_GATE_H

#include <stddef.h>
#include <stdint.h>

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
