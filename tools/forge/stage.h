/* stage.h - where a scenario plays: hosts, the clock, the cast, the capture,
 * and the words that every exchange understands. */
#ifndef FORGE_STAGE_H
#define FORGE_STAGE_H

#include "rich.h"
#include "talk.h"

enum {
	WORDS_MAX = 48,
	LINE_MAX_LEN = 8191,
};

/* One line of a scenario after $variables were filled in. */
struct line {
	const char *file;
	unsigned number;
	char *text; /* the line as it stands */
	char *word[WORDS_MAX];
	const char *rest[WORDS_MAX]; /* of text, from that word on */
	unsigned word_cnt;
	char *store; /* what word[] points into */
};

struct host {
	char name[24];
	struct addr four, six; /* six.version 0: 2001:db8::, then the four */
	unsigned prefix;       /* < 32: a pool, each use draws an address */
	char fqdn[64];
	uint8_t mac[6];
	bool has_mac;
};

/* Owner: main. */
struct stage {
	struct capture cap;
	struct truth truth;
	struct rng rng;
	struct cast cast;
	struct host *hosts; /* the last of a name counts */
	size_t host_cnt, host_cap;
	int64_t start_ns, now_ns, last_end_ns; /* since 1970, UTC */
	int64_t rtt_ns;
	unsigned next_port;
	struct stress stress;  /* of every exchange, from the word "stress" */
	const struct line *at; /* for messages */
};

/* An exchange while it is made. */
struct scene {
	struct talk talk;
	const struct host *host[2];
	char label[32];
	size_t first_plant;
};

/* Says FILE:LINE: why, and exits. */
_Noreturn void stage_fail(const struct stage *stage, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* text cut into words; quotes join, and are not part of a word.  False: more
 * than WORDS_MAX words, or a quote that does not end. */
bool line_split(struct line *line, const char *text);
void line_fini(struct line *line);

/* "1.5s", "20ms", "5us", "3m", "1h" in ns; fails with a message. */
int64_t stage_duration(const struct stage *stage, const char *word);
unsigned stage_number(const struct stage *stage, const char *word);
/* "2026-11-20T10:00:00Z", in ns since 1970. */
int64_t stage_date(const struct stage *stage, const char *word);

struct host *stage_host_add(struct stage *stage, const char *name);
const struct host *stage_host(const struct stage *stage, const char *name);
/* An address of the host: its own, or one out of its pool. */
struct addr stage_draw(struct stage *stage, const struct host *host);

/* Reads the words from first on into stress; "none" clears it. */
void stage_stress(
	const struct stage *stage, const struct line *line, unsigned first, struct stress *stress);
/* Begins an exchange from the words CLIENT SERVER[:PORT] [as LABEL] [with
 * STRESS...] at word 1, or of what is left; *first: the first word not read. */
void scene_open(struct stage *stage, struct scene *scene, const struct line *line, unsigned port,
	unsigned *first);
/* Expands a template, or fails with a message. */
void stage_expand(struct stage *stage, struct rich *out, const char *template);
/* Says it as a turn and puts its cards into the truth. */
void scene_say(struct stage *stage, struct scene *scene, unsigned side, const struct rich *text,
	const char *form, const char *proto, int64_t delay_ns);
/* Puts a row for the exchange itself into the truth if it has a label. */
void scene_name(struct stage *stage, struct scene *scene, const char *proto);
void scene_tcp(struct stage *stage, struct scene *scene);
void scene_close(struct stage *stage, struct scene *scene, int64_t end_ns);

#endif
