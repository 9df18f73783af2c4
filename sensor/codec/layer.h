/* layer.h - the names of what bytes may be wrapped in (layer.def). */
#ifndef SEKISHO_CODEC_LAYER_H
#define SEKISHO_CODEC_LAYER_H

enum layer {
#define LAYER(symbol, word) LAYER_##symbol,
#include "codec/layer.def"
#undef LAYER
	LAYER_COUNT
};

/* "unknown" beyond the table. */
const char *layer_word(enum layer layer);

#endif
