/*
 * One exchange with one address of addresses.yaml over HTTP or HTTPS: connected before the cage
 * closes, all that is said and read inside it. It follows no redirect, knows no proxy and takes
 * no longer and no more than it was told.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_EXCHANGE_H
#define HAND_EXCHANGE_H

#include "hand/address.h"

struct exchange;
/* Finds the host, connects, makes everything ready that would need a file or a socket. What is
 * posted must outlive it. */
enum err exchange_open(struct ctx *c, const struct address *to, struct span ca_pem,
		       struct span posted, struct exchange **out) MUST_USE;
int exchange_socket(const struct exchange *x);
/* In the cage: sends, and reads at most max_bytes. */
enum err exchange_do(struct ctx *c, struct exchange *x, size_t max_bytes,
		     struct span *answer_out) MUST_USE;
void exchange_close(struct exchange **x);
#define EXCHANGE_SCOPED __attribute__((cleanup(exchange_close)))

#endif
