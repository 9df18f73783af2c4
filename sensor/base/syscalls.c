#include "base/syscalls.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define BINARY_TREE 2 /* of SCMP_FLTATR_CTL_OPTIMIZE: the list is asked in log2 steps */

static int add_row(scmp_filter_ctx filter, const struct syscall_row *row)
{
	int number = seccomp_syscall_resolve_name(row->call);
	struct scmp_arg_cmp condition = {.arg = row->arg,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = row->mask,
		.datum_b = row->value};

	if (number == __NR_SCMP_ERROR)
		return -ENOSYS;
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, row->mask != 0, &condition);
}

static bool fill(
	scmp_filter_ctx filter, const struct syscall_row rows[], uint32_t count, struct err *err)
{
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	for (uint32_t i = 0; failed == 0 && i < count; i++) {
		failed = add_row(filter, &rows[i]);
		if (failed != 0)
			return err_set(err, EXIT_INTERNAL, "system call %s: %s", rows[i].call,
				strerror(-failed));
	}
	if (failed == 0)
		failed = seccomp_load(filter);
	return failed == 0 ||
	       err_set(err, EXIT_CANNOT,
		       "system calls cannot be filtered: %s; the kernel needs seccomp filters",
		       strerror(-failed));
}

bool syscalls_only(const struct syscall_row rows[], uint32_t count, struct err *err)
{
	scmp_filter_ctx filter;

	if (SANITIZED)
		return true;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return err_set(err, EXIT_CANNOT, "no memory for the filter of system calls");
	bool fine = fill(filter, rows, count, err);
	seccomp_release(filter);
	return fine;
}

bool syscalls_filtered(void)
{
	return !SANITIZED;
}
