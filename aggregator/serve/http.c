/* http.c - the only file that includes libmicrohttpd. */
#include "serve/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define HEAD_MAX (32u << 10)
#define IDLE_S 5
#define SECOND_NS UINT64_C(1000000000)

struct call { /* one request being read or waiting */
	struct http *http;
	struct call *next, *before;
	struct MHD_Connection *connection;
	uint8_t *body;
	size_t len, size;
	bool too_long, waiting, waited;
	uint64_t until;
};

struct http {
	struct MHD_Daemon *daemon;
	http_answer *answer;
	http_limit *limit;
	void *owner;
	struct call *calls;
	bool closing; /* nobody waits any more */
	uint64_t now;
	int fd;
	struct sockaddr_un at;
};

const char *http_query(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct call *call_new(struct http *http, struct MHD_Connection *connection)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	call->http = http;
	call->connection = connection;
	call->next = http->calls;
	if (call->next != NULL)
		call->next->before = call;
	http->calls = call;
	return call;
}

static void completed(void *cls, struct MHD_Connection *connection, void **mine,
	enum MHD_RequestTerminationCode code)
{
	struct http *http = cls;
	struct call *call = *mine;

	(void)connection;
	(void)code;
	if (call == NULL)
		return;
	if (call->next != NULL)
		call->next->before = call->before;
	if (call->before != NULL)
		call->before->next = call->next;
	else
		http->calls = call->next;
	free(call->body);
	free(call);
	*mine = NULL;
}

static void body_add(struct call *call, const char *data, size_t len, size_t max)
{
	if (call->len + len > max) {
		call->too_long = true;
		return;
	}
	if (call->len + len > call->size) {
		size_t size = (call->len + len) * 2;
		uint8_t *more = realloc(call->body, size);

		if (more == NULL) {
			call->too_long = true;
			return;
		}
		call->body = more;
		call->size = size;
	}
	memcpy(call->body + call->len, data, len);
	call->len += len;
}

static enum MHD_Result reply(struct MHD_Connection *connection, int status, struct out *out)
{
	static char full[] = "{\"error\":\"the answer is too long; ask for less\"}";
	struct MHD_Response *response;

	if (out->failed || out->text == NULL) {
		out_drop(out);
		status = 503;
		response = MHD_create_response_from_buffer(
			sizeof(full) - 1, full, MHD_RESPMEM_PERSISTENT);
	} else {
		response =
			MHD_create_response_from_buffer(out->len, out->text, MHD_RESPMEM_MUST_FREE);
	}
	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", "application/json");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	enum MHD_Result rc = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result answer(struct call *call, const char *path, const char *method)
{
	struct http *http = call->http;
	struct http_request request = {.method = method,
		.path = path,
		.body = bytes_of(call->body, call->len),
		.last = http->closing || (call->waited && http->now >= call->until),
		.connection = call->connection};
	struct out out = {0};
	int wait_s = 0, status = 400;

	if (call->too_long) {
		out_open(&out, NULL, '{');
		out_string(&out, "error", "the body is too long");
		out_close(&out, '}');
	} else {
		status = http->answer(http->owner, &request, &out, &wait_s);
	}
	if (status != 0)
		return reply(call->connection, status, &out);
	out_drop(&out);
	if (!call->waited)
		call->until = http->now + (uint64_t)wait_s * SECOND_NS;
	call->waited = call->waiting = true;
	MHD_suspend_connection(call->connection);
	return MHD_YES;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *data_len, void **mine)
{
	struct http *http = cls;
	struct call *call = *mine;

	(void)version;
	if (call == NULL) {
		*mine = call_new(http, connection);
		return *mine != NULL ? MHD_YES : MHD_NO;
	}
	if (*data_len > 0) {
		body_add(call, data, *data_len, http->limit(path));
		*data_len = 0;
		return MHD_YES;
	}
	return answer(call, path, method);
}

/* A path where nobody listens is left over from a crash. */
static bool clear_path(const struct sockaddr_un *at, struct err *err)
{
	struct stat st;
	int fd;
	bool taken;

	if (-1 == lstat(at->sun_path, &st))
		return true;
	if (!S_ISSOCK(st.st_mode))
		return err_set(
			err, EXIT_CANNOT, "--socket: %s: is there and is no socket", at->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (-1 == fd)
		return err_set(err, EXIT_CANNOT, "--socket: %s", strerror(errno));
	taken = 0 == connect(fd, (const struct sockaddr *)at, sizeof(*at));
	close(fd);
	if (taken)
		return err_set(err, EXIT_CANNOT, "--socket: %s: somebody listens there already",
			at->sun_path);
	unlink(at->sun_path);
	return true;
}

static int listen_at(const char *path, struct sockaddr_un *at, struct err *err)
{
	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(at->sun_path)) {
		err_set(err, EXIT_USAGE, "--socket: \"%s\" is longer than %zu bytes", path,
			sizeof(at->sun_path) - 1);
		return -1;
	}
	memcpy(at->sun_path, path, strlen(path));
	if (!clear_path(at, err))
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0117);
	bool good = -1 != fd && 0 == bind(fd, (const struct sockaddr *)at, sizeof(*at)) &&
		    0 == listen(fd, CONNECTIONS_MAX);
	int code = errno;
	umask(mask);
	if (good)
		return fd;
	if (-1 != fd)
		close(fd);
	err_set(err, EXIT_CANNOT, "--socket: %s: %s", path, strerror(code));
	return -1;
}

struct http *http_open(
	const char *path, http_answer *answer_fn, http_limit *limit, void *owner, struct err *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL) {
		err_set(err, EXIT_CANNOT, "out of memory");
		return NULL;
	}
	http->answer = answer_fn;
	http->limit = limit;
	http->owner = owner;
	http->fd = listen_at(path, &http->at, err);
	if (-1 == http->fd) {
		free(http);
		return NULL;
	}
	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		handle, http, MHD_OPTION_LISTEN_SOCKET, http->fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_NOTIFY_COMPLETED, completed, http,
		MHD_OPTION_END);
	if (http->daemon != NULL)
		return http;
	err_set(err, EXIT_CANNOT, "--socket: %s: cannot serve", path);
	close(http->fd);
	unlink(path);
	free(http);
	return NULL;
}

void http_close(struct http *http)
{
	if (http == NULL)
		return;
	/* It insists that nobody is suspended. */
	http->closing = true;
	http_wake(http);
	MHD_run(http->daemon);
	MHD_stop_daemon(http->daemon);
	unlink(http->at.sun_path);
	free(http);
}

int http_fd(const struct http *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static void resume(struct call *call)
{
	call->waiting = false;
	MHD_resume_connection(call->connection);
}

void http_wake(struct http *http)
{
	for (struct call *call = http->calls; call != NULL; call = call->next) {
		if (call->waiting)
			resume(call);
	}
}

int http_turn(struct http *http, uint64_t boot_ns)
{
	MHD_UNSIGNED_LONG_LONG wait;
	int timeout = 1000;

	http->now = boot_ns;
	for (struct call *call = http->calls; call != NULL; call = call->next) {
		if (call->waiting && boot_ns >= call->until)
			resume(call);
	}
	MHD_run(http->daemon);
	if (MHD_YES == MHD_get_timeout(http->daemon, &wait) && wait < 1000)
		timeout = (int)wait;
	return timeout;
}
