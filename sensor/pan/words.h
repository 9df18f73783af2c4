/* words.h - what a name says about its value.  Private to this room. */
#ifndef SEKISHO_PAN_WORDS_H
#define SEKISHO_PAN_WORDS_H

#include "pan/image.h"

#define WORDS_NAME_MAX 48 /* longest name that is looked up */

/* Classes (enum word_class) of a name, in whatever case and with _ - [ ] . : and quotes. */
uint16_t words_of_name(const struct pan_table *table, struct bytes name);

/* Of the name at the head of the value's column (columns.h): text begins where the table may, and
 * holds at off one byte that stands for the value.  WORD_CARD, WORD_DECOY and WORD_NUMBER. */
uint16_t words_of_column(const struct pan_table *table, struct bytes text, size_t off);

/* Without a number in brackets at its end: "order_no[12]" is one of many order numbers. */
struct bytes words_without_index(struct bytes name);

/* The longest word that is not ASCII at the beginning of text; its length, 0 = none. */
size_t words_part(const struct pan_table *table, struct bytes text, uint16_t *classes);

#endif
