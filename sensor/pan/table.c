/* table.c - the section "cards": opens an image made by build.c. */
#include "pan/image.h"

/* cnt items of size bytes at off lie inside the image, aligned. */
static bool part_fits(const struct card_image *image, uint32_t off, uint32_t cnt, size_t size)
{
	return off % 8 == 0 && off >= sizeof(*image) && off <= image->size &&
	       cnt <= (image->size - off) / size;
}

static bool parts_fit(const struct card_image *image)
{
	return part_fits(image, image->brand_off, image->brand_cnt, CARD_BRAND_TEXT) &&
	       part_fits(image, image->row_off, image->row_cnt, sizeof(struct card_row)) &&
	       part_fits(image, image->list_off, image->list_cnt, sizeof(uint16_t)) &&
	       part_fits(image, image->test_off, image->test_cnt, sizeof(struct card_test)) &&
	       part_fits(image, image->word_off, image->word_cnt, sizeof(struct card_word)) &&
	       image->brand_cnt > 0 && image->brand_cnt <= CARD_BRANDS_MAX;
}

static bool brands_sound(const struct pan_table *table, const struct card_image *image)
{
	const char *names = card_part(table, image->brand_off);

	for (uint32_t i = 0; i < image->brand_cnt; i++) {
		if (memchr(names + (size_t)i * CARD_BRAND_TEXT, '\0', CARD_BRAND_TEXT) == NULL)
			return false;
	}
	const struct card_row *rows = card_part(table, image->row_off);
	for (uint32_t i = 0; i < image->row_cnt; i++) {
		if (rows[i].brand >= image->brand_cnt || (rows[i].shown != 6 && rows[i].shown != 8))
			return false;
	}
	const struct card_test *tests = card_part(table, image->test_off);
	for (uint32_t i = 0; i < image->test_cnt; i++) {
		if (tests[i].brand >= image->brand_cnt)
			return false;
	}
	return true;
}

static bool list_sound(const struct pan_table *table, const struct card_image *image)
{
	const uint16_t *list = card_part(table, image->list_off);

	for (uint32_t i = 0; i < CARD_PREFIXES; i++) {
		if (image->first[i] > image->first[i + 1])
			return false;
	}
	if (image->first[CARD_PREFIXES] > image->list_cnt)
		return false;
	for (uint32_t i = 0; i < image->list_cnt; i++) {
		bool test = (list[i] & CARD_LIST_TEST) != 0;
		if ((list[i] & ~CARD_LIST_TEST) >= (test ? image->test_cnt : image->row_cnt))
			return false;
	}
	return true;
}

static bool words_sound(const struct pan_table *table, const struct card_image *image)
{
	const struct card_word *words = card_part(table, image->word_off);

	for (uint32_t i = 0; i < image->word_cnt; i++) {
		if (words[i].len == 0 || words[i].len > sizeof(words[i].text) ||
			words[i].match >= WORD_MATCH_COUNT ||
			(i > 0 && words[i].edge < words[i - 1].edge))
			return false;
	}
	return true;
}

bool pan_table_open(struct pan_table *table, struct bytes image, struct err *err)
{
	const struct card_image *head = (const struct card_image *)(const void *)image.ptr;

	if (image.len < sizeof(*head) || (uintptr_t)image.ptr % 8 != 0)
		return err_set(err, EXIT_CANNOT, "section cards: too short or not aligned");
	if (memcmp(head->magic, CARD_MAGIC, sizeof(head->magic)) != 0)
		return err_set(
			err, EXIT_CANNOT, "section cards: made by another version, build it again");
	table->image = image;
	if (head->size != image.len || !parts_fit(head) || !brands_sound(table, head) ||
		!list_sound(table, head) || !words_sound(table, head))
		return err_set(err, EXIT_CANNOT, "section cards: damaged, build it again");
	return true;
}

const char *pan_brand_name(const struct pan_table *table, uint8_t brand)
{
	const struct card_image *image = card_image(table);
	const char *names = card_part(table, image->brand_off);

	return brand < image->brand_cnt ? names + (size_t)brand * CARD_BRAND_TEXT : "unknown";
}
