/*
 * Delivery: REF.writ.tar is a small head made once, the untouched payload of the vault, and a
 * tail (doc/delivered-file.md); any range of it is read without composing it again.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_DELIVER_H
#define ORDER_DELIVER_H

#include "order/order.h"

struct delivery {
	struct span head, tail;         /* bytes before and after the payload */
	int payload_fd;                 /* owned; delivery_close */
	int64_t payload_bytes, bytes;   /* of the payload; of the whole file */
};

/* ERR_AGAIN while the release's tick has no proof, or the release no timestamp that it needs. */
enum err delivery_open(struct ctx *c, struct session *s, const struct order *o,
		       struct delivery *out) MUST_USE;
void delivery_close(struct delivery *d);
#define DELIVERY_SCOPED __attribute__((cleanup(delivery_close)))
/* Up to n bytes from offset at into p; *got_out 0 at the end. */
enum err delivery_read(struct ctx *c, const struct delivery *d, int64_t at, unsigned char *p,
		       size_t n, size_t *got_out) MUST_USE;
/* Writes the file to out_fd from offset from on, durably, and records the delivery. A timestamp
 * that is due is asked for first. */
enum err order_deliver(struct ctx *c, struct session *s, struct order *o, int out_fd, int64_t from,
		       const char *to, void (*progress)(void *of, int64_t done, int64_t bytes),
		       void *of) MUST_USE;

#endif
