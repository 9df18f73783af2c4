/* scrub.h - the second, independent look for cards in what leaves: no
 * code of pan/ or mask/, no table.
 *
 * In:    one outgoing record, JSON (RFC 8259), writable.
 * Does:  inside quotes, a maximal run of 13..19 digits (single spaces, dashes and
 *        dots between them, \u00NN escapes seen through) that begins with
 *        2..6 or 8 and whose check digit fits loses all but its first six and last
 *        four.  The record stays valid JSON of the same length.
 * Never: touches numbers outside quotes (flow ids may fit by chance), digits that a
 *        letter of a token of 32, 40 or 64 hex digits stands among. */
#ifndef SEKISHO_SHIPPER_SCRUB_H
#define SEKISHO_SHIPPER_SCRUB_H

#include <stddef.h>

/* Returns how many runs it had to change: each is a bug of ours upstream. */
size_t scrub_text(char *text, size_t len);

#endif
