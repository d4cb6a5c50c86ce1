/*
 * The connector for Maildir and Maildir++ (doc/protocol.md 8): cur and new of each folder in
 * scope, never tmp; delivery is the file's modification time. It writes nothing, follows no link
 * and opens nothing but regular files.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_MAILDIR_MAILDIR_H
#define CONNECT_MAILDIR_MAILDIR_H

#include "connect/connector.h"

extern const struct connector maildir_connector;

#endif
