/* build_test.c - text to a generation: whole, or not at all and with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/syscalls.h"
#include "build/build.h"
#include "build/limits.h"
#include "files.h"

#define GREAT_ROWS 76000 /* 64 times that stays below what lists may hold */

static char folder[] = "/tmp/build-test-XXXXXX";

static void good_files(void)
{
	file_write_text("policy.yaml", "merchants: [{id: 1, addresses: [203.0.113.1]}]\n");
	file_write_text("list.txt", "198.51.100.1\nevil.example\n");
	file_write_text("own.rules",
		"alert tcp any any -> any any (msg:\"x\"; content:\"needle\"; sid:1;)\n");
}

static struct build_request good_request(void)
{
	good_files();
	return (struct build_request){
		.policy_path = "policy.yaml",
		.profiles_dir = SEKISHO_SIGNATURES "/psp",
		.cards_dir = SEKISHO_SIGNATURES "/cards",
		.lists = {"list.txt"},
		.list_cnt = 1,
		.rules = {"own.rules"},
		.rule_cnt = 1,
		.default_level = LEVEL_CONTENT,
	};
}

static uint32_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint32_t count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Fails in a child under the limits with that text, and leaves nothing behind. */
static void assert_fails(const struct build_request *request, const struct build_limits *limits,
	int status, const char *text)
{
	struct generation out, before;
	struct err err = {0};
	uint32_t fds = open_fds();

	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	assert_false(build_in_child_under(request, limits, &out, &err));
	assert_string_equal(err.text, text);
	assert_int_equal(err.status, status);
	assert_memory_equal(&out, &before, sizeof(out));
	assert_int_equal(open_fds(), fds);
	assert_no_child();
}

static void a_child_makes_what_this_process_makes(void **state)
{
	struct build_request request = good_request();
	struct generation here, child;
	struct err err = {0};
	uint32_t fds = open_fds();

	(void)state;
	if (!build_here(&request, &here, &err) || !build_in_child(&request, &child, &err))
		fail_msg("%s", err.text);
	assert_no_child();
	assert_true(here.id != 0 && here.id == child.id);
	for (int i = 0; i < SECTION_COUNT; i++) {
		assert_int_equal(here.section[i].kind, i);
		assert_true(here.section[i].hash == child.section[i].hash);
		assert_true(bytes_equal(here.section[i].image, child.section[i].image));
	}
	struct policy policy;
	assert_true(policy_open(&policy, child.section[SECTION_POLICY].image, &err));
	assert_int_equal(policy_merchants(&policy), 1);
	generation_drop(&here);
	generation_drop(&child);
	assert_int_equal(open_fds(), fds);
}

static void another_text_has_another_id(void **state)
{
	struct build_request request = good_request();
	struct generation one, two;
	struct err err = {0};

	(void)state;
	assert_true(build_here(&request, &one, &err));
	file_write_text("list.txt", "198.51.100.2\n");
	assert_true(build_here(&request, &two, &err));
	assert_true(one.id != two.id);
	assert_true(one.section[SECTION_RULES].hash == two.section[SECTION_RULES].hash);
	generation_drop(&one);
	generation_drop(&two);
}

static void nothing_but_cards_is_enough(void **state)
{
	struct build_request request = {
		.cards_dir = SEKISHO_SIGNATURES "/cards", .default_level = LEVEL_CONTENT};
	struct generation generation;
	struct err err = {0};

	(void)state;
	if (!build_in_child(&request, &generation, &err))
		fail_msg("%s", err.text);
	generation_drop(&generation);
}

/* Each file broken in turn: the same text here and from the child. */
static void a_mistake_in_any_file_is_told(void **state)
{
	static const char *const broken[][2] = {
		{"policy.yaml", "protect: []\n"},
		{"list.txt", "198.51.100.1\nnot an indicator\n"},
		{"own.rules", "alert nonsense\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct build_request request = good_request();
		struct generation out, before;
		struct err err = {0};

		file_write_text(broken[i][0], broken[i][1]);
		memset(&out, 0x5a, sizeof(out));
		memcpy(&before, &out, sizeof(out));
		uint32_t fds = open_fds();
		assert_false(build_here(&request, &out, &err));
		assert_memory_equal(&out, &before, sizeof(out));
		assert_int_equal(open_fds(), fds);
		assert_int_equal(err.status, EXIT_USAGE);
		assert_non_null(strstr(err.text, broken[i][0]));
		assert_fails(&request, &build_limits_default, EXIT_USAGE, err.text);
	}
}

static void a_missing_folder_of_cards_is_told(void **state)
{
	struct build_request request = good_request();
	struct generation out;
	struct err err = {0};

	(void)state;
	request.cards_dir = "nowhere";
	assert_false(build_here(&request, &out, &err));
	assert_non_null(strstr(err.text, "nowhere"));
}

static void a_section_beyond_its_limit_ends_the_child(void **state)
{
	struct build_request request = good_request();
	struct build_limits limits = build_limits_default;

	(void)state;
	limits.section_bytes = 64;
	file_write_text("small.txt", "");
	request.list_cnt = request.rule_cnt = 0;
	assert_fails(&request, &limits, EXIT_CANNOT,
		"compiling the policy failed: the section became larger than 64 bytes; read were "
		"policy.yaml 47 B. Nothing was loaded; shorten the largest");
}

static void a_file_that_never_ends_is_given_up(void **state)
{
	struct build_request request = good_request();
	struct build_limits limits = build_limits_default;

	(void)state;
	limits.wall_ms = 1000;
	unlink("pipe.txt");
	assert_int_equal(mkfifo("pipe.txt", 0600), 0);
	request.lists[0] = "pipe.txt";
	assert_fails(&request, &limits, EXIT_CANNOT,
		"compiling the lists failed: it was not done after 1000 ms (is a file a pipe?); "
		"read "
		"were "
		"own.rules 65 B, policy.yaml 47 B, pipe.txt 0 B. Nothing was loaded; shorten the "
		"largest");
}

/* Many rows by naming one file many times: the builder cannot know. */
static void great_lists(struct build_request *request)
{
	FILE *file = fopen("great.txt", "w");

	assert_non_null(file);
	for (unsigned i = 0; i < GREAT_ROWS; i++)
		fprintf(file, "host-%u.of-a-great-list.example\n", i);
	assert_int_equal(fclose(file), 0);
	for (uint32_t i = 0; i < BUILD_PATHS_MAX; i++)
		request->lists[i] = "great.txt";
	request->list_cnt = BUILD_PATHS_MAX;
}

static void too_much_work_ends_the_child(void **state)
{
	struct build_request request = good_request();
	struct build_limits limits = build_limits_default;

	(void)state;
	great_lists(&request);
	limits.cpu_s = 1;
	assert_fails(&request, &limits, EXIT_CANNOT,
		"compiling the lists failed: it needed more than 1 s of CPU time; read were "
		"great.txt 2 "
		"MiB, great.txt 2 MiB, great.txt 2 MiB. Nothing was loaded; shorten the largest");
}

static void too_much_memory_ends_in_a_text(void **state)
{
	struct build_request request = good_request();
	struct build_limits limits = build_limits_default;
	struct generation out = {0};
	struct err err = {0};

	(void)state;
	if (!syscalls_filtered()) { /* it maps terabytes: its shadow would be the limit */
		printf("# not run: memory cannot be limited under a sanitizer\n");
		return;
	}
	great_lists(&request);
	limits.memory_bytes = 8 << 20;
	assert_false(build_in_child_under(&request, &limits, &out, &err));
	assert_int_equal(err.status, EXIT_CANNOT);
	assert_non_null(strstr(err.text, "limit 8 MiB; read were great.txt 2 MiB, "));
	assert_no_child();
}

static void a_child_that_is_reaped_elsewhere_is_an_error(void **state)
{
	struct build_request request = good_request();
	struct generation out = {0};
	struct err err = {0};

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_false(build_in_child(&request, &out, &err));
	signal(SIGCHLD, SIG_DFL);
	assert_string_equal(err.text, "builder: its end was not seen: No child processes");
}

static void without_descriptors_there_is_no_build(void **state)
{
	struct build_request request = good_request();
	struct rlimit before, none;
	struct generation out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	bool good = build_in_child(&request, &out, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(good);
	assert_string_equal(err.text, "section policy: no memory file: Too many open files");
}

/* What a confined child can and cannot do: returns the number of the first thing
 * that is not as it should be, or 0. */
static int confined(int closed, int kept)
{
	struct rlimit r;
	struct err err = {0};

	if (!build_confine(&build_limits_default, &kept, 1, &err))
		return 1;
	if (-1 != fcntl(closed, F_GETFD) || errno != EBADF)
		return 2;
	if (write(kept, "x", 1) != 1)
		return 3;
	if (-1 != open("new.txt", O_WRONLY | O_CREAT, 0600) || errno != EACCES)
		return 4;
	if (-1 != open("policy.yaml", O_WRONLY) || errno != EACCES)
		return 5;
	if (!syscalls_filtered() && (-1 != unlink("policy.yaml") || errno != EACCES))
		return 6;
	int fd = open("policy.yaml", O_RDONLY);
	if (-1 == fd)
		return 7;
	if (getrlimit(RLIMIT_NPROC, &r) != 0 || r.rlim_max != 0)
		return 8;
	if (getrlimit(RLIMIT_CORE, &r) != 0 || r.rlim_max != 0)
		return 9;
	if (getrlimit(RLIMIT_CPU, &r) != 0 || r.rlim_cur != 60)
		return 10;
	if (getrlimit(RLIMIT_FSIZE, &r) != 0 || r.rlim_max != (rlim_t)2 << 30)
		return 11;
	if (syscalls_filtered() &&
		(getrlimit(RLIMIT_AS, &r) != 0 || r.rlim_max == RLIM_INFINITY ||
			r.rlim_max < (rlim_t)2 << 30 || r.rlim_max > (rlim_t)4 << 30))
		return 12;
	if (!syscalls_filtered() && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 13;
	if (!syscalls_filtered() &&
		(-1 != execl("/bin/true", "true", (char *)NULL) || errno != EACCES))
		return 14;
	return 0;
}

/* What is not on its list: each ends the child. */
static void ask(int what)
{
	switch (what) {
	case 0:
		(void)execl("/bin/true", "true", (char *)NULL);
		break;
	case 1:
		(void)fork();
		break;
	case 2:
		(void)unlink("policy.yaml");
		break;
	case 3:
		(void)socket(AF_UNIX, SOCK_STREAM, 0);
		break;
	case 4:
		(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	default:
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	}
}

static void what_is_not_on_its_list_ends_a_builder(void **state)
{
	(void)state;
	if (!syscalls_filtered()) {
		puts("# not run: nothing is filtered under a sanitizer");
		return;
	}
	good_files();
	for (int what = 0; what < 6; what++) {
		int kept = memfd_create("kept", 0), status;
		struct err err = {0};
		pid_t pid = fork();

		if (pid == 0) {
			if (build_confine(&build_limits_default, &kept, 1, &err))
				ask(what);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
		close(kept);
	}
}

static void a_builder_reads_and_nothing_more(void **state)
{
	int closed = memfd_create("closed", 0), kept = memfd_create("kept", 0), status;

	(void)state;
	good_files();
	pid_t pid = fork();
	if (pid == 0)
		_exit(confined(closed, kept));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(closed);
	close(kept);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"policy.yaml", "list.txt", "own.rules", "small.txt", "pipe.txt", "great.txt"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	return chdir("/") != 0 || rmdir(folder) != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_makes_what_this_process_makes),
		cmocka_unit_test(another_text_has_another_id),
		cmocka_unit_test(nothing_but_cards_is_enough),
		cmocka_unit_test(a_mistake_in_any_file_is_told),
		cmocka_unit_test(a_missing_folder_of_cards_is_told),
		cmocka_unit_test(a_section_beyond_its_limit_ends_the_child),
		cmocka_unit_test(a_file_that_never_ends_is_given_up),
		cmocka_unit_test(too_much_work_ends_the_child),
		cmocka_unit_test(too_much_memory_ends_in_a_text),
		cmocka_unit_test(a_child_that_is_reaped_elsewhere_is_an_error),
		cmocka_unit_test(without_descriptors_there_is_no_build),
		cmocka_unit_test(a_builder_reads_and_nothing_more),
		cmocka_unit_test(what_is_not_on_its_list_ends_a_builder),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
