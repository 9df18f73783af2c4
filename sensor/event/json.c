#include "event/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static void put(struct json *json, const char *text, size_t len)
{
	/* Room for every closing bracket is kept, so that a full object still ends. */
	if (json->full || len + json->depth + 1 > json->size - json->len) {
		json->full = true;
		return;
	}
	memcpy(json->out + json->len, text, len);
	json->len += len;
}

static void put_format(struct json *json, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put_format(struct json *json, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert(len >= 0 && (size_t)len < sizeof(text));
	put(json, text, (size_t)len);
}

/* One code point of valid UTF-8 (masked text holds no other) as \uXXXX. */
static size_t put_wide(struct json *json, const uint8_t *at, size_t left)
{
	size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	uint32_t point = at[0] & (0x7fu >> len);

	if (left < len) {
		put(json, "?", 1);
		return left;
	}
	for (size_t i = 1; i < len; i++)
		point = point << 6 | (at[i] & 0x3fu);
	if (point < 0x10000) {
		put_format(json, "\\u%04x", point);
	} else {
		point -= 0x10000;
		put_format(
			json, "\\u%04x\\u%04x", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
	}
	return len;
}

static void put_string(struct json *json, const char *text, size_t len)
{
	const uint8_t *at = (const uint8_t *)text;

	put(json, "\"", 1);
	for (size_t i = 0; i < len;) {
		if (at[i] >= 0x80) {
			i += put_wide(json, at + i, len - i);
			continue;
		}
		if (at[i] == '"' || at[i] == '\\')
			put(json, "\\", 1);
		if (at[i] < 0x20 || at[i] == 0x7f)
			put_format(json, "\\u%04x", at[i]);
		else
			put(json, (const char *)at + i, 1);
		i++;
	}
	put(json, "\"", 1);
}

static void name_of(struct json *json, const char *name)
{
	if (json->comma)
		put(json, ",", 1);
	json->comma = true;
	if (name == NULL)
		return;
	put_string(json, name, strlen(name));
	put(json, ":", 1);
}

static void nest(struct json *json, const char *name, const char *open, char closing)
{
	name_of(json, name);
	put(json, open, 1);
	assert(json->depth < JSON_DEPTH);
	json->close[json->depth++] = closing;
	json->comma = false;
}

void json_start(struct json *json, char *out, size_t size)
{
	assert(size >= 2 + JSON_DEPTH);
	*json = (struct json){.out = out, .size = size};
	json->close[json->depth++] = '}';
	put(json, "{", 1);
}

size_t json_end(struct json *json)
{
	assert(json->depth == 1);
	json->depth = 0;
	put(json, "}", 1);
	return json->full ? 0 : json->len;
}

void json_object(struct json *json, const char *name)
{
	nest(json, name, "{", '}');
}

void json_array(struct json *json, const char *name)
{
	nest(json, name, "[", ']');
}

void json_close(struct json *json)
{
	assert(json->depth > 1);
	json->depth--;
	put(json, &json->close[json->depth], 1);
	json->comma = true;
}

void json_text(struct json *json, const char *name, const char *constant)
{
	name_of(json, name);
	put_string(json, constant, strlen(constant));
}

void json_masked(struct json *json, const char *name, const struct masked *text)
{
	name_of(json, name);
	put_string(json, text->text, text->len);
}

void json_u64(struct json *json, const char *name, uint64_t value)
{
	name_of(json, name);
	put_format(json, "%llu", (unsigned long long)value);
}

void json_i64(struct json *json, const char *name, int64_t value)
{
	name_of(json, name);
	put_format(json, "%lld", (long long)value);
}

void json_tenths(struct json *json, const char *name, int value)
{
	name_of(json, name);
	put_format(json, "%s%d.%d", value < 0 ? "-" : "", (value < 0 ? -value : value) / 10,
		(value < 0 ? -value : value) % 10);
}

void json_bool(struct json *json, const char *name, bool value)
{
	name_of(json, name);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void json_addr(struct json *json, const char *name, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	size_t len = addr_text(addr, text);

	name_of(json, name);
	put_string(json, text, len);
}

void json_time(struct json *json, const char *name, uint64_t ns)
{
	char text[CLOCK_EVE_MAX];
	size_t len = clock_eve(ns, text);

	name_of(json, name);
	put_string(json, text, len);
}

void json_hex(struct json *json, const char *name, const uint8_t *data, size_t len)
{
	static const char digit[] = "0123456789abcdef";

	name_of(json, name);
	put(json, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		char pair[2] = {digit[data[i] >> 4], digit[data[i] & 15]};
		put(json, pair, 2);
	}
	put(json, "\"", 1);
}
