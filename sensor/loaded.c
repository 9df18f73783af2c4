#include "loaded.h"

#define RULES_RESERVE (8u << 20)

bool loaded_new(struct loaded *loaded, size_t rules_len, struct err *err)
{
	return arena_new(&loaded->arena, rules_len * 2 + RULES_RESERVE, err);
}

static void drop_scratch(struct loaded *loaded)
{
	for (uint32_t i = 0; i < LOADED_WORKERS_MAX; i++) {
		match_scratch_free(loaded->scratch[i]);
		loaded->scratch[i] = NULL;
	}
}

void loaded_free(struct loaded *loaded)
{
	drop_scratch(loaded);
	arena_free(&loaded->arena);
}

static bool open_rules(struct loaded *loaded, struct bytes image, uint32_t workers, struct err *err)
{
	drop_scratch(loaded);
	loaded->arena.used = 0;
	if (rules_bytes(image) > loaded->arena.size)
		return err_set(err, EXIT_CANNOT,
			"the signatures need %zu bytes, %zu are reserved; restart the sensor",
			rules_bytes(image), loaded->arena.size);
	loaded->rules = rules_open(image, &loaded->arena, err);
	for (uint32_t i = 0; loaded->rules != NULL && i < workers; i++) {
		loaded->scratch[i] = rules_scratch(loaded->rules, err);
		if (loaded->scratch[i] == NULL)
			return false;
	}
	return loaded->rules != NULL;
}

bool loaded_open(struct loaded *loaded, const struct generation *generation, uint32_t workers,
	const char *const sources[], uint32_t source_cnt, struct err *err)
{
	const struct section *section = generation->section;

	loaded->id = generation->id;
	if (!policy_open(&loaded->policy, section[SECTION_POLICY].image, err) ||
		!indicators_open(&loaded->lists, section[SECTION_LISTS].image, err) ||
		!pan_table_open(&loaded->cards, section[SECTION_CARDS].image, err) ||
		!geo_open(&loaded->geo, section[SECTION_GEO].image, err) ||
		!open_rules(loaded, section[SECTION_RULES].image, workers, err))
		return false;
	for (uint32_t i = 0; i < source_cnt; i++)
		loaded->interface[i] = policy_interface(&loaded->policy, bytes_text(sources[i]));
	return true;
}

struct inspect_env loaded_inspect_env(const struct loaded *loaded, uint32_t worker)
{
	return (struct inspect_env){.policy = &loaded->policy,
		.lists = &loaded->lists,
		.rules = rules_count(loaded->rules) > 0 ? loaded->rules : NULL,
		.scratch = loaded->scratch[worker],
		.cards = &loaded->cards,
		.generation = loaded->id};
}

struct join_env loaded_join_env(const struct loaded *loaded)
{
	return (struct join_env){.policy = &loaded->policy,
		.lists = &loaded->lists,
		.geo = &loaded->geo,
		.rules = loaded->rules,
		.generation = loaded->id};
}
