/* http1_test.c - what the HTTP/1 parser tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record.h"

extern const struct parser parser_http1;

#define SAY(dir, text) ((struct say){(dir), {(const uint8_t *)(text), sizeof(text) - 1}})
#define COUNT(says) (sizeof(says) / sizeof((says)[0]))

/* Says all in any cut, and compares each direction with what is expected. */
static void expect(const struct say *says, size_t count, const char *client, const char *server)
{
	struct drive drive;

	drive_new(&drive, &parser_http1, 8);
	for (size_t i = 0; i < count; i++)
		drive_data(&drive, says[i].dir, says[i].data);
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0), client);
	assert_string_equal(drive_text(&drive, 1), server);
	drive_free(&drive);
	assert_true(same_in_any_cut(&parser_http1, says, count));
}

static void a_request_and_its_answer(void **state)
{
	const struct say says[] = {
		SAY(0, "POST /pay?x=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8\r\n"
		       "Cookie: a=b\r\nContent-Type: text/plain\r\nReferer: http://r/\r\n"
		       "X-One:  two \r\nContent-Length: 5\r\n\r\nhello"),
		SAY(1, "HTTP/1.1 200 OK\r\nSet-Cookie: c=d\r\nContent-Length: 2\r\n\r\nhi"),
	};

	(void)state;
	expect(says, COUNT(says),
		"request 0\n http.method POST\n http.uri /pay?x=1\n http.protocol HTTP/1.1\n"
		" http.host shop.example\n http.user_agent curl/8\n http.cookie a=b\n"
		" http.content_type text/plain\n http.referer http://r/\n http.header (X-One) two\n"
		" http.header (Content-Length) 5\n http.body hello\n complete\n",
		"response 0\n http.protocol HTTP/1.1\n http.stat_code 200\n http.stat_msg OK\n"
		" http.cookie c=d\n http.header (Content-Length) 2\n http.body hi\n complete\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
