#include "serve/out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void put(struct out *out, const char *text, size_t len)
{
	if (out->failed)
		return;
	if (out->len + len + 1 > out->size) {
		size_t size = out->size * 2 + len + 4096;
		char *more = size <= OUT_MAX ? realloc(out->text, size) : NULL;

		if (more == NULL) {
			out->failed = true;
			return;
		}
		out->text = more;
		out->size = size;
	}
	memcpy(out->text + out->len, text, len);
	out->len += len;
	out->text[out->len] = '\0';
}

/* The character at *at as a code point; broken UTF-8 gives U+FFFD, byte by byte. */
static uint32_t code_point(const unsigned char **at)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *p = *at;
	int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
	uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);

	*at = p + 1;
	if (p[0] < 0x80)
		return c;
	if (more == 0 || p[0] > 0xf4)
		return 0xfffd;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0xfffd;
	*at = p + 1 + more;
	return c;
}

static void quote(struct out *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char piece[16];

	put(out, "\"", 1);
	while (*at != '\0') {
		uint32_t c = code_point(&at);

		if (c == '"' || c == '\\')
			snprintf(piece, sizeof(piece), "\\%c", (char)c);
		else if (c >= ' ' && c <= '~')
			snprintf(piece, sizeof(piece), "%c", (char)c);
		else if (c < 0x10000)
			snprintf(piece, sizeof(piece), "\\u%04x", c);
		else
			snprintf(piece, sizeof(piece), "\\u%04x\\u%04x",
				0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
		put(out, piece, strlen(piece));
	}
	put(out, "\"", 1);
}

static void member(struct out *out, const char *name)
{
	if (out->comma)
		put(out, ",", 1);
	out->comma = true;
	if (name != NULL) {
		quote(out, name);
		put(out, ":", 1);
	}
}

void out_open(struct out *out, const char *name, char bracket)
{
	member(out, name);
	put(out, &bracket, 1);
	out->comma = false;
}

void out_close(struct out *out, char bracket)
{
	put(out, &bracket, 1);
	out->comma = true;
}

void out_string(struct out *out, const char *name, const char *text)
{
	member(out, name);
	quote(out, text);
}

void out_raw(struct out *out, const char *name, const char *json)
{
	member(out, name);
	put(out, json, strlen(json));
}

void out_int(struct out *out, const char *name, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	out_raw(out, name, text);
}

static void decimal(struct out *out, const char *name, double value, int digits)
{
	char text[400];

	snprintf(text, sizeof(text), "%.*f", digits, value);
	out_raw(out, name, isfinite(value) ? text : "null");
}

void out_real(struct out *out, const char *name, double value)
{
	decimal(out, name, value, 1);
}

void out_share(struct out *out, const char *name, int64_t part, int64_t whole)
{
	decimal(out, name, whole > 0 ? (double)part / (double)whole : (double)NAN, 5);
}

void out_bool(struct out *out, const char *name, bool value)
{
	out_raw(out, name, value ? "true" : "false");
}

void out_null(struct out *out, const char *name)
{
	out_raw(out, name, "null");
}

void out_time(struct out *out, const char *name, int64_t ns)
{
	char text[CLOCK_EVE_MAX];

	if (ns <= 0) {
		out_null(out, name);
		return;
	}
	clock_eve((uint64_t)ns, text);
	out_string(out, name, text);
}

void out_hex(struct out *out, const char *name, uint64_t value)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)value);
	out_string(out, name, text);
}

void out_words(struct out *out, const char *name, const char *text)
{
	char word[512];

	out_open(out, name, '[');
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		out_string(out, NULL, word);
		text += len;
	}
	out_close(out, ']');
}

void out_drop(struct out *out)
{
	free(out->text);
	*out = (struct out){0};
}
