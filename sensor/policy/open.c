/* open.c - is this a policy image: every offset, count and order, once. */
#include "policy/image.h"

struct check {
	const struct image_header *head;
	const uint8_t *base;
	uint64_t refs_used, accounts_used, ranges_used; /* runs may not be used twice: linear */
};

const uint32_t image_row_size[TABLE_COUNT] = {
	[TABLE_TENANT] = sizeof(struct image_tenant),
	[TABLE_INTERFACE] = sizeof(uint32_t),
	[TABLE_SCOPE] = sizeof(struct image_scope),
	[TABLE_SLOT] = sizeof(struct image_slot),
	[TABLE_RANGE] = sizeof(struct image_range),
	[TABLE_NODE] = sizeof(struct image_node),
	[TABLE_MERCHANT] = sizeof(struct image_merchant),
	[TABLE_ACCOUNT] = sizeof(struct image_text),
	[TABLE_HOST] = sizeof(struct image_name),
	[TABLE_PROFILE] = sizeof(struct image_profile),
	[TABLE_PROFILE_NAME] = sizeof(struct image_name),
	[TABLE_PROFILE_RANGE] = sizeof(struct image_range),
	[TABLE_PROFILE_NODE] = sizeof(struct image_profile_node),
	[TABLE_OWN] = sizeof(struct image_own),
	[TABLE_REF] = sizeof(uint32_t),
	[TABLE_STRING] = 1,
};

static const void *part(const struct check *c, enum image_table table)
{
	return c->base + c->head->part[table].off;
}

static uint32_t count(const struct check *c, enum image_table table)
{
	return c->head->part[table].count;
}

static bool within(uint64_t first, uint64_t cnt, uint64_t limit)
{
	return first <= limit && cnt <= limit - first;
}

static bool head_good(const struct check *c, size_t len)
{
	const struct image_header *head = c->head;

	if (memcmp(head->magic, IMAGE_MAGIC, sizeof(head->magic)) != 0 || head->len != len ||
		head->tail_len > IMAGE_TAIL_MAX || head->default_level > LEVEL_CONTENT ||
		head->given > 1 || head->labels_max > NAME_LABELS_MAX ||
		head->tenant_shapes >> SHAPE_COUNT != 0)
		return false;
	for (uint32_t t = 0; t < TABLE_COUNT; t++) {
		if (head->part[t].off % IMAGE_ALIGN != 0 ||
			!within(head->part[t].off,
				(uint64_t)head->part[t].count * image_row_size[t], len))
			return false;
	}
	return true;
}

/* Texts are used with their NUL: then every offset below the count is one. */
static bool strings_good(const struct check *c)
{
	const uint8_t *text = part(c, TABLE_STRING);
	uint32_t cnt = count(c, TABLE_STRING);
	const uint32_t *interface = part(c, TABLE_INTERFACE);

	if (cnt == 0 || text[cnt - 1] != 0 || count(c, TABLE_INTERFACE) > UINT16_MAX)
		return false;
	for (uint32_t i = 0; i < count(c, TABLE_INTERFACE); i++) {
		if (interface[i] >= cnt)
			return false;
	}
	return true;
}

/* A run of rows of a table, ascending and each below its limit. */
static bool run_good(struct check *c, uint32_t first, uint32_t cnt, uint32_t limit)
{
	const uint32_t *ref = part(c, TABLE_REF);

	c->refs_used += cnt;
	if (!within(first, cnt, count(c, TABLE_REF)) || c->refs_used > count(c, TABLE_REF))
		return false;
	for (uint32_t i = first; i < first + cnt; i++) {
		if (ref[i] >= limit || (i > first && ref[i] <= ref[i - 1]))
			return false;
	}
	return true;
}

static bool slots_size_good(uint32_t cnt)
{
	return cnt > 0 && (cnt & (cnt - 1)) == 0;
}

static bool tenants_good(const struct check *c)
{
	const struct image_tenant *slot = part(c, TABLE_TENANT);
	uint32_t cnt = count(c, TABLE_TENANT), empty = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		empty += slot[i].id == 0;
		if (slot[i].shape >= SHAPE_COUNT || slot[i].zero != 0)
			return false;
	}
	return slots_size_good(cnt) && empty > 0;
}

static bool ranges_good(const struct image_range *range, uint32_t cnt, uint32_t nodes)
{
	if (cnt == 0 || range[0].hi != 0 || range[0].lo != 0)
		return false;
	for (uint32_t i = 0; i < cnt; i++) {
		if (range[i].node >= nodes)
			return false;
		if (i > 0 &&
			(range[i].hi < range[i - 1].hi ||
				(range[i].hi == range[i - 1].hi && range[i].lo <= range[i - 1].lo)))
			return false;
	}
	return true;
}

static bool scopes_good(struct check *c)
{
	const struct image_scope *scope = part(c, TABLE_SCOPE);
	const struct image_range *range = part(c, TABLE_RANGE);
	uint32_t cnt = count(c, TABLE_SCOPE);

	if (cnt == 0 || scope[cnt - 1].tenant != SCOPE_EVERY)
		return false;
	for (uint32_t i = 0; i < cnt; i++) {
		c->ranges_used += scope[i].count;
		if (!within(scope[i].first, scope[i].count, count(c, TABLE_RANGE)) ||
			c->ranges_used > count(c, TABLE_RANGE) ||
			(i > 0 && scope[i].tenant <= scope[i - 1].tenant))
			return false;
		if (!ranges_good(range + scope[i].first, scope[i].count, count(c, TABLE_NODE)))
			return false;
	}
	return true;
}

static bool slots_good(const struct check *c)
{
	const struct image_slot *slot = part(c, TABLE_SLOT);
	uint32_t cnt = count(c, TABLE_SLOT), empty = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		empty += slot[i].node == 0;
		if (slot[i].node >= count(c, TABLE_NODE) || slot[i].scope >= count(c, TABLE_SCOPE))
			return false;
	}
	return slots_size_good(cnt) && empty > 0;
}

static bool nodes_good(struct check *c)
{
	static const struct image_node nothing;
	const struct image_node *node = part(c, TABLE_NODE);

	if (count(c, TABLE_NODE) == 0 || memcmp(&node[0], &nothing, sizeof(nothing)) != 0)
		return false;
	for (uint32_t i = 1; i < count(c, TABLE_NODE); i++) {
		if (node[i].parent >= i || node[i].depth != node[node[i].parent].depth + 1 ||
			node[i].depth > NODE_DEPTH_MAX || node[i].level > LEVEL_CONTENT)
			return false;
		if (!run_good(
			    c, node[i].merchants, node[i].merchant_cnt, count(c, TABLE_MERCHANT)) ||
			!run_good(
				c, node[i].profiles, node[i].profile_cnt, count(c, TABLE_PROFILE)))
			return false;
	}
	return true;
}

static bool merchants_good(struct check *c)
{
	const struct image_merchant *row = part(c, TABLE_MERCHANT);
	const struct image_text *account = part(c, TABLE_ACCOUNT);

	for (uint32_t i = 0; i < count(c, TABLE_MERCHANT); i++) {
		c->accounts_used += row[i].account_cnt;
		if (row[i].id <= (i > 0 ? row[i - 1].id : 0) || row[i].level > LEVEL_CONTENT ||
			row[i].non_retention > 1 ||
			!within(row[i].accounts, row[i].account_cnt, count(c, TABLE_ACCOUNT)) ||
			c->accounts_used > count(c, TABLE_ACCOUNT) ||
			!run_good(c, row[i].profiles, row[i].profile_cnt, count(c, TABLE_PROFILE)))
			return false;
	}
	for (uint32_t i = 0; i < count(c, TABLE_ACCOUNT); i++) {
		if (!within(account[i].off, account[i].len, count(c, TABLE_STRING)))
			return false;
	}
	return true;
}

static bool names_good(struct check *c, enum image_table table)
{
	const struct image_name *slot = part(c, table);
	uint32_t cnt = count(c, table), empty = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		empty += slot[i].len == 0;
		if (slot[i].len > NAME_LEN_MAX ||
			!within(slot[i].off, slot[i].len, count(c, TABLE_STRING)))
			return false;
		if (table == TABLE_PROFILE_NAME && slot[i].len > 0 &&
			!run_good(c, slot[i].a, slot[i].b, count(c, TABLE_PROFILE)))
			return false;
	}
	return slots_size_good(cnt) && empty > 0;
}

static bool profiles_good(struct check *c)
{
	const struct image_profile *profile = part(c, TABLE_PROFILE);
	const struct image_profile_node *node = part(c, TABLE_PROFILE_NODE);
	uint32_t nodes = count(c, TABLE_PROFILE_NODE);

	for (uint32_t i = 0; i < count(c, TABLE_PROFILE); i++) {
		if (memchr(profile[i].name, 0, PROFILE_NAME_MAX) == NULL || profile[i].shared > 1)
			return false;
	}
	if (nodes == 0 || node[0].parent != 0 || node[0].depth != 0 || node[0].profile_cnt != 0)
		return false;
	for (uint32_t i = 1; i < nodes; i++) {
		if (node[i].parent >= i || node[i].depth != node[node[i].parent].depth + 1 ||
			node[i].depth > NODE_DEPTH_MAX ||
			!run_good(
				c, node[i].profiles, node[i].profile_cnt, count(c, TABLE_PROFILE)))
			return false;
	}
	return ranges_good(part(c, TABLE_PROFILE_RANGE), count(c, TABLE_PROFILE_RANGE), nodes);
}

static bool own_good(const struct check *c)
{
	const struct image_own *row = part(c, TABLE_OWN);

	for (uint32_t i = 0; i < count(c, TABLE_OWN); i++) {
		if (row[i].bits > 128 || row[i].zero != 0 ||
			(row[i].tenant > UINT16_MAX && row[i].tenant != SCOPE_EVERY))
			return false;
	}
	return true;
}

bool policy_open(struct policy *policy, struct bytes image, struct err *err)
{
	if (image.len < sizeof(struct image_header) || image.len > IMAGE_LEN_MAX)
		return err_set(err, EXIT_CANNOT,
			"policy image: %zu bytes cannot be one; build it again", image.len);
	if ((uintptr_t)image.ptr % _Alignof(uint64_t) != 0)
		return err_set(err, EXIT_INTERNAL, "policy image: not aligned to 8 bytes");

	struct check c = {
		.head = (const struct image_header *)(const void *)image.ptr,
		.base = image.ptr,
	};
	if (!head_good(&c, image.len))
		return err_set(err, EXIT_CANNOT,
			"policy image: damaged header or of another version; build it again");
	if (!strings_good(&c) || !tenants_good(&c) || !scopes_good(&c) || !slots_good(&c) ||
		!nodes_good(&c) || !merchants_good(&c) || !names_good(&c, TABLE_HOST) ||
		!names_good(&c, TABLE_PROFILE_NAME) || !profiles_good(&c) || !own_good(&c))
		return err_set(err, EXIT_CANNOT,
			"policy image: a table points outside or is out of order; build it again");
	policy->image = image;
	return true;
}
