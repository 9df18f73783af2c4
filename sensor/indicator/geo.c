#include "indicator/geo.h"

#include "base/safe_text.h"

static size_t index_len(uint32_t range_cnt)
{
	return range_cnt > 0 ? GEO_INDEX_LEN : 0;
}

size_t geo_image_len(const struct geo_header *header)
{
	return sizeof(*header) +
	       (index_len(header->range4_cnt) + index_len(header->range6_cnt)) * sizeof(uint32_t) +
	       (size_t)header->range4_cnt * 2 * sizeof(uint32_t) +
	       (size_t)header->range6_cnt * (sizeof(struct addr) + sizeof(uint32_t)) +
	       (size_t)header->value_cnt * sizeof(struct geo_value) + header->text_len;
}

void geo_parts(struct geo *geo, struct bytes image)
{
	const struct geo_header *header = (const void *)image.ptr;
	const uint8_t *at = image.ptr + sizeof(*header);

	geo->image = image;
	geo->header = header;
	geo->index4 = (const void *)at;
	at += index_len(header->range4_cnt) * sizeof(uint32_t);
	geo->index6 = (const void *)at;
	at += index_len(header->range6_cnt) * sizeof(uint32_t);
	geo->start4 = (const void *)at;
	at += (size_t)header->range4_cnt * sizeof(uint32_t);
	geo->value4 = (const void *)at;
	at += (size_t)header->range4_cnt * sizeof(uint32_t);
	geo->start6 = (const void *)at;
	at += (size_t)header->range6_cnt * sizeof(struct addr);
	geo->value6 = (const void *)at;
	at += (size_t)header->range6_cnt * sizeof(uint32_t);
	geo->values = (const void *)at;
	at += (size_t)header->value_cnt * sizeof(struct geo_value);
	geo->texts = (const char *)at;
}

static uint32_t low4(const struct addr *addr)
{
	const uint8_t *b = addr->b;

	return (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];
}

static uint32_t high16(const struct addr *addr)
{
	return (uint32_t)addr->b[0] << 8 | addr->b[1];
}

static bool values_inside(const uint32_t *value, uint32_t count, uint32_t value_cnt)
{
	for (uint32_t i = 0; i < count; i++) {
		if (value[i] >= value_cnt)
			return false;
	}
	return true;
}

/* Starts begin at the lowest address and ascend; the index says where. */
static bool ranges4_sound(const struct geo *geo)
{
	uint32_t count = geo->header->range4_cnt, at = 0;

	if (count == 0)
		return true;
	if (geo->start4[0] != 0)
		return false;
	for (uint32_t i = 1; i < count; i++) {
		if (geo->start4[i] <= geo->start4[i - 1])
			return false;
	}
	for (uint32_t i = 0; i < GEO_INDEX_LEN; i++) {
		while (at < count && geo->start4[at] >> 16 < i)
			at++;
		if (geo->index4[i] != at)
			return false;
	}
	return values_inside(geo->value4, count, geo->header->value_cnt);
}

static bool ranges6_sound(const struct geo *geo)
{
	static const struct addr lowest;
	uint32_t count = geo->header->range6_cnt, at = 0;

	if (count == 0)
		return true;
	if (addr_compare(&geo->start6[0], &lowest) != 0)
		return false;
	for (uint32_t i = 1; i < count; i++) {
		if (addr_compare(&geo->start6[i], &geo->start6[i - 1]) <= 0)
			return false;
	}
	for (uint32_t i = 0; i < GEO_INDEX_LEN; i++) {
		while (at < count && high16(&geo->start6[at]) < i)
			at++;
		if (geo->index6[i] != at)
			return false;
	}
	return values_inside(geo->value6, count, geo->header->value_cnt);
}

/* Every text is short, printable and has few digits; the last one ends. */
static bool texts_sound(const struct geo *geo)
{
	struct bytes rest = bytes_of(geo->texts, geo->header->text_len);
	size_t len = 0, digits = 0;

	if (rest.len == 0 || rest.ptr[0] != 0 || rest.ptr[rest.len - 1] != 0)
		return false;
	while (rest.len > 0) {
		size_t n = *rest.ptr == 0 ? 1 : safe_char(rest);

		digits = *rest.ptr == 0 ? 0 : digits + (*rest.ptr >= '0' && *rest.ptr <= '9');
		len = *rest.ptr == 0 ? 0 : len + n;
		if (n == 0 || len > GEO_ORG_MAX || digits > GEO_ORG_DIGITS_MAX)
			return false;
		rest = bytes_skip(rest, n);
	}
	return true;
}

static bool country_sound(const char country[2])
{
	if (country[0] == 0 && country[1] == 0)
		return true;
	return country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z';
}

static bool values_sound(const struct geo *geo)
{
	static const struct geo_value none;

	if (geo->header->value_cnt == 0 || memcmp(geo->values, &none, sizeof(none)) != 0)
		return false;
	for (uint32_t i = 0; i < geo->header->value_cnt; i++) {
		const struct geo_value *value = &geo->values[i];
		uint32_t off = value->text_off;

		if (!country_sound(value->country) || value->zero != 0 ||
			off >= geo->header->text_len || (off > 0 && geo->texts[off - 1] != 0))
			return false;
	}
	return true;
}

bool geo_open(struct geo *geo, struct bytes image, struct err *err)
{
	struct geo_header header;
	struct geo made;

	if (image.len < sizeof(header))
		return err_set(err, EXIT_USAGE, "the compiled GeoIP is damaged; build it anew");
	memcpy(&header, image.ptr, sizeof(header));
	if (header.magic != GEO_MAGIC || header.len != image.len ||
		geo_image_len(&header) != image.len)
		return err_set(err, EXIT_USAGE, "the compiled GeoIP is damaged; build it anew");
	geo_parts(&made, image);
	if (!texts_sound(&made) || !values_sound(&made) || !ranges4_sound(&made) ||
		!ranges6_sound(&made))
		return err_set(err, EXIT_USAGE, "the compiled GeoIP is damaged; build it anew");
	*geo = made;
	return true;
}

/* The last start at or below the address: one before the first above it. */
static uint32_t find4(const struct geo *geo, uint32_t addr)
{
	uint32_t low = geo->index4[addr >> 16], high = geo->index4[(addr >> 16) + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (geo->start4[middle] <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return geo->value4[low - 1];
}

static uint32_t find6(const struct geo *geo, const struct addr *addr)
{
	uint32_t low = geo->index6[high16(addr)], high = geo->index6[high16(addr) + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (addr_compare(&geo->start6[middle], addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return geo->value6[low - 1];
}

struct geo_answer geo_find(const struct geo *geo, const struct addr *addr)
{
	struct geo_answer answer = {.country = ""};
	uint32_t at = 0;

	if (addr_is4(addr) && geo->header->range4_cnt > 0)
		at = find4(geo, low4(addr));
	else if (!addr_is4(addr) && geo->header->range6_cnt > 0)
		at = find6(geo, addr);
	const struct geo_value *value = &geo->values[at];
	memcpy(answer.country, value->country, sizeof(value->country));
	answer.asn = value->asn;
	answer.as_org = value->text_off > 0 ? geo->texts + value->text_off : NULL;
	return answer;
}
