/* RFC 4648 sections 4 and 5, both alphabets at once. */
#include "codec/coding.h"
#include "codec/glyph.h"
#include "codec/look.h"

#define RUN_MIN 18    /* characters of a stretch: a number of 13 digits */
#define LINE_MIN 20   /* of a line whose end is no end */
#define RANDOM_MIN 32 /* of one whose bytes look like nothing */
#define PIECE_MAX 32  /* of a word between blanks; what is longer is none */
#define BLANK_RIGHT 4 /* characters behind a blank that was a '+' */
#define SHIFT_MAX 24  /* a path of so many bytes may stand in front */
#define LOOK_CODED 96 /* bytes of coded text that hold LOOK_BYTES decoded */

#define LOOK_KEYED_HERE (LOOK_TEXT - 1 + 10) /* only what is clearly text is better */

#define VARIANT_ALIGN 3u /* characters before the first whole quad */
#define VARIANT_URL 4u   /* '-' and '_' stand in it */

/* Value + 1; 0: not of the alphabet. */
static const uint8_t alphabet[256] = {
	['A'] = 1,
	['B'] = 2,
	['C'] = 3,
	['D'] = 4,
	['E'] = 5,
	['F'] = 6,
	['G'] = 7,
	['H'] = 8,
	['I'] = 9,
	['J'] = 10,
	['K'] = 11,
	['L'] = 12,
	['M'] = 13,
	['N'] = 14,
	['O'] = 15,
	['P'] = 16,
	['Q'] = 17,
	['R'] = 18,
	['S'] = 19,
	['T'] = 20,
	['U'] = 21,
	['V'] = 22,
	['W'] = 23,
	['X'] = 24,
	['Y'] = 25,
	['Z'] = 26,
	['a'] = 27,
	['b'] = 28,
	['c'] = 29,
	['d'] = 30,
	['e'] = 31,
	['f'] = 32,
	['g'] = 33,
	['h'] = 34,
	['i'] = 35,
	['j'] = 36,
	['k'] = 37,
	['l'] = 38,
	['m'] = 39,
	['n'] = 40,
	['o'] = 41,
	['p'] = 42,
	['q'] = 43,
	['r'] = 44,
	['s'] = 45,
	['t'] = 46,
	['u'] = 47,
	['v'] = 48,
	['w'] = 49,
	['x'] = 50,
	['y'] = 51,
	['z'] = 52,
	['0'] = 53,
	['1'] = 54,
	['2'] = 55,
	['3'] = 56,
	['4'] = 57,
	['5'] = 58,
	['6'] = 59,
	['7'] = 60,
	['8'] = 61,
	['9'] = 62,
	['+'] = 63,
	['-'] = 63,
	['/'] = 64,
	['_'] = 64,
};

static bool is_coded(struct bytes buf, size_t at)
{
	return at < buf.len && alphabet[buf.ptr[at]] != 0;
}

/* A word of prose or a plain number: one case but for its first letter, or digits. */
static bool is_word(struct bytes piece)
{
	size_t upper = 0, lower = 0, digits = 0;

	if (piece.len == 0 || piece.len >= PIECE_MAX)
		return false;
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t c = piece.ptr[i];

		upper += i > 0 && c >= 'A' && c <= 'Z';
		lower += i > 0 && c >= 'a' && c <= 'z';
		digits += is_digit(c);
	}
	return (digits == 0 && (upper == 0 || lower == 0)) || digits == piece.len;
}

static struct bytes piece_left(struct bytes buf, size_t end)
{
	size_t len = 0;

	while (len < PIECE_MAX && len < end && is_coded(buf, end - len - 1))
		len++;
	return bytes_of(buf.ptr + end - len, len);
}

static struct bytes piece_right(struct bytes buf, size_t at)
{
	size_t len = 0;

	while (len < PIECE_MAX && is_coded(buf, at + len))
		len++;
	return bytes_of(buf.ptr + at, len);
}

/* A blank that was a '+' in a form: characters of the alphabet on both sides, and not words. */
static bool is_plus(struct bytes buf, size_t at)
{
	struct bytes right = piece_right(buf, at + 1);

	if (right.len < BLANK_RIGHT)
		return false;
	struct bytes left = piece_left(buf, at);

	return left.len > 0 && !(is_word(left) && is_word(right));
}

/* Length of the line end at that place if the text goes on behind it, else 0. */
static size_t line_end(struct bytes buf, size_t at)
{
	size_t len = buf.ptr[at] == '\r' ? 2 : 1;

	if (at + len >= buf.len || buf.ptr[at + len - 1] != '\n' || !is_coded(buf, at + len))
		return 0;
	return piece_left(buf, at).len >= LINE_MIN ? len : 0;
}

/* Length of what stands between two characters and means nothing, or 0: a line end, a blank
 * that was a '+', the backslash that some JSON writers put before a '/'. */
static size_t joint(struct bytes buf, size_t at)
{
	switch (buf.ptr[at]) {
	case '\r':
	case '\n':
		return line_end(buf, at);
	case ' ':
		return is_plus(buf, at);
	case '\\':
		return at + 1 < buf.len && buf.ptr[at + 1] == '/';
	default:
		return 0;
	}
}

/* True if no run reaches from the left to this character. */
static bool begins(struct bytes buf, size_t at)
{
	if (at == 0)
		return true;
	size_t before = at - 1;

	if (is_coded(buf, before))
		return false;
	if (buf.ptr[before] == '\n' && before > 0 && buf.ptr[before - 1] == '\r')
		before--;
	if (buf.ptr[before] == '\r' && before + 2 != at)
		return true;
	return before == 0 || !is_coded(buf, before - 1) || joint(buf, before) == 0;
}

struct run {
	size_t off, end; /* padding included */
	size_t chars;
	size_t upper, lower, digits, changes; /* changes: neighbours of two kinds */
	bool url;
};

static void run_count(struct run *run, uint8_t c, int *kind)
{
	int now = is_digit(c) ? 1 : c >= 'a' && c <= 'z' ? 2 : c >= 'A' && c <= 'Z' ? 3 : 4;

	run->chars++;
	run->digits += now == 1;
	run->lower += now == 2;
	run->upper += now == 3;
	run->changes += now != *kind;
	run->url |= c == '-' || c == '_';
	*kind = now;
}

static struct run run_of(struct bytes buf, size_t off)
{
	struct run run = {.off = off};
	size_t at = off, skip = 1;
	int kind = 0;

	while (at < buf.len && skip > 0) {
		if (is_coded(buf, at)) {
			run_count(&run, buf.ptr[at++], &kind);
			continue;
		}
		skip = joint(buf, at);
		at += skip;
	}
	for (int pad = 0; pad < 2 && at < buf.len && buf.ptr[at] == '='; pad++)
		at++;
	run.end = at;
	return run;
}

/* Bits of the first characters that belong to a byte before the stretch. */
static int bits_before(uint32_t variant)
{
	static const int bits[] = {0, 6, 4, 2};

	return bits[variant & VARIANT_ALIGN];
}

struct reader {
	uint32_t bits;
	int held;
};

/* True if a byte was completed. */
static bool reader_put(struct reader *reader, uint8_t c, uint8_t *byte)
{
	uint8_t value = c == ' ' ? alphabet['+'] : alphabet[c];

	if (value == 0)
		return false;
	reader->bits = reader->bits << 6 | (uint32_t)(value - 1);
	reader->held += 6;
	if (reader->held < 8)
		return false;
	reader->held -= 8;
	*byte = (uint8_t)(reader->bits >> reader->held);
	return true;
}

static size_t base64_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	struct reader reader = {.held = -bits_before(variant)};
	uint8_t byte = 0;
	size_t n = 0;

	(void)unpacker;
	for (size_t i = 0; i < coded.len && n < room; i++) {
		if (reader_put(&reader, coded.ptr[i], &byte))
			out[n++] = byte;
	}
	return n;
}

/* Cases and digits by turns: names are of whole words. */
static bool is_mixed(const struct run *run)
{
	return run->upper > 0 && run->lower > 0 && run->digits > 0 &&
	       run->changes * 3 >= run->chars;
}

static int look_at(struct bytes buf, const struct run *run, size_t off, uint32_t align)
{
	uint8_t out[LOOK_BYTES];
	struct bytes coded = bytes_head(bytes_of(buf.ptr + off, run->end - off), LOOK_CODED);

	return look_of(bytes_of(out, base64_decode(NULL, coded, align, out, sizeof(out))));
}

/* A reading that begins at off, as one of the whole run: what begins as something packed begins
 * there, other text may have begun before. */
static void choose(struct bytes buf, const struct run *run, size_t off, uint32_t align, int look,
	struct stretch *out)
{
	bool exact = off == run->off || look == LOOK_DEFLATED || look == LOOK_PACKED;
	uint32_t chars = align;

	for (size_t i = run->off; !exact && i < off; i++)
		chars += buf.ptr[i] != '\\';
	out->off = exact ? off : run->off;
	out->variant = chars & VARIANT_ALIGN;
}

/* Which beginning and alignment look best; false if none looks like anything. */
static bool clear_look(struct bytes buf, const struct run *run, struct stretch *out)
{
	int best = 0;

	for (size_t off = run->off; off + RUN_MIN <= run->end && off <= run->off + SHIFT_MAX;
		off++) {
		if (off > run->off && buf.ptr[off - 1] != '/' && buf.ptr[off - 1] != ' ')
			continue;
		for (uint32_t align = 0; align <= VARIANT_ALIGN; align++) {
			int look = look_at(buf, run, off, align);

			/* Such bytes look so at other alignments, too. */
			if (look == LOOK_KEYED && off == run->off && align == 0)
				look = LOOK_KEYED_HERE;
			if (look <= best)
				continue;
			best = look;
			choose(buf, run, off, align, look, out);
		}
	}
	if (best <= LOOK_DEFLATED || best == LOOK_KEYED_HERE)
		return best > 0 && is_mixed(run); /* names may look so by chance */
	return true;
}

/* The alignment at which a number of a card's length is written somewhere in the run. */
static bool holds_number(struct bytes buf, const struct run *run, struct stretch *out)
{
	struct reader readers[VARIANT_ALIGN + 1];
	struct digit_count counts[VARIANT_ALIGN + 1] = {{0}};
	uint8_t byte = 0;

	for (uint32_t align = 0; align <= VARIANT_ALIGN; align++)
		readers[align] = (struct reader){.held = -bits_before(align)};
	for (size_t i = run->off; i < run->end; i++) {
		for (uint32_t align = 0; align <= VARIANT_ALIGN; align++) {
			if (!reader_put(&readers[align], buf.ptr[i], &byte) ||
				!digit_count(&counts[align], byte))
				continue;
			out->off = run->off;
			out->variant = align;
			return true;
		}
	}
	return false;
}

/* Where it begins if it is as mixed as random bytes are, behind a short path: "/t/". */
static bool looks_random(struct bytes buf, const struct run *run, struct stretch *out)
{
	size_t off = run->off;

	if (run->chars < RANDOM_MIN || run->changes * 5 < run->chars * 2 ||
		run->digits * 32 < run->chars || run->upper * 16 < run->chars ||
		run->lower * 16 < run->chars)
		return false;
	if (buf.ptr[off] == '/') {
		struct bytes path = bytes_of(buf.ptr + off + 1, PIECE_MAX / 4);
		size_t slash = bytes_find_byte(path, '/');

		off += slash != SIZE_MAX && is_word(bytes_head(path, slash)) ? slash + 2 : 0;
	}
	out->off = off;
	out->variant = 0;
	return true;
}

static bool judge(struct bytes buf, const struct run *run, struct stretch *out)
{
	if (run->chars < RUN_MIN || run->digits == run->chars)
		return false;
	if (!clear_look(buf, run, out) && !holds_number(buf, run, out) &&
		!looks_random(buf, run, out))
		return false;
	out->len = run->end - out->off;
	out->variant |= run->url ? VARIANT_URL : 0;
	return true;
}

static bool base64_find(struct bytes buf, size_t from, struct stretch *out)
{
	size_t at = from;

	while (at < buf.len) {
		if (!is_coded(buf, at)) {
			at++;
			continue;
		}
		bool first = begins(buf, at);
		struct run run = run_of(buf, at);

		if (first && judge(buf, &run, out))
			return true;
		at = run.end;
	}
	return false;
}

const struct coding coding_base64 = {
	.layer = LAYER_BASE64,
	.signs = SIGN_TOKEN,
	.find = base64_find,
	.decode = base64_decode,
};
