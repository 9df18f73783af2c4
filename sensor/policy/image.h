/* image.h - the layout of a policy image, between compile.c and lookup.c.
 *
 * A header and tables of fixed-size rows, each aligned to 64 bytes; offsets
 * only, in the byte order of this machine (an image never leaves it).
 * Addresses: for every scope (a tenant, or all of them) single addresses
 * stand in one hash table, prefixes as sorted segments that cover the whole
 * space; both name a node: what is known there, itself and all around it. */
#ifndef SEKISHO_POLICY_IMAGE_H
#define SEKISHO_POLICY_IMAGE_H

#include "policy/policy.h"

#define IMAGE_MAGIC "SKPOLIC1"
#define IMAGE_ALIGN 64u
#define IMAGE_LEN_MAX (1u << 31)
#define SCOPE_EVERY UINT32_MAX /* for all tenants */
#define NODE_DEPTH_MAX 130     /* prefixes around one address, 0..128 bits, and node 0 */
#define TENANT_VLANS_MAX 4
#define NAME_LABELS_MAX 127
#define IMAGE_TAIL_MAX 8
#define IMAGE_TAILS 1024
#define NAME_LEN_MAX 253

enum image_table {
	TABLE_TENANT,        /* struct image_tenant, hash slots */
	TABLE_INTERFACE,     /* uint32_t offset of a text; number - 1 */
	TABLE_SCOPE,         /* struct image_scope, by tenant, SCOPE_EVERY last */
	TABLE_SLOT,          /* struct image_slot, hash slots */
	TABLE_RANGE,         /* struct image_range */
	TABLE_NODE,          /* struct image_node; 0 = nothing known */
	TABLE_MERCHANT,      /* struct image_merchant, by id */
	TABLE_ACCOUNT,       /* struct image_text, sorted within a merchant */
	TABLE_HOST,          /* struct image_name, hash slots: tenant and merchant */
	TABLE_PROFILE,       /* struct image_profile */
	TABLE_PROFILE_NAME,  /* struct image_name, hash slots: refs */
	TABLE_PROFILE_RANGE, /* struct image_range */
	TABLE_PROFILE_NODE,  /* struct image_profile_node; 0 = none */
	TABLE_OWN,           /* struct image_own, by scope and prefix */
	TABLE_REF,           /* uint32_t, sorted runs: rows of merchants or profiles */
	TABLE_STRING,        /* bytes, texts end in NUL */
	TABLE_COUNT,
};

struct image_part {
	uint32_t off, count;
};

struct image_header {
	char magic[8];
	uint32_t len;
	uint8_t given, default_level;
	uint16_t labels_max;    /* of any name in it */
	uint32_t tenant_shapes; /* bit s: some tenant is told by shape s */
	uint32_t tail_len;      /* every name of a profile is as long; at most IMAGE_TAIL_MAX */
	uint64_t tails[IMAGE_TAILS / 64]; /* bits by the hash of their ends: what ends otherwise is
					   * none of them, and below none */
	struct image_part part[TABLE_COUNT];
};

/* Shape: which of vlan, VNI and interface are told; more bits, more exact. */
#define SHAPE_INTERFACE 1u
#define SHAPE_VNI 2u
#define SHAPE_VLANS 4u /* times the number of tags, 0..TENANT_VLANS_MAX */
#define SHAPE_COUNT (SHAPE_VLANS * (TENANT_VLANS_MAX + 1))

struct image_tenant {
	uint16_t vlan[TENANT_VLANS_MAX];
	uint32_t vni;
	uint16_t interface;
	uint16_t id; /* 0 = empty slot */
	uint32_t shape;
	uint32_t zero;
};

struct image_scope {
	uint32_t tenant;
	uint32_t first, count; /* ranges, at least 1; the first begins at :: */
};

struct image_slot {
	uint64_t hi, lo; /* the address */
	uint32_t scope;  /* row */
	uint32_t node;   /* 0 = empty slot */
};

struct image_range {
	uint64_t hi, lo; /* first address; it ends before the next one's */
	uint32_t node;
	uint32_t zero;
};

enum node_flag { NODE_PROTECTED = 1, NODE_OWN = 2, NODE_SHARED = 4, NODE_MERCHANT = 8 };

struct image_node {
	uint32_t parent;   /* < its own index, but for 0 */
	uint32_t merchant; /* number, if just one here and around */
	uint8_t flags;     /* node_flag, with those around */
	uint8_t level;     /* strictest here and around */
	uint8_t roles;
	uint8_t depth;
	uint32_t merchants, merchant_cnt; /* refs, rows that claim just this */
	uint32_t profiles, profile_cnt;   /* refs, the union of theirs */
};

struct image_merchant {
	uint32_t id;
	uint8_t level, non_retention;
	uint16_t zero;
	uint32_t profiles, profile_cnt; /* refs */
	uint32_t accounts, account_cnt;
};

struct image_text {
	uint32_t off, len;
};

struct image_name {
	uint32_t off; /* of the lower-case text; len 0 = empty slot */
	uint32_t len;
	uint32_t hash;
	uint32_t a, b; /* host: tenant (or SCOPE_EVERY), merchant; profile: refs, count */
};

struct image_profile {
	char name[PROFILE_NAME_MAX];
	uint32_t shared;
};

struct image_profile_node {
	uint32_t parent, depth;
	uint32_t profiles, profile_cnt; /* refs */
};

struct image_own { /* a prefix of a merchant, protected, or of own_prefixes */
	uint64_t hi, lo;
	uint32_t tenant;   /* or SCOPE_EVERY */
	uint32_t merchant; /* number, or 0 */
	uint32_t bits, zero;
};

extern const uint32_t image_row_size[TABLE_COUNT];
uint32_t image_tenant_hash(const struct image_tenant *row);

#endif
