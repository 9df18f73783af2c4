#include "pan/gate.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/scratch.h"

#define BLOCK 64
#define LENGTH_LOW 6 /* bytes of a number in packed form, of track 2 with it at most 19 */
#define LENGTH_HIGH 19

/* One bit per byte of a block. */
struct masks {
	uint64_t digit, separator;
};

__extension__ typedef unsigned __int128 two_blocks;

/* True if a gate of digits may begin in the block: 4 digits in a row, or a digit at its end.
 * Spares the separators and the next block. */
static inline bool may_begin(uint64_t digit)
{
	uint64_t two = digit & digit >> 1;

	return (two & two >> 2) != 0 || digit >> (BLOCK - 1) != 0;
}

static inline bool is_packed(uint8_t c)
{
	return c >> 4 <= 9 && (c & 0x0f) <= 9;
}

/* A tag and a length at i: do they announce a number, and does it begin behind them? */
static bool tag_fits(const uint8_t *data, size_t i, size_t len)
{
	size_t most = data[i] == 0x5a ? 10 : LENGTH_HIGH, least = data[i] == 0x5a ? 6 : 10;

	if (len - i < 4 || data[i + 1] < least || data[i + 1] > most)
		return false;
	if (data[i] == 0x6b && (i == 0 || data[i - 1] != 0x9f))
		return false;
	return data[i + 2] >> 4 != 0 && is_packed(data[i + 2]) && is_packed(data[i + 3]);
}

/* Which of the pairs of a tag (57, 5A, 6B) and its length in the block at `at` are a gate: they
 * are so rare that each is looked at. */
static inline uint64_t chips(const uint8_t *data, size_t at, size_t len, uint64_t pairs)
{
	uint64_t found = 0;

	for (; pairs != 0; pairs &= pairs - 1) {
		unsigned i = (unsigned)__builtin_ctzll(pairs);
		found |= (uint64_t)tag_fits(data, at + i, len) << i;
	}
	return found;
}

/* The first gate of the block at `at`, or BLOCK; next's follows it.  The last digit of a name
 * stands 2 to 8 bytes before its value. */
static inline unsigned first_gate(
	const uint8_t *data, size_t at, struct masks m, struct masks next, uint64_t chip)
{
	two_blocks digit = m.digit | (two_blocks)next.digit << BLOCK;
	two_blocks separator = m.separator | (two_blocks)next.separator << BLOCK;
	two_blocks two = digit & digit >> 1;
	two_blocks four = two & two >> 2;
	two_blocks twelve = four & four >> 4 & four >> 8;
	two_blocks grouped = four & separator >> 4 & (two & digit >> 2) >> 5;
	uint64_t sure = (uint64_t)(twelve | grouped) | chip;
	uint64_t near = m.digit << 2 | m.digit << 3 | m.digit << 4;
	uint64_t starts = (uint64_t)four & ~(m.digit << 1) & (near | near << 3 | near << 4 | 0xff);
	uint64_t before = sure == 0 ? ~UINT64_C(0) : (sure & (0 - sure)) - 1;

	for (starts &= before; starts != 0; starts &= starts - 1) {
		unsigned i = (unsigned)__builtin_ctzll(starts);
		if (pan_key_end(data, at + i) != 0)
			return i;
	}
	return sure != 0 ? (unsigned)__builtin_ctzll(sure) : BLOCK;
}

static struct masks masks_plain(const uint8_t *p)
{
	struct masks m = {0};

	for (unsigned i = 0; i < BLOCK; i++) {
		uint8_t c = p[i];
		m.digit |= (uint64_t)(c >= '0' && c <= '9') << i;
		m.separator |= (uint64_t)(c == ' ' || c == '+' || c == '-' || c == '.' || c == '_')
			       << i;
	}
	return m;
}

/* The masks of the block at `at`, or of what is left there.  Of a buffer of a block or
 * more the last whole block is loaded and moved; a shorter one is in rest. */
#define MASK_AT(mask_of, at)                                                                       \
	(len < BLOCK                 ? mask_of(rest) >> (at)                                       \
		: len - (at) < BLOCK ? mask_of(data + len - BLOCK) >> (BLOCK - (len - (at)))       \
				     : mask_of(data + (at)))

/* Bytes of the block at `at` behind which a length stands. */
#define LENGTHS_BEHIND(mask_of, at)                                                                \
	(len - (at) > BLOCK ? mask_of(data + (at) + 1) : MASK_AT(mask_of, at) >> 1)

#define GATE_BODY(level)                                                                           \
	SCRATCH uint8_t rest[BLOCK];                                                               \
	if (len < BLOCK) {                                                                         \
		memset(rest, 0, BLOCK);                                                            \
		memcpy(rest, data, len);                                                           \
	}                                                                                          \
	size_t at = from;                                                                          \
	for (; at < len; at += BLOCK) {                                                            \
		struct masks m, next = {0, 0};                                                     \
		m.digit = MASK_AT(digits_##level, at);                                             \
		uint64_t pairs = MASK_AT(tags_##level, at) & LENGTHS_BEHIND(lengths_##level, at);  \
		uint64_t chip = pairs == 0 ? 0 : chips(data, at, len, pairs);                      \
		if (chip == 0 && !may_begin(m.digit))                                              \
			continue;                                                                  \
		m.separator = MASK_AT(separators_##level, at);                                     \
		if (len - at > BLOCK) {                                                            \
			next.digit = MASK_AT(digits_##level, at + BLOCK);                          \
			next.separator = MASK_AT(separators_##level, at + BLOCK);                  \
		}                                                                                  \
		unsigned gate = first_gate(data, at, m, next, chip);                               \
		if (gate < BLOCK) {                                                                \
			at += gate;                                                                \
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

static uint64_t tags_plain(const uint8_t *p)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		mask |= (uint64_t)(p[i] == 0x57 || p[i] == 0x5a || p[i] == 0x6b) << i;
	return mask;
}

static uint64_t lengths_plain(const uint8_t *p)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		mask |= (uint64_t)(p[i] >= LENGTH_LOW && p[i] <= LENGTH_HIGH) << i;
	return mask;
}

size_t pan_gate_plain(const uint8_t *data, size_t from, size_t len)
{
	GATE_BODY(plain);
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
		b = _mm_or_si128(b, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(a, b)) << (16 * i);
	}
	return mask;
}

static inline uint64_t tags_sse2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		__m128i a = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(0x57)),
			_mm_cmpeq_epi8(v, _mm_set1_epi8(0x5a)));
		a = _mm_or_si128(a, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x6b)));
		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(a) << (16 * i);
	}
	return mask;
}

static inline uint64_t lengths_sse2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		v = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(LENGTH_LOW - 1)),
			_mm_cmpgt_epi8(_mm_set1_epi8(LENGTH_HIGH + 1), v));
		mask |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << (16 * i);
	}
	return mask;
}

size_t pan_gate_sse2(const uint8_t *data, size_t from, size_t len)
{
	GATE_BODY(sse2);
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
		b = _mm256_or_si256(b, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('_')));
		mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_or_si256(a, b)) << (32 * i);
	}
	return mask;
}

__attribute__((target("avx2"))) static inline uint64_t tags_avx2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 2; i++) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		__m256i a = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x57)),
			_mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x5a)));
		a = _mm256_or_si256(a, _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x6b)));
		mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(a) << (32 * i);
	}
	return mask;
}

__attribute__((target("avx2"))) static inline uint64_t lengths_avx2(const uint8_t *p)
{
	uint64_t mask = 0;

	for (int i = 0; i < 2; i++) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		v = _mm256_and_si256(_mm256_cmpgt_epi8(v, _mm256_set1_epi8(LENGTH_LOW - 1)),
			_mm256_cmpgt_epi8(_mm256_set1_epi8(LENGTH_HIGH + 1), v));
		mask |= (uint64_t)(unsigned)_mm256_movemask_epi8(v) << (32 * i);
	}
	return mask;
}

__attribute__((target("avx2"))) size_t pan_gate_avx2(const uint8_t *data, size_t from, size_t len)
{
	GATE_BODY(avx2);
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t digits_avx512(__m512i v)
{
	__m512i at = _mm512_sub_epi8(v, _mm512_set1_epi8('0'));

	return _mm512_cmple_epu8_mask(at, _mm512_set1_epi8(9));
}

AVX512 static inline uint64_t tags_avx512(__m512i v)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(0x57)) |
	       _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(0x5a)) |
	       _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(0x6b));
}

AVX512 static inline uint64_t lengths_avx512(__m512i v)
{
	__m512i at = _mm512_sub_epi8(v, _mm512_set1_epi8(LENGTH_LOW));

	return _mm512_cmple_epu8_mask(at, _mm512_set1_epi8(LENGTH_HIGH - LENGTH_LOW));
}

AVX512 static inline struct masks masks_avx512(__m512i v)
{
	return (struct masks){.digit = digits_avx512(v),
		.separator = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('+')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('-')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.')) |
			     _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('_'))};
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
		uint64_t pairs = tags_avx512(v) & lengths_avx512(load_avx512(data, at + 1, len));
		uint64_t chip = pairs == 0 ? 0 : chips(data, at, len, pairs);
		if (chip == 0 && !may_begin(digits_avx512(v)))
			continue;
		unsigned gate = first_gate(data, at, masks_avx512(v),
			masks_avx512(load_avx512(data, at + BLOCK, len)), chip);
		if (gate < BLOCK)
			return at + gate;
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
