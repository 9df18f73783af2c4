/* yaml.c - any bytes give a tree within the limits, or an error with a place. */
#include <string.h>

#include "base/yaml.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks without recursion: the nodes a tree may hold are few enough to keep. */
static void check_tree(const struct yaml_node *root)
{
	const struct yaml_node *open[YAML_DEPTH_MAX];
	uint32_t depth = 0;

	require(root->next == NULL);
	for (const struct yaml_node *node = root; node != NULL;) {
		const struct yaml_node *value = node->value != NULL ? node->value : node;

		require(value->line >= 1 && value->col >= 1);
		require((value->kind == YAML_SCALAR) == (value->text != NULL));
		require(value->text == NULL || strlen(value->text) == value->len);
		require(value->kind != YAML_SCALAR || value->count == 0);
		require((value->first != NULL) == (value->count > 0));
		if (value->first != NULL) {
			require(depth < YAML_DEPTH_MAX);
			open[depth++] = node;
			node = value->first;
			continue;
		}
		while (node->next == NULL && depth > 0)
			node = open[--depth];
		node = node->next;
	}
}

static void ask(const struct yaml_node *node, struct err *err)
{
	static const char *const keys[] = {"a", "workers", "memory"};
	const char *text = NULL;
	uint64_t number = 0;
	size_t index = 0;
	bool yes;

	(void)yaml_check_keys(node, keys, 3, err);
	for (int i = 0; i < 3; i++) {
		const struct yaml_node *value = yaml_get(node, keys[i]);

		require(!yaml_u64(value, 5, 10, &number, err) || value == NULL ||
			(number >= 5 && number <= 10));
		require(!yaml_size(value, 1, 1u << 20, &number, err) || value == NULL ||
			(number >= 1 && number <= 1u << 20));
		(void)yaml_duration(value, 1, UINT64_MAX, &number, err);
		(void)yaml_bool(value, &yes, err);
		require(!yaml_word(value, keys, 3, &index, err) || index < 3);
		require(!yaml_text(value, &text, err) || value == NULL || text[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct yaml_doc *doc = yaml_read(bytes_of(data, size), "f", &err);

	require((doc != NULL) == (err.status == 0));
	if (doc == NULL) {
		require(err.text[0] == 'f' && err.text[1] == ':');
		return 0;
	}
	check_tree(yaml_root(doc));
	ask(yaml_root(doc), &err);
	yaml_drop(doc);
	return 0;
}
