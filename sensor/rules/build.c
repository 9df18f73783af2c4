#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/read.h"

#define RULES_FILE_MAX (64u << 20)
#define RULE_LINE_MAX 65536

struct builder {
	struct rule_image *rules;
	struct condition_image *conditions;
	uint8_t *texts;
	uint32_t rule_cnt, rule_room, condition_cnt, condition_room, text_len, text_room;
};

static bool room_for(void **array, uint32_t *room, uint32_t need, size_t size, struct err *err)
{
	uint32_t want = *room == 0 ? 256 : *room;

	while (want < need)
		want *= 2;
	if (want == *room)
		return true;
	void *bigger = realloc(*array, want * size);
	if (bigger == NULL)
		return err_set(err, EXIT_CANNOT, "no memory for the signatures");
	*array = bigger;
	*room = want;
	return true;
}

static bool put_text(
	struct builder *builder, const void *data, uint32_t len, uint32_t *off, struct err *err)
{
	if (!room_for(
		    (void **)&builder->texts, &builder->text_room, builder->text_len + len, 1, err))
		return false;
	memcpy(builder->texts + builder->text_len, data, len);
	*off = builder->text_len;
	builder->text_len += len;
	return true;
}

static bool put_conditions(struct builder *builder, const struct rule_text *text,
	struct rule_image *rule, struct err *err)
{
	rule->condition = builder->condition_cnt;
	if (!room_for((void **)&builder->conditions, &builder->condition_room,
		    builder->condition_cnt + rule->condition_cnt, sizeof(*builder->conditions),
		    err))
		return false;
	for (uint32_t i = 0; i < rule->condition_cnt; i++) {
		struct condition_image condition = text->condition[i];
		if (!put_text(builder, text->bytes + condition.text_off, condition.len,
			    &condition.text_off, err))
			return false;
		builder->conditions[builder->condition_cnt++] = condition;
	}
	return true;
}

static bool put_rule(struct builder *builder, const struct rule_text *text, const char *name,
	uint32_t line, struct err *err)
{
	struct rule_image rule = text->rule;

	for (uint32_t i = 0; i < builder->rule_cnt; i++)
		if (builder->rules[i].sid == rule.sid)
			return err_set(err, EXIT_USAGE,
				"%s:%u: sid %u is used twice. Nothing was loaded.", name, line,
				rule.sid);
	if (builder->rule_cnt == RULES_MAX)
		return err_set(
			err, EXIT_USAGE, "%s:%u: more than %u signatures", name, line, RULES_MAX);
	if (!put_text(builder, text->msg, (uint32_t)strlen(text->msg) + 1, &rule.msg, err) ||
		!put_text(builder, text->category, (uint32_t)strlen(text->category) + 1,
			&rule.category, err) ||
		!put_text(builder, text->technique, (uint32_t)strlen(text->technique) + 1,
			&rule.technique, err) ||
		!put_conditions(builder, text, &rule, err) ||
		!room_for((void **)&builder->rules, &builder->rule_room, builder->rule_cnt + 1,
			sizeof(*builder->rules), err))
		return false;
	builder->rules[builder->rule_cnt++] = rule;
	return true;
}

/* A line that ends in a backslash goes on in the next one. */
static size_t whole_line(struct bytes rest, uint8_t *line, size_t *len, uint32_t *lines)
{
	size_t at = 0;

	*len = 0;
	*lines = 0;
	while (at < rest.len) {
		size_t end = bytes_find_byte(bytes_skip(rest, at), '\n');
		size_t part = end == SIZE_MAX ? rest.len - at : end;
		bool more = part > 0 && rest.ptr[at + part - 1] == '\\';
		size_t take = more ? part - 1 : part;
		if (*len + take > RULE_LINE_MAX)
			take = RULE_LINE_MAX - *len;
		memcpy(line + *len, rest.ptr + at, take);
		*len += take;
		at += part + 1;
		(*lines)++;
		if (!more)
			break;
	}
	return at;
}

static bool read_rules(
	struct builder *builder, const char *name, struct bytes text, struct err *err)
{
	static uint8_t line[RULE_LINE_MAX];
	static struct rule_text rule; /* too large for a stack; the builder has one thread */
	uint32_t number = 1, lines;
	size_t len;

	for (; text.len > 0; number += lines) {
		text = bytes_skip(text, whole_line(text, line, &len, &lines));
		struct bytes trimmed = bytes_trim(bytes_of(line, len));
		if (trimmed.len == 0 || trimmed.ptr[0] == '#')
			continue;
		if (!rule_read(trimmed, name, number, &rule, err) ||
			!put_rule(builder, &rule, name, number, err))
			return false;
	}
	return true;
}

static bool read_file(struct builder *builder, const char *path, struct err *err)
{
	FILE *file = fopen(path, "rb");
	char *text = file == NULL ? NULL : malloc(RULES_FILE_MAX);
	size_t len = text == NULL ? 0 : fread(text, 1, RULES_FILE_MAX, file);
	uint32_t before = builder->rule_cnt;
	bool done = text != NULL && ferror(file) == 0 && len < RULES_FILE_MAX;

	if (!done)
		err_set(err, EXIT_USAGE,
			"%s: cannot read the signatures: %s; name another file, or leave it out",
			path, errno != 0 ? strerror(errno) : "larger than 64 MiB");
	done = done && read_rules(builder, path, bytes_of(text, len), err);
	if (done && builder->rule_cnt == before)
		done = err_set(err, EXIT_USAGE,
			"%s: no signature in it; add one, or leave the file out", path);
	if (file != NULL)
		fclose(file);
	free(text);
	return done;
}

static bool compile_role(const struct builder *builder, enum field_role role, uint8_t **out,
	size_t *len, struct err *err)
{
	struct match_literal *literals = calloc(builder->rule_cnt + 1, sizeof(*literals));
	uint32_t count = 0;
	bool done = literals != NULL || err_set(err, EXIT_CANNOT, "no memory for the signatures");

	for (uint32_t r = 0; done && r < builder->rule_cnt; r++) {
		const struct rule_image *rule = &builder->rules[r];
		for (uint32_t i = 0; i < rule->condition_cnt; i++) {
			const struct condition_image *condition =
				&builder->conditions[rule->condition + i];
			if (condition->role != role || (condition->flags & CONDITION_FAST) == 0)
				continue;
			literals[count++] = (struct match_literal){
				.text = bytes_of(
					builder->texts + condition->text_off, condition->len),
				.nocase = (condition->flags & CONDITION_NOCASE) != 0,
				.id = r};
		}
	}
	*out = NULL;
	*len = 0;
	done = done && (count == 0 || match_compile(literals, count, out, len, err));
	free(literals);
	return done;
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static bool write_image(
	const struct builder *builder, uint8_t **out, size_t *out_len, struct err *err)
{
	struct rules_header header = {.magic = RULES_MAGIC,
		.rule_cnt = builder->rule_cnt,
		.condition_cnt = builder->condition_cnt,
		.text_len = builder->text_len};
	size_t rules_at = sizeof(header);
	size_t conditions_at = rules_at + builder->rule_cnt * sizeof(*builder->rules);
	size_t texts_at = conditions_at + builder->condition_cnt * sizeof(*builder->conditions);
	size_t at = align8(texts_at + builder->text_len);
	uint8_t *database[FIELD_ROLE_COUNT] = {0};
	bool done = true;

	for (int role = 0; done && role < FIELD_ROLE_COUNT; role++) {
		size_t len = 0;
		done = compile_role(builder, (enum field_role)role, &database[role], &len, err);
		header.database[role].off = (uint32_t)at;
		header.database[role].len = (uint32_t)len;
		at = align8(at + len);
	}
	header.len = at;
	*out = done ? calloc(1, at) : NULL;
	if (done && *out == NULL)
		done = err_set(err, EXIT_CANNOT, "no memory for the signatures");
	if (done) {
		memcpy(*out, &header, sizeof(header));
		if (builder->rule_cnt > 0) {
			memcpy(*out + rules_at, builder->rules, conditions_at - rules_at);
			memcpy(*out + conditions_at, builder->conditions, texts_at - conditions_at);
			memcpy(*out + texts_at, builder->texts, builder->text_len);
		}
		for (int role = 0; role < FIELD_ROLE_COUNT; role++)
			if (database[role] != NULL)
				memcpy(*out + header.database[role].off, database[role],
					header.database[role].len);
		*out_len = at;
	}
	for (int role = 0; role < FIELD_ROLE_COUNT; role++)
		free(database[role]);
	return done;
}

bool rules_build(
	const char *const paths[], uint32_t count, uint8_t **out, size_t *out_len, struct err *err)
{
	struct builder builder = {0};
	bool done = true;

	errno = 0;
	for (uint32_t i = 0; done && i < count; i++)
		done = read_file(&builder, paths[i], err);
	done = done && write_image(&builder, out, out_len, err);
	free(builder.rules);
	free(builder.conditions);
	free(builder.texts);
	return done;
}
