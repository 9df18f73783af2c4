/* geo_image.c - a damaged image of GeoIP is refused, or its answers stay inside it.
 *
 * The input is patches to a good image, eight bytes each: place (three bytes,
 * the last bit of the fourth: from the end), value (four bytes).  The copy is of
 * exact size, so that a sanitizer sees its end.  The input itself is opened as
 * an image too. */
#include "../unit/indicator/geo_image.h"

#define PATCH_LEN 8
#define PATCHES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_and_ask(const uint8_t *image, size_t len)
{
	struct geo geo;
	struct err err = {0};

	if (geo_open(&geo, bytes_of(image, len), &err))
		geo_questions(&geo);
	else if (err.text[0] == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *good; /* made once */
	static size_t len;

	if (good == NULL)
		good = geo_image_made(true, &len);
	uint8_t *image = malloc(len), *copy = malloc(size > 0 ? size : 1);
	if (image == NULL || copy == NULL)
		abort();
	memcpy(image, good, len);
	for (size_t i = 0; i + PATCH_LEN <= size && i < (size_t)PATCH_LEN * PATCHES_MAX;
		i += PATCH_LEN) {
		const uint8_t *p = data + i;
		size_t at = ((size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16) % (len / 4) * 4;

		memcpy(image + (p[3] & 1 ? len - 4 - at : at), p + 4, 4);
	}
	open_and_ask(image, len);
	free(image);
	if (size > 0)
		memcpy(copy, data, size);
	open_and_ask(copy, size);
	free(copy);
	return 0;
}
