/* context.c - what stands around a hit, read as a list of words.
 *
 * One pass cuts the bytes into tokens and remembers what parted them; a value's
 * key is the name before it in the same field.  No parser: the bytes may be a form, JSON, XML,
 * HTML, a record with bars, or prose, cut anywhere. */
#include "base/why.h"
#include "pan/words.h"

#define TEXT_MAX (2 * PAN_CONTEXT + PAN_SPAN_MAX)
#define TOKENS_MAX (TEXT_MAX / 2 + 2)
#define KEY_BACK 6     /* tokens between a value and its name */
#define KEY_WORDS 3    /* "credit card number" */
#define RECORD_AFTER 5 /* fields behind the card that may be expiry and code */
#define RECORD_BEFORE 3
#define GROUPS 4        /* 4-4-4-4, */
#define CARD_GROUPED 19 /* and how long it is written */
#define YEAR_FIRST 24   /* of an expiry without a name */
#define YEAR_LAST 39

enum gap {             /* what stands before a token: bits */
	GAP_SPACE = 1, /* one space, nothing else */
	GAP_KEY = 2,   /* '=', ':' or '>' */
	GAP_FIELD = 4, /* '|', ',', ':', ';' or a tab */
	GAP_STOP = 8,  /* the field before is over: '|', ',', ';', '&', '}' or a new line */
	GAP_LINE = 16,
};

struct token {
	uint16_t off, len;
	uint16_t classes; /* enum word_class of the token alone */
	uint8_t gap;
};

struct page {
	const struct pan_table *table;
	uint8_t text[TEXT_MAX];
	size_t len, hit_off, hit_end;
	struct token token[TOKENS_MAX];
	size_t count, hit;
	bool whole;   /* nothing stands before text */
	size_t names; /* first token behind which a card, parent or expiry name stands */
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return byte_lower(c) >= 'a' && byte_lower(c) <= 'z';
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* in, percent escapes decoded, behind what stands in page->text already. */
static void append_decoded(struct page *page, struct bytes in)
{
	for (size_t i = 0; i < in.len && page->len < TEXT_MAX; i++) {
		uint8_t c = in.ptr[i];
		if (c == '%' && in.len - i > 2 && hex_value(in.ptr[i + 1]) >= 0 &&
			hex_value(in.ptr[i + 2]) >= 0) {
			c = (uint8_t)(hex_value(in.ptr[i + 1]) << 4 | hex_value(in.ptr[i + 2]));
			i += 2;
		}
		page->text[page->len++] = c;
	}
}

static void read_page(struct page *page, struct bytes around, size_t hit_off, size_t hit_len)
{
	struct bytes left = bytes_head(around, hit_off);
	struct bytes right = bytes_skip(around, hit_off + hit_len);

	if (left.len > PAN_CONTEXT)
		left = bytes_skip(left, left.len - PAN_CONTEXT);
	page->whole = left.len < PAN_CONTEXT;
	append_decoded(page, left);
	page->hit_off = page->len;
	if (page->len < TEXT_MAX)
		page->text[page->len++] = '0'; /* stands for the card */
	page->hit_end = page->len;
	append_decoded(page, bytes_head(right, PAN_CONTEXT));
}

#define PARTS 0x80 /* the byte parts and says nothing more */

/* What the bytes above space part, and three below; 0: the byte belongs to a token. */
static const uint8_t gaps[256] = {
	['\t'] = GAP_FIELD,
	['\n'] = GAP_LINE | GAP_STOP,
	['\r'] = GAP_LINE | GAP_STOP,
	['"'] = PARTS,
	['&'] = GAP_STOP,
	['\''] = PARTS,
	['('] = PARTS,
	[')'] = PARTS,
	['+'] = PARTS,
	[','] = GAP_FIELD | GAP_STOP,
	[':'] = GAP_KEY | GAP_FIELD,
	[';'] = GAP_FIELD | GAP_STOP,
	['<'] = PARTS,
	['='] = GAP_KEY,
	['>'] = GAP_KEY,
	['?'] = PARTS,
	['\\'] = PARTS,
	['{'] = PARTS,
	['|'] = GAP_FIELD | GAP_STOP,
	['}'] = GAP_STOP,
};

static inline uint8_t gap_of(uint8_t c)
{
	return c <= ' ' && gaps[c] == 0 ? PARTS : gaps[c];
}

/* Of a path: what stands behind its last '/'. */
static struct bytes last_segment(struct bytes name)
{
	size_t i = name.len;

	while (i > 0 && name.ptr[i - 1] != '/')
		i--;
	return bytes_skip(name, i);
}

static void add_token(struct page *page, size_t off, size_t len, uint16_t words, uint8_t *gap)
{
	if (words == 0 && off != page->hit_off)
		words = words_of_name(page->table, last_segment(bytes_of(page->text + off, len)));
	if (page->count == TOKENS_MAX)
		return;
	page->token[page->count++] = (struct token){
		.off = (uint16_t)off, .len = (uint16_t)len, .classes = words, .gap = *gap};
	*gap = 0;
}

/* One delimiter at i; returns how many bytes it has. */
static size_t read_gap(const struct page *page, size_t i, size_t *parted, uint8_t *gap)
{
	uint8_t c = page->text[i];

	if (c == '\\' && i + 1 < page->len && strchr("nrt", page->text[i + 1]) != NULL &&
		page->text[i + 1] != '\0') {
		*gap |= page->text[i + 1] == 't' ? GAP_FIELD : GAP_LINE | GAP_STOP;
		*parted += 1;
		return 2;
	}
	if (gap_of(c) == 0 && !(c == '/' && *parted > 0))
		return 0;
	*gap |= gap_of(c) & (uint8_t)~PARTS;
	*gap = (uint8_t)(*parted == 0 && (c == ' ' || c == '+') ? *gap | GAP_SPACE
								: *gap & ~GAP_SPACE);
	*parted += 1;
	return 1;
}

/* Bytes of the token at i. */
static size_t token_len(const struct page *page, size_t i)
{
	size_t start = i;

	while (i < page->len && i != page->hit_off) {
		uint16_t words;
		if (gap_of(page->text[i]) != 0 && i > start)
			break;
		if (i > start && page->text[i] >= 0x80 &&
			words_part(page->table, bytes_of(page->text + i, page->len - i), &words) >
				0)
			break;
		i++;
	}
	return i - start;
}

static void cut_tokens(struct page *page)
{
	uint8_t gap = 0;
	size_t parted = 1; /* the beginning parts */

	for (size_t i = 0; i < page->len;) {
		uint16_t words = 0;
		size_t len = 1;
		if (i == page->hit_off) {
			page->hit = page->count;
		} else {
			len = read_gap(page, i, &parted, &gap);
			if (len > 0) {
				i += len;
				continue;
			}
			struct bytes rest = bytes_of(page->text + i, page->len - i);
			len = rest.ptr[0] >= 0x80 ? words_part(page->table, rest, &words) : 0;
			if (len == 0 || (i < page->hit_off && i + len > page->hit_off))
				len = token_len(page, i);
		}
		add_token(page, i, len, words, &gap);
		parted = 0;
		i += len;
	}
}

static struct bytes token_text(const struct page *page, size_t t)
{
	return bytes_of(page->text + page->token[t].off, page->token[t].len);
}

static bool has_letter(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (is_letter(text.ptr[i]) || text.ptr[i] >= 0x80)
			return true;
	}
	return false;
}

static size_t digits_in(struct bytes text)
{
	size_t count = 0;

	while (count < text.len && is_digit(text.ptr[count]))
		count++;
	return count == text.len ? count : 0;
}

/* Classes of the name that ends with token t: of up to three words the most that are known. */
static uint16_t name_classes(const struct page *page, size_t t)
{
	uint16_t best = page->token[t].classes;
	size_t first = t;

	for (size_t words = 1; words < KEY_WORDS && first > 0; words++) {
		if ((page->token[first].gap & GAP_SPACE) == 0 || first - 1 == page->hit)
			break;
		first--;
		size_t from = page->token[first].off;
		size_t end = (size_t)page->token[t].off + page->token[t].len;
		uint16_t classes =
			words_of_name(page->table, bytes_of(page->text + from, end - from));
		if (classes != 0)
			best = classes;
	}
	return best;
}

/* A full-width colon or space, or an index, between a name and its value. */
static bool is_noise(struct bytes text)
{
	return (text.len <= 4 && text.ptr[0] >= 0x80) || words_without_index(text).len == 0;
}

/* Classes of the name in front of a value. */
static uint16_t key_classes(const struct page *page, size_t value)
{
	for (size_t t = value, back = 0; t > 0 && back < KEY_BACK; t--, back++) {
		if ((page->token[t].gap & GAP_STOP) != 0 || t - 1 == page->hit)
			return 0;
		uint16_t classes = name_classes(page, t - 1);
		bool markup = (classes & WORD_SKIP) != 0 &&
			      (classes & (WORD_CARD | WORD_DECOY | WORD_EXPIRY | WORD_CODE)) == 0;
		if (back == 0 && (classes & WORD_HOLDER) != 0 && value != page->hit)
			return classes;
		if (classes != 0 && !markup)
			return classes;
		if (!markup && !is_noise(token_text(page, t - 1)))
			return 0;
	}
	return 0;
}

/* A name and '=', ':' or '>' stand directly before the value. */
static bool keyed(const struct page *page, size_t t)
{
	return t > 0 && (page->token[t].gap & GAP_KEY) != 0 && t - 1 != page->hit &&
	       has_letter(token_text(page, t - 1));
}

static unsigned number_of(const uint8_t *digits, size_t len)
{
	unsigned value = 0;

	for (size_t i = 0; i < len; i++)
		value = value * 10 + (unsigned)(digits[i] - '0');
	return value;
}

static bool month_fits(const uint8_t *digits)
{
	unsigned month = number_of(digits, 2);

	return month >= 1 && month <= 12;
}

/* 2 or 4 digits.  any: whatever year, because a name says what it is. */
static bool year_fits(const uint8_t *digits, size_t len, bool any)
{
	unsigned year = number_of(digits, len);

	if (len == 4 && (year < 2000 || year > 2099))
		return false;
	year %= 100;
	return any || (year >= YEAR_FIRST && year <= YEAR_LAST);
}

static bool month_year(const uint8_t *month, const uint8_t *year, size_t year_len, bool any)
{
	return month_fits(month) && year_fits(year, year_len, any);
}

/* MM/YY, MM/YYYY, YYYY/MM (also with '-'), MMYY, YYMM, MMYYYY, YYYYMM. */
static bool is_expiry(struct bytes text, bool any)
{
	const uint8_t *p = text.ptr;
	size_t head = 0;

	while (head < text.len && is_digit(p[head]))
		head++;
	if (head == text.len && head == 4)
		return month_year(p, p + 2, 2, any) || month_year(p + 2, p, 2, any);
	if (head == text.len && head == 6)
		return month_year(p, p + 2, 4, any) || month_year(p + 4, p, 4, any);
	if (head == text.len || (p[head] != '/' && p[head] != '-'))
		return false;
	size_t tail = digits_in(bytes_skip(text, head + 1));
	const uint8_t *second = p + head + 1;
	return (head == 2 && (tail == 2 || tail == 4) && month_year(p, second, tail, any)) ||
	       (head == 4 && tail == 2 && month_year(second, p, 4, any)) ||
	       (any && head == 2 && tail == 2 && month_year(second, p, 2, any));
}

/* Half of an expiry in a field of its own. */
static bool is_expiry_part(struct bytes text)
{
	size_t len = digits_in(text);

	return (len == 1 && text.ptr[0] != '0') || len == 2 ||
	       (len == 4 && year_fits(text.ptr, 4, true));
}

static bool is_mail(struct bytes text)
{
	size_t at = bytes_find_byte(text, '@');

	return at != SIZE_MAX && at > 0 &&
	       bytes_find_byte(bytes_skip(text, at + 2), '.') != SIZE_MAX;
}

/* A Japanese postal code: 7 digits, 3 and 4. */
static bool is_postal(struct bytes text)
{
	return digits_in(text) == 7 ||
	       (text.len == 8 && text.ptr[3] == '-' && digits_in(bytes_head(text, 3)) == 3 &&
		       digits_in(bytes_skip(text, 4)) == 4);
}

static bool is_name_word(struct bytes text)
{
	if (text.len < 2 || text.ptr[0] < 'A' || text.ptr[0] > 'Z')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_letter(text.ptr[i]))
			return false;
	}
	return true;
}

/* Tokens t and t + 1 are a field of exactly two capitalised words that name nothing. */
static bool is_full_name(const struct page *page, size_t t)
{
	if (t + 1 >= page->count || (page->token[t + 1].gap & GAP_SPACE) == 0 ||
		(page->token[t].gap & GAP_SPACE) != 0 ||
		(t + 2 < page->count && (page->token[t + 2].gap & GAP_SPACE) != 0))
		return false;
	return is_name_word(token_text(page, t)) && is_name_word(token_text(page, t + 1)) &&
	       name_classes(page, t + 1) == 0;
}

/* Fields behind the card without names: expiry and code, in any order. */
static uint64_t read_record(const struct page *page)
{
	uint64_t why = 0;

	for (size_t t = page->hit + 1; t < page->count && t <= page->hit + RECORD_AFTER; t++) {
		struct bytes text = token_text(page, t);
		size_t digits = digits_in(text);
		bool field = (page->token[t].gap & GAP_FIELD) != 0;
		if ((page->token[t].gap & GAP_LINE) != 0 || keyed(page, t))
			break;
		if ((why & WHY_BIT(WHY_CARD_EXPIRY)) == 0 && is_expiry(text, false)) {
			why |= WHY_BIT(WHY_CARD_EXPIRY);
		} else if (digits == 2 && month_fits(text.ptr) && t + 1 < page->count &&
			   (digits_in(token_text(page, t + 1)) == 2 ||
				   digits_in(token_text(page, t + 1)) == 4) &&
			   year_fits(token_text(page, t + 1).ptr, page->token[t + 1].len, false)) {
			why |= WHY_BIT(WHY_CARD_EXPIRY);
			t++;
		} else if ((digits == 3 || digits == 4) && (field || why != 0)) {
			why |= WHY_BIT(WHY_CARD_CODE);
		} else {
			break;
		}
	}
	return why;
}

static bool expiry_before(const struct page *page)
{
	for (size_t back = 1; back <= RECORD_BEFORE && back <= page->hit; back++) {
		size_t t = page->hit - back;
		if ((page->token[t + 1].gap & GAP_LINE) != 0)
			return false;
		if (digits_in(token_text(page, t)) == 0 && is_expiry(token_text(page, t), false) &&
			!keyed(page, t))
			return true;
	}
	return false;
}

/* Token t may be another card's number. */
static bool is_number(const struct page *page, size_t t)
{
	char digits[CARD_DIGITS_MAX];
	struct bytes text = token_text(page, t);
	size_t len = digits_in(text);

	if (t == page->hit || len <= CARD_DIGITS_MIN || len > CARD_DIGITS_MAX)
		return false;
	memcpy(digits, text.ptr, len);
	bool fits = pan_luhn(digits, len);
	explicit_bzero(digits, sizeof(digits));
	return fits;
}

/* Tokens before first are another number's: it stands between, or before them. */
static size_t first_own(const struct page *page)
{
	for (size_t t = page->hit; t > 0; t--) {
		if (is_number(page, t - 1))
			return page->hit;
	}
	return 0;
}

/* Tokens from there on are another number's. */
static size_t end_own(const struct page *page)
{
	size_t t = page->hit + 1;

	while (t < page->count && !is_number(page, t))
		t++;
	return t;
}

/* Digits that end, or begin, a token. */
static size_t edge_digits(struct bytes text, bool at_end)
{
	size_t count = 0;

	while (count < text.len && is_digit(text.ptr[at_end ? text.len - 1 - count : count]))
		count++;
	return count;
}

static bool is_one_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* An integer between brackets, or other long ones, without quotes: constants, keys of rows. */
static bool in_list(const struct page *page)
{
	size_t hit = page->hit, at = page->hit_off, end = page->hit_end;

	if (at == 0 || end >= page->len || !is_one_of(page->text[at - 1], "([,") ||
		!is_one_of(page->text[end], ",)]"))
		return false;
	if (page->text[at - 1] != ',' || page->text[end] != ',')
		return true;
	return hit > 0 && hit + 1 < page->count &&
	       edge_digits(token_text(page, hit - 1), true) > CARD_DIGITS_MIN &&
	       edge_digits(token_text(page, hit + 1), false) > CARD_DIGITS_MIN;
}

/* Four groups in a row below four words: columns of a table, each with its head. */
static bool below_heads(const struct page *page, size_t written)
{
	size_t t = page->hit;

	if (written != CARD_GROUPED || t < GROUPS || page->token[t].gap != (GAP_LINE | GAP_STOP))
		return false;
	for (size_t words = 1; words <= GROUPS; words++) {
		struct bytes text = token_text(page, --t);
		bool first = words == GROUPS;
		if (edge_digits(text, false) > 0 || !is_letter(text.ptr[0]) ||
			(page->token[t].classes & WORD_CARD) != 0 ||
			(!first && page->token[t].gap != GAP_SPACE) ||
			(first && t > 0 && (page->token[t].gap & GAP_LINE) == 0))
			return false;
	}
	return true;
}

/* What a value that has a name says. */
static uint64_t read_value(const struct page *page, size_t t)
{
	struct bytes text = token_text(page, t);
	size_t digits = digits_in(text);
	uint64_t why = 0;

	if (!is_digit(text.ptr[0]) && !keyed(page, t))
		return 0;
	uint16_t key = key_classes(page, t);

	if ((key & WORD_EXPIRY) != 0 && (is_expiry(text, true) || is_expiry_part(text)))
		why |= WHY_BIT(WHY_CARD_EXPIRY);
	if ((key & WORD_DATEPART) != 0 && t > page->names && is_expiry_part(text))
		why |= WHY_BIT(WHY_CARD_EXPIRY);
	if ((key & WORD_CODE) != 0 && (digits == 3 || digits == 4))
		why |= WHY_BIT(WHY_CARD_CODE);
	if ((key & WORD_POSTAL) != 0 && is_postal(text))
		why |= WHY_BIT(WHY_CARD_HOLDER);
	if ((key & WORD_HOLDER) != 0 && keyed(page, t) && text.len >= 2 && has_letter(text) &&
		page->token[t].classes == 0)
		why |= WHY_BIT(WHY_CARD_HOLDER);
	return why;
}

/* First token behind which a bare "month" or "number" belongs to a card. */
static size_t find_names(const struct page *page, uint16_t classes)
{
	for (size_t t = 0; t < page->count; t++) {
		if (t != page->hit && (page->token[t].classes & classes) != 0)
			return t;
	}
	return page->count;
}

static uint64_t read_own_name(const struct page *page, struct bytes field)
{
	uint16_t own = (uint16_t)(key_classes(page, page->hit) | words_of_name(page->table, field));

	if ((own & (WORD_CARD | WORD_DECOY | WORD_NUMBER)) == 0 && page->whole)
		own = words_of_column(page->table, bytes_of(page->text, page->len), page->hit_off);
	bool number =
		(own & WORD_NUMBER) != 0 && find_names(page, WORD_PARENT | WORD_CARD) < page->hit;

	if ((own & WORD_CARD) != 0 || number)
		return WHY_BIT(WHY_CARD_KEY);
	return (own & WORD_DECOY) != 0 ? WHY_BIT(WHY_CARD_DECOY_KEY) : 0;
}

uint64_t pan_context(const struct pan_table *table, struct bytes around, size_t hit_off,
	size_t hit_len, struct bytes field)
{
	struct page page = {.table = table, .len = 0, .count = 0, .hit = SIZE_MAX};

	if (hit_off > around.len)
		return 0;
	read_page(&page, around, hit_off, hit_len);
	cut_tokens(&page);
	page.names = find_names(&page, WORD_PARENT | WORD_CARD | WORD_EXPIRY);
	uint64_t why = read_own_name(&page, field) | read_record(&page);
	size_t first = first_own(&page), end = end_own(&page);
	if (in_list(&page) || below_heads(&page, hit_len))
		why |= WHY_BIT(WHY_CARD_IN_LIST);
	if (first == 0 && expiry_before(&page))
		why |= WHY_BIT(WHY_CARD_EXPIRY);
	for (size_t t = 0; t < page.count; t++) {
		if (t == page.hit)
			continue;
		if (t >= first && t < end)
			why |= read_value(&page, t);
		if (is_mail(token_text(&page, t)) || (t + 1 != page.hit && is_full_name(&page, t)))
			why |= WHY_BIT(WHY_CARD_HOLDER);
	}
	explicit_bzero(&page, sizeof(page));
	return why;
}
