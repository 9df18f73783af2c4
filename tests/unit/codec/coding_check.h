/* coding_check.h - what holds for every coding that may stand anywhere (codec/coding.h). */
#ifndef SEKISHO_TEST_CODING_CHECK_H
#define SEKISHO_TEST_CODING_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding.h"

#define CODING_CHECK_MORE 8

/* The vectors that coding_vectors.py wrote: each coded text is found and comes out as its plain
 * text, whole and as every prefix, wherever it stands and however the buffer is cut; no decoy
 * is found. */
void check_vectors(const struct coding *coding, const char *path);

/* True if a stretch of the buffer comes out with these bytes in it. */
bool comes_out(const struct coding *coding, struct bytes buf, struct bytes plain);
/* Stretches in the buffer. */
size_t stretches(const struct coding *coding, struct bytes buf);
/* Each text holds no stretch. */
void check_none(const struct coding *coding, const char *const texts[], size_t count);

/* main() of a coding's test: check_vectors() of the file in argv[1] and at most
 * CODING_CHECK_MORE tests of its own. */
int coding_main(int argc, char **argv, const struct coding *coding, const struct CMUnitTest more[],
	size_t count);

#endif
