#include "base/why.h"
#include "pan/gate.h"
#include "pan/scan.h"
#include "pan/words.h"

#define STEM_MAX 32
#define NUMBERS 5 /* fields are counted from 0 or from 1 */
#define PIECE_LEAST 3
#define PIECE_MOST 10 /* half of the longest number */
#define FIRST_LEAST 4
#define DIGITS_LEAST 13

/* A piece of the number and the name of its field: stem and a number. */
struct field {
	size_t off, len;
	struct bytes stem;
	unsigned number;
};

struct pieces {
	struct field field[NUMBERS];
	size_t count;
};

static bool in_stem(int c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '[';
}

static bool ends(const struct scan *scan, size_t pos)
{
	int c = scan_at(scan, pos), next = scan_at(scan, pos + 1);

	return c != UNKNOWN && !is_digit(c) && !is_letter(c) && c != '_' &&
	       !(c == '.' && is_digit(next));
}

/* The field whose value is the digits off..end.  False: it is none, or not numbered. */
static bool read_field(const struct scan *scan, size_t off, size_t end, struct field *field)
{
	const uint8_t *p = scan->buf.ptr;
	size_t tail = pan_key_end(p, off), first = tail;

	if (tail == 0 || end - off < PIECE_LEAST || end - off > PIECE_MOST || !ends(scan, end))
		return false;
	while (first > 0 && is_digit(p[first - 1]))
		first--;
	if (tail - first > 2)
		return false;
	*field = (struct field){.off = off, .len = end - off};
	for (size_t i = first; i < tail; i++)
		field->number = field->number * 10 + (unsigned)(p[i] - '0');
	size_t stem = first;
	while (stem > 0 && first - stem <= STEM_MAX && in_stem(p[stem - 1]))
		stem--;
	if (first - stem > STEM_MAX || first == stem || scan_before(scan, stem, 1) == UNKNOWN)
		return false;
	field->stem = bytes_of(p + stem, first - stem);
	return field->number < NUMBERS;
}

/* The other fields of that stem, as far as one number reaches.  False: the window ends before that
 * is known. */
static bool read_others(const struct scan *scan, const struct field *first, struct pieces *pieces)
{
	size_t limit = first->off + PAN_SPAN_MAX, pos = first->off + first->len;

	while (pos < limit && pieces->count < PAN_PIECES_MAX) {
		struct field field;
		int c = scan_at(scan, pos);
		if (!is_digit(c)) {
			if (c < 0)
				return c == NOTHING;
			pos++;
			continue;
		}
		size_t off = pos;
		while (pos < limit && is_digit(scan_at(scan, pos)))
			pos++;
		if (pos + 2 > limit || scan_at(scan, pos) == UNKNOWN ||
			scan_at(scan, pos + 1) == UNKNOWN)
			return pos + 2 > limit;
		if (!read_field(scan, off, pos, &field) || !bytes_equal(field.stem, first->stem))
			continue;
		if (pieces->field[field.number].len > 0)
			break;
		pieces->field[field.number] = field;
		pieces->count++;
	}
	return true;
}

/* 4-4-4 and the rest, 4-6 and the rest, or halves. */
static bool shape_fits(const struct field *field, size_t count)
{
	switch (count) {
	case 2:
		return field[0].len + 1 >= field[1].len && field[1].len + 1 >= field[0].len;
	case 3:
		return field[0].len == 4 && field[1].len == 6;
	case 4:
		return field[0].len == 4 && field[1].len == 4 && field[2].len == 4;
	default:
		return false;
	}
}

/* The digits in key order to scan->digits; their number, 0: they do not fit together. */
static size_t join(struct scan *scan, const struct field *field, size_t count)
{
	size_t digits = 0;

	for (size_t i = 0; i < count; i++) {
		if (field[i].len == 0 || digits + field[i].len > SCAN_DIGITS_MAX)
			return 0;
		memcpy(scan->digits + digits, scan->buf.ptr + field[i].off, field[i].len);
		digits += field[i].len;
	}
	return shape_fits(field, count) && digits >= DIGITS_LEAST ? digits : 0;
}

static void report(struct scan *scan, const struct field *field, size_t count, size_t digits,
	const struct pan_match *match)
{
	size_t start = SIZE_MAX, end = 0;

	for (size_t i = 0; i < count; i++) {
		start = field[i].off < start ? field[i].off : start;
		end = field[i].off + field[i].len > end ? field[i].off + field[i].len : end;
	}
	struct pan_hit *hit = scan_report(scan, start, end - start, digits, match,
		WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_SPLIT));
	if (hit == NULL)
		return;
	hit->form = PAN_SPLIT;
	for (size_t i = 0; i < count; i++)
		hit->piece[i] = (struct pan_piece){
			.off = (uint8_t)(field[i].off - start), .len = (uint8_t)field[i].len};
}

void split_at(struct scan *scan, size_t start, size_t end)
{
	struct pieces pieces = {.count = 1};
	struct field first;
	struct pan_match match;

	if (end - start < FIRST_LEAST || !read_field(scan, start, end, &first) ||
		(words_of_name(scan->table, first.stem) & WORD_CARD) == 0)
		return;
	pieces.field[first.number] = first;
	if (!read_others(scan, &first, &pieces))
		return;
	const struct field *fields = &pieces.field[pieces.field[0].len > 0 ? 0 : 1];
	size_t digits = join(scan, fields, pieces.count);
	if (digits == 0)
		return;
	enum pan_verdict verdict = pan_verify(scan->table, scan->digits, digits, &match);
	scan->out->shaped++;
	scan->out->failed += verdict == PAN_FAILED;
	if (verdict == PAN_CARD)
		report(scan, fields, pieces.count, digits, &match);
}
