/*
 * What writ hears from a hand that a hostile document has taken over: each line of the input is a
 * datagram ('t', 'f' with the text as a file, anything else as it stands). The last message is one
 * JSON text or an error; what it says that it read is looked at again, and holds no text that a
 * letter or a terminal could not bear.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <sys/socket.h>

#include "format/facts.h"
#include "order/1_receive/receive.h"
#include "order/session.h"
#include "world.h"

#define DATAGRAMS_MAX 20
#define TEXT_MAX ((size_t)64 << 20)

static int ends[2];

static int connect_pair(const char *path)
{
	(void)path;
	return ends[0];
}

static void send_line(struct ctx *c, struct span line)
{
	FD_SCOPED int fd = -1;
	char path[32];

	if (span_starts(line, "t")) {
		CHECK(ipc_send(c, ends[1], span_cut(line, 1, line.n), NULL, 0) == ERR_OK);
		return;
	}
	if (span_starts(line, "f")) {
		struct iovec text = { (char[]){ 'f' }, 1 };
		union {
			struct cmsghdr head;
			char bytes[CMSG_SPACE(sizeof(int))];
		} control = { .head = { .cmsg_level = SOL_SOCKET,
					.cmsg_type = SCM_RIGHTS,
					.cmsg_len = CMSG_LEN(sizeof(int)) } };
		struct msghdr msg = { .msg_iov = &text,
				      .msg_iovlen = 1,
				      .msg_control = control.bytes,
				      .msg_controllen = sizeof control.bytes };

		fd = world_file(span_cut(line, 1, line.n), path);
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
		CHECK(sendmsg(ends[1], &msg, MSG_NOSIGNAL) >= 0);
		return;
	}
	CHECK(send(ends[1], line.p, line.n, MSG_NOSIGNAL) >= 0 || errno == EMSGSIZE);
}

static void hear_progress(void *of, const struct json *progress)
{
	int64_t *sum = of;

	JSON_EACH(at, progress)
		*sum ^= at->i;
}

static bool printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return span_is_utf8(s);
}

static void check_texts(const struct json *j)
{
	CHECK(j->type != JSON_TEXT || printable(j->s));
	JSON_EACH(at, j)
		check_texts(at);
}

static void check_read(struct ctx *c, const struct json *answer)
{
	struct span text;
	struct json *again;
	enum err e = order_check_read(c, answer);

	check_result(c, e);
	err_clear(c);
	CHECK(json_write(c, answer, TEXT_MAX, &text) == ERR_OK);
	CHECK(json_parse_canonical(c, text, &again) == ERR_OK && json_equal(answer, again));
	if (e != ERR_OK)
		return;
	check_texts(answer);
	CHECK(facts_check(c, "again", json_get(answer, "facts"),
			  FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_ABSENT) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct session session = { .home = { .hand_sock = "" }, .seal = -1 };
	struct seam seam = world_begin();
	struct reader r = { .s = span_of(data, size) };
	const struct json *answer = NULL, *failed = NULL;
	struct json *job;
	struct span line;
	int64_t sum = 0;
	enum err e;

	seam.connect = connect_pair;
	CHECK(ctx_begin(&c, TEXT_MAX) == ERR_OK);
	c.seam = &seam;
	CHECK(ipc_pair(&c, ends) == ERR_OK);
	for (int i = 0; i < DATAGRAMS_MAX && take_line(&r, &line); i++)
		if (line.n)
			send_line(&c, line);
	CHECK(shutdown(ends[1], SHUT_WR) == 0);
	job = json_object(&c);
	json_set_str(&c, job, "job", "describe");
	e = hand_run(&c, &session, job, NULL, 0, hear_progress, &sum, &answer, &failed);
	close(ends[1]);
	check_result(&c, e);
	err_clear(&c);
	CHECK(e != ERR_OK || (answer && !failed));
	if (answer)
		check_read(&c, answer);
	return 0;
}
