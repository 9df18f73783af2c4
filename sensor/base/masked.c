#include "base/masked.h"

#include <string.h>

void masked_literal(struct masked *out, const char *constant)
{
	size_t len = strlen(constant);

	out->cut = len > MASKED_MAX;
	out->zero = 0;
	if (out->cut) {
		len = MASKED_MAX;
		while (len > 0 && ((unsigned char)constant[len] & 0xc0) == 0x80)
			len--; /* not in the middle of a UTF-8 character */
	}
	out->len = (uint16_t)len;
	memcpy(out->text, constant, len);
}
