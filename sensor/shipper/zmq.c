#include "shipper/zmq_link.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "base/endpoint.h"

#if ZMQ_VERSION < ZMQ_MAKE_VERSION(4, 3, 3)
#error "libzmq below 4.3.3 has CVE-2020-15166"
#endif

static bool set_options(void *socket)
{
	static const struct {
		int option, value;
	} rows[] = {
		{ZMQ_IMMEDIATE, 1}, /* without a peer nothing is taken that would be lost */
		{ZMQ_LINGER, 0},
		{ZMQ_SNDHWM, 16},
		{ZMQ_RCVHWM, 1000},
		{ZMQ_RECONNECT_IVL, 1000},
		{ZMQ_RECONNECT_IVL_MAX, 60000},
		{ZMQ_HEARTBEAT_IVL, 2000},
		{ZMQ_HEARTBEAT_TIMEOUT, 6000},
		{ZMQ_HEARTBEAT_TTL, 10000},
		{ZMQ_HANDSHAKE_IVL, 5000},
		{ZMQ_CONNECT_TIMEOUT, 5000},
	};
	const int64_t message_max = 65536;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (zmq_setsockopt(socket, rows[i].option, &rows[i].value, sizeof(int)) == -1)
			return false;
	return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max)) != -1;
}

static void drop_socket(struct zmq_link *zmq)
{
	if (zmq->socket != NULL)
		zmq_close(zmq->socket);
	zmq->socket = NULL;
}

static bool connect_socket(struct zmq_link *zmq)
{
	zmq->socket = zmq_socket(zmq->context, ZMQ_DEALER);
	if (zmq->socket == NULL)
		return false;
	if (set_options(zmq->socket) && zmq_connect(zmq->socket, zmq->endpoint) != -1)
		return true;
	int failed = zmq_errno();
	drop_socket(zmq);
	errno = failed;
	return false;
}

static bool link_send(void *self, const void *data, size_t len)
{
	struct zmq_link *zmq = self;

	return zmq->socket != NULL && zmq_send(zmq->socket, data, len, ZMQ_DONTWAIT) != -1;
}

static size_t link_receive(void *self, void *out, size_t size)
{
	struct zmq_link *zmq = self;
	size_t frames = 0, len = 0;
	zmq_msg_t message;

	if (zmq->socket == NULL)
		return 0;
	zmq_msg_init(&message);
	do {
		if (zmq_msg_recv(&message, zmq->socket, ZMQ_DONTWAIT) == -1)
			break;
		len = zmq_msg_size(&message);
		if (frames++ == 0 && len <= size)
			memcpy(out, zmq_msg_data(&message), len);
	} while (zmq_msg_more(&message) != 0);
	zmq_msg_close(&message);
	if (frames == 0)
		return 0;
	return frames == 1 && len > 0 && len <= size ? len : 1;
}

static bool link_reopen(void *self)
{
	struct zmq_link *zmq = self;

	drop_socket(zmq);
	return connect_socket(zmq);
}

bool zmq_link_open(struct zmq_link *zmq, const char *endpoint, struct link *link, struct err *err)
{
	*zmq = (struct zmq_link){.endpoint = endpoint};
	if (!endpoint_check("--publish", endpoint, err))
		return false;
	zmq->context = zmq_ctx_new();
	if (zmq->context == NULL)
		return err_set(
			err, EXIT_CANNOT, "no ZeroMQ context: %s", zmq_strerror(zmq_errno()));
	if (!connect_socket(zmq)) {
		int failed = errno;
		zmq_link_close(zmq);
		return err_set(err, failed == EMFILE ? EXIT_CANNOT : EXIT_USAGE,
			"--publish %s: cannot connect: %s", endpoint, zmq_strerror(failed));
	}
	*link = (struct link){
		.self = zmq, .send = link_send, .receive = link_receive, .reopen = link_reopen};
	return true;
}

void zmq_link_close(struct zmq_link *zmq)
{
	drop_socket(zmq);
	if (zmq->context != NULL)
		zmq_ctx_term(zmq->context);
	zmq->context = NULL;
}

void zmq_link_wait(struct zmq_link *zmq, int timeout_ms)
{
	zmq_pollitem_t item = {.socket = zmq->socket, .events = ZMQ_POLLIN};
	const struct timespec pause = {.tv_nsec = (long)timeout_ms % 1000 * 1000000};

	if (zmq->socket == NULL)
		nanosleep(&pause, NULL);
	else
		(void)zmq_poll(&item, 1, timeout_ms);
}
