/*
 * Messages: short and long texts, files that travel along, and ends that close or say nonsense.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/ipc.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "../test.h"

static void text_of(struct ctx *c, size_t n, struct span *out)
{
	unsigned char *p;

	assert_int_equal(NEW_ARRAY(c, p, n), ERR_OK);
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(i % 253);
	*out = span_of(p, n);
}

static void texts_of_all_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, 1000, IPC_INLINE_MAX, IPC_INLINE_MAX + 1, 3000000 };
	FD_SCOPED int a = -1;
	FD_SCOPED int b = -1;
	CTX(c);
	int pair[2];

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	a = pair[0];
	b = pair[1];
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		IPC_MSG_SCOPED struct ipc_msg m;
		struct span text;

		text_of(&c, lengths[i], &text);
		ok(&c, ipc_send(&c, a, text, NULL, 0));
		ok(&c, ipc_recv(&c, b, 1000, &m));
		assert_true(span_eq(m.text, text));
		assert_int_equal(m.fd_count, 0);
	}
}

/* Files arrive in order, beside a short and beside a long text, and the sender keeps its own. */
static void files_travel(void **state)
{
	static const size_t lengths[] = { 2, IPC_INLINE_MAX + 5 };
	CTX(c);
	int pair[2], fds[2];

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	ok(&c, memfd_of(&c, "first", SPAN("first"), &fds[0]));
	ok(&c, memfd_of(&c, "second", SPAN("second"), &fds[1]));
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		IPC_MSG_SCOPED struct ipc_msg m;
		struct span text, got;

		text_of(&c, lengths[i], &text);
		lseek(fds[0], 0, SEEK_SET);
		lseek(fds[1], 0, SEEK_SET);
		ok(&c, ipc_send(&c, pair[0], text, fds, 2));
		ok(&c, ipc_recv(&c, pair[1], 1000, &m));
		assert_true(span_eq(m.text, text));
		assert_int_equal(m.fd_count, 2);
		assert_true(fcntl(m.fd[0], F_GETFD) & FD_CLOEXEC);
		ok(&c, fd_read_all(&c, m.fd[0], 100, &got));
		text_is(got, "first");
		ok(&c, fd_read_all(&c, m.fd[1], 100, &got));
		text_is(got, "second");
	}
	for (int i = 0; i < 2; i++) {
		fd_close(&fds[i]);
		fd_close(&pair[i]);
	}
}

static void too_much(void **state)
{
	FD_SCOPED int a = -1;
	FD_SCOPED int b = -1;
	CTX(c);
	int pair[2], fds[IPC_FDS_MAX + 1] = { 0 };

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	a = pair[0];
	b = pair[1];
	refused(&c, ERR_LIMIT, "files", ipc_send(&c, a, SPAN("x"), fds, IPC_FDS_MAX + 1));
	refused(&c, ERR_LIMIT, "large",
		ipc_send(&c, a, span_of("", (size_t)IPC_TEXT_MAX + 1), NULL, 0));
}

static void silence_and_ends(void **state)
{
	CTX(c);
	struct ipc_msg m;
	int pair[2];

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	refused(&c, ERR_AGAIN, "5 ms", ipc_recv(&c, pair[0], 5, &m));
	fd_close(&pair[1]);
	refused(&c, ERR_NOT_FOUND, "ended", ipc_recv(&c, pair[0], 1000, &m));
	refused(&c, ERR_NOT_FOUND, "gone", ipc_send(&c, pair[0], SPAN("x"), NULL, 0));
	fd_close(&pair[0]);
}

static void nonsense(void **state)
{
	static unsigned char big[IPC_INLINE_MAX + 100];
	FD_SCOPED int a = -1;
	FD_SCOPED int b = -1;
	CTX(c);
	struct ipc_msg m;
	int pair[2];

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	a = pair[0];
	b = pair[1];
	assert_int_equal(send(a, "x?", 2, 0), 2);
	refused(&c, ERR_FORMAT, "unknown form", ipc_recv(&c, b, 1000, &m));
	assert_int_equal(send(a, "f", 1, 0), 1);        /* a file is announced, none comes */
	refused(&c, ERR_FORMAT, "unknown form", ipc_recv(&c, b, 1000, &m));
	big[0] = 't';
	assert_int_equal(send(a, big, sizeof big, 0), (ssize_t)sizeof big);
	refused(&c, ERR_LIMIT, "larger", ipc_recv(&c, b, 1000, &m));
}

static void send_raw(int sock, const char *datagram, int fd, size_t count)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int) * 16)];
	} control = { .bytes = { 0 } };
	char text[8] = "";
	struct iovec iov = { text, strlen(datagram) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };

	memcpy(text, datagram, strlen(datagram));
	msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int) * count);
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(&control.head) + i * sizeof fd, &fd, sizeof fd);
	assert_int_equal(sendmsg(sock, &msg, 0), (ssize_t)strlen(datagram));
}

/* More files than a message may have, as only a hostile sender sends them: all are closed again. */
static void too_many_files(void **state)
{
	FD_SCOPED int a = -1;
	FD_SCOPED int b = -1;
	CTX(c);
	int pair[2], before, after;

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	a = pair[0];
	b = pair[1];
	before = dup(a);
	for (size_t count = IPC_FDS_MAX; count <= 16; count++) {
		IPC_MSG_SCOPED struct ipc_msg m = { .fd_count = 0 };

		send_raw(a, "tx", b, count);
		if (count <= IPC_FDS_MAX)
			ok(&c, ipc_recv(&c, b, 1000, &m));
		else
			refused(&c, ERR_LIMIT, "larger", ipc_recv(&c, b, 1000, &m));
	}
	close(before);
	after = dup(a);
	assert_int_equal(before, after);
	close(after);
}

/* A text in a pipe would be waited for for ever, one in a folder cannot be read. */
static void text_in_no_file(void **state)
{
	FD_SCOPED int a = -1;
	FD_SCOPED int b = -1;
	CTX(c);
	struct ipc_msg m;
	int pair[2], ends[2];

	(void)state;
	ok(&c, ipc_pair(&c, pair));
	a = pair[0];
	b = pair[1];
	assert_int_equal(pipe(ends), 0);
	send_raw(a, "f", ends[0], 1);
	refused(&c, ERR_FORMAT, "no file", ipc_recv(&c, b, 1000, &m));
	send_raw(a, "f", a, 1);
	refused(&c, ERR_FORMAT, "no file", ipc_recv(&c, b, 1000, &m));
	close(ends[0]);
	close(ends[1]);
}

static void listening(void **state)
{
	FD_SCOPED int listener = -1;
	FD_SCOPED int near = -1;
	FD_SCOPED int far = -1;
	CTX(c);
	IPC_MSG_SCOPED struct ipc_msg m = { .fd_count = 0 };
	char *path = in_folder(&c, "sock"), long_path[300];
	uid_t uid;

	(void)state;
	ok(&c, ipc_listen(&c, path, 0600, &listener));
	near = c.seam->connect(path);
	assert_true(near >= 0);
	far = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(far >= 0);
	ok(&c, ipc_peer_uid(&c, far, &uid));
	assert_int_equal(uid, geteuid());
	ok(&c, ipc_send(&c, near, SPAN("hello"), NULL, 0));
	ok(&c, ipc_recv(&c, far, 1000, &m));
	text_is(m.text, "hello");
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[sizeof long_path - 1] = '\0';
	refused(&c, ERR_LIMIT, "too long", ipc_listen(&c, long_path, 0600, &listener));
	assert_true(c.seam->connect(in_folder(&c, "nobody")) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_all_lengths),
		cmocka_unit_test(files_travel),
		cmocka_unit_test(too_much),
		cmocka_unit_test(silence_and_ends),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(too_many_files),
		cmocka_unit_test(text_in_no_file),
		cmocka_unit_test(listening),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
