/*
 * The key and the certificate of the site: two PEM files of the home, made on first use for the
 * names of this machine alone (a development certificate). Nothing else is ever signed with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include "base/home.h"
#include "base/span.h"

struct tls_files {
	char *key, *certificate;        /* PEM, ended by NUL */
};

/* HOME/tls/key.pem and certificate.pem. What an operator put there is used as it is; where there
 * is nothing, or our own certificate ends within 30 days, both are made. */
enum err tls_prepare(struct ctx *c, const struct home *home) MUST_USE;
enum err tls_read(struct ctx *c, const struct home *home, struct tls_files *out) MUST_USE;
/*
 * A new connection of the library: tickets let its client resume (without them none is offered).
 * clients: it goes on only with a certificate of one of the authorities; to set these alone would
 * ask for a certificate and believe any.
 */
void tls_session(void *session, const unsigned char *ticket_key, bool clients);
/*
 * From tls_hold on what the library sends is gathered; tls_let_go sends it, in as few records as it
 * fits into (the library makes one of the head and one of the body, each a call into the kernel
 * here and two at the other end). False: the socket has no room, ask again.
 */
void tls_hold(void *session);
bool tls_let_go(void *session) MUST_USE;
/* The name in the certificate that the client has shown, if it has. */
enum err tls_client(struct ctx *c, void *session, struct span *out) MUST_USE;
/* 64 bytes from which the keys of session tickets are drawn; for all processes of one server. */
#define TLS_TICKET_BYTES 64u

#endif
