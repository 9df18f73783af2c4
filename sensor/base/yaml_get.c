/* yaml_get.c - typed questions to a tree that yaml.c has read. */
#include <inttypes.h>
#include <stdio.h>

#include "base/nearest.h"
#include "base/yaml.h"

#define FOUND_MAX 80
#define AMOUNT_MAX 24
#define WORDS_MAX 200

struct unit {
	const char *word;
	uint64_t factor;
};

static const struct unit sizes[] = {{"T", UINT64_C(1) << 40}, {"G", UINT64_C(1) << 30},
	{"M", UINT64_C(1) << 20}, {"K", UINT64_C(1) << 10}, {"", 1}};

static const struct unit times[] = {{"d", UINT64_C(86400000000000)}, {"h", UINT64_C(3600000000000)},
	{"m", UINT64_C(60000000000)}, {"s", UINT64_C(1000000000)}, {"ms", UINT64_C(1000000)}};

#define UNITS 5

static bool is_nothing(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !node->quoted &&
	       (node->len == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* What stands there, for the second half of an error. */
static const char *found(const struct yaml_node *node, char out[static FOUND_MAX])
{
	if (node->kind == YAML_SEQUENCE)
		return "a sequence";
	if (node->kind == YAML_MAPPING)
		return "a mapping";
	if (is_nothing(node))
		return "nothing";
	snprintf(out, FOUND_MAX, "\"%.60s\"", node->text);
	return out;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *at = map->first; at != NULL; at = at->next)
		if (strcmp(at->text, key) == 0)
			return at->value;
	return NULL;
}

const struct yaml_node *yaml_need(const struct yaml_node *map, const char *key, struct err *err)
{
	const struct yaml_node *value = yaml_get(map, key);

	if (value == NULL)
		yaml_error(map, err, "missing key \"%s\"", key);
	return value;
}

bool yaml_is(const struct yaml_node *node, enum yaml_kind kind, struct err *err)
{
	static const char *const words[] = {"text", "a sequence", "a mapping"};
	char text[FOUND_MAX];

	if (node == NULL || node->kind == kind)
		return true;
	return yaml_error(node, err, "expected %s, found %s", words[kind], found(node, text));
}

bool yaml_check_keys(
	const struct yaml_node *node, const char *const allowed[], size_t count, struct err *err)
{
	if (!yaml_is(node, YAML_MAPPING, err))
		return false;
	for (const struct yaml_node *key = node->first; key != NULL; key = key->next) {
		size_t i = 0;

		while (i < count && strcmp(allowed[i], key->text) != 0)
			i++;
		if (i < count)
			continue;
		const char *near = nearest_word(bytes_of(key->text, key->len), allowed, count);
		if (near == NULL)
			return yaml_error(key, err, "unknown key \"%.60s\"", key->text);
		return yaml_error(
			key, err, "unknown key \"%.60s\"; nearest is \"%s\"", key->text, near);
	}
	return true;
}

bool yaml_text(const struct yaml_node *node, const char **out, struct err *err)
{
	char text[FOUND_MAX];

	if (node == NULL)
		return true;
	if (node->kind != YAML_SCALAR || is_nothing(node) || node->len == 0)
		return yaml_error(node, err, "expected text, found %s", found(node, text));
	*out = node->text;
	return true;
}

/* Decimal digits without leading zeros; NULL if there are none or too many. */
static const char *take_digits(const char *text, uint64_t *out)
{
	const char *at = text;

	*out = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(*out, 10, out) ||
			__builtin_add_overflow(*out, (uint64_t)(*at - '0'), out))
			return NULL;
	return at == text || (text[0] == '0' && at - text > 1) ? NULL : at;
}

static bool take_amount(
	const struct yaml_node *node, const struct unit units[static UNITS], uint64_t *out)
{
	const char *rest = node->kind == YAML_SCALAR ? take_digits(node->text, out) : NULL;

	for (int i = 0; rest != NULL && i < UNITS; i++)
		if (strcmp(rest, units[i].word) == 0)
			return !__builtin_mul_overflow(*out, units[i].factor, out);
	return false;
}

/* In the largest unit that divides it. */
static const char *put_amount(
	uint64_t amount, const struct unit units[static UNITS], char out[static AMOUNT_MAX])
{
	int i = 0;

	while (i < UNITS - 1 && (amount == 0 || amount % units[i].factor != 0))
		i++;
	snprintf(out, AMOUNT_MAX, "%" PRIu64 "%s", amount / units[i].factor, units[i].word);
	return out;
}

bool yaml_u64(
	const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *out, struct err *err)
{
	char text[FOUND_MAX];
	uint64_t value;

	if (node == NULL)
		return true;
	const char *rest = node->kind == YAML_SCALAR ? take_digits(node->text, &value) : NULL;
	if (rest == NULL || *rest != '\0' || value < min || value > max)
		return yaml_error(node, err,
			"expected a number from %" PRIu64 " to %" PRIu64 ", found %s", min, max,
			found(node, text));
	*out = value;
	return true;
}

bool yaml_size(
	const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *out, struct err *err)
{
	char text[FOUND_MAX], low[AMOUNT_MAX], high[AMOUNT_MAX];
	uint64_t value;

	if (node == NULL)
		return true;
	if (!take_amount(node, sizes, &value) || value < min || value > max)
		return yaml_error(node, err,
			"expected a size from %s to %s (bytes, or with K, M, G or T), found %s",
			put_amount(min, sizes, low), put_amount(max, sizes, high),
			found(node, text));
	*out = value;
	return true;
}

bool yaml_duration(const struct yaml_node *node, uint64_t min_ns, uint64_t max_ns, uint64_t *out,
	struct err *err)
{
	char text[FOUND_MAX], low[AMOUNT_MAX], high[AMOUNT_MAX];
	uint64_t value;

	if (node == NULL)
		return true;
	if (!take_amount(node, times, &value) || value < min_ns || value > max_ns)
		return yaml_error(node, err,
			"expected a time from %s to %s (with ms, s, m, h or d), found %s",
			put_amount(min_ns, times, low), put_amount(max_ns, times, high),
			found(node, text));
	*out = value;
	return true;
}

bool yaml_bool(const struct yaml_node *node, bool *out, struct err *err)
{
	static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
	char text[FOUND_MAX];

	if (node == NULL)
		return true;
	for (size_t i = 0; node->kind == YAML_SCALAR && i < 6; i++) {
		if (strcmp(node->text, words[i]) == 0) {
			*out = i >= 3;
			return true;
		}
	}
	return yaml_error(node, err, "expected true or false, found %s", found(node, text));
}

bool yaml_word(const struct yaml_node *node, const char *const words[], size_t count, size_t *out,
	struct err *err)
{
	char text[FOUND_MAX], list[WORDS_MAX] = "";
	size_t len = 0;

	if (node == NULL)
		return true;
	for (size_t i = 0; i < count; i++) {
		if (node->kind == YAML_SCALAR && strcmp(node->text, words[i]) == 0) {
			*out = i;
			return true;
		}
		int more = snprintf(
			list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "", words[i]);
		len = more > 0 && len + (size_t)more < sizeof(list) ? len + (size_t)more : len;
	}
	return yaml_error(node, err, "expected one of %s, found %s", list, found(node, text));
}
