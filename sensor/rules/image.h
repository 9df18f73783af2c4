/* image.h - the layout of compiled signatures; shared by builder and reader.
 *   header | rules | conditions | texts | databases (8-byte aligned)
 * Offsets are from the start of texts, databases from the start of the image. */
#ifndef SEKISHO_RULES_IMAGE_H
#define SEKISHO_RULES_IMAGE_H

#include "rules/rules.h"

#define RULES_MAGIC UINT64_C(0x31454c5552534b53) /* "SKSRULE1" */
#define RULES_MAX 100000u
#define RULE_CONDITIONS_MAX 32
#define RULE_STEPS_MAX 4096 /* of one verification: a limit, then no match */

enum condition_flag {
	CONDITION_NOCASE = 1,
	CONDITION_NEGATED = 2,
	CONDITION_STARTS = 4,
	CONDITION_ENDS = 8,
	CONDITION_DEPTH = 16,
	CONDITION_DISTANCE = 32,
	CONDITION_WITHIN = 64,
	CONDITION_FAST = 128,
};

struct condition_image {
	uint32_t text_off;
	uint16_t len;
	uint8_t role;  /* enum field_role */
	uint8_t flags; /* enum condition_flag */
	int32_t offset, depth, distance, within;
};

enum rule_flag { RULE_TO_SERVER = 1, RULE_TO_CLIENT = 2, RULE_ESTABLISHED = 4 };

struct rule_image {
	uint32_t sid, rev;
	uint32_t msg, category, technique; /* texts with NUL */
	uint32_t condition;                /* first of its conditions */
	uint16_t condition_cnt;
	uint8_t severity, confidence;
	uint8_t flags, proto; /* enum rule_flag; IP protocol, 0 = any */
	uint8_t zero[2];
};

struct rules_header {
	uint64_t magic, len;
	uint32_t rule_cnt, condition_cnt, text_len, zero;
	struct {
		uint32_t off, len; /* 0: no rule reads it */
	} database[FIELD_ROLE_COUNT];
};

#endif
