/* no_ndpi.c - built without nDPI: nothing has a label. */
#include "classify/label.h"

bool labels_new(struct labels **out, uint32_t states, struct err *err)
{
	(void)states;
	(void)err;
	*out = NULL;
	return true;
}

void labels_free(struct labels *labels)
{
	(void)labels;
}

uint16_t label_span(struct labels *labels, uint32_t *state, const struct label_span *span)
{
	(void)labels;
	(void)span;
	*state = LABEL_DONE;
	return 0;
}

void label_drop(struct labels *labels, uint32_t *state)
{
	(void)labels;
	*state = LABEL_DONE;
}

const struct label_counters *label_counters(const struct labels *labels)
{
	static const struct label_counters none;

	(void)labels;
	return &none;
}

const char *label_word(uint16_t label)
{
	(void)label;
	return NULL;
}
