/* stage.c - where a scenario plays. */
#include "stage.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls.h"

static const int64_t second_ns = 1000000000;

struct stress_word {
	const char *word;
	unsigned numbers; /* that follow */
	void (*set)(struct stress *s, const unsigned *n);
};

static void set_mss(struct stress *s, const unsigned *n)
{
	s->mss = n[0];
}

static void set_segments(struct stress *s, const unsigned *n)
{
	s->segment_bytes = n[0];
}

static void set_cut(struct stress *s, const unsigned *n)
{
	s->cut = n[0];
}

static void set_reversed(struct stress *s, const unsigned *n)
{
	(void)n;
	s->order = ORDER_REVERSED;
}

static void set_shuffle(struct stress *s, const unsigned *n)
{
	(void)n;
	s->order = ORDER_SHUFFLED;
}

static void set_duplicate(struct stress *s, const unsigned *n)
{
	(void)n;
	s->duplicate = true;
}

static void set_conflict(struct stress *s, const unsigned *n)
{
	(void)n;
	s->conflict = CONFLICT_AFTER;
}

static void set_conflict_first(struct stress *s, const unsigned *n)
{
	(void)n;
	s->conflict = CONFLICT_BEFORE;
}

static void set_decoy(struct stress *s, const unsigned *n)
{
	(void)n;
	s->conflict = CONFLICT_BAD_SUM;
}

static void set_badsum(struct stress *s, const unsigned *n)
{
	(void)n;
	s->conflict = CONFLICT_BAD_ALL;
}

static void set_overlap(struct stress *s, const unsigned *n)
{
	s->overlap = n[0];
}

static void set_drop_client(struct stress *s, const unsigned *n)
{
	(void)n;
	s->drop_side = 1 + SIDE_CLIENT;
}

static void set_drop_server(struct stress *s, const unsigned *n)
{
	(void)n;
	s->drop_side = 1 + SIDE_SERVER;
}

static void set_skip(struct stress *s, const unsigned *n)
{
	s->skip = n[0];
}

static void set_gap(struct stress *s, const unsigned *n)
{
	s->gap_off = n[0];
	s->gap_len = n[1];
}

static void set_wrap(struct stress *s, const unsigned *n)
{
	(void)n;
	s->wrap = true;
}

static void set_midstream(struct stress *s, const unsigned *n)
{
	(void)n;
	s->midstream = true;
}

static void set_reuse(struct stress *s, const unsigned *n)
{
	(void)n;
	s->reuse = true;
}

static void set_rst(struct stress *s, const unsigned *n)
{
	(void)n;
	s->closing = CLOSE_RST;
}

static void set_unclosed(struct stress *s, const unsigned *n)
{
	(void)n;
	s->closing = CLOSE_NEVER;
}

static void set_odd_rst(struct stress *s, const unsigned *n)
{
	(void)n;
	s->odd_rst = true;
}

static void set_odd_fin(struct stress *s, const unsigned *n)
{
	(void)n;
	s->odd_fin = true;
}

static void set_urgent(struct stress *s, const unsigned *n)
{
	(void)n;
	s->urgent = true;
}

static void set_fragments(struct stress *s, const unsigned *n)
{
	s->path.fragment_bytes = n[0];
}

static void set_fragments_reversed(struct stress *s, const unsigned *n)
{
	s->path.fragment_bytes = n[0];
	s->path.fragment_order = ORDER_REVERSED;
}

static void set_fragments_shuffled(struct stress *s, const unsigned *n)
{
	s->path.fragment_bytes = n[0];
	s->path.fragment_order = ORDER_SHUFFLED;
}

static void set_vlan(struct stress *s, const unsigned *n)
{
	s->path.vlan[0] = n[0];
	s->path.vlan[1] = 0;
}

static void set_qinq(struct stress *s, const unsigned *n)
{
	s->path.vlan[0] = n[0];
	s->path.vlan[1] = n[1];
}

static void set_vxlan(struct stress *s, const unsigned *n)
{
	s->path.vni = n[0];
}

static void set_six(struct stress *s, const unsigned *n)
{
	(void)n;
	s->six = true;
}

static void set_tls(struct stress *s, const unsigned *n)
{
	(void)n;
	s->tls = true;
}

static void set_flood(struct stress *s, const unsigned *n)
{
	s->flood = n[0];
}

static void set_one_byte(struct stress *s, const unsigned *n)
{
	(void)n;
	s->segment_bytes = 1;
}

static void set_none(struct stress *s, const unsigned *n)
{
	(void)n;
	*s = (struct stress){0};
}

static const struct stress_word stress_words[] = {
	{"none", 0, set_none},
	{"mss", 1, set_mss},
	{"segments", 1, set_segments},
	{"one-byte", 0, set_one_byte},
	{"cut", 1, set_cut},
	{"reversed", 0, set_reversed},
	{"shuffle", 0, set_shuffle},
	{"duplicate", 0, set_duplicate},
	{"conflict", 0, set_conflict},
	{"conflict-first", 0, set_conflict_first},
	{"decoy", 0, set_decoy},
	{"bad-checksum", 0, set_badsum},
	{"overlap", 1, set_overlap},
	{"drop-client", 0, set_drop_client},
	{"drop-server", 0, set_drop_server},
	{"skip", 1, set_skip},
	{"gap", 2, set_gap},
	{"wrap", 0, set_wrap},
	{"midstream", 0, set_midstream},
	{"reuse", 0, set_reuse},
	{"rst", 0, set_rst},
	{"unclosed", 0, set_unclosed},
	{"odd-rst", 0, set_odd_rst},
	{"odd-fin", 0, set_odd_fin},
	{"urgent", 0, set_urgent},
	{"fragments", 1, set_fragments},
	{"fragments-reversed", 1, set_fragments_reversed},
	{"fragments-shuffled", 1, set_fragments_shuffled},
	{"vlan", 1, set_vlan},
	{"qinq", 2, set_qinq},
	{"vxlan", 1, set_vxlan},
	{"ipv6", 0, set_six},
	{"tls", 0, set_tls},
	{"flood", 1, set_flood},
};

static const struct stress_word *stress_word(const char *word)
{
	for (size_t i = 0; i < sizeof(stress_words) / sizeof(stress_words[0]); i++)
		if (strcmp(stress_words[i].word, word) == 0)
			return &stress_words[i];
	return NULL;
}

static struct end make_end(struct stage *stage, const struct host *host, bool six, unsigned port)
{
	struct end end = {.addr = stage_draw(stage, host), .port = (uint16_t)port};
	struct addr four = end.addr;

	end.mac[0] = 2;
	memcpy(end.mac + 2, four.ip, 4);
	if (host->has_mac)
		memcpy(end.mac, host->mac, 6);
	if (!six && four.version != 0)
		return end;
	end.addr = host->six;
	if (end.addr.version == 0) {
		end.addr = (struct addr){6, {0x20, 0x01, 0x0d, 0xb8}};
		memcpy(end.addr.ip + 12, four.ip, 4);
	}
	return end;
}

/* "NAME" or "NAME:PORT". */
static const struct host *host_and_port(const struct stage *stage, const char *word, unsigned *port)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", word);
	char *colon = strchr(name, ':');

	if (colon) {
		*colon = '\0';
		*port = stage_number(stage, colon + 1);
	}
	return stage_host(stage, name);
}

/* What of the person's data stands in the message, for the truth. */
static void list_traits(const struct rich *text, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s", text->exp ? "exp," : "", text->cvv ? "cvv," : "",
		text->name ? "name," : "", text->mail ? "mail," : "");
	if (out[0])
		out[strlen(out) - 1] = '\0';
}

void stage_fail(const struct stage *stage, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!stage->at)
		die("%s", text);
	die("%s:%u: %s", stage->at->file, stage->at->number, text);
}

bool line_split(struct line *line, const char *text)
{
	const char *p = text;
	char *w;

	line->text = must_alloc(strlen(text) + 1, 1);
	line->store = w = must_alloc(strlen(text) + 2, 1);
	memcpy(line->text, text, strlen(text));
	line->word_cnt = 0;
	for (;;) {
		bool quoted = false;

		while (isspace((unsigned char)*p))
			p++;
		if (!*p || (*p == '#' && line->word_cnt == 0))
			return true;
		if (line->word_cnt == WORDS_MAX)
			return false;
		line->rest[line->word_cnt] = line->text + (p - text);
		line->word[line->word_cnt++] = w;
		for (; *p && (quoted || !isspace((unsigned char)*p)); p++) {
			if (*p == '"')
				quoted = !quoted;
			else
				*w++ = *p;
		}
		*w++ = '\0';
		/* Templates may hold a lone quote; only words that need joining must close. */
		if (quoted)
			return true;
	}
}

void line_fini(struct line *line)
{
	free(line->text);
	free(line->store);
	*line = (struct line){0};
}

int64_t stage_duration(const struct stage *stage, const char *word)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	char *end;
	double value = strtod(word, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && end != word; i++)
		if (strcmp(end, units[i].unit) == 0 && value >= 0 && value < 1e6)
			return (int64_t)(value * units[i].ns + 0.5);
	stage_fail(stage, "\"%s\" is no duration; write 1.5s, 20ms, 3m or 1h", word);
}

unsigned stage_number(const struct stage *stage, const char *word)
{
	char *end;
	unsigned long value = strtoul(word, &end, 10);

	if (!isdigit((unsigned char)word[0]) || *end || value > 1u << 30)
		stage_fail(stage, "\"%s\" is no number", word);
	return (unsigned)value;
}

int64_t stage_date(const struct stage *stage, const char *word)
{
	struct tm tm = {0};
	const char *end = strptime(word, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end)
		stage_fail(stage, "\"%s\" is no time; write 2026-11-20T10:00:00Z", word);
	return (int64_t)timegm(&tm) * second_ns;
}

struct host *stage_host_add(struct stage *stage, const char *name)
{
	stage->hosts =
		must_grow(stage->hosts, stage->host_cnt, &stage->host_cap, sizeof(*stage->hosts));
	struct host *host = &stage->hosts[stage->host_cnt++];

	*host = (struct host){.prefix = 32};
	snprintf(host->name, sizeof(host->name), "%s", name);
	snprintf(host->fqdn, sizeof(host->fqdn), "%s.example", name);
	return host;
}

const struct host *stage_host(const struct stage *stage, const char *name)
{
	for (size_t i = stage->host_cnt; i > 0; i--)
		if (strcmp(stage->hosts[i - 1].name, name) == 0)
			return &stage->hosts[i - 1];
	stage_fail(stage, "there is no host \"%s\"; write: host %s ADDRESS", name, name);
}

struct addr stage_draw(struct stage *stage, const struct host *host)
{
	struct addr addr = host->four;

	if (host->prefix >= 32)
		return addr;
	uint64_t n = 1 + rng_below(&stage->rng, (1u << (32 - host->prefix)) - 2);

	for (int i = 3; i >= 0; i--, n >>= 8)
		addr.ip[i] = (uint8_t)(addr.ip[i] | (n & 0xff));
	return addr;
}

void stage_stress(
	const struct stage *stage, const struct line *line, unsigned first, struct stress *stress)
{
	for (unsigned i = first; i < line->word_cnt; i++) {
		const struct stress_word *row = stress_word(line->word[i]);
		unsigned numbers[2] = {0};

		if (!row)
			stage_fail(stage, "unknown stress \"%s\"", line->word[i]);
		if (i + row->numbers >= line->word_cnt)
			stage_fail(stage, "\"%s\" wants %u numbers behind it", row->word,
				row->numbers);
		for (unsigned k = 0; k < row->numbers; k++)
			numbers[k] = stage_number(stage, line->word[++i]);
		row->set(stress, numbers);
	}
}

void scene_open(struct stage *stage, struct scene *scene, const struct line *line, unsigned port,
	unsigned *first)
{
	unsigned ports[2] = {32768 + stage->next_port++ % 28232, port};
	unsigned i;

	*scene = (struct scene){.first_plant = stage->truth.cnt};
	if (line->word_cnt < 3)
		stage_fail(stage, "write: %s CLIENT SERVER ...", line->word[0]);
	scene->talk.stress = stage->stress;
	for (i = 3; i < line->word_cnt; i++)
		if (strcmp(line->word[i], "with") == 0)
			break;
	if (i < line->word_cnt)
		stage_stress(stage, line, i + 1, &scene->talk.stress);
	if (scene->talk.stress.tls && port == 80)
		ports[1] = 443;
	for (unsigned side = 0; side < 2; side++) {
		scene->host[side] = host_and_port(stage, line->word[1 + side], &ports[side]);
		scene->talk.end[side] =
			make_end(stage, scene->host[side], scene->talk.stress.six, ports[side]);
	}
	scene->talk.rtt_ns = stage->rtt_ns + (int64_t)rng_below(&stage->rng, 2000000);
	*first = 3;
	if (i >= 5 && strcmp(line->word[3], "as") == 0) {
		snprintf(scene->label, sizeof(scene->label), "%s", line->word[4]);
		*first = 5;
	}
	stage->cast.fresh.name[0] = '\0';
	stage->cast.now_ns = stage->now_ns;
}

void stage_expand(struct stage *stage, struct rich *out, const char *template)
{
	if (!rich_expand(out, &stage->cast, template))
		stage_fail(stage, "%s", stage->cast.problem);
}

void scene_say(struct stage *stage, struct scene *scene, unsigned side, const struct rich *text,
	const char *form, const char *proto, int64_t delay_ns)
{
	size_t base = talk_say(&scene->talk, side, text->text.data, text->text.len, delay_ns);

	for (size_t i = 0; i < text->mark_cnt; i++) {
		struct plant *p = truth_add(&stage->truth);

		snprintf(p->kind, sizeof(p->kind), "card");
		snprintf(p->label, sizeof(p->label), "%s", scene->label);
		snprintf(p->proto, sizeof(p->proto), "%s", proto);
		snprintf(p->form, sizeof(p->form), "%s", form);
		list_traits(text, p->has, sizeof(p->has));
		memcpy(p->end, scene->talk.end, sizeof(p->end));
		p->side = side;
		p->from = base + text->marks[i].from;
		p->to = base + text->marks[i].to;
		p->person = text->marks[i].person;
		p->test = text->marks[i].test;
	}
}

void scene_name(struct stage *stage, struct scene *scene, const char *proto)
{
	if (!scene->label[0])
		return;
	struct plant *p = truth_add(&stage->truth);

	snprintf(p->kind, sizeof(p->kind), "exchange");
	snprintf(p->label, sizeof(p->label), "%s", scene->label);
	snprintf(p->proto, sizeof(p->proto), "%s", proto);
	memcpy(p->end, scene->talk.end, sizeof(p->end));
	p->to = 1;
}

void scene_tcp(struct stage *stage, struct scene *scene)
{
	scene_name(stage, scene, "tcp");
	if (scene->talk.stress.tls)
		tls_wrap(stage, scene);
	scene_close(stage, scene,
		talk_tcp(&scene->talk, &stage->cap, &stage->rng, &stage->truth, scene->first_plant,
			stage->now_ns));
}

void scene_close(struct stage *stage, struct scene *scene, int64_t end_ns)
{
	stage->last_end_ns = end_ns;
	talk_fini(&scene->talk);
}
