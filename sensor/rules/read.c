#include "rules/read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "base/tuple.h"

/* Where we are in a rule: every complaint names it. */
struct place {
	struct bytes line;
	size_t at;
	const char *name;
	uint32_t number;
	struct err *err;
	struct rule_text *out;
	int role;                          /* sticky buffer, -1 = none given */
	struct condition_image *condition; /* the last content */
};

static bool complain(struct place *place, size_t at, const char *text, const char *word)
{
	return err_set(place->err, EXIT_USAGE, "%s:%u:%zu: %s%s%s%s. Nothing was loaded.",
		place->name, place->number, at + 1, text, word != NULL ? " \"" : "",
		word != NULL ? word : "", word != NULL ? "\"" : "");
}

struct buffer_word {
	const char *word;
	enum field_role role;
	uint8_t flags;
};

static const struct buffer_word buffers[] = {
	{"http.request_body", FIELD_HTTP_BODY, RULE_TO_SERVER},
	{"http.response_body", FIELD_HTTP_BODY, RULE_TO_CLIENT},
	{"file_data", FIELD_HTTP_BODY, 0},
	{"file.data", FIELD_HTTP_BODY, 0},
	{"http.uri.raw", FIELD_HTTP_URI, 0},
	{"pkt_data", FIELD_RAW, 0},
	{"dns_query", FIELD_DNS_QUERY, 0},
	{"tls_sni", FIELD_TLS_SNI, 0},
};

static bool find_buffer(const char *word, struct buffer_word *out)
{
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		if (strcmp(buffers[i].word, word) != 0)
			continue;
		*out = buffers[i];
		return true;
	}
	for (int role = 0; role < FIELD_ROLE_COUNT; role++) {
		if (strcmp(field_word((enum field_role)role), word) != 0)
			continue;
		*out = (struct buffer_word){.word = word, .role = (enum field_role)role};
		return true;
	}
	return false;
}

/* "ab|0d 0a|c" with \" \\ \; \: escapes to bytes. */
static bool read_pattern(
	struct place *place, size_t at, const char *text, uint8_t *out, size_t *len)
{
	bool hex = false;

	*len = 0;
	for (const char *c = text; *c != '\0' && *len <= MATCH_LITERAL_MAX; c++) {
		if (*c == '|') {
			hex = !hex;
		} else if (!hex) {
			c += *c == '\\' && c[1] != '\0';
			out[(*len)++] = (uint8_t)*c;
		} else if (*c != ' ') {
			char pair[3] = {c[0], c[0] != '\0' ? c[1] : '\0', '\0'};
			char *end;
			out[(*len)++] = (uint8_t)strtoul(pair, &end, 16);
			if (end != pair + 2)
				return complain(place, at, "not two hexadecimal digits:", pair);
			c++;
		}
	}
	if (hex)
		return complain(place, at, "a | is not closed in", text);
	if (*len == 0 || *len > MATCH_LITERAL_MAX)
		return complain(place, at, "a content of 1 to 128 bytes is taken, not", text);
	return true;
}

static bool option_content(struct place *place, size_t at, char *value)
{
	struct rule_text *out = place->out;
	struct condition_image *condition = &out->condition[out->rule.condition_cnt];
	bool negated = value[0] == '!';
	size_t len = 0;

	value += negated;
	while (*value == ' ')
		value++;
	size_t size = strlen(value);
	if (size < 2 || value[0] != '"' || value[size - 1] != '"')
		return complain(place, at, "content needs a text in quotes, not", value);
	value[size - 1] = '\0';
	if (out->rule.condition_cnt == RULE_CONDITIONS_MAX)
		return complain(place, at, "more than 32 contents in one rule", NULL);
	if (out->byte_len + MATCH_LITERAL_MAX + 1 > sizeof(out->bytes))
		return complain(place, at, "contents of more than 4 KiB in one rule", NULL);
	if (!read_pattern(place, at, value + 1, out->bytes + out->byte_len, &len))
		return false;
	*condition = (struct condition_image){.text_off = out->byte_len,
		.len = (uint16_t)len,
		.role = (uint8_t)(place->role < 0 ? FIELD_RAW : place->role),
		.flags = negated ? CONDITION_NEGATED : 0};
	out->byte_len += (uint32_t)len;
	out->rule.condition_cnt++;
	place->condition = condition;
	return true;
}

static bool read_number(
	struct place *place, size_t at, const char *value, long min, long max, int32_t *out)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (*value == '\0' || *end != '\0' || number < min || number > max)
		return complain(place, at, "not a number in range:", value);
	*out = (int32_t)number;
	return true;
}

/* Modifiers of the last content. */
static bool option_modifier(struct place *place, size_t at, const char *key, const char *value)
{
	struct condition_image *condition = place->condition;
	int32_t *number = NULL;
	uint8_t flag = 0;

	if (condition == NULL)
		return complain(place, at, "no content stands before", key);
	if (strcmp(key, "nocase") == 0)
		flag = CONDITION_NOCASE;
	else if (strcmp(key, "startswith") == 0)
		flag = CONDITION_STARTS;
	else if (strcmp(key, "endswith") == 0)
		flag = CONDITION_ENDS;
	else if (strcmp(key, "fast_pattern") == 0)
		flag = CONDITION_FAST;
	else if (strcmp(key, "offset") == 0)
		number = &condition->offset;
	else if (strcmp(key, "depth") == 0)
		flag = CONDITION_DEPTH, number = &condition->depth;
	else if (strcmp(key, "distance") == 0)
		flag = CONDITION_DISTANCE, number = &condition->distance;
	else
		flag = CONDITION_WITHIN, number = &condition->within;
	condition->flags |= flag;
	if (flag == CONDITION_FAST && (condition->flags & CONDITION_NEGATED) != 0)
		return complain(place, at, "a negated content cannot be the fast_pattern", NULL);
	return number == NULL || read_number(place, at, value, -65535, 65535, number);
}

static bool option_flow(struct place *place, size_t at, char *value)
{
	struct rule_image *rule = &place->out->rule;
	char *rest = NULL;

	for (char *word = strtok_r(value, ", ", &rest); word != NULL;
		word = strtok_r(NULL, ", ", &rest)) {
		if (strcmp(word, "to_server") == 0 || strcmp(word, "from_client") == 0)
			rule->flags |= RULE_TO_SERVER;
		else if (strcmp(word, "to_client") == 0 || strcmp(word, "from_server") == 0)
			rule->flags |= RULE_TO_CLIENT;
		else if (strcmp(word, "established") == 0)
			rule->flags |= RULE_ESTABLISHED;
		else
			return complain(place, at,
				"flow knows to_server, to_client, established; not", word);
	}
	return true;
}

static void copy_text(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

/* "key value, key value": ours are confidence, sekisho_category, sekisho_technique. */
static void option_metadata(struct place *place, char *value)
{
	struct rule_text *out = place->out;
	char *rest = NULL;

	for (char *pair = strtok_r(value, ",", &rest); pair != NULL;
		pair = strtok_r(NULL, ",", &rest)) {
		while (*pair == ' ')
			pair++;
		char *word = strchr(pair, ' ');
		if (word == NULL)
			continue;
		*word++ = '\0';
		if (strcmp(pair, "confidence") == 0)
			out->rule.confidence = tolower((unsigned char)word[0]) == 'h'   ? 2
					       : tolower((unsigned char)word[0]) == 'l' ? 0
											: 1;
		else if (strcmp(pair, "sekisho_category") == 0)
			copy_text(out->category, sizeof(out->category), word);
		else if (strcmp(pair, "sekisho_technique") == 0)
			copy_text(out->technique, sizeof(out->technique), word);
	}
}

static bool option_msg(struct place *place, size_t at, char *value)
{
	size_t size = strlen(value);

	if (size < 2 || value[0] != '"' || value[size - 1] != '"' || size - 2 > RULE_MSG_MAX)
		return complain(place, at, "msg needs a text of at most 128 bytes in quotes", NULL);
	value[size - 1] = '\0';
	for (const char *c = value + 1; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			return complain(place, at, "msg is printable ASCII", NULL);
	copy_text(place->out->msg, sizeof(place->out->msg), value + 1);
	return true;
}

static const char *const known[] = {"msg", "sid", "rev", "classtype", "metadata", "reference",
	"priority", "flow", "content", "nocase", "depth", "offset", "distance", "within",
	"fast_pattern", "startswith", "endswith"};

static bool option_unknown(struct place *place, size_t at, const char *key)
{
	struct nearest nearest = nearest_of(bytes_text(key));
	char text[160];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		nearest_offer(&nearest, known[i]);
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		nearest_offer(&nearest, buffers[i].word);
	for (int role = 0; role < FIELD_ROLE_COUNT; role++)
		nearest_offer(&nearest, field_word((enum field_role)role));
	if (nearest.best == NULL)
		return complain(place, at, "unknown keyword", key);
	snprintf(text, sizeof(text), "unknown keyword \"%.40s\"; nearest is", key);
	return complain(place, at, text, nearest.best);
}

static bool option_numbers(struct place *place, size_t at, const char *key, const char *value)
{
	struct rule_image *rule = &place->out->rule;
	int32_t number = 0;

	if (strcmp(key, "priority") == 0) {
		if (!read_number(place, at, value, 1, 255, &number))
			return false;
		rule->severity = (uint8_t)(number > 3 ? 3 : number);
		return true;
	}
	if (!read_number(place, at, value, 1, INT32_MAX, &number))
		return false;
	*(key[0] == 's' ? &rule->sid : &rule->rev) = (uint32_t)number;
	return true;
}

static bool option(struct place *place, size_t at, const char *key, char *value)
{
	struct buffer_word buffer;

	if (strcmp(key, "msg") == 0)
		return option_msg(place, at, value);
	if (strcmp(key, "content") == 0)
		return option_content(place, at, value);
	if (strcmp(key, "flow") == 0)
		return option_flow(place, at, value);
	if (strcmp(key, "sid") == 0 || strcmp(key, "rev") == 0 || strcmp(key, "priority") == 0)
		return option_numbers(place, at, key, value);
	if (strcmp(key, "reference") == 0)
		return true;
	if (strcmp(key, "metadata") == 0) {
		option_metadata(place, value);
		return true;
	}
	if (strcmp(key, "classtype") == 0) {
		if (place->out->technique[0] == '\0')
			copy_text(place->out->technique, sizeof(place->out->technique), value);
		return true;
	}
	for (size_t i = 9; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(key, known[i]) == 0)
			return option_modifier(place, at, key, value);
	if (!find_buffer(key, &buffer))
		return option_unknown(place, at, key);
	place->role = (int)buffer.role;
	place->out->rule.flags |= buffer.flags;
	place->condition = NULL;
	return true;
}

/* The next "key:value;" or "key;": *value is "" where there is none. */
static bool next_option(struct place *place, size_t *at, char *key, char *value, bool *end)
{
	const uint8_t *line = place->line.ptr;
	size_t i = place->at, n = 0;
	bool quoted = false, after = false;

	while (i < place->line.len && line[i] == ' ')
		i++;
	*at = i;
	*end = i < place->line.len && line[i] == ')';
	key[0] = value[0] = '\0';
	for (; !*end && i < place->line.len && (quoted || line[i] != ';'); i++) {
		char c = (char)line[i];
		if (c == '"' && (i == 0 || line[i - 1] != '\\'))
			quoted = !quoted;
		if (!after && c == ':') {
			after = true;
			n = 0;
			continue;
		}
		if (n == (after ? 2047u : 63u))
			return complain(place, *at, "an option is too long", NULL);
		if (n == 0 && c == ' ')
			continue;
		(after ? value : key)[n++] = c;
		(after ? value : key)[n] = '\0';
	}
	if (!*end && i >= place->line.len)
		return complain(place, *at, "the options end without \";)\"", NULL);
	place->at = i + 1;
	return true;
}

static bool read_options(struct place *place)
{
	char key[64], value[2048];
	bool end = false;
	size_t at;

	while (next_option(place, &at, key, value, &end) && !end)
		if (!option(place, at, key, value))
			return false;
	return end;
}

static bool header_word(struct place *place, char *out, size_t size)
{
	size_t n = 0;

	while (place->at < place->line.len && place->line.ptr[place->at] == ' ')
		place->at++;
	while (place->at < place->line.len && place->line.ptr[place->at] != ' ' &&
		place->line.ptr[place->at] != '(' && n + 1 < size)
		out[n++] = (char)place->line.ptr[place->at++];
	out[n] = '\0';
	return n > 0;
}

static bool read_proto(struct place *place, size_t at, const char *word)
{
	static const struct {
		const char *word;
		uint8_t proto;
	} protos[] = {{"ip", 0}, {"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"icmp", PROTO_ICMP},
		{"http", PROTO_TCP}, {"tls", PROTO_TCP}, {"dns", 0}};

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (strcmp(protos[i].word, word) != 0)
			continue;
		place->out->rule.proto = protos[i].proto;
		return true;
	}
	return complain(place, at, "known protocols are ip tcp udp icmp http tls dns; not", word);
}

/* alert PROTO any any -> any any; variables ($HOME_NET) mean any: which side is
 * whose comes from flow and policy. */
static bool read_header(struct place *place)
{
	char word[64];

	for (int i = 0; i < 7; i++) {
		size_t at = place->at;
		if (!header_word(place, word, sizeof(word)))
			return complain(place, at,
				"a rule is: alert PROTO any any -> any any (options)", NULL);
		if (i == 0 && strcmp(word, "alert") != 0)
			return complain(place, at, "the only action is alert, not", word);
		if (i == 1 && !read_proto(place, at, word))
			return false;
		if (i == 4 && strcmp(word, "->") != 0)
			return complain(place, at, "the only direction is ->, not", word);
		if (i > 1 && i != 4 && strcmp(word, "any") != 0 && word[0] != '$')
			return complain(
				place, at, "addresses and ports are any or a $VARIABLE, not", word);
	}
	while (place->at < place->line.len && place->line.ptr[place->at] == ' ')
		place->at++;
	if (place->at == place->line.len || place->line.ptr[place->at] != '(')
		return complain(place, place->at, "options in parentheses are missing", NULL);
	place->at++;
	return true;
}

/* The fast pattern: the one named, else the longest that is not negated. */
static bool choose_fast(struct place *place)
{
	struct rule_text *out = place->out;
	struct condition_image *best = NULL;

	for (uint32_t i = 0; i < out->rule.condition_cnt; i++) {
		struct condition_image *condition = &out->condition[i];
		if ((condition->flags & CONDITION_NEGATED) != 0)
			continue;
		if ((condition->flags & CONDITION_FAST) != 0) {
			best = condition;
			break;
		}
		if (best == NULL || condition->len > best->len)
			best = condition;
	}
	if (best == NULL)
		return complain(place, 0, "a rule needs a content that is not negated", NULL);
	for (uint32_t i = 0; i < out->rule.condition_cnt; i++)
		out->condition[i].flags &= (uint8_t)~CONDITION_FAST;
	best->flags |= CONDITION_FAST;
	return true;
}

bool rule_read(struct bytes line, const char *name, uint32_t number, struct rule_text *out,
	struct err *err)
{
	struct place place = {
		.line = line, .name = name, .number = number, .err = err, .out = out, .role = -1};

	memset(out, 0, sizeof(*out));
	out->rule.confidence = 1;
	out->rule.severity = 3;
	out->rule.rev = 1;
	copy_text(out->category, sizeof(out->category), "rule");
	if (!read_header(&place) || !read_options(&place))
		return false;
	if (out->rule.sid == 0)
		return complain(&place, 0, "a rule needs a sid", NULL);
	if (out->msg[0] == '\0')
		return complain(&place, 0, "a rule needs a msg", NULL);
	if (out->technique[0] == '\0')
		copy_text(out->technique, sizeof(out->technique), "signature");
	return choose_fast(&place);
}
