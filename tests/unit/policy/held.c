#include "held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static char folder[64];

void held_enter(void)
{
	snprintf(folder, sizeof(folder), "/tmp/policy-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mkdir("psp", 0700), 0);
}

static void empty(const char *path)
{
	DIR *dir = opendir(path);

	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

void held_leave(void)
{
	empty("psp");
	empty(".");
	rmdir("psp");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
}

bool held_build(struct held *held, const char *text, const char *profiles, enum policy_level level,
	struct err *err)
{
	*held = (struct held){0};
	*err = (struct err){0};
	empty("psp");
	if (text != NULL)
		file_write_text("policy.yaml", text);
	if (profiles != NULL)
		file_write_text("psp/test.yaml", profiles);
	if (!policy_build(text != NULL ? "policy.yaml" : NULL, profiles != NULL ? "psp" : NULL,
		    level, &held->image, &held->len, err))
		return false;
	return policy_open(&held->policy, bytes_of(held->image, held->len), err);
}

void held_good(struct held *held, const char *text, const char *profiles)
{
	struct err err;

	if (!held_build(held, text, profiles, LEVEL_CONTENT, &err))
		fail_msg("%s", err.text);
}

void held_free(struct held *held)
{
	free(held->image);
	*held = (struct held){0};
}

struct addr held_addr(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(bytes_text(text), &addr));
	return addr;
}
