/* %XX: RFC 3986 section 2.1.  A '+' stays: forms have their own reader. */
#include "codec/chain.h"
#include "codec/glyph.h"

static struct escape percent_at(struct bytes buf, size_t at)
{
	if (at + 2 >= buf.len || hex_digit(buf.ptr[at + 1]) < 0 || hex_digit(buf.ptr[at + 2]) < 0)
		return (struct escape){0};
	return (struct escape){.len = 3, .strong = true};
}

static size_t percent_put(const uint8_t *escape, size_t len, uint8_t *out)
{
	(void)len;
	out[0] = (uint8_t)(hex_digit(escape[1]) << 4 | hex_digit(escape[2]));
	return 1;
}

static const struct escapes percent = {.lead = '%',
	.gap = CHAIN_GAP,
	.beside = CHAIN_BESIDE,
	.at = percent_at,
	.put = percent_put};

static bool percent_find(struct bytes buf, size_t from, struct stretch *out)
{
	return chain_find(&percent, buf, from, out);
}

static struct bytes percent_core(struct bytes coded)
{
	return chain_core(&percent, coded);
}

static size_t percent_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return chain_decode(&percent, coded, out, room);
}

const struct coding coding_percent = {
	.layer = LAYER_PERCENT,
	.signs = SIGN_ESCAPE,
	.find = percent_find,
	.decode = percent_decode,
	.core = percent_core,
};
