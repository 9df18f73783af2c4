/* truth.c - what was planted where. */
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sha256.h"

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void put_time(FILE *out, int64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(out, ",\"time\":\"%s.%06uZ\"", text, (unsigned)(time_ns % 1000000000 / 1000));
}

static void put_end(FILE *out, const char *who, const char *port, const struct end *end)
{
	char text[46];

	addr_text(&end->addr, text);
	fprintf(out, ",\"%s\":\"%s\",\"%s\":%u", who, text, port, end->port);
}

static void put_card(FILE *out, const struct plant *p, bool clear)
{
	size_t len = strlen(p->person.card);
	char hex[65];

	sha256_hex(p->person.card, len, hex);
	fprintf(out,
		",\"brand\":\"%s\",\"bin\":\"%.6s\",\"last4\":\"%s\",\"digits\":%zu,"
		"\"sha256\":\"%s\"",
		p->person.brand, p->person.card, p->person.card + len - 4, len, hex);
	if (p->test)
		fputs(",\"test\":true", out);
	if (clear)
		fprintf(out,
			",\"card\":\"%s\",\"exp\":\"%s\",\"cvv\":\"%s\",\"name\":\"%s\","
			"\"mail\":\"%s\"",
			p->person.card, p->person.exp, p->person.cvv, p->person.name,
			p->person.mail);
	fprintf(out, ",\"form\":\"%s\",\"offset\":%zu,\"len\":%zu,\"with\":[", p->form, p->from,
		p->to - p->from);
	const char *has = p->has;

	for (const char *comma = ""; *has; comma = ",") {
		size_t n = strcspn(has, ",");

		fprintf(out, "%s\"%.*s\"", comma, (int)n, has);
		has += has[n] ? n + 1 : n;
	}
	fputs("]", out);
}

static void put_frames(
	FILE *out, struct plant *p, const struct capture *cap, const uint32_t *number)
{
	for (size_t i = 0; i < p->frame_cnt; i++)
		p->frames[i] = number[p->frames[i]];
	if (p->frame_cnt > 0)
		qsort(p->frames, p->frame_cnt, sizeof(*p->frames), by_number);
	fputs(",\"frames\":[", out);
	for (size_t i = 0; i < p->frame_cnt; i++)
		fprintf(out, "%s%u", i ? "," : "", p->frames[i]);
	fputs("]", out);
	if (p->frame_cnt > 0)
		put_time(out, cap->frames[p->frames[0] - 1].time_ns);
}

struct plant *truth_add(struct truth *truth)
{
	truth->plants = must_grow(truth->plants, truth->cnt, &truth->cap, sizeof(*truth->plants));
	struct plant *p = &truth->plants[truth->cnt++];

	*p = (struct plant){0};
	return p;
}

void truth_seen(struct truth *truth, size_t first, unsigned side, size_t from, size_t to,
	uint32_t first_frame, uint32_t last_frame)
{
	for (size_t i = first; i < truth->cnt; i++) {
		struct plant *p = &truth->plants[i];

		if (p->side != side || p->to <= from || p->from >= to)
			continue;
		for (uint32_t id = first_frame; id <= last_frame; id++) {
			p->frames = must_grow(
				p->frames, p->frame_cnt, &p->frame_cap, sizeof(*p->frames));
			p->frames[p->frame_cnt++] = id;
		}
	}
}

void truth_write(const struct truth *truth, const struct capture *cap, const uint32_t *number,
	const char *file, bool clear)
{
	FILE *out = fopen(file, "w");

	if (!out)
		die("cannot write %s", file);
	for (size_t i = 0; i < truth->cnt; i++) {
		struct plant *p = &truth->plants[i];
		const struct end *src = &p->end[p->side], *dst = &p->end[!p->side];

		fprintf(out, "{\"kind\":\"%s\",\"label\":\"%s\",\"proto\":\"%s\"", p->kind,
			p->label, p->proto);
		put_end(out, "src", "sport", src);
		put_end(out, "dst", "dport", dst);
		fprintf(out, ",\"initiator\":\"%s\"", p->side == 0 ? "src" : "dst");
		put_frames(out, p, cap, number);
		if (p->person.card[0])
			put_card(out, p, clear);
		fputs("}\n", out);
	}
	bool bad = ferror(out) != 0;

	if (fclose(out) != 0 || bad)
		die("cannot write all of %s", file);
}

void truth_fini(struct truth *truth)
{
	for (size_t i = 0; i < truth->cnt; i++)
		free(truth->plants[i].frames);
	free(truth->plants);
	*truth = (struct truth){0};
}
