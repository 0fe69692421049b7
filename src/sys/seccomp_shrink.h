/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * seccomp_shrink - the same filter in fewer instructions.
 *
 *	if (seccomp_filter_shrink(insns, n, &small, &n_small) == 0)
 *		...		// small is malloc'ed, and n_small < n
 *
 * A container's filter is checked, translated and tried on every call number
 * by the kernel at each start, which takes time by the instruction.
 */
#ifndef RANBY_SYS_SECCOMP_SHRINK_H
#define RANBY_SYS_SECCOMP_SHRINK_H

#include "base/mem.h"

#include <linux/filter.h>
#include <stddef.h>

/*
 * Gives a filter that returns what the given one does for every architecture,
 * call number and argument. -ENOTSUP: it computes with the number, or would
 * not become smaller; -EINVAL: seccomp_filter_check() refuses it.
 */
int seccomp_filter_shrink(const struct sock_filter *insns, size_t n, struct sock_filter **ret, size_t *ret_n) _must_check_;

#endif
