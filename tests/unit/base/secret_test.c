/* secret_test.c - what the kernel says of the memory: marked "dd" (do not dump). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/syscalls.h"

#define DEEP (200u << 10) /* more than a stack has at its start */

/* From smaps: the flags of the mapping that holds the address. */
static bool is_marked(const void *address)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512];
	bool here = false, marked = false;

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		char *end;
		unsigned long long from = strtoull(line, &end, 16), to;

		if (*end == '-') {
			to = strtoull(end + 1, NULL, 16);
			here = from <= (uintptr_t)address && (uintptr_t)address < to;
		}
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			marked = strstr(line, " dd") != NULL;
	}
	fclose(file);
	return marked;
}

static void memory_is_zeroed_aligned_and_marked(void **state)
{
	static const size_t sizes[] = {1, 64, 4032, 4033, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *memory = secret_new(sizes[i]);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % 64, 0);
		assert_int_equal(memory[0] | memory[sizes[i] - 1], 0);
		memset(memory, 1, sizes[i]);
		assert_true(is_marked(memory));
		assert_true(is_marked(memory + sizes[i] - 1));
		secret_free(memory);
	}
	secret_free(NULL);
	assert_null(secret_new(SIZE_MAX));
	assert_null(secret_new(SIZE_MAX - 100));
}

static void heap_is_not_marked(void **state)
{
	uint8_t *memory = malloc(100);

	(void)state;
	assert_non_null(memory);
	assert_false(is_marked(memory));
	free(memory);
}

/* Of the caller: a sanitizer keeps locals elsewhere. */
static __attribute__((noinline)) bool frame_is_marked(void)
{
	return is_marked(__builtin_frame_address(0));
}

static __attribute__((noinline)) bool deep(void)
{
	volatile uint8_t local[DEEP];

	for (size_t i = 0; i < sizeof(local); i += 1024)
		local[i] = 1;
	return frame_is_marked() && local[0] == 1;
}

static int main_stack(void)
{
	struct err err = {0};

	if (frame_is_marked())
		return 1;
	if (!secret_stack(&err))
		return 2;
	if (!frame_is_marked())
		return 3;
	return deep() ? 0 : 4;
}

static void the_main_stack_is_marked_also_where_it_grows(void **state)
{
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(main_stack());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define MARK 0x5345u

static __attribute__((noinline)) void leave_marks(void)
{
	volatile uint32_t local[1024];

	for (size_t i = 0; i < 1024; i++)
		local[i] = MARK;
	(void)local[0];
}

/* How many stand where calls of that frame had theirs: nobody's memory, so no sanitizer
 * may look over our shoulder. */
static __attribute__((noinline, no_sanitize("address"))) uint32_t marks_below(const void *frame)
{
	const volatile uint32_t *at = frame;
	uint32_t count = 0;

	for (size_t i = 1; i <= 2048; i++)
		count += *(at - i) == MARK;
	return count;
}

static void what_returned_calls_left_is_wiped(void **state)
{
	const void *frame = __builtin_frame_address(0);

	(void)state;
	leave_marks();
	uint32_t left = marks_below(frame);
	secret_stack_wipe();
	assert_int_equal(marks_below(frame), 0);
	assert_true(left > 512 || !syscalls_filtered()); /* a sanitizer keeps them elsewhere */
}

struct seen {
	bool marked, deep;
};

static void *look(void *self)
{
	struct seen *seen = self;

	seen->marked = frame_is_marked();
	seen->deep = deep();
	return NULL;
}

static void a_thread_s_stack_is_marked(void **state)
{
	struct secret_thread thread = {.stack = NULL};
	struct seen seen = {.marked = false};
	struct err err = {0};

	(void)state;
	secret_thread_join(&thread); /* nothing runs */
	assert_true(secret_thread_start(&thread, look, &seen, &err));
	secret_thread_join(&thread);
	assert_null(thread.stack);
	assert_true(seen.marked);
	assert_true(seen.deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_marked),
		cmocka_unit_test(heap_is_not_marked),
		cmocka_unit_test(the_main_stack_is_marked_also_where_it_grows),
		cmocka_unit_test(a_thread_s_stack_is_marked),
		cmocka_unit_test(what_returned_calls_left_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
