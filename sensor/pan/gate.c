#include "pan/gate.h"

#include <stdbool.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/scratch.h"

#define BLOCK 64

/* One bit per byte of a block. */
struct masks {
	uint64_t digit, separator;
};

__extension__ typedef unsigned __int128 two_blocks;

/* True if a gate may begin in the block: 4 digits in a row, or a digit at its end.
 * Spares the separators and the next block. */
static inline bool may_begin(uint64_t digit)
{
	uint64_t two = digit & digit >> 1;

	return (two & two >> 2) != 0 || digit >> (BLOCK - 1) != 0;
}

/* The gates that begin in m's block, which next's follows. */
static inline uint64_t gates(struct masks m, struct masks next)
{
	two_blocks digit = m.digit | (two_blocks)next.digit << BLOCK;
	two_blocks separator = m.separator | (two_blocks)next.separator << BLOCK;
	two_blocks two = digit & digit >> 1;
	two_blocks four = two & two >> 2;
	two_blocks twelve = four & four >> 4 & four >> 8;
	two_blocks grouped = four & separator >> 4 & (two & digit >> 2) >> 5;

	return (uint64_t)(twelve | grouped);
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

/* The masks of the block at `at`, or of what is left there.  Of a buffer of a block or
 * more the last whole block is loaded and moved; a shorter one is in rest. */
#define MASKS_AT(out, digits_of, separators_of, at)                                                \
	do {                                                                                       \
		size_t left_ = len - (at) < BLOCK ? len - (at) : BLOCK;                            \
		const uint8_t *p_ = len < BLOCK ? rest : data + (at) - (BLOCK - left_);            \
		unsigned move_ = len < BLOCK ? (unsigned)(at) : (unsigned)(BLOCK - left_);         \
		(out).digit = digits_of(p_) >> move_;                                              \
		(out).separator = separators_of(p_) >> move_;                                      \
	} while (0)

#define GATE_BODY(digits_of, separators_of)                                                        \
	SCRATCH uint8_t rest[BLOCK];                                                               \
	if (len < BLOCK) {                                                                         \
		memset(rest, 0, BLOCK);                                                            \
		memcpy(rest, data, len);                                                           \
	}                                                                                          \
	size_t at = from;                                                                          \
	for (; at < len; at += BLOCK) {                                                            \
		struct masks m, next = {0, 0};                                                     \
		if (len - at >= BLOCK && !may_begin(digits_of(data + at)))                         \
			continue;                                                                  \
		MASKS_AT(m, digits_of, separators_of, at);                                         \
		if (len - at > BLOCK)                                                              \
			MASKS_AT(next, digits_of, separators_of, at + BLOCK);                      \
		uint64_t found = gates(m, next);                                                   \
		if (found != 0) {                                                                  \
			at += (unsigned)__builtin_ctzll(found);                                    \
			break;                                                                     \
		}                                                                                  \
	}                                                                                          \
	if (len < BLOCK)                                                                           \
		explicit_bzero(rest, sizeof(rest));                                                \
	return at < len ? at : len

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

AVX512 static inline uint64_t digits_avx512(__m512i v)
{
	__m512i at = _mm512_sub_epi8(v, _mm512_set1_epi8('0'));

	return _mm512_cmple_epu8_mask(at, _mm512_set1_epi8(9));
}

AVX512 static inline struct masks masks_avx512(__m512i v)
{
	return (struct masks){.digit = digits_avx512(v),
		.separator = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('+')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.'))};
}

/* What is left is loaded by mask: nothing behind it is touched, nothing is copied. */
AVX512 static inline __m512i load_avx512(const uint8_t *data, size_t at, size_t len)
{
	if (at >= len)
		return _mm512_setzero_si512();
	if (len - at >= BLOCK)
		return _mm512_loadu_si512(data + at);
	return _mm512_maskz_loadu_epi8(~UINT64_C(0) >> (BLOCK - (len - at)), data + at);
}

AVX512 size_t pan_gate_avx512(const uint8_t *data, size_t from, size_t len)
{
	for (size_t at = from; at < len; at += BLOCK) {
		__m512i v = load_avx512(data, at, len);
		if (!may_begin(digits_avx512(v)))
			continue;
		uint64_t found =
			gates(masks_avx512(v), masks_avx512(load_avx512(data, at + BLOCK, len)));
		if (found != 0)
			return at + (unsigned)__builtin_ctzll(found);
	}
	return len;
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
