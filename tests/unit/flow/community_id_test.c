#include "lab.h"

/* Rows of corelight/community-id-spec, baseline/baseline_deflt.json (seed 0).
 * ICMP there has the type and its answer in place of ports; here stands what
 * decode makes of such a packet: type and code, or for echo an id (any) at the
 * end that asks and 0 at the other.  The rows from 10.0.0.2 and to ff02::16 and ::1
 * are not of the baseline, but made with its reference's reading of the spec: SHA-1
 * over these ends in Python. */
static const struct {
	uint8_t proto;
	const char *src, *dst;
	uint16_t sport, dport;
	const char *id;
} rows[] = {
	{58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 256,
		"1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	{58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 256,
		"1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	{58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 256,
		"1:zavyT/cezQr1fmImYCwYnMXbgck="},
	{58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 256,
		"1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
	{58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 256 + 4,
		"1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
	{58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 7001, 0,
		"1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
	{58, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 0, 7001,
		"1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
	{58, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 256, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
	{58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 256, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
	{1, "192.168.0.89", "192.168.0.1", 600, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	{1, "192.168.0.1", "192.168.0.89", 0, 600, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	{1, "10.0.0.1", "10.0.0.2", 11, 256, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
	{58, "fe80::200:86ff:fe05:80da", "ff02::16", 143, 256, "1:UonC0RDuvhmPVyKDKrgp3hLGLNc="},
	{58, "fe80::200:86ff:fe05:80da", "::1", 143, 256, "1:tAGjQGuaEbWthPE0N27Tg5KBPDI="},
	{1, "10.0.0.2", "10.0.0.1", 5, 0, "1:E5tNYkCqpM09ZPfoLcq+JJj0QuQ="},
	{1, "10.0.0.2", "10.0.0.1", 65535, 0, "1:E5tNYkCqpM09ZPfoLcq+JJj0QuQ="},
	{1, "10.0.0.1", "10.0.0.2", 0, 5, "1:E5tNYkCqpM09ZPfoLcq+JJj0QuQ="},
	{1, "10.0.0.2", "10.0.0.1", 3, 256 + 3, "1:LhjXG72oBqb/FpYqPl9LboG4/B4="},
	{1, "10.0.0.2", "10.0.0.1", 3, 256 + 5, "1:wnfncD7yX+G67zytNZ86vVZCsn8="},
	{6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25,
		"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
	{6, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943,
		"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
	{132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
	{132, "192.168.170.56", "192.168.170.8", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
	{6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	{17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	{46, "10.1.12.1", "10.1.12.2", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
	{46, "10.1.12.2", "10.1.12.1", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
};

static void every_row_of_the_published_baseline_is_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tuple tuple = {
			.sport = rows[i].sport, .dport = rows[i].dport, .proto = rows[i].proto};
		char id[COMMUNITY_ID_MAX];

		assert_true(addr_parse(bytes_text(rows[i].src), &tuple.src));
		assert_true(addr_parse(bytes_text(rows[i].dst), &tuple.dst));
		flow_community_id(&tuple, id);
		assert_string_equal(id, rows[i].id);
		tuple_normalise(&tuple); /* as a flow's key holds it */
		flow_community_id(&tuple, id);
		assert_string_equal(id, rows[i].id);
	}
}

static void a_flow_id_has_53_bits_and_tells_tenant_tuple_and_time_apart(void **state)
{
	struct hash_key key = {3, 4};
	struct tuple tuple = {.src = addr_from4(1), .dst = addr_from4(2), .proto = PROTO_TCP};
	uint64_t id = flow_id(&key, &tuple, 77);

	(void)state;
	assert_true(id < UINT64_C(1) << 53);
	assert_int_equal(id, flow_id(&key, &tuple, 77));
	assert_int_not_equal(id, flow_id(&key, &tuple, 78));
	tuple.tenant = 1;
	assert_int_not_equal(id, flow_id(&key, &tuple, 77));
	tuple.tenant = 0;
	tuple.sport = 1;
	assert_int_not_equal(id, flow_id(&key, &tuple, 77));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_published_baseline_is_met),
		cmocka_unit_test(a_flow_id_has_53_bits_and_tells_tenant_tuple_and_time_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
