/* merchant.h - the operator's customers, from CSV, and the policy made of them.
 *
 * Columns (a header names them, in any order; id and name are needed): id,
 * name, owner, agency, platform, addresses, hostnames, accounts, level, basis,
 * non_retention, authorised, contact.  Lists are separated by spaces or ';'.
 * A file holds all merchants: who is not in it is gone. */
#ifndef SEKISHO_MERCHANT_MERCHANT_H
#define SEKISHO_MERCHANT_MERCHANT_H

#include "base/err.h"
#include "store/sql.h"

#define MERCHANTS_MAX 200000

struct merchant_change {
	int64_t added, changed, gone, unchanged;
	bool policy_written;
};

/* All or nothing: the first bad row is the error (EXIT_USAGE), with its line.
 * dry_run: counts only.  policy_out: policy.yaml, replaced whole, or NULL. */
bool merchants_import(struct sql *sql, struct bytes csv, bool dry_run, const char *policy_out,
	int64_t now, struct merchant_change *change, struct err *err);

/* Writes the policy of those that are known. */
bool merchants_policy(struct sql *sql, const char *path, struct err *err);

#endif
