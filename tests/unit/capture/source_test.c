#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "encode.h"
#include "files.h"
#include "reading.h"

#define NOBODY 65534

static char folder[] = P_tmpdir "/capture-test-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || -1 == chmod(folder, 0755) ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *write_file(const char *name, const void *data, size_t len)
{
	const char *path = path_of(name);

	file_write(path, data, len);
	return path;
}

static void expect_refused(const char *path, int status, const char *text)
{
	char expected[512];
	struct err err = {.status = 0};

	snprintf(expected, sizeof(expected), "%s: %s", path, text);
	assert_null(source_files(&path, 1, &err));
	assert_string_equal(err.text, expected);
	assert_int_equal(err.status, status);
}

static void what_is_no_capture_file_is_refused_with_its_path(void **state)
{
	(void)state;
	expect_refused("/nowhere/x.pcap", EXIT_USAGE,
		"cannot open the capture file: No such file or directory");
	expect_refused(folder, EXIT_USAGE, "is a directory; name the capture files in it");
	const char *path = write_file("empty", "", 0);

	expect_refused(path, EXIT_USAGE, "is empty; a capture file has at least a header");
	unlink(path);
	path = write_file("text", "hello", 5);
	expect_refused(path, EXIT_USAGE,
		"not a capture: begins with 68 65 6c 6c, known are pcap and pcapng, plain or "
		"gzip'd");
	unlink(path);
	path = path_of("pipe");
	assert_int_equal(0, mkfifo(path, 0600));
	expect_refused(path, EXIT_USAGE,
		"is no regular file; write a pipe to a file first, or name an interface to "
		"listen on");
	unlink(path);
}

/* What a process without privileges is told: the text, by a child of that kind. */
static void as_nobody(struct source *(*open_it)(struct err *err), struct err *err)
{
	int pipes[2];

	assert_int_equal(0, pipe(pipes));
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct err told = {.status = 0};

		if (geteuid() == 0 && 0 != setuid(NOBODY))
			_exit(1);
		if (open_it(&told) != NULL)
			told.status = -1;
		_exit(write(pipes[1], &told, sizeof(told)) == (ssize_t)sizeof(told) ? 0 : 1);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], err, sizeof(*err)), sizeof(*err));
	close(pipes[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static const char *locked;

static struct source *open_locked(struct err *err)
{
	return source_files(&locked, 1, err);
}

static void a_file_that_may_not_be_read_is_refused(void **state)
{
	char expected[256];
	struct err err;

	(void)state;
	locked = write_file("locked", "x", 1);
	assert_int_equal(0, chmod(locked, 0));
	as_nobody(open_locked, &err);
	snprintf(expected, sizeof(expected), "%s: cannot open the capture file: Permission denied",
		locked);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.status, EXIT_CANNOT);
	unlink(locked);
}

static struct source *open_loopback(struct err *err)
{
	static const char *const name = "lo";

	return source_live(&name, 1, NULL, 1 << 20, err);
}

static struct source *open_loopback_filtered(struct err *err)
{
	static const char *const name = "lo";

	return source_live(&name, 1, "tcp port", 1 << 20, err);
}

static void listening_without_privilege_names_the_capability(void **state)
{
	struct err err;

	(void)state;
	as_nobody(open_loopback, &err);
	assert_string_equal(err.text, "lo: listening needs CAP_NET_RAW; start as root, or as a "
				      "service that has it");
	assert_int_equal(err.status, EXIT_CANNOT);
}

static void a_bad_filter_is_told_in_the_words_of_libpcap(void **state)
{
	struct err err;

	(void)state;
	as_nobody(open_loopback_filtered, &err);
	assert_string_equal(err.text,
		"lo: filter \"tcp port\": can't parse filter expression: syntax error (see "
		"pcap-filter(7))");
	assert_int_equal(err.status, EXIT_USAGE);
}

static void an_unknown_interface_is_answered_with_the_known_ones(void **state)
{
	static const char *const name = "nosuch0";
	static const char begin[] = "nosuch0: no such interface; there are: ";
	struct err err;

	(void)state;
	assert_null(source_live(&name, 1, NULL, 1 << 20, &err));
	assert_memory_equal(err.text, begin, sizeof(begin) - 1);
	assert_non_null(strstr(err.text + sizeof(begin) - 1, "lo"));
	assert_int_equal(err.status, EXIT_USAGE);
}

static void too_few_and_too_many_inputs_are_refused(void **state)
{
	static const char *names[SOURCE_INPUTS_MAX + 1];
	static struct bytes parts[SOURCE_INPUTS_MAX + 1];
	struct encode e = {.len = 0};
	struct err err;
	struct frame frame;

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	encode_record(&e, false, 1, 0, 10, 10, 1);
	for (uint32_t i = 0; i <= SOURCE_INPUTS_MAX; i++) {
		names[i] = "x";
		parts[i] = encode_bytes(&e);
	}
	assert_null(source_memory(parts, names, 0, &err));
	assert_string_equal(err.text, "0 inputs; there must be 1 to 1024");
	assert_null(source_memory(parts, names, SOURCE_INPUTS_MAX + 1, &err));
	assert_string_equal(err.text, "1025 inputs; there must be 1 to 1024");
	struct source *source = source_memory(parts, names, SOURCE_INPUTS_MAX, &err);

	assert_non_null(source);
	for (uint32_t i = 0; i < SOURCE_INPUTS_MAX; i++) {
		assert_int_equal(source_next(source, &frame, 1), 1);
		assert_int_equal(frame.source, i);
	}
	assert_int_equal(source_next(source, &frame, 1), SOURCE_END);
	source_close(source);
	encode_free(&e);
}

static void inputs_tell_their_names_counts_and_damage(void **state)
{
	struct encode e = {.len = 0};
	struct frame frames[8];
	struct source_input input;
	struct err err;
	char paths[2][128];

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	encode_record(&e, false, 1, 0, 10, 1000, 1);
	encode_record(&e, false, 3, 0, 10, 2000, 2);
	snprintf(paths[0], sizeof(paths[0]), "%s", write_file("one", e.data, e.len));
	snprintf(paths[1], sizeof(paths[1]), "%s", write_file("two", e.data, e.len - 1));
	const char *const both[] = {paths[0], paths[1]};
	struct source *source = source_files(both, 2, &err);

	unlink(paths[0]);
	unlink(paths[1]);
	assert_non_null(source);
	assert_false(source_is_live(source));
	assert_int_equal(source_inputs(source), 2);
	assert_int_equal(source_next(source, frames, 8), 3);
	assert_int_equal(source_next(source, frames, 8), SOURCE_END);
	assert_int_equal(source_next(source, frames, 8), SOURCE_END);
	source_wait(source, 1000000); /* files: at once */
	source_input(source, 0, &input);
	assert_string_equal(input.name, paths[0]);
	assert_int_equal(input.frames, 2);
	assert_int_equal(input.bytes, 3000);
	assert_int_equal(input.drops, 0);
	assert_null(input.damage);
	source_input(source, 1, &input);
	assert_string_equal(input.name, paths[1]);
	assert_int_equal(input.frames, 1);
	assert_int_equal(input.bytes, 1000);
	assert_string_equal(input.damage, "truncated record at offset 50");
	source_close(source);
	encode_free(&e);
}

static uint64_t identity_of(const struct bytes parts[], uint32_t count)
{
	static const char *const names[] = {"a", "b"};
	struct err err;
	struct source *source = source_memory(parts, names, count, &err);

	assert_non_null(source);
	uint64_t identity = source_identity(source);

	source_close(source);
	return identity;
}

static void the_identity_is_that_of_lengths_heads_and_tails(void **state)
{
	struct encode e = {.len = 0}, f = {.len = 0};

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	encode_record(&e, false, 1, 0, 200000, 200000, 1);
	encode_raw(&f, e.data, e.len);
	struct bytes parts[] = {encode_bytes(&e), bytes_of(f.data, f.len - 1)};
	struct bytes swapped[] = {parts[1], parts[0]};
	uint64_t one = identity_of(parts, 1), two = identity_of(parts, 2);

	assert_int_equal(one, identity_of(&(struct bytes){f.data, f.len}, 1));
	assert_true(one != identity_of(parts + 1, 1));
	assert_true(two != one && two != identity_of(swapped, 2));
	e.data[100000] ^= 1; /* between head and tail: not looked at */
	assert_int_equal(one, identity_of(parts, 1));
	e.data[65535] ^= 1;
	assert_true(one != identity_of(parts, 1));
	e.data[65535] ^= 1;
	e.data[e.len - 65536] ^= 1;
	assert_true(one != identity_of(parts, 1));
	encode_free(&e);
	encode_free(&f);
}

static void a_process_that_takes_over_reads_and_counts_from_the_start(void **state)
{
	struct encode e = {.len = 0};
	const char *name = "a";
	struct source_input input;
	struct frame frames[4];
	struct err err;

	(void)state;
	encode_pcap(&e, PCAP_MICRO, 1);
	for (uint8_t i = 0; i < 3; i++)
		encode_record(&e, false, i, 0, 10, 100, i);
	struct bytes part = encode_bytes(&e);
	struct source *source = source_memory(&part, &name, 1, &err);

	assert_non_null(source);
	for (int round = 0; round < 2; round++) {
		pid_t child = fork();

		if (child == 0) {
			if (round > 0)
				source_take_over(source);
			_exit(source_next(source, frames, 2));
		}
		int status;

		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WEXITSTATUS(status), 2);
		source_input(source, 0, &input);
		assert_int_equal(input.frames, 2);
		assert_int_equal(input.bytes, 200);
	}
	source_close(source);
	encode_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_capture_file_is_refused_with_its_path),
		cmocka_unit_test(a_file_that_may_not_be_read_is_refused),
		cmocka_unit_test(listening_without_privilege_names_the_capability),
		cmocka_unit_test(a_bad_filter_is_told_in_the_words_of_libpcap),
		cmocka_unit_test(an_unknown_interface_is_answered_with_the_known_ones),
		cmocka_unit_test(too_few_and_too_many_inputs_are_refused),
		cmocka_unit_test(inputs_tell_their_names_counts_and_damage),
		cmocka_unit_test(the_identity_is_that_of_lengths_heads_and_tails),
		cmocka_unit_test(a_process_that_takes_over_reads_and_counts_from_the_start),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
