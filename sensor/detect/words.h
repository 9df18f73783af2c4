/* words.h - the words of what a fact carries as a number: for the join, which
 * knows neither parsers nor layers. */
#ifndef SEKISHO_DETECT_WORDS_H
#define SEKISHO_DETECT_WORDS_H

#include "fact/fact.h"

/* parser's index + 1, else the label; NULL: none */
const char *detect_app_word(uint8_t app, uint16_t label);
const char *detect_field_word(uint8_t role);
const char *detect_layer_word(uint8_t layer);
const char *detect_message_word(uint8_t kind); /* "flow" beyond the known */
/* How cards left: by the field they stood in. */
const char *detect_technique(const struct fact_finding *finding);

#endif
