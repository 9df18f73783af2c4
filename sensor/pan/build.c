/* build.c - signatures/cards/{issuers,test-pans,key-words}.csv to the section "cards". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pan/image.h"

#define FIELDS_MAX 7
#define LINE_MAX_LEN 512
#define PREFIX_FULL 8

struct builder {
	char brand[CARD_BRANDS_MAX][CARD_BRAND_TEXT];
	struct card_row row[CARD_ROWS_MAX];
	struct card_test test[CARD_TESTS_MAX];
	struct card_word word[CARD_WORDS_MAX];
	uint16_t list[CARD_LIST_MAX];
	uint16_t first[CARD_PREFIXES + 4];
	uint32_t brand_cnt, row_cnt, test_cnt, word_cnt, list_cnt;
};

/* One line of a file, cut at its commas. */
struct line {
	const char *path; /* for errors */
	uint32_t number;
	char *field[FIELDS_MAX];
	uint32_t fields;
	struct err *err;
};

typedef bool (*line_reader)(struct builder *builder, const struct line *line);

struct name_value {
	const char *name;
	uint32_t value;
};

static bool refuse(const struct line *line, const char *what, const char *got)
{
	return err_set(line->err, EXIT_USAGE, "%s:%u: %s, got \"%s\"", line->path, line->number,
		what, got);
}

static bool all_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Decimal digits, at most 9 of them. */
static bool read_number(const char *text, size_t len, uint32_t *out)
{
	*out = 0;
	if (len == 0 || len > 9)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (uint32_t)(text[i] - '0');
	}
	return true;
}

/* "N" or "N-M" with N <= M; *width: digits of N. */
static bool read_range(const char *text, uint32_t *low, uint32_t *high, size_t *width)
{
	const char *dash = strchr(text, '-');
	size_t len = strlen(text);

	*width = dash != NULL ? (size_t)(dash - text) : len;
	if (!read_number(text, *width, low))
		return false;
	if (dash == NULL) {
		*high = *low;
		return true;
	}
	return read_number(dash + 1, len - *width - 1, high) && *low <= *high &&
	       len - *width - 1 == *width;
}

static bool look_up(const struct name_value *table, size_t count, const char *name, uint32_t *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0) {
			*value = table[i].value;
			return true;
		}
	}
	return false;
}

static bool brand_index(struct builder *builder, const struct line *line, uint8_t *out)
{
	const char *name = line->field[0];
	size_t len = strlen(name);

	for (uint32_t i = 0; i < builder->brand_cnt; i++) {
		if (strcmp(builder->brand[i], name) == 0) {
			*out = (uint8_t)i;
			return true;
		}
	}
	if (len == 0 || len >= CARD_BRAND_TEXT ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
		return refuse(line, "a brand is 1 to 23 of a-z, 0-9 and -", name);
	if (builder->brand_cnt == CARD_BRANDS_MAX)
		return refuse(line, "at most 64 brands", name);
	memcpy(builder->brand[builder->brand_cnt], name, len + 1);
	*out = (uint8_t)builder->brand_cnt++;
	return true;
}

static bool read_prefix(const struct line *line, struct card_row *row)
{
	size_t width;

	if (!read_range(line->field[1], &row->low, &row->high, &width) || width > PREFIX_FULL)
		return refuse(line, "a prefix is 1 to 8 digits, or LOW-HIGH of the same length",
			line->field[1]);
	for (size_t i = width; i < PREFIX_FULL; i++) {
		row->low *= 10;
		row->high = row->high * 10 + 9;
	}
	row->prefix_len = (uint8_t)width;
	return true;
}

static bool read_lengths(const struct line *line, struct card_row *row)
{
	uint32_t low, high;
	size_t width;

	if (!read_range(line->field[2], &low, &high, &width) || low < CARD_DIGITS_MIN ||
		high > CARD_DIGITS_MAX)
		return refuse(line, "lengths are 12 to 19, or LOW-HIGH", line->field[2]);
	for (uint32_t len = low; len <= high; len++)
		row->lengths |= (uint8_t)(1u << (len - CARD_DIGITS_MIN));
	return true;
}

static bool read_issuer(struct builder *builder, const struct line *line)
{
	static const struct name_value checks[] = {{"luhn", 1}, {"none", 0}};
	static const struct name_value codes[] = {{"0", 0}, {"3", 3}, {"4", 4}};
	static const struct name_value tiers[] = {{"1", 1}, {"2", 2}, {"off", 0}};
	static const struct name_value showns[] = {{"6", 6}, {"8", 8}};
	struct card_row row = {.zero = {0}};
	uint32_t check, code, tier, shown;

	if (line->fields != 7)
		return refuse(line, "a line is brand,prefix,lengths,check,code,tier,shown",
			line->field[0]);
	if (!brand_index(builder, line, &row.brand) || !read_prefix(line, &row) ||
		!read_lengths(line, &row))
		return false;
	if (!look_up(checks, 2, line->field[3], &check))
		return refuse(line, "check is luhn or none", line->field[3]);
	if (!look_up(codes, 3, line->field[4], &code))
		return refuse(line, "code is 0, 3 or 4", line->field[4]);
	if (!look_up(tiers, 3, line->field[5], &tier))
		return refuse(line, "tier is 1, 2 or off", line->field[5]);
	if (!look_up(showns, 2, line->field[6], &shown))
		return refuse(line, "shown is 6 or 8", line->field[6]);
	if (tier == 0)
		return true;
	if (builder->row_cnt == CARD_ROWS_MAX)
		return refuse(line, "at most 4096 rows", line->field[0]);
	row.luhn = (uint8_t)check;
	row.tier = (uint8_t)tier;
	row.shown = (uint8_t)shown;
	builder->row[builder->row_cnt++] = row;
	return true;
}

static bool read_test(struct builder *builder, const struct line *line)
{
	struct card_test test = {.number = 0};
	const char *number = line->field[1];

	if (line->fields != 3)
		return refuse(line, "a line is brand,number,check", line->field[0]);
	size_t len = strlen(number);
	if (!all_digits(number) || len < CARD_DIGITS_MIN || len > CARD_DIGITS_MAX ||
		number[0] == '0')
		return refuse(line, "a test number is 12 to 19 digits", number);
	bool luhn = strcmp(line->field[2], "luhn") == 0;
	if (!luhn && strcmp(line->field[2], "none") != 0)
		return refuse(line, "check is luhn or none", line->field[2]);
	if (pan_luhn(number, len) != luhn)
		return refuse(line, "the check digit says otherwise", line->field[2]);
	if (!brand_index(builder, line, &test.brand))
		return false;
	if (builder->test_cnt == CARD_TESTS_MAX)
		return refuse(line, "at most 4096 test numbers", number);
	for (size_t i = 0; i < len; i++)
		test.number = test.number * 10 + (uint64_t)(number[i] - '0');
	test.digits = (uint8_t)len;
	builder->test[builder->test_cnt++] = test;
	return true;
}

static bool read_hex(const char *hex, struct card_word *word)
{
	size_t len = strlen(hex);

	if (len == 0 || len % 2 != 0 || len / 2 > sizeof(word->text) ||
		hex[strspn(hex, "0123456789abcdef")] != '\0')
		return false;
	for (size_t i = 0; i < len; i += 2) {
		char pair[3] = {hex[i], hex[i + 1], '\0'};
		word->text[i / 2] = (char)strtoul(pair, NULL, 16);
	}
	word->len = (uint8_t)(len / 2);
	return true;
}

static bool read_plain_word(const char *text, struct card_word *word)
{
	size_t len = strlen(text);

	if (len == 0 || len > sizeof(word->text) ||
		text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0')
		return false;
	memcpy(word->text, text, len);
	word->len = (uint8_t)len;
	return true;
}

static bool read_word(struct builder *builder, const struct line *line)
{
	static const struct name_value classes[] = {{"card", WORD_CARD}, {"parent", WORD_PARENT},
		{"number", WORD_NUMBER}, {"expiry", WORD_EXPIRY}, {"datepart", WORD_DATEPART},
		{"code", WORD_CODE}, {"holder", WORD_HOLDER}, {"postal", WORD_POSTAL},
		{"decoy", WORD_DECOY}, {"skip", WORD_SKIP}};
	static const struct name_value matches[] = {
		{"exact", WORD_EXACT}, {"end", WORD_END}, {"part", WORD_PART}};
	struct card_word word = {.len = 0};
	uint32_t class_bit, match;

	if (line->fields != 3)
		return refuse(line, "a line is class,match,word", line->field[0]);
	if (!look_up(classes, sizeof(classes) / sizeof(classes[0]), line->field[0], &class_bit))
		return refuse(line, "unknown class", line->field[0]);
	if (!look_up(matches, 3, line->field[1], &match))
		return refuse(line, "match is exact, end or part", line->field[1]);
	const char *text = line->field[2];
	bool hex = strncmp(text, "hex:", 4) == 0;
	if (hex != (match == WORD_PART) ||
		!(hex ? read_hex(text + 4, &word) : read_plain_word(text, &word)))
		return refuse(
			line, "a word is a-z and 0-9, or for part hex: and bytes, up to 59", text);
	if (builder->word_cnt == CARD_WORDS_MAX)
		return refuse(line, "at most 4096 words", text);
	word.class_bit = (uint16_t)class_bit;
	word.match = (uint8_t)match;
	word.edge = (uint8_t)word.text[match == WORD_PART ? 0 : word.len - 1];
	builder->word[builder->word_cnt++] = word;
	return true;
}

static bool read_line(struct builder *builder, char *text, struct line *line, line_reader reader)
{
	size_t len = strcspn(text, "\r\n");

	if (len == LINE_MAX_LEN - 1)
		return refuse(line, "a line is at most 510 bytes", "");
	text[len] = '\0';
	if (len == 0 || text[0] == '#')
		return true;
	line->fields = 0;
	for (char *rest = text, *field; (field = strsep(&rest, ",")) != NULL;) {
		if (line->fields == FIELDS_MAX)
			return refuse(line, "too many fields", field);
		line->field[line->fields++] = field;
	}
	return reader(builder, line);
}

static bool read_file(struct builder *builder, const char *dir, const char *name,
	line_reader reader, struct err *err)
{
	char path[4096], text[LINE_MAX_LEN];
	struct line line = {.path = path, .number = 0, .err = err};

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return err_set(err, EXIT_USAGE, "%s: the path is too long", name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return err_set(err, EXIT_USAGE, "%s: %s; it holds what a card looks like", path,
			strerror(errno));
	bool good = true;
	while (good && fgets(text, sizeof(text), file) != NULL) {
		line.number++;
		good = read_line(builder, text, &line, reader);
	}
	if (good && ferror(file) != 0)
		good = err_set(err, EXIT_CANNOT, "%s: cannot be read: %s", path, strerror(errno));
	fclose(file);
	return good;
}

static uint32_t test_prefix(const struct card_test *test)
{
	uint64_t number = test->number;

	while (number >= CARD_PREFIXES)
		number /= 10;
	return (uint32_t)number;
}

/* For each 4-digit prefix the rows and test numbers that may fit. */
static bool index_prefixes(struct builder *builder, struct err *err)
{
	for (uint32_t prefix = 0; prefix < CARD_PREFIXES; prefix++) {
		uint32_t low = prefix * 10000, high = low + 9999;
		builder->first[prefix] = (uint16_t)builder->list_cnt;
		if (builder->list_cnt + builder->row_cnt + builder->test_cnt > CARD_LIST_MAX)
			return err_set(err, EXIT_USAGE,
				"issuers.csv: too many overlapping ranges; the index holds 60000 "
				"items");
		for (uint32_t i = 0; i < builder->row_cnt; i++) {
			if (builder->row[i].low <= high && builder->row[i].high >= low)
				builder->list[builder->list_cnt++] = (uint16_t)i;
		}
		for (uint32_t i = 0; i < builder->test_cnt; i++) {
			if (test_prefix(&builder->test[i]) == prefix)
				builder->list[builder->list_cnt++] = (uint16_t)(i | CARD_LIST_TEST);
		}
	}
	builder->first[CARD_PREFIXES] = (uint16_t)builder->list_cnt;
	return true;
}

static int by_edge(const void *a, const void *b)
{
	const struct card_word *left = a, *right = b;

	return (int)(uint8_t)left->edge - (int)(uint8_t)right->edge;
}

/* Appends len bytes at *size, which stays a multiple of 8; the place it got. */
static uint32_t append(uint8_t *image, uint32_t *size, const void *data, size_t len)
{
	uint32_t off = *size;

	memcpy(image + off, data, len);
	*size += (uint32_t)(len + 7) / 8 * 8;
	return off;
}

static bool write_image(const struct builder *b, uint8_t **out, size_t *out_len, struct err *err)
{
	size_t brands = (size_t)b->brand_cnt * CARD_BRAND_TEXT,
	       rows = b->row_cnt * sizeof(b->row[0]);
	size_t list = b->list_cnt * sizeof(b->list[0]), tests = b->test_cnt * sizeof(b->test[0]);
	size_t words = b->word_cnt * sizeof(b->word[0]);
	size_t all = sizeof(struct card_image) + brands + rows + list + tests + words + 5u * 8;
	uint8_t *image = calloc(1, all);

	if (image == NULL)
		return err_set(err, EXIT_CANNOT, "section cards: no memory for %zu bytes", all);
	struct card_image head = {.magic = CARD_MAGIC,
		.brand_cnt = b->brand_cnt,
		.row_cnt = b->row_cnt,
		.list_cnt = b->list_cnt,
		.test_cnt = b->test_cnt,
		.word_cnt = b->word_cnt};
	memcpy(head.first, b->first, sizeof(head.first));
	uint32_t size = sizeof(head);
	head.brand_off = append(image, &size, b->brand, brands);
	head.row_off = append(image, &size, b->row, rows);
	head.list_off = append(image, &size, b->list, list);
	head.test_off = append(image, &size, b->test, tests);
	head.word_off = append(image, &size, b->word, words);
	head.size = size;
	memcpy(image, &head, sizeof(head));
	*out = image;
	*out_len = size;
	return true;
}

bool pan_table_build(const char *cards_dir, uint8_t **out, size_t *out_len, struct err *err)
{
	struct builder *builder = calloc(1, sizeof(*builder));

	if (builder == NULL)
		return err_set(err, EXIT_CANNOT, "section cards: no memory");
	bool good = read_file(builder, cards_dir, "issuers.csv", read_issuer, err) &&
		    read_file(builder, cards_dir, "test-pans.csv", read_test, err) &&
		    read_file(builder, cards_dir, "key-words.csv", read_word, err);
	qsort(builder->word, builder->word_cnt, sizeof(builder->word[0]), by_edge);
	good = good && index_prefixes(builder, err) && write_image(builder, out, out_len, err);
	free(builder);
	return good;
}
