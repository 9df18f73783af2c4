/* script.c - the lines of a scenario: files, variables, blocks and the clock. */
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"

enum {
	DEPTH_MAX = 32,
	INCLUDES_MAX = 16,
	STEPS_MAX = 2000000,
	ROUNDS_MAX = 1000000,
	PARAMS_MAX = 16,
};

struct raw {
	const char *file;
	unsigned number;
	char *text;
	size_t match; /* of an opening line: its end; of an end: its opening */
};

struct macro {
	char *name;
	size_t line; /* of the define */
};

enum level_kind {
	LEVEL_REPEAT = 0,
	LEVEL_MEANWHILE = 1,
	LEVEL_CALL = 2,
	LEVEL_IF = 3,
	LEVEL_INCLUDE = 4,
};

struct level {
	enum level_kind kind;
	size_t back; /* repeat: first line of the block; call: the line to go on with */
	unsigned round, rounds, outer_round;
	int64_t base_ns, every_ns, jitter_ns;
	size_t setting_cnt; /* call: settings to keep */
};

struct script {
	struct stage *stage;
	struct raw *lines;
	size_t line_cnt, line_cap;
	struct setting *settings; /* the last of a name counts */
	size_t setting_cnt, setting_cap;
	struct macro *macros;
	size_t macro_cnt, macro_cap;
	struct level levels[DEPTH_MAX];
	unsigned depth;
	char **files; /* names, for messages */
	size_t file_cnt, file_cap;
	size_t pc; /* the next line */
};

struct command {
	const char *word;
	unsigned words; /* at least, itself included */
	void (*play)(struct script *s, const struct line *line);
};

static char *copy(const char *text, size_t len)
{
	char *out = must_alloc(len + 1, 1);

	memcpy(out, text, len);
	return out;
}

static const char *get(const struct script *s, const char *name, size_t len)
{
	for (size_t i = s->setting_cnt; i > 0; i--) {
		const struct setting *v = &s->settings[i - 1];

		if (strlen(v->name) == len && memcmp(v->name, name, len) == 0)
			return v->value;
	}
	return NULL;
}

static void set(struct script *s, const char *name, const char *value)
{
	s->settings = must_grow(s->settings, s->setting_cnt, &s->setting_cap, sizeof(*s->settings));
	s->settings[s->setting_cnt++] =
		(struct setting){copy(name, strlen(name)), copy(value, strlen(value))};
}

static void forget(struct script *s, size_t keep)
{
	for (; s->setting_cnt > keep; s->setting_cnt--) {
		free(s->settings[s->setting_cnt - 1].name);
		free(s->settings[s->setting_cnt - 1].value);
	}
}

/* Fills in $name and ${name}; "$$" is a dollar. */
static void fill_in(struct script *s, const char *text, struct buf *out)
{
	for (const char *p = text; *p;) {
		const char *name = p + 1 + (p[0] == '$' && p[1] == '{');
		size_t len = 0;

		while (p[0] == '$' && (isalnum((unsigned char)name[len]) || name[len] == '_'))
			len++;
		if (len == 0) {
			buf_u8(out, (uint8_t)*p);
			p += p[0] == '$' && p[1] == '$' ? 2 : 1;
			continue;
		}
		const char *value = get(s, name, len);

		if (!value)
			stage_fail(s->stage, "$%.*s is not set; write: set %.*s VALUE", (int)len,
				name, (int)len, name);
		buf_text(out, value);
		p = name + len + (p[1] == '{' && name[len] == '}');
	}
	buf_u8(out, 0);
}

static void make_line(struct script *s, size_t index, struct line *line)
{
	struct buf text = {0};
	const struct raw *raw = &s->lines[index];

	*line = (struct line){.file = raw->file, .number = raw->number};
	s->stage->at = line;
	fill_in(s, raw->text, &text);
	if (!line_split(line, (const char *)text.data))
		stage_fail(s->stage, "more than %d words", WORDS_MAX);
	buf_free(&text);
}

static const char *first_word(const char *text, size_t *len)
{
	text += strspn(text, " \t");
	*len = strcspn(text, " \t");
	return text;
}

static bool is_word(const char *text, const char *word)
{
	size_t len;
	const char *first = first_word(text, &len);

	return strlen(word) == len && memcmp(first, word, len) == 0;
}

static bool opens(const char *text)
{
	static const char *const openers[] = {
		"define", "repeat", "meanwhile", "if", "http", "tcp", "udp", "icmp"};

	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++)
		if (is_word(text, openers[i]))
			return true;
	return false;
}

/* Finds the end of every block of the lines from first on. */
static void match_blocks(struct script *s, size_t first)
{
	size_t open[DEPTH_MAX];
	unsigned depth = 0;
	struct line at = {0};

	s->stage->at = &at;
	for (size_t i = first; i < s->line_cnt; i++) {
		struct raw *raw = &s->lines[i];

		at.file = raw->file;
		at.number = raw->number;
		if (opens(raw->text)) {
			if (depth == DEPTH_MAX)
				stage_fail(s->stage, "blocks nested deeper than %d", DEPTH_MAX);
			open[depth++] = i;
		} else if (is_word(raw->text, "end")) {
			if (depth == 0)
				stage_fail(s->stage, "\"end\" without a block");
			raw->match = open[--depth];
			s->lines[raw->match].match = i;
		}
	}
	if (depth > 0) {
		at.number = s->lines[open[depth - 1]].number;
		stage_fail(s->stage, "this block has no \"end\"");
	}
}

static void load(struct script *s, const char *file)
{
	FILE *in = fopen(file, "r");
	char *text = NULL;
	size_t size = 0, first = s->line_cnt;
	ssize_t len;
	unsigned number = 0;

	if (!in)
		stage_fail(s->stage, "cannot read %s", file);
	if (s->file_cnt == INCLUDES_MAX)
		stage_fail(s->stage, "more than %d files", INCLUDES_MAX);
	s->files = must_grow(s->files, s->file_cnt, &s->file_cap, sizeof(*s->files));
	const char *name = s->files[s->file_cnt++] = copy(file, strlen(file));

	while ((len = getline(&text, &size, in)) != -1) {
		while (len > 0 && isspace((unsigned char)text[len - 1]))
			text[--len] = '\0';
		s->lines = must_grow(s->lines, s->line_cnt, &s->line_cap, sizeof(*s->lines));
		s->lines[s->line_cnt++] = (struct raw){name, ++number, copy(text, strlen(text)), 0};
	}
	free(text);
	fclose(in);
	match_blocks(s, first);
}

static struct level *push(struct script *s, enum level_kind kind)
{
	if (s->depth == DEPTH_MAX)
		stage_fail(s->stage, "blocks and calls nested deeper than %d", DEPTH_MAX);
	struct level *level = &s->levels[s->depth++];

	*level = (struct level){.kind = kind,
		.base_ns = s->stage->now_ns,
		.outer_round = s->stage->cast.round,
		.back = s->pc};
	return level;
}

static int64_t jitter(struct script *s, int64_t range_ns)
{
	return (int64_t)rng_below(&s->stage->rng, (uint64_t)range_ns + 1) / 1000 * 1000;
}

static void play_start(struct script *s, const struct line *line)
{
	s->stage->start_ns = s->stage->now_ns = stage_date(s->stage, line->word[1]);
}

/* "at 10:03:12.5" on the day of start, or "at +30s" after start. */
static void play_at(struct script *s, const struct line *line)
{
	struct stage *stage = s->stage;
	const char *word = line->word[1];
	unsigned hour, minute;
	char digits[16], seconds[18];

	if (word[0] == '+') {
		stage->now_ns = stage->start_ns + stage_duration(stage, word + 1);
		return;
	}
	if (sscanf(word, "%2u:%2u:%15[0-9.]", &hour, &minute, digits) != 3 || hour > 23 ||
		minute > 59)
		stage_fail(stage, "\"%s\" is no time of day; write 10:03:12.5 or +30s", word);
	int64_t day = stage->start_ns - stage->start_ns % (86400 * (int64_t)1000000000);

	snprintf(seconds, sizeof(seconds), "%ss", digits);
	stage->now_ns = day + ((int64_t)hour * 3600 + minute * 60) * 1000000000 +
			stage_duration(stage, seconds);
}

static void play_wait(struct script *s, const struct line *line)
{
	s->stage->now_ns += stage_duration(s->stage, line->word[1]);
	if (line->word_cnt > 3 && strcmp(line->word[2], "jitter") == 0)
		s->stage->now_ns += jitter(s, stage_duration(s->stage, line->word[3]));
}

static void play_after(struct script *s, const struct line *line)
{
	(void)line;
	s->stage->now_ns = s->stage->last_end_ns;
}

static void play_link(struct script *s, const struct line *line)
{
	static const char *const names[] = {"ethernet", "sll", "raw", "null"};

	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(line->word[1], names[i]) != 0)
			continue;
		s->stage->cap.link = (enum link)i;
		return;
	}
	stage_fail(
		s->stage, "unknown link \"%s\"; known are ethernet, sll, raw, null", line->word[1]);
}

static void read_mac(struct script *s, const char *word, struct host *host)
{
	unsigned m[6];

	if (sscanf(word, "%2x:%2x:%2x:%2x:%2x:%2x", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6)
		stage_fail(s->stage, "\"%s\" is no MAC address", word);
	for (int i = 0; i < 6; i++)
		host->mac[i] = (uint8_t)m[i];
	host->has_mac = true;
}

static void read_address(struct script *s, const char *word, struct host *host)
{
	char text[64];
	struct addr addr;

	snprintf(text, sizeof(text), "%s", word);
	char *slash = strchr(text, '/');

	if (slash)
		*slash++ = '\0';
	if (!addr_parse(text, &addr))
		stage_fail(s->stage, "\"%s\" is no address", word);
	if (addr.version == 6)
		host->six = addr;
	else
		host->four = addr;
	if (slash)
		host->prefix = stage_number(s->stage, slash);
	if (host->prefix < 8 || (host->prefix > 30 && host->prefix != 32) ||
		(slash && addr.version == 6))
		stage_fail(s->stage, "a pool of hosts is an IPv4 prefix of /8 to /30");
}

/* host NAME ADDRESS... | host NAME from POOL, then [name FQDN] [mac MAC] */
static void play_host(struct script *s, const struct line *line)
{
	struct host host = {.prefix = 32};
	const struct host *pool = NULL;

	for (unsigned i = 2; i < line->word_cnt; i++) {
		const char *word = line->word[i];
		bool more = i + 1 < line->word_cnt;

		if (strcmp(word, "name") == 0 && more) {
			snprintf(host.fqdn, sizeof(host.fqdn), "%s", line->word[++i]);
		} else if (strcmp(word, "mac") == 0 && more) {
			read_mac(s, line->word[++i], &host);
		} else if (strcmp(word, "from") == 0 && more) {
			pool = stage_host(s->stage, line->word[++i]);
			host.four = stage_draw(s->stage, pool);
		} else {
			read_address(s, word, &host);
		}
	}
	struct host *out = stage_host_add(s->stage, line->word[1]);

	memcpy(host.name, out->name, sizeof(host.name));
	if (!host.fqdn[0])
		memcpy(host.fqdn, out->fqdn, sizeof(host.fqdn));
	*out = host;
}

static void play_person(struct script *s, const struct line *line)
{
	struct cast *cast = &s->stage->cast;
	const char *brand = line->word_cnt > 2 ? line->word[2] : "";
	struct named_person who = {.test = strcmp(brand, "test") == 0};

	snprintf(who.name, sizeof(who.name), "%s", line->word[1]);
	if (!person_make(&s->stage->rng, brand, &who.person))
		stage_fail(s->stage, "no such brand: %s", brand);
	cast->persons = must_grow(cast->persons, cast->cnt, &cast->cap, sizeof(*cast->persons));
	cast->persons[cast->cnt++] = who;
}

static void play_set(struct script *s, const struct line *line)
{
	if (!get(s, line->word[1], strlen(line->word[1])))
		set(s, line->word[1], line->word_cnt > 2 ? line->word[2] : "");
}

static void play_pick(struct script *s, const struct line *line)
{
	unsigned n = (unsigned)rng_below(&s->stage->rng, line->word_cnt - 2);

	set(s, line->word[1], line->word[2 + n]);
}

static void play_stress(struct script *s, const struct line *line)
{
	stage_stress(s->stage, line, 1, &s->stage->stress);
}

static void play_rtt(struct script *s, const struct line *line)
{
	s->stage->rtt_ns = stage_duration(s->stage, line->word[1]);
}

static void play_include(struct script *s, const struct line *line)
{
	const char *slash = strrchr(line->file, '/');
	struct buf path = {0};
	size_t begin = s->line_cnt;

	if (slash && line->word[1][0] != '/')
		buf_add(&path, line->file, (size_t)(slash + 1 - line->file));
	buf_text(&path, line->word[1]);
	buf_u8(&path, 0);
	load(s, (const char *)path.data);
	buf_free(&path);
	/* Its lines are a block that an end closes, behind all others. */
	s->lines = must_grow(s->lines, s->line_cnt, &s->line_cap, sizeof(*s->lines));
	s->lines[s->line_cnt++] = (struct raw){line->file, line->number, copy("end", 3), 0};
	push(s, LEVEL_INCLUDE);
	s->pc = begin;
}

/* repeat N [every TIME] [jitter TIME] */
static void play_repeat(struct script *s, const struct line *line)
{
	unsigned rounds = stage_number(s->stage, line->word[1]);
	struct level *level;

	if (rounds > ROUNDS_MAX)
		stage_fail(s->stage, "more than %d rounds", ROUNDS_MAX);
	if (rounds == 0) {
		s->pc = s->lines[s->pc - 1].match + 1;
		return;
	}
	level = push(s, LEVEL_REPEAT);
	level->rounds = rounds;
	for (unsigned i = 2; i + 1 < line->word_cnt; i += 2) {
		if (strcmp(line->word[i], "every") == 0)
			level->every_ns = stage_duration(s->stage, line->word[i + 1]);
		else if (strcmp(line->word[i], "jitter") == 0)
			level->jitter_ns = stage_duration(s->stage, line->word[i + 1]);
		else
			stage_fail(s->stage, "write: repeat N every TIME jitter TIME");
	}
	s->stage->cast.round = 1;
	s->stage->now_ns += jitter(s, level->jitter_ns);
}

static void play_meanwhile(struct script *s, const struct line *line)
{
	(void)line;
	push(s, LEVEL_MEANWHILE);
}

/* if A == B, if A != B */
static void play_if(struct script *s, const struct line *line)
{
	bool same = strcmp(line->word[1], line->word[3]) == 0;

	if (strcmp(line->word[2], "==") != 0 && strcmp(line->word[2], "!=") != 0)
		stage_fail(s->stage, "write: if A == B, or if A != B");
	if (same == (line->word[2][0] == '='))
		push(s, LEVEL_IF);
	else
		s->pc = s->lines[s->pc - 1].match + 1;
}

static void play_define(struct script *s, const struct line *line)
{
	s->macros = must_grow(s->macros, s->macro_cnt, &s->macro_cap, sizeof(*s->macros));
	s->macros[s->macro_cnt++] =
		(struct macro){copy(line->word[1], strlen(line->word[1])), s->pc - 1};
	s->pc = s->lines[s->pc - 1].match + 1;
}

/* call NAME VALUE...: plays the lines of "define NAME PARAMETER..." */
static void play_call(struct script *s, const struct line *line)
{
	const struct macro *macro = NULL;
	struct line define = {0};
	struct level *level;

	for (size_t i = 0; i < s->macro_cnt; i++)
		if (strcmp(s->macros[i].name, line->word[1]) == 0)
			macro = &s->macros[i];
	if (!macro)
		stage_fail(s->stage, "nothing is defined as \"%s\"", line->word[1]);
	line_split(&define, s->lines[macro->line].text);
	if (define.word_cnt != line->word_cnt)
		stage_fail(s->stage, "\"%s\" wants %u words behind it", line->word[1],
			define.word_cnt - 2);
	level = push(s, LEVEL_CALL);
	level->setting_cnt = s->setting_cnt;
	for (unsigned i = 2; i < define.word_cnt; i++)
		set(s, define.word[i], line->word[i]);
	line_fini(&define);
	s->pc = macro->line + 1;
}

static void play_end(struct script *s, const struct line *line)
{
	struct level *level = &s->levels[s->depth - 1];

	(void)line;
	if (level->kind == LEVEL_REPEAT && ++level->round < level->rounds) {
		if (level->every_ns > 0)
			s->stage->now_ns = level->base_ns + level->round * level->every_ns;
		s->stage->now_ns += jitter(s, level->jitter_ns);
		s->stage->cast.round = level->round + 1;
		s->pc = level->back;
		return;
	}
	if (level->kind == LEVEL_MEANWHILE)
		s->stage->now_ns = level->base_ns;
	if (level->kind == LEVEL_CALL)
		forget(s, level->setting_cnt);
	if (level->kind == LEVEL_CALL || level->kind == LEVEL_INCLUDE)
		s->pc = level->back;
	s->stage->cast.round = level->outer_round;
	s->depth--;
}

/* The lines up to the end of the block, filled in. */
static void play_block(struct script *s, const struct line *line)
{
	size_t end = s->lines[s->pc - 1].match, cnt = 0;
	struct line *block = must_alloc(end - s->pc + 1, sizeof(*block));

	for (size_t i = s->pc; i < end; i++) {
		make_line(s, i, &block[cnt]);
		if (block[cnt].word_cnt > 0)
			cnt++;
		else
			line_fini(&block[cnt]);
	}
	s->stage->at = line;
	s->pc = end + 1;
	if (strcmp(line->word[0], "http") == 0)
		exchange_http(s->stage, line, block, cnt);
	else
		exchange_raw(s->stage, line, block, cnt);
	for (size_t i = 0; i < cnt; i++)
		line_fini(&block[i]);
	free(block);
}

static void play_line(struct script *s, const struct line *line)
{
	void (*play)(struct stage * stage, const struct line *head) =
		strcmp(line->word[0], "dns") == 0   ? exchange_dns
		: strcmp(line->word[0], "tls") == 0 ? exchange_tls
						    : exchange_syn;

	play(s->stage, line);
}

static const struct command commands[] = {
	{"start", 2, play_start},
	{"at", 2, play_at},
	{"wait", 2, play_wait},
	{"after", 1, play_after},
	{"link", 2, play_link},
	{"host", 3, play_host},
	{"person", 2, play_person},
	{"set", 2, play_set},
	{"pick", 3, play_pick},
	{"stress", 2, play_stress},
	{"rtt", 2, play_rtt},
	{"include", 2, play_include},
	{"repeat", 2, play_repeat},
	{"meanwhile", 1, play_meanwhile},
	{"if", 4, play_if},
	{"define", 2, play_define},
	{"call", 2, play_call},
	{"end", 1, play_end},
	{"http", 3, play_block},
	{"tcp", 3, play_block},
	{"udp", 3, play_block},
	{"icmp", 3, play_block},
	{"dns", 3, play_line},
	{"tls", 3, play_line},
	{"syn", 3, play_line},
};

static void play_one(struct script *s, const struct line *line)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].word, line->word[0]) != 0)
			continue;
		if (line->word_cnt < commands[i].words)
			stage_fail(s->stage, "\"%s\" wants %u words behind it", commands[i].word,
				commands[i].words - 1);
		commands[i].play(s, line);
		return;
	}
	stage_fail(s->stage, "unknown word \"%s\"", line->word[0]);
}

static void fini(struct script *s)
{
	forget(s, 0);
	free(s->settings);
	for (size_t i = 0; i < s->line_cnt; i++)
		free(s->lines[i].text);
	free(s->lines);
	for (size_t i = 0; i < s->macro_cnt; i++)
		free(s->macros[i].name);
	free(s->macros);
	for (size_t i = 0; i < s->file_cnt; i++)
		free(s->files[i]);
	free(s->files);
}

void script_play(struct stage *stage, const char *file, char *const *settings, size_t setting_cnt)
{
	struct script s = {.stage = stage};
	size_t steps = 0;

	for (size_t i = 0; i < setting_cnt; i++) {
		char *eq = strchr(settings[i], '=');

		if (!eq)
			die("--set wants NAME=VALUE, not \"%s\"", settings[i]);
		char *name = copy(settings[i], (size_t)(eq - settings[i]));

		set(&s, name, eq + 1);
		free(name);
	}
	load(&s, file);
	size_t end = s.line_cnt; /* what is included comes behind */

	while (s.pc != end || s.depth > 0) {
		struct line line;

		make_line(&s, s.pc++, &line);
		if (++steps > STEPS_MAX)
			stage_fail(stage, "more than %d lines played", STEPS_MAX);
		if (line.word_cnt > 0)
			play_one(&s, &line);
		stage->at = NULL;
		line_fini(&line);
	}
	fini(&s);
}
