/* gate.h - the first pass over every byte: where could a card stand?  Private to this room.
 *
 * A gate is a place with 6 digits in a row, or 4 digits, a separator (space,
 * '+', '-', '.') and 3 digits, all inside one block of 64 bytes counted from
 * `from`.  Any card written plain or in card groups has a gate in it however a
 * border of two blocks cuts it: 12 digits leave 6 on one side; of 4-4-4-4,
 * 4-6-5 and 4-6-4 either the front has "dddd-ddd" or the rear has it or 6
 * digits.  So blocks need no carry. */
#ifndef SEKISHO_PAN_GATE_H
#define SEKISHO_PAN_GATE_H

#include <stddef.h>
#include <stdint.h>

/* First gate at or behind from, or len. */
size_t pan_gate(const uint8_t *data, size_t from, size_t len);

/* The same in plain C: what runs on other machines, and the fast ones' twin. */
size_t pan_gate_plain(const uint8_t *data, size_t from, size_t len);
#ifdef __x86_64__
size_t pan_gate_sse2(const uint8_t *data, size_t from, size_t len);
size_t pan_gate_avx2(const uint8_t *data, size_t from, size_t len);
size_t pan_gate_avx512(const uint8_t *data, size_t from, size_t len);
#endif

#endif
