/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * exec_filter - a seccomp filter that looks at execve(2) and execveat(2), and lets all else pass.
 *
 *	struct sock_filter f[EXEC_FILTER_MAX];
 *	size_t n = exec_filter_make(SECCOMP_RET_USER_NOTIF, f);
 *
 * It stands beside the profile's filter. Of what filters return the kernel
 * takes what ranks highest, and both actions used here rank below every
 * refusal (seccomp(2)): what the profile refuses stays refused.
 */
#ifndef RANBY_RUNTIME_EXEC_FILTER_H
#define RANBY_RUNTIME_EXEC_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define EXEC_FILTER_MAX 32

/* `action` is SECCOMP_RET_USER_NOTIF or SECCOMP_RET_LOG. Returns the number of instructions. */
size_t exec_filter_make(uint32_t action, struct sock_filter out[static EXEC_FILTER_MAX]);

#define RECORD_FILTER_MAX 80

/*
 * A filter that asks (SECCOMP_RET_USER_NOTIF) about every call but those of
 * callname_base (sys/callname.h). Returns the number of instructions.
 */
size_t record_filter_make(struct sock_filter out[static RECORD_FILTER_MAX]);

#endif
