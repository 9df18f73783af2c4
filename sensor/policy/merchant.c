/* merchant.c - merchants: by number, with what is theirs and what they may do. */
#include <stdlib.h>

#include "policy/load.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char *const merchant_keys[] = {"id", "tenant", "addresses", "hostnames", "accounts",
	"level", "basis", "non_retention", "authorised"};

static bool addresses_add(
	struct load *load, const struct yaml_node *list, const struct draft_merchant *merchant)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		struct draft_claim claim = {.tenant = merchant->tenant, .merchant = merchant->id};

		if (!load_prefix(load, n, &claim.prefix) || !load_claim(load, &claim))
			return false;
	}
	return true;
}

static bool hostnames_add(
	struct load *load, const struct yaml_node *list, const struct draft_merchant *merchant)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		struct draft_host host = {
			.tenant = merchant->tenant, .merchant = merchant->id, .at = n};

		if (!load_host(load, n, &host.off, &host.len))
			return false;
		struct draft_host *item = list_add(&load->draft.hosts, sizeof(*item));
		if (item == NULL)
			return load_full(load);
		*item = host;
	}
	return true;
}

static bool accounts_add(
	struct load *load, const struct yaml_node *list, struct draft_merchant *merchant)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	merchant->accounts = load->draft.accounts.count;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		const char *text;

		if (!yaml_text(n, &text, load->err))
			return false;
		uint32_t off = draft_text(&load->draft, bytes_text(text), false);
		struct image_text *item = list_add(&load->draft.accounts, sizeof(*item));
		if (off == UINT32_MAX || item == NULL)
			return load_full(load);
		*item = (struct image_text){.off = off, .len = n->len};
		merchant->account_cnt++;
	}
	return true;
}

static bool authorised_add(
	struct load *load, const struct yaml_node *list, struct draft_merchant *merchant)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	merchant->profiles = load->draft.chosen.count;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		uint32_t profile;

		if (!load_profile_named(load, n, &profile))
			return false;
		uint32_t *item = list_add(&load->draft.chosen, sizeof(*item));
		if (item == NULL)
			return load_full(load);
		*item = profile;
		merchant->profile_cnt++;
	}
	return true;
}

static bool level_read(
	struct load *load, const struct yaml_node *map, struct draft_merchant *merchant)
{
	const struct yaml_node *node = yaml_get(map, "level");
	size_t level = load->draft.default_level;
	const char *basis = NULL;

	if (!yaml_word(node, load_levels, LEVEL_CONTENT + 1, &level, load->err) ||
		!yaml_text(yaml_get(map, "basis"), &basis, load->err) ||
		!yaml_bool(yaml_get(map, "non_retention"), &merchant->non_retention, load->err))
		return false;
	merchant->level = (uint8_t)level;
	if (load->live && node != NULL && level == LEVEL_CONTENT && basis == NULL)
		return yaml_error(node, load->err,
			"level content of merchant %u needs a basis on interfaces; add basis: with "
			"document and date, or take level contacts",
			merchant->id);
	return true;
}

static uint32_t items(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *list = yaml_get(map, key);

	return list != NULL ? list->count : 0;
}

static bool merchant_add(struct load *load, const struct yaml_node *map)
{
	uint64_t id = 0;

	if (!yaml_is(map, YAML_MAPPING, load->err) ||
		!yaml_check_keys(map, merchant_keys, LENGTH(merchant_keys), load->err))
		return false;
	const struct yaml_node *node = yaml_need(map, "id", load->err);
	if (node == NULL || !yaml_u64(node, 1, UINT32_MAX, &id, load->err))
		return false;
	struct draft_merchant merchant = {.id = (uint32_t)id, .at = node};
	if (!load_tenant_of(load, map, &merchant.tenant) || !level_read(load, map, &merchant) ||
		!addresses_add(load, yaml_get(map, "addresses"), &merchant) ||
		!hostnames_add(load, yaml_get(map, "hostnames"), &merchant) ||
		!accounts_add(load, yaml_get(map, "accounts"), &merchant) ||
		!authorised_add(load, yaml_get(map, "authorised"), &merchant))
		return false;
	if (items(map, "addresses") + items(map, "hostnames") + items(map, "accounts") == 0)
		return yaml_error(map, load->err,
			"merchant %u has no addresses, hostnames or accounts, so nothing is its; "
			"add one",
			merchant.id);
	struct draft_merchant *item = list_add(&load->draft.merchants, sizeof(*item));
	if (item == NULL)
		return load_full(load);
	*item = merchant;
	return true;
}

static int merchant_order(const void *x, const void *y)
{
	const struct draft_merchant *a = x, *b = y;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->at->line != b->at->line)
		return a->at->line < b->at->line ? -1 : 1;
	return a->at->col < b->at->col ? -1 : a->at->col > b->at->col;
}

static bool ids_differ(struct load *load)
{
	struct list *list = &load->draft.merchants;
	const struct draft_merchant *row = list->items;

	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*row), merchant_order);
	for (uint32_t i = 1; i < list->count; i++) {
		if (row[i].id == row[i - 1].id)
			return yaml_error(row[i].at, load->err,
				"merchant %u is defined twice, first on line %u; one entry per "
				"merchant",
				row[i].id, row[i - 1].at->line);
	}
	return true;
}

static int text_order(const struct draft_host *a, const struct draft_host *b, const char *strings)
{
	if (a->tenant != b->tenant)
		return a->tenant < b->tenant ? -1 : 1;
	return strcmp(strings + a->off, strings + b->off);
}

static int host_order(const void *x, const void *y, void *strings)
{
	const struct draft_host *a = x, *b = y;
	int order = text_order(a, b, strings);

	if (order != 0)
		return order;
	return a->at->line < b->at->line ? -1 : a->at->line > b->at->line;
}

/* On a shared server the name decides whose flow it is: it must be one merchant's. */
static bool hosts_differ(struct load *load)
{
	struct list *list = &load->draft.hosts;
	const struct draft_host *row = list->items;
	const char *strings = load->draft.strings.items;

	if (list->count > 0)
		qsort_r(list->items, list->count, sizeof(*row), host_order,
			load->draft.strings.items);
	for (uint32_t i = 1; i < list->count; i++) {
		if (row[i].merchant != row[i - 1].merchant &&
			text_order(&row[i - 1], &row[i], strings) == 0)
			return yaml_error(row[i].at, load->err,
				"host name \"%s\" of merchant %u is merchant %u's already (line "
				"%u); a "
				"host name decides whose a flow is, leave it with one of them",
				strings + row[i].off, row[i].merchant, row[i - 1].merchant,
				row[i - 1].at->line);
	}
	return true;
}

bool load_merchants(struct load *load, const struct yaml_node *list)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		if (!merchant_add(load, n))
			return false;
	}
	return ids_differ(load) && hosts_differ(load);
}
