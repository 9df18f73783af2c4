/* policy.h - whose server is it, what may it do, how closely may we look.
 *
 * Compiled from policy.yaml (policy_build) to a position-independent image;
 * read by decode (tenants), workers (subject, level) and the join
 * (authorised).  The sensor knows merchants by number only; the name is there
 * for nobody but the aggregator's own file.
 *
 * What names no tenant holds in every tenant.  An address claimed by several
 * merchants, be it by overlapping prefixes, is a shared server.  All lookups
 * are pure, thread-safe, without allocation; policy_address <= 50 ns hot. */
#ifndef SEKISHO_POLICY_POLICY_H
#define SEKISHO_POLICY_POLICY_H

#include "base/addr.h"
#include "base/err.h"

enum policy_level { LEVEL_NONE, LEVEL_MATCH_ONLY, LEVEL_CONTACTS, LEVEL_CONTENT };

enum asset_role { /* bits */
	ROLE_RESOLVER = 1,
	ROLE_MAIL = 2,
	ROLE_SCANNER = 4,
	ROLE_PROXY = 8,
	ROLE_BACKUP = 16,
	ROLE_OPERATOR = 32,
	ROLE_TRUSTED_PROXY = 64, /* of trusted_proxies: its client_ip header is believed */
};

struct policy {
	struct bytes image;
};

/* path: policy.yaml, or NULL: none given (protected are then RFC 1918, ULA and
 * CGNAT, all of one merchant 0, at default_level).  profiles_dir:
 * signatures/psp, or NULL.  Strict: an unknown key is an error with
 * file:line:column and the nearest known key.  default_level below content
 * means interfaces: then a merchant's level content needs a basis.  out is
 * malloc'd.  Cost: n log n of the file's items. */
bool policy_build(const char *path, const char *profiles_dir, enum policy_level default_level,
	uint8_t **out, size_t *out_len, struct err *err);
/* Checks every offset and count, once; borrows image, which must be aligned to 8. */
bool policy_open(struct policy *policy, struct bytes image, struct err *err);
/* False: none was given. */
bool policy_given(const struct policy *policy);
/* Does it name any tenant?  If not, policy_tenant() is 0 whatever is asked. */
bool policy_has_tenants(const struct policy *policy);
uint32_t policy_merchants(const struct policy *policy);
/* What is ours by policy, in order of tenant and prefix; a merchant's prefix once for
 * each merchant that claims it. */
struct policy_prefix {
	struct prefix prefix;
	bool every; /* in every tenant */
	uint16_t tenant;
	uint32_t merchant; /* 0 = none */
};
uint32_t policy_prefixes(const struct policy *policy); /* how many */
struct policy_prefix policy_prefix(const struct policy *policy, uint32_t index);
/* The number of an interface that a tenant names; 0: none does. */
uint16_t policy_interface(const struct policy *policy, struct bytes name);

/* VLAN ids outer to inner, VXLAN VNI (UINT32_MAX: none) to a tenant number.
 * interface: policy_interface() of the source's name. */
uint16_t policy_tenant(const struct policy *policy, uint16_t interface, const uint16_t vlans[],
	uint32_t vlan_cnt, uint32_t vni);

struct policy_end { /* what policy knows of an address */
	bool protected;
	bool shared;       /* several merchants: merchant is 0 until a name decides */
	uint8_t level;     /* enum policy_level; the strictest of a shared server */
	uint8_t roles;     /* asset_role bits */
	uint32_t merchant; /* 0 = none or not one */
	bool own;          /* the operator's: own_prefixes, or protected */
};
void policy_address(const struct policy *policy, uint16_t tenant, const struct addr *addr,
	struct policy_end *out);
/* A merchant by an inbound Host (without port) or SNI on a shared server; 0 =
 * none.  A merchant's host name holds for the names below it too; of several
 * the longest decides. */
uint32_t policy_hostname(const struct policy *policy, uint16_t tenant, struct bytes name);
/* The level of a merchant found by name; default_level if there is no such merchant. */
enum policy_level policy_merchant_level(const struct policy *policy, uint32_t merchant);
/* True: cards accepted by this merchant are exposure. */
bool policy_non_retention(const struct policy *policy, uint32_t merchant);

/* Authorised destinations.  A name is a profile's if it equals or is below one
 * of its names, by label (ASCII case and one trailing dot do not count). */
#define PROFILE_NAME_MAX 32
enum authorised {
	AUTHORISED_NO,
	AUTHORISED_ADDRESS, /* the address is in the profile's own prefixes */
	AUTHORISED_NAME,    /* only the name is: the address must be proven by DNS */
};
/* Best answer over the merchant's profiles (merchant 0: those of all merchants
 * of the server at that address).  name: as seen, or empty.  A name seen must
 * be the profile's; without one the address alone does, unless the profile is
 * shared.  *names_it: the name is the profile's.  *profile: its index, set
 * unless AUTHORISED_NO. */
enum authorised policy_authorised(const struct policy *policy, uint32_t merchant, uint16_t tenant,
	const struct addr *server, const struct addr *remote, struct bytes name, bool *names_it,
	uint32_t *profile);

/* Whose account is named in a readable call to a PSP (merchant 0 as above). */
enum account_owner {
	ACCOUNT_NOT_GIVEN, /* policy lists none for the merchant */
	ACCOUNT_OWN,
	ACCOUNT_FOREIGN,
};
enum account_owner policy_account(const struct policy *policy, uint32_t merchant, uint16_t tenant,
	const struct addr *server, struct bytes account);

/* A name of any profile, or one to be watched: the DNS answers that teach. */
bool policy_watched_name(const struct policy *policy, struct bytes name);
/* Must a name be seen on addresses of that profile (shared with strangers)? */
bool policy_profile_shared(const struct policy *policy, uint32_t profile);
/* "" for an index that is none. */
const char *policy_profile_name(const struct policy *policy, uint32_t profile);

#endif
