/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * oldkernel 6.1|5.14 COMMAND [ARG...]
 *
 * Runs COMMAND, and all that comes of it, on a kernel that knows no more than
 * that version did: newer system calls are ENOSYS, newer flags EINVAL, as the
 * old kernel would have it. Overlayfs there still had the old mount code: a
 * layer by descriptor is EOPNOTSUPP, and a key that it does not know is
 * taken, and refused only when the filesystem is created.
 *
 * A seccomp filter, which wants no_new_privs: no set-user-id program works
 * below it, newuidmap neither, so the user's keeper must be there before.
 * What the filter cannot see (a string) is judged by a process in the
 * background, which goes when the last one under the filter has gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define FAIL(e) (SECCOMP_RET_ERRNO | (e))
#define SUPERVISE SECCOMP_RET_USER_NOTIF

enum op { ANY, EQUAL, BITS, MORE };

struct cond {
	unsigned arg; /* its lower half */
	enum op op;
	uint32_t value;
};

struct rule {
	unsigned since; /* of which version on it holds no more: 603 is 6.3 */
	int nr;
	struct cond cond[2];
	uint32_t action;
};

#define LANDLOCK_VERSION 1U
#define PIDFD_SELF_MIN 0xffff0000U /* -10000 and the like, as unsigned */

static const struct rule rules[] = {
	{605, SYS_fsconfig, {{1, EQUAL, FSCONFIG_SET_FD}}, FAIL(EOPNOTSUPP)},
	{605, SYS_fsconfig, {{1, EQUAL, FSCONFIG_SET_STRING}}, SUPERVISE},
	{605, SYS_fsconfig, {{1, EQUAL, FSCONFIG_CMD_CREATE}}, SUPERVISE},
	{606, SYS_fsconfig, {{1, MORE, 7}}, FAIL(EOPNOTSUPP)},              /* FSCONFIG_CMD_CREATE_EXCL */
	{603, SYS_memfd_create, {{1, BITS, ~7U}}, FAIL(EINVAL)},               /* MFD_EXEC, MFD_NOEXEC_SEAL */
	{603, SYS_fcntl, {{1, EQUAL, F_ADD_SEALS}, {2, BITS, 0x20}}, FAIL(EINVAL)}, /* F_SEAL_EXEC */
	{602, SYS_landlock_create_ruleset, {{2, EQUAL, LANDLOCK_VERSION}}, SUPERVISE},
	{607, SYS_landlock_create_ruleset, {{2, EQUAL, 0}, {1, MORE, 9}}, FAIL(E2BIG)}, /* handled_access_net */
	{609, SYS_ioctl, {{1, BITS, 0xffff0000U}, {1, EQUAL, 0xc040ff0bU}}, FAIL(ENOTTY)}, /* PIDFD_GET_INFO */
	{605, SYS_getsockopt, {{1, EQUAL, SOL_SOCKET}, {2, EQUAL, 77}}, FAIL(ENOPROTOOPT)}, /* SO_PEERPIDFD */
	{603, SYS_prctl, {{0, EQUAL, 65}}, FAIL(EINVAL)},                      /* PR_SET_MDWE */
	{609, SYS_pidfd_send_signal, {{3, BITS, ~0U}}, FAIL(EINVAL)},
	{614, SYS_pidfd_send_signal, {{0, MORE, PIDFD_SELF_MIN}}, FAIL(EBADF)},
	{519, SYS_seccomp, {{0, EQUAL, SECCOMP_SET_MODE_FILTER}, {1, BITS, 1U << 5}}, FAIL(EINVAL)}, /* WAIT_KILLABLE_RECV */
};

static struct sock_filter code[512];
static size_t n_code;

static void emit(uint16_t op, uint8_t jt, uint8_t jf, uint32_t k)
{
	code[n_code++] = (struct sock_filter){op, jt, jf, k};
}

static void emit_load(size_t offset)
{
	emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void emit_rule(const struct rule *r)
{
	size_t n_cond = 0;

	while (n_cond < 2 && r->cond[n_cond].op != ANY)
		n_cond++;
	emit_load(offsetof(struct seccomp_data, nr));
	emit(BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(2 * n_cond + 1), (uint32_t)r->nr);
	for (size_t i = 0; i < n_cond; i++) {
		static const uint16_t jumps[] = {[EQUAL] = BPF_JEQ, [BITS] = BPF_JSET, [MORE] = BPF_JGE};
		const struct cond *c = &r->cond[i];

		emit_load(offsetof(struct seccomp_data, args) + 8 * c->arg);
		emit((uint16_t)(BPF_JMP | BPF_K | jumps[c->op]), 0, (uint8_t)(2 * (n_cond - 1 - i) + 1), c->value);
	}
	emit(BPF_RET | BPF_K, 0, 0, r->action);
}

static void make_filter(unsigned version)
{
	/* process_mrelease (5.15) and cachestat (6.5) are the first that are not there */
	uint32_t first = version >= 601 ? 451 : 448;

	emit_load(offsetof(struct seccomp_data, arch));
	emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
	emit(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	emit_load(offsetof(struct seccomp_data, nr));
	emit(BPF_JMP | BPF_JGE | BPF_K, 0, 1, first);
	emit(BPF_RET | BPF_K, 0, 0, FAIL(ENOSYS));
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (version < rules[i].since)
			emit_rule(&rules[i]);
	emit(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

/* ---- the judge ---- */

/* Filesystems in the making that were given a key of the future. */
static struct {
	uint32_t pid;
	uint64_t fd;
} spoilt[64];

static int find(uint32_t pid, uint64_t fd)
{
	for (int i = 0; i < 64; i++)
		if (spoilt[i].pid == pid && spoilt[i].fd == fd)
			return i;
	return -1;
}

static void read_key(const struct seccomp_notif *q, char key[static 16])
{
	char path[32];
	int fd;

	memset(key, 0, 16);
	snprintf(path, sizeof(path), "/proc/%u/mem", q->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, key, 15, (off_t)q->data.args[2]) < 0)
		key[0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void judge_fsconfig(const struct seccomp_notif *q, struct seccomp_notif_resp *a)
{
	uint64_t fs = q->data.args[0];
	int i = find(q->pid, fs);
	char key[16];

	a->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if ((uint32_t)q->data.args[1] == FSCONFIG_CMD_CREATE) {
		if (i >= 0) {
			a->flags = 0;
			a->error = -EINVAL;
			spoilt[i].pid = 0;
		}
		return;
	}
	read_key(q, key);
	if (strcmp(key, "source") == 0 && i >= 0)
		spoilt[i].pid = 0; /* a new one under the same number */
	if (strcmp(key, "lowerdir+") == 0 && i < 0) {
		i = find(0, 0);
		if (i >= 0) {
			spoilt[i].pid = q->pid;
			spoilt[i].fd = fs;
		}
	}
	if (i >= 0 && spoilt[i].pid == 0)
		spoilt[i].fd = 0;
}

static int judge(int listener, unsigned version)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	while (poll(&p, 1, -1) > 0 && !(p.revents & POLLHUP)) {
		struct seccomp_notif q = {0};
		struct seccomp_notif_resp a = {0};

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0)
			continue;
		a.id = q.id;
		if (q.data.nr == SYS_fsconfig)
			judge_fsconfig(&q, &a);
		else
			a.val = version >= 601 ? 2 : 1; /* Landlock's ABI */
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &a);
	}
	return 0;
}

static int receive_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static int send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &m, 0) == 1 ? 0 : -1;
}

static _Noreturn void run(char **argv, int sock)
{
	struct sock_fprog prog = {.len = (unsigned short)n_code, .filter = code};
	long listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
		listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
		if (listener >= 0 && send_fd(sock, (int)listener) == 0) {
			close((int)listener);
			close(sock);
			execvp(argv[0], argv);
		}
	}
	perror("oldkernel");
	_exit(125);
}

int main(int argc, char **argv)
{
	unsigned version = argc > 2 && strcmp(argv[1], "5.14") == 0 ? 514 : 601;
	int pair[2], status;
	pid_t child;

	if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		fprintf(stderr, "usage: oldkernel 6.1|5.14 COMMAND [ARG...]\n");
		return 125;
	}
	make_filter(version);
	child = fork();
	if (child == 0)
		run(argv + 2, pair[1]);
	close(pair[1]);
	if (fork() == 0) {
		int listener = receive_fd(pair[0]);

		if (setsid() < 0 || listener < 0 || dup2(listener, 3) < 0)
			return 1;
		close(0);
		close(1);
		close(2);
		(void)close_range(4, ~0U, 0);
		return judge(3, version);
	}
	close(pair[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
