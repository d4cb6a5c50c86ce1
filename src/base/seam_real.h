/*
 * The calls of the real world, shared by the release table and the test table.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_SEAM_REAL_H
#define BASE_SEAM_REAL_H

#include "base/seam.h"

int64_t real_now_ms(void);
int64_t real_mono_ms(void);
int real_random(void *p, size_t n);
int real_open(const char *path, int flags, mode_t mode);
int real_connect(const char *unix_path);
pid_t real_spawn(const char *const *argv, int fd3);
pid_t real_run(const char *const *argv, int in, int out, const int *lent, size_t count);
int real_become(const char *const *argv, int fd3);

#endif
