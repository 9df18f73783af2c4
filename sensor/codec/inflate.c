/* inflate.c - the only file that knows ISA-L.
 *
 * ISA-L decodes raw deflate only; the headers and trailers of gzip and zlib are
 * read here, a byte at a time, because they may be cut anywhere.  It is fed
 * from a stage that is always full (or the last): near the end of its input
 * ISA-L holds symbols back depending on where that end lies. */
#include "codec/inflate.h"

#include <isa-l/igzip_lib.h>

#define KEEP 8 /* bytes before the stage that ISA-L may have read ahead */

#define DIRTY_AHEAD 1024 /* more than ISA-L's look-ahead of 288 */

#define UNWRITTEN_MAX (4u * 258) /* twice the matches that were ever seen so */
#define ONCE_MAX (1u << 30)      /* ISA-L counts in 32 bits */

#define GZIP_FIXED 10
#define GZIP_TRAILER 8
#define ZLIB_HEADER 2
#define ZLIB_TRAILER 4

#define FHCRC 0x02 /* RFC 1952 section 2.3.1 */
#define FEXTRA 0x04
#define FNAME 0x08
#define FCOMMENT 0x10

enum wrapper { WRAPPER_RAW, WRAPPER_ZLIB, WRAPPER_GZIP };

enum phase {
	PHASE_START, /* at the first byte of the body */
	PHASE_MAGIC, /* another member may follow */
	PHASE_FIXED, /* the parts of a gzip header, in order */
	PHASE_EXTRA_LEN,
	PHASE_EXTRA,
	PHASE_NAME,
	PHASE_COMMENT,
	PHASE_HCRC,
	PHASE_DATA,
	PHASE_TRAILER,
	PHASE_DRAIN, /* broken: what ISA-L still holds is told */
	PHASE_STOP,
};

struct inflater {
	uint64_t in; /* bytes of earlier stages */
	uint64_t out;
	uint64_t member_out; /* of this member */
	int32_t at, fill;    /* next byte, and end, of the stage; at may reach -KEEP */
	int32_t member_at;   /* where the member began in this stage; -1: before it */
	uint32_t count;      /* bytes seen of the header part or trailer at hand */
	uint32_t extra;
	uint8_t phase, wrapper, flags;
	uint8_t stop; /* enum inflate_rc of PHASE_STOP */
	bool ready;   /* the stage is full or the last */
	bool more;    /* ISA-L may hold output without further input */
	uint8_t stage[KEEP + INFLATE_STAGE];
	uint8_t block[INFLATE_BLOCK]; /* its own: what comes out may be coded again */
	struct inflate_state isal;
	size_t dirty; /* bytes of isal.tmp_out_buffer that may be of an earlier body */
};

struct inflaters {
	struct pool pool;
};

size_t inflaters_bytes(uint32_t states)
{
	return sizeof(struct inflaters) + pool_bytes(sizeof(struct inflater), states) + 128;
}

struct inflaters *inflaters_new(struct arena *arena, uint32_t states)
{
	struct inflaters *inflaters = arena_take(arena, sizeof(*inflaters));

	if (inflaters == NULL ||
		!pool_new(&inflaters->pool, arena, sizeof(struct inflater), states))
		return NULL;
	return inflaters;
}

bool inflate_is_plain_gzip(struct bytes head)
{
	return head.len >= GZIP_FIXED && head.ptr[0] == 0x1f && head.ptr[1] == 0x8b &&
	       head.ptr[2] == 8 && (head.ptr[3] & (FEXTRA | FNAME | FCOMMENT)) == 0;
}

uint32_t inflate_open(struct inflaters *inflaters, enum inflate_kind kind)
{
	uint32_t id = pool_take(&inflaters->pool);

	if (id == 0)
		return 0;
	struct inflater *inflater = pool_at(&inflaters->pool, id);
	memset(inflater, 0, offsetof(struct inflater, stage));
	isal_inflate_init(&inflater->isal);
	inflater->phase = kind == INFLATE_RAW ? PHASE_DATA : PHASE_START;
	return id;
}

void inflate_close(struct inflaters *inflaters, uint32_t state)
{
	struct inflater *inflater = pool_at(&inflaters->pool, state);
	size_t staged = inflater->in > 0 ? INFLATE_STAGE : (size_t)inflater->fill;
	size_t shown = inflater->out < INFLATE_BLOCK ? (size_t)inflater->out : INFLATE_BLOCK;

	/* As far as it was used, and not only for the sake of secrets: at a distance that reaches
	 * before the beginning ISA-L 2.30 stops, but counts the match as output, and what stands
	 * in its buffer would be of another flow. */
	explicit_bzero(inflater->stage, KEEP + staged);
	explicit_bzero(inflater->block, shown);
	explicit_bzero(inflater->isal.tmp_out_buffer, inflater->dirty);
	inflater->dirty = 0;
	pool_give(&inflaters->pool, state);
}

struct bytes inflate_rest(const struct inflaters *inflaters, uint32_t state)
{
	const struct inflater *inflater = pool_at(&inflaters->pool, state);

	return bytes_of(
		inflater->stage + KEEP + inflater->at, (size_t)(inflater->fill - inflater->at));
}

size_t inflate_staged(const struct inflaters *inflaters, uint32_t state)
{
	const struct inflater *inflater = pool_at(&inflaters->pool, state);

	return (size_t)inflater->fill;
}

/* Fills the stage; the end of the one before stays in front of it. */
static void take_input(struct inflater *inflater, struct bytes *in, bool last)
{
	size_t room, n;

	if (!inflater->ready && inflater->at == inflater->fill && inflater->fill > 0) {
		memmove(inflater->stage, inflater->stage + inflater->fill, KEEP);
		inflater->in += (uint64_t)inflater->fill;
		inflater->at = inflater->fill = 0;
		inflater->member_at = -1;
	}
	room = INFLATE_STAGE - (size_t)inflater->fill;
	n = in->len < room ? in->len : room;
	if (!inflater->ready && n > 0) {
		memcpy(inflater->stage + KEEP + inflater->fill, in->ptr, n);
		inflater->fill += (int32_t)n;
		*in = bytes_skip(*in, n);
	}
	inflater->ready |= inflater->fill == INFLATE_STAGE || (last && in->len == 0);
}

static void stop(struct inflater *inflater, enum inflate_rc rc)
{
	inflater->phase = PHASE_STOP;
	inflater->stop = (uint8_t)rc;
	if (rc == INFLATE_ERROR && inflater->member_out == 0 && inflater->member_at >= 0)
		inflater->at = inflater->member_at;
}

static void start_member(struct inflater *inflater, enum wrapper wrapper, enum phase phase)
{
	inflater->wrapper = (uint8_t)wrapper;
	inflater->phase = (uint8_t)phase;
	inflater->member_out = 0;
	inflater->count = 0;
	isal_inflate_reset(&inflater->isal);
}

/* All of the body's beginning is in the stage now. */
static void find_wrapper(struct inflater *inflater)
{
	const uint8_t *head = inflater->stage + KEEP;
	bool two = inflater->fill >= ZLIB_HEADER;

	inflater->member_at = 0;
	if (two && head[0] == 0x1f && head[1] == 0x8b) {
		start_member(inflater, WRAPPER_GZIP, PHASE_FIXED);
	} else if (two && (head[0] & 0x8f) == 8 && (head[0] << 8 | head[1]) % 31 == 0) {
		start_member(inflater, WRAPPER_ZLIB, PHASE_DATA);
		inflater->at = ZLIB_HEADER;
		if ((head[1] & 0x20) != 0)
			stop(inflater, INFLATE_ERROR); /* FDICT: nobody told us the dictionary */
	} else {
		start_member(inflater, WRAPPER_RAW, PHASE_DATA);
	}
}

/* Goes on to the next part of the header that the flags announce. */
static void next_part(struct inflater *inflater)
{
	static const uint8_t flag[] = {[PHASE_EXTRA_LEN] = FEXTRA,
		[PHASE_EXTRA] = FEXTRA,
		[PHASE_NAME] = FNAME,
		[PHASE_COMMENT] = FCOMMENT,
		[PHASE_HCRC] = FHCRC};

	inflater->count = 0;
	do
		inflater->phase++;
	while (inflater->phase < PHASE_DATA &&
		((inflater->flags & flag[inflater->phase]) == 0 ||
			(inflater->phase == PHASE_EXTRA && inflater->extra == 0)));
}

static void header_byte(struct inflater *inflater, uint8_t byte)
{
	uint32_t n = ++inflater->count;
	bool done = false;

	switch (inflater->phase) {
	case PHASE_FIXED:
		if (n == 3 && byte != 8) {
			stop(inflater, INFLATE_ERROR);
			return;
		}
		if (n == 4)
			inflater->flags = byte;
		done = n == GZIP_FIXED;
		break;
	case PHASE_EXTRA_LEN:
		inflater->extra = n == 1 ? byte : inflater->extra | (uint32_t)byte << 8;
		done = n == 2;
		break;
	case PHASE_EXTRA:
		done = n == inflater->extra;
		break;
	case PHASE_NAME:
	case PHASE_COMMENT:
		done = byte == 0;
		break;
	default: /* PHASE_HCRC */
		done = n == 2;
		break;
	}
	if (done)
		next_part(inflater);
}

/* Behind a member: the next one begins like a gzip member, or all is done. */
static void magic_byte(struct inflater *inflater, uint8_t byte)
{
	static const uint8_t magic[] = {0x1f, 0x8b, 8};

	if (byte != magic[inflater->count]) {
		inflater->at -= (int32_t)inflater->count + 1;
		stop(inflater, INFLATE_DONE);
		return;
	}
	if (++inflater->count == sizeof(magic)) {
		inflater->member_at = inflater->at >= 3 ? inflater->at - 3 : -1;
		start_member(inflater, WRAPPER_GZIP, PHASE_FIXED);
		inflater->count = sizeof(magic);
	}
}

static void trailer_byte(struct inflater *inflater)
{
	if (++inflater->count < (inflater->wrapper == WRAPPER_GZIP ? GZIP_TRAILER : ZLIB_TRAILER))
		return;
	inflater->count = 0;
	inflater->phase = PHASE_MAGIC;
	if (inflater->wrapper == WRAPPER_ZLIB)
		stop(inflater, INFLATE_DONE);
}

/* The bytes around the deflate data, as far as the stage reaches. */
static void read_around(struct inflater *inflater)
{
	if (inflater->phase == PHASE_START && inflater->fill > 0)
		find_wrapper(inflater);
	while (inflater->at < inflater->fill && inflater->phase < PHASE_DRAIN &&
		inflater->phase != PHASE_DATA) {
		uint8_t byte = inflater->stage[KEEP + inflater->at++];

		if (inflater->phase == PHASE_TRAILER)
			trailer_byte(inflater);
		else if (inflater->phase == PHASE_MAGIC)
			magic_byte(inflater, byte);
		else
			header_byte(inflater, byte);
	}
}

/* ISA-L gives back the whole bytes it read ahead. */
static void unread(struct inflater *inflater)
{
	int32_t ahead = inflater->isal.read_in_length / 8;

	if (ahead > 0 && ahead <= KEEP && inflater->at - ahead >= -KEEP)
		inflater->at -= ahead;
	inflater->isal.read_in_length = 0;
	inflater->isal.read_in = 0;
}

static void end_of_data(struct inflater *inflater)
{
	unread(inflater);
	inflater->count = 0;
	inflater->phase = PHASE_TRAILER;
	if (inflater->wrapper == WRAPPER_RAW)
		stop(inflater, INFLATE_DONE);
}

/* ISA-L fills its buffer from the front, writes a look-ahead beyond what is valid, and
 * begins anew once it is full. */
static void note_dirty(struct inflater *inflater)
{
	const struct inflate_state *isal = &inflater->isal;
	size_t size = sizeof(isal->tmp_out_buffer);
	size_t valid = isal->tmp_out_valid > 0 ? (size_t)isal->tmp_out_valid : 0;

	if (isal->total_out > ISAL_DEF_HIST_SIZE || valid > ISAL_DEF_HIST_SIZE)
		inflater->dirty = size;
	else if (valid + DIRTY_AHEAD > inflater->dirty)
		inflater->dirty = valid + DIRTY_AHEAD;
}

static size_t decode(struct inflater *inflater)
{
	struct inflate_state *isal = &inflater->isal;
	uint32_t given = (uint32_t)(inflater->fill - inflater->at);
	int rc;

	isal->next_in = inflater->stage + KEEP + inflater->at;
	isal->avail_in = given;
	isal->next_out = inflater->block;
	isal->avail_out = INFLATE_BLOCK;
	rc = isal_inflate(isal);
	size_t made = INFLATE_BLOCK - isal->avail_out;
	note_dirty(inflater);
	inflater->at = inflater->fill - (int32_t)isal->avail_in;
	inflater->more = made == INFLATE_BLOCK;
	if (isal->block_state == ISAL_BLOCK_FINISH) {
		inflater->more = false;
		end_of_data(inflater);
	} else if (rc != ISAL_DECOMP_OK || (made == 0 && isal->avail_in == given && given > 0)) {
		unread(inflater);
		inflater->phase = PHASE_DRAIN;
	}
	return made;
}

/* What was decoded before the error and had no room in the block. */
static size_t drain(struct inflater *inflater)
{
	struct inflate_state *isal = &inflater->isal;
	int32_t left = isal->tmp_out_valid - isal->tmp_out_processed;
	size_t n = left > (int32_t)INFLATE_BLOCK ? INFLATE_BLOCK : left > 0 ? (size_t)left : 0;

	memcpy(inflater->block, isal->tmp_out_buffer + isal->tmp_out_processed, n);
	isal->tmp_out_processed += (int32_t)n;
	return n;
}

/* Cuts a block at the limits. */
static size_t limit(struct inflater *inflater, size_t made)
{
	uint64_t in = inflater->in + (uint64_t)(inflater->at > 0 ? inflater->at : 0);
	bool bomb = false;

	if (inflater->out + made > INFLATE_OUT_MAX) {
		made = (size_t)(INFLATE_OUT_MAX - inflater->out);
		bomb = true;
	}
	inflater->out += made;
	inflater->member_out += made;
	bomb |= inflater->out > INFLATE_RATIO_FROM && inflater->out > in * INFLATE_RATIO_MAX;
	if (bomb)
		stop(inflater, INFLATE_BOMB);
	return made;
}

/* Decodes the stage until there is a block, it is used up, or the end. */
static size_t work(struct inflater *inflater)
{
	size_t made = 0;

	while (made == 0 && inflater->phase != PHASE_STOP) {
		read_around(inflater);
		if (inflater->phase == PHASE_DRAIN) {
			made = drain(inflater);
			if (made == 0)
				stop(inflater, INFLATE_ERROR);
		} else if (inflater->phase == PHASE_DATA &&
			   (inflater->at < inflater->fill || inflater->more)) {
			made = decode(inflater);
		} else if (inflater->phase != PHASE_STOP && inflater->at == inflater->fill) {
			break;
		}
	}
	return limit(inflater, made);
}

enum inflate_rc inflate_step(
	struct inflaters *inflaters, uint32_t state, struct bytes *in, bool last, struct bytes *out)
{
	struct inflater *inflater = pool_at(&inflaters->pool, state);
	size_t made = 0;

	*out = bytes_of(inflater->block, 0);
	for (;;) {
		if (inflater->phase == PHASE_STOP)
			return (enum inflate_rc)inflater->stop;
		take_input(inflater, in, last);
		if (!inflater->ready)
			return INFLATE_OK;
		made = work(inflater);
		if (made > 0)
			break;
		if (inflater->phase == PHASE_STOP)
			continue;
		inflater->ready = false; /* the stage is used up */
		if (last && in->len == 0) {
			if (inflater->phase == PHASE_MAGIC)
				inflater->at -= (int32_t)inflater->count;
			stop(inflater, INFLATE_DONE);
		}
	}
	*out = bytes_of(inflater->block, made);
	return INFLATE_OK;
}

size_t inflate_once_bytes(void)
{
	return sizeof(struct inflate_state);
}

static void inflate_at(struct inflate_state *isal, struct bytes in, uint8_t *out, size_t room)
{
	isal_inflate_init(isal);
	isal->next_in = (uint8_t *)(uintptr_t)in.ptr;
	isal->avail_in = (uint32_t)in.len;
	isal->next_out = out;
	isal->avail_out = (uint32_t)room;
}

/* At a distance that reaches before the beginning ISA-L counts the match as output, sometimes
 * also the next, and does not write it, so what was in the room before would be shown: it is
 * made zeroes, and left away. */
static size_t without_unwritten(
	struct inflate_state *isal, struct bytes in, uint8_t *out, size_t room, size_t len)
{
	size_t least = len > UNWRITTEN_MAX ? len - UNWRITTEN_MAX : 0;

	memset(out + least, 0, len - least);
	inflate_at(isal, in, out, room);
	(void)isal_inflate_stateless(isal);
	while (len > least && out[len - 1] == 0)
		len--;
	return len;
}

struct unpacked inflate_once(void *once, struct bytes in, uint8_t *out, size_t room)
{
	struct inflate_state *isal = once;
	struct unpacked one = {.used = in.len};
	int rc;

	in.len = in.len > ONCE_MAX ? ONCE_MAX : in.len;
	room = room > ONCE_MAX ? ONCE_MAX : room;
	inflate_at(isal, in, out, room);
	rc = isal_inflate_stateless(isal);
	one.len = room - isal->avail_out;
	one.ended = rc == ISAL_DECOMP_OK;
	one.broken = rc != ISAL_DECOMP_OK && rc != ISAL_END_INPUT && rc != ISAL_OUT_OVERFLOW;
	if (isal->avail_in <= in.len) /* it may give back more than it took where input ends */
		one.used = in.len - isal->avail_in;
	if (one.broken)
		one.len = without_unwritten(isal, in, out, room, one.len);
	return one;
}
