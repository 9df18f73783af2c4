#include "codec/within.h"

#include "base/scratch.h"
#include "codec/crib.h"
#include "codec/look.h"

static bool is_asked(const struct coding *coding, uint64_t mask)
{
	return coding->layer >= LAYER_PERCENT && coding->layer <= LAYER_CHARCODES &&
	       (mask == 0 || (mask & within_bit(coding->layer)) != 0);
}

int within_look(struct bytes out)
{
	int look = look_of(out);

	return look >= LOOK_TEXT && (crib_word(out) || crib_record(out)) ? look + WITHIN_PROVEN
									 : look;
}

int within(struct bytes text, uint64_t mask)
{
	SCRATCH uint8_t out[WITHIN_BYTES];
	int best = 0;

	text = bytes_head(text, WITHIN_BYTES);
	for (size_t i = 0; i < codings_count; i++) {
		struct stretch stretch;

		if (!is_asked(codings[i], mask) || !codings[i]->find(text, 0, &stretch) ||
			stretch.off > 2 || stretch.len * 4 < text.len * 3)
			continue;
		size_t n = codings[i]->decode(NULL, bytes_of(text.ptr + stretch.off, stretch.len),
			stretch.variant, out, sizeof(out));
		int look = within_look(bytes_of(out, n));
		explicit_bzero(out, n);
		if (look > best)
			best = look;
	}
	return best;
}
