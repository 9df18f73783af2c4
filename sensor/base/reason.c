#include "base/reason.h"

static const char *const frame_words[FRAME_REASON_COUNT] = {
#define FRAME_REASON(symbol, word, sentence) word,
#define SKIP_REASON(symbol, word, key, sentence)
#include "base/reason.def"
#undef FRAME_REASON
#undef SKIP_REASON
};

static const char *const skip_words[SKIP_REASON_COUNT] = {
#define FRAME_REASON(symbol, word, sentence)
#define SKIP_REASON(symbol, word, key, sentence) word,
#include "base/reason.def"
#undef FRAME_REASON
#undef SKIP_REASON
};

const char *frame_reason_word(enum frame_reason reason)
{
	return frame_words[reason];
}

const char *skip_reason_word(enum skip_reason reason)
{
	return skip_words[reason];
}
