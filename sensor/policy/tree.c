/* tree.c - nested prefixes to nodes and sorted segments.
 *
 * Prefixes are nested or disjoint, so one walk over them in order of (address,
 * length) with a stack of those still open gives every segment. */
#include <assert.h>
#include <stdlib.h>

#include "policy/draft.h"
#include "policy/key.h"

struct end { /* last address of a prefix, as two words */
	uint64_t hi, lo;
};

struct open {
	struct end last;
	struct prefix prefix;
	uint32_t node;
};

struct walk {
	struct image_build *build;
	enum image_table table; /* of ranges */
	uint32_t first;         /* range of this walk */
	uint32_t depth;
	struct open open[NODE_DEPTH_MAX];
};

static struct end prefix_last(const struct prefix *p)
{
	struct end end = {image_half(p->addr.b), image_half(p->addr.b + 8)};

	if (p->bits < 64)
		return (struct end){end.hi | (UINT64_MAX >> p->bits), UINT64_MAX};
	if (p->bits < 128)
		end.lo |= UINT64_MAX >> (p->bits - 64);
	return end;
}

/* From here on the node holds; what was begun at the same place is replaced. */
static void boundary(struct walk *w, uint64_t hi, uint64_t lo, uint32_t node)
{
	struct list *list = &w->build->table[w->table];
	struct image_range *last = NULL;

	if (list->count > w->first)
		last = (struct image_range *)list->items + list->count - 1;
	if (last == NULL || last->hi != hi || last->lo != lo)
		last = build_add(w->build, w->table);
	if (last != NULL)
		*last = (struct image_range){.hi = hi, .lo = lo, .node = node};
}

static uint32_t top_node(const struct walk *w)
{
	return w->depth > 0 ? w->open[w->depth - 1].node : 0;
}

static void close_top(struct walk *w)
{
	struct end last = w->open[--w->depth].last;

	if (last.hi == UINT64_MAX && last.lo == UINT64_MAX)
		return;
	boundary(w, last.hi + (last.lo == UINT64_MAX), last.lo + 1, top_node(w));
}

/* Closes what does not hold the prefix: its parent is on top then. */
static void close_before(struct walk *w, const struct prefix *prefix)
{
	while (w->depth > 0 && !prefix_holds(&w->open[w->depth - 1].prefix, &prefix->addr))
		close_top(w);
}

static void open_prefix(struct walk *w, const struct prefix *prefix, uint32_t node)
{
	assert(w->depth < NODE_DEPTH_MAX);
	w->open[w->depth++] =
		(struct open){.last = prefix_last(prefix), .prefix = *prefix, .node = node};
	boundary(w, image_half(prefix->addr.b), image_half(prefix->addr.b + 8), node);
}

static void walk_start(struct walk *w, struct image_build *build, enum image_table table)
{
	w->build = build;
	w->table = table;
	w->first = build->table[table].count;
	w->depth = 0;
	boundary(w, 0, 0, 0);
}

static void walk_end(struct walk *w)
{
	while (w->depth > 0)
		close_top(w);
}

static int prefix_order(const struct prefix *a, const struct prefix *b)
{
	int order = addr_compare(&a->addr, &b->addr);

	return order != 0 ? order : (int)a->bits - (int)b->bits;
}

static int claim_order(const void *x, const void *y)
{
	const struct draft_claim *a = x, *b = y;

	if (a->tenant != b->tenant)
		return a->tenant < b->tenant ? -1 : 1;
	int order = prefix_order(&a->prefix, &b->prefix);
	if (order != 0)
		return order;
	return a->merchant < b->merchant ? -1 : a->merchant > b->merchant;
}

static int profile_order(const void *x, const void *y)
{
	const struct draft_profile_prefix *a = x, *b = y;
	int order = prefix_order(&a->prefix, &b->prefix);

	if (order != 0)
		return order;
	return a->profile < b->profile ? -1 : a->profile > b->profile;
}

static bool same_place(const struct draft_claim *a, const struct draft_claim *b)
{
	return a->tenant == b->tenant && prefix_order(&a->prefix, &b->prefix) == 0;
}

/* Adds one claim to what the node says of itself. */
static void node_join(struct image_node *node, const struct draft_claim *claim, uint8_t level)
{
	node->flags |= claim->flags;
	node->roles |= claim->roles;
	if (claim->merchant == 0)
		return;
	if (node->merchant != 0 && node->merchant != claim->merchant)
		node->flags |= NODE_SHARED;
	if (!(node->flags & NODE_MERCHANT) || level < node->level)
		node->level = level;
	node->flags |= NODE_MERCHANT | NODE_PROTECTED | NODE_OWN;
	if (node->merchant == 0)
		node->merchant = claim->merchant;
}

/* The union of the profiles of the merchants in claims, and their rows. */
static void node_refs(struct draft *draft, struct image_build *build, struct image_node *node,
	const struct draft_claim *claims, uint32_t count)
{
	const struct draft_merchant *merchants = draft->merchants.items;
	const uint32_t *chosen = draft->chosen.items;
	struct list rows = {0}, profiles = {0};

	for (uint32_t i = 0; i < count; i++) {
		if (claims[i].merchant == 0)
			continue;
		uint32_t *row = list_add(&rows, sizeof(*row));
		build->full |= row == NULL;
		if (row != NULL)
			*row = claims[i].row;
		if (i > 0 && claims[i - 1].merchant == claims[i].merchant)
			continue; /* said twice */
		const struct draft_merchant *m = &merchants[claims[i].row];
		for (uint32_t p = 0; p < m->profile_cnt; p++) {
			uint32_t *profile = list_add(&profiles, sizeof(*profile));
			build->full |= profile == NULL;
			if (profile != NULL)
				*profile = chosen[m->profiles + p];
		}
	}
	node->merchants = build_refs(build, rows.items, rows.count, &node->merchant_cnt);
	node->profiles = build_refs(build, profiles.items, profiles.count, &node->profile_cnt);
	list_free(&rows);
	list_free(&profiles);
}

/* One node for the claims of one prefix, below what is open. */
static uint32_t node_add(
	struct draft *draft, struct walk *w, const struct draft_claim *claims, uint32_t count)
{
	const struct draft_merchant *merchants = draft->merchants.items;
	uint32_t parent = top_node(w), index = w->build->table[TABLE_NODE].count;
	struct image_node node =
		((const struct image_node *)w->build->table[TABLE_NODE].items)[parent];

	node.parent = parent;
	node.depth++;
	for (uint32_t i = 0; i < count; i++)
		node_join(&node, &claims[i],
			claims[i].merchant != 0 ? merchants[claims[i].row].level : 0);
	node_refs(draft, w->build, &node, claims, count);
	struct image_node *out = build_add(w->build, TABLE_NODE);
	if (out != NULL)
		*out = node;
	return index;
}

static void slot_add(
	struct image_build *build, const struct prefix *prefix, uint32_t scope, uint32_t node)
{
	struct image_slot *slot = build->table[TABLE_SLOT].items;
	uint64_t hi = image_half(prefix->addr.b), lo = image_half(prefix->addr.b + 8);
	uint32_t mask = build->table[TABLE_SLOT].count - 1;
	uint32_t i = (uint32_t)image_addr_hash(hi, lo, scope) & mask;

	while (slot[i].node != 0)
		i = (i + 1) & mask;
	slot[i] = (struct image_slot){.hi = hi, .lo = lo, .scope = scope, .node = node};
}

/* All claims of one scope. */
static bool scope_add(struct draft *draft, struct image_build *build,
	const struct draft_claim *claims, uint32_t count, uint32_t tenant)
{
	struct walk walk;
	uint32_t row = build->table[TABLE_SCOPE].count, next;

	walk_start(&walk, build, TABLE_RANGE);
	for (uint32_t i = 0; i < count && !build->full; i = next) {
		for (next = i + 1; next < count && same_place(&claims[i], &claims[next]);)
			next++;
		close_before(&walk, &claims[i].prefix);
		uint32_t node = node_add(draft, &walk, claims + i, next - i);
		if (claims[i].prefix.bits == 128)
			slot_add(build, &claims[i].prefix, row, node);
		else
			open_prefix(&walk, &claims[i].prefix, node);
	}
	walk_end(&walk);
	struct image_scope *scope = build_add(build, TABLE_SCOPE);
	if (scope == NULL)
		return false;
	*scope = (struct image_scope){
		.tenant = tenant,
		.first = walk.first,
		.count = build->table[TABLE_RANGE].count - walk.first,
	};
	return !build->full;
}

bool tree_claims(struct draft *draft, struct image_build *build)
{
	struct draft_claim *claims = draft->claims.items;
	uint32_t count = draft->claims.count, single = 0, next;
	bool every = false;

	if (count > 0)
		qsort(claims, count, sizeof(*claims), claim_order);
	for (uint32_t i = 0; i < count; i++)
		single += claims[i].prefix.bits == 128;
	if (build_add(build, TABLE_NODE) == NULL || !build_slots(build, TABLE_SLOT, single))
		return false;
	for (uint32_t i = 0; i < count; i = next) {
		for (next = i + 1; next < count && claims[next].tenant == claims[i].tenant;)
			next++;
		every |= claims[i].tenant == SCOPE_EVERY;
		if (!scope_add(draft, build, claims + i, next - i, claims[i].tenant))
			return false;
	}
	return every || scope_add(draft, build, claims, 0, SCOPE_EVERY);
}

bool tree_profiles(struct draft *draft, struct image_build *build)
{
	struct draft_profile_prefix *rows = draft->profile_prefixes.items;
	uint32_t count = draft->profile_prefixes.count, next;
	struct walk walk;

	if (count > 0)
		qsort(rows, count, sizeof(*rows), profile_order);
	if (build_add(build, TABLE_PROFILE_NODE) == NULL)
		return false;
	walk_start(&walk, build, TABLE_PROFILE_RANGE);
	for (uint32_t i = 0; i < count && !build->full; i = next) {
		uint32_t index = build->table[TABLE_PROFILE_NODE].count;
		struct list profiles = {0};

		close_before(&walk, &rows[i].prefix);
		for (next = i;
			next < count && prefix_order(&rows[i].prefix, &rows[next].prefix) == 0;
			next++) {
			uint32_t *profile = list_add(&profiles, sizeof(*profile));

			build->full |= profile == NULL;
			if (profile != NULL)
				*profile = rows[next].profile;
		}
		struct image_profile_node *node = build_add(build, TABLE_PROFILE_NODE);
		if (node != NULL) {
			node->parent = top_node(&walk);
			node->depth = walk.depth + 1;
			node->profiles = build_refs(
				build, profiles.items, profiles.count, &node->profile_cnt);
			open_prefix(&walk, &rows[i].prefix, index);
		}
		list_free(&profiles);
	}
	walk_end(&walk);
	return !build->full;
}
