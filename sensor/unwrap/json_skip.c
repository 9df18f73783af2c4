/* json_skip.c - the tokens between two values of interest, by bit masks.
 *
 * Only what outlives a token is done: depth, the name of each open level, the
 * number of values.  Whatever is not simple stops it, and is read byte by byte
 * by json.c: places that may hold something, escapes that may stand for ASCII,
 * backslashes outside strings, very long tokens. */
#include <assert.h>

#include "base/scratch.h"
#include "unwrap/json.h"
#include "unwrap/json_mask.h"

#define EVEN UINT64_C(0x5555555555555555)
#define TOP(n) (~UINT64_C(0) << (JSON_BLOCK - (n)))

struct skip {
	struct unwrap *unwrap;
	struct node *node;
	struct bytes data;
	size_t safe;     /* between tokens; all before it is done */
	uint32_t values; /* before safe */
	uint32_t open;   /* 1: at safe begins one */
	uint64_t string; /* all bits if the block before ended in a string, */
	uint64_t bare;   /* lowest bit: in a bare token, */
	uint32_t named;  /* slots of name_end that are set */
	size_t name_end[JSON_NAMES];
};

/* What a block means, once strings are known. */
struct tokens {
	uint64_t begins; /* all tokens, */
	uint64_t values; /* strings and numbers */
	uint64_t marks;  /* brackets, commas and colons, */
	uint64_t acts;   /* without the commas */
};

/* Bit i of the result: the sum of bits 0 to i. */
static uint64_t prefix_xor(uint64_t bits)
{
	for (unsigned i = 1; i < JSON_BLOCK; i *= 2)
		bits ^= bits << i;
	return bits;
}

/* The bytes behind an odd number of backslashes: where a run of them begins at an odd
 * place, adding it to the run moves what is escaped to even ones. */
static uint64_t escaped(uint64_t backslash)
{
	uint64_t behind = backslash << 1;
	uint64_t odd_starts = backslash & ~EVEN & ~behind;

	return (EVEN ^ (odd_starts + backslash) << 1) & behind;
}

/* True if an escape "\u0" may begin in the block, whose value may be ASCII; or if its end
 * may be escaped. */
static bool codes_ascii(const struct json_masks *m)
{
	return (m->backslash & (m->u >> 1 | TOP(1)) & (m->zero >> 2 | TOP(2))) != 0;
}

/* False: the block is not simple. */
static bool read_block(struct skip *skip, size_t at, struct tokens *out)
{
	SCRATCH struct json_masks m; /* json_masks() sets all */
	size_t len = skip->data.len - at < JSON_BLOCK ? skip->data.len - at : JSON_BLOCK;
	uint64_t valid = len < JSON_BLOCK ? (UINT64_C(1) << len) - 1 : ~UINT64_C(0);

	json_masks(skip->data.ptr + at, len, &m);
	if (m.odd != 0 || codes_ascii(&m))
		return false;
	uint64_t quote = m.quote & ~escaped(m.backslash);
	uint64_t string = prefix_xor(quote) ^ skip->string;
	if ((m.backslash & ~string) != 0)
		return false;
	out->acts = (m.open | m.close | m.colon) & ~string;
	out->marks = out->acts | (m.comma & ~string);
	uint64_t bare = valid & ~(string | quote | out->marks | m.space);
	uint64_t bare_begins = bare & ~(bare << 1 | skip->bare);
	out->begins = (quote & string) | bare_begins;
	out->values = (quote & string) | (bare_begins & m.number);
	skip->string = (string >> (JSON_BLOCK - 1)) != 0 ? ~UINT64_C(0) : 0;
	skip->bare = bare >> (JSON_BLOCK - 1);
	return true;
}

/* A colon at pos: the token before it, if there is one, is a name and no value. */
static void note_name(struct skip *skip, size_t pos)
{
	const uint8_t *p = skip->data.ptr;
	uint32_t slot = skip->node->json.depth % JSON_NAMES;
	size_t from;

	while (pos > 0 && json_is_space(p[pos - 1]))
		pos--;
	if (pos == 0 || (json_ends_bare(p[pos - 1]) && p[pos - 1] != '"'))
		return;
	for (from = pos; from > 0 && !json_ends_bare(p[from - 1]);)
		from--;
	if (from == pos || json_starts_number(p[from])) /* a string, a number */
		skip->values--;
	skip->node->json.name_level[slot] = (uint8_t)(skip->node->json.depth + 1);
	skip->name_end[slot] = pos;
	skip->named |= 1u << slot;
}

static void act(struct skip *skip, size_t pos)
{
	struct json_state *json = &skip->node->json;

	switch (skip->data.ptr[pos] | 0x20) {
	case '{':
		json_push(skip->unwrap, skip->node);
		skip->named &= ~(json->over == 0 ? 1u << json->depth % JSON_NAMES : 0);
		break;
	case '}':
		json_pop(json);
		break;
	default:
		note_name(skip, pos);
		break;
	}
}

/* Before the token that begins last, or behind the last mark, all is done. */
static void do_block(struct skip *skip, size_t at, const struct tokens *tokens)
{
	uint64_t ends = tokens->begins | tokens->marks;

	if (ends == 0)
		return;
	unsigned last = JSON_BLOCK - 1 - (unsigned)__builtin_clzll(ends);
	uint32_t open = (uint32_t)(tokens->values >> last & 1);
	skip->values += skip->open + (uint32_t)__builtin_popcountll(tokens->values) - open;
	skip->open = open;
	for (uint64_t acts = tokens->acts; acts != 0; acts &= acts - 1)
		act(skip, at + (unsigned)__builtin_ctzll(acts));
	skip->safe = at + last + (tokens->marks >> last & 1);
}

/* The text of the string or bare token that ends at end. */
static struct bytes token_before(const uint8_t *p, size_t end)
{
	size_t from = end, slashes;

	if (p[end - 1] != '"') {
		while (from > 0 && !json_ends_bare(p[from - 1]))
			from--;
		return bytes_of(p + from, end - from);
	}
	from--;
	do {
		do
			from--;
		while (p[from] != '"');
		slashes = 0;
		while (slashes < from && p[from - 1 - slashes] == '\\')
			slashes++;
	} while (slashes % 2 != 0);
	return bytes_of(p + from + 1, end - 2 - from);
}

/* The names that are in force at the end, which are few, are read only now. */
static void take_names(struct skip *skip)
{
	SCRATCH uint8_t decoded[FIELD_WHOLE]; /* text_json() writes what is used of it */
	struct node *node = skip->node;
	bool changed;

	for (; skip->named != 0; skip->named &= skip->named - 1) {
		int slot = __builtin_ctz(skip->named);
		struct bytes name = token_before(skip->data.ptr, skip->name_end[slot]);

		assert(name.len <= sizeof(decoded));
		if (bytes_find_byte(name, '\\') != SIZE_MAX)
			name = bytes_of(decoded, text_json(name, decoded, &changed));
		name = bytes_head(name, UNWRAP_KEY_MAX);
		memcpy(node->name[slot], name.ptr, name.len);
		node->json.name_len[slot] = (uint8_t)name.len;
	}
}

size_t json_skip(
	struct unwrap *unwrap, struct node *node, struct bytes data, size_t place, size_t *stuck)
{
	struct skip skip = {.unwrap = unwrap, .node = node, .data = data};
	SCRATCH struct tokens tokens; /* read_block() sets all, or is false */
	size_t at = 0;

	for (; at < data.len; at += JSON_BLOCK) {
		bool wanted = place < data.len && place < at + JSON_BLOCK;
		/* Longer tokens are shown in pieces. */
		if (wanted || at + JSON_BLOCK - skip.safe > FIELD_WHOLE ||
			!read_block(&skip, at, &tokens))
			break;
		do_block(&skip, at, &tokens);
	}
	take_names(&skip);
	node->out.view.ordinal += skip.values;
	*stuck = at < data.len ? at + JSON_BLOCK : data.len;
	return skip.safe;
}
