/*
 * Messages between programs; see ipc.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

/* The first byte of a datagram: the text follows in it, or is the first descriptor. */
enum { TEXT_INLINE = 't', TEXT_IN_FILE = 'f' };

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * (IPC_FDS_MAX + 1))];
};

/* The padding of CMSG_SPACE may hold a descriptor more than was meant. */
#define FDS_ROOM ((sizeof(union control) - CMSG_LEN(0)) / sizeof(int))
_Static_assert(FDS_ROOM > IPC_FDS_MAX, "room for the text's file and all others");

void ipc_msg_close(struct ipc_msg *m)
{
	for (int i = 0; i < m->fd_count; i++)
		fd_close(&m->fd[i]);
}

static enum err send_datagram(struct ctx *c, int sock, struct iovec *iov, const int *fds,
			      int fd_count)
{
	union control control = { .bytes = { 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t sent;

	if (fd_count > 0) {
		struct cmsghdr *head = &control.align;
		size_t bytes = sizeof(int) * (size_t)fd_count;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(bytes);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(head), fds, bytes);
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
		FAIL(c, ERR_NOT_FOUND, "the other program has gone");
	if (sent < 0)
		FAIL(c, ERR_IO, "cannot send a message: %s", strerror(errno));
	return ERR_OK;
}

enum err ipc_send(struct ctx *c, int sock, struct span text, const int *fds, int fd_count)
{
	unsigned char how = text.n > IPC_INLINE_MAX ? TEXT_IN_FILE : TEXT_INLINE;
	int all[IPC_FDS_MAX + 1], n = 0;
	FD_SCOPED int file = -1;
	struct iovec iov[2] = { { &how, 1 }, { NULL, 0 } };

	if (fd_count < 0 || fd_count > IPC_FDS_MAX || text.n > IPC_TEXT_MAX)
		FAIL(c, ERR_LIMIT, "a message of %zu bytes with %d files is too large", text.n,
		     fd_count);
	if (how == TEXT_IN_FILE) {
		TRY(memfd_of(c, "writ-message", text, &file));
		all[n++] = file;
	} else {
		/* sendmsg does not write through iov_base; its type cannot say so. */
		memcpy(&iov[1].iov_base, &text.p, sizeof iov[1].iov_base);
		iov[1].iov_len = text.n;
	}
	for (int i = 0; i < fd_count; i++)
		all[n++] = fds[i];
	return send_datagram(c, sock, iov, all, n);
}

static enum err wait_readable(struct ctx *c, int sock, int timeout_ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int ready;

	do
		ready = poll(&p, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		FAIL(c, ERR_IO, "cannot wait for a message: %s", strerror(errno));
	if (ready == 0)
		FAIL(c, ERR_AGAIN, "no message came within %d ms", timeout_ms);
	return ERR_OK;
}

static void take_fds(struct msghdr *msg, int *fds, int *count)
{
	*count = 0;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		int n;

		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		n = (int)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		if (n > (int)FDS_ROOM - *count)
			n = (int)FDS_ROOM - *count;
		memcpy(fds + *count, CMSG_DATA(head), sizeof(int) * (size_t)n);
		*count += n;
	}
}

/* Moves the descriptors to the message; where the text is a file, reads and closes it. */
static enum err unpack(struct ctx *c, unsigned char how, struct span text, int *fds, int count,
		       struct ipc_msg *out)
{
	int first = how == TEXT_IN_FILE ? 1 : 0;

	for (int i = first; i < count; i++)
		out->fd[out->fd_count++] = fds[i];
	if (how == TEXT_INLINE) {
		out->text = text;
		return ERR_OK;
	}
	if (how != TEXT_IN_FILE || count < 1)
		FAIL(c, ERR_FORMAT, "a message of unknown form came");
	FD_SCOPED int file = fds[0];
	struct stat st;

	/* Reading anything but a file could wait for ever. */
	if (fstat(file, &st) != 0 || !S_ISREG(st.st_mode))
		FAIL(c, ERR_FORMAT, "the text of a message came as something that is no file");
	return fd_read_all(c, file, IPC_TEXT_MAX, &out->text);
}

enum err ipc_recv(struct ctx *c, int sock, int timeout_ms, struct ipc_msg *out)
{
	union control control;
	unsigned char how = 0, *room;
	int fds[FDS_ROOM], count;
	struct iovec iov[2] = { { &how, 1 }, { NULL, IPC_INLINE_MAX } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control.bytes,
			      .msg_controllen = sizeof control.bytes };
	ssize_t got;

	*out = (struct ipc_msg){ .fd_count = 0 };
	TRY(NEW_ARRAY(c, room, IPC_INLINE_MAX));
	iov[1].iov_base = room;
	TRY(wait_readable(c, sock, timeout_ms));
	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		FAIL(c, ERR_NOT_FOUND, "the other program has ended the conversation");
	if (got < 0)
		FAIL(c, ERR_IO, "cannot receive a message: %s", strerror(errno));
	take_fds(&msg, fds, &count);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    count > IPC_FDS_MAX + (how == TEXT_IN_FILE)) {
		for (int i = 0; i < count; i++)
			close(fds[i]);
		FAIL(c, ERR_LIMIT, "a message came that is larger than one may be");
	}
	return unpack(c, how, span_of(room, (size_t)got - 1), fds, count, out);
}

enum err ipc_peer_uid(struct ctx *c, int sock, uid_t *out)
{
	struct ucred cred;
	socklen_t n = sizeof cred;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
		FAIL(c, ERR_IO, "cannot tell who is at the other end: %s", strerror(errno));
	*out = cred.uid;
	return ERR_OK;
}

enum err ipc_listen(struct ctx *c, const char *path, mode_t mode, int *fd_out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	FD_SCOPED int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		FAIL(c, ERR_IO, "cannot make a socket: %s", strerror(errno));
	if (strlen(path) >= sizeof addr.sun_path)
		FAIL(c, ERR_LIMIT, "the path %s is too long for a socket (%zu bytes at most)", path,
		     sizeof addr.sun_path - 1);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	c->seam->unlink(path);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof addr) != 0 || chmod(path, mode) != 0 ||
	    listen(fd, 64) != 0)
		FAIL(c, ERR_IO, "cannot listen on %s: %s", path, strerror(errno));
	*fd_out = fd;
	fd = -1;
	return ERR_OK;
}

enum err ipc_pair(struct ctx *c, int fd_out[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd_out) != 0)
		FAIL(c, ERR_IO, "cannot make a pair of sockets: %s", strerror(errno));
	return ERR_OK;
}
