/* rich.c - text that knows where its card numbers lie. */
#include "rich.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filler.h"

enum {
	NAME_MAX_LEN = 47,
	FILL_MAX = 16 << 20,
};

static const char hex[] = "0123456789abcdef";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool fail(struct cast *cast, const char *what, const char *name)
{
	snprintf(cast->problem, sizeof(cast->problem), "%s {%s}", what, name);
	return false;
}

static void add_mark(struct rich *out, size_t from, const struct named_person *who)
{
	out->marks = must_grow(out->marks, out->mark_cnt, &out->mark_cap, sizeof(*out->marks));
	out->marks[out->mark_cnt++] = (struct mark){from, out->text.len, who->person, who->test};
}

/* style: "" as it is, "spaces" or "dashes" in groups of four. */
static void add_card(struct rich *out, const struct named_person *who, const char *style)
{
	size_t from = out->text.len;

	for (const char *p = who->person.card; *p; p++) {
		if (style[0] && p != who->person.card && (p - who->person.card) % 4 == 0)
			buf_u8(&out->text, style[0] == 's' ? ' ' : '-');
		buf_u8(&out->text, (uint8_t)*p);
	}
	add_mark(out, from, who);
}

static bool fresh(struct cast *cast, const char *brand)
{
	struct named_person *who = &cast->fresh;

	if (who->name[0] && (!brand[0] || strcmp(who->person.brand, brand) == 0))
		return true;
	snprintf(who->name, sizeof(who->name), "fresh");
	who->test = strcmp(brand, "test") == 0;
	return person_make(cast->rng, brand, &who->person);
}

static const struct named_person *find(const struct cast *cast, const char *name)
{
	for (size_t i = cast->cnt; i > 0; i--)
		if (strcmp(cast->persons[i - 1].name, name) == 0)
			return &cast->persons[i - 1];
	return NULL;
}

static bool add_trait(
	struct rich *out, const struct named_person *who, const char *trait, const char *style)
{
	const struct person *p = &who->person;

	if (strcmp(trait, "card") == 0) {
		add_card(out, who, style);
	} else if (strcmp(trait, "exp") == 0) {
		buf_text(&out->text, p->exp);
		out->exp = true;
	} else if (strcmp(trait, "cvv") == 0) {
		buf_text(&out->text, p->cvv);
		out->cvv = true;
	} else if (strcmp(trait, "name") == 0) {
		buf_text(&out->text, p->name);
		out->name = true;
	} else if (strcmp(trait, "mail") == 0) {
		buf_text(&out->text, p->mail);
		out->mail = true;
	} else if (strcmp(trait, "tel") == 0) {
		buf_text(&out->text, p->tel);
	} else if (strcmp(trait, "zip") == 0) {
		buf_text(&out->text, p->zip);
	} else {
		return false;
	}
	return true;
}

static void add_time(struct buf *out, int64_t now_ns)
{
	buf_fmt(out, "%lld", (long long)(now_ns / 1000000000));
}

static void add_uuid(struct buf *out, struct rng *rng)
{
	for (size_t i = 0; i < 5; i++) {
		buf_text(out, i ? "-" : "");
		filler_from(out, rng, hex, (const size_t[]){8, 4, 4, 4, 12}[i]);
	}
}

/* Placeholders that are made of chance alone. */
static bool add_chance(struct rich *out, struct cast *cast, const char *name, const char *arg)
{
	size_t n = arg[0] ? strtoul(arg, NULL, 10) : 8;
	struct buf *text = &out->text;

	n = n > FILL_MAX ? FILL_MAX : n;
	if (strcmp(name, "rand") == 0)
		filler_from(text, cast->rng, hex, n);
	else if (strcmp(name, "digits") == 0)
		filler_from(text, cast->rng, "0123456789", n);
	else if (strcmp(name, "alnum") == 0)
		filler_from(text, cast->rng, "abcdefghijkmnpqrstuvwxyz23456789", n);
	else if (strcmp(name, "b64") == 0)
		filler_from(text, cast->rng, base64, n);
	else if (strcmp(name, "uuid") == 0)
		add_uuid(text, cast->rng);
	else if (strcmp(name, "time") == 0)
		add_time(text, cast->now_ns);
	else if (strcmp(name, "i") == 0)
		buf_fmt(text, "%u", cast->round);
	else if (filler_of(name) != FILLER_NONE)
		filler_add(text, cast->rng, filler_of(name), n);
	else
		return false;
	return true;
}

/* full: NAME, NAME:ARG, NAME:ARG:ARG or PERSON.NAME[:STYLE]. */
static bool add_placeholder(struct rich *out, struct cast *cast, const char *full)
{
	char name[NAME_MAX_LEN + 1];

	snprintf(name, sizeof(name), "%s", full);
	char *arg = name + strcspn(name, ":");

	if (*arg)
		*arg++ = '\0';
	char *dot = strchr(name, '.');

	if (dot) {
		*dot = '\0';
		const struct named_person *who = find(cast, name);

		if (!who)
			return fail(cast, "there is no person of this name:", full);
		return add_trait(out, who, dot + 1, arg) ||
		       fail(cast, "a person has no such trait:", full);
	}
	if (add_chance(out, cast, name, arg))
		return true;
	char *style = arg + strcspn(arg, ":");

	if (*style)
		*style++ = '\0';
	if (strcmp(name, "testcard") == 0)
		return fresh(cast, "test") && add_trait(out, &cast->fresh, "card", arg);
	bool card = strcmp(name, "card") == 0;

	if (!fresh(cast, card ? arg : ""))
		return fail(cast, "no such brand:", full);
	return add_trait(out, &cast->fresh, name, style) ||
	       fail(cast, "unknown placeholder (\"{{\" is a brace)", full);
}

/* The length of "{word...}" at p, or 0: a brace that stands for itself. */
static size_t placeholder_len(const char *p)
{
	size_t n = 1;

	if (!islower((unsigned char)p[1]))
		return 0;
	while (isalnum((unsigned char)p[n]) || (p[n] && strchr(".:_-", p[n])))
		n++;
	return p[n] == '}' ? n + 1 : 0;
}

/* Appends what the escape at p stands for; returns its length. */
static size_t add_escape(struct buf *out, const char *p)
{
	static const char from[] = "nrt\\", to[] = "\n\r\t\\";
	const char *at = p[1] ? strchr(from, p[1]) : NULL;

	if (at) {
		buf_u8(out, (uint8_t)to[at - from]);
		return 2;
	}
	if (p[1] == 'x' && isxdigit((unsigned char)p[2]) && isxdigit((unsigned char)p[3])) {
		buf_u8(out, (unsigned)strtoul((const char[]){p[2], p[3], 0}, NULL, 16));
		return 4;
	}
	buf_u8(out, '\\');
	return 1;
}

static void add_byte(struct buf *out, uint8_t c, enum coding coding)
{
	if (coding == CODING_URL && c == ' ')
		buf_u8(out, '+');
	else if (coding == CODING_URL && !isalnum(c) && !strchr("-._*", c))
		buf_fmt(out, "%%%02X", c);
	else if (coding == CODING_JSON && (c == '"' || c == '\\'))
		buf_fmt(out, "\\%c", c);
	else if (coding == CODING_JSON && c < ' ')
		buf_fmt(out, "\\u%04x", c);
	else
		buf_u8(out, c);
}

static void add_base64(struct buf *out, const struct buf *in)
{
	for (size_t i = 0; i < in->len; i += 3) {
		size_t n = in->len - i < 3 ? in->len - i : 3;
		unsigned v = (unsigned)in->data[i] << 16;

		if (n > 1)
			v |= (unsigned)in->data[i + 1] << 8;
		if (n > 2)
			v |= in->data[i + 2];
		for (size_t k = 0; k < 4; k++)
			buf_u8(out, k <= n ? (uint8_t)base64[v >> (18 - 6 * k) & 63] : '=');
	}
}

/* Where the coded form of in->text[off] begins, counted from its own start. */
static size_t coded_off(const struct rich *in, size_t off, enum coding coding, bool up)
{
	struct buf b = {0};
	size_t len;

	if (coding == CODING_NONE)
		return off;
	if (coding == CODING_BASE64)
		return (up ? (off + 2) / 3 : off / 3) * 4;
	for (size_t i = 0; i < off; i++)
		add_byte(&b, in->text.data[i], coding);
	len = b.len;
	buf_free(&b);
	return len;
}

bool rich_expand(struct rich *out, struct cast *cast, const char *template)
{
	for (const char *p = template; *p;) {
		size_t n = *p == '{' ? placeholder_len(p) : 0;
		char name[NAME_MAX_LEN + 1];

		if (n > 2 && n - 2 <= NAME_MAX_LEN) {
			memcpy(name, p + 1, n - 2);
			name[n - 2] = '\0';
			if (!add_placeholder(out, cast, name))
				return false;
			p += n;
		} else if (*p == '\\') {
			p += add_escape(&out->text, p);
		} else {
			buf_u8(&out->text, (uint8_t)*p);
			p += p[0] == '{' && p[1] == '{' ? 2 : 1;
		}
	}
	return true;
}

void rich_add(struct rich *out, const struct rich *in, enum coding coding)
{
	size_t base = out->text.len;

	for (size_t i = 0; i < in->mark_cnt; i++) {
		struct mark mark = in->marks[i];

		mark.from = base + coded_off(in, mark.from, coding, false);
		mark.to = base + coded_off(in, mark.to, coding, true);
		out->marks =
			must_grow(out->marks, out->mark_cnt, &out->mark_cap, sizeof(*out->marks));
		out->marks[out->mark_cnt++] = mark;
	}
	if (coding == CODING_BASE64)
		add_base64(&out->text, &in->text);
	else if (coding == CODING_NONE)
		buf_add(&out->text, in->text.data, in->text.len);
	else
		for (size_t i = 0; i < in->text.len; i++)
			add_byte(&out->text, in->text.data[i], coding);
	out->exp |= in->exp;
	out->cvv |= in->cvv;
	out->name |= in->name;
	out->mail |= in->mail;
}

void rich_text(struct rich *out, const char *text)
{
	buf_text(&out->text, text);
}

void rich_fini(struct rich *rich)
{
	buf_free(&rich->text);
	free(rich->marks);
	*rich = (struct rich){0};
}
