/* http1_test.c - what the HTTP/1 parser tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "guard.h"
#include "say.h"

/* Says all, compares each direction with what is expected, then cuts everywhere. */
static bool expect(const struct say *says, size_t count, const char *client, const char *server)
{
	struct drive drive;

	drive_new(&drive, &parser_http1, 8);
	for (size_t i = 0; i < count; i++)
		drive_data(&drive, says[i].dir, guarded(says[i].data.ptr, says[i].data.len));
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0), client);
	assert_string_equal(drive_text(&drive, 1), server);
	bool odd = drive.io.odd;
	drive_free(&drive);
	guard_free();
	assert_true(same_in_any_cut(&parser_http1, says, count));
	return odd;
}

static bool expect_request(struct say say, const char *text)
{
	return expect(&say, 1, text, "");
}

static bool expect_response(struct say say, const char *text)
{
	return expect(&say, 1, "", text);
}

static void a_request_and_its_answer(void **state)
{
	const struct say says[] = {
		SAY(0, "POST /pay?x=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl/8\r\n"
		       "Cookie: a=b\r\nContent-Type: text/plain\r\nReferer: http://r/\r\n"
		       "X-One:  two \r\nContent-Length: 5\r\n\r\nhello"),
		SAY(1, "HTTP/1.1 200 OK\r\nSet-Cookie: c=d\r\nContent-Encoding: gzip\r\n"
		       "Content-Length: 2\r\n\r\nhi"),
	};

	(void)state;
	assert_false(expect(says, COUNT(says),
		"request 0\n http.method POST\n http.uri /pay?x=1\n http.protocol HTTP/1.1\n"
		" http.host shop.example\n http.user_agent curl/8\n http.cookie a=b\n"
		" http.content_type text/plain\n http.referer http://r/\n http.header (X-One) two\n"
		" http.header (Content-Length) 5\n http.body hello\n complete\n",
		"response 0\n http.protocol HTTP/1.1\n http.stat_code 200\n http.stat_msg OK\n"
		" http.cookie c=d\n http.content_encoding gzip\n http.header (Content-Length) 2\n"
		" http.body hi\n complete\n"));
}

#define HEAD(n, method, uri)                                                                       \
	"request " n "\n http.method " method "\n http.uri " uri "\n http.protocol HTTP/1.1\n"
#define STATUS(n, code)                                                                            \
	"response " n "\n http.protocol HTTP/1.1\n http.stat_code " code "\n http.stat_msg X\n"

static void pipelined_requests_and_their_answers_have_the_same_numbers(void **state)
{
	const struct say says[] = {
		SAY(0, "GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n"),
		SAY(1, "HTTP/1.1 100 X\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: 1\r\n\r\na"
		       "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n"
		       "HTTP/1.1 304 X\r\nContent-Length: 7\r\n\r\nHTTP/1.1 204 X\r\n\r\n"),
	};

	(void)state;
	assert_false(expect(says, COUNT(says),
		HEAD("0", "GET", "/a") " complete\n" HEAD("1", "HEAD", "/b") " complete\n" HEAD(
			"2", "GET", "/c") " complete\n",
		STATUS("0", "100") " complete\n" STATUS(
			"0", "200") " http.header (Content-Length) 1\n http.body a\n "
				    "complete\n" STATUS("1",
					    "200") " http.header (Content-Length) 9\n "
						   "complete\n" STATUS("2",
							   "304") " http.header (Content-Length) "
								  "7\n complete\n" STATUS("3 "
											  "orphan",
									  "204") " complete\n"));
}

static void an_answer_without_request_goes_to_the_end(void **state)
{
	(void)state;
	expect_response(SAY(1, "HTTP/1.0 200 X\nA: b\n\nall\r\nHTTP/1.1 200 X\r\n\r\nof it"),
		"response 0 orphan\n http.protocol HTTP/1.0\n http.stat_code 200\n http.stat_msg "
		"X\n"
		" http.header (A) b\n http.body all\\r\\nHTTP/1.1 200 X\\r\\n\\r\\nof it\n "
		"complete\n");
}

static void chunks_are_joined_and_what_stands_beside_them_is_told(void **state)
{
	(void)state;
	expect_request(SAY(0, "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
			      "5\r\nhello\r\n1;mark=4111\r\n \r\nA  \r\n0123456789\r\n"
			      "00000000000000000\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
		HEAD("0", "POST", "/") " http.header (Transfer-Encoding) gzip, Chunked\n"
				       " http.header ;mark=4111\n http.header 00000000000000000\n"
				       " http.body hello 0123456789\n http.header (Trailer) x\n"
				       " complete\n" HEAD("1", "GET", "/") " complete\n");
}

static void content_that_is_not_chunked_is_read_the_other_way(void **state)
{
	(void)state;
	assert_true(expect_request(
		SAY(0, "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\nContent-Length: 7\r\n\r\n"
		       "zz=1\r\n!GET / HTTP/1.1\r\n\r\n"),
		HEAD("0", "POST", "/") " http.header (Transfer-Encoding) xchunked\n"
				       " http.header (Content-Length) 7\n http.body zz=1\\r\\n!\n"
				       " complete\n" HEAD("1", "GET", "/") " complete\n"));
}

static void content_of_doubtful_length_goes_to_the_next_start_line(void **state)
{
	(void)state;
	assert_true(expect_request(
		SAY(0, "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"
		       "abcdef\r\nGETTING\r\nGET /2 HTTP/1.1\r\n\r\n"),
		HEAD("0", "POST", "/") " http.header (Content-Length) 3\n http.header "
				       "(Content-Length) 4\n http.body abcdef\\r\\nGETTING\\r\\n\n"
				       " complete\n" HEAD("1", "GET", "/2") " complete\n"));
}

static void equal_lengths_are_one(void **state)
{
	(void)state;
	assert_true(expect_request(
		SAY(0, "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"),
		HEAD("0", "POST", "/") " http.header (Content-Length) 3, 3\n http.body abc\n"
				       " complete\n" HEAD("1", "GET", "/") " complete\n"));
}

/* RFC 9110 section 8.6 sets no limit: the content ends where a server ends it. */
static void leading_zeros_of_a_length_mean_nothing(void **state)
{
	(void)state;
	assert_true(expect_request(
		SAY(0, "POST / HTTP/1.1\r\nContent-Length: 00000000000000000000000000000003\r\n\r\n"
		       "abcGET / HTTP/1.1\r\n\r\n"),
		HEAD("0", "POST", "/") " http.header (Content-Length) "
				       "00000000000000000000000000000003\n http.body abc\n"
				       " complete\n" HEAD("1", "GET", "/") " complete\n"));
}

static void strange_lines_of_a_head_are_told(void **state)
{
	(void)state;
	assert_true(expect_request(
		SAY(0, "GET /a b HTTP/1.1\r\nA: b\r\n c\r\n\td \r\nNo colon\r\n: empty\r\n"
		       "4111111111111111: x\r\nSp : y\r\nb@d: z\r\nC:\r\nD: e\rf\r\n\r\n"),
		HEAD("0", "GET",
			"/a b") " http.header (A) b c d\n http.header No colon\n"
				" http.header : empty\n http.header 4111111111111111: x\n"
				" http.header (Sp) y\n http.header b@d: z\n http.header (C) \n"
				" http.header (D) e\\rf\n complete\n"));
}

static void the_authority_of_an_absolute_target_is_a_host(void **state)
{
	(void)state;
	expect_request(SAY(0, "GET http://u@a.example:80/x HTTP/1.1\r\nHost: b\r\n\r\n"
			      "CONNECT c:443 HTTP/1.1\r\n\r\nGET /http://d/ HTTP/1.1\r\n\r\n"),
		"request 0\n http.method GET\n http.uri http://u@a.example:80/x\n http.host "
		"a.example:80\n http.protocol HTTP/1.1\n http.host b\n complete\n"
		"request 1\n http.method CONNECT\n http.uri c:443\n http.host c:443\n"
		" http.protocol HTTP/1.1\n complete\n" HEAD(
			"2", "GET", "/http://d/") " complete\n");
}

static void what_is_no_http_is_told_raw_up_to_the_next_message(void **state)
{
	(void)state;
	expect_request(SAY(0, "\x01garbage\r\nGET nothing\r\nPOST /\r\nmore\r\n"
			      "GET /x HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\nGE"),
		"raw \\x01garbage\\r\\nGET nothing\\r\\n\nrequest 0\n http.method POST\n http.uri "
		"/\n bad\n"
		"raw more\\r\\n\n" HEAD("1", "GET", "/x") " complete\n" HEAD(
			"2", "GET", "/") " complete\nraw GE\n");
}

static void after_an_upgrade_both_directions_are_raw(void **state)
{
	const struct say says[] = {
		SAY(0, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
		SAY(1, "HTTP/1.1 101 X\r\n\r\nHTTP/1.1 200 X\r\n\r\n"),
		SAY(0, "GET / HTTP/1.1\r\n\r\n"),
	};

	(void)state;
	expect(says, COUNT(says),
		HEAD("0", "GET", "/ws") " http.header (Upgrade) websocket\n complete\nraw GET / "
					"HTTP/1.1\\r\\n\\r\\n\n",
		STATUS("0", "101") " complete\nraw HTTP/1.1 200 X\\r\\n\\r\\n\n");
}

static void after_connect_both_directions_are_raw(void **state)
{
	const struct say says[] = {
		SAY(0, "CONNECT a:1 HTTP/1.1\r\n\r\n"),
		SAY(1, "HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\nabcdefgh"),
		SAY(0, "xyz"),
	};

	(void)state;
	expect(says, COUNT(says),
		"request 0\n http.method CONNECT\n http.uri a:1\n http.host a:1\n"
		" http.protocol HTTP/1.1\n complete\nraw xyz\n",
		STATUS("0", "200") " http.header (Content-Length) 5\n complete\nraw abcdefgh\n");
}

/* A body of len bytes, whole and in pieces: one run up to FIELD_WHOLE, beyond a
 * first run of exactly that; record.c checks it. */
static void the_length_of_a_field_decides_how_it_is_told(void **state)
{
	static const size_t lens[] = {0, 1, 2047, 2048, 2049, 4096, 5000};
	static char text[8192];

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		int head = snprintf(text, sizeof(text),
			"POST /%0*d HTTP/1.1\r\nX: %0*d\r\nContent-Length: %zu\r\n\r\n",
			(int)(lens[i] < 2100 ? lens[i] : 10), 1, (int)(lens[i] % 2100), 1, lens[i]);
		for (size_t at = 0; at < lens[i]; at++)
			text[(size_t)head + at] = (char)('a' + at % 26);
		struct say say = {0, bytes_of(text, (size_t)head + lens[i])};
		assert_true(say.data.len <= sizeof(text));
		assert_true(same_in_any_cut(&parser_http1, &say, 1));
	}
}

static void a_gap_in_content_of_known_length_is_told_and_framing_goes_on(void **state)
{
	struct drive drive;

	(void)state;
	drive_new(&drive, &parser_http1, 8);
	drive_data(&drive, 0, bytes_text("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nabc"));
	drive_gap(&drive, 0, 10);
	drive_data(&drive, 0,
		bytes_text("defghijGET /2 HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\n"
			   "Transfer-Encoding: chunked\r\n\r\n5\r\nab"));
	drive_gap(&drive, 0, 3);
	drive_data(&drive, 0, bytes_text("\r\n3\r\nxyz\r\n0\r\n\r\n"));
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0),
		HEAD("0", "POST", "/") " http.header (Content-Length) 20\n http.body abc<10 "
				       "missing>defghij\n complete\n" HEAD(
					       "1", "GET", "/2") " complete\n" HEAD("2", "POST",
					       "/") " http.header (Transfer-Encoding) chunked\n"
						    " http.body ab<3 missing>xyz\n complete\n");
	drive_free(&drive);
}

static void a_gap_elsewhere_closes_and_the_next_start_line_goes_on(void **state)
{
	struct drive drive;

	(void)state;
	drive_new(&drive, &parser_http1, 8);
	drive_data(&drive, 0,
		bytes_text("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"));
	drive_gap(&drive, 0, 4);
	drive_data(&drive, 0, bytes_text("3\r\nxyz\r\nGET /2 HTTP/1.1\r\nHo"));
	drive_gap(&drive, 0, 0);
	drive_data(&drive, 0, bytes_text("GET /3 HTTP/1.1\r\n\r\nGE"));
	drive_gap(&drive, 0, 7);
	drive_data(&drive, 0, bytes_text("rest"));
	drive_end(&drive);
	assert_string_equal(drive_text(&drive, 0),
		HEAD("0", "POST",
			"/") " http.header (Transfer-Encoding) chunked\n"
			     " http.body ab<4 missing>\n gap\nraw 3\\r\\nxyz\\r\\n\n" HEAD("1",
				     "GET", "/2") " http.header Ho<0 missing>\n gap\n" HEAD("2",
				     "GET", "/3") " complete\nraw GE\nraw gap 7\nraw rest\n");
	drive_free(&drive);
}

/* A long target in absolute form: the first run has the authority. */
static void the_host_of_a_long_target_is_told(void **state)
{
	static char text[6000];
	struct drive drive;

	(void)state;
	int len = snprintf(text, sizeof(text), "GET http://a.example/%05000d HTTP/1.1\r\n\r\n", 1);
	struct say say = {0, bytes_of(text, (size_t)len)};
	assert_true(same_in_any_cut(&parser_http1, &say, 1));
	drive_new(&drive, &parser_http1, 8);
	drive_data(&drive, 0, say.data);
	drive_end(&drive);
	assert_true(drive_told(&drive, " http.host a.example\n"));
	drive_free(&drive);
}

static void every_prefix_can_be_the_end(void **state)
{
	const char *text =
		"\r\nPOST http://h/a HTTP/1.1\r\nA: b\r\n c\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3;x\r\nabc\r\n0\r\nT: u\r\n\r\nGET / HTTP/1.1\r\n";

	(void)state;
	for (size_t len = 0; len <= strlen(text); len++) {
		struct say say = {0, guarded(text, len)};

		assert_true(same_in_any_cut(&parser_http1, &say, 1));
		guard_free();
	}
}

static void without_room_to_hold_a_field_is_told_in_pieces(void **state)
{
	struct drive drive;

	(void)state;
	drive_new(&drive, &parser_http1, 1);
	assert_int_equal(pool_take(&drive.hold), 1);
	drive_data(&drive, 0, bytes_text("GET /ab"));
	drive_data(&drive, 0, bytes_text("cd HTTP/1.1\r\n\r\n"));
	assert_int_equal(drive.io.hold_refused, 1);
	assert_int_equal(drive.record.runs, 4);
	pool_give(&drive.hold, 1);
	drive_end(&drive);
	drive_free(&drive);
}

static void a_head_beyond_its_limit_is_one_field_and_odd(void **state)
{
	struct drive drive;

	(void)state;
	drive_new(&drive, &parser_http1, 8);
	drive_data(&drive, 0, bytes_text("POST / HTTP/1.1\r\n"));
	for (int i = 0; i < 8000; i++)
		drive_data(&drive, 0, bytes_text("X: 12345\r\n"));
	drive_data(
		&drive, 0, bytes_text("Content-Length: 4\r\n\r\nMARK\r\nGET /2 HTTP/1.1\r\n\r\n"));
	drive_end(&drive);
	assert_true(drive.io.odd);
	assert_true(
		drive_told(&drive, "Content-Length: 4\\r\\n\n http.body MARK\\r\\n\n complete\n"));
	assert_true(drive_told(&drive, HEAD("1", "GET", "/2")));
	assert_true(drive_clean(&drive));
	assert_true(drive.record.runs < 6600 + 1500);
	drive_free(&drive);
}

static void a_request_proves_the_client(void **state)
{
	struct drive drive;

	(void)state;
	drive_new(&drive, &parser_http1, 8);
	drive_data(&drive, 1, bytes_text("GET / HTTP/1.1\r\n"));
	assert_int_equal(drive.io.client_dir, 1);
	drive_end(&drive);
	drive_free(&drive);
	drive_new(&drive, &parser_http1, 8);
	drive_data(&drive, 1, bytes_text("HTTP/1.1 200 OK\r\n"));
	assert_int_equal(drive.io.client_dir, 0);
	drive_end(&drive);
	drive_free(&drive);
}

static enum probe_rc probe(const char *text, size_t len)
{
	struct probe probe = {.head = bytes_of(text, len)};

	return parser_http1.probe(&probe);
}

/* What is decided by a beginning stays so whatever follows. */
static void probing_is_decided_by_the_bytes_before_the_decision(void **state)
{
	static const struct {
		const char *text;
		enum probe_rc rc;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: a.example\r\n", PROBE_YES},
		{"HTTP/1.1 200 OK\r\nServer: something\r\n", PROBE_YES},
		{"\r\n\r\nPROPFIND /x HTTP/1.1\r\nA: bcdefghi", PROBE_YES},
		{"POST http://a/ HTTP/1.0\r\nAccept: */*\r\n", PROBE_YES},
		{"CONNECT a.example:443 HTTP/1.1\r\nX: yyyy", PROBE_YES},
		{"foo /bar HTTP/1.1\r\nHost: a.example\r\n", PROBE_YES},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n..............", PROBE_NO},
		{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n", PROBE_NO},
		{"220 mail.example ESMTP Postfix ready now", PROBE_NO},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 1234567890123456789012", PROBE_NO},
		{"OPTIONS sip:a@b.example SIP/2.0\r\nVia: xx", PROBE_NO},
		{"averyveryverylongwordthatnevereverends", PROBE_NO},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum probe_rc before = PROBE_MORE;

		for (size_t len = 1; len <= PROBE_MAX; len++) {
			enum probe_rc rc = probe(rows[i].text, len);
			assert_true(before == PROBE_MORE || rc == before);
			before = rc;
		}
		assert_int_equal(before, rows[i].rc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_answer),
		cmocka_unit_test(pipelined_requests_and_their_answers_have_the_same_numbers),
		cmocka_unit_test(an_answer_without_request_goes_to_the_end),
		cmocka_unit_test(chunks_are_joined_and_what_stands_beside_them_is_told),
		cmocka_unit_test(content_that_is_not_chunked_is_read_the_other_way),
		cmocka_unit_test(content_of_doubtful_length_goes_to_the_next_start_line),
		cmocka_unit_test(equal_lengths_are_one),
		cmocka_unit_test(leading_zeros_of_a_length_mean_nothing),
		cmocka_unit_test(strange_lines_of_a_head_are_told),
		cmocka_unit_test(the_authority_of_an_absolute_target_is_a_host),
		cmocka_unit_test(what_is_no_http_is_told_raw_up_to_the_next_message),
		cmocka_unit_test(after_an_upgrade_both_directions_are_raw),
		cmocka_unit_test(after_connect_both_directions_are_raw),
		cmocka_unit_test(the_length_of_a_field_decides_how_it_is_told),
		cmocka_unit_test(a_gap_in_content_of_known_length_is_told_and_framing_goes_on),
		cmocka_unit_test(a_gap_elsewhere_closes_and_the_next_start_line_goes_on),
		cmocka_unit_test(the_host_of_a_long_target_is_told),
		cmocka_unit_test(every_prefix_can_be_the_end),
		cmocka_unit_test(without_room_to_hold_a_field_is_told_in_pieces),
		cmocka_unit_test(a_head_beyond_its_limit_is_one_field_and_odd),
		cmocka_unit_test(a_request_proves_the_client),
		cmocka_unit_test(probing_is_decided_by_the_bytes_before_the_decision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
