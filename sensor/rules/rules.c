#include <assert.h>

#include "base/scratch.h"
#include "rules/image.h"

struct rules {
	const struct rules_header *header;
	const struct rule_image *rule;
	const struct condition_image *condition;
	const char *texts;
	struct match *match[FIELD_ROLE_COUNT];
};

static struct bytes database_of(struct bytes image, int role)
{
	const struct rules_header *header = (const void *)image.ptr;

	return bytes_of(image.ptr + header->database[role].off, header->database[role].len);
}

static bool header_sound(struct bytes image)
{
	const struct rules_header *header = (const void *)image.ptr;

	if (image.len < sizeof(*header) || header->magic != RULES_MAGIC ||
		header->len != image.len || header->rule_cnt > RULES_MAX ||
		header->condition_cnt > RULES_MAX * RULE_CONDITIONS_MAX ||
		sizeof(*header) + header->rule_cnt * sizeof(struct rule_image) +
				header->condition_cnt * sizeof(struct condition_image) +
				header->text_len >
			image.len)
		return false;
	for (int role = 0; role < FIELD_ROLE_COUNT; role++)
		if ((uint64_t)header->database[role].off + header->database[role].len > image.len ||
			header->database[role].off % 8 != 0)
			return false;
	return true;
}

size_t rules_bytes(struct bytes image)
{
	size_t sum = sizeof(struct rules) + 64;

	for (int role = 0; header_sound(image) && role < FIELD_ROLE_COUNT; role++)
		if (database_of(image, role).len > 0)
			sum += match_bytes(database_of(image, role));
	return sum;
}

static bool text_inside(const struct rules *rules, uint32_t off)
{
	return off < rules->header->text_len &&
	       memchr(rules->texts + off, '\0', rules->header->text_len - off) != NULL;
}

static bool rules_sound(const struct rules *rules)
{
	for (uint32_t i = 0; i < rules->header->rule_cnt; i++) {
		const struct rule_image *rule = &rules->rule[i];
		if (rule->condition_cnt > RULE_CONDITIONS_MAX ||
			(uint64_t)rule->condition + rule->condition_cnt >
				rules->header->condition_cnt ||
			!text_inside(rules, rule->msg) || !text_inside(rules, rule->category) ||
			!text_inside(rules, rule->technique))
			return false;
	}
	for (uint32_t i = 0; i < rules->header->condition_cnt; i++) {
		const struct condition_image *condition = &rules->condition[i];
		if (condition->role >= FIELD_ROLE_COUNT || condition->len == 0 ||
			(uint64_t)condition->text_off + condition->len > rules->header->text_len)
			return false;
	}
	return true;
}

struct rules *rules_open(struct bytes image, struct arena *arena, struct err *err)
{
	struct rules *rules = arena_take(arena, sizeof(*rules));

	assert(rules != NULL);
	if (!header_sound(image)) {
		err_set(err, EXIT_USAGE, "the compiled signatures are damaged; build them anew");
		return NULL;
	}
	rules->header = (const void *)image.ptr;
	rules->rule = (const void *)(image.ptr + sizeof(*rules->header));
	rules->condition = (const void *)(rules->rule + rules->header->rule_cnt);
	rules->texts = (const char *)(rules->condition + rules->header->condition_cnt);
	if (!rules_sound(rules)) {
		err_set(err, EXIT_USAGE, "the compiled signatures are damaged; build them anew");
		return NULL;
	}
	for (int role = 0; role < FIELD_ROLE_COUNT; role++) {
		struct bytes database = database_of(image, role);
		if (database.len == 0)
			continue;
		rules->match[role] = match_open(database, arena, err);
		if (rules->match[role] == NULL)
			return NULL;
	}
	return rules;
}

struct match_scratch *rules_scratch(const struct rules *rules, struct err *err)
{
	const struct match *open[FIELD_ROLE_COUNT];
	uint32_t count = 0;

	for (int role = 0; role < FIELD_ROLE_COUNT; role++)
		if (rules->match[role] != NULL)
			open[count++] = rules->match[role];
	return match_scratch_new(open, count, err);
}

uint32_t rules_count(const struct rules *rules)
{
	return rules->header->rule_cnt;
}

struct rule_row rules_row(const struct rules *rules, uint32_t index)
{
	const struct rule_image *rule = &rules->rule[index];

	return (struct rule_row){.sid = rule->sid,
		.rev = rule->rev,
		.severity = rule->severity,
		.confidence = rule->confidence,
		.msg = rules->texts + rule->msg,
		.category = rules->texts + rule->category,
		.technique = rules->texts + rule->technique};
}

bool rules_reads(const struct rules *rules, enum field_role role)
{
	return rules->match[role] != NULL;
}

uint32_t rules_candidates(const struct rules *rules, struct match_scratch *scratch,
	enum field_role role, struct bytes data, uint32_t found[static RULE_HITS_MAX])
{
	SCRATCH struct match_hit hits[MATCH_HITS_MAX];
	uint32_t more, count;

	if (rules->match[role] == NULL || data.len == 0)
		return 0;
	count = match_scan(rules->match[role], scratch, data, hits, &more);
	if (count > RULE_HITS_MAX)
		count = RULE_HITS_MAX;
	for (uint32_t i = 0; i < count; i++)
		found[i] = hits[i].id;
	return count;
}

/* First place of the condition's text in data with start in [low, high], or SIZE_MAX. */
static size_t find(const struct rules *rules, const struct condition_image *condition,
	struct bytes data, size_t low, size_t high)
{
	const uint8_t *text = (const uint8_t *)rules->texts + condition->text_off;
	bool nocase = (condition->flags & CONDITION_NOCASE) != 0;

	for (size_t at = low; at <= high && at + condition->len <= data.len; at++) {
		struct bytes here = bytes_of(data.ptr + at, condition->len);
		struct bytes want = bytes_of(text, condition->len);
		if (nocase ? bytes_equal_nocase(here, want) : bytes_equal(here, want))
			return at;
	}
	return SIZE_MAX;
}

static bool relative(const struct condition_image *condition)
{
	return (condition->flags & (CONDITION_DISTANCE | CONDITION_WITHIN)) != 0;
}

/* Where the text may begin; before: end of the match before it. */
static bool range_of(const struct condition_image *condition, struct bytes data, size_t before,
	size_t *low, size_t *high)
{
	int64_t base = relative(condition) ? (int64_t)before : 0;
	int64_t first = base + (relative(condition) ? condition->distance : condition->offset);
	int64_t last = (int64_t)data.len - condition->len;

	if ((condition->flags & CONDITION_DEPTH) != 0 &&
		condition->offset + condition->depth - condition->len < last)
		last = condition->offset + condition->depth - condition->len;
	if ((condition->flags & CONDITION_WITHIN) != 0 &&
		base + condition->within - condition->len < last)
		last = base + condition->within - condition->len;
	if ((condition->flags & CONDITION_STARTS) != 0 && last > 0)
		last = 0;
	if ((condition->flags & CONDITION_ENDS) != 0 && first < (int64_t)data.len - condition->len)
		first = (int64_t)data.len - condition->len;
	if (first < 0)
		first = 0;
	*low = (size_t)first;
	*high = last < 0 ? 0 : (size_t)last;
	return last >= first;
}

/* The conditions on one buffer, in order; a relative one that fails sends the
 * one before it on to its next place. */
static bool verify_buffer(const struct rules *rules, const struct rule_image *rule,
	enum field_role role, struct bytes data)
{
	size_t from[RULE_CONDITIONS_MAX] = {0}, end[RULE_CONDITIONS_MAX] = {0};
	const struct condition_image *chosen[RULE_CONDITIONS_MAX];
	int count = 0, i = 0;

	for (uint32_t c = 0; c < rule->condition_cnt; c++)
		if (rules->condition[rule->condition + c].role == role)
			chosen[count++] = &rules->condition[rule->condition + c];
	for (uint32_t steps = 0; i < count && steps < RULE_STEPS_MAX; steps++) {
		size_t before = i > 0 ? end[i - 1] : 0, low, high, at = SIZE_MAX;
		bool negated = (chosen[i]->flags & CONDITION_NEGATED) != 0;
		if (range_of(chosen[i], data, before, &low, &high))
			at = find(rules, chosen[i], data, low > from[i] ? low : from[i], high);
		if ((at != SIZE_MAX) != negated) {
			end[i] = negated ? before : at + chosen[i]->len;
			from[i] = at == SIZE_MAX ? 0 : at + 1;
			if (++i < count)
				from[i] = 0;
			continue;
		}
		if (i == 0 || !relative(chosen[i]) ||
			(chosen[i - 1]->flags & CONDITION_NEGATED) != 0)
			return false;
		i--; /* its from[] already stands behind its last place */
	}
	return i == count;
}

bool rule_verify(const struct rules *rules, uint32_t index, const struct rule_buffers *buffers)
{
	const struct rule_image *rule = &rules->rule[index];
	bool asked[FIELD_ROLE_COUNT] = {false};

	if (((rule->flags & RULE_TO_SERVER) != 0 && !buffers->to_server) ||
		((rule->flags & RULE_TO_CLIENT) != 0 && !buffers->to_client) ||
		((rule->flags & RULE_ESTABLISHED) != 0 && !buffers->established) ||
		(rule->proto != 0 && rule->proto != buffers->proto))
		return false;
	for (uint32_t c = 0; c < rule->condition_cnt; c++) {
		enum field_role role = (enum field_role)rules->condition[rule->condition + c].role;
		if (asked[role])
			continue;
		asked[role] = true;
		if (!verify_buffer(rules, rule, role, buffers->field[role]))
			return false;
	}
	return true;
}
