/* Character references of HTML: &#52; &#x34; and the names that stand beside numbers. */
#include "codec/chain.h"
#include "codec/glyph.h"

#define POINT_MAX 0x10ffffu
#define DIGITS_MAX 7

static const struct {
	const char *name;
	uint32_t point;
} names[] = {
	{"nbsp;", 0xa0},
	{"amp;", '&'},
	{"quot;", '"'},
	{"apos;", '\''},
	{"lt;", '<'},
	{"gt;", '>'},
	{"equals;", '='},
	{"num;", '#'},
	{"period;", '.'},
	{"comma;", ','},
	{"colon;", ':'},
	{"semi;", ';'},
	{"sol;", '/'},
	{"plus;", '+'},
	{"lowbar;", '_'},
	{"hyphen;", '-'},
	{"dash;", '-'},
	{"minus;", '-'},
	{"ndash;", '-'},
	{"mdash;", '-'},
	{"shy;", '-'},
	{"Tab;", '\t'},
	{"NewLine;", '\n'},
	{"ensp;", 0xa0},
	{"emsp;", 0xa0},
	{"thinsp;", 0xa0},
};

/* Number of the reference that begins with "&#" there; *len: its length, 0: none. */
static uint32_t number_at(struct bytes buf, size_t at, size_t *len)
{
	bool hex = at + 2 < buf.len && byte_lower(buf.ptr[at + 2]) == 'x';
	size_t first = at + (hex ? 3 : 2), i = first;
	uint32_t point = 0;

	*len = 0;
	for (; i < buf.len && i - first < DIGITS_MAX; i++) {
		int digit = hex || is_digit(buf.ptr[i]) ? hex_digit(buf.ptr[i]) : -1;

		if (digit < 0)
			break;
		point = point * (hex ? 16 : 10) + (uint32_t)digit;
	}
	if (i == first || point > POINT_MAX)
		return 0;
	*len = i - at + (i < buf.len && buf.ptr[i] == ';');
	return point;
}

static uint32_t point_at(struct bytes buf, size_t at, size_t *len)
{
	struct bytes rest = bytes_skip(buf, at + 1);

	if (rest.len > 0 && rest.ptr[0] == '#')
		return number_at(buf, at, len);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_starts(rest, names[i].name)) {
			*len = strlen(names[i].name) + 1;
			return names[i].point;
		}
	}
	*len = 0;
	return 0;
}

static struct escape html_at(struct bytes buf, size_t at)
{
	struct escape escape = {.strong = true};

	point_at(buf, at, &escape.len);
	return escape;
}

static size_t html_put(const uint8_t *escape, size_t len, uint8_t *out)
{
	return put_utf8(point_at(bytes_of(escape, len), 0, &len), out);
}

static const struct escapes html = {
	.lead = '&', .gap = CHAIN_GAP, .beside = CHAIN_BESIDE, .at = html_at, .put = html_put};

static bool html_find(struct bytes buf, size_t from, struct stretch *out)
{
	return chain_find(&html, buf, from, out);
}

static struct bytes html_core(struct bytes coded)
{
	return chain_core(&html, coded);
}

static size_t html_decode(
	struct unpacker *unpacker, struct bytes coded, uint32_t variant, uint8_t *out, size_t room)
{
	(void)unpacker;
	(void)variant;
	return chain_decode(&html, coded, out, room);
}

const struct coding coding_html = {
	.layer = LAYER_HTML,
	.signs = SIGN_ESCAPE,
	.find = html_find,
	.decode = html_decode,
	.core = html_core,
};
