/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The tables are the spec's words. Order of work: context with the default
 * action, architectures, rules, export to a memfd (libseccomp 2.5 exports to
 * descriptors only), and in front of it a short program of ours, for two
 * things.
 *
 * Newer calls: a profile written today refuses with EPERM whatever it
 * does not list. Tomorrow's C library tries a new call first, and takes
 * EPERM for an answer where ENOSYS would make it fall back. So calls above
 * the highest number that the section names, on that architecture, are
 * ENOSYS (runc does the same since 1.0.0-rc93).
 *
 * Multiplexers: where an architecture has socketcall(2) or ipc(2), libseccomp
 * lets socket() through there too as soon as it is allowed, and drops the
 * conditions on its arguments, which are behind a pointer: a profile without
 * AF_ALG would have it again in a 32-bit program. They are ENOSYS unless the
 * section names them itself.
 */
#include "oci/seccomp.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/seccomp.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define RULES_MAX 4096
#define NAMES_MAX 4096
#define ARCHES_MAX 16
#define X32_BIT 0x40000000U
#define FRONT_MAX 10 /* instructions per architecture of our program in front */

static const struct {
	const char *name;
	uint32_t action;
	bool takes_errno;
} actions[] = {
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP, false},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG, false},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, false},
};

static const struct {
	const char *name;
	uint32_t arch;
} arches[] = {
	{"SCMP_ARCH_X86", SCMP_ARCH_X86},         {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32},         {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64}, {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
	{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},   {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
	{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},   {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
	{"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
	{"SCMP_ARCH_PPC", SCMP_ARCH_PPC},         {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
	{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE}, {"SCMP_ARCH_S390", SCMP_ARCH_S390},
	{"SCMP_ARCH_S390X", SCMP_ARCH_S390X},     {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
	{"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64}, {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
};

static const struct {
	const char *name;
	enum scmp_compare op;
} operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

/* State of one compilation. */
struct compile {
	scmp_filter_ctx ctx;
	uint32_t default_action;
	uint32_t arch[ARCHES_MAX]; /* SCMP_ARCH_*, which are AUDIT_ARCH_* but for x32 */
	int highest[ARCHES_MAX];   /* highest call number named, -1: none */
	size_t n_arches;
	bool notifies;             /* a rule asks a listener */
	bool socketcall, ipc;      /* named by the section itself */
};

void seccomp_filter_done(struct seccomp_filter *f)
{
	free(f->insns);
	f->insns = NULL;
	f->n = 0;
}

static void ctx_release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
	*ctx = NULL;
}

void seccomp_compiler_version(char ret[static SECCOMP_VERSION_MAX])
{
	const struct scmp_version *v = seccomp_version();

	snprintf(ret, SECCOMP_VERSION_MAX, "%u.%u.%u", v->major, v->minor, v->micro);
}

static bool refuses(uint32_t action)
{
	return action != SCMP_ACT_ALLOW && action != SCMP_ACT_LOG;
}

/* One action word and its errno at key `errno_key` of `o`; EPERM when absent. */
static int read_action(struct json_object *o, const char *key, const char *errno_key, uint32_t *ret, struct err *e)
{
	const char *name = NULL;
	uint32_t number = EPERM;
	int r;

	r = json_get_str(o, key, &name, e);
	if (r == 0)
		r = json_get_u32(o, errno_key, 0, 4095, &number, e);
	if (r < 0)
		return r;
	if (!name)
		return err_set(e, EINVAL, "%s: missing", key);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(name, actions[i].name) != 0)
			continue;
		*ret = actions[i].action | (actions[i].takes_errno ? number : 0);
		return 0;
	}
	return err_set(e, EINVAL, "%s: action %.40s is not supported", key, name);
}

static int add_arch(struct compile *c, const char *name, struct err *e)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		if (strcmp(name, arches[i].name) != 0)
			continue;
		if (c->n_arches == ARCHES_MAX)
			return err_set(e, E2BIG, "architectures: more than %d", ARCHES_MAX);
		r = seccomp_arch_add(c->ctx, arches[i].arch);
		if (r == -EEXIST)
			r = 0;
		if (r < 0)
			return err_errno(e, -r, "architectures: %s", name);
		c->highest[c->n_arches] = -1;
		c->arch[c->n_arches++] = arches[i].arch;
		return 0;
	}
	return err_set(e, EINVAL, "architectures: %.40s is unknown", name);
}

static int add_arches(struct compile *c, struct json_object *section, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	int r = json_get_strv(section, "architectures", &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = add_arch(c, names.items[i], e);
	if (r == 0 && names.n == 0) {
		c->highest[0] = -1;
		c->arch[0] = seccomp_arch_native();
		c->n_arches = 1;
	}
	return r;
}

static int read_arg(struct json_object *o, struct scmp_arg_cmp *ret, struct err *e)
{
	uint32_t index = UINT32_MAX;
	uint64_t value = 0, two = 0;
	const char *op = NULL;
	int r;

	r = json_get_u32(o, "index", 0, 5, &index, e);
	if (r == 0)
		r = json_get_u64(o, "value", 0, UINT64_MAX, &value, e);
	if (r == 0)
		r = json_get_u64(o, "valueTwo", 0, UINT64_MAX, &two, e);
	if (r == 0)
		r = json_get_str(o, "op", &op, e);
	if (r < 0)
		return r;
	if (index == UINT32_MAX || !op)
		return err_set(e, EINVAL, "an argument needs index, value and op");
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (strcmp(op, operators[i].name) != 0)
			continue;
		*ret = (struct scmp_arg_cmp){.arg = index, .op = operators[i].op, .datum_a = value, .datum_b = two};
		return 0;
	}
	return err_set(e, EINVAL, "op: %.40s is unknown", op);
}

/* All comparisons of one rule. */
struct args {
	struct scmp_arg_cmp cmp[6];
	unsigned n;
	bool repeats; /* one index twice */
};

static int read_args(struct json_object *rule, struct args *a, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(rule, "args", &list, e);
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;

	if (n > ARRAY_SIZE(a->cmp))
		return err_set(e, E2BIG, "args: more than 6");
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_arg(json_object_array_get_idx(list, i), &a->cmp[i], e);
		if (r < 0)
			return err_wrap(e, r, "args[%zu]", i);
		for (size_t k = 0; k < i; k++)
			a->repeats |= a->cmp[k].arg == a->cmp[i].arg;
	}
	a->n = (unsigned)n;
	return r;
}

/* libseccomp takes each index once per rule; a list that repeats one means "any of these" (runc does so). */
static int add_call(struct compile *c, uint32_t action, int nr, const struct args *a)
{
	int r = 0;

	if (!a->repeats)
		return seccomp_rule_add_array(c->ctx, action, nr, a->n, a->cmp);
	for (unsigned i = 0; r == 0 && i < a->n; i++)
		r = seccomp_rule_add_array(c->ctx, action, nr, 1, &a->cmp[i]);
	return r;
}

/*
 * On i386 these are calls of their own since Linux 4.3 and 5.1, and behind
 * socketcall(2) and ipc(2) as before. libseccomp writes rules for both, and
 * names neither number: it gives out one below zero.
 */
static int direct_number(const char *name)
{
	static const struct {
		int first;
		const char *names[16];
	} runs[] = {
		{359, {"socket", "socketpair", "bind", "connect", "listen", "accept4", "getsockopt", "setsockopt", "getsockname", "getpeername",
		       "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown"}},
		{393, {"semget", "semctl", "shmget", "shmctl", "shmat", "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		for (size_t k = 0; k < ARRAY_SIZE(runs[i].names) && runs[i].names[k]; k++)
			if (strcmp(runs[i].names[k], name) == 0)
				return runs[i].first + (int)k;
	return -1;
}

static void note_highest(struct compile *c, const char *name)
{
	for (size_t i = 0; i < c->n_arches; i++) {
		int nr = seccomp_syscall_resolve_name_arch(c->arch[i], name);

		if (nr < 0 && c->arch[i] == SCMP_ARCH_X86)
			nr = direct_number(name);
		if (nr > c->highest[i])
			c->highest[i] = nr;
	}
}

static int add_name(struct compile *c, uint32_t action, const char *name, const struct args *a, struct err *e)
{
	int nr = seccomp_syscall_resolve_name(name);
	int r;

	if (nr == __NR_SCMP_ERROR) {
		if (refuses(c->default_action))
			return 0;
		return err_set(e, EINVAL, "names: %.40s is unknown, and would be allowed", name);
	}
	note_highest(c, name);
	c->socketcall |= strcmp(name, "socketcall") == 0;
	c->ipc |= strcmp(name, "ipc") == 0;
	if (action == c->default_action)
		return 0;
	r = add_call(c, action, nr, a);
	/* EDOM, EINVAL, EFAULT: the call is not there on one of the architectures, or cannot be compared so there */
	return r < 0 ? err_errno(e, -r, "%s", name) : 0;
}

static int add_rule(struct compile *c, struct json_object *rule, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	struct args args = {.n = 0};
	uint32_t action = 0;
	int r;

	if (!json_object_is_type(rule, json_type_object))
		return err_set(e, EINVAL, "not an object");
	r = read_action(rule, "action", "errnoRet", &action, e);
	c->notifies = c->notifies || (r == 0 && action == SCMP_ACT_NOTIFY);
	if (r == 0)
		r = json_get_strv(rule, "names", &names, e);
	if (r == 0)
		r = read_args(rule, &args, e);
	if (r == 0 && (names.n == 0 || names.n > NAMES_MAX))
		return err_set(e, EINVAL, "names: missing or too many");
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = add_name(c, action, names.items[i], &args, e);
	return r;
}

static int add_rules(struct compile *c, struct json_object *section, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(section, "syscalls", &list, e);
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;

	if (n > RULES_MAX)
		return err_set(e, E2BIG, "syscalls: more than %d", RULES_MAX);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = add_rule(c, json_object_array_get_idx(list, i), e);
		if (r < 0)
			return err_wrap(e, r, "syscalls[%zu]", i);
	}
	return r;
}

static void put(struct sock_filter *out, size_t *n, struct sock_filter insn)
{
	out[(*n)++] = insn;
}

/* ENOSYS for that call number or, with `newer`, for those above it. The number is in the accumulator. */
static void put_enosys(struct sock_filter *out, size_t *n, bool newer, uint32_t nr)
{
	uint16_t test = newer ? BPF_JMP | BPF_JGT | BPF_K : BPF_JMP | BPF_JEQ | BPF_K;

	put(out, n, (struct sock_filter)BPF_JUMP(test, nr, 0, 1));
	put(out, n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
}

/* One architecture of the program in front: at most FRONT_MAX instructions. */
static void put_front(const struct compile *c, size_t arch, struct sock_filter *out, size_t *n)
{
	int socketcall = seccomp_syscall_resolve_name_arch(c->arch[arch], "socketcall");
	int ipc = seccomp_syscall_resolve_name_arch(c->arch[arch], "ipc");
	size_t skip;

	put(out, n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	skip = *n;
	put(out, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->arch[arch], 0, 0));
	put(out, n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	if (socketcall >= 0 && !c->socketcall)
		put_enosys(out, n, false, (uint32_t)socketcall);
	if (ipc >= 0 && !c->ipc)
		put_enosys(out, n, false, (uint32_t)ipc);
	if (c->default_action != SCMP_ACT_ERRNO(ENOSYS)) {
		/* x32 numbers are the filter's own matter */
		put(out, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0));
		put_enosys(out, n, true, (uint32_t)c->highest[arch]);
	}
	out[skip].jf = (uint8_t)(*n - skip - 1);
}

/* The program in front, for all architectures. */
static size_t front(const struct compile *c, struct sock_filter out[static FRONT_MAX * ARCHES_MAX])
{
	size_t n = 0;

	if (!refuses(c->default_action))
		return 0;
	for (size_t i = 0; i < c->n_arches; i++)
		if (c->highest[i] >= 0 && c->arch[i] != SCMP_ARCH_X32)
			put_front(c, i, out, &n);
	return n;
}

static int export(const struct compile *c, struct seccomp_filter *ret, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	struct sock_filter head[FRONT_MAX * ARCHES_MAX];
	size_t n = front(c, head);
	int r;

	if (fd < 0)
		return err_errno(e, errno, "memfd");
	r = seccomp_export_bpf(c->ctx, fd);
	if (r < 0)
		return err_errno(e, -r, "export the filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "memfd");
	buf_add(&b, head, n * sizeof(head[0]));
	r = fd_read_all(fd, SECCOMP_INSNS_MAX * sizeof(struct sock_filter), &b);
	if (r == 0)
		r = -buf_bad(&b);
	if (r < 0)
		return err_errno(e, -r, "the filter");
	ret->n = b.len / sizeof(struct sock_filter);
	ret->insns = (struct sock_filter *)(void *)buf_take(&b);
	if (seccomp_filter_check(ret->insns, ret->n) < 0)
		return err_set(e, E2BIG, "the filter has %zu instructions (4096 at most)", ret->n);
	return 0;
}

static int read_flags(struct json_object *section, uint32_t *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	uint32_t all = 0;
	int r = json_get_strv(section, "flags", &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		size_t k;

		for (k = 0; k < ARRAY_SIZE(flags); k++)
			if (strcmp(names.items[i], flags[k].name) == 0)
				break;
		if (k == ARRAY_SIZE(flags))
			return err_set(e, EINVAL, "flags: %.60s is not supported", names.items[i]);
		all |= flags[k].flag;
	}
	if (r == 0)
		*ret = all;
	return r;
}

static int start(struct compile *c, struct json_object *section, struct err *e)
{
	int r;

	r = read_action(section, "defaultAction", "defaultErrnoRet", &c->default_action, e);
	if (r < 0)
		return r;
	/* our own exec would be asked about, and whoever answers be asked before it can */
	if (c->default_action == SCMP_ACT_NOTIFY)
		return err_set(e, EINVAL, "defaultAction: SCMP_ACT_NOTIFY cannot be for all calls");
	c->ctx = seccomp_init(c->default_action);
	if (!c->ctx)
		return err_set(e, EINVAL, "defaultAction: refused by libseccomp");
	/* no_new_privs and loading are ours; a foreign architecture or x32 is no call at all; a tree instead of a list */
	r = seccomp_attr_set(c->ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = seccomp_attr_set(c->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (r == 0)
		r = seccomp_attr_set(c->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return r < 0 ? err_errno(e, -r, "libseccomp") : 0;
}

int seccomp_section_compile(struct json_object *section, struct seccomp_filter *ret, struct err *e)
{
	_cleanup_(ctx_release) scmp_filter_ctx ctx = NULL;
	struct compile c = {.n_arches = 0};
	struct seccomp_filter f = {0};
	int r;

	r = start(&c, section, e);
	ctx = c.ctx;
	if (r == 0)
		r = read_flags(section, &f.load_flags, e);
	if (r == 0)
		r = add_arches(&c, section, e);
	if (r == 0)
		r = add_rules(&c, section, e);
	if (r == 0 && c.notifies && !*json_str(section, "listenerPath"))
		r = err_set(e, EINVAL, "syscalls: SCMP_ACT_NOTIFY without listenerPath");
	if (r == 0)
		r = export(&c, &f, e);
	if (r < 0) {
		seccomp_filter_done(&f);
		return err_wrap(e, r, "linux.seccomp");
	}
	*ret = f;
	return 0;
}
