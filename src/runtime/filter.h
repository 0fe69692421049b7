/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * filter - the seccomp filter of one process: from the cache or compiled, and
 * checked to let init finish.
 */
#ifndef RANBY_RUNTIME_FILTER_H
#define RANBY_RUNTIME_FILTER_H

#include "base/err.h"
#include "base/json.h"
#include "oci/seccomp.h"

#include <stdbool.h>

/*
 * `section` is the text of linux.seccomp; it is parsed only when it is not in
 * the cache, so that an error in it may come late. `cache_dir` is an absolute path, or NULL for no
 * cache; a cached filter counts only when the file is ours, private and sound.
 * The caller frees with seccomp_filter_done().
 */
int filter_get(const char *section, const char *cache_dir, struct seccomp_filter *ret, struct err *e) _must_check_;

/*
 * Without no_new_privs init must give up its capabilities after the filter is
 * loaded, and in any case execute, and with `notifies` hand the listener over: -EPERM naming the call that the filter would refuse.
 */
int filter_check_order(const struct seccomp_filter *f, bool no_new_privs, bool notifies, struct err *e) _must_check_;

/* True when the filter lets none of add_key(2), request_key(2), keyctl(2) through. */
bool filter_refuses_keys(const struct seccomp_filter *f);

#endif
