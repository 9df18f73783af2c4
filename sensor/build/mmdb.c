/* mmdb.c - walks the search tree of a MaxMind DB.  The file is a stranger's. */
#include "build/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_MAX ((size_t)512 << 20)
#define COPY_LEN ((size_t)16 << 10)
#define DATA_SEPARATOR 16 /* between tree and data, counted in record values */
#define DEPTH_MAX 128
#define DEPTH_V4 96 /* of ::/96, where an IPv6 tree keeps IPv4 */
/* Aliases aside a tree has each node once; a knot of nodes has no end. */
#define VISITS_PER_NODE 4

struct place { /* a record that is still to be walked */
	uint64_t record;
	struct addr addr;
	uint8_t type, depth;
};

struct walk {
	const char *path;
	const MMDB_s *db;
	struct geo_pool *pool;
	struct geo_map seen; /* value of each data offset */
	struct geo_spans *spans;
	uint64_t visits, visits_max;
	uint64_t v4_node; /* where IPv4 begins in an IPv6 tree; UINT64_MAX: nowhere */
	bool useful;      /* something was known of somebody */
	struct err *err;
};

static bool no_memory(const char *path, struct err *err)
{
	return err_set(err, EXIT_CANNOT, "%s: no memory for its ranges", path);
}

static bool broken(const struct walk *walk, const char *why)
{
	return err_set(walk->err, EXIT_USAGE,
		"%s: a broken MaxMind DB (%s); fetch it again or leave --geoip out", walk->path,
		why);
}

static bool unreadable(const char *path, struct err *err)
{
	return err_set(err, EXIT_USAGE,
		"%s: cannot read the MaxMind DB: %s; fetch it or leave --geoip out", path,
		strerror(errno));
}

static bool copy(const char *path, int from, int to, struct err *err)
{
	uint8_t block[COPY_LEN];
	size_t total = 0;
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) != 0) {
		if (-1 == n && errno == EINTR)
			continue;
		if (-1 == n)
			return unreadable(path, err);
		total += (size_t)n;
		if (total > FILE_MAX)
			return err_set(err, EXIT_USAGE,
				"%s: more than %zu MiB; take a Country or ASN database", path,
				FILE_MAX >> 20);
		if (write(to, block, (size_t)n) != n)
			return err_set(err, EXIT_CANNOT, "%s: no memory for a copy: %s", path,
				strerror(errno));
	}
	if (total == 0)
		return err_set(err, EXIT_USAGE,
			"%s: empty, so no MaxMind DB; fetch it again or leave --geoip out", path);
	return true;
}

/* The library can only map a file by name, and what is mapped can be cut under
 * a reader: so it gets a copy that nobody else has. */
static bool open_copy(const char *path, MMDB_s *db, struct err *err)
{
	char name[32];
	int from = open(path, O_RDONLY | O_CLOEXEC);

	if (-1 == from)
		return unreadable(path, err);
	int to = memfd_create("geoip", MFD_CLOEXEC);
	if (-1 == to) {
		close(from);
		return err_set(err, EXIT_CANNOT, "%s: no memory file: %s", path, strerror(errno));
	}
	bool good = copy(path, from, to, err);
	close(from);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", to);
	int status = good ? MMDB_open(name, MMDB_MODE_MMAP, db) : MMDB_SUCCESS;
	close(to);
	if (status != MMDB_SUCCESS)
		return err_set(err, EXIT_USAGE,
			"%s: no MaxMind DB that can be read (%s); fetch it again or leave --geoip "
			"out",
			path, MMDB_strerror(status));
	return good;
}

/* False: the record is broken.  found only if the field is there and of the type. */
static bool field(const struct walk *walk, uint32_t offset, const char *const path[], uint32_t type,
	MMDB_entry_data_s *out, bool *found)
{
	MMDB_entry_s entry = {.mmdb = walk->db, .offset = offset};
	int status = MMDB_aget_value(&entry, out, path);

	*found = status == MMDB_SUCCESS && out->has_data && out->type == type;
	if (status == MMDB_SUCCESS || status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR ||
		status == MMDB_INVALID_LOOKUP_PATH_ERROR)
		return true;
	return broken(walk, MMDB_strerror(status));
}

static bool record_value(struct walk *walk, uint32_t offset, uint32_t *value)
{
	static const char *const country_path[] = {"country", "iso_code", NULL};
	static const char *const asn_path[] = {"autonomous_system_number", NULL};
	static const char *const org_path[] = {"autonomous_system_organization", NULL};
	MMDB_entry_data_s country, asn, org;
	bool has_country, has_asn, has_org;

	if (geo_map_get(&walk->seen, offset, value))
		return true;
	if (!field(walk, offset, country_path, MMDB_DATA_TYPE_UTF8_STRING, &country,
		    &has_country) ||
		!field(walk, offset, asn_path, MMDB_DATA_TYPE_UINT32, &asn, &has_asn) ||
		!field(walk, offset, org_path, MMDB_DATA_TYPE_UTF8_STRING, &org, &has_org))
		return false;
	bool two = has_country && country.data_size == 2;
	struct bytes name = has_org ? bytes_of(org.utf8_string, org.data_size) : (struct bytes){0};
	if (!geo_pool_add(walk->pool, two ? country.utf8_string : NULL, has_asn ? asn.uint32 : 0,
		    name, value) ||
		!geo_map_set(&walk->seen, offset, *value))
		return no_memory(walk->path, walk->err);
	walk->useful |= *value != 0;
	return true;
}

static bool leaf(struct walk *walk, const struct place *place)
{
	uint32_t value = 0;

	if (place->type == MMDB_RECORD_TYPE_DATA) {
		uint64_t offset = place->record - walk->db->metadata.node_count - DATA_SEPARATOR;

		if (offset >= walk->db->data_section_size)
			return broken(walk, "a record beyond the data");
		if (!record_value(walk, (uint32_t)offset, &value))
			return false;
	}
	return geo_spans_add(walk->spans, &place->addr, value) || no_memory(walk->path, walk->err);
}

static uint8_t record_type(const MMDB_s *db, uint64_t record)
{
	if (record < db->metadata.node_count)
		return MMDB_RECORD_TYPE_SEARCH_NODE;
	return record == db->metadata.node_count ? MMDB_RECORD_TYPE_EMPTY : MMDB_RECORD_TYPE_DATA;
}

/* In order of address: the right half waits while the left is walked. */
static bool walk_tree(struct walk *walk, struct place root, uint8_t depth_max)
{
	struct place wait[DEPTH_MAX + 1];
	uint32_t waiting = 0;
	MMDB_search_node_s node;

	wait[waiting++] = root;
	while (waiting > 0) {
		struct place place = wait[--waiting];

		if (place.type == MMDB_RECORD_TYPE_SEARCH_NODE && place.record == walk->v4_node)
			place.type = MMDB_RECORD_TYPE_EMPTY;
		if (place.type == MMDB_RECORD_TYPE_INVALID)
			return broken(walk, "a record of no kind");
		if (place.type != MMDB_RECORD_TYPE_SEARCH_NODE) {
			if (!leaf(walk, &place))
				return false;
			continue;
		}
		if (place.depth == depth_max || walk->visits++ == walk->visits_max)
			return broken(walk, "its search tree does not end");
		if (MMDB_read_node(walk->db, (uint32_t)place.record, &node) != MMDB_SUCCESS)
			return broken(walk, "a node beyond the tree");
		struct place left = {.record = node.left_record,
			.addr = place.addr,
			.type = node.left_record_type,
			.depth = (uint8_t)(place.depth + 1)};
		struct place right = left;
		right.record = node.right_record;
		right.type = node.right_record_type;
		right.addr.b[place.depth / 8] |= (uint8_t)(0x80 >> place.depth % 8);
		wait[waiting++] = right;
		wait[waiting++] = left;
	}
	return true;
}

/* Follows zero bits to ::/96, or to the leaf that is in the way. */
static bool find_v4(const struct walk *walk, uint64_t *record)
{
	MMDB_search_node_s node;

	*record = 0;
	for (unsigned i = 0; i < DEPTH_V4; i++) {
		if (record_type(walk->db, *record) != MMDB_RECORD_TYPE_SEARCH_NODE)
			return true;
		if (MMDB_read_node(walk->db, (uint32_t)*record, &node) != MMDB_SUCCESS)
			return broken(walk, "a node beyond the tree");
		*record = node.left_record;
	}
	return true;
}

static bool walk_families(struct walk *walk, struct geo_tree *out)
{
	const struct addr any4 = addr_from4(0);
	const struct place root = {.type = record_type(walk->db, 0)};
	bool both = walk->db->metadata.ip_version == 6;
	uint64_t record = 0;

	walk->v4_node = UINT64_MAX;
	if (both && !find_v4(walk, &record))
		return false;
	walk->spans = &out->v4;
	if (!walk_tree(walk,
		    (struct place){.record = record,
			    .addr = any4,
			    .type = record_type(walk->db, record),
			    .depth = DEPTH_V4},
		    DEPTH_MAX))
		return false;
	walk->spans = &out->v6;
	if (!both)
		return leaf(walk, &(struct place){.type = MMDB_RECORD_TYPE_EMPTY});
	if (record_type(walk->db, record) == MMDB_RECORD_TYPE_SEARCH_NODE)
		walk->v4_node = record;
	walk->visits = 0;
	return walk_tree(walk, root, DEPTH_MAX);
}

bool mmdb_read(const char *path, struct geo_pool *pool, struct geo_tree *out, struct err *err)
{
	MMDB_s db;

	if (!open_copy(path, &db, err))
		return false;
	struct walk walk = {.path = path, .db = &db, .pool = pool, .err = err};
	walk.visits_max = (uint64_t)db.metadata.node_count * VISITS_PER_NODE;
	bool good = walk_families(&walk, out);
	if (good && !walk.useful)
		good = err_set(err, EXIT_USAGE,
			"%s: a MaxMind DB of type \"%.60s\" that names no country.iso_code and no "
			"autonomous_system_number; take a Country, City or ASN database",
			path, db.metadata.database_type != NULL ? db.metadata.database_type : "");
	free(walk.seen.keys);
	free(walk.seen.values);
	MMDB_close(&db);
	return good;
}
