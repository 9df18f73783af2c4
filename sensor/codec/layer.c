#include "codec/layer.h"

const char *layer_word(enum layer layer)
{
	static const char *const words[] = {
#define LAYER(symbol, word) word,
#include "codec/layer.def"
#undef LAYER
	};

	return layer < LAYER_COUNT ? words[layer] : "unknown";
}
