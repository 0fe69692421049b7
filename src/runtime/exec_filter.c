/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Written by hand and not by libseccomp, which would have to be told of each
 * foreign architecture, and then refuse calls for which there is no rule.
 */
#include "runtime/exec_filter.h"

#include "sys/callname.h"
#include "sys/exec_call.h"
#include "sys/seccomp.h"

#include <linux/seccomp.h>

/* The gates of one architecture, from `g` up to `end`; returns the first of the next. */
static const struct exec_gate *put_arch(const struct exec_gate *g, const struct exec_gate *end, uint32_t action,
					struct sock_filter *out, size_t *n)
{
	uint32_t arch = g->arch;
	size_t skip;

	out[(*n)++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	skip = *n;
	out[(*n)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 0);
	out[(*n)++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (; g < end && g->arch == arch; g++) {
		out[(*n)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, g->nr, 0, 1);
		out[(*n)++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	out[skip].jf = (uint8_t)(*n - skip - 1);
	return g;
}

size_t exec_filter_make(uint32_t action, struct sock_filter out[static EXEC_FILTER_MAX])
{
	const struct exec_gate *g = exec_gates, *end = exec_gates + exec_gates_n;
	size_t n = 0;

	while (g < end)
		g = put_arch(g, end, action, out, &n);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return n;
}

size_t record_filter_make(struct sock_filter out[static RECORD_FILTER_MAX])
{
	size_t n = 0, left = callname_base_n;

	_Static_assert(RECORD_FILTER_MAX < 255, "jumps have eight bits");
	out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_native_arch(), 1, 0);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < callname_base_n && n < RECORD_FILTER_MAX - 2; i++, left--)
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, callname_base[i], (uint8_t)left, 0);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return n;
}
