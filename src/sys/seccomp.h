/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * seccomp - loads a compiled filter (seccomp(2)), and answers what one does.
 *
 * The filter is classic BPF over struct seccomp_data, as libseccomp exports
 * it. It is made by the parent (oci/seccomp.h), and only loaded here: init
 * links no compiler.
 */
#ifndef RANBY_SYS_SECCOMP_H
#define RANBY_SYS_SECCOMP_H

#include "base/err.h"
#include "base/mem.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_INSNS_MAX 4096 /* BPF_MAXINSNS */

/* Loads it for the calling thread; `flags` are SECCOMP_FILTER_FLAG_*. Needs no_new_privs or CAP_SYS_ADMIN (-EACCES). */
int seccomp_filter_load(const struct sock_filter *insns, size_t n, uint32_t flags) _must_check_;

/*
 * The same, and *ret_fd gets what the filter's SECCOMP_RET_USER_NOTIF is
 * answered through (seccomp_unotify(2)). *ret_killable: once received, only a
 * fatal signal interrupts the call that is asked about (Linux 5.19), so none
 * is asked about twice. -EBUSY: the thread has such a filter already.
 */
int seccomp_filter_listen(const struct sock_filter *insns, size_t n, int *ret_fd, bool *ret_killable) _must_check_;

/* True when every jump stays inside and every path ends in a return: what the kernel will check too. */
int seccomp_filter_check(const struct sock_filter *insns, size_t n) _must_check_;

/* What the filter returns (SECCOMP_RET_*) for that call. A filter that seccomp_filter_check() refuses gives SECCOMP_RET_KILL_PROCESS. */
uint32_t seccomp_filter_simulate(const struct sock_filter *insns, size_t n, const struct seccomp_data *call);

/* AUDIT_ARCH_* of this build. */
uint32_t seccomp_native_arch(void);

#endif
