#include "sekisho/api.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "sekisho/http.h"

#define READ_ROOM (256u << 10)
#define HEAD_MAX 1024

struct reply {
	uint8_t *buffer; /* heap */
	size_t len, size;
};

static bool refuse_connect(const char *path, int number, struct err *err)
{
	switch (number) {
	case ENOENT:
		return err_set(err, EXIT_CANNOT,
			"%s: there is no such socket; start the aggregator (sekisho-aggregator -c "
			"/etc/sekisho/aggregator.yaml), or name its socket with --socket PATH",
			path);
	case ECONNREFUSED:
		return err_set(err, EXIT_CANNOT,
			"%s: nobody listens there any more; start the aggregator again "
			"(sekisho-aggregator -c /etc/sekisho/aggregator.yaml)",
			path);
	case EACCES:
		return err_set(err, EXIT_CANNOT,
			"%s: permission denied; only its owner and group may ask: join that group "
			"(ls -l shows it), or ask as root",
			path);
	case EAGAIN:
		return err_set(err, EXIT_CANNOT,
			"%s: the aggregator takes no more questions now; try again later", path);
	default:
		return err_set(err, EXIT_CANNOT, "%s: %s", path, strerror(number));
	}
}

static int open_socket(const char *path, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = API_TIMEOUT_S};
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(to.sun_path)) {
		err_set(err, EXIT_USAGE, "--socket: a path has 1 to %zu bytes, not %zu",
			sizeof(to.sun_path) - 1, len);
		return -1;
	}
	memcpy(to.sun_path, path, len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (-1 == fd) {
		err_set(err, EXIT_CANNOT, "socket: %s", strerror(errno));
		return -1;
	}
	/* Also bounds connect() while the listener's queue is full. */
	if (-1 == setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
		-1 == connect(fd, (const struct sockaddr *)&to, sizeof(to))) {
		refuse_connect(path, errno, err);
		close(fd);
		return -1;
	}
	return fd;
}

static bool send_all(int fd, const char *path, struct bytes out, struct err *err)
{
	while (out.len > 0) {
		ssize_t n = send(fd, out.ptr, out.len, MSG_NOSIGNAL);
		if (-1 == n && errno == EINTR)
			continue;
		/* Whoever answers before it has read everything says why there. */
		if (-1 == n && (errno == EPIPE || errno == ECONNRESET))
			return true;
		if (-1 == n)
			return err_set(err, EXIT_CANNOT, "%s: the question was not taken: %s", path,
				strerror(errno));
		out = bytes_skip(out, (size_t)n);
	}
	return true;
}

static bool send_question(
	int fd, const char *path, const struct api_question *question, struct err *err)
{
	char head[HEAD_MAX], body_fields[128] = "";

	if (question->body.len > 0)
		snprintf(body_fields, sizeof(body_fields),
			"Content-Type: %s\r\nContent-Length: %zu\r\n", question->type,
			question->body.len);
	else if (strcmp(question->method, "POST") == 0)
		snprintf(body_fields, sizeof(body_fields), "Content-Length: 0\r\n");
	int len = snprintf(head, sizeof(head),
		"%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
		"Connection: close\r\n%s\r\n",
		question->method, question->target, body_fields);
	if (len < 0 || (size_t)len >= sizeof(head))
		return err_set(err, EXIT_USAGE, "the question is too long for one line");
	return send_all(fd, path, bytes_of(head, (size_t)len), err) &&
	       send_all(fd, path, question->body, err);
}

static bool grow(struct reply *reply, const char *path, struct err *err)
{
	if (reply->len > API_ANSWER_MAX)
		return err_set(err, EXIT_CANNOT,
			"%s: the answer has more than %u MiB; ask for less with --limit N", path,
			API_ANSWER_MAX >> 20);
	if (reply->size - reply->len >= READ_ROOM)
		return true;
	size_t size = reply->size == 0 ? 2 * READ_ROOM : 2 * reply->size;
	uint8_t *buffer = realloc(reply->buffer, size);
	if (buffer == NULL)
		return err_set(err, EXIT_CANNOT, "no memory for an answer of %zu bytes", size);
	reply->buffer = buffer;
	reply->size = size;
	return true;
}

/* Waits for bytes and reads them: how many (0 = end), or -1. */
static ssize_t read_some(
	int fd, struct reply *reply, uint64_t until_ns, const char *path, struct err *err)
{
	for (;;) {
		uint64_t now = clock_boot_ns();
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int ready =
			now >= until_ns ? 0 : poll(&wait, 1, (int)((until_ns - now) / 1000000 + 1));

		if (0 == ready) {
			err_set(err, EXIT_CANNOT,
				"%s: no whole answer in time; is the aggregator busy or stopped?",
				path);
			return -1;
		}
		ssize_t n = -1 == ready ? -1
					: recv(fd, reply->buffer + reply->len,
						  reply->size - reply->len, MSG_DONTWAIT);
		if (-1 == n && (errno == EINTR || errno == EAGAIN))
			continue;
		if (-1 == n && errno == ECONNRESET)
			return 0;
		if (-1 == n)
			err_set(err, EXIT_CANNOT, "%s: %s", path, strerror(errno));
		return n;
	}
}

static bool read_answer(int fd, const char *path, unsigned wait_s, struct reply *reply,
	struct http_answer *answer, struct err *err)
{
	uint64_t until = clock_boot_ns() + (API_TIMEOUT_S + (uint64_t)wait_s) * 1000000000;

	for (;;) {
		ssize_t n = grow(reply, path, err) ? read_some(fd, reply, until, path, err) : -1;
		if (-1 == n)
			return false;
		reply->len += (size_t)n;
		switch (http_answer(reply->buffer, reply->len, n == 0, answer)) {
		case HTTP_DONE:
			return true;
		case HTTP_MORE:
			break;
		case HTTP_BAD:
			return err_set(err, EXIT_CANNOT,
				"%s: %s; does the aggregator listen there?", path,
				reply->len == 0 ? "closed without an answer"
						: "the answer is broken off or no HTTP");
		}
	}
}

static struct value *understand(const char *path, const struct http_answer *answer, struct err *err)
{
	char text[256];
	struct value *value = value_parse(answer->body, err);

	if (answer->status == 200)
		return value;
	int status = answer->status >= 400 && answer->status < 500 ? EXIT_USAGE : EXIT_CANNOT;
	if (value == NULL || !value_copy(value_at(value, "error"), text, sizeof(text)))
		err_set(err, status, "%s: the aggregator answers with status %d", path,
			answer->status);
	else
		err_set(err, status, "%s", text);
	value_drop(value);
	return NULL;
}

struct value *api_ask(const char *socket, const struct api_question *question, struct err *err)
{
	struct reply reply = {0};
	struct http_answer answer;
	struct value *value = NULL;
	int fd = open_socket(socket, err);

	if (-1 == fd)
		return NULL;
	if (send_question(fd, socket, question, err) &&
		read_answer(fd, socket, question->wait_s, &reply, &answer, err))
		value = understand(socket, &answer, err);
	free(reply.buffer);
	close(fd);
	return value;
}
