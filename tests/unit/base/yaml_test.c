#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/yaml.h"
#include "guard.h"

#define SECOND UINT64_C(1000000000)

static struct yaml_doc *read_text(const char *text, struct err *err)
{
	return yaml_read(guarded(text, strlen(text)), "a.yaml", err);
}

static void check_refused(const char *text, const char *wanted)
{
	struct err err = {0};

	assert_null(read_text(text, &err));
	assert_string_equal(err.text, wanted);
	assert_int_equal(err.status, EXIT_USAGE);
	guard_free();
}

static void a_tree_has_kinds_counts_and_places(void **state)
{
	struct err err = {0};
	struct yaml_doc *doc = read_text("name: web\n"
					 "list:\n"
					 "  - 10.0.0.0/8\n"
					 "  - {a: 1, b: \"\"}\n"
					 "empty:\n",
		&err);

	(void)state;
	assert_non_null(doc);
	const struct yaml_node *root = yaml_root(doc), *list = yaml_get(root, "list");
	assert_int_equal(root->kind, YAML_MAPPING);
	assert_int_equal(root->count, 3);
	assert_string_equal(root->first->text, "name");
	assert_string_equal(root->first->value->text, "web");
	assert_int_equal(root->first->value->line, 1);
	assert_int_equal(root->first->value->col, 7);
	assert_int_equal(list->kind, YAML_SEQUENCE);
	assert_int_equal(list->count, 2);
	assert_string_equal(list->first->text, "10.0.0.0/8");
	assert_int_equal(list->first->line, 3);
	assert_int_equal(list->first->col, 5);
	assert_null(list->first->value);
	const struct yaml_node *map = list->first->next;
	assert_null(map->next);
	assert_int_equal(map->count, 2);
	assert_true(yaml_get(map, "b")->quoted);
	assert_int_equal(yaml_get(map, "b")->len, 0);
	assert_int_equal(yaml_get(root, "empty")->len, 0);
	assert_false(yaml_get(root, "empty")->quoted);
	assert_null(yaml_get(root, "nothing"));
	assert_null(yaml_get(list, "a"));
	assert_string_equal(yaml_name(doc), "a.yaml");
	yaml_drop(doc);
	guard_free();
}

static void an_empty_document_is_an_empty_mapping(void **state)
{
	static const char *const rows[] = {"", "\n\n", "# only words\n", "\xef\xbb\xbf", "{}"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};
		struct yaml_doc *doc = read_text(rows[i], &err);

		assert_non_null(doc);
		assert_int_equal(yaml_root(doc)->kind, YAML_MAPPING);
		assert_int_equal(yaml_root(doc)->count, 0);
		assert_true(yaml_check_keys(yaml_root(doc), NULL, 0, &err));
		yaml_drop(doc);
	}
	yaml_drop(NULL);
	guard_free();
}

static void what_settings_do_not_need_is_refused(void **state)
{
	(void)state;
	check_refused("a: &x 1", "a.yaml:1:4: anchors (&name) are not supported");
	check_refused("a: &x [1]", "a.yaml:1:4: anchors (&name) are not supported");
	check_refused("&x {a: 1}", "a.yaml:1:1: anchors (&name) are not supported");
	check_refused("b: 1\na: *x", "a.yaml:2:4: aliases (*name) are not supported");
	check_refused("a: !!int 1", "a.yaml:1:4: tags (!name) are not supported");
	check_refused("a: ! 1", "a.yaml:1:4: tags (!name) are not supported");
	check_refused("a: !x [1]", "a.yaml:1:4: tags (!name) are not supported");
	check_refused("!x {a: 1}", "a.yaml:1:1: tags (!name) are not supported");
	check_refused("%YAML 1.1\n---\na: 1", "a.yaml:1:1: directives (%) are not supported");
	check_refused(
		"%TAG ! tag:x,2000:\n---\na: 1", "a.yaml:1:1: directives (%) are not supported");
	check_refused("a: 1\n---\nb: 2", "a.yaml:2:1: a second document; only one is read");
	check_refused("[a]: 1", "a.yaml:1:1: a key must be text; put it in quotes");
	check_refused("? {a: 1}\n: 1", "a.yaml:1:3: a key must be text; put it in quotes");
	check_refused("a: \"x\\0y\"", "a.yaml:1:4: text holds a NUL byte; remove it");
}

static void a_key_given_twice_is_refused(void **state)
{
	(void)state;
	check_refused("a: 1\nb: 2\na: 3\n",
		"a.yaml:3:1: duplicate key \"a\"; it stands in line 1 already");
	check_refused("x:\n  - {k: 1, \"k\": 2}",
		"a.yaml:2:12: duplicate key \"k\"; it stands in line 2 already");
	check_refused("a:\n  b: 1\n  c: 1\n  b: 1\nz: 1",
		"a.yaml:4:3: duplicate key \"b\"; it stands in line 2 already");
}

static void broken_text_says_where(void **state)
{
	(void)state;
	check_refused("a: [1\n",
		"a.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence");
	check_refused("a: b: c", "a.yaml:1:5: mapping values are not allowed in this context");
	check_refused("a:\n\t- b", "a.yaml:2:1: found character that cannot start any token while "
				   "scanning for the next token");
	check_refused("a: 1\nb: \xff\n",
		"a.yaml:2:4: invalid leading UTF-8 octet; the file must be UTF-8");
	check_refused("a: \x01",
		"a.yaml:1:4: control characters are not allowed; the file must be UTF-8");
	check_refused("\xff\xfe"
		      "a",
		"a.yaml:1:1: invalid leading UTF-8 octet; the file must be UTF-8");
}

#define NESTED_MAX (YAML_DEPTH_MAX + 1)

static void nest(char text[static 2 * NESTED_MAX + 1], size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		text[i] = '[';
		text[2 * depth - 1 - i] = ']';
	}
	text[2 * depth] = '\0';
}

static void sixteen_levels_are_read_and_one_more_is_refused(void **state)
{
	char text[2 * NESTED_MAX + 1];
	struct err err = {0};
	struct yaml_doc *doc;

	(void)state;
	nest(text, YAML_DEPTH_MAX);
	doc = read_text(text, &err);
	assert_non_null(doc);
	yaml_drop(doc);
	nest(text, NESTED_MAX);
	check_refused(text, "a.yaml:1:17: nested deeper than 16 levels");
}

static void a_million_nodes_are_read_and_one_more_is_refused(void **state)
{
	size_t len = 2 * (YAML_NODES_MAX - 1) + 1;
	char *text = malloc(len + 2);
	struct err err = {0};

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len + 2; i++)
		text[i] = i % 2 == 0 ? ',' : 'a';
	text[0] = '[';
	text[len - 1] = ']';
	struct yaml_doc *doc = yaml_read(bytes_of(text, len), "a.yaml", &err);
	assert_non_null(doc);
	assert_int_equal(yaml_root(doc)->count, YAML_NODES_MAX - 1);
	yaml_drop(doc);
	text[len - 1] = ',';
	text[len + 1] = ']';
	assert_null(yaml_read(bytes_of(text, len + 2), "a.yaml", &err));
	assert_string_equal(err.text, "a.yaml:1:2000000: more than 1000000 nodes; split the file");
	free(text);
}

static void eight_mebibytes_are_read_and_one_byte_more_is_refused(void **state)
{
	char *text = malloc(YAML_FILE_MAX + 1);
	struct err err = {0};

	(void)state;
	assert_non_null(text);
	memset(text, '\n', YAML_FILE_MAX + 1);
	memcpy(text, "a: 1", 4);
	struct yaml_doc *doc = yaml_read(bytes_of(text, YAML_FILE_MAX), "a.yaml", &err);
	assert_non_null(doc);
	yaml_drop(doc);
	assert_null(yaml_read(bytes_of(text, YAML_FILE_MAX + 1), "a.yaml", &err));
	assert_string_equal(err.text, "a.yaml: larger than 8 MiB; split the file");
	free(text);
}

static void a_file_is_read_or_its_absence_explained(void **state)
{
	char path[] = "yaml_test.XXXXXX", wanted[128];
	struct err err = {0};
	int file = mkstemp(path);

	(void)state;
	assert_int_not_equal(file, -1);
	assert_int_equal(write(file, "a: 1\n", 5), 5);
	close(file);
	struct yaml_doc *doc = yaml_load(path, &err);
	assert_non_null(doc);
	assert_string_equal(yaml_get(yaml_root(doc), "a")->text, "1");
	assert_string_equal(yaml_name(doc), path);
	yaml_drop(doc);
	unlink(path);
	assert_null(yaml_load(path, &err));
	snprintf(wanted, sizeof(wanted), "%s: cannot be opened: No such file or directory", path);
	assert_string_equal(err.text, wanted);
	assert_null(yaml_load("/", &err));
	assert_string_equal(err.text, "/: cannot be read: Is a directory");
	assert_int_equal(err.status, EXIT_USAGE);
}

static void an_unknown_key_is_named_with_the_nearest(void **state)
{
	static const char *const allowed[] = {"workers", "memory"};
	static const char *const rows[][2] = {
		{"memory: 1\nwrokers: 2",
			"a.yaml:2:1: unknown key \"wrokers\"; nearest is \"workers\""},
		{"\"ev\\eil\": 2", "a.yaml:1:1: unknown key \"ev\\x1bil\""},
		{"- 1", "a.yaml:1:1: expected a mapping, found a sequence"},
		{"text", "a.yaml:1:1: expected a mapping, found \"text\""},
		{"~", "a.yaml:1:1: expected a mapping, found nothing"},
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct yaml_doc *doc = read_text(rows[i][0], &err);

		assert_non_null(doc);
		assert_false(yaml_check_keys(yaml_root(doc), allowed, 2, &err));
		assert_string_equal(err.text, rows[i][1]);
		yaml_drop(doc);
	}
	struct yaml_doc *doc = read_text("memory: 1\nworkers: 2", &err);
	assert_true(yaml_check_keys(yaml_root(doc), allowed, 2, &err));
	yaml_drop(doc);
	guard_free();
}

static void a_missing_key_is_named(void **state)
{
	struct err err = {0};
	struct yaml_doc *doc = read_text("a:\n  b: 1\n", &err);

	(void)state;
	const struct yaml_node *map = yaml_get(yaml_root(doc), "a");
	assert_non_null(yaml_need(map, "b", &err));
	assert_null(yaml_need(map, "c", &err));
	assert_string_equal(err.text, "a.yaml:2:3: missing key \"c\"");
	yaml_drop(doc);
	guard_free();
}

/* What a getter says of the value of k. */
enum getter { TEXT, U64, SIZE, TIME, BOOL, WORD };

static const char *const colours[] = {"red", "green"};

static bool get(enum getter getter, const struct yaml_node *node, uint64_t *out, struct err *err)
{
	const char *text = NULL;
	bool yes = false, good = false;
	size_t index = 9;

	switch (getter) {
	case TEXT:
		good = yaml_text(node, &text, err);
		break;
	case U64:
		return yaml_u64(node, 1, 64, out, err);
	case SIZE:
		return yaml_size(node, 4096, UINT64_C(1) << 41, out, err);
	case TIME:
		return yaml_duration(node, SECOND / 10, 7 * 86400 * SECOND, out, err);
	case BOOL:
		good = yaml_bool(node, &yes, err);
		*out = yes;
		break;
	case WORD:
		good = yaml_word(node, colours, 2, &index, err);
		*out = index;
		break;
	}
	return good;
}

static void values_are_read_in_their_units(void **state)
{
	static const struct {
		const char *text;
		enum getter getter;
		uint64_t value;
	} rows[] = {
		{"k: 1", U64, 1},
		{"k: 64", U64, 64},
		{"k: \"8\"", U64, 8},
		{"k: 4096", SIZE, 4096},
		{"k: 4K", SIZE, 4096},
		{"k: 3M", SIZE, 3u << 20},
		{"k: 2G", SIZE, UINT64_C(2) << 30},
		{"k: 2T", SIZE, UINT64_C(1) << 41},
		{"k: 100ms", TIME, SECOND / 10},
		{"k: 10s", TIME, 10 * SECOND},
		{"k: 5m", TIME, 300 * SECOND},
		{"k: 2h", TIME, 7200 * SECOND},
		{"k: 7d", TIME, 7 * 86400 * SECOND},
		{"k: true", BOOL, 1},
		{"k: yes", BOOL, 1},
		{"k: on", BOOL, 1},
		{"k: false", BOOL, 0},
		{"k: no", BOOL, 0},
		{"k: off", BOOL, 0},
		{"k: red", WORD, 0},
		{"k: 'green'", WORD, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};
		struct yaml_doc *doc = read_text(rows[i].text, &err);
		uint64_t value = 12345;

		assert_true(get(rows[i].getter, yaml_get(yaml_root(doc), "k"), &value, &err));
		assert_int_equal(value, rows[i].value);
		yaml_drop(doc);
	}
	guard_free();
}

static void a_wrong_value_says_what_is_expected(void **state)
{
#define NUMBER "a.yaml:1:4: expected a number from 1 to 64, found "
#define BYTES "a.yaml:1:4: expected a size from 4K to 2T (bytes, or with K, M, G or T), found "
#define SPAN "a.yaml:1:4: expected a time from 100ms to 7d (with ms, s, m, h or d), found "
	static const struct {
		const char *text;
		enum getter getter;
		const char *wanted;
	} rows[] = {
		{"k: 0", U64, NUMBER "\"0\""},
		{"k: 65", U64, NUMBER "\"65\""},
		{"k: -1", U64, NUMBER "\"-1\""},
		{"k: 08", U64, NUMBER "\"08\""},
		{"k: 0x8", U64, NUMBER "\"0x8\""},
		{"k: 8 8", U64, NUMBER "\"8 8\""},
		{"k: 18446744073709551617", U64, NUMBER "\"18446744073709551617\""},
		{"k: [8]", U64, NUMBER "a sequence"},
		{"k: {a: 8}", U64, NUMBER "a mapping"},
		{"k: ~", U64, NUMBER "nothing"},
		{"k: ''", U64, NUMBER "\"\""},
		{"k: 4095", SIZE, BYTES "\"4095\""},
		{"k: 3T", SIZE, BYTES "\"3T\""},
		{"k: 17179869184G", SIZE, BYTES "\"17179869184G\""},
		{"k: 2g", SIZE, BYTES "\"2g\""},
		{"k: 2GB", SIZE, BYTES "\"2GB\""},
		{"k: 1.5G", SIZE, BYTES "\"1.5G\""},
		{"k: G", SIZE, BYTES "\"G\""},
		{"k: [4K]", SIZE, BYTES "a sequence"},
		{"k: 10", TIME, SPAN "\"10\""},
		{"k: 99ms", TIME, SPAN "\"99ms\""},
		{"k: 8d", TIME, SPAN "\"8d\""},
		{"k: 10 s", TIME, SPAN "\"10 s\""},
		{"k: TRUE", BOOL, "a.yaml:1:4: expected true or false, found \"TRUE\""},
		{"k: {}", BOOL, "a.yaml:1:4: expected true or false, found a mapping"},
		{"k: blue", WORD, "a.yaml:1:4: expected one of red, green, found \"blue\""},
		{"k: [red]", WORD, "a.yaml:1:4: expected one of red, green, found a sequence"},
		{"k: ", TEXT, "a.yaml:1:3: expected text, found nothing"},
		{"k: null", TEXT, "a.yaml:1:4: expected text, found nothing"},
		{"k: []", TEXT, "a.yaml:1:4: expected text, found a sequence"},
		{"k: \"\"", TEXT, "a.yaml:1:4: expected text, found \"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};
		struct yaml_doc *doc = read_text(rows[i].text, &err);
		uint64_t value = 12345;

		assert_false(get(rows[i].getter, yaml_get(yaml_root(doc), "k"), &value, &err));
		assert_string_equal(err.text, rows[i].wanted);
		assert_int_equal(err.status, EXIT_USAGE);
		yaml_drop(doc);
	}
	guard_free();
}

static void an_absent_value_leaves_the_default(void **state)
{
	struct err err = {0};
	const char *text = "default";
	uint64_t number = 7;
	bool yes = true;
	size_t index = 1;

	(void)state;
	assert_true(yaml_text(NULL, &text, &err));
	assert_true(yaml_u64(NULL, 1, 2, &number, &err));
	assert_true(yaml_size(NULL, 1, 2, &number, &err));
	assert_true(yaml_duration(NULL, 1, 2, &number, &err));
	assert_true(yaml_bool(NULL, &yes, &err));
	assert_true(yaml_word(NULL, colours, 2, &index, &err));
	assert_true(yaml_is(NULL, YAML_MAPPING, &err));
	assert_null(yaml_get(NULL, "k"));
	assert_string_equal(text, "default");
	assert_true(number == 7 && yes && index == 1 && err.status == 0);
}

static void no_byte_beyond_a_prefix_is_read(void **state)
{
	static const char text[] =
		"a: [1, \"\\u3042\", 'x']\nb:\n  - c: |\n      d\n    e: \xe3\x81\x82\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct err err = {0};
		struct yaml_doc *doc = yaml_read(guarded(text, n), "a.yaml", &err);

		assert_true((doc != NULL) == (err.status == 0));
		yaml_drop(doc);
	}
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_has_kinds_counts_and_places),
		cmocka_unit_test(an_empty_document_is_an_empty_mapping),
		cmocka_unit_test(what_settings_do_not_need_is_refused),
		cmocka_unit_test(a_key_given_twice_is_refused),
		cmocka_unit_test(broken_text_says_where),
		cmocka_unit_test(sixteen_levels_are_read_and_one_more_is_refused),
		cmocka_unit_test(a_million_nodes_are_read_and_one_more_is_refused),
		cmocka_unit_test(eight_mebibytes_are_read_and_one_byte_more_is_refused),
		cmocka_unit_test(a_file_is_read_or_its_absence_explained),
		cmocka_unit_test(an_unknown_key_is_named_with_the_nearest),
		cmocka_unit_test(a_missing_key_is_named),
		cmocka_unit_test(values_are_read_in_their_units),
		cmocka_unit_test(a_wrong_value_says_what_is_expected),
		cmocka_unit_test(an_absent_value_leaves_the_default),
		cmocka_unit_test(no_byte_beyond_a_prefix_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
