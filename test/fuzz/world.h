/*
 * A world for targets that need more than memory: a clock that stands, randomness that is the same
 * for every input, a disk that is never waited for, files that are paths without being on a disk.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"

#define WORLD_START_S INT64_C(1795341600)       /* 2026-11-22T10:00:00Z */

extern int64_t world_clock_ms;
/* Each input begins at the same moment with the same randomness. */
struct seam world_begin(void);
/* The bytes as a file that has a path; the descriptor is the caller's. */
int world_file(struct span s, char path[32]);
/* A new folder, on memory where there is some; removed when the program ends. */
const char *world_dir(void);

#endif
