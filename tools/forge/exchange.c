/* exchange.c - raw text over TCP, UDP and ICMP, DNS, TLS and connections that fail. */
#include "exchange.h"

#include <string.h>

#include "tls.h"

enum {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_RESPONSE = 0x8180, /* response, recursion desired and available */
	DNS_QUERY = 0x0100,
	DNS_NXDOMAIN = 3,
	DNS_VALUES_MAX = 16,
	DNS_PORT = 53,
};

static const int64_t reply_ns = 3000000;

struct question {
	unsigned type, ttl, rcode, value_cnt;
	const char *name, *cname, *values[DNS_VALUES_MAX];
	bool lost;
};

/* RFC 1035 section 3.1, no compression. */
static void add_name(struct stage *stage, struct buf *b, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		if (n == 0 || n > 63)
			stage_fail(stage, "a label of %zu bytes in a DNS name", n);
		buf_u8(b, (unsigned)n);
		buf_add(b, name, n);
		name += name[n] ? n + 1 : n;
	}
	buf_u8(b, 0);
}

static void add_value(
	struct stage *stage, struct buf *b, const struct question *q, const char *value)
{
	struct addr addr;

	if (q->type == DNS_TXT) {
		size_t len = strlen(value) < 255 ? strlen(value) : 255;

		buf_u16(b, (unsigned)len + 1);
		buf_u8(b, (unsigned)len);
		buf_add(b, value, len);
		return;
	}
	if (!addr_parse(value, &addr))
		addr = q->type == DNS_AAAA ? stage_host(stage, value)->six
					   : stage_host(stage, value)->four;
	if (addr.version != (q->type == DNS_AAAA ? 6 : 4))
		stage_fail(stage, "\"%s\" has no address of that kind", value);
	buf_u16(b, addr.version == 4 ? 4 : 16);
	buf_add(b, addr.ip, addr.version == 4 ? 4 : 16);
}

static void add_rr(struct stage *stage, struct buf *b, const struct question *q, const char *owner,
	unsigned type)
{
	add_name(stage, b, owner);
	buf_u16(b, type);
	buf_u16(b, 1);
	buf_u32(b, q->ttl);
}

static void add_message(
	struct stage *stage, struct buf *b, const struct question *q, unsigned id, bool answer)
{
	const char *owner = q->cname ? q->cname : q->name;

	buf_u16(b, id);
	buf_u16(b, answer ? DNS_RESPONSE | q->rcode : DNS_QUERY);
	buf_u16(b, 1);
	buf_u16(b, answer ? q->value_cnt + (q->cname ? 1 : 0) : 0);
	buf_u32(b, 0);
	add_name(stage, b, q->name);
	buf_u16(b, q->type);
	buf_u16(b, 1);
	if (!answer)
		return;
	if (q->cname) {
		struct buf target = {0};

		add_rr(stage, b, q, q->name, DNS_CNAME);
		add_name(stage, &target, q->cname);
		buf_u16(b, (unsigned)target.len);
		buf_add(b, target.data, target.len);
		buf_free(&target);
	}
	for (unsigned i = 0; i < q->value_cnt; i++) {
		add_rr(stage, b, q, owner, q->type);
		add_value(stage, b, q, q->values[i]);
	}
}

static unsigned dns_type(struct stage *stage, const char *word)
{
	if (strcmp(word, "A") == 0)
		return DNS_A;
	if (strcmp(word, "AAAA") == 0)
		return DNS_AAAA;
	if (strcmp(word, "TXT") == 0)
		return DNS_TXT;
	stage_fail(stage, "unknown DNS type \"%s\"; known are A, AAAA and TXT", word);
}

static const char *next_word(struct stage *stage, const struct line *line, unsigned *i)
{
	if (*i + 1 >= line->word_cnt)
		stage_fail(stage, "\"%s\" wants a word behind it", line->word[*i]);
	return line->word[++*i];
}

static void read_question(
	struct stage *stage, const struct line *head, unsigned first, struct question *q)
{
	if (first + 2 > head->word_cnt)
		stage_fail(stage, "write: dns CLIENT RESOLVER A NAME ADDRESS");
	*q = (struct question){.type = dns_type(stage, head->word[first]),
		.ttl = 300,
		.name = head->word[first + 1]};
	for (unsigned i = first + 2; i < head->word_cnt; i++) {
		const char *word = head->word[i];

		if (strcmp(word, "with") == 0)
			break;
		if (strcmp(word, "ttl") == 0)
			q->ttl = stage_number(stage, next_word(stage, head, &i));
		else if (strcmp(word, "cname") == 0)
			q->cname = next_word(stage, head, &i);
		else if (strcmp(word, "nx") == 0)
			q->rcode = DNS_NXDOMAIN;
		else if (strcmp(word, "lost") == 0)
			q->lost = true;
		else if (q->value_cnt < DNS_VALUES_MAX)
			q->values[q->value_cnt++] = word;
		else
			stage_fail(stage, "more than %d values", DNS_VALUES_MAX);
	}
}

static void end_raw(struct stage *stage, struct scene *scene, const char *proto)
{
	int64_t end;

	if (strcmp(proto, "tcp") == 0) {
		scene_tcp(stage, scene);
		return;
	}
	scene_name(stage, scene, proto);
	if (strcmp(proto, "udp") == 0)
		end = talk_udp(&scene->talk, &stage->cap, &stage->truth, scene->first_plant,
			stage->now_ns);
	else
		end = talk_icmp(&scene->talk, &stage->cap, &stage->rng, &stage->truth,
			scene->first_plant, stage->now_ns);
	scene_close(stage, scene, end);
}

void exchange_raw(
	struct stage *stage, const struct line *head, const struct line *block, size_t cnt)
{
	const char *proto = head->word[0];
	struct scene scene;
	unsigned first;
	int64_t delay = 500000;

	scene_open(stage, &scene, head, 9999, &first);
	for (size_t i = 0; i < cnt; i++) {
		const struct line *l = &block[i];
		struct rich text = {0};

		stage->at = l;
		if (l->word_cnt < 2)
			stage_fail(stage, "write: send TEXT, recv TEXT or wait TIME");
		if (strcmp(l->word[0], "wait") == 0) {
			delay += stage_duration(stage, l->word[1]);
			continue;
		}
		bool send = strcmp(l->word[0], "send") == 0;

		if (!send && strcmp(l->word[0], "recv") != 0)
			stage_fail(stage, "unknown word \"%s\"; known are send, recv, wait",
				l->word[0]);
		stage_expand(stage, &text, l->rest[1]);
		scene_say(stage, &scene, send ? SIDE_CLIENT : SIDE_SERVER, &text, "plain", proto,
			delay);
		rich_fini(&text);
		delay = reply_ns;
	}
	end_raw(stage, &scene, proto);
}

void exchange_dns(struct stage *stage, const struct line *head)
{
	struct question q;
	struct scene scene;
	struct rich text = {0};
	unsigned first;

	scene_open(stage, &scene, head, DNS_PORT, &first);
	unsigned id = (unsigned)rng_below(&stage->rng, 65536);

	read_question(stage, head, first, &q);
	add_message(stage, &text.text, &q, id, false);
	scene_say(stage, &scene, SIDE_CLIENT, &text, "plain", "udp", 0);
	text.text.len = 0;
	add_message(stage, &text.text, &q, id, true);
	if (!q.lost)
		scene_say(stage, &scene, SIDE_SERVER, &text, "plain", "udp", reply_ns);
	rich_fini(&text);
	end_raw(stage, &scene, "udp");
}

void exchange_tls(struct stage *stage, const struct line *head)
{
	struct scene scene;
	unsigned first;

	scene_open(stage, &scene, head, 443, &first);
	const char *sni = scene.host[SIDE_SERVER]->fqdn, *alpn = "http/1.1";
	unsigned i;

	for (i = first; i + 1 < head->word_cnt; i += 2) {
		if (strcmp(head->word[i], "sni") == 0)
			sni = strcmp(head->word[i + 1], "none") ? head->word[i + 1] : "";
		else if (strcmp(head->word[i], "alpn") == 0)
			alpn = strcmp(head->word[i + 1], "none") ? head->word[i + 1] : "";
		else
			break;
	}
	tls_handshake(stage, &scene, sni, alpn);
	for (; i + 1 < head->word_cnt && strcmp(head->word[i], "with") != 0; i += 2) {
		bool send = strcmp(head->word[i], "send") == 0;

		if (!send && strcmp(head->word[i], "recv") != 0)
			stage_fail(stage, "unknown word \"%s\"", head->word[i]);
		tls_records(stage, &scene, send ? SIDE_CLIENT : SIDE_SERVER,
			stage_number(stage, head->word[i + 1]), reply_ns);
	}
	scene.talk.stress.tls = false; /* it is already */
	scene_tcp(stage, &scene);
}

void exchange_syn(struct stage *stage, const struct line *head)
{
	struct scene scene;
	unsigned first;

	scene_open(stage, &scene, head, 443, &first);
	scene.talk.unanswered = true;
	scene.talk.refused = first < head->word_cnt && strcmp(head->word[first], "refused") == 0;
	scene.talk.stress.tls = false;
	scene_tcp(stage, &scene);
}
