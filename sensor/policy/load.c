/* load.c - policy.yaml to an image. */
#include <stdlib.h>

#include "policy/load.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define ROLES 6

static const char *const policy_keys[] = {"tenants", "protected", "merchants", "profiles", "assets",
	"trusted_proxies", "own_prefixes", "default_level", "default_basis"};
static const char *const protected_keys[] = {"prefix", "tenant"};
static const char *const asset_keys[] = {"address", "role", "tenant"};
/* Bit i of asset_role. */
static const char *const roles[ROLES] = {
	"resolver", "mail", "scanner", "proxy", "backup", "operator"};

/* RFC 1918, RFC 4193 (ULA), RFC 6598 (shared address space of carriers' NAT). */
static const char *const private_prefixes[] = {
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "100.64.0.0/10"};

const char *const load_levels[LEVEL_CONTENT + 1] = {"none", "match_only", "contacts", "content"};

bool load_claim(struct load *load, const struct draft_claim *claim)
{
	struct draft_claim *item = list_add(&load->draft.claims, sizeof(*item));

	if (item == NULL)
		return load_full(load);
	*item = *claim;
	return true;
}

static bool protected_add(struct load *load, const struct yaml_node *node)
{
	struct draft_claim claim = {.tenant = SCOPE_EVERY, .flags = NODE_PROTECTED | NODE_OWN};
	const struct yaml_node *prefix = node;

	if (node->kind == YAML_MAPPING) {
		if (!yaml_check_keys(node, protected_keys, LENGTH(protected_keys), load->err))
			return false;
		prefix = yaml_need(node, "prefix", load->err);
		if (prefix == NULL || !load_tenant_of(load, node, &claim.tenant))
			return false;
	}
	return load_prefix(load, prefix, &claim.prefix) && load_claim(load, &claim);
}

static bool role_add(struct load *load, const struct yaml_node *node, uint8_t *out)
{
	size_t role = 0;

	if (!yaml_word(node, roles, ROLES, &role, load->err))
		return false;
	*out |= (uint8_t)(1u << role);
	return true;
}

/* One role, or a list of them. */
static bool roles_read(struct load *load, const struct yaml_node *node, uint8_t *out)
{
	if (node->kind == YAML_SCALAR)
		return role_add(load, node, out);
	if (!yaml_is(node, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
		if (!role_add(load, n, out))
			return false;
	}
	return *out != 0 ||
	       yaml_error(node, load->err, "role is empty; name one, such as resolver");
}

static bool asset_add(struct load *load, const struct yaml_node *map)
{
	struct draft_claim claim = {0};

	if (!yaml_is(map, YAML_MAPPING, load->err) ||
		!yaml_check_keys(map, asset_keys, LENGTH(asset_keys), load->err))
		return false;
	const struct yaml_node *address = yaml_need(map, "address", load->err);
	const struct yaml_node *role = address != NULL ? yaml_need(map, "role", load->err) : NULL;
	return role != NULL && load_prefix(load, address, &claim.prefix) &&
	       roles_read(load, role, &claim.roles) && load_tenant_of(load, map, &claim.tenant) &&
	       load_claim(load, &claim);
}

static bool proxy_add(struct load *load, const struct yaml_node *node)
{
	struct draft_claim claim = {.tenant = SCOPE_EVERY, .roles = ROLE_TRUSTED_PROXY};

	return load_prefix(load, node, &claim.prefix) && load_claim(load, &claim);
}

static bool own_add(struct load *load, const struct yaml_node *node)
{
	struct draft_claim claim = {.tenant = SCOPE_EVERY, .flags = NODE_OWN};

	return load_prefix(load, node, &claim.prefix) && load_claim(load, &claim);
}

static bool each(struct load *load, const struct yaml_node *root, const char *key,
	bool (*add)(struct load *load, const struct yaml_node *node))
{
	const struct yaml_node *list = yaml_get(root, key);

	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		if (!add(load, n))
			return false;
	}
	return true;
}

static bool default_level_read(struct load *load, const struct yaml_node *root)
{
	const struct yaml_node *node = yaml_get(root, "default_level");
	size_t level = load->draft.default_level;
	const char *basis = NULL;

	if (!yaml_word(node, load_levels, LEVEL_CONTENT + 1, &level, load->err) ||
		!yaml_text(yaml_get(root, "default_basis"), &basis, load->err))
		return false;
	load->draft.default_level = (uint8_t)level;
	if (load->live && node != NULL && level == LEVEL_CONTENT && basis == NULL)
		return yaml_error(node, load->err,
			"default_level content needs a default_basis on interfaces; add one with "
			"document and date, or take contacts");
	return true;
}

static bool protects(const struct load *load)
{
	const struct draft_claim *claim = load->draft.claims.items;

	for (uint32_t i = 0; i < load->draft.claims.count; i++) {
		if (claim[i].merchant != 0 || (claim[i].flags & NODE_PROTECTED))
			return true;
	}
	return false;
}

static bool document_read(struct load *load, const struct yaml_node *root, const char *profiles_dir)
{
	if (!yaml_check_keys(root, policy_keys, LENGTH(policy_keys), load->err) ||
		!default_level_read(load, root) || !load_tenants(load, yaml_get(root, "tenants")) ||
		!load_profiles(load, yaml_get(root, "profiles"), true) ||
		(profiles_dir != NULL && !load_profiles_dir(load, profiles_dir)) ||
		!load_profiles_done(load) || !each(load, root, "protected", protected_add) ||
		!load_merchants(load, yaml_get(root, "merchants")) ||
		!each(load, root, "assets", asset_add) ||
		!each(load, root, "trusted_proxies", proxy_add) ||
		!each(load, root, "own_prefixes", own_add))
		return false;
	if (!protects(load))
		return yaml_error(root, load->err,
			"nothing is protected; name your networks under protected, or a merchant's "
			"addresses");
	return true;
}

static bool file_read(struct load *load, const char *path, const char *profiles_dir)
{
	struct yaml_doc *doc = yaml_load(path, load->err);

	if (doc == NULL)
		return false;
	load->doc[load->doc_cnt++] = doc;
	load->draft.given = true;
	return document_read(load, yaml_root(doc), profiles_dir);
}

/* No policy: what is private is ours. */
static bool defaults_read(struct load *load, const char *profiles_dir)
{
	struct draft_claim claim = {.tenant = SCOPE_EVERY, .flags = NODE_PROTECTED | NODE_OWN};

	for (size_t i = 0; i < LENGTH(private_prefixes); i++) {
		if (!prefix_parse(bytes_text(private_prefixes[i]), &claim.prefix))
			return err_set(load->err, EXIT_INTERNAL, "policy: %s", private_prefixes[i]);
		if (!load_claim(load, &claim))
			return false;
	}
	return (profiles_dir == NULL || load_profiles_dir(load, profiles_dir)) &&
	       load_profiles_done(load);
}

bool policy_build(const char *path, const char *profiles_dir, enum policy_level default_level,
	uint8_t **out, size_t *out_len, struct err *err)
{
	struct load *load = calloc(1, sizeof(*load));

	if (load == NULL)
		return err_set(err, EXIT_CANNOT, "policy: out of memory");
	load->err = err;
	load->live = default_level < LEVEL_CONTENT;
	load->draft.default_level = (uint8_t)default_level;
	bool good = (path != NULL ? file_read(load, path, profiles_dir)
				  : defaults_read(load, profiles_dir)) &&
		    policy_compile(&load->draft, out, out_len, err);

	draft_free(&load->draft);
	free(load->by_name);
	for (uint32_t i = 0; i < load->doc_cnt; i++)
		yaml_drop(load->doc[i]);
	free(load);
	return good;
}
