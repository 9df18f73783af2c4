/* Escapes of strings in programs: \uXXXX (RFC 8259 section 7), and \xXX and octal \NNN
 * (ECMA-262 12.9.4 and annex B). */
#include "codec/chain.h"
#include "codec/glyph.h"

#define UNIT_LEN 6 /* \uXXXX */

/* Value of the hex digits there, or -1. */
static int32_t hex_at(struct bytes buf, size_t at, size_t len)
{
	int32_t value = 0;

	if (at + len > buf.len)
		return -1;
	for (size_t i = at; i < at + len; i++) {
		if (hex_digit(buf.ptr[i]) < 0)
			return -1;
		value = value << 4 | hex_digit(buf.ptr[i]);
	}
	return value;
}

static int32_t unit_at(struct bytes buf, size_t at)
{
	if (at + 2 > buf.len || buf.ptr[at] != '\\' || buf.ptr[at + 1] != 'u')
		return -1;
	return hex_at(buf, at + 2, UNIT_LEN - 2);
}

static bool is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static struct escape json_at(struct bytes buf, size_t at)
{
	int32_t unit = unit_at(buf, at);

	if (unit < 0 || is_low(unit))
		return (struct escape){0};
	if (!is_high(unit))
		return (struct escape){.len = UNIT_LEN, .strong = true};
	if (!is_low(unit_at(buf, at + UNIT_LEN)))
		return (struct escape){0};
	return (struct escape){.len = 2 * UNIT_LEN, .strong = true};
}

static size_t json_put(const uint8_t *escape, size_t len, uint8_t *out)
{
	struct bytes whole = bytes_of(escape, len);
	int32_t unit = unit_at(whole, 0);

	if (len > UNIT_LEN)
		unit = 0x10000 + (unit - 0xd800) * 0x400 + unit_at(whole, UNIT_LEN) - 0xdc00;
	return put_utf8((uint32_t)unit, out);
}

/* Digits of an octal escape: as many as stay below 256, at least two. */
static size_t octal_len(struct bytes buf, size_t at)
{
	size_t max = at < buf.len && buf.ptr[at] < '4' ? 3 : 2, len = 0;

	while (len < max && at + len < buf.len && buf.ptr[at + len] >= '0' &&
		buf.ptr[at + len] <= '7')
		len++;
	return len < 2 ? 0 : len;
}

static struct escape js_at(struct bytes buf, size_t at)
{
	if (at + 1 < buf.len && buf.ptr[at + 1] == 'x')
		return (struct escape){.len = hex_at(buf, at + 2, 2) < 0 ? 0 : 4, .strong = true};
	size_t octal = octal_len(buf, at + 1);

	return (struct escape){.len = octal == 0 ? 0 : octal + 1, .strong = true};
}

static size_t js_put(const uint8_t *escape, size_t len, uint8_t *out)
{
	unsigned value = 0;

	if (escape[1] == 'x')
		value = (unsigned)hex_at(bytes_of(escape, len), 2, 2);
	for (size_t i = 1; escape[1] != 'x' && i < len; i++)
		value = value << 3 | (unsigned)(escape[i] - '0');
	out[0] = (uint8_t)value;
	return 1;
}

static const struct escapes json_escapes = {
	.lead = '\\', .gap = CHAIN_GAP, .beside = CHAIN_BESIDE, .at = json_at, .put = json_put};
static const struct escapes js_escapes = {
	.lead = '\\', .gap = CHAIN_GAP, .beside = CHAIN_BESIDE, .at = js_at, .put = js_put};

static bool json_find(struct bytes buf, size_t from, struct stretch *out)
{
	return chain_find(&json_escapes, buf, from, out);
}

static struct bytes json_core(struct bytes coded)
{
	return chain_core(&json_escapes, coded);
}

static size_t json_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return chain_decode(&json_escapes, coded, out, room);
}

static bool js_find(struct bytes buf, size_t from, struct stretch *out)
{
	return chain_find(&js_escapes, buf, from, out);
}

static struct bytes js_core(struct bytes coded)
{
	return chain_core(&js_escapes, coded);
}

static size_t js_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return chain_decode(&js_escapes, coded, out, room);
}

const struct coding coding_json_escape = {
	.layer = LAYER_JSON_ESCAPE,
	.signs = SIGN_ESCAPE,
	.find = json_find,
	.decode = json_decode,
	.core = json_core,
};

const struct coding coding_js_escape = {
	.layer = LAYER_JS_ESCAPE,
	.signs = SIGN_ESCAPE,
	.find = js_find,
	.decode = js_decode,
	.core = js_core,
};
