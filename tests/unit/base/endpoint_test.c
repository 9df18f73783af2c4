/* endpoint_test.c - events travel in clear only inside one machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/endpoint.h"

static void refused(const char *endpoint, const char *text)
{
	struct err err = {0};

	assert_false(endpoint_check("--publish", endpoint, &err));
	assert_int_equal(err.status, EXIT_USAGE);
	assert_string_equal(err.text, text);
}

static void not_local(const char *endpoint)
{
	char text[480];

	snprintf(text, sizeof(text),
		"--publish: \"%s\" is no loopback address with a port (1 to 65535); between "
		"machines there is no encryption yet: use ipc://PATH or tcp://127.0.0.1:PORT "
		"(and a tunnel)",
		endpoint);
	refused(endpoint, text);
}

static void what_stays_in_the_machine_is_taken(void **unused)
{
	static const char *const good[] = {"ipc:///run/sekisho/events", "tcp://127.0.0.1:1",
		"tcp://127.255.255.254:65535", "tcp://[::1]:5555"};
	struct err err = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(endpoint_check("--publish", good[i], &err));
	assert_int_equal(err.status, 0);
}

static void what_may_leave_the_machine_is_refused(void **unused)
{
	static const char *const bad[] = {"tcp://192.0.2.1:5555", "tcp://0.0.0.0:5555",
		"tcp://*:5555", "tcp://lo:5555", "tcp://localhost:5555",
		"tcp://127.0.0.1.example:5555", "tcp://127.evil.example:1", "tcp://[::]:5555",
		"tcp://[::1].example:5555", "tcp://[::1]x:1", "tcp://::1:5555",
		"tcp://192.0.2.1:1;127.0.0.1:2"};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		not_local(bad[i]);
}

static void a_port_is_a_number_from_1_to_65535(void **unused)
{
	static const char *const bad[] = {"tcp://127.0.0.1",
		"tcp://127.0.0.1:", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536",
		"tcp://127.0.0.1:99999", "tcp://127.0.0.1:100000", "tcp://127.0.0.1:*",
		"tcp://127.0.0.1:5555x", "tcp://127.0.0.1:-5", "tcp://[::1]", "tcp://"};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		not_local(bad[i]);
}

static void a_path_is_absolute_and_fits_a_socket(void **unused)
{
	char endpoint[6 + 109], text[480];
	struct err err = {0};

	(void)unused;
	refused("ipc://events", "--publish: \"ipc://events\": the path must be absolute and of at "
				"most 107 bytes");
	memset(endpoint, 'x', sizeof(endpoint));
	memcpy(endpoint, "ipc:///", 7);
	endpoint[6 + 107] = '\0';
	assert_true(endpoint_check("--publish", endpoint, &err));
	endpoint[6 + 107] = 'x';
	endpoint[6 + 108] = '\0';
	snprintf(text, sizeof(text),
		"--publish: \"%s\": the path must be absolute and of at most 107 bytes", endpoint);
	refused(endpoint, text);
}

static void other_ways_are_unknown(void **unused)
{
	(void)unused;
	refused("nonsense",
		"--publish: \"nonsense\" is neither ipc://PATH nor tcp://127.0.0.1:PORT");
	refused("", "--publish: \"\" is neither ipc://PATH nor tcp://127.0.0.1:PORT");
	refused("udp://127.0.0.1:1",
		"--publish: \"udp://127.0.0.1:1\" is neither ipc://PATH nor tcp://127.0.0.1:PORT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_in_the_machine_is_taken),
		cmocka_unit_test(what_may_leave_the_machine_is_refused),
		cmocka_unit_test(a_port_is_a_number_from_1_to_65535),
		cmocka_unit_test(a_path_is_absolute_and_fits_a_socket),
		cmocka_unit_test(other_ways_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
