/* Goal: a reader of settings that runs out of memory says so and leaks nothing.
 * Method: the n-th allocation fails, for every n until none is left to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/yaml.h"

#define ALLOCATIONS_MAX 10000

static int left = -1; /* allocations that succeed before one fails; -1: all do */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
char *__wrap_strdup(const char *text);

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static void every_allocation_may_fail(void **state)
{
	static const char row[] = "- {a: 1, b: [2]}\n";
	static char text[20000]; /* more than one chunk of nodes */
	size_t len = 0;
	int n = 0;

	(void)state;
	for (; len + sizeof(row) <= sizeof(text); len += sizeof(row) - 1)
		memcpy(text + len, row, sizeof(row));
	for (; n < ALLOCATIONS_MAX; n++) {
		struct err err = {0};

		left = n;
		struct yaml_doc *doc = yaml_read(bytes_of(text, len), "a.yaml", &err);
		bool failed = left == -1;
		left = -1;
		assert_true((doc == NULL) == failed);
		if (!failed) {
			yaml_drop(doc);
			break;
		}
		assert_string_equal(err.text, "a.yaml: out of memory");
		assert_int_equal(err.status, EXIT_CANNOT);
	}
	assert_in_range(n, 5, ALLOCATIONS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
