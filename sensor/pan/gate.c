#include "pan/gate.h"

#include <stdbool.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define BLOCK 64

/* One bit per byte of a block. */
struct masks {
	uint64_t digit, separator;
};

/* True where a block may have a gate: 4 digits in a row.  Spares the separators. */
static inline bool four_digits(uint64_t digit)
{
	uint64_t two = digit & digit >> 1;

	return (two & two >> 2) != 0;
}

static inline uint64_t gates(struct masks m)
{
	uint64_t three = m.digit & m.digit >> 1 & m.digit >> 2;
	uint64_t six = three & three >> 3;
	uint64_t grouped = three & m.digit >> 3 & m.separator >> 4 & three >> 5;

	return six | grouped;
}

static struct masks masks_plain(const uint8_t *p)
{
	struct masks m = {0, 0};

	for (unsigned i = 0; i < BLOCK; i++) {
		uint8_t c = p[i];
		m.digit |= (uint64_t)(c >= '0' && c <= '9') << i;
		m.separator |= (uint64_t)(c == ' ' || c == '+' || c == '-' || c == '.') << i;
	}
	return m;
}

/* The gates of the block at p. */
#define BLOCK_GATES(digits_of, separators_of, p)                                                   \
	(m.digit = digits_of(p),                                                                   \
		four_digits(m.digit) ? (m.separator = separators_of(p), gates(m)) : 0)

/* Whole blocks of data, then the rest as a block padded with zeros. */
#define GATE_BODY(digits_of, separators_of)                                                        \
	struct masks m = {0, 0};                                                                   \
	uint64_t found = 0;                                                                        \
	for (; len - from >= BLOCK; from += BLOCK) {                                               \
		found = BLOCK_GATES(digits_of, separators_of, data + from);                        \
		if (found != 0)                                                                    \
			return from + (unsigned)__builtin_ctzll(found);                            \
	}                                                                                          \
	if (len == from)                                                                           \
		return len;                                                                        \
	if (len >= BLOCK) { /* once more the last whole block, without what was looked at */       \
		const uint8_t *last = data + (len - BLOCK);                                        \
		unsigned old = (unsigned)(BLOCK - (len - from));                                   \
		found = BLOCK_GATES(digits_of, separators_of, last) & ~UINT64_C(0) << old;         \
		return found != 0 ? len - BLOCK + (unsigned)__builtin_ctzll(found) : len;          \
	}                                                                                          \
	uint8_t rest[BLOCK] = {0};                                                                 \
	memcpy(rest, data + from, len - from);                                                     \
	found = BLOCK_GATES(digits_of, separators_of, rest);                                       \
	explicit_bzero(rest, sizeof(rest));                                                        \
	return found != 0 ? from + (unsigned)__builtin_ctzll(found) : len

static uint64_t digits_plain(const uint8_t *p)
{
	return masks_plain(p).digit;
}

static uint64_t separators_plain(const uint8_t *p)
{
	return masks_plain(p).separator;
}

size_t pan_gate_plain(const uint8_t *data, size_t from, size_t len)
{
	GATE_BODY(digits_plain, separators_plain);
}

#ifdef __x86_64__

/* '0'..'9' moved to 118..127, the top of the signed range: one add, one compare. */
#define DIGIT_SHIFT (127 - '9')
#define DIGIT_ABOVE (127 - 10)

static inline uint64_t digits_sse2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		v = _mm_cmpgt_epi8(
			_mm_add_epi8(v, _mm_set1_epi8(DIGIT_SHIFT)), _mm_set1_epi8(DIGIT_ABOVE));
		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << (16 * i);
	}
	return mask;
}

static inline uint64_t separators_sse2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		__m128i a = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')),
			_mm_cmpeq_epi8(v, _mm_set1_epi8('+')));
		__m128i b = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('-')),
			_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(a, b)) << (16 * i);
	}
	return mask;
}

size_t pan_gate_sse2(const uint8_t *data, size_t from, size_t len)
{
	GATE_BODY(digits_sse2, separators_sse2);
}

__attribute__((target("avx2"))) static inline uint64_t digits_avx2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 2; i++) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		v = _mm256_cmpgt_epi8(_mm256_add_epi8(v, _mm256_set1_epi8(DIGIT_SHIFT)),
			_mm256_set1_epi8(DIGIT_ABOVE));
		mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(v) << (32 * i);
	}
	return mask;
}

__attribute__((target("avx2"))) static inline uint64_t separators_avx2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 2; i++) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		__m256i a = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(' ')),
			_mm256_cmpeq_epi8(v, _mm256_set1_epi8('+')));
		__m256i b = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('-')),
			_mm256_cmpeq_epi8(v, _mm256_set1_epi8('.')));
		mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_or_si256(a, b)) << (32 * i);
	}
	return mask;
}

__attribute__((target("avx2"))) size_t pan_gate_avx2(const uint8_t *data, size_t from, size_t len)
{
	GATE_BODY(digits_avx2, separators_avx2);
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t gates_avx512(__m512i v)
{
	__m512i at = _mm512_sub_epi8(v, _mm512_set1_epi8('0'));
	struct masks m = {.digit = _mm512_cmple_epu8_mask(at, _mm512_set1_epi8(9))};

	if (!four_digits(m.digit))
		return 0;
	m.separator = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')) |
		      _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('+')) |
		      _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-')) |
		      _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'));
	return gates(m);
}

/* The rest is loaded by mask: nothing behind it is touched, nothing is copied. */
AVX512 size_t pan_gate_avx512(const uint8_t *data, size_t from, size_t len)
{
	uint64_t found;

	for (; len - from >= BLOCK; from += BLOCK) {
		found = gates_avx512(_mm512_loadu_si512(data + from));
		if (found != 0)
			return from + (unsigned)__builtin_ctzll(found);
	}
	if (len == from)
		return len;
	uint64_t rest = ~UINT64_C(0) >> (BLOCK - (len - from));
	found = gates_avx512(_mm512_maskz_loadu_epi8(rest, data + from));
	return found != 0 ? from + (unsigned)__builtin_ctzll(found) : len;
}

size_t pan_gate(const uint8_t *data, size_t from, size_t len)
{
	if (__builtin_cpu_supports("avx512bw"))
		return pan_gate_avx512(data, from, len);
	return __builtin_cpu_supports("avx2") ? pan_gate_avx2(data, from, len)
					      : pan_gate_sse2(data, from, len);
}

#else

size_t pan_gate(const uint8_t *data, size_t from, size_t len)
{
	return pan_gate_plain(data, from, len);
}

#endif
