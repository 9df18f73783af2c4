/* load.h - what the readers of policy text share. */
#ifndef SEKISHO_POLICY_LOAD_H
#define SEKISHO_POLICY_LOAD_H

#include "policy/draft.h"

#define LOAD_FILES_MAX 256 /* of profiles */

struct load {
	struct draft draft;
	bool live;                            /* interfaces: content needs a basis */
	uint8_t named[65536 / 8];             /* tenants defined, one bit each */
	uint32_t *by_name;                    /* profile indices in order of name */
	struct yaml_doc *doc[LOAD_FILES_MAX]; /* kept until the end: "at" points into them */
	uint32_t doc_cnt;
	struct err *err;
};

/* Out of memory; returns false. */
bool load_full(struct load *load);

/* text.c: one address or prefix, as strict as a routing table. */
bool load_prefix(struct load *load, const struct yaml_node *node, struct prefix *out);
/* A host name, lower-cased into draft.strings. */
bool load_host(struct load *load, const struct yaml_node *node, uint32_t *off, uint32_t *len);

/* tenant.c */
bool load_tenants(struct load *load, const struct yaml_node *list);
/* Key "tenant" of a mapping: SCOPE_EVERY if absent, an error if not defined. */
bool load_tenant_of(struct load *load, const struct yaml_node *map, uint32_t *out);

/* profile.c: the policy's own list, then those of the folder that it does not name. */
bool load_profiles(struct load *load, const struct yaml_node *list, bool own);
bool load_profiles_dir(struct load *load, const char *dir);
/* After all are read: refuses doubles, sorts. */
bool load_profiles_done(struct load *load);
/* The index of a profile; an error names the nearest. */
bool load_profile_named(struct load *load, const struct yaml_node *node, uint32_t *out);

/* merchant.c */
bool load_merchants(struct load *load, const struct yaml_node *list);

/* load.c: claims a prefix for what flags, roles and merchant say. */
bool load_claim(struct load *load, const struct draft_claim *claim);
extern const char *const load_levels[LEVEL_CONTENT + 1];

#endif
