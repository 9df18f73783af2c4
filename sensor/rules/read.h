/* read.h - one rule as text to conditions. */
#ifndef SEKISHO_RULES_READ_H
#define SEKISHO_RULES_READ_H

#include "rules/image.h"

struct rule_text {
	struct rule_image rule; /* numbers and flags; texts below */
	char msg[RULE_MSG_MAX + 1];
	char category[64], technique[64];
	struct condition_image condition[RULE_CONDITIONS_MAX]; /* text_off into bytes */
	uint8_t bytes[4096];
	uint32_t byte_len;
};

/* line: without its end.  Error: "name:line:col: ...", status EXIT_USAGE. */
bool rule_read(struct bytes line, const char *name, uint32_t number, struct rule_text *out,
	struct err *err);

#endif
