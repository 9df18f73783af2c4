/* http.c - HTTP/1.1 messages (RFC 9112) out of the lines of a scenario. */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filler.h"
#include "gzip.h"

enum {
	MESSAGES_MAX = 512,
	CHUNK = 1000,
};

struct message {
	unsigned side;
	struct rich start; /* the request line or status line */
	const char *type;
	struct rich headers, body;
	bool has_body, form, json;
	bool host, agent, accept, content_type; /* given by a header line */
	bool gzip, length_unknown;
	unsigned chunk; /* 0: Content-Length */
	int64_t delay_ns;
};

/* Where the lines of a block write to. */
struct builder {
	struct stage *stage;
	struct scene scene;
	struct message *messages;
	size_t cnt;
	bool pipelined;
	int64_t wait_ns;
};

struct verb {
	const char *word;
	unsigned words; /* at least, itself included */
	void (*read)(struct builder *b, const struct line *line);
};

static struct message *current(struct builder *b)
{
	if (b->cnt == 0)
		stage_fail(b->stage, "a request comes first: get TARGET or post TARGET");
	return &b->messages[b->cnt - 1];
}

static struct message *add_message(struct builder *b, unsigned side)
{
	if (b->cnt == MESSAGES_MAX)
		stage_fail(b->stage, "more than %d messages in one connection", MESSAGES_MAX);
	struct message *m = &b->messages[b->cnt++];

	m->side = side;
	m->delay_ns = 1000000 + b->wait_ns + (int64_t)rng_below(&b->stage->rng, 4000000);
	if (side == SIDE_SERVER)
		m->delay_ns += 4000000 + (int64_t)rng_below(&b->stage->rng, 30000000);
	b->wait_ns = 0;
	return m;
}

static const char *phrase_of(const char *status)
{
	static const char *const rows[][2] = {{"200", "OK"}, {"204", "No Content"},
		{"302", "Found"}, {"304", "Not Modified"}, {"404", "Not Found"},
		{"500", "Internal Server Error"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i][0], status) == 0)
			return rows[i][1];
	return "Status";
}

static void add_reply(struct builder *b, const char *status, const char *type)
{
	struct message *m = add_message(b, SIDE_SERVER);

	buf_fmt(&m->start.text, "HTTP/1.1 %s %s", status, phrase_of(status));
	m->type = type;
	m->has_body = strcmp(status, "204") != 0 && strcmp(status, "304") != 0;
}

/* A request that nobody answered in the scenario gets a short answer. */
static void complete(struct builder *b)
{
	if (b->cnt == 0 || b->pipelined || current(b)->side == SIDE_SERVER)
		return;
	add_reply(b, "200", "text/plain");
	rich_text(&current(b)->body, "ok\n");
}

static void read_request(struct builder *b, const struct line *line)
{
	complete(b);
	struct message *m = add_message(b, SIDE_CLIENT);
	char method[16];

	snprintf(method, sizeof(method), "%s", line->word[0]);
	for (char *p = method; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
	buf_fmt(&m->start.text, "%s ", method);
	stage_expand(b->stage, &m->start, line->word[1]);
	rich_text(&m->start, " HTTP/1.1");
	m->has_body = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
}

static void read_reply(struct builder *b, const struct line *line)
{
	current(b);
	add_reply(b, line->word[1], line->word_cnt > 2 ? line->word[2] : "text/html");
}

static void read_header(struct builder *b, const struct line *line)
{
	struct message *m = current(b);
	const char *text = line->rest[1];

	m->host |= strncasecmp(text, "host:", 5) == 0;
	m->agent |= strncasecmp(text, "user-agent:", 11) == 0;
	m->accept |= strncasecmp(text, "accept:", 7) == 0;
	m->content_type |= strncasecmp(text, "content-type:", 13) == 0;
	stage_expand(b->stage, &m->headers, text);
	rich_text(&m->headers, "\r\n");
}

static void read_body(struct builder *b, const struct line *line)
{
	struct message *m = current(b);

	m->has_body = true;
	stage_expand(b->stage, &m->body, line->rest[1]);
}

/* KEY=VALUE words; VALUE may be base64(...) around a template. */
static void add_pairs(struct builder *b, const struct line *line, enum coding coding)
{
	struct message *m = current(b);

	for (unsigned i = 1; i < line->word_cnt; i++) {
		struct rich raw = {0}, value = {0};
		char *eq = strchr(line->word[i], '=');
		size_t len = strlen(line->word[i]);
		bool first = m->body.text.len == 0;

		if (!eq)
			stage_fail(b->stage, "\"%s\" is no KEY=VALUE", line->word[i]);
		char *start = eq + 1;
		bool base64 = strncmp(start, "base64(", 7) == 0 && line->word[i][len - 1] == ')';

		if (base64) {
			line->word[i][len - 1] = '\0';
			start += 7;
		}
		stage_expand(b->stage, &raw, start);
		rich_add(&value, &raw, base64 ? CODING_BASE64 : CODING_NONE);
		rich_text(&m->body, coding == CODING_URL ? (first ? "" : "&") : first ? "{" : ",");
		rich_text(&m->body, coding == CODING_JSON ? "\"" : "");
		buf_add(&m->body.text, line->word[i], (size_t)(eq - line->word[i]));
		rich_text(&m->body, coding == CODING_JSON ? "\":\"" : "=");
		rich_add(&m->body, &value, coding);
		rich_text(&m->body, coding == CODING_JSON ? "\"" : "");
		rich_fini(&raw);
		rich_fini(&value);
	}
	m->has_body = true;
}

static void read_form(struct builder *b, const struct line *line)
{
	current(b)->form = true;
	add_pairs(b, line, CODING_URL);
}

static void read_json(struct builder *b, const struct line *line)
{
	current(b)->json = true;
	add_pairs(b, line, CODING_JSON);
}

static void read_page(struct builder *b, const struct line *line)
{
	struct message *m = current(b);
	enum filler kind = filler_of(line->word[1]);

	if (kind == FILLER_NONE)
		stage_fail(b->stage, "write: page html|js|json|random BYTES");
	filler_add(&m->body.text, &b->stage->rng, kind, stage_number(b->stage, line->word[2]));
	m->type = filler_type(kind);
	m->has_body = true;
}

static void read_gzip(struct builder *b, const struct line *line)
{
	(void)line;
	current(b)->gzip = true;
}

static void read_chunked(struct builder *b, const struct line *line)
{
	unsigned size = line->word_cnt > 1 ? stage_number(b->stage, line->word[1]) : CHUNK;

	current(b)->chunk = size ? size : CHUNK;
}

static void read_until_close(struct builder *b, const struct line *line)
{
	(void)line;
	current(b)->length_unknown = true;
}

static void read_wait(struct builder *b, const struct line *line)
{
	b->wait_ns += stage_duration(b->stage, line->word[1]);
}

static void read_pipelined(struct builder *b, const struct line *line)
{
	(void)line;
	b->pipelined = true;
}

static const struct verb verbs[] = {
	{"get", 2, read_request},
	{"post", 2, read_request},
	{"put", 2, read_request},
	{"head", 2, read_request},
	{"options", 2, read_request},
	{"reply", 2, read_reply},
	{"header", 2, read_header},
	{"body", 2, read_body},
	{"form", 2, read_form},
	{"json", 2, read_json},
	{"page", 3, read_page},
	{"gzip", 1, read_gzip},
	{"chunked", 1, read_chunked},
	{"until-close", 1, read_until_close},
	{"wait", 2, read_wait},
	{"pipelined", 1, read_pipelined},
};

static void read_line(struct builder *b, const struct line *line)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].word, line->word[0]) != 0)
			continue;
		if (line->word_cnt < verbs[i].words)
			stage_fail(b->stage, "\"%s\" wants %u words behind it", verbs[i].word,
				verbs[i].words - 1);
		verbs[i].read(b, line);
		return;
	}
	stage_fail(b->stage, "unknown word \"%s\" in an http block", line->word[0]);
}

/* The marks of a compressed body cover all of it. */
static void compress_body(struct rich *body)
{
	struct buf out = {0};

	gzip_add(&out, body->text.data, body->text.len, 6);
	buf_free(&body->text);
	body->text = out;
	for (size_t i = 0; i < body->mark_cnt; i++) {
		body->marks[i].from = 0;
		body->marks[i].to = out.len;
	}
}

/* RFC 9112 section 7.1. */
static void chunk_body(struct rich *body, size_t size)
{
	struct rich out = {.marks = body->marks,
		.mark_cnt = body->mark_cnt,
		.exp = body->exp,
		.cvv = body->cvv,
		.name = body->name,
		.mail = body->mail};
	struct mark *old = must_alloc(body->mark_cnt, sizeof(*old));

	for (size_t i = 0; i < body->mark_cnt; i++)
		old[i] = body->marks[i];
	for (size_t from = 0; from < body->text.len; from += size) {
		size_t n = body->text.len - from < size ? body->text.len - from : size;

		buf_fmt(&out.text, "%zx\r\n", n);
		for (size_t i = 0; i < out.mark_cnt; i++) {
			if (old[i].from >= from && old[i].from < from + n)
				out.marks[i].from = out.text.len + old[i].from - from;
			if (old[i].to > from && old[i].to <= from + n)
				out.marks[i].to = out.text.len + old[i].to - from;
		}
		buf_add(&out.text, body->text.data + from, n);
		buf_text(&out.text, "\r\n");
	}
	buf_text(&out.text, "0\r\n\r\n");
	buf_free(&body->text);
	free(old);
	*body = out;
}

static const char *content_type(const struct message *m)
{
	if (m->type)
		return m->type;
	if (m->form)
		return "application/x-www-form-urlencoded";
	return m->json ? "application/json" : "text/plain";
}

static void add_headers(struct builder *b, struct message *m, struct rich *out)
{
	bool client = m->side == SIDE_CLIENT;

	rich_add(out, &m->start, CODING_NONE);
	rich_text(out, "\r\n");
	if (client && !m->host)
		buf_fmt(&out->text, "Host: %s\r\n", b->scene.host[SIDE_SERVER]->fqdn);
	if (client && !m->agent)
		rich_text(out, "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)\r\n");
	if (client && !m->accept)
		rich_text(out, "Accept: */*\r\n");
	if (!client)
		rich_text(out, "Server: nginx\r\n");
	rich_add(out, &m->headers, CODING_NONE);
	if (!m->has_body)
		return;
	if (!m->content_type)
		buf_fmt(&out->text, "Content-Type: %s\r\n", content_type(m));
	if (m->gzip)
		rich_text(out, "Content-Encoding: gzip\r\n");
	if (m->chunk)
		rich_text(out, "Transfer-Encoding: chunked\r\n");
	else if (m->length_unknown)
		rich_text(out, "Connection: close\r\n");
	else
		buf_fmt(&out->text, "Content-Length: %zu\r\n", m->body.text.len);
}

static void say(struct builder *b, struct message *m)
{
	struct rich out = {0};

	if (m->json)
		rich_text(&m->body, "}");
	if (m->gzip)
		compress_body(&m->body);
	add_headers(b, m, &out);
	rich_text(&out, "\r\n");
	if (m->chunk && m->has_body)
		chunk_body(&m->body, m->chunk);
	if (m->has_body)
		rich_add(&out, &m->body, CODING_NONE);
	scene_say(
		b->stage, &b->scene, m->side, &out, m->gzip ? "gzip" : "plain", "tcp", m->delay_ns);
	rich_fini(&out);
}

static void fini(struct builder *b)
{
	for (size_t i = 0; i < b->cnt; i++) {
		rich_fini(&b->messages[i].start);
		rich_fini(&b->messages[i].headers);
		rich_fini(&b->messages[i].body);
	}
	free(b->messages);
}

void exchange_http(
	struct stage *stage, const struct line *head, const struct line *block, size_t cnt)
{
	struct builder b = {.stage = stage};
	unsigned first;

	scene_open(stage, &b.scene, head, 80, &first);
	b.messages = must_alloc(MESSAGES_MAX, sizeof(*b.messages));
	for (size_t i = 0; i < cnt; i++) {
		stage->at = &block[i];
		read_line(&b, &block[i]);
	}
	complete(&b);
	for (unsigned side = 0; side < 2 && b.pipelined; side++)
		for (size_t i = 0; i < b.cnt; i++)
			if (b.messages[i].side == side)
				say(&b, &b.messages[i]);
	for (size_t i = 0; i < b.cnt && !b.pipelined; i++)
		say(&b, &b.messages[i]);
	scene_tcp(stage, &b.scene);
	fini(&b);
}
