/* What an answer calls itself: by its type, its address, its status and its first byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "detect/served.h"

static void types_of_images_and_fonts_are_images(void **state)
{
	static const char *const types[] = {
		"image/jpeg", "IMAGE/PNG", "image/x-icon; charset=utf-8", "font/woff2"};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(served_type(bytes_text(types[i])), SERVED_TYPE_IMAGE);
}

static void a_drawing_is_text(void **state)
{
	(void)state;
	assert_int_equal(served_type(bytes_text("image/svg+xml")), SERVED_TYPE_OTHER);
}

static void types_of_pages_are_pages_and_none_is_none(void **state)
{
	(void)state;
	assert_int_equal(served_type(bytes_text("text/html; charset=Shift_JIS")), SERVED_TYPE_PAGE);
	assert_int_equal(served_type(bytes_text("application/xhtml+xml")), SERVED_TYPE_PAGE);
	assert_int_equal(served_type(bytes_text("Application/JSON")), SERVED_TYPE_PAGE);
	assert_int_equal(served_type(bytes_text("text/plain")), SERVED_TYPE_OTHER);
	assert_int_equal(served_type(bytes_text("imag")), SERVED_TYPE_OTHER);
	assert_int_equal(served_type(bytes_text("")), SERVED_TYPE_NONE);
}

static enum fact_served served(enum served_type type, const char *url)
{
	return served_as(type, 200, bytes_text(url), '4');
}

static void the_address_speaks_where_the_type_does_not(void **state)
{
	static const char *const images[] = {"/a.jpg", "/a/b.PNG", "/c.gif?d=.php", "/x.ico#t",
		"/f.woff2", "/i.webp;v=2", "http://shop.example/i.jpeg"};
	static const char *const files[] = {"/s.css", "/j.js?v=1.5", "/post.txt", "/e.log",
		"/m.csv", "/d.sql", "/b.zip", "/b.sql.gz", "/a.tar"};
	static const char *const pages[] = {"/", "", "/index.php", "/jpg", "/a.jpg/b", "/x?y=z.jpg",
		"/a.", "/v1.5/members", "/a.jpgx", "/x#a.jpg"};

	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		assert_int_equal(served(SERVED_TYPE_OTHER, images[i]), SERVED_AS_IMAGE);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(served(SERVED_TYPE_NONE, files[i]), SERVED_AS_FILE);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		assert_int_equal(served(SERVED_TYPE_OTHER, pages[i]), SERVED_AS_PAGE);
}

static void an_image_by_type_is_one_at_any_address(void **state)
{
	(void)state;
	assert_int_equal(served(SERVED_TYPE_IMAGE, "/index.php?i=3"), SERVED_AS_IMAGE);
	assert_int_equal(
		served_as(SERVED_TYPE_IMAGE, 404, bytes_text("/a.jpg"), '<'), SERVED_AS_IMAGE);
}

static void an_error_page_at_the_address_of_an_image_is_a_page(void **state)
{
	const struct bytes url = bytes_text("/a.jpg");

	(void)state;
	assert_int_equal(served_as(SERVED_TYPE_OTHER, 404, url, '4'), SERVED_AS_PAGE);
	assert_int_equal(served_as(SERVED_TYPE_OTHER, 302, url, '4'), SERVED_AS_PAGE);
	assert_int_equal(served_as(SERVED_TYPE_NONE, 200, url, '<'), SERVED_AS_PAGE);
	assert_int_equal(served_as(SERVED_TYPE_PAGE, 200, url, '4'), SERVED_AS_PAGE);
	assert_int_equal(served_as(SERVED_TYPE_OTHER, 206, url, '4'), SERVED_AS_IMAGE);
	/* The status line was not seen. */
	assert_int_equal(served_as(SERVED_TYPE_NONE, 0, url, '4'), SERVED_AS_IMAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_images_and_fonts_are_images),
		cmocka_unit_test(a_drawing_is_text),
		cmocka_unit_test(types_of_pages_are_pages_and_none_is_none),
		cmocka_unit_test(the_address_speaks_where_the_type_does_not),
		cmocka_unit_test(an_image_by_type_is_one_at_any_address),
		cmocka_unit_test(an_error_page_at_the_address_of_an_image_is_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
