/* pan.h - find payment card numbers (PANs) in a run of bytes.
 *
 * In:    any bytes, hostile or not; nothing is assumed about charset or ends.
 * A PAN: a run of 13..19 digits (12 only under a card word: a field
 *        name of class "card" in key-words.csv), single separators
 *        of one kind allowed (space, dash, dot, '_', and '+' as forms write a space)
 *        in card groups (4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4); on track 1 or 2 of a stripe
 *        (ISO/IEC 7813); packed, or as hex text, in tags 57, 5A and 9F6B of a chip (EMV
 *        book 3); in pieces as values of 2..4 numbered fields of a form or of JSON that are
 *        named by a card word and joined in the order of their numbers.  Its prefix
 *        and length stand in the issuer table and whose last digit is the Luhn
 *        check digit where the issuer uses one (ISO/IEC 7812-1; ranges and
 *        tiers: signatures/cards/issuers.csv).  Exact maximal runs only: no
 *        sliding inside longer digit, hex or base64 runs; neighbours are
 *        checked.  Luhn and range alone confirm nothing (1 in 36).
 * Out:   hits in order of offset.  A hit holds no clear digits.
 * Never: the digits leave this room only as BIN, last four, a keyed token and
 *        quick, a keyed 64-bit value that goes as far as the join and into no
 *        event.  Nothing here logs.  Scratch is wiped before return.
 * Clear digits stand in the engine alone, and there before mask_*() and
 *        pan_token() only: in frames and what decode puts together, blocks of
 *        stream, what classify, parse and unwrap hold, detect's tails and
 *        contexts, scratch of pan and mask.  From struct fact on nothing is clear.
 * Cost:  O(len), no allocation; the table is shared and read-only. */
#ifndef SEKISHO_PAN_PAN_H
#define SEKISHO_PAN_PAN_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/hash.h"

#define PAN_HITS_MAX 64
#define PAN_TOKEN_LEN 16
#define PAN_CONTEXT 128  /* bytes looked at on each side of a hit */
#define PAN_SPAN_MAX 128 /* bytes of the longest written form, all between included */
#define PAN_PIECES_MAX 4
#define PAN_LAST4_DIGITS 14 /* numbers shorter than this show only two of the last four */

/* The compiled section "cards": issuer ranges, test numbers, key words. */
struct pan_table {
	struct bytes image;
};

/* Checks the image (magic, sizes, offsets); borrows it. */
bool pan_table_open(struct pan_table *table, struct bytes image, struct err *err);
const char *pan_brand_name(const struct pan_table *table, uint8_t brand);

/* issuers.csv, test-pans.csv and key-words.csv to a section image.  Error
 * names file and line. out is malloc'd by the callee, freed by the caller. */
bool pan_table_build(const char *cards_dir, uint8_t **out, size_t *out_len, struct err *err);

enum pan_form {
	PAN_WRITTEN, /* every digit of the span is one of the number */
	PAN_PACKED,  /* two digits a byte; the last half byte may be none of them */
	PAN_SPLIT,   /* the digits of its pieces */
};

struct pan_piece {
	uint8_t off, len; /* in the span of the hit */
};

struct pan_hit {
	uint32_t off, len; /* span in the input, all between the digits included */
	uint64_t why;      /* WHY_BITs: format (tier 1) or weak format (tier 2), grouped, track,
			    * chip, split and its key, expiry on the chip, test, test-like,
			    * date-like */
	uint64_t quick;    /* SipHash-2-4 of the digits under the run's hash key: same card, same
			    * value within a run */
	char bin[9];       /* first 6 digits (8 where the row says), NUL */
	char last4[5];     /* "**12" below PAN_LAST4_DIGITS */
	uint8_t digits;    /* 12..19; 12 counts only under a card word: pan_context says
			    * WHY_CARD_KEY */
	uint8_t brand;     /* index in the table */
	uint8_t tier;      /* 1 may stand alone; 2 needs context */
	uint8_t form;      /* enum pan_form */
	struct pan_piece piece[PAN_PIECES_MAX]; /* PAN_SPLIT: in the order of the number */
};

struct pan_scan {
	struct pan_hit hit[PAN_HITS_MAX];
	uint32_t count;
	uint32_t more;   /* hits that did not fit */
	uint32_t shaped; /* runs of 13..19 digits and card groups with clean neighbours, */
	uint32_t failed; /* and of these: no Luhn or no range */
};

/* All PANs of buf whose first byte lies in [from, to); bytes outside are looked
 * at as neighbours only, at most PAN_SPAN_MAX on each side.  So who scans runs keeps
 * 2 * PAN_SPAN_MAX or more bytes as a tail, calls with to = len - PAN_SPAN_MAX until the
 * message closes, and from = where the last call's to stands now: each hit comes once,
 * and the counts add up to those of one call over everything.  after_end: true if nothing follows
 * buf (the message closed), so that a run touching the end is complete; otherwise a run that
 * touches the end is not reported.  before_start: the same for its beginning. */
void pan_find(const struct pan_table *table, const struct hash_key *key, struct bytes buf,
	size_t from, size_t to, bool before_start, bool after_end, struct pan_scan *out);

/* First place at or behind from where a PAN may begin to be written, or buf.len: cheap, and what
 * has none holds no PAN. */
size_t pan_place(struct bytes buf, size_t from);

/* What stands around a hit: WHY_BITs of card word, expiry, code, holder, decoy word.
 * around: up to PAN_CONTEXT bytes each side of the hit, hit_off and hit_len its
 * place in it; field: name of the enclosing field or key, or empty. */
uint64_t pan_context(const struct pan_table *table, struct bytes around, size_t hit_off,
	size_t hit_len, struct bytes field);

/* First 128 bits of HMAC-SHA-256(token key, "sekisho-pan-v1" || digits); the token key is the
 * sensor's secret (keeper/key.h).  buf: what the hit was found in. */
void pan_token(const uint8_t token_key[static 32], struct bytes buf, const struct pan_hit *hit,
	uint8_t out[static PAN_TOKEN_LEN]);

/* True if the digits of a written form pass Luhn. */
bool pan_luhn(const char *digits, size_t count);

#endif
