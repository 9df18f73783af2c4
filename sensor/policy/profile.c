/* profile.c - payment service providers as data: who they are, by name and address. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "policy/load.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define PATH_LEN_MAX 4096

static const char *const profile_keys[] = {"name", "hosts", "prefixes", "shared"};
static const char *const file_keys[] = {"profiles"};

static const char *fault_of_name(const char *name)
{
	if (strlen(name) >= PROFILE_NAME_MAX)
		return "is longer than 31 bytes";
	for (const char *c = name; *c != 0; c++) {
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' ||
			    *c == '.'))
			return "may hold a-z, 0-9, \"-\" and \".\" only";
	}
	return NULL;
}

static bool own_has(const struct load *load, const char *name)
{
	const struct draft_profile *profile = load->draft.profiles.items;

	for (uint32_t i = 0; i < load->draft.profiles.count; i++) {
		if (profile[i].own && strcmp(profile[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool hosts_add(struct load *load, const struct yaml_node *list, uint32_t profile)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		struct draft_profile_host host = {.profile = profile};

		if (!load_host(load, n, &host.off, &host.len))
			return false;
		struct draft_profile_host *item =
			list_add(&load->draft.profile_hosts, sizeof(*item));
		if (item == NULL)
			return load_full(load);
		*item = host;
	}
	return true;
}

static bool prefixes_add(struct load *load, const struct yaml_node *list, uint32_t profile)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		struct draft_profile_prefix row = {.profile = profile};

		if (!load_prefix(load, n, &row.prefix))
			return false;
		struct draft_profile_prefix *item =
			list_add(&load->draft.profile_prefixes, sizeof(*item));
		if (item == NULL)
			return load_full(load);
		*item = row;
	}
	return true;
}

static bool profile_add(struct load *load, const struct yaml_node *map, bool own)
{
	const char *name;
	bool shared = false;

	if (!yaml_is(map, YAML_MAPPING, load->err) ||
		!yaml_check_keys(map, profile_keys, LENGTH(profile_keys), load->err))
		return false;
	const struct yaml_node *hosts = yaml_get(map, "hosts"),
			       *prefixes = yaml_get(map, "prefixes");
	const struct yaml_node *node = yaml_need(map, "name", load->err);
	if (node == NULL || !yaml_text(node, &name, load->err) ||
		!yaml_bool(yaml_get(map, "shared"), &shared, load->err))
		return false;
	const char *fault = fault_of_name(name);
	if (fault != NULL)
		return yaml_error(node, load->err, "profile name \"%s\" %s", name, fault);
	if ((hosts == NULL || hosts->count == 0) && (prefixes == NULL || prefixes->count == 0))
		return yaml_error(map, load->err,
			"profile %s has neither hosts nor prefixes, so nothing is authorised by "
			"it; add "
			"hosts",
			name);
	if (!own && own_has(load, name))
		return true;
	struct draft_profile *profile = list_add(&load->draft.profiles, sizeof(*profile));
	if (profile == NULL)
		return load_full(load);
	memcpy(profile->name, name, strlen(name));
	profile->shared = shared;
	profile->own = own;
	profile->at = node;
	uint32_t index = load->draft.profiles.count - 1;
	return hosts_add(load, hosts, index) && prefixes_add(load, prefixes, index);
}

bool load_profiles(struct load *load, const struct yaml_node *list, bool own)
{
	if (!yaml_is(list, YAML_SEQUENCE, load->err))
		return false;
	for (const struct yaml_node *n = list != NULL ? list->first : NULL; n != NULL;
		n = n->next) {
		if (!profile_add(load, n, own))
			return false;
	}
	return true;
}

static bool file_add(struct load *load, const char *dir, const char *name)
{
	char path[PATH_LEN_MAX];

	if (load->doc_cnt == LOAD_FILES_MAX)
		return err_set(load->err, EXIT_USAGE, "%s: more than %d files of profiles", dir,
			LOAD_FILES_MAX - 1);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return err_set(load->err, EXIT_USAGE, "%s: path too long", dir);
	struct yaml_doc *doc = yaml_load(path, load->err);
	if (doc == NULL)
		return false;
	load->doc[load->doc_cnt++] = doc;
	const struct yaml_node *root = yaml_root(doc);
	return yaml_check_keys(root, file_keys, LENGTH(file_keys), load->err) &&
	       load_profiles(load, yaml_get(root, "profiles"), false);
}

static int is_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

bool load_profiles_dir(struct load *load, const char *dir)
{
	struct dirent **entries;
	bool good = true;
	int count = scandir(dir, &entries, is_yaml, alphasort);

	if (-1 == count)
		return err_set(load->err, EXIT_USAGE,
			"%s: cannot read the folder of PSP profiles: %s", dir, strerror(errno));
	for (int i = 0; i < count; i++) {
		good = good && file_add(load, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (good && count == 0)
		return err_set(load->err, EXIT_USAGE,
			"%s: no PSP profiles there (*.yaml); name the folder signatures/psp", dir);
	return good;
}

static int index_order(const void *x, const void *y, void *context)
{
	const struct draft_profile *profile = context;
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	int order = strcmp(profile[a].name, profile[b].name);

	return order != 0 ? order : (a < b ? -1 : a > b);
}

bool load_profiles_done(struct load *load)
{
	struct draft_profile *profile = load->draft.profiles.items;
	uint32_t count = load->draft.profiles.count;

	load->by_name = calloc(count > 0 ? count : 1, sizeof(*load->by_name));
	if (load->by_name == NULL)
		return load_full(load);
	for (uint32_t i = 0; i < count; i++)
		load->by_name[i] = i;
	if (count > 0)
		qsort_r(load->by_name, count, sizeof(*load->by_name), index_order, profile);
	for (uint32_t i = 1; i < count; i++) {
		const struct draft_profile *a = &profile[load->by_name[i - 1]];
		const struct draft_profile *b = &profile[load->by_name[i]];

		if (strcmp(a->name, b->name) == 0)
			return yaml_error(b->at, load->err,
				"profile %s is defined twice, first at %s:%u; put all its hosts "
				"into "
				"one entry",
				b->name, yaml_name(a->at->doc), a->at->line);
	}
	return true;
}

bool load_profile_named(struct load *load, const struct yaml_node *node, uint32_t *out)
{
	const struct draft_profile *profile = load->draft.profiles.items;
	uint32_t low = 0, high = load->draft.profiles.count;
	const char *name;

	if (!yaml_text(node, &name, load->err))
		return false;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strcmp(profile[load->by_name[mid]].name, name);

		if (order == 0) {
			*out = load->by_name[mid];
			return true;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	struct nearest nearest = nearest_of(bytes_text(name));
	for (uint32_t i = 0; i < load->draft.profiles.count; i++)
		nearest_offer(&nearest, profile[i].name);
	if (nearest.best != NULL)
		return yaml_error(node, load->err, "unknown profile \"%s\"; nearest is \"%s\"",
			name, nearest.best);
	return yaml_error(node, load->err,
		"unknown profile \"%s\"; define it under profiles, or take one of the PSP folder",
		name);
}
