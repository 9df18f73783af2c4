/* draft.h - a policy as read from text, before it is an image: lists of plain
 * rows, owned by the draft, between load.c and compile.c.  "at" is where it
 * stands in the text; valid as long as the document is. */
#ifndef SEKISHO_POLICY_DRAFT_H
#define SEKISHO_POLICY_DRAFT_H

#include "base/yaml.h"
#include "policy/image.h"

#define LIST_BYTES_MAX ((size_t)1 << 30)

struct list {
	void *items;
	uint32_t count, capacity;
};

/* A zeroed item at the end; NULL: no memory, or LIST_BYTES_MAX. */
void *list_add(struct list *list, size_t item_size);
void list_free(struct list *list);

struct draft_tap { /* one way to tell a tenant */
	struct image_tenant key;
	const struct yaml_node *at;
};

struct draft_claim { /* what somebody says of a prefix */
	struct prefix prefix;
	uint32_t tenant;   /* or SCOPE_EVERY */
	uint32_t merchant; /* number, or 0 */
	uint32_t row;      /* of that merchant; filled when merchants are sorted */
	uint8_t flags;     /* node_flag */
	uint8_t roles;
};

struct draft_merchant {
	uint32_t id, tenant;
	const struct yaml_node *at;
	uint8_t level;
	bool non_retention;
	uint32_t profiles, profile_cnt; /* in draft.chosen */
	uint32_t accounts, account_cnt; /* in draft.accounts */
};

struct draft_host {
	uint32_t off, len;         /* lower-case, in strings */
	uint32_t tenant, merchant; /* number */
	const struct yaml_node *at;
};

struct draft_profile {
	char name[PROFILE_NAME_MAX];
	bool shared;
	bool own; /* of policy.yaml: takes the place of a shipped one */
	const struct yaml_node *at;
};

struct draft_profile_host {
	uint32_t off, len, profile;
};

struct draft_profile_prefix {
	struct prefix prefix;
	uint32_t profile;
};

struct draft {
	bool given;
	uint8_t default_level;
	uint16_t labels_max;
	struct list strings;    /* uint8_t; offset 0 is the empty text */
	struct list interfaces; /* uint32_t offset */
	struct list taps, claims, merchants, hosts, profiles, profile_hosts, profile_prefixes;
	struct list chosen;   /* uint32_t profile */
	struct list accounts; /* struct image_text */
};

/* Appends text and a NUL, lower-cased if told; UINT32_MAX: no memory. */
uint32_t draft_text(struct draft *draft, struct bytes text, bool lower);
void draft_free(struct draft *draft);

/* Sorts the draft's lists and lays out the image (malloc'd).  Duplicates were
 * refused before, but for claims, which may be said twice. */
bool policy_compile(struct draft *draft, uint8_t **out, size_t *out_len, struct err *err);

/* An image under construction. */
struct image_build {
	struct list table[TABLE_COUNT];
	bool full; /* no memory: sticky */
};

/* prefix tree (tree.c): adds nodes, slots and ranges. */
bool tree_claims(struct draft *draft, struct image_build *build);
bool tree_profiles(struct draft *draft, struct image_build *build);

/* A zeroed row of a table, or NULL (then build.full is set). */
void *build_add(struct image_build *build, enum image_table table);
/* Appends a sorted run without repeats (sorts values in place); returns its
 * first place, *cnt its length. */
uint32_t build_refs(struct image_build *build, uint32_t *values, uint32_t count, uint32_t *cnt);
/* A slot table of a power of two, at most half full of count rows. */
bool build_slots(struct image_build *build, enum image_table table, uint32_t count);

#endif
