/* reason.h - the names of what is not inspected: every byte has one. */
#ifndef SEKISHO_BASE_REASON_H
#define SEKISHO_BASE_REASON_H

enum frame_reason {
#define FRAME_REASON(symbol, word, sentence) FRAME_##symbol,
#define SKIP_REASON(symbol, word, key, sentence)
#include "base/reason.def"
#undef FRAME_REASON
#undef SKIP_REASON
	FRAME_REASON_COUNT
};

enum skip_reason {
#define FRAME_REASON(symbol, word, sentence)
#define SKIP_REASON(symbol, word, key, sentence) SKIP_##symbol,
#include "base/reason.def"
#undef FRAME_REASON
#undef SKIP_REASON
	SKIP_REASON_COUNT
};

const char *frame_reason_word(enum frame_reason reason);
const char *skip_reason_word(enum skip_reason reason);

#endif
