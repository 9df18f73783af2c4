#include "flow/flow.h"

#include <string.h>

#define PROTO_SCTP 132
#define SHA1_LEN 20
#define HASHED_MAX 40 /* seed 2, addresses 32, protocol and pad 2, ports 4 */

uint64_t flow_id(const struct hash_key *key, const struct tuple *tuple, uint64_t first_ns)
{
	struct {
		struct tuple tuple;
		uint64_t first_ns;
	} parts = {.tuple = *tuple, .first_ns = first_ns};

	_Static_assert(
		sizeof(parts) == sizeof(*tuple) + sizeof(first_ns), "hashed without padding");
	return hash_sip24(key, &parts, sizeof(parts)) >> 11;
}

static size_t put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return 2;
}

static size_t put_addr(uint8_t *at, const struct addr *addr)
{
	size_t skip = addr_is4(addr) ? 12 : 0;

	memcpy(at, addr->b + skip, sizeof(addr->b) - skip);
	return sizeof(addr->b) - skip;
}

/* Types that are asked and answered, as the spec's implementations pair them. */
struct icmp_row {
	uint8_t proto, type, answer;
};

static const struct icmp_row icmp_rows[] = {{PROTO_ICMP, 8, 0}, {PROTO_ICMP, 9, 10},
	{PROTO_ICMP, 10, 9}, {PROTO_ICMP, 13, 14}, {PROTO_ICMP, 14, 13}, {PROTO_ICMP, 15, 16},
	{PROTO_ICMP, 16, 15}, {PROTO_ICMP, 17, 18}, {PROTO_ICMP, 18, 17}, {PROTO_ICMP6, 128, 129},
	{PROTO_ICMP6, 130, 131}, {PROTO_ICMP6, 131, 130}, {PROTO_ICMP6, 133, 134},
	{PROTO_ICMP6, 134, 133}, {PROTO_ICMP6, 135, 136}, {PROTO_ICMP6, 136, 135},
	{PROTO_ICMP6, 139, 140}, {PROTO_ICMP6, 140, 139}, {PROTO_ICMP6, 144, 145},
	{PROTO_ICMP6, 145, 144}};

static const struct icmp_row *icmp_row(uint8_t proto, uint16_t type)
{
	for (size_t i = 0; i < sizeof(icmp_rows) / sizeof(icmp_rows[0]); i++)
		if (icmp_rows[i].proto == proto && icmp_rows[i].type == type)
			return &icmp_rows[i];
	return NULL;
}

/* What the spec puts in place of ports: for what is asked and answered both
 * types, the same whoever sent; for the rest type and code, as they were sent. */
static void icmp_ports(struct tuple *t)
{
	bool six = t->proto == PROTO_ICMP6;
	bool echo = t->sport == 0 || t->dport == 0;
	struct tuple was = *t;

	if (echo ? t->sport == 0 : t->sport >= TUPLE_ICMP_CODE) { /* the other end sent it */
		t->src = was.dst;
		t->dst = was.src;
		t->sport = was.dport;
		t->dport = was.sport;
	}
	const struct icmp_row *row = icmp_row(t->proto, echo ? (six ? 128 : 8) : t->sport);
	if (row == NULL) {
		t->dport -= TUPLE_ICMP_CODE;
		return;
	}
	t->sport = row->type;
	t->dport = row->answer;
	tuple_normalise(t);
}

static void base64(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = (uint32_t)data[i] << 16;

		if (i + 1 < len)
			three |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			three |= data[i + 2];
		*out++ = digits[three >> 18];
		*out++ = digits[three >> 12 & 63];
		*out++ = '=';
		*out++ = '=';
		if (i + 1 < len)
			out[-2] = digits[three >> 6 & 63];
		if (i + 2 < len)
			out[-1] = digits[three & 63];
	}
	*out = '\0';
}

void flow_community_id(const struct tuple *tuple, char out[static COMMUNITY_ID_MAX])
{
	struct tuple t = *tuple;
	uint8_t hashed[HASHED_MAX], digest[SHA1_LEN];
	bool icmp = t.proto == PROTO_ICMP || t.proto == PROTO_ICMP6;
	size_t len = put16(hashed, 0); /* seed */

	if (icmp)
		icmp_ports(&t);
	else
		tuple_normalise(&t);
	len += put_addr(hashed + len, &t.src);
	len += put_addr(hashed + len, &t.dst);
	hashed[len++] = t.proto;
	hashed[len++] = 0;
	if (icmp || t.proto == PROTO_TCP || t.proto == PROTO_UDP || t.proto == PROTO_SCTP) {
		len += put16(hashed + len, t.sport);
		len += put16(hashed + len, t.dport);
	}
	hash_sha1(hashed, len, digest);
	memcpy(out, "1:", 2);
	base64(digest, sizeof(digest), out + 2);
}
