/* mask: whatever goes in, what comes out is printable and holds no run of
 * 13..19 digits that a table of issuers and the check digit take for a card. */

#include "mask/mask.h"
#include "base/safe_text.h"
#include "pan/fixture.h"
#include "require.h"

/* Digits with single separators between them, as a reader would join them. */
static void no_card_in(const char *text, size_t len)
{
	char digits[21];
	size_t count = 0, gap = 0;

	for (size_t i = 0; i <= len; i++) {
		char c = i < len ? text[i] : 'x';
		if (c >= '0' && c <= '9') {
			if (count < 20)
				digits[count] = c;
			count++;
			gap = 0;
			continue;
		}
		if (count > 0 && ++gap == 1 && memchr(" -.%+", c, 5) != NULL)
			continue;
		struct naive_hit hit;
		digits[count < 20 ? count : 20] = '\0';
		require(count < 13 || count > 19 || !naive_valid(digits, &hit));
		count = gap = 0;
	}
}

static void sound(const struct masked *out)
{
	require(out->len <= MASKED_MAX);
	for (size_t i = 0; i < out->len;) {
		size_t len = safe_char(bytes_of(out->text + i, out->len - i));
		require(len > 0);
		i += len;
	}
	no_card_in(out->text, out->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hash_key key = {.k0 = 1, .k1 = 2};
	struct bytes in = bytes_of(data, size);
	struct pan_scan found;
	struct masked out;

	mask_name(&out, in);
	sound(&out);
	mask_url(&out, in);
	sound(&out);
	mask_key(&out, in);
	sound(&out);
	mask_text(&out, in);
	sound(&out);
	pan_find(fixture_table(), &key, in, 0, in.len, true, true, &found);
	mask_evidence(&out, in, found.hit, found.count);
	sound(&out);
	mask_evidence(&out, in, NULL, 0);
	sound(&out);
	return 0;
}
