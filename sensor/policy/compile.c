/* compile.c - a draft to an image: sort, hash, lay out. */
#include <assert.h>
#include <stdlib.h>

#include "policy/draft.h"
#include "policy/key.h"

void *build_add(struct image_build *build, enum image_table table)
{
	void *row = list_add(&build->table[table], image_row_size[table]);

	build->full |= row == NULL;
	return row;
}

static int u32_order(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

uint32_t build_refs(struct image_build *build, uint32_t *values, uint32_t count, uint32_t *cnt)
{
	uint32_t first = build->table[TABLE_REF].count;

	*cnt = 0;
	if (count > 1)
		qsort(values, count, sizeof(*values), u32_order);
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0 && values[i] == values[i - 1])
			continue;
		uint32_t *ref = build_add(build, TABLE_REF);
		if (ref == NULL)
			return first;
		*ref = values[i];
		++*cnt;
	}
	return first;
}

bool build_slots(struct image_build *build, enum image_table table, uint32_t count)
{
	uint32_t slots = 2;

	while (slots < 2 * (uint64_t)count)
		slots *= 2;
	for (uint32_t i = 0; i < slots; i++) {
		if (build_add(build, table) == NULL)
			return false;
	}
	return true;
}

static bool tenants(struct draft *draft, struct image_build *build, uint32_t *shapes)
{
	const struct draft_tap *taps = draft->taps.items;

	if (!build_slots(build, TABLE_TENANT, draft->taps.count))
		return false;
	struct image_tenant *slot = build->table[TABLE_TENANT].items;
	uint32_t mask = build->table[TABLE_TENANT].count - 1;
	for (uint32_t t = 0; t < draft->taps.count; t++) {
		uint32_t i = image_tenant_hash(&taps[t].key) & mask;

		while (slot[i].id != 0)
			i = (i + 1) & mask;
		slot[i] = taps[t].key;
		*shapes |= 1u << taps[t].key.shape;
	}
	return true;
}

static int merchant_order(const void *x, const void *y)
{
	const struct draft_merchant *a = x, *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

static bool merchants(struct draft *draft, struct image_build *build)
{
	struct draft_merchant *rows = draft->merchants.items;
	struct draft_claim *claims = draft->claims.items;
	uint32_t *chosen = draft->chosen.items;

	if (draft->merchants.count > 0)
		qsort(rows, draft->merchants.count, sizeof(*rows), merchant_order);
	for (uint32_t i = 0; i < draft->merchants.count; i++) {
		struct image_merchant *out = build_add(build, TABLE_MERCHANT);

		if (out == NULL)
			return false;
		*out = (struct image_merchant){
			.id = rows[i].id,
			.level = rows[i].level,
			.non_retention = rows[i].non_retention,
			.accounts = rows[i].accounts,
			.account_cnt = rows[i].account_cnt,
		};
		if (rows[i].profile_cnt > 0)
			out->profiles = build_refs(build, chosen + rows[i].profiles,
				rows[i].profile_cnt, &out->profile_cnt);
	}
	for (uint32_t i = 0; i < draft->claims.count; i++) {
		const struct draft_merchant key = {.id = claims[i].merchant};

		if (key.id == 0)
			continue;
		const struct draft_merchant *found =
			bsearch(&key, rows, draft->merchants.count, sizeof(*rows), merchant_order);
		assert(found != NULL); /* load.c adds both */
		claims[i].row = (uint32_t)(found - rows);
	}
	return !build->full;
}

static uint32_t text_hash(const struct draft *draft, uint32_t off, uint32_t len, uint32_t tenant)
{
	const uint8_t *text = (const uint8_t *)draft->strings.items + off;
	uint32_t hash = IMAGE_NAME_SEED;

	while (len > 0)
		hash = image_name_step(hash, text[--len]);
	return image_name_finish(hash, tenant);
}

static void name_add(struct image_build *build, enum image_table table, struct image_name name)
{
	struct image_name *slot = build->table[table].items;
	uint32_t mask = build->table[table].count - 1, i = name.hash & mask;

	while (slot[i].len != 0)
		i = (i + 1) & mask;
	slot[i] = name;
}

static bool hosts(struct draft *draft, struct image_build *build)
{
	const struct draft_host *rows = draft->hosts.items;

	if (!build_slots(build, TABLE_HOST, draft->hosts.count))
		return false;
	for (uint32_t i = 0; i < draft->hosts.count; i++)
		name_add(build, TABLE_HOST,
			(struct image_name){
				.off = rows[i].off,
				.len = rows[i].len,
				.hash = text_hash(draft, rows[i].off, rows[i].len, rows[i].tenant),
				.a = rows[i].tenant,
				.b = rows[i].merchant,
			});
	return true;
}

/* Sorted by text, with the profile beside it. */
struct named {
	const uint8_t *text;
	uint32_t off, len, profile;
};

static int named_order(const void *x, const void *y)
{
	const struct named *a = x, *b = y;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	int order = memcmp(a->text, b->text, a->len);
	if (order != 0)
		return order;
	return a->profile < b->profile ? -1 : a->profile > b->profile;
}

static bool same_text(const struct named *a, const struct named *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* One slot per name, with all profiles that have it. */
static bool profile_names(struct draft *draft, struct image_build *build, struct named *named)
{
	const struct draft_profile_host *rows = draft->profile_hosts.items;
	uint32_t count = draft->profile_hosts.count, next;

	for (uint32_t i = 0; i < count; i++)
		named[i] = (struct named){
			.text = (const uint8_t *)draft->strings.items + rows[i].off,
			.off = rows[i].off,
			.len = rows[i].len,
			.profile = rows[i].profile,
		};
	if (count > 0)
		qsort(named, count, sizeof(*named), named_order);
	for (uint32_t i = 0; i < count; i = next) {
		struct image_name name = {.off = named[i].off, .len = named[i].len};

		name.hash = text_hash(draft, name.off, name.len, SCOPE_EVERY);
		name.a = build->table[TABLE_REF].count;
		for (next = i; next < count && same_text(&named[i], &named[next]); next++) {
			if (next > i && named[next].profile == named[next - 1].profile)
				continue;
			uint32_t *ref = build_add(build, TABLE_REF);
			if (ref == NULL)
				return false;
			*ref = named[next].profile;
			name.b++;
		}
		name_add(build, TABLE_PROFILE_NAME, name);
	}
	return true;
}

static bool profiles(struct draft *draft, struct image_build *build)
{
	const struct draft_profile *rows = draft->profiles.items;
	uint32_t count = draft->profile_hosts.count;

	for (uint32_t i = 0; i < draft->profiles.count; i++) {
		struct image_profile *out = build_add(build, TABLE_PROFILE);

		if (out == NULL)
			return false;
		memcpy(out->name, rows[i].name, sizeof(out->name));
		out->shared = rows[i].shared;
	}
	if (!build_slots(build, TABLE_PROFILE_NAME, count))
		return false;
	struct named *named = calloc(count > 0 ? count : 1, sizeof(*named));
	bool good = named != NULL && profile_names(draft, build, named);
	free(named);
	return good;
}

/* What a name must end in to be one of a profile, or below one: most are refused by that. */
static void tails(
	const struct draft *draft, const struct image_build *build, struct image_header *head)
{
	const struct image_name *rows = build->table[TABLE_PROFILE_NAME].items;
	uint32_t count = build->table[TABLE_PROFILE_NAME].count;
	const uint8_t *text = draft->strings.items;

	head->tail_len = IMAGE_TAIL_MAX;
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].len > 0 && rows[i].len < head->tail_len)
			head->tail_len = rows[i].len;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t tail = 0;

		if (rows[i].len == 0)
			continue;
		memcpy(&tail, text + rows[i].off + rows[i].len - head->tail_len, head->tail_len);
		uint32_t bit = image_tail(tail) % IMAGE_TAILS;
		head->tails[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

/* Texts and accounts are as the image wants them already. */
static bool moved(struct draft *draft, struct image_build *build)
{
	if (draft->strings.count == 0 && draft_text(draft, bytes_of("", 0), false) == UINT32_MAX)
		return false;
	build->table[TABLE_STRING] = draft->strings;
	build->table[TABLE_ACCOUNT] = draft->accounts;
	build->table[TABLE_INTERFACE] = draft->interfaces;
	draft->strings = draft->accounts = draft->interfaces = (struct list){0};
	return true;
}

/* What is ours, claims being sorted: who watches must know what never shows. */
static bool own(const struct draft *draft, struct image_build *build)
{
	const struct draft_claim *claim = draft->claims.items;
	const struct image_own *last = NULL;

	for (uint32_t i = 0; i < draft->claims.count; i++) {
		const struct image_own row = {
			.hi = image_half(claim[i].prefix.addr.b),
			.lo = image_half(claim[i].prefix.addr.b + 8),
			.tenant = claim[i].tenant,
			.merchant = claim[i].merchant,
			.bits = claim[i].prefix.bits,
		};

		if (claim[i].merchant == 0 && !(claim[i].flags & (NODE_OWN | NODE_PROTECTED)))
			continue; /* an asset */
		if (last != NULL && memcmp(last, &row, sizeof(row)) == 0)
			continue; /* said twice */
		struct image_own *out = build_add(build, TABLE_OWN);
		if (out == NULL)
			return false;
		*out = row;
		last = out;
	}
	return true;
}

static uint64_t aligned(uint64_t len)
{
	return (len + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
}

static bool lay_out(
	const struct image_build *build, struct image_header *head, uint8_t **out, size_t *out_len)
{
	uint64_t len = aligned(sizeof(*head));

	for (uint32_t t = 0; t < TABLE_COUNT; t++) {
		head->part[t] = (struct image_part){(uint32_t)len, build->table[t].count};
		len = aligned(len + (uint64_t)build->table[t].count * image_row_size[t]);
		if (len > IMAGE_LEN_MAX)
			return false;
	}
	head->len = (uint32_t)len;
	uint8_t *image = calloc(1, len);
	if (image == NULL)
		return false;
	memcpy(image, head, sizeof(*head));
	for (uint32_t t = 0; t < TABLE_COUNT; t++) {
		if (build->table[t].count > 0)
			memcpy(image + head->part[t].off, build->table[t].items,
				(size_t)build->table[t].count * image_row_size[t]);
	}
	*out = image;
	*out_len = len;
	return true;
}

bool policy_compile(struct draft *draft, uint8_t **out, size_t *out_len, struct err *err)
{
	struct image_build build = {0};
	struct image_header head = {
		.magic = IMAGE_MAGIC,
		.given = draft->given,
		.default_level = draft->default_level,
		.labels_max = draft->labels_max,
	};
	bool good = tenants(draft, &build, &head.tenant_shapes) && merchants(draft, &build) &&
		    tree_claims(draft, &build) && own(draft, &build) && hosts(draft, &build) &&
		    profiles(draft, &build) && tree_profiles(draft, &build);

	if (good) {
		tails(draft, &build, &head);
		good = moved(draft, &build) && lay_out(&build, &head, out, out_len);
	}

	for (uint32_t t = 0; t < TABLE_COUNT; t++)
		list_free(&build.table[t]);
	if (!good)
		return err_set(err, EXIT_CANNOT,
			"policy: %u merchants and %u address entries do not fit into memory or 2 "
			"GiB; "
			"give more memory or split the policy by site",
			draft->merchants.count, draft->claims.count);
	return true;
}
