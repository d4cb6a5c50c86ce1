/*
 * Release: the seal checks everything by itself and re-heads the package; here its answer is kept.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_RELEASE_H
#define ORDER_RELEASE_H

#include "order/order.h"

enum err order_release(struct ctx *c, struct session *s, struct order *o) MUST_USE;

#endif
