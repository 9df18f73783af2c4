#include "pan/peel.h"

#include <assert.h>

#include "codec/coding.h"
#include "codec/look.h"
#include "codec/unpack.h"
#include "pan/sign.h"

#define HEAD_BYTES 16
#define NOISE_BYTES 128

struct peeler {
	struct unpacker *unpacker;
	struct peel_counters counters;
	uint64_t left; /* bytes that may still come out for the window at hand */
	uint8_t room[PEEL_DEPTH][PEEL_ROOM];
};

/* A look at one window. */
struct look {
	struct peeler *peeler;
	struct peel_sink sink;
	struct peel_opens *opens;
	bool after_end;
	uint8_t keys; /* enum peel_keys */
};

size_t peeler_bytes(void)
{
	return sizeof(struct peeler) + unpacker_bytes() + 2 * 64;
}

struct peeler *peeler_new(struct arena *arena)
{
	struct peeler *peeler = arena_take(arena, sizeof(*peeler));

	if (peeler == NULL)
		return NULL;
	peeler->unpacker = unpacker_new(arena);
	return peeler->unpacker != NULL ? peeler : NULL;
}

const struct peel_counters *peeler_counters(const struct peeler *peeler)
{
	return &peeler->counters;
}

static bool is_text_coding(enum layer layer)
{
	return layer >= LAYER_PERCENT;
}

/* What comes out of coded, in the room of that depth; empty: nothing. */
static struct bytes undo(struct peeler *peeler, const struct coding *coding, struct bytes coded,
	uint32_t variant, unsigned depth)
{
	uint8_t *out = peeler->room[depth];
	size_t room = peeler->left < PEEL_ROOM ? (size_t)peeler->left : PEEL_ROOM;
	size_t len = room == 0 ? 0 : coding->decode(peeler->unpacker, coded, variant, out, room);

	assert(len <= room);
	peeler->left -= len;
	peeler->counters.bytes += len;
	return bytes_of(out, len);
}

static void look_inside(const struct look *look, const struct peel_text *text, bool wholes);

/* What is packed without a magic shows bytes that no text has. */
static bool is_binary(struct bytes data)
{
	for (size_t i = 0; i < data.len; i++) {
		uint8_t c = data.ptr[i];
		if (c >= 0x80 || c < '\t' || (c > '\r' && c < ' '))
			return true;
	}
	return false;
}

/* What comes out without the literal neighbours may be packed as a whole. */
static void look_at_core(const struct look *look, const struct coding *coding, struct bytes coded,
	uint32_t variant, struct peel_text *text)
{
	struct bytes core;
	unsigned depth = text->depth - 1u;

	if (coding->core == NULL || !is_binary(text->data))
		return;
	core = coding->core(coded);
	if (core.len == 0 || core.len == coded.len)
		return;
	text->data = undo(look->peeler, coding, core, variant, depth);
	look_inside(look, text, true);
}

/* A piece of a stretch; false: nothing came out. */
static bool take(const struct look *look, const struct coding *coding, struct bytes coded,
	uint32_t variant, const struct peel_text *around, size_t off)
{
	struct peel_text text = *around;
	size_t len;

	text.data = undo(look->peeler, coding, coded, variant, around->depth);
	len = text.data.len;
	if (len == 0)
		return false;
	text.layers[text.depth++] = (uint8_t)coding->layer;
	if (around->depth == 0)
		text.off = off;
	if (!is_text_coding(coding->layer) || len * 5 <= coded.len * 4)
		text.dense = true;
	look->sink.text(look->sink.self, &text);
	if (text.depth < PEEL_DEPTH) {
		look_inside(look, &text, false);
		look_at_core(look, coding, coded, variant, &text);
	}
	explicit_bzero(look->peeler->room[around->depth], len);
	return true;
}

/* Two keys to be searched for are more than a record has proof for; nobody reverses twice. */
static bool is_asked(const struct coding *coding, const struct peel_text *text)
{
	for (uint8_t i = 0; i < text->depth; i++) {
		bool reversed = text->layers[i] == LAYER_REVERSAL;

		if (text->layers[i] >= LAYER_REVERSAL && coding->layer >= LAYER_REVERSAL &&
			reversed == (coding->layer == LAYER_REVERSAL))
			return false;
	}
	return true;
}

/* Where the next one may begin: neighbours of two chains overlap, and what begins with a magic
 * goes to the end, for all that find() knows. */
static size_t behind(const struct coding *coding, struct stretch stretch, bool taken)
{
	return stretch.off + (taken && stretch.len > 0 && coding->core == NULL ? stretch.len : 1);
}

/* Half of a full-width digit in UTF-16. */
static bool is_wide(struct bytes data, size_t at)
{
	return (at > 0 && data.ptr[at - 1] == 0xff) ||
	       (at + 1 < data.len && data.ptr[at + 1] == 0xff);
}

/* Bytes such as compression or a key leaves: nothing is written there in a coding of text. */
static bool is_noise(struct bytes data)
{
	size_t odd = 0, len = data.len < NOISE_BYTES ? data.len : NOISE_BYTES;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = data.ptr[i];
		odd += ((c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0) || c == 0x7f) &&
		       !is_wide(data, i);
	}
	return odd * 16 > len;
}

/* All codings in what came out of one: it is complete.  wholes: only those of whole values. */
static void look_inside(const struct look *look, const struct peel_text *text, bool wholes)
{
	const bool noise = is_noise(text->data);

	for (size_t i = 0; i < codings_count; i++) {
		struct stretch stretch;
		size_t at = 0;
		if (codings[i]->searched && look->keys == PEEL_NO_KEYS)
			continue;
		if (noise && !codings[i]->whole && is_text_coding(codings[i]->layer) &&
			!codings[i]->searched)
			continue;
		while ((codings[i]->whole || !wholes) && is_asked(codings[i], text) &&
			at < text->data.len && look->peeler->left > 0 &&
			codings[i]->find(text->data, at, &stretch))
			at = behind(codings[i], stretch,
				take(look, codings[i],
					bytes_of(text->data.ptr + stretch.off, stretch.len),
					stretch.variant, text, 0));
	}
}

static void note_open(const struct look *look, size_t coding, bool piece, size_t off)
{
	struct peel_opens *opens = look->opens;

	if (opens->count == PEEL_OPENS) {
		look->peeler->counters.opens_lost++;
		return;
	}
	opens->open[opens->count++] = (struct peel_open){
		.coding = (uint16_t)coding, .keys = look->keys, .piece = piece, .off = off};
}

static bool is_hopeless(struct peeler *peeler, const struct coding *coding, struct bytes head)
{
	return coding->hopeless != NULL &&
	       coding->hopeless(peeler->unpacker, head, peeler->room[0], PEEL_ROOM);
}

/* A stretch of buf, piece by piece; the last that has no end yet is told as open.  False: nothing
 * came out, and nothing may. */
static bool take_stretch(
	const struct look *look, size_t row, struct bytes buf, struct stretch stretch, bool piece)
{
	const struct peel_text none = {.depth = 0};
	const struct coding *coding = codings[row];
	size_t off = stretch.off;

	for (;;) {
		size_t end = stretch.off + stretch.len;
		bool long_one = stretch.len > PEEL_STRETCH;
		if (!long_one && !look->after_end && buf.len - end < STRETCH_RIGHT) {
			if (!is_hopeless(look->peeler, coding,
				    bytes_of(buf.ptr + stretch.off, stretch.len)))
				note_open(look, row, piece, off);
			return true;
		}
		bool taken = take(look, coding,
			bytes_of(buf.ptr + stretch.off, long_one ? PEEL_STRETCH : stretch.len),
			stretch.variant, &none, stretch.off);
		if (!taken || !long_one || coding->whole)
			return taken;
		off = stretch.off + PEEL_STRETCH - PEEL_OVERLAP;
		piece = true;
		if (!coding->find(bytes_skip(buf, off), 0, &stretch) || stretch.off != 0) {
			if (!look->after_end && buf.len - off < PEEL_STRETCH)
				note_open(look, row, true, off);
			return true;
		}
		stretch.off += off;
	}
}

/* Stretches of a coding that begin in [from, to). */
static void look_for(const struct look *look, size_t row, const struct peel_window *window,
	size_t from, size_t to)
{
	const struct coding *coding = codings[row];
	size_t at = from;

	while (at < to && look->peeler->left > 0) {
		/* Where nothing begins nothing far behind is looked at. */
		struct bytes near = bytes_head(window->buf, to + STRETCH_RIGHT);
		struct stretch stretch;
		if (!coding->find(near, at, &stretch) || stretch.off >= to)
			return;
		if (near.len < window->buf.len && !coding->find(window->buf, stretch.off, &stretch))
			return;
		if (stretch.off >= to)
			return;
		at = behind(coding, stretch, take_stretch(look, row, window->buf, stretch, false));
	}
}

/* Codings of whole values, and of members in a row from its beginning. */
static void look_whole(const struct look *look, const struct peel_window *window)
{
	/* Text is asked for keys alone: packed bytes show at once. */
	const bool binary = is_binary(bytes_head(window->buf, NOISE_BYTES));

	for (size_t i = 0; i < codings_count; i++) {
		struct stretch stretch;
		size_t at = 0;
		if (codings[i]->searched ? look->keys != PEEL_ALL_KEYS : !binary)
			continue;
		while (codings[i]->whole && at < window->to && look->peeler->left > 0 &&
			codings[i]->find(window->buf, at, &stretch))
			at = behind(codings[i], stretch,
				take_stretch(look, i, window->buf, stretch, false));
	}
}

static void look_at_region(const struct look *look, const struct peel_window *window,
	const struct sign_region *region, size_t done)
{
	size_t from = region->from > SIGN_LATE ? region->from - SIGN_LATE : 0;
	size_t to = region->to < window->to ? region->to : window->to;

	if (from < done)
		from = done;
	for (size_t i = 0; i < codings_count; i++)
		if (!codings[i]->whole && (codings[i]->signs & region->signs) != 0 &&
			(look->keys != PEEL_NO_KEYS || !codings[i]->searched))
			look_for(look, i, window, from, to);
}

static void begin(struct peeler *peeler, size_t len)
{
	peeler->left = PEEL_FREE + (uint64_t)PEEL_TIMES * len;
}

static void end(struct peeler *peeler)
{
	peeler->counters.cut += peeler->left == 0;
}

/* Digits as they stand are a sign for those alone that search for a key. */
static unsigned wanted_by(const struct peel_window *window)
{
	return window->keys == PEEL_NO_KEYS ? SIGN_ALL & ~(unsigned)(SIGN_NUMBER | SIGN_DIGITS)
					    : SIGN_ALL;
}

size_t peel_place(struct bytes buf, size_t from)
{
	struct sign_region region;

	if (from == 0 && (is_binary(bytes_head(buf, HEAD_BYTES)) || look_is_odd(buf)))
		return 0;
	return sign_next(buf, from, SIGN_ALL & ~(unsigned)SIGN_DIGITS, &region) ? region.from
										: buf.len;
}

void peel(struct peeler *peeler, const struct peel_window *window, struct peel_sink sink,
	struct peel_opens *opens)
{
	const struct look look = {.peeler = peeler,
		.sink = sink,
		.opens = opens,
		.after_end = window->after_end,
		.keys = window->keys};
	struct sign_region region;
	size_t done = window->from;
	/* A stretch that begins in front of a block shows there at the latest. */
	size_t at = window->from;
	struct bytes signs = bytes_head(window->buf, window->to + SIGN_LATE);

	opens->count = 0;
	begin(peeler, window->buf.len);
	if (window->before_start && window->from == 0)
		look_whole(&look, window);
	while (sign_next(signs, at, wanted_by(window), &region)) {
		look_at_region(&look, window, &region, done);
		done = region.to;
		at = region.to;
	}
	end(peeler);
}

/* The stretch of an open one: what begins a value may be known from its beginning only. */
static bool find_open(
	const struct coding *coding, struct bytes buf, size_t off, struct stretch *out)
{
	return (coding->find(buf, off, out) && out->off == off) ||
	       (coding->whole && coding->find(buf, 0, out) && out->off == off);
}

void peel_open(struct peeler *peeler, struct bytes buf, const struct peel_open *open,
	bool after_end, struct peel_sink sink, struct peel_opens *opens)
{
	const struct look look = {.peeler = peeler,
		.sink = sink,
		.opens = opens,
		.after_end = after_end,
		.keys = open->keys};
	struct bytes in = open->piece ? bytes_skip(buf, open->off) : buf;
	size_t off = open->piece ? 0 : open->off;
	struct stretch stretch;

	begin(peeler, buf.len);
	if (find_open(codings[open->coding], in, off, &stretch)) {
		stretch.off += buf.len - in.len;
		take_stretch(&look, open->coding, buf, stretch, open->piece);
	}
	end(peeler);
}
