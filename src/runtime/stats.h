/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* stats - what a container's cgroup has used, in the form that runc's `events --stats` gave it. */
#ifndef RANBY_RUNTIME_STATS_H
#define RANBY_RUNTIME_STATS_H

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdint.h>

/*
 * The object "data" of such an event: cpu, memory, pids, blkio, each as far as
 * its controller is there. Times are nanoseconds, sizes bytes. The caller owns
 * *ret.
 */
int stats_read(int cgroup_fd, struct json_object **ret, struct err *e) _must_check_;

/* A value of a file of lines "key value"; -ENOENT: no such file or key. For the parsers' fuzzer and tests by its text. */
int stats_value(const char *text, const char *key, uint64_t *ret) _must_check_;

/* Lines "MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N ..." as runc's two lists. Lines of another form are left out. */
int stats_io(const char *text, struct json_object *ret_bytes, struct json_object *ret_ops) _must_check_;

#endif
