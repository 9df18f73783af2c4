/* coding.h - codings that may stand anywhere inside other bytes, and how each is undone.
 *
 * A coding is a file and a row in coding.def.  It knows how a stretch of bytes written so looks,
 * and its decoder; it does not know what is looked for in what comes out.  Who uses them
 * (pan/peel.h) takes each stretch that find() shows, and looks into what comes out of it for
 * cards and for further codings.
 *
 * A stretch is maximal and is found the same wherever it stands: whether one begins at a place
 * depends on at most STRETCH_LEFT bytes before it, and where it ends on its own bytes and at most
 * STRETCH_RIGHT behind its end.
 * Cost: find() is linear in what it passes over, decode() in its input; no allocation but the
 * unpacker's, which is made beforehand.  Nothing is kept between calls, nothing is logged.
 * Threads: any; an unpacker is one thread's. */
#ifndef SEKISHO_CODEC_CODING_H
#define SEKISHO_CODEC_CODING_H

#include "base/bytes.h"
#include "codec/layer.h"

#define STRETCH_LEFT 96
#define STRETCH_RIGHT 64

struct unpacker; /* codec/unpack.h */

struct stretch {
	size_t off, len;  /* in the buffer that was searched */
	uint32_t variant; /* the coding's own: alphabet, alignment, separator, method */
};

/* What a stretch of it shows from afar, for a first pass over every byte: bits. */
enum sign {
	SIGN_TOKEN = 1,    /* characters of base64 that are no words, path or number */
	SIGN_ESCAPE = 2,   /* escapes in a row, or beside a number */
	SIGN_LIST = 4,     /* short numbers and separators */
	SIGN_ZERO = 8,     /* every second byte is zero or FF */
	SIGN_WIDE = 16,    /* digits of another charset, or spaces of more bytes between digits */
	SIGN_PACKED = 32,  /* the first bytes of something packed */
	SIGN_NUMBER = 64,  /* a number of a card's length, or what a rotation by 47 makes of one */
	SIGN_HEX = 128,    /* hex digits in a row */
	SIGN_BASE32 = 256, /* characters of base32 in one case in a row */
	SIGN_DIGITS = 512, /* as many digits as a card's, however they stand */
	SIGN_ALL = 1023
};

struct coding {
	enum layer layer;
	unsigned signs; /* any of them; not asked where whole */
	/* Only a buffer as a whole is written so: find() is asked with from = 0 about bytes that
	 * begin where a field, body or another coding's output begins. */
	bool whole;
	/* A key is searched for: dear, so only where there is a reason to. */
	bool searched;
	/* True if what comes out is the number written plainly, not another document: the
	 * bytes stay text that reads almost the same (folds full-width digits, for instance). */
	bool folds;
	/* First stretch that begins in [from, buf.len) and plausibly is written so; false: none.
	 * Words, prose, plain numbers and identifiers in a row are not plausible.  Go on from
	 * off + 1: chains of escapes overlap in their literal neighbours. */
	bool (*find)(struct bytes buf, size_t from, struct stretch *out);
	/* coded: the bytes of a stretch of that variant, or the first part of one.  Writes at most
	 * room bytes to out; returns their number, 0: it is none after all. */
	size_t (*decode)(struct unpacker *unpacker, struct bytes coded, uint32_t variant,
		uint8_t *out, size_t room);
	/* Of a stretch that has literal neighbours with it: the part without them.  What comes
	 * out of that is looked at for codings of whole values.  NULL: it has none. */
	struct bytes (*core)(struct bytes coded);
	/* Of a stretch that goes on behind head: true if nothing that follows can make it one
	 * after all.  out: room bytes of scratch.  NULL: it always can. */
	bool (*hopeless)(struct unpacker *unpacker, struct bytes head, uint8_t *out, size_t room);
};

extern const struct coding *const codings[];
extern const size_t codings_count;

#endif
