#include "unwrap/json_mask.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/scratch.h"

#define CASE 0x20 /* '[' and '{', ']' and '}' differ by it alone */

void json_masks_plain(const uint8_t *p, size_t len, struct json_masks *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < len; i++) {
		uint64_t bit = UINT64_C(1) << i;
		uint8_t c = p[i];

		out->quote |= c == '"' ? bit : 0;
		out->backslash |= c == '\\' ? bit : 0;
		out->open |= (c | CASE) == '{' ? bit : 0;
		out->close |= (c | CASE) == '}' ? bit : 0;
		out->colon |= c == ':' ? bit : 0;
		out->comma |= c == ',' ? bit : 0;
		out->space |= c == ' ' || c == '\t' || c == '\r' || c == '\n' ? bit : 0;
		out->number |= (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ? bit : 0;
		out->zero |= c == '0' ? bit : 0;
		out->u |= c == 'u' ? bit : 0;
		out->odd |= c == '%' || c == 0x1f ? bit : 0;
	}
}

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint64_t bits_avx2(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							     << 32;
}

AVX2 static inline uint64_t equal_avx2(__m256i low, __m256i high, char c)
{
	__m256i want = _mm256_set1_epi8(c);

	return bits_avx2(_mm256_cmpeq_epi8(low, want), _mm256_cmpeq_epi8(high, want));
}

/* '0'..'9' moved to the top of the signed range: one add, one compare. */
AVX2 static inline __m256i digits_avx2(__m256i v)
{
	return _mm256_cmpgt_epi8(
		_mm256_add_epi8(v, _mm256_set1_epi8(127 - '9')), _mm256_set1_epi8(127 - 10));
}

AVX2 void json_masks_avx2(const uint8_t *p, size_t len, struct json_masks *out)
{
	SCRATCH uint8_t padded[JSON_BLOCK];

	if (len < JSON_BLOCK) {
		memset(padded, 0, sizeof(padded));
		memcpy(padded, p, len);
		p = padded;
	}
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	__m256i folded_low = _mm256_or_si256(low, _mm256_set1_epi8(CASE));
	__m256i folded_high = _mm256_or_si256(high, _mm256_set1_epi8(CASE));
	out->quote = equal_avx2(low, high, '"');
	out->backslash = equal_avx2(low, high, '\\');
	out->open = equal_avx2(folded_low, folded_high, '{');
	out->close = equal_avx2(folded_low, folded_high, '}');
	out->colon = equal_avx2(low, high, ':');
	out->comma = equal_avx2(low, high, ',');
	out->space = equal_avx2(low, high, ' ') | equal_avx2(low, high, '\t') |
		     equal_avx2(low, high, '\r') | equal_avx2(low, high, '\n');
	out->number = bits_avx2(digits_avx2(low), digits_avx2(high)) | equal_avx2(low, high, '-') |
		      equal_avx2(low, high, '+') | equal_avx2(low, high, '.');
	out->zero = equal_avx2(low, high, '0');
	out->u = equal_avx2(low, high, 'u');
	out->odd = equal_avx2(low, high, '%') | equal_avx2(low, high, 0x1f);
	if (p == padded)
		explicit_bzero(padded, sizeof(padded));
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t equal_avx512(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

AVX512 void json_masks_avx512(const uint8_t *p, size_t len, struct json_masks *out)
{
	__m512i v = len == JSON_BLOCK ? _mm512_loadu_si512(p)
				      : _mm512_maskz_loadu_epi8((UINT64_C(1) << len) - 1, p);
	__m512i folded = _mm512_or_si512(v, _mm512_set1_epi8(CASE));
	__m512i digit = _mm512_sub_epi8(v, _mm512_set1_epi8('0'));

	out->quote = equal_avx512(v, '"');
	out->backslash = equal_avx512(v, '\\');
	out->open = equal_avx512(folded, '{');
	out->close = equal_avx512(folded, '}');
	out->colon = equal_avx512(v, ':');
	out->comma = equal_avx512(v, ',');
	out->space = equal_avx512(v, ' ') | equal_avx512(v, '\t') | equal_avx512(v, '\r') |
		     equal_avx512(v, '\n');
	out->number = _mm512_cmple_epu8_mask(digit, _mm512_set1_epi8(9)) | equal_avx512(v, '-') |
		      equal_avx512(v, '+') | equal_avx512(v, '.');
	out->zero = equal_avx512(v, '0');
	out->u = equal_avx512(v, 'u');
	out->odd = equal_avx512(v, '%') | equal_avx512(v, 0x1f);
}

void json_masks(const uint8_t *p, size_t len, struct json_masks *out)
{
	if (__builtin_cpu_supports("avx512bw"))
		json_masks_avx512(p, len, out);
	else if (__builtin_cpu_supports("avx2"))
		json_masks_avx2(p, len, out);
	else
		json_masks_plain(p, len, out);
}

#else

void json_masks(const uint8_t *p, size_t len, struct json_masks *out)
{
	json_masks_plain(p, len, out);
}

#endif
