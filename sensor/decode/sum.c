#include "decode/sum.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint64_t sum_plain(const uint8_t *ptr, size_t len)
{
	uint64_t lanes[4] = {0};
	uint32_t words[4], word = 0;

	for (; len >= sizeof(words); len -= sizeof(words), ptr += sizeof(words)) {
		memcpy(words, ptr, sizeof(words));
		for (int i = 0; i < 4; i++)
			lanes[i] += words[i];
	}
	for (; len >= 4; len -= 4, ptr += 4) {
		memcpy(&word, ptr, 4);
		lanes[0] += word;
	}
	word = 0;
	memcpy(&word, ptr, len);
	return lanes[0] + lanes[1] + lanes[2] + lanes[3] + word;
}

#if defined(__x86_64__)
/* 64 bytes a round: even and odd 32-bit words add into 64-bit lanes. */
__attribute__((target("avx2"))) static uint64_t sum_avx2(const uint8_t *ptr, size_t len)
{
	const __m256i low = _mm256_set1_epi64x(0xffffffff);
	__m256i even = _mm256_setzero_si256(), odd = even, even2 = even, odd2 = even;
	uint64_t lanes[4];

	for (; len >= 64; len -= 64, ptr += 64) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)ptr);
		__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(ptr + 32));

		even = _mm256_add_epi64(even, _mm256_and_si256(a, low));
		odd = _mm256_add_epi64(odd, _mm256_srli_epi64(a, 32));
		even2 = _mm256_add_epi64(even2, _mm256_and_si256(b, low));
		odd2 = _mm256_add_epi64(odd2, _mm256_srli_epi64(b, 32));
	}
	even = _mm256_add_epi64(_mm256_add_epi64(even, odd), _mm256_add_epi64(even2, odd2));
	memcpy(lanes, &even, sizeof(lanes));
	return lanes[0] + lanes[1] + lanes[2] + lanes[3] + sum_plain(ptr, len);
}
#endif

uint64_t sum_long(const uint8_t *ptr, size_t len)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return sum_avx2(ptr, len);
#endif
	return sum_plain(ptr, len);
}
