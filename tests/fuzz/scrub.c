/* scrub: only digits of strings change, quotes and backslashes never; a second
 * look finds nothing. */
#include <stdlib.h>
#include <string.h>

#include "require.h"
#include "shipper/scrub.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = malloc(size > 0 ? size : 1);

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	size_t changed = scrub_text(text, size);
	require(changed > 0 || size == 0 || memcmp(text, data, size) == 0);
	for (size_t i = 0; i < size; i++) {
		char was = (char)data[i];
		if (text[i] == was)
			continue;
		require(text[i] == '*' || text[i] == '2' || text[i] == 'a');
		require((was >= '0' && was <= '9') || (was >= 'a' && was <= 'f') ||
			(was >= 'A' && was <= 'F'));
	}
	require(scrub_text(text, size) == 0);
	free(text);
	return 0;
}
