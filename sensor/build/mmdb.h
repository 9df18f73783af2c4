/* mmdb.h - country and ASN out of MaxMind DB files (format 2.0).  Private to
 * this room and its tests.
 *
 * A file is copied before it is read, so that one that is cut while we read it
 * is a broken file and no crash.  Read are country.iso_code,
 * autonomous_system_number and autonomous_system_organization.  IPv4 aliases
 * in an IPv6 tree (2002::/16 and the like) are left out. */
#ifndef SEKISHO_BUILD_MMDB_H
#define SEKISHO_BUILD_MMDB_H

#include "indicator/geo.h"

/* u64 to u32, grown as needed; all zero = empty. */
struct geo_map {
	uint64_t *keys;
	uint32_t *values; /* value + 1; 0 = free */
	uint32_t size, used;
};

/* What all files of a build share: each value and text once.  All zero = empty. */
struct geo_pool {
	struct geo_map by_content, by_text;
	struct geo_value *values;
	char *texts;
	uint32_t value_cnt, value_max, text_len, text_max;
};

struct geo_span { /* up to the next one's start */
	struct addr start;
	uint32_t value;
};

/* Spans of one family in order, neighbours with different values. */
struct geo_spans {
	struct geo_span *at;
	uint32_t cnt, max;
};

struct geo_tree {
	struct geo_spans v4, v6; /* IPv4 in the form of struct addr */
};

/* False: no memory.  country: two letters or NULL; org may be any bytes. */
bool geo_pool_add(struct geo_pool *pool, const char *country, uint32_t asn, struct bytes org,
	uint32_t *value);
/* The value that has of b what a lacks. */
bool geo_pool_join(struct geo_pool *pool, uint32_t a, uint32_t b, uint32_t *value);
bool geo_map_get(const struct geo_map *map, uint64_t key, uint32_t *value);
bool geo_map_set(struct geo_map *map, uint64_t key, uint32_t value);
bool geo_spans_add(struct geo_spans *spans, const struct addr *start, uint32_t value);

/* Appends the file's ranges to an empty tree; the caller frees the spans.
 * Status EXIT_USAGE if the file is not good in every part. */
bool mmdb_read(const char *path, struct geo_pool *pool, struct geo_tree *out, struct err *err);

/* All files (at most two) to the image of SECTION_GEO; out is malloc'd.  Where
 * two know the same, the first counts. */
bool geo_build(
	const char *const paths[], uint32_t count, uint8_t **out, size_t *out_len, struct err *err);

#endif
