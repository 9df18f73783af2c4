#include "pan/sign.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/scratch.h"
#include "codec/coding.h"

/* Into each of the twins: they have instructions for counts of bits, others do not. */
#define INLINE static inline __attribute__((always_inline))

#define DIGITS_NUMBER 12
#define DIGITS_KEYED 12 /* in a block and the next */
#define DIGITS_HALF (DIGITS_NUMBER / 2)
#define LIST_DIGITS 8
#define LIST_SEPARATORS 4
#define HEX_RUN 24    /* digits of a stretch, */
#define BASE32_RUN 21 /* characters */
#define BASE64_RUN 18
#define BASE64_PART 12 /* between blanks: half its characters are turns */
#define TURNS 5        /* in so many characters cases and digits take turns, */
#define TURNS_HALF 3   /* or, in half a stretch, so often */
#define UPPER_MIN 2

/* Bit n: at least that many set bits of mask from n on. */
INLINE uint64_t runs_of_9(uint64_t mask)
{
	mask &= mask >> 1;
	mask &= mask >> 2;
	mask &= mask >> 4;
	return mask & mask >> 1;
}

INLINE uint64_t runs_of_20(uint64_t mask)
{
	mask &= mask >> 1;
	mask &= mask >> 2;
	mask &= mask >> 4;
	mask &= mask >> 2;
	return mask & mask >> 10;
}

INLINE int bits(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

INLINE unsigned ones_low(uint64_t mask)
{
	return ~mask == 0 ? SIGN_BLOCK : (unsigned)__builtin_ctzll(~mask);
}

INLINE unsigned ones_high(uint64_t mask)
{
	return ~mask == 0 ? SIGN_BLOCK : (unsigned)__builtin_clzll(~mask);
}

INLINE uint64_t low_bits(unsigned count)
{
	return count >= SIGN_BLOCK ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* A run of 20 to `least` bits stands in mask or begins there and goes on in next, or more than half
 * of one ends there that began before. */
INLINE bool is_run(uint64_t mask, uint64_t next, unsigned least)
{
	uint64_t starts = runs_of_20(mask);

	for (; starts != 0; starts &= starts - 1)
		if (ones_low(mask >> __builtin_ctzll(starts)) >= least)
			return true;
	return ones_low(mask) > least / 2 || ones_high(mask) + ones_low(next) >= least;
}

/* What stands in a block, a bit a byte. */
struct kinds {
	uint64_t token; /* of base64 */
	uint64_t upper, lower, digit;
	uint64_t hex;
	uint64_t low_digit; /* of base32 */
};

/* Where the kind of a character is not that of the one before it. */
INLINE uint64_t turns_of(const struct kinds *kinds)
{
	uint64_t upper = kinds->upper, lower = kinds->lower, digit = kinds->digit;

	return (upper & (lower | digit) << 1) | (lower & (upper | digit) << 1) |
	       (digit & (upper | lower) << 1);
}

/* Characters of base64 in which cases and digits take turns as in no word, path or name. */
INLINE bool is_token(const struct kinds *now, const struct kinds *next)
{
	uint64_t half = runs_of_9(now->token), turns = turns_of(now);

	for (uint64_t starts = half & ~(half << 1); starts != 0; starts &= starts - 1) {
		unsigned first = (unsigned)__builtin_ctzll(starts);
		unsigned len = ones_low(now->token >> first);
		uint64_t run = low_bits(len) << first;
		int upper = bits(now->upper & run), turned = bits(turns & run & run << 1);

		if (first + len == SIGN_BLOCK) {
			unsigned more = ones_low(next->token);
			upper += bits(next->upper & low_bits(more));
			turned += bits(turns_of(next) & low_bits(more));
			len += more;
		}
		if (upper < UPPER_MIN)
			continue;
		if ((len >= BASE64_RUN && turned >= TURNS && turned * 5 >= (int)len) ||
			(len >= BASE64_PART && turned * 2 >= (int)len) ||
			(first == 0 && len > BASE64_RUN / 2 && turned >= TURNS_HALF &&
				turned * 3 >= (int)len))
			return true;
	}
	return false;
}

/* Twelve digits in a row, or four, a separator and three, begin there; or half of either ends
 * there that began before. */
INLINE bool is_number(uint64_t digit, uint64_t next, uint64_t separator)
{
	uint64_t two = digit & digit >> 1, four = two & two >> 2;
	uint64_t twelve = four & four >> 4 & four >> 8;

	return (twelve | (four & separator >> 4 & (two & digit >> 2) >> 5)) != 0 ||
	       ones_low(digit) > DIGITS_HALF || ones_high(digit) + ones_low(next) >= DIGITS_NUMBER;
}

/* Of a block with nine characters of base64 in a row. */
INLINE unsigned token_signs(const struct kinds *now, const struct kinds *next)
{
	unsigned signs = is_token(now, next) ? SIGN_TOKEN : 0;

	if (is_run(now->hex, next->hex, HEX_RUN))
		signs |= SIGN_HEX;
	if (is_run(now->upper | now->low_digit, next->upper | next->low_digit, BASE32_RUN) ||
		is_run(now->lower | now->low_digit, next->lower | next->low_digit, BASE32_RUN))
		signs |= SIGN_BASE32;
	return signs;
}

/* Every second byte of eight. */
INLINE bool is_alternate(uint64_t zero)
{
	return (zero & zero >> 2 & zero >> 4 & zero >> 6 & ~(zero >> 1 | zero >> 3 | zero >> 5)) !=
	       0;
}

/* Pairs of bytes that begin something, by their half bytes: a pair has a bit where each half byte
 * of each has it.  A few other pairs have one, too: what shows is looked at again. */
struct pairs {
	uint8_t left_low[16], left_high[16], right_low[16], right_high[16];
};

/* 1: % and a hex digit; 2: \ and one of ux0123; 4: & and # or n; 8: = and a hex digit or CR;
 * 16: a digit and C2 or E3; 32: # and a digit. */
static const struct pairs escapes = {
	.left_low = {16, 16, 16, 16 | 32, 16, 1 | 16, 4 | 16, 16, 16, 16, 0, 0, 2, 8, 0, 0},
	.left_high = {0, 0, 1 | 4 | 32, 8 | 16, 0, 2},
	.right_low = {1 | 2 | 8 | 32, 1 | 2 | 8 | 32, 1 | 2 | 8 | 16 | 32, 1 | 2 | 4 | 8 | 16 | 32,
		1 | 8 | 32, 1 | 2 | 8 | 32, 1 | 8 | 32, 1 | 8 | 32, 1 | 2 | 8 | 32, 1 | 8 | 32, 0,
		0, 0, 8, 4, 0},
	.right_high = {8, 0, 4, 1 | 2 | 8 | 32, 1 | 8, 0, 1 | 4, 2, 0, 0, 0, 0, 16, 0, 16},
};

/* 1: 1F 8B; 2: 28 B5; 4: FF D9; 8: AE 42; 16: PK; 32: EF BC; 64: 82 and 4F to 58; 128: A3 and
 * B0 to B9. */
static const struct pairs magics = {
	.left_low = {16, 0, 64, 128, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 8, 1 | 4 | 32},
	.left_high = {0, 1, 2, 0, 0, 16, 0, 0, 64, 0, 8 | 128, 0, 0, 0, 32, 4},
	.right_low = {64 | 128, 64 | 128, 8 | 64 | 128, 64 | 128, 64 | 128, 2 | 64 | 128, 64 | 128,
		64 | 128, 64 | 128, 4 | 128, 0, 1 | 16, 32, 0, 0, 64},
	.right_high = {0, 0, 0, 0, 8 | 16 | 64, 64, 0, 0, 1, 0, 0, 2 | 32 | 128, 0, 4},
};

#define KINDS(v, in)                                                                               \
	{                                                                                          \
		.upper = in(v, 'A', 26), .lower = in(v, 'a', 26), .digit = in(v, '0', 10),         \
		.token = in(v, '+', 1) | in(v, '-', 1) | in(v, '/', 1) | in(v, '_', 1)             \
	}

#define KINDS_MORE(kinds, v, in)                                                                   \
	((kinds).token |= (kinds).upper | (kinds).lower | (kinds).digit,                           \
		(kinds).hex = (kinds).digit | in(v, 'A', 6) | in(v, 'a', 6),                       \
		(kinds).low_digit = in(v, '2', 6))

/* at(p): the block there; in(v, low, count): a bit for each of its bytes in [low, low + count);
 * any(p, pairs): true if one begins there.  Nearly every block of a page has few signs: what all
 * need is asked first. */
#define BLOCK_BODY(p, at, in, any)                                                                 \
	const __typeof__(at(p)) v = at(p);                                                         \
	struct kinds now = KINDS(v, in);                                                           \
	const uint64_t digit = now.digit, zero = in(v, 0, 1);                                      \
	const int digits = bits(digit);                                                            \
	unsigned signs = 0;                                                                        \
	if (runs_of_9(now.token | now.upper | now.lower | digit) != 0) {                           \
		const __typeof__(v) w = at((p) + SIGN_BLOCK);                                      \
		struct kinds next = KINDS(w, in);                                                  \
		KINDS_MORE(now, v, in);                                                            \
		KINDS_MORE(next, w, in);                                                           \
		signs |= token_signs(&now, &next);                                                 \
	}                                                                                          \
	if (any(p, &escapes)) {                                                                    \
		const __typeof__(v) w = at((p) + 1), x = at((p) + 2);                              \
		uint64_t hex = in(w, '0', 10) | in(w, 'A', 6) | in(w, 'a', 6);                     \
		uint64_t escape =                                                                  \
			(in(v, '%', 1) & hex) |                                                    \
			(in(v, '\\', 1) & (in(w, 'u', 1) | in(w, 'x', 1) | in(w, '0', 4))) |       \
			(in(v, '&', 1) & (in(w, '#', 1) | in(w, 'n', 1)));                         \
		uint64_t quoted = in(v, '=', 1) &                                                  \
				  (in(w, '0', 10) | in(w, 'A', 6) | in(w, '\r', 1)) &              \
				  (in(x, '0', 10) | in(x, 'A', 6) | in(x, '\n', 1));               \
		uint64_t gap = digit & ((in(w, 0xc2, 1) & in(x, 0xa0, 1)) |                        \
					       (in(w, 0xe3, 1) & in(x, 0x80, 1)));                 \
		if (bits(escape) >= 2 || bits(quoted) >= 2 ||                                      \
			((escape | quoted) != 0 && digits >= DIGITS_NUMBER))                       \
			signs |= SIGN_ESCAPE;                                                      \
		if ((gap != 0 && digits >= 4) || bits(in(v, '#', 1) & in(w, '0', 10)) >= 4)        \
			signs |= SIGN_WIDE;                                                        \
	}                                                                                          \
	const uint64_t turned = in(v, '_', 10);                                                    \
	if ((turned & turned >> 1 & turned >> 2) != 0 && bits(turned) >= DIGITS_HALF &&            \
		is_number(turned, in(at((p) + SIGN_BLOCK), '_', 10),                               \
			in(v, ' ', 1) | in(v, 'Z', 1) | in(v, '\\', 2) | in(v, '0', 1)))           \
		signs |= SIGN_NUMBER;                                                              \
	if (digits > 0 && digits + bits(in(at((p) + SIGN_BLOCK), '0', 10)) >= DIGITS_KEYED)        \
		signs |= SIGN_NUMBER;                                                              \
	if (digits >= LIST_DIGITS) {                                                               \
		uint64_t separator = in(v, ' ', 1) | in(v, ',', 1) | in(v, ';', 1) |               \
				     in(v, '|', 1) | in(v, ':', 1) | in(v, '\n', 1);               \
		uint64_t list = digit | separator | in(v, 'a', 6) | in(v, 'A', 6) | in(v, 'x', 1); \
		if (bits(separator) >= LIST_SEPARATORS && runs_of_20(list) != 0)                   \
			signs |= SIGN_LIST;                                                        \
	}                                                                                          \
	if (zero != 0 && is_alternate(zero))                                                       \
		signs |= SIGN_ZERO;                                                                \
	if (any(p, &magics)) {                                                                     \
		const __typeof__(v) w = at((p) + 1);                                               \
		uint64_t wide = (in(v, 0xef, 1) & in(w, 0xbc, 1)) |                                \
				(in(v, 0x82, 1) & in(w, 0x4f, 10)) |                               \
				(in(v, 0xa3, 1) & in(w, 0xb0, 10));                                \
		if (bits(wide) >= 4)                                                               \
			signs |= SIGN_WIDE;                                                        \
		if (((in(v, 0x1f, 1) & in(w, 0x8b, 1)) | (in(v, 0x28, 1) & in(w, 0xb5, 1)) |       \
			    (in(v, 0xff, 1) & in(w, 0xd9, 1)) | (in(v, 0xae, 1) & in(w, 'B', 1)) | \
			    (in(v, 'P', 1) & in(w, 'K', 1) &                                       \
				    low_bits(bits(now.upper) >= 2 ? SIGN_BLOCK : 0))) != 0)        \
			signs |= SIGN_PACKED;                                                      \
	}                                                                                          \
	return signs

/* The first block of [from, until) with any sign; nothing behind len is touched. */
#define FIRST_BODY(block, sign_block)                                                              \
	for (size_t at = from; at < until; at += SIGN_BLOCK) {                                     \
		*signs = len - at >= SIGN_SEEN ? block(data + at)                                  \
					       : sign_rest(data + at, len - at, sign_block);       \
		if (*signs != 0)                                                                   \
			return at;                                                                 \
	}                                                                                          \
	return until

/* Of the last bytes. */
static unsigned sign_rest(
	const uint8_t *data, size_t len, unsigned (*sign_block)(const uint8_t *block))
{
	SCRATCH uint8_t rest[SIGN_SEEN];
	unsigned signs;

	memset(rest, ' ', sizeof(rest));
	memcpy(rest, data, len < sizeof(rest) ? len : sizeof(rest));
	signs = sign_block(rest);
	explicit_bzero(rest, sizeof(rest));
	return signs;
}

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

static bool any_plain(const uint8_t *p, const struct pairs *pairs)
{
	for (unsigned i = 0; i < SIGN_BLOCK; i++)
		if ((pairs->left_low[p[i] & 15] & pairs->left_high[p[i] >> 4] &
			    pairs->right_low[p[i + 1] & 15] & pairs->right_high[p[i + 1] >> 4]) !=
			0)
			return true;
	return false;
}

unsigned sign_block_plain(const uint8_t *block)
{
	BLOCK_BODY(block, at_plain, in_plain, any_plain);
}

static size_t first_plain(
	const uint8_t *data, size_t from, size_t until, size_t len, unsigned *signs)
{
	FIRST_BODY(sign_block_plain, sign_block_plain);
}

#ifdef __x86_64__

#define AVX2_TARGET __attribute__((target("avx2,popcnt,bmi,lzcnt")))
#define AVX2 __attribute__((target("avx2,popcnt,bmi,lzcnt"), always_inline))

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

AVX2 static inline __m256i class_avx2(__m256i v, const uint8_t *low, const uint8_t *high)
{
	__m256i half = _mm256_set1_epi8(15);
	__m256i lows =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)low));
	__m256i highs =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)high));

	return _mm256_and_si256(_mm256_shuffle_epi8(lows, _mm256_and_si256(v, half)),
		_mm256_shuffle_epi8(highs, _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

AVX2 static inline bool any_avx2(const uint8_t *p, const struct pairs *pairs)
{
	struct two v = at_avx2(p), w = at_avx2(p + 1);
	__m256i low = _mm256_and_si256(class_avx2(v.low, pairs->left_low, pairs->left_high),
		class_avx2(w.low, pairs->right_low, pairs->right_high));
	__m256i high = _mm256_and_si256(class_avx2(v.high, pairs->left_low, pairs->left_high),
		class_avx2(w.high, pairs->right_low, pairs->right_high));
	__m256i both = _mm256_or_si256(low, high);

	return _mm256_testz_si256(both, both) == 0;
}

AVX2 static inline unsigned block_avx2(const uint8_t *block)
{
	BLOCK_BODY(block, at_avx2, in_avx2, any_avx2);
}

AVX2_TARGET unsigned sign_block_avx2(const uint8_t *block)
{
	return block_avx2(block);
}

AVX2_TARGET static size_t first_avx2(
	const uint8_t *data, size_t from, size_t until, size_t len, unsigned *signs)
{
	FIRST_BODY(block_avx2, sign_block_avx2);
}

#define AVX512_TARGET __attribute__((target("avx512f,avx512bw,popcnt,bmi,lzcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,popcnt,bmi,lzcnt"), always_inline))

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

AVX512 static inline __m512i class_avx512(__m512i v, const uint8_t *low, const uint8_t *high)
{
	__m512i half = _mm512_set1_epi8(15);
	__m512i lows = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)low));
	__m512i highs =
		_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)high));

	return _mm512_and_si512(_mm512_shuffle_epi8(lows, _mm512_and_si512(v, half)),
		_mm512_shuffle_epi8(highs, _mm512_and_si512(_mm512_srli_epi16(v, 4), half)));
}

AVX512 static inline bool any_avx512(const uint8_t *p, const struct pairs *pairs)
{
	return _mm512_test_epi8_mask(class_avx512(at_avx512(p), pairs->left_low, pairs->left_high),
		       class_avx512(at_avx512(p + 1), pairs->right_low, pairs->right_high)) != 0;
}

AVX512 static inline unsigned block_avx512(const uint8_t *block)
{
	BLOCK_BODY(block, at_avx512, in_avx512, any_avx512);
}

AVX512_TARGET unsigned sign_block_avx512(const uint8_t *block)
{
	return block_avx512(block);
}

AVX512_TARGET static size_t first_avx512(
	const uint8_t *data, size_t from, size_t until, size_t len, unsigned *signs)
{
	FIRST_BODY(block_avx512, sign_block_avx512);
}

static size_t first(const uint8_t *data, size_t from, size_t until, size_t len, unsigned *signs)
{
	if (__builtin_cpu_supports("avx512bw"))
		return first_avx512(data, from, until, len, signs);
	return __builtin_cpu_supports("avx2") ? first_avx2(data, from, until, len, signs)
					      : first_plain(data, from, until, len, signs);
}

#else

static size_t first(const uint8_t *data, size_t from, size_t until, size_t len, unsigned *signs)
{
	return first_plain(data, from, until, len, signs);
}

#endif

bool sign_next(struct bytes buf, size_t from, struct sign_region *out)
{
	size_t until = buf.len;

	out->signs = 0;
	for (;;) {
		unsigned signs;
		size_t at = first(buf.ptr, from, until, buf.len, &signs);
		if (at >= until)
			break;
		if (out->signs == 0)
			out->from = at;
		out->signs |= signs;
		out->to = buf.len - at < SIGN_BLOCK ? buf.len : at + SIGN_BLOCK;
		from = at + SIGN_BLOCK;
		/* One block without signs and one more. */
		until = buf.len - at < 3 * SIGN_BLOCK ? buf.len : at + 3 * SIGN_BLOCK;
	}
	return out->signs != 0;
}
