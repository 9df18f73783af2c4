/* Who opened a flow that has no handshake: by its first datagram, ports and policy; where
 * these do not say it, nobody did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "detect/subject.h"
#include "policy/held.h"

static const char policy_text[] =
	"merchants:\n"
	"  - {id: 1, addresses: [10.0.0.5, 10.0.0.6], level: content, basis: test}\n";

static struct held held;

static int start(void **state)
{
	(void)state;
	held_enter();
	held_good(&held, policy_text, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	held_free(&held);
	held_leave();
	return 0;
}

/* The end that opened it if `from` sent the first datagram to `to`: 's'ender, 'r'eceiver,
 * '?'; asked for both places the sender may have in the normalised tuple. */
static char opener(uint8_t proto, const char *from, uint16_t sport, const char *to, uint16_t dport)
{
	struct tuple key = {.src = held_addr(from),
		.dst = held_addr(to),
		.sport = sport,
		.dport = dport,
		.proto = proto};
	struct tuple turned = {
		.src = key.dst, .dst = key.src, .sport = dport, .dport = sport, .proto = proto};
	int one = subject_opener(&held.policy, &key, 0);
	int other = subject_opener(&held.policy, &turned, 1);

	assert_int_equal(one < 0 ? -1 : 1 - one, other);
	return one < 0 ? '?' : one == 0 ? 's' : 'r';
}

static char udp(const char *from, uint16_t sport, const char *to, uint16_t dport)
{
	return opener(PROTO_UDP, from, sport, to, dport);
}

#define SHOP "10.0.0.5"
#define OTHER_SHOP "10.0.0.6"
#define STRANGER "198.51.100.9"
#define FRIEND "198.51.100.10"

static void who_asks_a_well_known_port_opened_it(void **state)
{
	(void)state;
	assert_int_equal(udp(SHOP, 40000, STRANGER, 53), 's');
	assert_int_equal(udp(STRANGER, 40000, SHOP, 53), 's');
	assert_int_equal(udp(SHOP, 1024, OTHER_SHOP, 1023), 's');
}

static void a_first_datagram_from_a_well_known_port_may_be_an_answer(void **state)
{
	(void)state;
	assert_int_equal(udp(SHOP, 53, STRANGER, 40000), '?');
	assert_int_equal(udp(SHOP, 1023, STRANGER, 1024), '?');
	assert_int_equal(udp(STRANGER, 53, SHOP, 40000), '?');
}

static void between_equal_ports_a_protected_server_that_speaks_first_opened_it(void **state)
{
	(void)state;
	assert_int_equal(udp(SHOP, 40000, STRANGER, 9999), 's');
	assert_int_equal(udp(SHOP, 514, STRANGER, 514), 's');
	assert_int_equal(udp(STRANGER, 40000, SHOP, 9999), '?');
	assert_int_equal(udp(SHOP, 40000, OTHER_SHOP, 9999), '?');
	assert_int_equal(udp(STRANGER, 40000, FRIEND, 9999), '?');
}

static void who_pings_opened_it(void **state)
{
	(void)state;
	assert_int_equal(opener(PROTO_ICMP, SHOP, 77, STRANGER, 0), 's');
	assert_int_equal(opener(PROTO_ICMP6, "2001:db8::1", 77, "2001:db8::2", 0), 's');
	assert_int_equal(opener(PROTO_ICMP, SHOP, 0, STRANGER, 77), '?'); /* a reply */
	assert_int_equal(opener(PROTO_ICMP, SHOP, 0, STRANGER, 0), '?');
}

static void tcp_and_others_say_it_themselves_or_not_at_all(void **state)
{
	(void)state;
	assert_int_equal(opener(PROTO_TCP, SHOP, 40000, STRANGER, 80), '?');
	assert_int_equal(opener(47, SHOP, 0, STRANGER, 0), '?');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_a_well_known_port_opened_it),
		cmocka_unit_test(a_first_datagram_from_a_well_known_port_may_be_an_answer),
		cmocka_unit_test(
			between_equal_ports_a_protected_server_that_speaks_first_opened_it),
		cmocka_unit_test(who_pings_opened_it),
		cmocka_unit_test(tcp_and_others_say_it_themselves_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
