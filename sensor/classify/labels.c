/* labels.c - one a worker. */
#include "classify/label.h"

void labels_free_all(struct labels *labels[], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		labels_free(labels[i]);
		labels[i] = NULL;
	}
}

bool labels_new_all(struct labels *out[], uint32_t count, struct err *err)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!labels_new(&out[i], LABEL_STATES, err)) {
			labels_free_all(out, i);
			return false;
		}
	}
	return true;
}
