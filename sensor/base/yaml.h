/* yaml.h - a strict reader of YAML for our own settings.
 *
 * In:    one document of UTF-8, at most 8 MiB, depth 16, 1 M nodes.
 * Not:   anchors, aliases, tags, directives, several documents, duplicate
 *        keys, keys that are not text, NUL in text: each is an error.
 * Out:   a tree of nodes that know their place, so that every later complaint
 *        can say file:line:col.  An empty document is an empty mapping.
 * Owner: the caller drops the document; nodes and texts live as long as it.
 *
 * A getter given no node (NULL: the key is absent) leaves *out as it is and
 * returns true, so that defaults are set first:
 *     yaml_u64(yaml_get(map, "workers"), 1, 64, &conf->workers, err)
 * Errors have status EXIT_USAGE, an unreadable file too; out of memory EXIT_CANNOT. */
#ifndef SEKISHO_BASE_YAML_H
#define SEKISHO_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define YAML_FILE_MAX (8u << 20)
#define YAML_DEPTH_MAX 16
#define YAML_NODES_MAX 1000000

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_doc;

struct yaml_node {
	const struct yaml_doc *doc;
	const char *text;        /* scalar: NUL-terminated, valid UTF-8; else NULL */
	struct yaml_node *first; /* first item of a sequence, first key of a mapping */
	struct yaml_node *next;  /* next item or next key */
	struct yaml_node *value; /* of a key; NULL for all else */
	uint32_t len;            /* scalar: bytes of text */
	uint32_t count;          /* items or keys */
	uint32_t line, col;      /* from 1 */
	uint8_t kind;            /* enum yaml_kind */
	bool quoted;             /* scalar: not plain, so an empty one is meant */
};

/* NULL and err if it cannot be read or is not as above. */
struct yaml_doc *yaml_load(const char *path, struct err *err);
/* The same of bytes; name stands in messages. */
struct yaml_doc *yaml_read(struct bytes text, const char *name, struct err *err);
void yaml_drop(struct yaml_doc *doc); /* NULL passes */
const struct yaml_node *yaml_root(const struct yaml_doc *doc);
const char *yaml_name(const struct yaml_doc *doc);

/* "file:line:col: ..." with status EXIT_USAGE; returns false. */
bool yaml_error(const struct yaml_node *node, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The value of the key of a mapping, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The same; absent is the error 'missing key "..."'. */
const struct yaml_node *yaml_need(const struct yaml_node *map, const char *key, struct err *err);
/* False unless node is of that kind (NULL passes). */
bool yaml_is(const struct yaml_node *node, enum yaml_kind kind, struct err *err);
/* False unless node is a mapping whose keys are all among the allowed; names
 * the first that is not, and the nearest that is. */
bool yaml_check_keys(
	const struct yaml_node *node, const char *const allowed[], size_t count, struct err *err);

/* Text that is not empty; borrowed. */
bool yaml_text(const struct yaml_node *node, const char **out, struct err *err);
/* Plain decimal. */
bool yaml_u64(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *out,
	struct err *err);
/* Bytes: 4096, 64K, 512M, 2G, 1T (powers of 1024). */
bool yaml_size(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *out,
	struct err *err);
/* Nanoseconds: 250ms, 10s, 5m, 2h, 7d; a unit is needed. */
bool yaml_duration(const struct yaml_node *node, uint64_t min_ns, uint64_t max_ns, uint64_t *out,
	struct err *err);
/* true, yes, on, false, no or off, in small letters. */
bool yaml_bool(const struct yaml_node *node, bool *out, struct err *err);
/* One of the words; *out is its index. */
bool yaml_word(const struct yaml_node *node, const char *const words[], size_t count, size_t *out,
	struct err *err);

#endif
