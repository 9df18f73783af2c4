#include "detect/served.h"

/* Extensions of images and fonts, and of what else is only ever read from a file. */
static const char *const image_names[] = {"jpg", "jpeg", "png", "gif", "ico", "webp", "bmp", "avif",
	"woff", "woff2", "ttf", "otf", "eot"};
static const char *const file_names[] = {"css", "js", "map", "txt", "log", "csv", "tsv", "dat",
	"sql", "bak", "old", "zip", "gz", "tgz", "tar", "7z", "rar", "db", "sqlite"};

enum served_type served_type(struct bytes type)
{
	if (bytes_starts_nocase(type, "image/") || bytes_starts_nocase(type, "font/"))
		return bytes_starts_nocase(type, "image/svg") ? SERVED_TYPE_OTHER
							      : SERVED_TYPE_IMAGE;
	if (bytes_starts_nocase(type, "text/html") ||
		bytes_starts_nocase(type, "application/xhtml") ||
		bytes_starts_nocase(type, "application/json"))
		return SERVED_TYPE_PAGE;
	return type.len == 0 ? SERVED_TYPE_NONE : SERVED_TYPE_OTHER;
}

/* What stands behind the last dot of the path's last part. */
static struct bytes extension(struct bytes url)
{
	size_t dot = SIZE_MAX, i = 0;

	for (; i < url.len && url.ptr[i] != '?' && url.ptr[i] != '#' && url.ptr[i] != ';'; i++) {
		if (url.ptr[i] == '/')
			dot = SIZE_MAX;
		else if (url.ptr[i] == '.')
			dot = i + 1;
	}
	return dot == SIZE_MAX ? bytes_of(NULL, 0) : bytes_of(url.ptr + dot, i - dot);
}

static bool is_one_of(struct bytes word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal_nocase(word, bytes_text(list[i])))
			return true;
	return false;
}

enum fact_served served_as(enum served_type type, uint16_t status, struct bytes url, uint8_t head)
{
	struct bytes name = extension(url);
	bool is_page = type == SERVED_TYPE_PAGE || head == '<';

	if (type == SERVED_TYPE_IMAGE)
		return SERVED_AS_IMAGE;
	/* An error page at the address of an image is none. */
	if (is_page || (status != 0 && status / 100 != 2))
		return SERVED_AS_PAGE;
	if (is_one_of(name, image_names, sizeof(image_names) / sizeof(image_names[0])))
		return SERVED_AS_IMAGE;
	if (is_one_of(name, file_names, sizeof(file_names) / sizeof(file_names[0])))
		return SERVED_AS_FILE;
	return SERVED_AS_PAGE;
}
