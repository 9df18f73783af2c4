/* build.c - one section after the other, in this process. */
#include "build/build.h"

#include <stdlib.h>

#include "build/limits.h"
#include "build/mmdb.h"
#include "indicator/indicator.h"
#include "pan/pan.h"
#include "rules/rules.h"

bool build_section(const struct build_request *request, enum section_kind kind, uint8_t **out,
	size_t *out_len, struct err *err)
{
	switch (kind) {
	case SECTION_POLICY:
		return policy_build(request->policy_path, request->profiles_dir,
			request->default_level, out, out_len, err);
	case SECTION_LISTS:
		return indicators_build(request->lists, request->list_cnt, out, out_len, err);
	case SECTION_CARDS:
		return pan_table_build(request->cards_dir, out, out_len, err);
	case SECTION_RULES:
		return rules_build(request->rules, request->rule_cnt, out, out_len, err);
	case SECTION_GEO:
		return geo_build(request->geoip, request->geoip_cnt, out, out_len, err);
	case SECTION_COUNT:
		break;
	}
	return err_set(err, EXIT_INTERNAL, "build: no section %d", (int)kind);
}

bool build_here(const struct build_request *request, struct generation *out, struct err *err)
{
	struct generation made = {0};

	for (int kind = 0; kind < SECTION_COUNT; kind++) {
		uint8_t *image = NULL;
		size_t len = 0;
		bool good = build_section(request, (enum section_kind)kind, &image, &len, err) &&
			    section_seal(&made.section[kind], (enum section_kind)kind,
				    bytes_of(image, len), err);

		free(image);
		if (!good) {
			generation_drop(&made);
			return false;
		}
	}
	generation_finish(&made);
	*out = made;
	return true;
}
