/*
 * Messages between writ's programs: one Unix seqpacket datagram is one message, files travel as
 * descriptors. A text longer than IPC_INLINE_MAX travels as an anonymous file that becomes the
 * first descriptor (doc/protocol.md section 2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_IPC_H
#define BASE_IPC_H

#include "base/ctx.h"
#include "base/span.h"

#define IPC_INLINE_MAX 60000u           /* bytes in the datagram itself */
#define IPC_TEXT_MAX (64u << 20)        /* bytes of a text at all */
#define IPC_FDS_MAX 8

struct ipc_msg {
	struct span text;               /* in the arena */
	int fd[IPC_FDS_MAX];            /* owned by the receiver; -1 where taken or absent */
	int fd_count;
};

void ipc_msg_close(struct ipc_msg *m);  /* closes the descriptors that are left */
#define IPC_MSG_SCOPED __attribute__((cleanup(ipc_msg_close)))

enum err ipc_send(struct ctx *c, int sock, struct span text, const int *fds, int fd_count) MUST_USE;
/* Waits at most timeout_ms (-1 = for ever): ERR_AGAIN on time-out, ERR_NOT_FOUND when the other
 * end has closed. */
enum err ipc_recv(struct ctx *c, int sock, int timeout_ms, struct ipc_msg *out) MUST_USE;
/* User id of the process at the other end, as it was when it connected (SO_PEERCRED). */
enum err ipc_peer_uid(struct ctx *c, int sock, uid_t *out) MUST_USE;
enum err ipc_listen(struct ctx *c, const char *path, mode_t mode, int *fd_out) MUST_USE;
enum err ipc_pair(struct ctx *c, int fd_out[2]) MUST_USE;

#endif
