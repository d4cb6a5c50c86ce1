/*
 * The connector for mbox (doc/protocol.md 8): a file is a folder, or a folder of files is the
 * folders of an account; delivery is the date of the From_ line. It writes nothing and takes no
 * lock: it reads what was there when nobody held one, and gives up where that is changed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_MBOX_MBOX_H
#define CONNECT_MBOX_MBOX_H

#include "connect/connector.h"

extern const struct connector mbox_connector;

#endif
