/* require.h - a property of a fuzz target: where it does not hold, the input is kept. */
#ifndef SEKISHO_TESTS_FUZZ_REQUIRE_H
#define SEKISHO_TESTS_FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

static inline void require(bool holds)
{
	if (!holds)
		abort();
}

#endif
