/* safe_text.h - hostile bytes to text for a terminal, a log or an error line.
 *
 * Printable ASCII except backslash stays, valid printable UTF-8 stays, all
 * else becomes \xNN: controls, C1, bidirectional and zero-width marks
 * (U+200B-200F, U+202A-202E, U+2060-2069, U+FEFF) and all else of Unicode's Cf,
 * line separators, private use, noncharacters, broken UTF-8.  Escaping keeps
 * the text reversible; it does not mask cards. */
#ifndef SEKISHO_BASE_SAFE_TEXT_H
#define SEKISHO_BASE_SAFE_TEXT_H

#include "base/bytes.h"

/* Writes at most size - 1 bytes and a NUL (size >= 1), never half an escape
 * or half a character.  Returns the bytes written, without NUL. */
size_t safe_text(char *out, size_t size, struct bytes hostile);

/* The same for a line that may hold text which passed already (an error's, of a
 * process we do not trust): what looks like an escape of safe_text stays, so
 * that nothing is escaped twice; all else is escaped.  Not reversible. */
size_t safe_line(char *out, size_t size, struct bytes hostile);

/* Length of the valid, printable UTF-8 character at the start of a (1..4), or
 * 0 if there is none that may be shown.  (A backslash may; safe_text escapes it
 * only to stay reversible.) */
size_t safe_char(struct bytes a);

#endif
