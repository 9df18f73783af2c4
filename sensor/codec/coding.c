#include "codec/coding.h"

#define CODING(name) extern const struct coding coding_##name;
#include "codec/coding.def"
#undef CODING

const struct coding *const codings[] = {
#define CODING(name) &coding_##name,
#include "codec/coding.def"
#undef CODING
	NULL,
};

const size_t codings_count = sizeof(codings) / sizeof(codings[0]) - 1;
