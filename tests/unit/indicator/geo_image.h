/* geo_image.h - a small image of GeoIP by another hand than the builder's, and
 * the question of any address to it; used by the test and the fuzz target. */
#ifndef SEKISHO_TEST_INDICATOR_GEO_IMAGE_H
#define SEKISHO_TEST_INDICATOR_GEO_IMAGE_H

#include <stdlib.h>

#include "base/safe_text.h"
#include "indicator/geo.h"

struct geo_row {
	const char *start;
	uint32_t value; /* of geo_rows_values */
};

/* Ranges as people write them: from this address to the next. */
static const struct geo_row geo_rows4[] = {{"0.0.0.0", 0}, {"1.0.0.0", 1}, {"1.0.0.1", 2},
	{"1.0.1.0", 0}, {"127.255.255.255", 3}, {"128.0.0.0", 4}, {"198.51.100.0", 1},
	{"198.51.101.0", 2}, {"255.255.255.255", 3}};
static const struct geo_row geo_rows6[] = {{"::", 0}, {"1::", 1}, {"2001:db8::", 2},
	{"2001:db8::1", 3}, {"2001:db8:0:1::", 0}, {"2001:db8:ffff::", 4},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1}};
static const struct geo_value geo_rows_values[] = {{"", 0, 0, 0}, {"JP", 0, 64496, 1},
	{"", 0, 4200000000u, 14}, {"ZZ", 0, 0, 0}, {"JP", 0, 64497, 0}};
static const char geo_rows_texts[] = "\0Demo Payment\0Caf\xc3\xa9 Netz 12345678901\0\0\0\0\0\0\0";

#define GEO_ROWS(rows) ((uint32_t)(sizeof(rows) / sizeof((rows)[0])))

static inline struct addr geo_addr(const char *text)
{
	struct addr addr;

	if (!addr_parse(bytes_text(text), &addr))
		abort();
	return addr;
}

static inline void geo_put(uint8_t **at, const void *data, size_t len)
{
	memcpy(*at, data, len);
	*at += len;
}

static inline void geo_put_index(
	uint8_t **at, const struct geo_row *rows, uint32_t count, unsigned byte)
{
	for (uint32_t i = 0; i < GEO_INDEX_LEN; i++) {
		uint32_t below = 0;

		for (uint32_t r = 0; r < count; r++) {
			struct addr a = geo_addr(rows[r].start);
			below += (uint32_t)(a.b[byte] << 8 | a.b[byte + 1]) < i;
		}
		geo_put(at, &below, sizeof(below));
	}
}

/* malloc'd.  without4: only IPv6 ranges. */
static inline uint8_t *geo_image_made(bool without4, size_t *len)
{
	uint32_t cnt4 = without4 ? 0 : GEO_ROWS(geo_rows4), cnt6 = GEO_ROWS(geo_rows6);
	struct geo_header header = {.magic = GEO_MAGIC,
		.range4_cnt = cnt4,
		.range6_cnt = cnt6,
		.value_cnt = GEO_ROWS(geo_rows_values),
		.text_len = 40};
	size_t index = (without4 ? 1 : 2) * sizeof(uint32_t) * 65537;

	*len = sizeof(header) + index + 8u * cnt4 + 20u * cnt6 + sizeof(geo_rows_values) + 40;
	header.text_len += (uint32_t)(-*len & 7); /* so that a copy before a page is aligned */
	*len += -*len & 7;
	header.len = *len;
	uint8_t *image = calloc(1, *len), *at = image;
	if (image == NULL)
		abort();
	geo_put(&at, &header, sizeof(header));
	if (!without4)
		geo_put_index(&at, geo_rows4, cnt4, 12);
	geo_put_index(&at, geo_rows6, cnt6, 0);
	for (uint32_t i = 0; i < cnt4; i++) {
		struct addr a = geo_addr(geo_rows4[i].start);
		uint32_t start = (uint32_t)a.b[12] << 24 | (uint32_t)a.b[13] << 16 |
				 (uint32_t)a.b[14] << 8 | a.b[15];
		geo_put(&at, &start, sizeof(start));
	}
	for (uint32_t i = 0; i < cnt4; i++)
		geo_put(&at, &geo_rows4[i].value, sizeof(uint32_t));
	for (uint32_t i = 0; i < cnt6; i++) {
		struct addr a = geo_addr(geo_rows6[i].start);
		geo_put(&at, a.b, sizeof(a.b));
	}
	for (uint32_t i = 0; i < cnt6; i++)
		geo_put(&at, &geo_rows6[i].value, sizeof(uint32_t));
	geo_put(&at, geo_rows_values, sizeof(geo_rows_values));
	geo_put(&at, geo_rows_texts, 40);
	return image;
}

/* Asks; aborts if the answer is none that an event may show. */
static inline void geo_question(const struct geo *geo, const struct addr *addr)
{
	struct geo_answer answer = geo_find(geo, addr);
	size_t country = strlen(answer.country);

	if (country != 0 && country != 2)
		abort();
	if (answer.as_org == NULL)
		return;
	struct bytes rest = bytes_text(answer.as_org);
	if (rest.len > GEO_ORG_MAX)
		abort();
	while (rest.len > 0) {
		size_t n = safe_char(rest);

		if (n == 0)
			abort();
		rest = bytes_skip(rest, n);
	}
}

static inline void geo_questions(const struct geo *geo)
{
	for (uint32_t i = 0; i < GEO_ROWS(geo_rows4); i++) {
		struct addr a = geo_addr(geo_rows4[i].start);
		geo_question(geo, &a);
	}
	for (uint32_t i = 0; i < GEO_ROWS(geo_rows6); i++) {
		struct addr a = geo_addr(geo_rows6[i].start);
		geo_question(geo, &a);
	}
}

#endif
