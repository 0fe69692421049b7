/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * device_filter - which device nodes the processes of a cgroup may open and
 * make: a program of type cgroup_device (bpf(2); version 2 has no file for it).
 *
 *	r = device_filter_attach(cgroup_fd, rules, n, e);
 *
 * The last rule that fits decides, and none refuses. It goes with the group.
 * Needs CAP_BPF or CAP_SYS_ADMIN in the first user namespace.
 */
#ifndef RANBY_SYS_DEVICE_FILTER_H
#define RANBY_SYS_DEVICE_FILTER_H

#include "base/err.h"
#include "base/mem.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_ANY (-1)
#define DEVICE_RULES_MAX 128
#define DEVICE_MAKE 1U  /* BPF_DEVCG_ACC_* */
#define DEVICE_READ 2U
#define DEVICE_WRITE 4U

struct device_rule {
	bool allow;
	char type;            /* 'c', 'b', 'a' for both */
	int64_t major, minor; /* DEVICE_ANY: all */
	unsigned access;      /* DEVICE_MAKE ... */
};

#define DEVICE_INSNS_MAX (DEVICE_RULES_MAX * 8 + 8)

/* The program; returns its length. At most DEVICE_RULES_MAX rules. */
size_t device_filter_make(const struct device_rule *rules, size_t n, struct bpf_insn out[static DEVICE_INSNS_MAX]);

int device_filter_attach(int cgroup_fd, const struct device_rule *rules, size_t n, struct err *e) _must_check_;

#endif
