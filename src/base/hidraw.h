/*
 * Which of this machine's raw HID devices are security keys, by what the kernel says of them; for
 * whoever has to tell a key that is closed to this user from none. It opens no device.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HIDRAW_H
#define BASE_HIDRAW_H

#include "base/ctx.h"

#define HIDRAW_MOST 64

/* *node_out: its path below /dev where number n is a security key, else NULL. */
enum err hidraw_key(struct ctx *c, int n, char **node_out) MUST_USE;

#endif
