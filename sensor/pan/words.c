#include "pan/words.h"

static bool is_name_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* First word of that edge, or the end of the list. */
static uint32_t first_of_edge(const struct card_word *words, uint32_t count, uint8_t edge)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (words[middle].edge < edge)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Classes of a name in its normal form. */
static uint16_t look_up_name(const struct pan_table *table, const uint8_t *name, size_t len)
{
	const struct card_image *image = card_image(table);
	const struct card_word *words = card_part(table, image->word_off);
	uint16_t classes = 0;

	if (len == 0)
		return 0;
	uint8_t edge = name[len - 1];
	for (uint32_t i = first_of_edge(words, image->word_cnt, edge);
		i < image->word_cnt && words[i].edge == edge; i++) {
		if (words[i].len > len || words[i].match == WORD_PART ||
			(words[i].match == WORD_EXACT && words[i].len != len))
			continue;
		if (memcmp(name + len - words[i].len, words[i].text, words[i].len) == 0)
			classes |= words[i].class_bit;
	}
	return classes;
}

size_t words_part(const struct pan_table *table, struct bytes text, uint16_t *classes)
{
	const struct card_image *image = card_image(table);
	const struct card_word *words = card_part(table, image->word_off);
	size_t best = 0;

	for (uint32_t i = first_of_edge(words, image->word_cnt, text.ptr[0]);
		i < image->word_cnt && words[i].edge == text.ptr[0]; i++) {
		if (words[i].match != WORD_PART || words[i].len > text.len || words[i].len <= best)
			continue;
		if (memcmp(text.ptr, words[i].text, words[i].len) == 0) {
			best = words[i].len;
			*classes = words[i].class_bit;
		}
	}
	return best;
}

struct bytes words_without_index(struct bytes name)
{
	size_t len = name.len;

	if (len < 2 || name.ptr[len - 1] != ']')
		return name;
	for (len--; len > 0 && name.ptr[len - 1] >= '0' && name.ptr[len - 1] <= '9';)
		len--;
	return len > 0 && name.ptr[len - 1] == '[' ? bytes_head(name, len - 1) : name;
}

/* Lower case without _ - [ ] . : and quotes; 0 if it is no name. */
static size_t normal_form(struct bytes raw, uint8_t out[static WORDS_NAME_MAX])
{
	size_t len = 0;

	raw = words_without_index(raw);
	for (size_t i = 0; i < raw.len; i++) {
		uint8_t c = byte_lower(raw.ptr[i]);
		if (!is_name_byte(c)) {
			if (c == '\0' || strchr("_-[].: \"'", c) == NULL)
				return 0;
			continue;
		}
		if (len == WORDS_NAME_MAX)
			return 0;
		out[len++] = c;
	}
	return len;
}

uint16_t words_of_name(const struct pan_table *table, struct bytes raw)
{
	static const char *const fronts[] = {"payment", "billing"};
	uint8_t name[WORDS_NAME_MAX] = {0};
	size_t len = normal_form(raw, name);
	uint16_t classes = look_up_name(table, name, len);

	if (len == 0 && raw.len > 0 && raw.ptr[0] >= 0x80)
		(void)words_part(table, raw, &classes);
	for (size_t i = 0; i < 2 && classes == 0; i++) {
		size_t front = strlen(fronts[i]);
		if (len > front && memcmp(name, fronts[i], front) == 0)
			classes = look_up_name(table, name + front, len - front);
	}
	return classes;
}
