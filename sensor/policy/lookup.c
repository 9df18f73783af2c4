/* lookup.c - questions to a policy image that policy_open() has checked. */
#include <assert.h>

#include "policy/image.h"
#include "policy/key.h"

struct view {
	const struct image_header *head;
	const uint8_t *base;
};

static struct view view_of(const struct policy *policy)
{
	return (struct view){
		.head = (const struct image_header *)(const void *)policy->image.ptr,
		.base = policy->image.ptr,
	};
}

static const void *part(struct view v, enum image_table table)
{
	return v.base + v.head->part[table].off;
}

static uint32_t count(struct view v, enum image_table table)
{
	return v.head->part[table].count;
}

static const uint32_t *refs(struct view v, uint32_t first)
{
	return (const uint32_t *)part(v, TABLE_REF) + first;
}

static bool refs_hold(const uint32_t *ref, uint32_t cnt, uint32_t wanted)
{
	uint32_t low = 0;

	while (low < cnt) {
		uint32_t mid = low + (cnt - low) / 2;

		if (ref[mid] == wanted)
			return true;
		if (ref[mid] < wanted)
			low = mid + 1;
		else
			cnt = mid;
	}
	return false;
}

uint32_t image_tenant_hash(const struct image_tenant *row)
{
	uint64_t vlans;

	static_assert(sizeof(row->vlan) == sizeof(vlans), "the tags are hashed as one word");
	memcpy(&vlans, row->vlan, sizeof(vlans));
	return (uint32_t)image_mix(vlans ^ image_mix(((uint64_t)row->vni << 32) ^
						     ((uint64_t)row->interface << 8) ^ row->shape));
}

static uint16_t tenant_probe(struct view v, const struct image_tenant *key)
{
	const struct image_tenant *slot = part(v, TABLE_TENANT);
	uint32_t mask = count(v, TABLE_TENANT) - 1;

	for (uint32_t i = image_tenant_hash(key) & mask; slot[i].id != 0; i = (i + 1) & mask) {
		if (slot[i].shape == key->shape && slot[i].vni == key->vni &&
			slot[i].interface == key->interface &&
			memcmp(slot[i].vlan, key->vlan, sizeof(key->vlan)) == 0)
			return slot[i].id;
	}
	return 0;
}

/* Branch-free but for the loop: the last range that begins at or before the address. */
static uint32_t range_node(const struct image_range *range, uint32_t cnt, uint64_t hi, uint64_t lo)
{
	while (cnt > 1) {
		uint32_t half = cnt / 2;
		const struct image_range *mid = range + half;
		bool after = mid->hi < hi || (mid->hi == hi && mid->lo <= lo);

		range = after ? mid : range;
		cnt -= half;
	}
	return range->node;
}

static uint32_t scope_node(struct view v, uint32_t scope, uint64_t hi, uint64_t lo)
{
	const struct image_slot *slot = part(v, TABLE_SLOT);
	uint32_t mask = count(v, TABLE_SLOT) - 1;
	const struct image_scope *row = (const struct image_scope *)part(v, TABLE_SCOPE) + scope;

	for (uint32_t i = (uint32_t)image_addr_hash(hi, lo, scope) & mask; slot[i].node != 0;
		i = (i + 1) & mask) {
		if (slot[i].lo == lo && slot[i].hi == hi && slot[i].scope == scope)
			return slot[i].node;
	}
	return range_node(
		(const struct image_range *)part(v, TABLE_RANGE) + row->first, row->count, hi, lo);
}

/* The scope of one tenant, or that of all. */
static uint32_t scope_of(struct view v, uint16_t tenant)
{
	const struct image_scope *scope = part(v, TABLE_SCOPE);
	uint32_t low = 0, every = count(v, TABLE_SCOPE) - 1, high = every;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (scope[mid].tenant == tenant)
			return mid;
		if (scope[mid].tenant < tenant)
			low = mid + 1;
		else
			high = mid;
	}
	return every;
}

/* What every tenant knows of an address, and what this one does (0 = nothing). */
struct known {
	uint32_t node[2];
};

static struct known known_of(struct view v, uint16_t tenant, const struct addr *addr)
{
	uint64_t hi = image_half(addr->b), lo = image_half(addr->b + 8);
	uint32_t every = count(v, TABLE_SCOPE) - 1;
	struct known known = {.node = {scope_node(v, every, hi, lo), 0}};

	if (every > 0) {
		uint32_t scope = scope_of(v, tenant);

		if (scope != every)
			known.node[1] = scope_node(v, scope, hi, lo);
	}
	return known;
}

static const struct image_merchant *merchant_row(struct view v, uint32_t id)
{
	const struct image_merchant *row = part(v, TABLE_MERCHANT);
	uint32_t low = 0, high = count(v, TABLE_MERCHANT);

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (row[mid].id == id)
			return &row[mid];
		if (row[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* A walk over the suffixes of a name, shortest first, that are in a table. */
struct suffixes {
	struct bytes name;
	size_t at; /* bytes before the part already hashed */
	uint32_t hash;
	uint32_t labels; /* passed so far */
};

static struct suffixes suffixes_of(struct view v, struct bytes name)
{
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len > NAME_LEN_MAX || v.head->labels_max == 0)
		name.len = 0;
	return (struct suffixes){.name = name, .at = name.len, .hash = IMAGE_NAME_SEED};
}

/* The next longer suffix: false at the end, or beyond the longest name there is. */
static bool suffix_next(struct view v, struct suffixes *s)
{
	if (s->at == 0 || s->labels >= v.head->labels_max)
		return false;
	do {
		s->hash = image_name_step(s->hash, byte_lower(s->name.ptr[--s->at]));
	} while (s->at > 0 && s->name.ptr[s->at - 1] != '.');
	s->labels++;
	return true;
}

static bool same_lower(const uint8_t *lower, const uint8_t *any, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower[i] != byte_lower(any[i]))
			return false;
	}
	return true;
}

/* The row of the current suffix.  tenant: a of the row; SCOPE_EVERY - 1 for profiles. */
static const struct image_name *suffix_row(
	struct view v, const struct suffixes *s, enum image_table table, uint32_t tenant)
{
	const struct image_name *slot = part(v, table);
	const uint8_t *text = part(v, TABLE_STRING);
	uint32_t mask = count(v, table) - 1;
	uint32_t hash = image_name_finish(s->hash, tenant);
	size_t len = s->name.len - s->at;

	for (uint32_t i = hash & mask; slot[i].len != 0; i = (i + 1) & mask) {
		if (slot[i].hash == hash && slot[i].len == len &&
			(table == TABLE_PROFILE_NAME || slot[i].a == tenant) &&
			same_lower(text + slot[i].off, s->name.ptr + s->at, len))
			return &slot[i];
	}
	return NULL;
}

/* May the merchant, or anybody on its server, use the profile? */
struct allowed {
	const struct image_merchant *merchant; /* NULL: ask the nodes */
	struct known known;
};

static bool node_allows(struct view v, uint32_t node, uint32_t profile)
{
	const struct image_node *nodes = part(v, TABLE_NODE);

	for (; node != 0; node = nodes[node].parent) {
		if (refs_hold(refs(v, nodes[node].profiles), nodes[node].profile_cnt, profile))
			return true;
	}
	return false;
}

static bool allows(struct view v, const struct allowed *allowed, uint32_t profile)
{
	const struct image_merchant *row = allowed->merchant;

	if (row != NULL)
		return refs_hold(refs(v, row->profiles), row->profile_cnt, profile);
	return node_allows(v, allowed->known.node[0], profile) ||
	       node_allows(v, allowed->known.node[1], profile);
}

static uint32_t profile_node(struct view v, const struct addr *addr)
{
	return range_node(part(v, TABLE_PROFILE_RANGE), count(v, TABLE_PROFILE_RANGE),
		image_half(addr->b), image_half(addr->b + 8));
}

static bool profile_holds(struct view v, uint32_t node, uint32_t profile)
{
	const struct image_profile_node *nodes = part(v, TABLE_PROFILE_NODE);

	for (; node != 0; node = nodes[node].parent) {
		if (refs_hold(refs(v, nodes[node].profiles), nodes[node].profile_cnt, profile))
			return true;
	}
	return false;
}

static enum authorised by_name(struct view v, const struct allowed *allowed, uint32_t node,
	struct bytes name, uint32_t *profile)
{
	enum authorised best = AUTHORISED_NO;

	for (struct suffixes s = suffixes_of(v, name); suffix_next(v, &s);) {
		const struct image_name *row = suffix_row(v, &s, TABLE_PROFILE_NAME, SCOPE_EVERY);

		for (uint32_t i = 0; row != NULL && i < row->b; i++) {
			uint32_t candidate = refs(v, row->a)[i];

			if (!allows(v, allowed, candidate))
				continue;
			*profile = candidate;
			best = AUTHORISED_NAME;
			if (profile_holds(v, node, candidate))
				return AUTHORISED_ADDRESS;
		}
	}
	return best;
}

static enum authorised by_address(
	struct view v, const struct allowed *allowed, uint32_t node, uint32_t *profile)
{
	const struct image_profile_node *nodes = part(v, TABLE_PROFILE_NODE);
	const struct image_profile *profiles = part(v, TABLE_PROFILE);

	for (; node != 0; node = nodes[node].parent) {
		for (uint32_t i = 0; i < nodes[node].profile_cnt; i++) {
			uint32_t candidate = refs(v, nodes[node].profiles)[i];

			if (profiles[candidate].shared || !allows(v, allowed, candidate))
				continue;
			*profile = candidate;
			return AUTHORISED_ADDRESS;
		}
	}
	return AUTHORISED_NO;
}

static enum account_owner account_of(
	struct view v, const struct image_merchant *row, struct bytes account)
{
	const struct image_text *texts =
		(const struct image_text *)part(v, TABLE_ACCOUNT) + row->accounts;
	const uint8_t *string = part(v, TABLE_STRING);

	for (uint32_t i = 0; i < row->account_cnt; i++) {
		if (bytes_equal(bytes_of(string + texts[i].off, texts[i].len), account))
			return ACCOUNT_OWN;
	}
	return row->account_cnt > 0 ? ACCOUNT_FOREIGN : ACCOUNT_NOT_GIVEN;
}

static enum account_owner account_at(
	struct view v, uint32_t node, struct bytes account, enum account_owner best)
{
	const struct image_node *nodes = part(v, TABLE_NODE);
	const struct image_merchant *rows = part(v, TABLE_MERCHANT);

	for (; node != 0; node = nodes[node].parent) {
		for (uint32_t i = 0; i < nodes[node].merchant_cnt && best != ACCOUNT_OWN; i++) {
			enum account_owner owner =
				account_of(v, &rows[refs(v, nodes[node].merchants)[i]], account);

			best = owner == ACCOUNT_NOT_GIVEN ? best : owner;
		}
	}
	return best;
}

bool policy_given(const struct policy *policy)
{
	return view_of(policy).head->given != 0;
}

bool policy_has_tenants(const struct policy *policy)
{
	return view_of(policy).head->tenant_shapes != 0;
}

uint32_t policy_merchants(const struct policy *policy)
{
	return count(view_of(policy), TABLE_MERCHANT);
}

uint32_t policy_prefixes(const struct policy *policy)
{
	return count(view_of(policy), TABLE_OWN);
}

static void half_put(uint8_t out[8], uint64_t half)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(half >> (56 - 8 * i));
}

struct policy_prefix policy_prefix(const struct policy *policy, uint32_t index)
{
	const struct image_own *row = part(view_of(policy), TABLE_OWN);
	struct policy_prefix out = {.every = row[index].tenant == SCOPE_EVERY,
		.merchant = row[index].merchant,
		.prefix.bits = (uint8_t)row[index].bits};

	out.tenant = out.every ? 0 : (uint16_t)row[index].tenant;
	half_put(out.prefix.addr.b, row[index].hi);
	half_put(out.prefix.addr.b + 8, row[index].lo);
	return out;
}

uint16_t policy_interface(const struct policy *policy, struct bytes name)
{
	struct view v = view_of(policy);
	const uint32_t *off = part(v, TABLE_INTERFACE);
	const char *string = part(v, TABLE_STRING);

	for (uint32_t i = 0; i < count(v, TABLE_INTERFACE); i++) {
		if (bytes_equal(bytes_text(string + off[i]), name))
			return (uint16_t)(i + 1);
	}
	return 0;
}

uint16_t policy_tenant(const struct policy *policy, uint16_t interface, const uint16_t vlans[],
	uint32_t vlan_cnt, uint32_t vni)
{
	struct view v = view_of(policy);

	for (uint32_t left = v.head->tenant_shapes; left != 0;) {
		uint32_t shape = 31 - (uint32_t)__builtin_clz(left);
		uint32_t tags = shape / SHAPE_VLANS;
		struct image_tenant key = {.shape = shape, .vni = UINT32_MAX};

		left &= ~(1u << shape);
		if (tags > vlan_cnt || ((shape & SHAPE_VNI) && vni == UINT32_MAX) ||
			((shape & SHAPE_INTERFACE) && interface == 0))
			continue;
		for (uint32_t i = 0; i < tags; i++)
			key.vlan[i] = vlans[i];
		if (shape & SHAPE_VNI)
			key.vni = vni;
		if (shape & SHAPE_INTERFACE)
			key.interface = interface;
		uint16_t id = tenant_probe(v, &key);
		if (id != 0)
			return id;
	}
	return 0;
}

void policy_address(const struct policy *policy, uint16_t tenant, const struct addr *addr,
	struct policy_end *out)
{
	struct view v = view_of(policy);
	const struct image_node *nodes = part(v, TABLE_NODE);
	struct known known = known_of(v, tenant, addr);
	const struct image_node *a = &nodes[known.node[0]], *b = &nodes[known.node[1]];
	uint8_t flags = a->flags | b->flags;
	bool two = a->merchant != 0 && b->merchant != 0 && a->merchant != b->merchant;

	out->protected = (flags & NODE_PROTECTED) != 0;
	out->own = (flags & NODE_OWN) != 0;
	out->shared = (flags & NODE_SHARED) != 0 || two;
	out->roles = a->roles | b->roles;
	out->merchant = out->shared ? 0 : a->merchant | b->merchant;
	out->level = flags & NODE_MERCHANT ? LEVEL_CONTENT : v.head->default_level;
	if ((a->flags & NODE_MERCHANT) && a->level < out->level)
		out->level = a->level;
	if ((b->flags & NODE_MERCHANT) && b->level < out->level)
		out->level = b->level;
}

uint32_t policy_hostname(const struct policy *policy, uint16_t tenant, struct bytes name)
{
	struct view v = view_of(policy);
	uint32_t merchant = 0;

	for (struct suffixes s = suffixes_of(v, name); suffix_next(v, &s);) {
		const struct image_name *row = suffix_row(v, &s, TABLE_HOST, tenant);

		if (row == NULL)
			row = suffix_row(v, &s, TABLE_HOST, SCOPE_EVERY);
		if (row != NULL)
			merchant = row->b;
	}
	return merchant;
}

enum policy_level policy_merchant_level(const struct policy *policy, uint32_t merchant)
{
	struct view v = view_of(policy);
	const struct image_merchant *row = merchant_row(v, merchant);

	return row != NULL ? row->level : v.head->default_level;
}

bool policy_non_retention(const struct policy *policy, uint32_t merchant)
{
	const struct image_merchant *row = merchant_row(view_of(policy), merchant);

	return row != NULL && row->non_retention != 0;
}

enum authorised policy_authorised(const struct policy *policy, uint32_t merchant, uint16_t tenant,
	const struct addr *server, const struct addr *remote, struct bytes name, bool *names_it,
	uint32_t *profile)
{
	struct view v = view_of(policy);
	struct allowed allowed = {.merchant = NULL};
	uint32_t node = profile_node(v, remote);
	enum authorised best;

	*names_it = false;
	if (merchant == 0)
		allowed.known = known_of(v, tenant, server);
	else if ((allowed.merchant = merchant_row(v, merchant)) == NULL)
		return AUTHORISED_NO;
	if (name.len == 0)
		return by_address(v, &allowed, node, profile);
	best = by_name(v, &allowed, node, name, profile);
	*names_it = best != AUTHORISED_NO;
	return best;
}

enum account_owner policy_account(const struct policy *policy, uint32_t merchant, uint16_t tenant,
	const struct addr *server, struct bytes account)
{
	struct view v = view_of(policy);

	if (merchant != 0) {
		const struct image_merchant *row = merchant_row(v, merchant);

		return row != NULL ? account_of(v, row, account) : ACCOUNT_NOT_GIVEN;
	}
	struct known known = known_of(v, tenant, server);
	enum account_owner best = account_at(v, known.node[0], account, ACCOUNT_NOT_GIVEN);
	return account_at(v, known.node[1], account, best);
}

/* May a name end as it does and be one of a profile? */
static bool may_be_watched(struct view v, struct bytes name)
{
	uint32_t len = v.head->tail_len;
	uint8_t lower[IMAGE_TAIL_MAX] = {0};
	uint64_t tail;

	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len < len)
		return false;
	bytes_lower(lower, bytes_of(name.ptr + name.len - len, len));
	memcpy(&tail, lower, sizeof(tail));
	uint32_t bit = image_tail(tail) % IMAGE_TAILS;
	return (v.head->tails[bit / 64] >> bit % 64 & 1) != 0;
}

bool policy_watched_name(const struct policy *policy, struct bytes name)
{
	struct view v = view_of(policy);

	if (!may_be_watched(v, name))
		return false;
	for (struct suffixes s = suffixes_of(v, name); suffix_next(v, &s);) {
		if (suffix_row(v, &s, TABLE_PROFILE_NAME, SCOPE_EVERY) != NULL)
			return true;
	}
	return false;
}

bool policy_profile_shared(const struct policy *policy, uint32_t profile)
{
	struct view v = view_of(policy);
	const struct image_profile *rows = part(v, TABLE_PROFILE);

	return profile < count(v, TABLE_PROFILE) && rows[profile].shared != 0;
}

const char *policy_profile_name(const struct policy *policy, uint32_t profile)
{
	struct view v = view_of(policy);
	const struct image_profile *rows = part(v, TABLE_PROFILE);

	return profile < count(v, TABLE_PROFILE) ? rows[profile].name : "";
}
