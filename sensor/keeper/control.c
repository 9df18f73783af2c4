#include "keeper/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_LEN (sizeof(int) * SECTION_COUNT)

/* Room for descriptors beside a message, aligned as the kernel wants it. */
union fds_space {
	struct cmsghdr head;
	uint8_t space[CMSG_SPACE(FDS_LEN)];
};

bool control_open(struct control *control, struct err *err)
{
	if (-1 != socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control->fd))
		return true;
	control->fd[CONTROL_KEEPER] = control->fd[CONTROL_ENGINE] = -1;
	return err_set(err, EXIT_CANNOT, "no sockets to the engine: %s", strerror(errno));
}

void control_close(struct control *control)
{
	for (int i = 0; i < CONTROL_ENDS; i++) {
		if (-1 != control->fd[i])
			close(control->fd[i]);
		control->fd[i] = -1;
	}
}

static bool send_message(struct control *control, const struct control_message *message,
	const int sections[], struct err *err)
{
	union fds_space fds = {.head = {.cmsg_len = 0}};
	struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message)};
	struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1};

	if (sections != NULL) {
		whole.msg_control = &fds;
		whole.msg_controllen = sizeof(fds);
		fds.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(FDS_LEN)};
		memcpy(CMSG_DATA(&fds.head), sections, FDS_LEN);
	}
	if (-1 != sendmsg(control->fd[CONTROL_KEEPER], &whole, MSG_DONTWAIT | MSG_NOSIGNAL))
		return true;
	return err_set(err, EXIT_CANNOT, "the engine takes no orders now: %s", strerror(errno));
}

bool control_send(struct control *control, uint32_t serial, const struct generation *generation,
	struct err *err)
{
	struct control_message message = {
		.kind = CONTROL_GENERATION, .serial = serial, .id = generation->id};
	int sections[SECTION_COUNT];

	for (int i = 0; i < SECTION_COUNT; i++)
		sections[i] = generation->section[i].fd;
	return send_message(control, &message, sections, err);
}

bool control_refuse(struct control *control, uint32_t serial, const char *reason, struct err *err)
{
	struct control_message message = {.kind = CONTROL_REFUSED, .serial = serial};

	snprintf(message.reason, sizeof(message.reason), "%s", reason);
	return send_message(control, &message, NULL, err);
}

static void take_fds(struct msghdr *whole, int sections[])
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(whole);

	if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(sections, CMSG_DATA(head),
		head->cmsg_len < CMSG_LEN(FDS_LEN) ? head->cmsg_len - CMSG_LEN(0) : FDS_LEN);
}

bool control_receive(struct control *control, int timeout_ms, struct control_message *message,
	int sections[static SECTION_COUNT])
{
	union fds_space fds = {.head = {.cmsg_len = 0}};
	struct pollfd ready = {.fd = control->fd[CONTROL_ENGINE], .events = POLLIN};
	struct iovec part = {.iov_base = message, .iov_len = sizeof(*message)};
	struct msghdr whole = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &fds,
		.msg_controllen = sizeof(fds)};

	for (int i = 0; i < SECTION_COUNT; i++)
		sections[i] = -1;
	if (poll(&ready, 1, timeout_ms) <= 0)
		return false;
	ssize_t len = recvmsg(ready.fd, &whole, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (len <= 0)
		return false;
	take_fds(&whole, sections);
	message->reason[sizeof(message->reason) - 1] = '\0';
	return (size_t)len == sizeof(*message);
}
