#include "pan/sign.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/scratch.h"
#include "codec/coding.h"

#define AHEAD 3 /* bytes behind a block that are looked at */
#define DIGITS_NUMBER 12
#define DIGITS_KEYED 8
#define LIST_DIGITS 8
#define LIST_SEPARATORS 4

/* Bit n: at least that many set bits of mask from n on. */
static inline uint64_t runs_of_10(uint64_t mask)
{
	mask &= mask >> 1;
	mask &= mask >> 2;
	mask &= mask >> 4;
	return mask & mask >> 2;
}

static inline uint64_t runs_of_20(uint64_t mask)
{
	uint64_t ten = runs_of_10(mask);

	return ten & ten >> 10;
}

static inline int bits(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

/* A run of characters that looks like no word: of mixed case, with several digits, or a block
 * long. */
static inline bool is_token(uint64_t token, uint64_t upper, uint64_t lower, uint64_t digit)
{
	uint64_t starts = runs_of_10(token);

	while (starts != 0) {
		unsigned first = (unsigned)__builtin_ctzll(starts);
		uint64_t rest = ~(token >> first);
		unsigned len = rest == 0 ? SIGN_BLOCK : (unsigned)__builtin_ctzll(rest);
		uint64_t run =
			len >= SIGN_BLOCK ? ~UINT64_C(0) : ((UINT64_C(1) << len) - 1) << first;
		int upper_count = bits(upper & run), digit_count = bits(digit & run);
		if ((upper_count >= 2 && bits(lower & run) + digit_count >= 2) ||
			digit_count >= 3 || run == ~UINT64_C(0))
			return true;
		starts &= ~run;
	}
	return false;
}

/* Every second byte of eight. */
static inline bool is_alternate(uint64_t zero)
{
	return (zero & zero >> 2 & zero >> 4 & zero >> 6 & ~(zero >> 1 | zero >> 3 | zero >> 5)) !=
	       0;
}

/* at(p): the block there; in(v, low, count): a bit for each of its bytes in [low, low + count).
 * Nearly every block of a page has few signs: what all need is asked first. */
#define BLOCK_BODY(p, at, in)                                                                      \
	const __typeof__(at(p)) v = at(p);                                                         \
	uint64_t digit = in(v, '0', 10), upper = in(v, 'A', 26), lower = in(v, 'a', 26);           \
	uint64_t lead = in(v, '%', 2) | in(v, '\\', 1), equal = in(v, '=', 1);                     \
	uint64_t zero = in(v, 0, 1), high = in(v, 0x80, 0x80), number = in(v, '#', 1);             \
	uint64_t near = upper | lower | equal | in(v, '+', 15) | in(v, '_', 1);                    \
	unsigned signs = 0;                                                                        \
	int digits = bits(digit);                                                                  \
	if (digits >= DIGITS_KEYED || runs_of_10(in(v, '_', 10)) != 0)                             \
		signs |= SIGN_NUMBER;                                                              \
	if (runs_of_10(near) != 0 &&                                                               \
		is_token(near & ~(in(v, ',', 1) | in(v, '.', 1)), upper, lower, digit))            \
		signs |= SIGN_TOKEN;                                                               \
	if ((lead | in(v, '&', 1)) != 0) {                                                         \
		const __typeof__(v) w = at((p) + 1);                                               \
		uint64_t hex = in(w, '0', 10) | in(w, 'A', 6) | in(w, 'a', 6);                     \
		uint64_t escape =                                                                  \
			(in(v, '%', 1) & hex) |                                                    \
			(in(v, '\\', 1) & (in(w, 'u', 1) | in(w, 'x', 1) | in(w, '0', 4))) |       \
			(in(v, '&', 1) & (in(w, '#', 1) | in(w, 'n', 1)));                         \
		if (bits(escape) >= 2 || (escape != 0 && digits >= DIGITS_NUMBER))                 \
			signs |= SIGN_ESCAPE;                                                      \
	}                                                                                          \
	if (bits(equal) >= 2 || (equal != 0 && digits >= DIGITS_NUMBER)) {                         \
		const __typeof__(v) w = at((p) + 1), x = at((p) + 2);                              \
		uint64_t hex = in(w, '0', 10) | in(w, 'A', 6) | in(w, '\r', 1);                    \
		uint64_t quoted = equal & hex & (in(x, '0', 10) | in(x, 'A', 6) | in(x, '\n', 1)); \
		if (bits(quoted) >= 2 || (quoted != 0 && digits >= DIGITS_NUMBER))                 \
			signs |= SIGN_ESCAPE;                                                      \
	}                                                                                          \
	if (digits >= LIST_DIGITS) {                                                               \
		uint64_t separator = in(v, ' ', 1) | in(v, ',', 1) | in(v, ';', 1) |               \
				     in(v, '|', 1) | in(v, ':', 1) | in(v, '\n', 1);               \
		uint64_t list = digit | separator | in(v, 'a', 6) | in(v, 'A', 6) | in(v, 'x', 1); \
		if (bits(separator) >= LIST_SEPARATORS && runs_of_20(list) != 0)                   \
			signs |= SIGN_LIST;                                                        \
	}                                                                                          \
	if (zero != 0 && is_alternate(zero))                                                       \
		signs |= SIGN_ZERO;                                                                \
	if (bits(number) >= 4 && bits(number & in(at((p) + 1), '0', 10)) >= 4)                     \
		signs |= SIGN_WIDE;                                                                \
	if (high != 0 || (p)[SIGN_BLOCK] >= 0x80) {                                                \
		const __typeof__(v) w = at((p) + 1), x = at((p) + 2);                              \
		uint64_t wide = (in(v, 0xef, 1) & in(w, 0xbc, 1)) |                                \
				(in(v, 0x82, 1) & in(w, 0x4f, 10)) |                               \
				(in(v, 0xa3, 1) & in(w, 0xb0, 10));                                \
		uint64_t gap = digit & ((in(w, 0xc2, 1) & in(x, 0xa0, 1)) |                        \
					       (in(w, 0xe3, 1) & in(x, 0x80, 1)));                 \
		if (bits(wide) >= 4 || (gap != 0 && digits >= 4))                                  \
			signs |= SIGN_WIDE;                                                        \
		if (((in(v, 0x1f, 1) & in(w, 0x8b, 1)) | (in(v, 0x28, 1) & in(w, 0xb5, 1)) |       \
			    (in(v, 0xff, 1) & in(w, 0xd9, 1)) |                                    \
			    (in(v, 0xae, 1) & in(w, 'B', 1))) != 0)                                \
			signs |= SIGN_PACKED;                                                      \
	}                                                                                          \
	if (bits(upper) >= 2 && (in(v, 'P', 1) & in(at((p) + 1), 'K', 1)) != 0)                    \
		signs |= SIGN_PACKED;                                                              \
	return signs

static const uint8_t *at_plain(const uint8_t *p)
{
	return p;
}

static uint64_t in_plain(const uint8_t *p, unsigned low, unsigned count)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < SIGN_BLOCK; i++)
		mask |= (uint64_t)((uint8_t)(p[i] - low) < count) << i;
	return mask;
}

unsigned sign_block_plain(const uint8_t *block)
{
	BLOCK_BODY(block, at_plain, in_plain);
}

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2"), always_inline))

struct two {
	__m256i low, high;
};

AVX2 static inline struct two at_avx2(const uint8_t *p)
{
	return (struct two){.low = _mm256_loadu_si256((const __m256i *)(const void *)p),
		.high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
}

AVX2 static inline unsigned half_in(__m256i v, unsigned low, unsigned count)
{
	if (count == 1)
		return (unsigned)_mm256_movemask_epi8(
			_mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)low)));
	/* Moved to the lowest of the signed range: one compare. */
	v = _mm256_add_epi8(v, _mm256_set1_epi8((char)(128 - (int)low)));
	return (unsigned)_mm256_movemask_epi8(
		_mm256_cmpgt_epi8(_mm256_set1_epi8((char)(-128 + (int)count)), v));
}

AVX2 static inline uint64_t in_avx2(struct two v, unsigned low, unsigned count)
{
	return half_in(v.low, low, count) | (uint64_t)half_in(v.high, low, count) << 32;
}

__attribute__((target("avx2,popcnt,bmi"))) unsigned sign_block_avx2(const uint8_t *block)
{
	BLOCK_BODY(block, at_avx2, in_avx2);
}

#define AVX512 __attribute__((target("avx512f,avx512bw"), always_inline))

AVX512 static inline __m512i at_avx512(const uint8_t *p)
{
	return _mm512_loadu_si512(p);
}

AVX512 static inline uint64_t in_avx512(__m512i v, unsigned low, unsigned count)
{
	if (count == 1)
		return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)low));
	return _mm512_cmplt_epu8_mask(
		_mm512_sub_epi8(v, _mm512_set1_epi8((char)low)), _mm512_set1_epi8((char)count));
}

__attribute__((target("avx512f,avx512bw,popcnt,bmi"))) unsigned sign_block_avx512(
	const uint8_t *block)
{
	BLOCK_BODY(block, at_avx512, in_avx512);
}

static unsigned sign_block(const uint8_t *block)
{
	if (__builtin_cpu_supports("avx512bw"))
		return sign_block_avx512(block);
	return __builtin_cpu_supports("avx2") ? sign_block_avx2(block) : sign_block_plain(block);
}

#else

static unsigned sign_block(const uint8_t *block)
{
	return sign_block_plain(block);
}

#endif

/* Of the last bytes: nothing behind them is touched. */
static unsigned sign_rest(const uint8_t *data, size_t len)
{
	SCRATCH uint8_t rest[SIGN_BLOCK + AHEAD];
	unsigned signs;

	memset(rest, ' ', sizeof(rest));
	memcpy(rest, data, len < sizeof(rest) ? len : sizeof(rest));
	signs = sign_block(rest);
	explicit_bzero(rest, sizeof(rest));
	return signs;
}

bool sign_next(struct bytes buf, size_t from, struct sign_region *out)
{
	unsigned without = 0;

	out->signs = 0;
	for (size_t at = from; at < buf.len; at += SIGN_BLOCK) {
		unsigned signs = buf.len - at >= SIGN_BLOCK + AHEAD
					 ? sign_block(buf.ptr + at)
					 : sign_rest(buf.ptr + at, buf.len - at);
		if (signs == 0) {
			if (out->signs != 0 && ++without > 1)
				break;
			continue;
		}
		if (out->signs == 0)
			out->from = at;
		out->signs |= signs;
		out->to = buf.len - at < SIGN_BLOCK ? buf.len : at + SIGN_BLOCK;
		without = 0;
	}
	return out->signs != 0;
}
