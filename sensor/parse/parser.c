/* parser.c - the table of parsers, generated from the list in meson.build. */
#include "parse/parser.h"

#define PARSER(name) extern const struct parser parser_##name;
#include "parse/parsers.def"
#undef PARSER

const struct parser *const parsers[] = {
#define PARSER(name) &parser_##name,
#include "parse/parsers.def"
#undef PARSER
};
const uint32_t parsers_count = sizeof(parsers) / sizeof(parsers[0]);

int parsers_probe(const struct probe *probe)
{
	for (uint32_t i = 0; i < parsers_count; i++) {
		enum probe_rc rc = parsers[i]->probe(probe);

		/* An earlier row that may still say yes keeps the later ones waiting:
		 * else the answer would depend on where the bytes were cut. */
		if (rc != PROBE_NO)
			return rc == PROBE_YES ? (int)i : -2;
	}
	return -1;
}
