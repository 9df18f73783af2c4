/* calls_test.c - a process under the list of the engine or the shipper: what is on
 * it works, what is not ends it with SIGSYS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "keeper/calls.h"

#define ALIVE 7

static void opens(void)
{
	(void)open("/dev/null", O_RDONLY);
}

static void connects(void)
{
	(void)connect(0, NULL, 0);
}

static void makes_a_unix_socket(void)
{
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
}

static void makes_a_packet_socket(void)
{
	(void)socket(AF_PACKET, SOCK_RAW, 0);
}

static void listens(void)
{
	(void)listen(0, 1);
}

static void executes(void)
{
	(void)execl("/bin/true", "true", (char *)NULL);
}

static void forks(void)
{
	if (fork() == 0)
		_exit(0);
}

static void kills(void)
{
	(void)kill(getppid(), 0);
}

static void traces(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void reads_another_s_memory(void)
{
	struct iovec none = {NULL, 0};

	(void)process_vm_readv(getpid(), &none, 1, &none, 1, 0);
}

static void writes_another_s_memory(void)
{
	struct iovec none = {NULL, 0};

	(void)process_vm_writev(getpid(), &none, 1, &none, 1, 0);
}

static void writes_to_a_file(void)
{
	if (write(5, "x", 1) == 1)
		_exit(4);
}

static void makes_code(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void turns_data_to_code(void)
{
	static _Alignas(4096) uint8_t data[4096];

	(void)mprotect(data, sizeof(data), PROT_READ | PROT_EXEC);
}

static void removes_a_folder(void)
{
	(void)rmdir("/nothing/here");
}

static void asks_for_a_ring_of_requests(void)
{
	(void)syscall(SYS_io_uring_setup, 1, NULL);
}

static void *thread(void *self)
{
	int *ran = self;

	*ran = 1;
	return NULL;
}

/* What the engine's work needs. */
static void works(void)
{
	struct secret_thread worker = {.stack = NULL};
	struct err err = {0};
	int ran = 0;
	struct timespec pause = {.tv_nsec = 1};
	void *memory = malloc(1 << 20);

	(void)poll(NULL, 0, 0);
	(void)nanosleep(&pause, NULL);
	if (!secret_thread_start(&worker, thread, &ran, &err))
		_exit(1);
	secret_thread_join(&worker);
	free(memory);
	if (ran != 1 || write(2, "", 0) != 0)
		_exit(2);
}

static void aborts(void)
{
	abort();
}

/* How a child ends that does this under the list: exit status, or -signal. */
static int end_of(bool (*limit)(struct err *), void (*what)(void))
{
	struct err err = {0};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!limit(&err))
			_exit(3);
		what();
		_exit(ALIVE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void neither_does_what_it_never_needs(void **state)
{
	static void (*const what[])(void) = {listens, executes, forks, kills, traces,
		reads_another_s_memory, writes_another_s_memory, makes_a_packet_socket, makes_code,
		turns_data_to_code, removes_a_folder, asks_for_a_ring_of_requests};

	(void)state;
	if (!syscalls_filtered()) {
		puts("# not run: nothing is filtered under a sanitizer");
		return;
	}
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		assert_int_equal(end_of(calls_of_engine, what[i]), -SIGSYS);
		assert_int_equal(end_of(calls_of_shipper, what[i]), -SIGSYS);
	}
}

static void the_engine_opens_and_reaches_nothing(void **state)
{
	static void (*const what[])(void) = {
		opens, connects, makes_a_unix_socket, writes_to_a_file};

	(void)state;
	if (!syscalls_filtered()) {
		puts("# not run: nothing is filtered under a sanitizer");
		return;
	}
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		assert_int_equal(end_of(calls_of_engine, what[i]), -SIGSYS);
	assert_int_equal(end_of(calls_of_shipper, opens), ALIVE);
	assert_int_equal(end_of(calls_of_shipper, connects), ALIVE);
	assert_int_equal(end_of(calls_of_shipper, makes_a_unix_socket), ALIVE);
}

static void what_they_need_works(void **state)
{
	(void)state;
	assert_int_equal(end_of(calls_of_engine, works), ALIVE);
	assert_int_equal(end_of(calls_of_shipper, works), ALIVE);
}

/* A mistake of ours is told as one, not as a break-in. */
static void abort_is_still_abort(void **state)
{
	(void)state;
	assert_int_equal(end_of(calls_of_engine, aborts), -SIGABRT);
	assert_int_equal(end_of(calls_of_shipper, aborts), -SIGABRT);
}

static void a_row_that_names_no_call_is_told(void **state)
{
	static const struct syscall_row rows[] = {{.call = "opne"}};
	struct err err = {0};

	(void)state;
	if (!syscalls_filtered()) {
		puts("# not run: nothing is filtered under a sanitizer");
		return;
	}
	assert_false(syscalls_only(rows, 1, &err));
	assert_int_equal(err.status, EXIT_INTERNAL);
	assert_string_equal(err.text, "system call opne: Function not implemented");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neither_does_what_it_never_needs),
		cmocka_unit_test(the_engine_opens_and_reaches_nothing),
		cmocka_unit_test(what_they_need_works),
		cmocka_unit_test(abort_is_still_abort),
		cmocka_unit_test(a_row_that_names_no_call_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
