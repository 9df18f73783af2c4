#include "indicator/image.h"

#include <stdio.h>

#include "base/scratch.h"

size_t image_len(const struct image_header *header)
{
	return sizeof(*header) + (size_t)header->row_cnt * sizeof(struct indicator_row) +
	       (size_t)header->row_cnt * sizeof(struct image_key) +
	       (size_t)header->table_size * sizeof(uint32_t) +
	       ((size_t)header->bloom_words + header->name_words) * sizeof(uint64_t) +
	       header->text_len;
}

void image_view_of(const void *image, struct image_view *out)
{
	const uint8_t *at = image;

	out->header = image;
	at += sizeof(*out->header);
	out->rows = (const void *)at;
	at += (size_t)out->header->row_cnt * sizeof(struct indicator_row);
	out->keys = (const void *)at;
	at += (size_t)out->header->row_cnt * sizeof(struct image_key);
	out->bloom = (const void *)at;
	at += (size_t)out->header->bloom_words * sizeof(uint64_t);
	out->names = (const void *)at;
	at += (size_t)out->header->name_words * sizeof(uint64_t);
	out->table = (const void *)at;
	at += (size_t)out->header->table_size * sizeof(uint32_t);
	out->texts = (const char *)at;
}

struct addr image_mask(const struct addr *addr, uint8_t bits)
{
	struct addr out = *addr;

	for (unsigned i = 0; i < 16; i++) {
		if (i * 8 >= bits)
			out.b[i] = 0;
		else if (i * 8 + 8 > bits)
			out.b[i] &= (uint8_t)(0xff00u >> (bits - i * 8));
	}
	return out;
}

uint64_t image_hash_addr(const struct hash_key *key, const struct addr *addr, uint8_t bits)
{
	uint8_t text[17];

	memcpy(text, addr->b, 16);
	text[16] = bits;
	return hash_sip13(key, text, sizeof(text));
}

uint64_t image_hash_name(const struct hash_key *key, struct bytes name)
{
	return hash_sip13(key, name.ptr, name.len);
}

/* Up to eight bytes as a number; of fewer each counts. */
static uint64_t short_word(const uint8_t *ptr, size_t len)
{
	uint32_t low = 0, high = 0;

	if (len >= 4) {
		memcpy(&low, ptr, 4);
		memcpy(&high, ptr + len - 4, 4);
	} else if (len > 0) {
		low = (uint32_t)ptr[0] << 16 | (uint32_t)ptr[len / 2] << 8 | ptr[len - 1];
	}
	return low | (uint64_t)high << 32;
}

uint64_t image_sign(struct bytes name)
{
	uint64_t first, last;

	if (name.len >= 8) {
		memcpy(&first, name.ptr, 8);
		memcpy(&last, name.ptr + name.len - 8, 8);
	} else {
		first = last = short_word(name.ptr, name.len);
	}
	uint64_t sign = first * UINT64_C(0x9e3779b97f4a7c15) + name.len;
	sign = (sign ^ sign >> 32 ^ last) * UINT64_C(0xd6e8feb86659fd93);
	return sign ^ sign >> 32;
}

uint64_t image_sign_addr(const struct addr *addr, uint8_t bits)
{
	return image_sign(bytes_of(addr->b, sizeof(addr->b))) + bits * UINT64_C(0x9e3779b97f4a7c15);
}

/* Four bits of one word: a test costs one line of memory. */
uint64_t image_bloom_mask(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
	       UINT64_C(1) << (hash >> 12 & 63) | UINT64_C(1) << (hash >> 18 & 63);
}

static bool power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static bool keys_inside(const struct image_view *view)
{
	for (uint32_t i = 0; i < view->header->row_cnt; i++) {
		const struct image_key *key = &view->keys[i];
		if (key->kind > INDICATOR_DOMAIN || key->bits > 128 ||
			view->rows[i].state > INDICATOR_REVOKED ||
			(uint64_t)key->text_off + key->text_len > view->header->text_len)
			return false;
	}
	return true;
}

/* An entry beyond the rows, or a full table, would lead a lookup astray. */
static bool table_sound(const struct image_view *view)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < view->header->table_size; i++) {
		if (view->table[i] > view->header->row_cnt)
			return false;
		used += view->table[i] != 0;
	}
	return used < view->header->table_size;
}

bool indicators_open(struct indicators *set, struct bytes image, struct err *err)
{
	const struct image_header *header = (const void *)image.ptr;
	struct image_view view;

	if (image.len < sizeof(*header) || header->magic != IMAGE_MAGIC ||
		header->row_cnt > IMAGE_ROWS_MAX || !power_of_two(header->table_size) ||
		!power_of_two(header->bloom_words) || !power_of_two(header->name_words) ||
		header->table_size > 1u << 27 || header->bloom_words > 1u << 27 ||
		header->name_words > 1u << 27 || image_len(header) != header->len ||
		header->len != image.len)
		return err_set(err, EXIT_USAGE, "the compiled lists are damaged; build them anew");
	image_view_of(image.ptr, &view);
	if (!keys_inside(&view) || !table_sound(&view))
		return err_set(err, EXIT_USAGE, "the compiled lists are damaged; build them anew");
	set->image = image;
	return true;
}

uint32_t indicators_count(const struct indicators *set)
{
	return ((const struct image_header *)(const void *)set->image.ptr)->row_cnt;
}

uint32_t indicators_lists(const struct indicators *set)
{
	return ((const struct image_header *)(const void *)set->image.ptr)->list_cnt;
}

void indicator_list_id(uint16_t list, char out[static LIST_ID_MAX])
{
	snprintf(out, LIST_ID_MAX, "L-%04u", list);
}

static bool maybe(const uint64_t *bloom, uint32_t words, uint64_t hash)
{
	uint64_t word = bloom[(hash >> 30) & (words - 1)];
	uint64_t mask = image_bloom_mask(hash);

	return (word & mask) == mask;
}

struct found {
	uint32_t *rows, count;
};

static void add(struct found *found, uint32_t row)
{
	if (found->count < INDICATOR_HITS_MAX)
		found->rows[found->count++] = row;
}

static void find_addr(const struct image_view *view, const struct addr *addr, uint8_t bits,
	uint8_t kind, struct found *found)
{
	uint32_t mask = view->header->table_size - 1;

	if (!maybe(view->bloom, view->header->bloom_words, image_sign_addr(addr, bits)))
		return;
	uint64_t hash = image_hash_addr(&view->header->key, addr, bits);
	for (uint32_t at = (uint32_t)hash & mask; view->table[at] != 0; at = (at + 1) & mask) {
		const struct image_key *key = &view->keys[view->table[at] - 1];
		if (key->kind == kind && key->bits == bits && addr_compare(&key->addr, addr) == 0)
			add(found, view->table[at] - 1);
	}
}

uint32_t indicators_addr(const struct indicators *set, const struct addr *addr,
	uint32_t rows[static INDICATOR_HITS_MAX])
{
	struct found found = {.rows = rows};
	struct image_view view;

	image_view_of(set->image.ptr, &view);
	if (view.header->row_cnt == 0)
		return 0;
	find_addr(&view, addr, 128, INDICATOR_ADDRESS, &found);
	for (int word = 2; word >= 0; word--) { /* the longest first */
		uint64_t left = view.header->lengths[word];

		while (left != 0) {
			int bit = 63 - __builtin_clzll(left);
			uint8_t bits = (uint8_t)(word * 64 + bit);
			struct addr network = image_mask(addr, bits);

			find_addr(&view, &network, bits, INDICATOR_PREFIX, &found);
			left &= ~(UINT64_C(1) << bit);
		}
	}
	return found.count;
}

static void find_name(
	const struct image_view *view, struct bytes name, bool whole, struct found *found)
{
	uint32_t mask = view->header->table_size - 1;

	if (!maybe(view->names, view->header->name_words, image_sign(name)))
		return;
	uint64_t hash = image_hash_name(&view->header->key, name);
	for (uint32_t at = (uint32_t)hash & mask; view->table[at] != 0; at = (at + 1) & mask) {
		const struct image_key *key = &view->keys[view->table[at] - 1];
		if (key->kind == INDICATOR_DOMAIN && (whole || key->sub) &&
			bytes_equal(name, bytes_of(view->texts + key->text_off, key->text_len)))
			add(found, view->table[at] - 1);
	}
}

uint32_t indicators_domain(
	const struct indicators *set, struct bytes name, uint32_t rows[static INDICATOR_HITS_MAX])
{
	struct found found = {.rows = rows};
	SCRATCH uint8_t lower[DOMAIN_MAX];
	struct image_view view;

	image_view_of(set->image.ptr, &view);
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (view.header->domain_cnt == 0 || name.len == 0 || name.len > DOMAIN_MAX)
		return 0;
	bytes_lower(lower, name);
	name = bytes_of(lower, name.len);
	find_name(&view, name, true, &found);
	for (size_t dot; (dot = bytes_find_byte(name, '.')) != SIZE_MAX;) {
		name = bytes_skip(name, dot + 1);
		find_name(&view, name, false, &found);
	}
	return found.count;
}

const struct indicator_row *indicators_row(const struct indicators *set, uint32_t row)
{
	struct image_view view;

	image_view_of(set->image.ptr, &view);
	return &view.rows[row];
}
