/* filler.c - text that looks like what shops send. */
#include "filler.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const names[] = {"html", "js", "json", "random"};
static const char *const types[] = {"text/html; charset=utf-8", "application/javascript",
	"application/json", "application/octet-stream"};
static const char *const words[] = {"sencha", "gyokuro", "hojicha", "matcha", "teapot", "kettle",
	"whisk", "spring", "harvest", "garden", "price", "basket", "shipping", "gift", "letter",
	"season", "leaf", "bowl", "paper", "label", "order", "review", "guide", "story", "member",
	"point", "campaign", "stock", "delivery", "wrapping"};
static const char *const tags[] = {"div", "p", "span", "li", "td", "h3", "a", "section"};

static const char *word(struct rng *rng)
{
	return words[rng_below(rng, COUNT(words))];
}

static void html_line(struct buf *out, struct rng *rng)
{
	const char *tag = tags[rng_below(rng, COUNT(tags))];

	buf_fmt(out, "<%s class=\"%s-%s\" id=\"i%u\">", tag, word(rng), word(rng),
		(unsigned)rng_below(rng, 9999));
	for (unsigned i = 0; i < 6 + rng_below(rng, 8); i++)
		buf_fmt(out, "%s ", word(rng));
	if (rng_below(rng, 6) == 0)
		buf_fmt(out, "&yen;%u", 100 * (1 + (unsigned)rng_below(rng, 99)));
	buf_fmt(out, "</%s>\n", tag);
}

static void js_line(struct buf *out, struct rng *rng)
{
	const char *a = word(rng), *b = word(rng), *c = word(rng);

	if (rng_below(rng, 2) == 0)
		buf_fmt(out, "function %s_%s(e,t){var n=%u;if(e.%s!==t){return n+t.length}\n", a, b,
			(unsigned)rng_below(rng, 4096), c);
	else
		buf_fmt(out, "%s.prototype.%s=function(){return this.%s||\"%s\"};\n", a, b, c, a);
}

static void json_line(struct buf *out, struct rng *rng)
{
	buf_fmt(out, "{\"id\":%u,\"%s\":\"%s %s\",\"%s\":%u.%02u,\"ok\":true},\n",
		(unsigned)rng_below(rng, 1000000), word(rng), word(rng), word(rng), word(rng),
		(unsigned)rng_below(rng, 5000), (unsigned)rng_below(rng, 100));
}

enum filler filler_of(const char *name)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum filler)i;
	return FILLER_NONE;
}

const char *filler_type(enum filler kind)
{
	return types[kind];
}

void filler_add(struct buf *out, struct rng *rng, enum filler kind, size_t len)
{
	size_t end = out->len + len;

	while (out->len < end) {
		uint64_t chunk[64];

		if (kind == FILLER_HTML) {
			html_line(out, rng);
		} else if (kind == FILLER_JS) {
			js_line(out, rng);
		} else if (kind == FILLER_JSON) {
			json_line(out, rng);
		} else {
			rng_fill(rng, chunk, sizeof(chunk));
			buf_add(out, chunk, sizeof(chunk));
		}
	}
	out->len = end;
}

void filler_from(struct buf *out, struct rng *rng, const char *alphabet, size_t len)
{
	size_t n = strlen(alphabet);

	for (size_t i = 0; i < len; i++)
		buf_u8(out, (uint8_t)alphabet[rng_below(rng, n)]);
}
