/* held.h - a policy made from text, for tests. */
#ifndef SEKISHO_TEST_POLICY_HELD_H
#define SEKISHO_TEST_POLICY_HELD_H

#include "policy/policy.h"

struct held {
	struct policy policy;
	uint8_t *image;
	size_t len;
};

/* A folder of its own is made, and is the working folder until held_leave(). */
void held_enter(void);
void held_leave(void);
/* Builds "policy.yaml" of that text (NULL: none), with the folder "psp" if
 * profiles is a text; opens the image.  False and err otherwise. */
bool held_build(struct held *held, const char *text, const char *profiles, enum policy_level level,
	struct err *err);
/* The same; an error ends the test. */
void held_good(struct held *held, const char *text, const char *profiles);
void held_free(struct held *held);

struct addr held_addr(const char *text);

#endif
