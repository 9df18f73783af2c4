/* geo.c - each value once, two trees joined, one image. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/safe_text.h"
#include "build/mmdb.h"

#define GROW_FROM 1024u
#define LEN_MAX (UINT32_MAX / 2)

static const struct hash_key map_key = {.k0 = 0x73656b6973686f33, .k1 = 0x67656f};

static bool grow(void **items, uint32_t *max, uint32_t need, size_t item_size)
{
	uint32_t size = *max > 0 ? *max : GROW_FROM;

	if (need > LEN_MAX)
		return false;
	while (size < need)
		size *= 2;
	if (size == *max)
		return true;
	void *more = realloc(*items, size * item_size);
	if (more == NULL)
		return false;
	*items = more;
	*max = size;
	return true;
}

static uint32_t map_slot(const struct geo_map *map, uint64_t key)
{
	uint32_t at = (uint32_t)hash_sip13(&map_key, &key, sizeof(key)) & (map->size - 1);

	while (map->values[at] != 0 && map->keys[at] != key)
		at = (at + 1) & (map->size - 1);
	return at;
}

bool geo_map_get(const struct geo_map *map, uint64_t key, uint32_t *value)
{
	if (map->used == 0)
		return false;
	uint32_t at = map_slot(map, key);
	if (map->values[at] == 0)
		return false;
	*value = map->values[at] - 1;
	return true;
}

static bool map_grow(struct geo_map *map)
{
	struct geo_map more = {.size = map->size > 0 ? map->size * 2 : GROW_FROM};

	if (more.size > LEN_MAX)
		return false;
	more.keys = calloc(more.size, sizeof(more.keys[0]));
	more.values = calloc(more.size, sizeof(more.values[0]));
	if (more.keys == NULL || more.values == NULL) {
		free(more.keys);
		free(more.values);
		return false;
	}
	for (uint32_t i = 0; i < map->size; i++) {
		if (map->values[i] == 0)
			continue;
		uint32_t at = map_slot(&more, map->keys[i]);
		more.keys[at] = map->keys[i];
		more.values[at] = map->values[i];
	}
	more.used = map->used;
	free(map->keys);
	free(map->values);
	*map = more;
	return true;
}

bool geo_map_set(struct geo_map *map, uint64_t key, uint32_t value)
{
	if (map->used >= map->size / 2 && !map_grow(map))
		return false;
	uint32_t at = map_slot(map, key);
	map->used += map->values[at] == 0;
	map->keys[at] = key;
	map->values[at] = value + 1;
	return true;
}

bool geo_spans_add(struct geo_spans *spans, const struct addr *start, uint32_t value)
{
	if (spans->cnt > 0 && spans->at[spans->cnt - 1].value == value)
		return true;
	if (!grow((void **)&spans->at, &spans->max, spans->cnt + 1, sizeof(spans->at[0])))
		return false;
	spans->at[spans->cnt++] = (struct geo_span){.start = *start, .value = value};
	return true;
}

/* A name as an event may show it: what cannot be printed is '?', and digits
 * beyond the eleventh are stars. */
static size_t clean(char out[static GEO_ORG_MAX + 1], struct bytes org)
{
	size_t len = 0, digits = 0;

	while (org.len > 0) {
		size_t n = safe_char(org);

		if (len + (n > 0 ? n : 1) > GEO_ORG_MAX)
			break;
		bool digit = *org.ptr >= '0' && *org.ptr <= '9';
		digits += digit;
		if (n == 0)
			out[len] = '?';
		else if (digit && digits > GEO_ORG_DIGITS_MAX)
			out[len] = '*';
		else
			memcpy(out + len, org.ptr, n);
		len += n > 0 ? n : 1;
		org = bytes_skip(org, n > 0 ? n : 1);
	}
	out[len] = 0;
	return len;
}

/* The place of a text; equal texts share one. */
static bool add_text(struct geo_pool *pool, const char *text, size_t len, uint32_t *off)
{
	uint64_t key = hash_sip13(&map_key, text, len);

	for (; geo_map_get(&pool->by_text, key, off); key++) {
		if (strcmp(pool->texts + *off, text) == 0)
			return true;
	}
	if (!grow((void **)&pool->texts, &pool->text_max, pool->text_len + (uint32_t)len + 1, 1))
		return false;
	*off = pool->text_len;
	memcpy(pool->texts + pool->text_len, text, len + 1);
	pool->text_len += (uint32_t)len + 1;
	return geo_map_set(&pool->by_text, key, *off);
}

static bool add_value(struct geo_pool *pool, const struct geo_value *value, uint32_t *id)
{
	uint64_t key = hash_sip13(&map_key, value, sizeof(*value));

	for (; geo_map_get(&pool->by_content, key, id); key++) {
		if (memcmp(&pool->values[*id], value, sizeof(*value)) == 0)
			return true;
	}
	if (!grow((void **)&pool->values, &pool->value_max, pool->value_cnt + 1, sizeof(*value)))
		return false;
	*id = pool->value_cnt++;
	pool->values[*id] = *value;
	return geo_map_set(&pool->by_content, key, *id);
}

/* Value 0 knows nothing, text 0 is empty. */
static bool pool_start(struct geo_pool *pool)
{
	const struct geo_value none = {0};
	uint32_t zero;

	return pool->value_cnt > 0 ||
	       (add_text(pool, "", 0, &zero) && add_value(pool, &none, &zero));
}

bool geo_pool_add(
	struct geo_pool *pool, const char *country, uint32_t asn, struct bytes org, uint32_t *value)
{
	struct geo_value made = {.asn = asn};
	char text[GEO_ORG_MAX + 1];
	size_t len = asn != 0 ? clean(text, org) : 0;

	if (country != NULL && country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' &&
		country[1] <= 'Z')
		memcpy(made.country, country, sizeof(made.country));
	if (!pool_start(pool) || (len > 0 && !add_text(pool, text, len, &made.text_off)))
		return false;
	return add_value(pool, &made, value);
}

bool geo_pool_join(struct geo_pool *pool, uint32_t a, uint32_t b, uint32_t *value)
{
	struct geo_value made = pool->values[a];
	const struct geo_value *other = &pool->values[b];

	if (made.country[0] == 0)
		memcpy(made.country, other->country, sizeof(made.country));
	if (made.asn == 0) {
		made.asn = other->asn;
		made.text_off = other->text_off;
	}
	return add_value(pool, &made, value);
}

static bool join_spans(struct geo_pool *pool, const struct geo_spans *a, const struct geo_spans *b,
	struct geo_spans *out)
{
	uint32_t i = 0, j = 0, value;

	while (i < a->cnt || j < b->cnt) {
		int order = i == a->cnt   ? 1
			    : j == b->cnt ? -1
					  : addr_compare(&a->at[i].start, &b->at[j].start);
		const struct addr *start = order <= 0 ? &a->at[i].start : &b->at[j].start;

		i += order <= 0;
		j += order >= 0;
		if (!geo_pool_join(pool, a->at[i - 1].value, b->at[j - 1].value, &value) ||
			!geo_spans_add(out, start, value))
			return false;
	}
	return true;
}

static void fill_index(uint32_t *index, const struct geo_spans *spans, unsigned byte)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < GEO_INDEX_LEN; i++) {
		while (at < spans->cnt && ((uint32_t)spans->at[at].start.b[byte] << 8 |
						  spans->at[at].start.b[byte + 1]) < i)
			at++;
		index[i] = at;
	}
}

/* The parts are ours to write here; readers have them const. */
static void fill(const struct geo *parts, const struct geo_tree *tree, const struct geo_pool *pool)
{
	const struct geo_spans *v4 = &tree->v4, *v6 = &tree->v6;
	uint32_t *start4 = (uint32_t *)parts->start4, *value4 = (uint32_t *)parts->value4;

	for (uint32_t i = 0; i < v4->cnt; i++) {
		const uint8_t *b = v4->at[i].start.b + 12;

		start4[i] =
			(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
		value4[i] = v4->at[i].value;
	}
	for (uint32_t i = 0; i < v6->cnt; i++) {
		((struct addr *)parts->start6)[i] = v6->at[i].start;
		((uint32_t *)parts->value6)[i] = v6->at[i].value;
	}
	if (v4->cnt > 0)
		fill_index((uint32_t *)parts->index4, v4, 12);
	if (v6->cnt > 0)
		fill_index((uint32_t *)parts->index6, v6, 0);
	memcpy((void *)parts->values, pool->values, sizeof(pool->values[0]) * pool->value_cnt);
	memcpy((void *)parts->texts, pool->texts, pool->text_len);
}

static bool write_image(const struct geo_tree *tree, const struct geo_pool *pool, uint8_t **out,
	size_t *out_len, struct err *err)
{
	struct geo_header header = {.magic = GEO_MAGIC,
		.range4_cnt = tree->v4.cnt,
		.range6_cnt = tree->v6.cnt,
		.value_cnt = pool->value_cnt,
		.text_len = pool->text_len};
	struct geo parts;

	header.text_len += (uint32_t)(-geo_image_len(&header) & 7);
	header.len = geo_image_len(&header);
	uint8_t *image = calloc(1, header.len);
	if (image == NULL)
		return err_set(err, EXIT_CANNOT, "GeoIP: no memory for %llu bytes",
			(unsigned long long)header.len);
	memcpy(image, &header, sizeof(header));
	geo_parts(&parts, bytes_of(image, header.len));
	fill(&parts, tree, pool);
	*out = image;
	*out_len = header.len;
	return true;
}

static void tree_drop(struct geo_tree *tree)
{
	free(tree->v4.at);
	free(tree->v6.at);
	*tree = (struct geo_tree){0};
}

static void pool_drop(struct geo_pool *pool)
{
	free(pool->by_content.keys);
	free(pool->by_content.values);
	free(pool->by_text.keys);
	free(pool->by_text.values);
	free(pool->values);
	free(pool->texts);
}

/* Reads one more file and joins it to what is there. */
static bool add_file(
	struct geo_pool *pool, struct geo_tree *tree, const char *path, bool first, struct err *err)
{
	struct geo_tree one = {0}, both = {0};
	bool good = mmdb_read(path, pool, &one, err);

	if (good && first) {
		*tree = one;
		return true;
	}
	if (good && (!join_spans(pool, &tree->v4, &one.v4, &both.v4) ||
			    !join_spans(pool, &tree->v6, &one.v6, &both.v6)))
		good = err_set(err, EXIT_CANNOT, "%s: no memory for its ranges", path);
	tree_drop(&one);
	if (!good) {
		tree_drop(&both);
		return false;
	}
	tree_drop(tree);
	*tree = both;
	return true;
}

bool geo_build(
	const char *const paths[], uint32_t count, uint8_t **out, size_t *out_len, struct err *err)
{
	struct geo_pool pool = {0};
	struct geo_tree tree = {0};
	bool good = pool_start(&pool);

	if (!good)
		err_set(err, EXIT_CANNOT, "GeoIP: no memory");
	for (uint32_t i = 0; good && i < count; i++)
		good = add_file(&pool, &tree, paths[i], i == 0, err);
	good = good && write_image(&tree, &pool, out, out_len, err);
	tree_drop(&tree);
	pool_drop(&pool);
	return good;
}
