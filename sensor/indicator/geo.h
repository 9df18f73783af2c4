/* geo.h - country and autonomous system of an address, as a read-only image.
 *
 * What the operator's MaxMind DB files say (build/mmdb.h), flattened to sorted
 * ranges behind a first-level index of 2^16 entries: tens
 * of nanoseconds a lookup, no file, no allocation.  Position-independent:
 *   header | index4 | index6 | start4 | value4 | start6 | value6 | values | texts
 * A range goes up to the next start, so the ranges of a family cover all of it;
 * value 0 is "unknown".  index[i] is the number of starts below i << 16 (of the
 * upper 32 bits); it is there only where the family has ranges.  An image
 * without ranges is fine and knows nothing. */
#ifndef SEKISHO_INDICATOR_GEO_H
#define SEKISHO_INDICATOR_GEO_H

#include "base/addr.h"
#include "base/err.h"

#define GEO_MAGIC UINT64_C(0x31304f4547534b53) /* "SKSGEO01" */
#define GEO_INDEX_LEN 65537u
#define GEO_ORG_MAX 128 /* bytes of an organisation's name */
/* More digits than that are starred: no name can hold a card number. */
#define GEO_ORG_DIGITS_MAX 11

struct geo_header {
	uint64_t magic;
	uint64_t len; /* of the image */
	uint32_t range4_cnt, range6_cnt;
	uint32_t value_cnt; /* >= 1: value 0 is all zero */
	/* NUL-terminated texts, the first of them empty; zeros up to a multiple of 8 */
	uint32_t text_len;
};

struct geo_value {
	char country[2]; /* ISO 3166-1 alpha-2; 0: unknown */
	uint16_t zero;
	uint32_t asn;      /* 0: unknown */
	uint32_t text_off; /* organisation's name; 0: unknown */
};

struct geo {
	struct bytes image; /* borrowed */
	const struct geo_header *header;
	const uint32_t *index4, *index6;
	const uint32_t *start4, *value4;
	const struct addr *start6;
	const uint32_t *value6;
	const struct geo_value *values;
	const char *texts;
};

struct geo_answer {
	char country[3]; /* with NUL; "": unknown */
	uint32_t asn;    /* 0: unknown */
	/* Valid UTF-8 without controls, NULL: unknown.  Lives as long as the image. */
	const char *as_org;
};

/* Bytes of an image with those counts. */
size_t geo_image_len(const struct geo_header *header);
/* Where the parts of an image stand; its header must be sound. */
void geo_parts(struct geo *geo, struct bytes image);
/* Checks every index, order and text of an image (8-byte aligned); borrows it. */
bool geo_open(struct geo *geo, struct bytes image, struct err *err);

/* Reads only what geo_open has checked. */
struct geo_answer geo_find(const struct geo *geo, const struct addr *addr);

#endif
