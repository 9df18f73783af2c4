/* look.h - what the beginning of decoded bytes looks like, so that a coding can tell which of
 * its readings was meant, and whether any was. */
#ifndef SEKISHO_CODEC_LOOK_H
#define SEKISHO_CODEC_LOOK_H

#include "base/bytes.h"

#define LOOK_BYTES 48 /* no more than these are looked at */

enum {
	LOOK_KEYED = 1,    /* text under a key of one to four bytes by XOR, or one that is added */
	LOOK_DEFLATED = 2, /* raw deflate that begins with text: four bytes tell it */
	LOOK_TEXT = 80,    /* .. LOOK_TEXT + 20: mostly ASCII, UTF-8, full-width digits */
	LOOK_UTF16 = 200,  /* ASCII in UTF-16 of either order */
	LOOK_PACKED = 300, /* begins as something packed, an image, an archive, EMV tags */
};

/* 0: like nothing in particular; else the more, the clearer. */
int look_of(struct bytes decoded);

/* True if raw deflate may begin so, one block with codes of its own: by chance two of a thousand
 * bytes do. */
bool look_is_dynamic(struct bytes in);

/* True for ASCII without blanks that is no text: signs that are rare otherwise. */
bool look_is_odd(struct bytes in);

/* Digits of a number in a row, with single separators between groups, counted as bytes come by:
 * zeroed at first.  True once there are as many as a card number has at least. */
struct digit_count {
	uint8_t digits;
	bool separated;
};

#define CARD_DIGITS_MIN 13

static inline bool digit_count(struct digit_count *count, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		count->digits++;
		count->separated = false;
		return count->digits >= CARD_DIGITS_MIN;
	}
	if (count->separated || (byte != ' ' && byte != '-' && byte != '.' && byte != '+'))
		count->digits = 0;
	count->separated = true;
	return false;
}

#endif
