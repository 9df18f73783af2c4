/* say.h - conversations as test data. */
#ifndef SEKISHO_TEST_SAY_H
#define SEKISHO_TEST_SAY_H

#include "record.h"

extern const struct parser parser_tls, parser_http1, parser_dns;

#define SAY(dir, text) ((struct say){(dir), {(const uint8_t *)(text), sizeof(text) - 1}})
#define COUNT(says) (sizeof(says) / sizeof((says)[0]))

#endif
