/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The rules from the last to the first, each a row of comparisons that jumps
 * to the next rule when one does not hold. A permission fits when it covers
 * all that is asked for, a prohibition when it covers a part of it.
 *
 * Registers: 2 type, 3 access, 4 major, 5 minor; 1 for work.
 */
#include "sys/device_filter.h"

#include "sys/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL (DEVICE_MAKE | DEVICE_READ | DEVICE_WRITE)

struct program {
	struct bpf_insn *at;
	size_t n;
};

static struct bpf_insn *add(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	struct bpf_insn *i = &p->at[p->n++];

	*i = (struct bpf_insn){.code = code, .dst_reg = dst & 15U, .src_reg = src & 15U, .off = off, .imm = imm};
	return i;
}

/* A field of struct bpf_cgroup_dev_ctx, which register 1 points to. */
static void load(struct program *p, uint8_t dst, int16_t off)
{
	add(p, BPF_LDX | BPF_MEM | BPF_W, dst, 1, off, 0);
}

static void add_rule(struct program *p, const struct device_rule *r)
{
	struct bpf_insn *jumps[4];
	size_t n = 0;

	if (r->type != 'a')
		jumps[n++] = add(p, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->access != ALL) {
		add(p, BPF_ALU64 | BPF_MOV | BPF_X, 1, 3, 0, 0);
		add(p, BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, (int32_t)r->access);
		jumps[n++] = r->allow ? add(p, BPF_JMP | BPF_JNE | BPF_X, 1, 3, 0, 0) : add(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0, 0);
	}
	if (r->major != DEVICE_ANY)
		jumps[n++] = add(p, BPF_JMP | BPF_JNE | BPF_K, 4, 0, 0, (int32_t)r->major);
	if (r->minor != DEVICE_ANY)
		jumps[n++] = add(p, BPF_JMP | BPF_JNE | BPF_K, 5, 0, 0, (int32_t)r->minor);
	add(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, r->allow);
	add(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < n; i++)
		jumps[i]->off = (int16_t)(&p->at[p->n] - jumps[i] - 1);
}

size_t device_filter_make(const struct device_rule *rules, size_t n, struct bpf_insn out[static DEVICE_INSNS_MAX])
{
	struct program p = {.at = out};

	load(&p, 2, 0);
	add(&p, BPF_ALU64 | BPF_MOV | BPF_X, 3, 2, 0, 0);
	add(&p, BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	add(&p, BPF_ALU64 | BPF_RSH | BPF_K, 3, 0, 0, 16);
	load(&p, 4, 4);
	load(&p, 5, 8);
	for (size_t i = n < DEVICE_RULES_MAX ? n : DEVICE_RULES_MAX; i-- > 0;) {
		add_rule(&p, &rules[i]);
		/* behind one that fits all nothing is reached, which the kernel does not take */
		if (rules[i].type == 'a' && rules[i].access == ALL && rules[i].major == DEVICE_ANY && rules[i].minor == DEVICE_ANY)
			return p.n;
	}
	add(&p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	add(&p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return p.n;
}

static int bpf(int cmd, union bpf_attr *a)
{
	long r = syscall(SYS_bpf, cmd, a, sizeof(*a));

	return r < 0 ? -errno : (int)r;
}

int device_filter_attach(int cgroup_fd, const struct device_rule *rules, size_t n, struct err *e)
{
	_cleanup_free_ struct bpf_insn *insns = mem_array(DEVICE_INSNS_MAX, sizeof(*insns));
	_cleanup_close_ int prog = -EBADF;
	union bpf_attr a;
	int r;

	if (n > DEVICE_RULES_MAX)
		return err_set(e, E2BIG, "linux.resources.devices: more than %d rules", DEVICE_RULES_MAX);
	if (!insns)
		return err_errno(e, ENOMEM, "linux.resources.devices");
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insn_cnt = (uint32_t)device_filter_make(rules, n, insns);
	a.insns = (uint64_t)(uintptr_t)insns;
	a.license = (uint64_t)(uintptr_t) "Apache-2.0";
	prog = bpf(BPF_PROG_LOAD, &a);
	if (prog < 0)
		return err_errno(e, -prog, "linux.resources.devices: load the program");
	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)cgroup_fd;
	a.attach_bpf_fd = (uint32_t)prog;
	a.attach_type = BPF_CGROUP_DEVICE;
	a.attach_flags = BPF_F_ALLOW_MULTI;
	r = bpf(BPF_PROG_ATTACH, &a);
	return r < 0 ? err_errno(e, -r, "linux.resources.devices: attach the program") : 0;
}
