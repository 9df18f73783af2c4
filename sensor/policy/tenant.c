/* tenant.c - tenants: how the frames of one are told. */
#include <stdlib.h>

#include "policy/load.h"

#define TENANT_MAX 65535
#define VLAN_MAX 4094
#define VNI_MAX 0xffffff
#define INTERFACES_MAX 1024
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char *const tenant_keys[] = {"id", "name", "interface", "vlans", "vni"};

static bool interface_number(struct load *load, const struct yaml_node *node, uint16_t *out)
{
	struct draft *draft = &load->draft;
	const char *text = NULL;

	if (!yaml_text(node, &text, load->err))
		return false;
	*out = 0;
	if (text == NULL)
		return true;
	for (uint32_t i = 0; i < draft->interfaces.count; i++) {
		uint32_t off = ((uint32_t *)draft->interfaces.items)[i];

		if (strcmp((const char *)draft->strings.items + off, text) == 0) {
			*out = (uint16_t)(i + 1);
			return true;
		}
	}
	if (draft->interfaces.count == INTERFACES_MAX)
		return yaml_error(
			node, load->err, "more than %u interfaces are named", INTERFACES_MAX);
	uint32_t off = draft_text(draft, bytes_text(text), false);
	uint32_t *item = list_add(&draft->interfaces, sizeof(*item));
	if (off == UINT32_MAX || item == NULL)
		return load_full(load);
	*item = off;
	*out = (uint16_t)draft->interfaces.count;
	return true;
}

static bool tap_add(struct load *load, const struct image_tenant *key, const struct yaml_node *at)
{
	struct draft_tap *tap = list_add(&load->draft.taps, sizeof(*tap));

	if (tap == NULL)
		return load_full(load);
	*tap = (struct draft_tap){.key = *key, .at = at};
	return true;
}

static bool vlan_id(struct load *load, const struct yaml_node *node, uint16_t *out)
{
	uint64_t id = 0;

	if (!yaml_u64(node, 1, VLAN_MAX, &id, load->err))
		return false;
	*out = (uint16_t)id;
	return true;
}

/* An item of vlans: an id, or the stack of ids outer to inner. */
static bool vlan_item(struct load *load, const struct yaml_node *node, struct image_tenant *key)
{
	if (node->kind == YAML_SCALAR) {
		key->shape += SHAPE_VLANS;
		return vlan_id(load, node, &key->vlan[0]);
	}
	if (!yaml_is(node, YAML_SEQUENCE, load->err))
		return false;
	if (node->count == 0 || node->count > TENANT_VLANS_MAX)
		return yaml_error(node, load->err,
			"a stack of VLAN tags has 1 to %d ids, outer to inner", TENANT_VLANS_MAX);
	uint32_t i = 0;
	for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
		if (!vlan_id(load, n, &key->vlan[i++]))
			return false;
	}
	key->shape += SHAPE_VLANS * i;
	return true;
}

static bool taps_add(struct load *load, const struct yaml_node *map, struct image_tenant key)
{
	const struct yaml_node *vlans = yaml_get(map, "vlans"), *vni = yaml_get(map, "vni");
	uint64_t number = UINT32_MAX;

	if (!interface_number(load, yaml_get(map, "interface"), &key.interface) ||
		!yaml_u64(vni, 0, VNI_MAX, &number, load->err) ||
		!yaml_is(vlans, YAML_SEQUENCE, load->err))
		return false;
	key.vni = (uint32_t)number;
	key.shape = (vni != NULL ? SHAPE_VNI : 0) | (key.interface != 0 ? SHAPE_INTERFACE : 0);
	if (vlans == NULL || vlans->count == 0) {
		if (key.shape == 0)
			return yaml_error(map, load->err,
				"tenant %u has neither interface nor vlans nor vni, so no frame is "
				"its; "
				"add one of them",
				key.id);
		return tap_add(load, &key, map);
	}
	for (const struct yaml_node *n = vlans->first; n != NULL; n = n->next) {
		struct image_tenant one = key;

		if (!vlan_item(load, n, &one) || !tap_add(load, &one, n))
			return false;
	}
	return true;
}

static bool tenant_add(struct load *load, const struct yaml_node *map)
{
	const char *name = NULL;
	uint64_t id = 0;

	if (!yaml_is(map, YAML_MAPPING, load->err) ||
		!yaml_check_keys(map, tenant_keys, LENGTH(tenant_keys), load->err))
		return false;
	const struct yaml_node *node = yaml_need(map, "id", load->err);
	if (node == NULL || !yaml_u64(node, 1, TENANT_MAX, &id, load->err) ||
		!yaml_text(yaml_get(map, "name"), &name, load->err))
		return false;
	if (load->named[id / 8] & (1u << (id % 8)))
		return yaml_error(node, load->err,
			"tenant %u is defined twice; put all its vlans into one entry",
			(unsigned)id);
	load->named[id / 8] |= (uint8_t)(1u << (id % 8));
	return taps_add(load, map, (struct image_tenant){.id = (uint16_t)id});
}

static int tap_order(const void *x, const void *y)
{
	const struct draft_tap *a = x, *b = y;
	struct image_tenant ka = a->key, kb = b->key;

	ka.id = kb.id = 0;
	int order = memcmp(&ka, &kb, sizeof(ka));
	if (order != 0)
		return order;
	return a->at->line < b->at->line ? -1 : a->at->line > b->at->line;
}

static bool same_tap(const struct draft_tap *a, const struct draft_tap *b)
{
	struct image_tenant ka = a->key, kb = b->key;

	ka.id = kb.id = 0;
	return memcmp(&ka, &kb, sizeof(ka)) == 0;
}

bool load_tenants(struct load *load, const struct yaml_node *list)
{
	struct list *taps = &load->draft.taps;

	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		if (!tenant_add(load, n))
			return false;
	}
	if (taps->count > 0)
		qsort(taps->items, taps->count, sizeof(struct draft_tap), tap_order);
	const struct draft_tap *tap = taps->items;
	for (uint32_t i = 1; i < taps->count; i++) {
		if (same_tap(&tap[i - 1], &tap[i]))
			return yaml_error(tap[i].at, load->err,
				"tenant %u is told by the same interface, vlans and vni as tenant "
				"%u "
				"(line %u); one of them must go",
				tap[i].key.id, tap[i - 1].key.id, tap[i - 1].at->line);
	}
	return true;
}

bool load_tenant_of(struct load *load, const struct yaml_node *map, uint32_t *out)
{
	const struct yaml_node *node = yaml_get(map, "tenant");
	uint64_t id = 0;

	*out = SCOPE_EVERY;
	if (node == NULL)
		return true;
	if (!yaml_u64(node, 0, TENANT_MAX, &id, load->err))
		return false;
	if (id != 0 && !(load->named[id / 8] & (1u << (id % 8))))
		return yaml_error(node, load->err,
			"tenant %u is not in tenants; define it there, or leave the key out for "
			"all "
			"tenants",
			(unsigned)id);
	*out = (uint32_t)id;
	return true;
}
