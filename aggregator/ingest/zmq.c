/* zmq.c - the only file that includes ZeroMQ. */
#include "ingest/zmq.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "base/log.h"

#define ID_MAX 64        /* routing ids are 5 bytes; those a peer sets are refused */
#define WAITERS_MAX 1024 /* sensors told to wait */
#define RETRY_NS INT64_C(2000000000)
#define TAKES_MAX 64 /* messages of a turn, refused ones too */
#define PUBLISH_ROWS 512

struct peer {
	size_t id_len;
	uint8_t id[ID_MAX];
};

struct waiter {
	struct peer peer;
	uint64_t sensor, epoch;
};

struct hub {
	void *context, *router, *xpub;
	struct sql *sql;
	struct ingest ingest;
	struct peer peer[INGEST_TURN];
	bool healthy;
	int64_t retry_at, published;
	uint64_t unanswered;  /* peers that were gone */
	const char *bound[2]; /* endpoints that are ours now */
	uint32_t waiters;
	struct waiter waiter[WAITERS_MAX];
};

/* libzmq takes an ipc path away from whoever listens there. */
static bool ipc_free(const char *endpoint)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool taken;

	if (-1 == fd)
		return true;
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", endpoint + 6);
	taken = 0 == connect(fd, (const struct sockaddr *)&un, sizeof(un));
	close(fd);
	return !taken;
}

static void set(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof(value));
}

static void *socket_open(
	struct hub *hub, int type, const char *option, const char *endpoint, struct err *err)
{
	int64_t max = WIRE_MESSAGE_MAX;
	bool ipc = strncmp(endpoint, "ipc://", 6) == 0;

	if (ipc && !ipc_free(endpoint)) {
		err_set(err, EXIT_CANNOT, "%s: %s: somebody listens there already", option,
			endpoint);
		return NULL;
	}
	void *socket = zmq_socket(hub->context, type);
	if (socket == NULL) {
		err_set(err, EXIT_CANNOT, "%s: %s", option, zmq_strerror(zmq_errno()));
		return NULL;
	}
	set(socket, ZMQ_LINGER, 0);
	set(socket, ZMQ_RCVHWM, 64);
	set(socket, ZMQ_SNDHWM, 1000);
	set(socket, ZMQ_BACKLOG, 1024);
	set(socket, ZMQ_HEARTBEAT_IVL, 2000);
	set(socket, ZMQ_HEARTBEAT_TIMEOUT, 6000);
	set(socket, ZMQ_HEARTBEAT_TTL, 10000);
	set(socket, ZMQ_HANDSHAKE_IVL, 5000);
	zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof(max));
	if (type == ZMQ_ROUTER) {
		set(socket, ZMQ_ROUTER_MANDATORY, 1);
		set(socket, ZMQ_ROUTER_HANDOVER, 0);
	}
	mode_t mask = umask(0117);
	int rc = zmq_bind(socket, endpoint);
	int code = zmq_errno();
	umask(mask);
	if (-1 != rc) {
		hub->bound[type == ZMQ_XPUB] = endpoint;
		return socket;
	}
	err_set(err, EXIT_CANNOT, "%s: %s: %s", option, endpoint, zmq_strerror(code));
	zmq_close(socket);
	return NULL;
}

struct hub *hub_open(const char *listen, const char *publish, struct sql *sql, struct err *err)
{
	struct hub *hub = calloc(1, sizeof(*hub));

	if (hub == NULL) {
		err_set(err, EXIT_CANNOT, "out of memory");
		return NULL;
	}
	hub->sql = sql;
	hub->healthy = true;
	hub->published = sql_one(sql, 0, "SELECT max(id) FROM event", "");
	hub->context = zmq_ctx_new();
	if (hub->context != NULL)
		hub->router = socket_open(hub, ZMQ_ROUTER, "--listen", listen, err);
	if (hub->router != NULL && publish != NULL)
		hub->xpub = socket_open(hub, ZMQ_XPUB, "--publish", publish, err);
	if (hub->router != NULL && (publish == NULL || hub->xpub != NULL))
		return hub;
	hub_close(hub);
	return NULL;
}

void hub_close(struct hub *hub)
{
	if (hub == NULL)
		return;
	/* While we still listen: nobody else can have taken the path yet. */
	for (size_t i = 0; i < 2; i++)
		if (hub->bound[i] != NULL && strncmp(hub->bound[i], "ipc://", 6) == 0)
			unlink(hub->bound[i] + 6);
	if (hub->router != NULL)
		zmq_close(hub->router);
	if (hub->xpub != NULL)
		zmq_close(hub->xpub);
	if (hub->context != NULL)
		zmq_ctx_term(hub->context);
	free(hub);
}

static int descriptor(void *socket)
{
	int fd = -1;
	size_t size = sizeof(fd);

	zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
	return fd;
}

size_t hub_fds(const struct hub *hub, int fds[static 2])
{
	fds[0] = descriptor(hub->router);
	if (hub->xpub != NULL)
		fds[1] = descriptor(hub->xpub);
	return hub->xpub != NULL ? 2 : 1;
}

static void drain(void *socket)
{
	zmq_msg_t frame;
	int more = 1;

	while (more) {
		zmq_msg_init(&frame);
		if (-1 == zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT))
			more = 0;
		else
			more = zmq_msg_more(&frame);
		zmq_msg_close(&frame);
	}
}

static void answer(struct hub *hub, const struct peer *peer, uint64_t sensor, uint64_t epoch,
	const struct wire_ack *ack)
{
	uint8_t out[sizeof(struct wire_header) + sizeof(*ack)];
	size_t len =
		wire_put(out, sizeof(out), WIRE_ACK, sensor, epoch, bytes_of(ack, sizeof(*ack)));

	/* A peer that is gone asks again when it is back. */
	if (-1 == zmq_send(hub->router, peer->id, peer->id_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) ||
		-1 == zmq_send(hub->router, out, len, ZMQ_DONTWAIT))
		hub->unanswered++;
}

static void wait_add(struct hub *hub, const struct peer *peer, uint64_t sensor, uint64_t epoch)
{
	for (uint32_t i = 0; i < hub->waiters; i++) {
		if (hub->waiter[i].sensor == sensor && hub->waiter[i].epoch == epoch) {
			hub->waiter[i].peer = *peer;
			return;
		}
	}
	if (hub->waiters < WAITERS_MAX)
		hub->waiter[hub->waiters++] =
			(struct waiter){.peer = *peer, .sensor = sensor, .epoch = epoch};
}

/* One message: routing id, then one frame.  False: nothing is there. */
static bool take(struct hub *hub)
{
	struct peer *peer = &hub->peer[hub->ingest.answers];
	zmq_msg_t id, body;

	zmq_msg_init(&id);
	if (-1 == zmq_msg_recv(&id, hub->router, ZMQ_DONTWAIT)) {
		zmq_msg_close(&id);
		return false;
	}
	peer->id_len = zmq_msg_size(&id) <= ID_MAX ? zmq_msg_size(&id) : 0;
	memcpy(peer->id, zmq_msg_data(&id), peer->id_len);
	bool more = zmq_msg_more(&id);
	zmq_msg_close(&id);
	zmq_msg_init(&body);
	if (!more || -1 == zmq_msg_recv(&body, hub->router, ZMQ_DONTWAIT)) {
		zmq_msg_close(&body);
		return true;
	}
	more = zmq_msg_more(&body);
	if (more)
		drain(hub->router);
	if (more || peer->id_len == 0)
		hub->ingest.counts.refused++;
	else
		ingest_message(&hub->ingest, bytes_of(zmq_msg_data(&body), zmq_msg_size(&body)));
	zmq_msg_close(&body);
	return true;
}

static void publish(struct hub *hub)
{
	char id[24];

	if (hub->xpub == NULL)
		return;
	struct sql_rows rows = sql_ask(hub->sql,
		"SELECT id, kind, body FROM event WHERE id > ? ORDER BY id LIMIT ?", "ii",
		hub->published, (int64_t)(INGEST_TURN * PUBLISH_ROWS));
	while (sql_next(&rows)) {
		enum event_kind kind = (enum event_kind)sql_int(&rows, 1);
		const char *topic = event_kind_word(kind), *body = sql_text(&rows, 2);

		hub->published = sql_int(&rows, 0);
		if (kind != EVENT_ALERT && kind != EVENT_HEALTH && kind != EVENT_GAP)
			continue;
		snprintf(id, sizeof(id), "%lld", (long long)hub->published);
		zmq_send(hub->xpub, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT);
		zmq_send(hub->xpub, body, strlen(body), ZMQ_SNDMORE | ZMQ_DONTWAIT);
		zmq_send(hub->xpub, id, strlen(id), ZMQ_DONTWAIT);
	}
}

static void health(struct hub *hub, bool good, int64_t now)
{
	if (hub->healthy && !good)
		log_line(LOG_LEVEL_ERROR,
			"the store takes nothing: %s; sensors wait meanwhile; %s",
			sql_problem(hub->sql), sql_remedy(hub->sql));
	if (!hub->healthy && good)
		log_line(LOG_LEVEL_INFO, "the store takes events again");
	hub->healthy = good;
	if (!good)
		hub->retry_at = now + RETRY_NS;
}

/* Sensors that were told to wait do not ask again by themselves. */
static void wake(struct hub *hub, int64_t now)
{
	if (hub->waiters == 0 || now < hub->retry_at)
		return;
	sql_begin(hub->sql);
	sql_run(hub->sql, "INSERT OR REPLACE INTO meta VALUES('written', ?)", "i", now);
	bool good = sql_commit(hub->sql);
	health(hub, good, now);
	if (!good)
		return;
	for (uint32_t i = 0; i < hub->waiters; i++) {
		struct waiter *w = &hub->waiter[i];
		struct wire_ack ack = {.credit = WIRE_CREDIT,
			.hw_seq = journal_mark(hub->sql, w->sensor, w->epoch)};

		answer(hub, &w->peer, w->sensor, w->epoch, &ack);
	}
	hub->waiters = 0;
}

bool hub_turn(struct hub *hub, int64_t now, bool *committed)
{
	bool more = true;

	wake(hub, now);
	if (hub->xpub != NULL)
		drain(hub->xpub); /* subscriptions */
	ingest_begin(&hub->ingest, hub->sql, now);
	for (int i = 0; more && i < TAKES_MAX && hub->ingest.answers < INGEST_TURN; i++)
		more = take(hub);
	bool good = ingest_end(&hub->ingest);
	if (hub->ingest.answers == 0)
		return more;
	health(hub, good, now);
	for (uint32_t i = 0; i < hub->ingest.answers; i++) {
		const struct ingest_answer *a = &hub->ingest.answer[i];

		answer(hub, &hub->peer[i], a->sensor, a->epoch, &a->ack);
		if (!good)
			wait_add(hub, &hub->peer[i], a->sensor, a->epoch);
	}
	if (good) {
		*committed = true;
		publish(hub);
	}
	return more;
}

const struct ingest_counts *hub_counts(const struct hub *hub)
{
	return &hub->ingest.counts;
}

bool hub_healthy(const struct hub *hub)
{
	return hub->healthy;
}
