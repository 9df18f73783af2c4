#include "pan/sign.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/scratch.h"
#include "codec/coding.h"

/* Into each of the twins: they have instructions for counts of bits, others do not. */
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

#define DIGITS_NUMBER 12 /* in a block and the next */
#define DIGITS_HALF (DIGITS_NUMBER / 2)
#define GAP_DIGITS 4 /* beside a space of two or three bytes */
#define LIST_DIGITS 8
#define LIST_MIN 4    /* separators, and numbers of two or three digits */
#define HEX_RUN 24    /* digits of a stretch, */
#define BASE32_RUN 21 /* characters */
#define BASE64_RUN 18
#define BASE64_PART 12 /* between blanks: half its characters are turns */
#define TURNS 5        /* in so many characters cases and digits take turns */
#define UPPER_MIN 2

/* What stands in a block, a bit a byte. */
struct kinds {
	uint64_t token; /* of base64 */
	uint64_t upper, lower, digit;
	uint64_t turns;  /* another kind of letter or digit than the one before */
	uint64_t high;   /* 0 or FF, as of ASCII and of full-width digits in UTF-16 */
	uint64_t escape; /* one may begin, */
	uint64_t wide;   /* a character of another charset, */
	uint64_t gap;    /* a digit and a space of more bytes, */
	uint64_t magic;  /* something packed */
};

/* Bit n: that many set bits of mask from n on. */
INLINE uint64_t runs_of_12(uint64_t mask)
{
	mask &= mask >> 1;
	mask &= mask >> 2;
	return mask & mask >> 4 & mask >> 8;
}

INLINE uint64_t runs_of_18(uint64_t mask)
{
	mask = runs_of_12(mask);
	return mask & mask >> 6;
}

INLINE uint64_t runs_of_20(uint64_t mask)
{
	mask = runs_of_12(mask);
	return mask & mask >> 8;
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

INLINE uint64_t low_bits(size_t count)
{
	return count >= SIGN_BLOCK ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

INLINE uint64_t high_bits(unsigned count)
{
	return count == 0 ? 0 : ~UINT64_C(0) << (SIGN_BLOCK - count);
}

/* A run begins there that goes on in the next block. */
INLINE bool is_split(uint64_t mask, uint64_t next, unsigned least)
{
	return mask >> (SIGN_BLOCK - 1) != 0 && ones_high(mask) + ones_low(next) >= least;
}

/* A run of `least` bits, 20 or more, begins there. */
INLINE bool is_run(uint64_t mask, uint64_t next, unsigned least)
{
	uint64_t starts = runs_of_20(mask);

	return (starts & starts >> (least - 20)) != 0 || is_split(mask, next, least);
}

INLINE uint64_t turns_of(uint64_t upper, uint64_t lower, uint64_t digit)
{
	return (upper & (lower | digit) << 1) | (lower & (upper | digit) << 1) |
	       (digit & (upper | lower) << 1);
}

INLINE uint64_t two_of(uint64_t a, uint64_t b, uint64_t c)
{
	return (a & b) | (c & (a | b));
}

/* Six of twelve bits in a row are set somewhere: numbers are added in all places at once, a binary
 * digit a mask; two, four, eight bits, and four more. */
INLINE bool is_dense(uint64_t m)
{
	uint64_t two_0 = m ^ m >> 1, two_1 = m & m >> 1;
	uint64_t carry = two_0 & two_0 >> 2;
	uint64_t four_0 = two_0 ^ two_0 >> 2, four_1 = two_1 ^ two_1 >> 2 ^ carry;
	uint64_t four_2 = two_of(two_1, two_1 >> 2, carry);
	uint64_t carry_0 = four_0 & four_0 >> 4, carry_1 = two_of(four_1, four_1 >> 4, carry_0);
	uint64_t eight_0 = four_0 ^ four_0 >> 4, eight_1 = four_1 ^ four_1 >> 4 ^ carry_0;
	uint64_t eight_2 = four_2 ^ four_2 >> 4 ^ carry_1;
	uint64_t eight_3 = two_of(four_2, four_2 >> 4, carry_1);

	carry_0 = eight_0 & four_0 >> 8;
	carry_1 = two_of(eight_1, four_1 >> 8, carry_0);
	uint64_t sum_1 = eight_1 ^ four_1 >> 8 ^ carry_0, sum_2 = eight_2 ^ four_2 >> 8 ^ carry_1;
	uint64_t sum_3 = eight_3 | two_of(eight_2, four_2 >> 8, carry_1);
	return (sum_3 | (sum_2 & sum_1)) != 0;
}

INLINE bool is_mixed(unsigned len, int upper, int turned)
{
	return upper >= UPPER_MIN &&
	       ((len >= BASE64_RUN && turned >= TURNS && turned * 5 >= (int)len) ||
		       (len >= BASE64_PART && turned * 2 >= (int)len));
}

/* Characters of base64 begin there in which cases and digits take turns as in no word, path or
 * name. */
INLINE bool is_token(const struct kinds *now, const struct kinds *next)
{
	uint64_t starts = runs_of_12(now->token);
	unsigned tail = ones_high(now->token), more = ones_low(next->token);
	uint64_t run = high_bits(tail), rest = low_bits(more);

	if (tail > 0 && is_mixed(tail + more, bits(now->upper & run) + bits(next->upper & rest),
				bits(now->turns & run & run << 1) + bits(next->turns & rest)))
		return true;
	for (starts &= ~(starts << 1) & ~run; starts != 0; starts &= starts - 1) {
		unsigned first = (unsigned)__builtin_ctzll(starts);
		unsigned len = ones_low(now->token >> first);

		run = low_bits(len) << first;
		if (is_mixed(len, bits(now->upper & run), bits(now->turns & run & run << 1)))
			return true;
	}
	return false;
}

/* As many characters of base64 as any coding needs that is written with them. */
INLINE bool is_long(const struct kinds *now, const struct kinds *next)
{
	return runs_of_18(now->token) != 0 || is_split(now->token, next->token, BASE64_RUN);
}

/* What may be a part of base64 between blanks. */
INLINE bool is_part(const struct kinds *now, const struct kinds *next)
{
	if (bits(now->turns) + bits(next->turns) < BASE64_PART / 2)
		return false;
	return is_split(now->token, next->token, BASE64_PART) ||
	       (runs_of_12(now->token) != 0 && is_dense(now->turns));
}

/* Twelve digits in a row, or four, a separator and three, begin there, as in pan/gate.h; of 16
 * digits in groups one such pair is in one block. */
INLINE bool is_number(uint64_t digit, uint64_t next, uint64_t separator)
{
	uint64_t two = digit & digit >> 1, four = two & two >> 2;
	uint64_t twelve = four & four >> 4 & four >> 8;

	return (twelve | (four & separator >> 4 & (two & digit >> 2) >> 5)) != 0 ||
	       ones_high(digit) + ones_low(next) >= DIGITS_NUMBER;
}

INLINE bool has_digits(uint64_t digit, uint64_t next)
{
	return digit != 0 && bits(digit) + bits(next) >= DIGITS_NUMBER;
}

/* Where runs of exactly 2 or 3 bits begin. */
INLINE uint64_t runs_of(uint64_t mask, unsigned count)
{
	uint64_t starts = mask & ~(mask << 1) & mask >> 1;

	return count == 2 ? starts & ~(mask >> 2) : starts & mask >> 2 & ~(mask >> 3);
}

/* Every second byte of eight. */
INLINE bool is_alternate(uint64_t high)
{
	return (high & high >> 2 & high >> 4 & high >> 6 & ~(high >> 1 | high >> 3 | high >> 5)) !=
	       0;
}

/* Bits of a run of 18 or more. */
INLINE uint64_t in_runs_of_18(uint64_t mask)
{
	mask = runs_of_18(mask);
	mask |= mask << 1;
	mask |= mask << 2;
	mask |= mask << 4;
	return mask | mask << 8 | mask << 10;
}

/* Eight bits in a row of which two of the first four and two of the last are set: no word whose
 * parts begin with capitals has so many turns. */
INLINE bool is_lively(uint64_t m)
{
	uint64_t odd = m ^ m >> 1, both = m & m >> 1;
	uint64_t two = both | both >> 2 | (odd & odd >> 2);

	return (two & two >> 4) != 0;
}

/* What can be told of a block at once. */
struct screen {
	uint64_t token, single, digit; /* characters of base64, those that are letters or digits */
	uint64_t escape;
	bool rare; /* something that few blocks have */
};

/* Characters of base64 that go on in the next block: how many in all, or 0. */
INLINE unsigned split_of(const struct screen *now, const struct screen *next)
{
	unsigned tail = ones_high(now->token);

	return tail == 0 ? 0 : tail + ones_low(next->token);
}

/* For conditions that are computed all: which of them holds is hard to predict. */
INLINE unsigned is(bool holds)
{
	return holds;
}

/* What is_token() and runs of hex and base32 need; turns: of the block and of the next. */
INLINE bool may_be_token(
	const struct screen *now, const struct screen *next, uint64_t turns, uint64_t next_turns)
{
	uint64_t tail = high_bits(ones_high(now->token)), lead = low_bits(ones_low(next->token));

	return (is(split_of(now, next) >= BASE64_PART) &
		       is(bits(turns & tail) + bits(next_turns & lead) >= TURNS)) |
	       is(bits(turns & in_runs_of_18(now->token)) >= TURNS) |
	       (is(runs_of_12(now->token) != 0) & is(is_lively(turns))) |
	       is(runs_of_20(now->single) != 0) |
	       is(is_split(now->single, next->single, BASE32_RUN));
}

/* Besides tokens and numbers. */
INLINE bool may_show(const struct screen *now, const struct screen *next)
{
	/* All escapes have a letter or digit for their third. */
	int escapes = bits(now->escape & (now->single >> 2 | high_bits(2)));
	int digits = bits(now->digit);

	return is(now->rare) | is(escapes >= 2) |
	       (is(escapes != 0) & is(digits + bits(next->digit) >= DIGITS_NUMBER)) |
	       (is(digits >= LIST_DIGITS) & is(bits(now->digit & ~(now->digit << 1)) >= LIST_MIN));
}

/* Pairs of bytes that begin something, by their half bytes: a pair has a bit where each half byte
 * of each has it.  A few other pairs have one, too: what shows is looked at again. */
struct pairs {
	uint8_t left_low[16], left_high[16], right_low[16], right_high[16];
};

/* 1: % and a hex digit; 2: \ and one of ux0123; 4: & and # or n; 8: = and a hex digit;
 * 16: PK, = and CR or LF; 32: # and a digit.  On the left alone, characters of base64: 64: + - /;
 * 128: _.
 */
static const struct pairs escapes = {
	.left_low = {16, 0, 0, 32, 0, 1, 4, 0, 0, 0, 0, 64, 2, 8 | 16 | 64, 0, 64 | 128},
	.left_high = {0, 0, 1 | 4 | 32 | 64, 8 | 16, 0, 2 | 16 | 128},
	.right_low = {1 | 2 | 8 | 32, 1 | 2 | 8 | 32, 1 | 2 | 8 | 32, 1 | 2 | 4 | 8 | 32,
		1 | 8 | 32, 1 | 2 | 8 | 32, 1 | 8 | 32, 1 | 8 | 32, 1 | 2 | 8 | 32, 1 | 8 | 32, 16,
		16, 0, 16, 4, 0},
	.right_high = {16, 0, 4, 1 | 2 | 8 | 32, 1 | 8 | 16, 0, 1 | 4, 2},
};

/* Each with a byte that is not ASCII: 1: 1F 8B; 2: 28 B5; 4: FF D9; 8: AE 42; 16: a digit and C2
 * or E3; 32: EF BC; 64: 82 and 4F to 58; 128: A3 and B0 to B9. */
static const struct pairs magics = {
	.left_low = {16, 16, 16 | 64, 16 | 128, 16, 16, 16, 16, 2 | 16, 16, 0, 0, 0, 0, 8,
		1 | 4 | 32},
	.left_high = {0, 1, 2, 16, 0, 0, 0, 0, 64, 0, 8 | 128, 0, 0, 0, 32, 4},
	.right_low = {64 | 128, 64 | 128, 8 | 16 | 64 | 128, 16 | 64 | 128, 64 | 128, 2 | 64 | 128,
		64 | 128, 64 | 128, 64 | 128, 4 | 128, 0, 1, 32, 0, 0, 64},
	.right_high = {0, 0, 0, 0, 8 | 64, 64, 0, 0, 1, 0, 0, 2 | 32 | 128, 16, 4, 16},
};

#define ESCAPES_TOKEN (64 | 128)
#define ESCAPES_MAGIC 16
#define ESCAPES_ESCAPE (1 | 2 | 4 | 8 | 32)
#define MAGICS_MAGIC (1 | 2 | 4 | 8)
#define MAGICS_GAP 16
#define MAGICS_WIDE (32 | 64 | 128)

struct chars {
	uint8_t c[SIGN_BLOCK];
};

static struct chars at_plain(const uint8_t *p, size_t left)
{
	struct chars v = {{0}};

	memcpy(v.c, p, left < SIGN_BLOCK ? left : SIGN_BLOCK);
	return v;
}

static uint64_t in_plain(struct chars v, unsigned low, unsigned count)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < SIGN_BLOCK; i++)
		mask |= (uint64_t)((uint8_t)(v.c[i] - low) < count) << i;
	return mask;
}

static uint8_t pairs_of(const struct pairs *pairs, uint8_t left, uint8_t right)
{
	return pairs->left_low[left & 15] & pairs->left_high[left >> 4] &
	       pairs->right_low[right & 15] & pairs->right_high[right >> 4];
}

static void pairs_in_plain(struct chars v, struct chars w, struct kinds *kinds)
{
	kinds->token = in_plain(v, '+', 1) | in_plain(v, '-', 1) | in_plain(v, '/', 1) |
		       in_plain(v, '_', 1);
	for (unsigned i = 0; i < SIGN_BLOCK; i++) {
		uint8_t text = pairs_of(&escapes, v.c[i], w.c[i]);
		uint8_t bytes = pairs_of(&magics, v.c[i], w.c[i]);
		bool magic = (text & ESCAPES_MAGIC) != 0 || (bytes & MAGICS_MAGIC) != 0;

		kinds->escape |= (uint64_t)((text & ESCAPES_ESCAPE) != 0) << i;
		kinds->wide |= (uint64_t)((bytes & MAGICS_WIDE) != 0) << i;
		kinds->gap |= (uint64_t)((bytes & MAGICS_GAP) != 0) << i;
		kinds->magic |= (uint64_t)magic << i;
	}
}

static uint64_t letters_in_plain(struct chars v)
{
	return in_plain(v, 'A', 26) | in_plain(v, 'a', 26);
}

#define TARGET
#define TWIN(name) name##_plain
#define VECTOR struct chars
#define AT at_plain
#define IN in_plain
#define PAIRS_IN pairs_in_plain
#define LETTERS_IN letters_in_plain
#include "pan/sign_block.def"

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2,popcnt,bmi,lzcnt")))

struct two {
	__m256i low, high;
};

AVX2 INLINE __m256i half_at(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* What is left of a buffer is copied: nothing behind it may be touched. */
AVX2 static NOINLINE struct two rest_at(const uint8_t *p, size_t left)
{
	SCRATCH uint8_t rest[SIGN_BLOCK];
	struct two v;

	memset(rest, 0, sizeof(rest));
	memcpy(rest, p, left);
	v = (struct two){.low = half_at(rest), .high = half_at(rest + 32)};
	explicit_bzero(rest, sizeof(rest));
	return v;
}

AVX2 INLINE struct two at_avx2(const uint8_t *p, size_t left)
{
	return left < SIGN_BLOCK ? rest_at(p, left)
				 : (struct two){.low = half_at(p), .high = half_at(p + 32)};
}

AVX2 INLINE unsigned half_in(__m256i v, unsigned low, unsigned count)
{
	if (count == 1)
		return (unsigned)_mm256_movemask_epi8(
			_mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)low)));
	/* Moved to the lowest of the signed range: one compare. */
	v = _mm256_add_epi8(v, _mm256_set1_epi8((char)(128 - (int)low)));
	return (unsigned)_mm256_movemask_epi8(
		_mm256_cmpgt_epi8(_mm256_set1_epi8((char)(-128 + (int)count)), v));
}

AVX2 INLINE uint64_t in_avx2(struct two v, unsigned low, unsigned count)
{
	return half_in(v.low, low, count) | (uint64_t)half_in(v.high, low, count) << 32;
}

AVX2 INLINE __m256i class_avx2(__m256i v, const uint8_t *low, const uint8_t *high)
{
	__m256i half = _mm256_set1_epi8(15);
	__m256i lows =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)low));
	__m256i highs =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)high));

	return _mm256_and_si256(_mm256_shuffle_epi8(lows, _mm256_and_si256(v, half)),
		_mm256_shuffle_epi8(highs, _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

AVX2 INLINE uint32_t half_with(__m256i v, uint8_t any)
{
	v = _mm256_and_si256(v, _mm256_set1_epi8((char)any));
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_setzero_si256()));
}

AVX2 INLINE void half_pairs_in(__m256i v, __m256i w, unsigned shift, struct kinds *kinds)
{
	__m256i left = class_avx2(v, escapes.left_low, escapes.left_high);
	__m256i pair = _mm256_and_si256(left, class_avx2(w, escapes.right_low, escapes.right_high));

	kinds->token |= (uint64_t)half_with(left, ESCAPES_TOKEN) << shift;
	kinds->escape |= (uint64_t)half_with(pair, ESCAPES_ESCAPE) << shift;
	kinds->magic |= (uint64_t)half_with(pair, ESCAPES_MAGIC) << shift;
	if (_mm256_movemask_epi8(_mm256_or_si256(v, w)) == 0)
		return;
	pair = _mm256_and_si256(class_avx2(v, magics.left_low, magics.left_high),
		class_avx2(w, magics.right_low, magics.right_high));
	kinds->wide |= (uint64_t)half_with(pair, MAGICS_WIDE) << shift;
	kinds->gap |= (uint64_t)half_with(pair, MAGICS_GAP) << shift;
	kinds->magic |= (uint64_t)half_with(pair, MAGICS_MAGIC) << shift;
}

AVX2 INLINE void pairs_in_avx2(struct two v, struct two w, struct kinds *kinds)
{
	half_pairs_in(v.low, w.low, 0, kinds);
	half_pairs_in(v.high, w.high, 32, kinds);
}

AVX2 INLINE uint64_t letters_in_avx2(struct two v)
{
	const __m256i low = _mm256_set1_epi8(0x20);

	v = (struct two){.low = _mm256_or_si256(v.low, low), .high = _mm256_or_si256(v.high, low)};
	return in_avx2(v, 'a', 26);
}

#define TARGET AVX2
#define TWIN(name) name##_avx2
#define VECTOR struct two
#define AT at_avx2
#define IN in_avx2
#define PAIRS_IN pairs_in_avx2
#define LETTERS_IN letters_in_avx2
#include "pan/sign_block.def"

#define AVX512 __attribute__((target("avx512f,avx512bw,popcnt,bmi,lzcnt")))

/* What is left of a buffer is loaded by mask. */
AVX512 INLINE __m512i at_avx512(const uint8_t *p, size_t left)
{
	return left < SIGN_BLOCK ? _mm512_maskz_loadu_epi8(low_bits(left), p)
				 : _mm512_loadu_si512(p);
}

AVX512 INLINE uint64_t in_avx512(__m512i v, unsigned low, unsigned count)
{
	if (count == 1)
		return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)low));
	return _mm512_cmplt_epu8_mask(
		_mm512_sub_epi8(v, _mm512_set1_epi8((char)low)), _mm512_set1_epi8((char)count));
}

AVX512 INLINE __m512i class_avx512(__m512i v, const uint8_t *low, const uint8_t *high)
{
	__m512i half = _mm512_set1_epi8(15);
	__m512i lows = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)low));
	__m512i highs =
		_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)high));

	return _mm512_and_si512(_mm512_shuffle_epi8(lows, _mm512_and_si512(v, half)),
		_mm512_shuffle_epi8(highs, _mm512_and_si512(_mm512_srli_epi16(v, 4), half)));
}

AVX512 INLINE uint64_t with_avx512(__m512i v, uint8_t any)
{
	return _mm512_test_epi8_mask(v, _mm512_set1_epi8((char)any));
}

AVX512 INLINE void pairs_in_avx512(__m512i v, __m512i w, struct kinds *kinds)
{
	__m512i left = class_avx512(v, escapes.left_low, escapes.left_high);
	__m512i pair =
		_mm512_and_si512(left, class_avx512(w, escapes.right_low, escapes.right_high));

	kinds->token = with_avx512(left, ESCAPES_TOKEN);
	kinds->escape = with_avx512(pair, ESCAPES_ESCAPE);
	kinds->magic = with_avx512(pair, ESCAPES_MAGIC);
	if (_mm512_movepi8_mask(_mm512_or_si512(v, w)) == 0)
		return;
	pair = _mm512_and_si512(class_avx512(v, magics.left_low, magics.left_high),
		class_avx512(w, magics.right_low, magics.right_high));
	kinds->wide = with_avx512(pair, MAGICS_WIDE);
	kinds->gap = with_avx512(pair, MAGICS_GAP);
	kinds->magic |= with_avx512(pair, MAGICS_MAGIC);
}

AVX512 INLINE uint64_t letters_in_avx512(__m512i v)
{
	return in_avx512(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), 'a', 26);
}

#define TARGET AVX512
#define TWIN(name) name##_avx512
#define VECTOR __m512i
#define AT at_avx512
#define IN in_avx512
#define PAIRS_IN pairs_in_avx512
#define LETTERS_IN letters_in_avx512
#include "pan/sign_block.def"

static size_t first(const uint8_t *data, size_t from, size_t until, size_t len, unsigned wanted,
	unsigned *signs)
{
	if (__builtin_cpu_supports("avx512bw"))
		return first_avx512(data, from, until, len, wanted, signs);
	return __builtin_cpu_supports("avx2") ? first_avx2(data, from, until, len, wanted, signs)
					      : first_plain(data, from, until, len, wanted, signs);
}

#else

static size_t first(const uint8_t *data, size_t from, size_t until, size_t len, unsigned wanted,
	unsigned *signs)
{
	return first_plain(data, from, until, len, wanted, signs);
}

#endif

bool sign_next(struct bytes buf, size_t from, unsigned wanted, struct sign_region *out)
{
	size_t until = buf.len;

	out->signs = 0;
	while (from < until) {
		unsigned signs;
		size_t at = first(buf.ptr, from, until, buf.len, wanted, &signs);
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
