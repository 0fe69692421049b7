/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The whole witness with a kernel of our own, for test_witness.c in the build
 * of `make coverage`: calls are wrapped at link time (--wrap), so that each can
 * be made to fail in turn, and audit is a queue in this file. Every run is a
 * child that ends by exit(3), so that it is counted.
 *
 * What must hold in every run: WITNESS_RECORDED is answered only when the
 * queue took the record and gave it back.
 */
#ifndef RANBY_WITNESS_TEST_FAULTS_H
#define RANBY_WITNESS_TEST_FAULTS_H

#include <linux/capability.h>
#include <poll.h>
#include <sys/mman.h>
#include <time.h>

enum kernel_kind { KERNEL_LOGS, KERNEL_SILENT, KERNEL_DROPS, KERNEL_REFUSES, KERNEL_NOISY, KERNEL_LATE, KERNEL_ALIEN, KERNEL_MUTE };
enum request_kind { REQ_WHOLE, REQ_SHORT, REQ_NONE, REQ_CREDENTIALS };

struct run {
	enum audit_verb verb;
	uint32_t flags;
	size_t resources;
	enum { TARGET_NONE, TARGET_LIVE, TARGET_EXEC, TARGET_TWO, TARGET_ZOMBIE, TARGET_HOST, TARGET_GONE, TARGET_FILE, TARGET_SIGNALLED } target;
	enum kernel_kind kernel;
	enum request_kind request;
	enum { RATE_FULL, RATE_EMPTY, RATE_MUTED } rate;
	bool no_caps, no_daemon, label, selinux, foreign, dirty, tty, foreign_ns, odd_tty, busy, no_proc, bad_dir, old_landlock;
	int errno_of_fault;
};

static struct {
	const struct run *run;
	long n, at;          /* calls so far; the one that fails, 0: none */
	int rate_dir, sock_end;
	bool recorded, given;
	unsigned listeners;
	struct kaudit_message queue[16];
	unsigned head, tail;
	struct kaudit_message ack;
	bool acked;
	int log_fds[2];
	int daemon_fd, label_fd;
	bool ending;
} k;

static bool fails(void)
{
	if (k.ending || k.at == 0 || ++k.n != k.at)
		return false;
	errno = k.run->errno_of_fault ? k.run->errno_of_fault : EIO;
	return true;
}

static void say_log(unsigned type, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say_log(unsigned type, const char *fmt, ...)
{
	struct kaudit_message *m = &k.queue[k.tail++ % 16];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
	m->type = (uint16_t)type;
	m->len = strlen(m->text);
}

#define WRAP(ret, name, args, call, bad)                          \
	ret __real_##name args;                                   \
	ret __wrap_##name args;                                   \
	ret __wrap_##name args                                    \
	{                                                         \
		if (fails())                                      \
			return (bad);                             \
		return call;                                      \
	}
WRAP(ssize_t, readlinkat, (int d, const char *p, char *b, size_t n), __real_readlinkat(d, p, b, n), -1)
WRAP(int, fstatfs, (int f, struct statfs *s), k.run && k.run->no_proc ? (s->f_type = 1, 0) : __real_fstatfs(f, s), -1)
WRAP(int, ioctl, (int f, unsigned long r, void *a), __real_ioctl(f, r, a) + (k.run && k.run->foreign ? (*(uid_t *)a += 1, 0) : 0), -1)
WRAP(int, flock, (int f, int o), k.run && k.run->busy ? -1 : __real_flock(f, o), -1)
WRAP(ssize_t, pread, (int f, void *b, size_t n, off_t o), __real_pread(f, b, n, o), -1)
WRAP(ssize_t, pwrite, (int f, const void *b, size_t n, off_t o), __real_pwrite(f, b, n, o), -1)
WRAP(ssize_t, getrandom, (void *b, size_t n, unsigned f), __real_getrandom(b, n, f), -1)
WRAP(int, chdir, (const char *p), __real_chdir(p), -1)
WRAP(int, clearenv, (void), 0, -1)
WRAP(int, close_range, (unsigned a, unsigned b, int f), 0 * (int)(a + b) * f, -1)
WRAP(int, sigprocmask, (int h, const sigset_t *s, sigset_t *o), __real_sigprocmask(h, s, o), -1)
WRAP(sighandler_t, signal, (int s, sighandler_t h), __real_signal(s, h), SIG_ERR)
WRAP(int, setresgid, (gid_t a, gid_t b, gid_t c), __real_setresgid(a, b, c), -1)
WRAP(int, clock_gettime, (clockid_t c, struct timespec *t), __real_clock_gettime(c, t), -1)
WRAP(int, nanosleep, (const struct timespec *t, struct timespec *r), 0 * (t == (void *)r), -1)

int __real_prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	(void)b, (void)c, (void)d;
	if (o == PR_CAPBSET_DROP)
		return a < 2 ? 0 : -1;
	return fails() ? -1 : 0;
}

long __real_syscall(long n, ...);
long __wrap_syscall(long n, long a, long b, long c, long d);
long __wrap_syscall(long n, long a, long b, long c, long d)
{
	struct __user_cap_data_struct *caps = (void *)b;

	(void)a, (void)c, (void)d;
	if (fails())
		return -1;
	switch (n) {
	case SYS_capget:
		caps[0].permitted = k.run->no_caps ? 0 : 1U << 29;
		caps[1].permitted = k.run->no_caps ? 0 : 1U << 5;
		return 0;
	case SYS_landlock_create_ruleset:
		return a == 0 ? (k.run->old_landlock ? 3 : 7) : 99;
	default:
		return 0;
	}
}

int __real_fcntl(int fd, int cmd, long arg);
int __wrap_fcntl(int fd, int cmd, long arg);
int __wrap_fcntl(int fd, int cmd, long arg)
{
	if (k.run && k.run->dirty && fd == 2)
		return -1;
	return __real_fcntl(fd, cmd, arg);
}

int __real_open(const char *path, int flags, int mode);
int __wrap_open(const char *path, int flags, int mode);
int __wrap_open(const char *path, int flags, int mode)
{
	if (fails())
		return -1;
	if (k.run && k.run->dirty && strcmp(path, "/dev/null") == 0)
		return 2;
	if (strcmp(path, RATE_DIR) == 0)
		return dup(k.rate_dir);
	if (strcmp(path, "/proc/net/netlink") == 0)
		return dup(k.daemon_fd);
	if (k.run && strcmp(path, "/proc/4242/comm") == 0)
		return k.run->no_daemon ? -1 : 900;
	return __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *path, int flags, int mode);
int __wrap_openat(int dir, const char *path, int flags, int mode);
int __wrap_openat(int dir, const char *path, int flags, int mode)
{
	if (fails())
		return -1;
	if (k.run && k.run->label && strcmp(path, "attr/apparmor/current") == 0)
		return dup(k.label_fd);
	if (k.run && k.run->selinux && strcmp(path, "attr/current") == 0)
		return dup(k.label_fd);
	return __real_openat(dir, path, flags, mode);
}

ssize_t __real_read(int fd, void *b, size_t n);
ssize_t __wrap_read(int fd, void *b, size_t n);
ssize_t __wrap_read(int fd, void *b, size_t n)
{
	if (fails())
		return -1;
	if (fd == 900) {
		memcpy(b, "auditd\n", 7);
		return 7;
	}
	return __real_read(fd, b, n);
}

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
	if (fails())
		return -1;
	if (fd == 900) {
		memset(st, 0, sizeof(*st));
		return 0;
	}
	int r = __real_fstat(fd, st);
	struct stat rate;

	if (r == 0 && __real_fstat(k.rate_dir, &rate) == 0 && st->st_ino == rate.st_ino && st->st_dev == rate.st_dev) {
		st->st_uid = 0;
		st->st_mode = S_IFDIR | (k.run->bad_dir ? 02777 : 02770);
	}
	return r;
}

int __real_fstatat(int dir, const char *p, struct stat *st, int flags);
int __wrap_fstatat(int dir, const char *p, struct stat *st, int flags);
int __wrap_fstatat(int dir, const char *p, struct stat *st, int flags)
{
	if (fails())
		return -1;
	if (k.run && k.run->foreign_ns && strcmp(p, "self/ns/pid") == 0) {
		st->st_ino = 1;
		return 0;
	}
	return __real_fstatat(dir, p, st, flags);
}

/* ---- audit ---- */

int __wrap_socket(int a, int b, int c);
int __wrap_socket(int a, int b, int c)
{
	(void)a, (void)b, (void)c;
	return fails() ? -1 : dup(k.sock_end);
}

int __wrap_bind(int fd, const void *a, socklen_t n);
int __wrap_bind(int fd, const void *a, socklen_t n)
{
	uint32_t groups;

	(void)n;
	memcpy(&groups, (const char *)a + 8, sizeof(groups));
	if (fails())
		return -1;
	if (groups == 0)
		return 0;
	k.log_fds[k.listeners++ % 2] = fd;
	if (k.run->kernel == KERNEL_LOGS || k.run->kernel == KERNEL_DROPS || k.run->kernel == KERNEL_NOISY ||
	    (k.run->kernel == KERNEL_LATE && k.listeners == 2))
		say_log(KAUDIT_EVENT_LISTENER, "audit(1.000:1): pid=%d uid=0 op=connect", getpid());
	return 0;
}

ssize_t __real_sendmsg(int fd, const struct msghdr *m, int f);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int f);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int f)
{
	uint16_t type;
	int error = k.run->kernel == KERNEL_REFUSES ? -EPERM : 0;

	(void)fd, (void)f;
	if (fails())
		return -1;
	memcpy(&type, (const char *)m->msg_iov[0].iov_base + 4, sizeof(type));
	k.recorded = true;
	if (k.run->kernel == KERNEL_NOISY) {
		say_log(1300, "audit(1.000:2): arch=c000003e syscall=1 pid=%d", getpid());
		say_log(type, "audit(1.000:2): pid=%d uid=0 auid=1 ses=1 msg='another'", getpid());
	}
	if (k.run->kernel == KERNEL_LOGS || k.run->kernel == KERNEL_NOISY)
		say_log(type, "audit(1700000000.123:45): pid=%d uid=1 auid=7 ses=8 msg='%s'", getpid(), (const char *)m->msg_iov[1].iov_base);
	memcpy(k.ack.text, &error, sizeof(error));
	k.ack.len = 20;
	k.acked = true;
	return 1;
}

int __real_poll(struct pollfd *p, nfds_t n, int ms);
int __wrap_poll(struct pollfd *p, nfds_t n, int ms);
int __wrap_poll(struct pollfd *p, nfds_t n, int ms)
{
	if (fails())
		return -1;
	if (k.run && ms > 0 && p->fd != 0) {
		if (k.acked && k.run->kernel != KERNEL_MUTE)
			return 1;
		if (k.head != k.tail)
			return 1;
		usleep((useconds_t)(ms > 30 ? 3 : ms) * 1000);
		return 0;
	}
	return __real_poll(p, n, ms > 100 ? 100 : ms);
}

ssize_t __real_recvmsg(int fd, struct msghdr *m, int f);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int f);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int f)
{
	const struct kaudit_message *from = &k.ack;
	uint16_t type = 2;

	if (fails())
		return -1;
	if (fd == 0)
		return __real_recvmsg(fd, m, f);
	if (!k.acked) {
		from = &k.queue[k.head++ % 16];
		type = from->type;
		if (strstr(from->text, "op=create") || strstr(from->text, "op=start") || strstr(from->text, "op=exec") || strstr(from->text, "op=stop"))
			k.given = true;
	}
	k.acked = false;
	memset(m->msg_iov[0].iov_base, 0, m->msg_iov[0].iov_len);
	memcpy((char *)m->msg_iov[0].iov_base + 4, &type, sizeof(type));
	memcpy(m->msg_iov[1].iov_base, from->text, from->len);
	if (k.run->kernel == KERNEL_ALIEN)
		memset((char *)m->msg_name + 4, 1, 4);
	return (ssize_t)(16 + from->len);
}

/* ---- runs ---- */

static pid_t start_target(bool userns, int exit_status)
{
	int pipes[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		if (userns && unshare(CLONE_NEWUSER) < 0)
			_exit(99);
		(void)!write(pipes[1], "x", 1);
		if (exit_status > 1000)
			raise(SIGKILL);
		if (exit_status >= 0)
			_exit(exit_status);
		for (;;)
			pause();
	}
	close(pipes[1]);
	(void)!__real_read(pipes[0], &byte, 1);
	close(pipes[0]);
	if (exit_status >= 0) {
		siginfo_t si;

		waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
	}
	return pid;
}

/* Descriptors of what the run is about. */
static size_t make_targets(const struct run *r, int fds[static 3], pid_t pids[static 2])
{
	size_t n = 1;

	switch (r->target) {
	case TARGET_NONE:
		return 0;
	case TARGET_FILE:
		fds[0] = __real_open("/dev/null", O_RDONLY, 0);
		return 1;
	case TARGET_ZOMBIE:
		pids[0] = start_target(true, 3);
		break;
	case TARGET_SIGNALLED:
		pids[0] = start_target(true, 1009);
		break;
	case TARGET_GONE:
		pids[0] = start_target(true, 3);
		break;
	case TARGET_HOST:
		pids[0] = start_target(false, -1);
		break;
	default:
		pids[0] = start_target(true, -1);
	}
	fds[0] = (int)__real_syscall(SYS_pidfd_open, pids[0], 0);
	if (r->target == TARGET_GONE)
		waitpid(pids[0], NULL, 0);
	if (r->target == TARGET_EXEC)
		fds[n++] = dup(fds[0]);
	if (r->target == TARGET_TWO) {
		pids[1] = start_target(true, -1);
		fds[n++] = (int)__real_syscall(SYS_pidfd_open, pids[1], 0);
	}
	return n;
}

static int memory_file(const char *text)
{
	int fd = memfd_create("fault", 0);

	(void)!write(fd, text, strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void prepare_rate(const struct run *r, const char *dir)
{
	struct rate_state s = {0};
	struct timespec t;
	char name[64];
	uint64_t ignored;
	int fd;

	snprintf(name, sizeof(name), "%s/%u", dir, r->dirty ? 1U : 0U);
	(void)__real_clock_gettime(CLOCK_BOOTTIME, &t);
	(void)!rate_step(&s, (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000, 1, &ignored);
	s.tokens_m = r->rate == RATE_FULL ? 1000000 : 0;
	s.suppressed = r->rate == RATE_MUTED;
	snprintf(name, sizeof(name), "%s/state", dir);
	fd = __real_open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)!write(fd, &s, sizeof(s));
	close(fd);
}

static void send_request(const struct run *r, int sock, const int *fds, size_t n)
{
	struct witness_request q = sound(r->verb);
	struct iovec part = {&q, r->request == REQ_SHORT ? sizeof(q) - 1 : sizeof(q)};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	struct ucred me = {getpid(), getuid(), getgid()};

	q.flags = r->flags;
	q.n_resources = (uint32_t)r->resources;
	snprintf(q.vm, sizeof(q.vm), "web");
	memset(q.ctr, 'a', r->resources ? 64 : 0);
	snprintf(q.reason, sizeof(q.reason), "%s", r->resources ? "boot" : "");
	if (r->request == REQ_NONE)
		return;
	if (r->request == REQ_CREDENTIALS) {
		control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS, .cmsg_len = CMSG_LEN(sizeof(me))};
		memcpy(CMSG_DATA(&control.head), &me, sizeof(me));
		msg.msg_controllen = CMSG_SPACE(sizeof(me));
	} else if (n > 0) {
		control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int))};
		memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
	}
	if (msg.msg_controllen > 0)
		msg.msg_control = &control;
	assert_true(__real_sendmsg(sock, &msg, 0) > 0);
}

/* The outcome; 100: a record was claimed that is none; 101: no answer; 200: there are not so many calls. */
static int run_once(const struct run *r, long at)
{
	char dir[] = "/tmp/fault-witness.XXXXXX", name[64];
	int pair[2], fds[3], status, one = 1;
	pid_t pids[2] = {0, 0}, pid;
	size_t n = make_targets(r, fds, pids);

	assert_non_null(mkdtemp(dir));
	prepare_rate(r, dir);
	snprintf(name, sizeof(name), "%s/%u", dir, r->tty ? 0U : 0U);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	if (r->request == REQ_CREDENTIALS)
		setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	send_request(r, pair[0], fds, n);
	pid = fork();
	if (pid == 0) {
		struct witness_reply reply = {.outcome = WITNESS_OUTCOME_N};
		int code, files[2], auid = -1;
		char text[32] = "";

		dup2(pair[1], 0);
		files[0] = __real_open("/proc/self/loginuid", O_RDONLY, 0);
		(void)!__real_read(files[0], text, sizeof(text) - 1);
		(void)auid;
		snprintf(name, sizeof(name), "%s/state", dir);
		{
			char own[96];

			snprintf(own, sizeof(own), "%s/%s", dir, text);
			(void)!rename(name, own);
		}
		k.sock_end = pair[1];
		k.rate_dir = __real_open(dir, O_PATH | O_DIRECTORY, 0);
		k.daemon_fd = memory_file(r->no_daemon ? "sk Eth Pid\n00 9 1 0\n" : "sk Eth Pid\n0000 0 1 0\n0000 9 4242 0\n");
		k.label_fd = memory_file("profile (enforce)\n");
		k.at = at;
		k.run = r;
		code = witness_main();
		k.run = NULL;
		k.ending = true;
		if (recv(pair[0], &reply, sizeof(reply), MSG_DONTWAIT) != (ssize_t)sizeof(reply) || code != WITNESS_EXIT_ANSWERED)
			exit(at > 0 && k.n < at ? 200 : 101);
		if (reply.outcome == WITNESS_RECORDED && !(k.recorded && k.given && reply.receipt.serial == 45))
			exit(100);
		if (reply.outcome != WITNESS_RECORDED && reply.receipt.serial != 0)
			exit(100);
		exit(at > 0 && k.n < at ? 200 : (int)reply.outcome);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (size_t i = 0; i < 2; i++)
		if (pids[i] > 0) {
			(void)__real_syscall(SYS_pidfd_send_signal, fds[i], SIGKILL, NULL, 0);
			waitpid(pids[i], NULL, 0);
		}
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	close(pair[0]);
	close(pair[1]);
	snprintf(name, sizeof(name), "rm -rf %s", dir);
	if (fork() == 0) {
		execl("/bin/rm", "rm", "-rf", dir, (char *)NULL);
		_exit(1);
	}
	wait(NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const struct {
	struct run run;
	int want;
} runs[] = {
	{{.verb = AUDIT_VERB_CREATE}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .dirty = true, .old_landlock = true}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .resources = 3, .kernel = KERNEL_NOISY}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .label = true}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .selinux = true}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .flags = WITNESS_FAILED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXEC, .target = TARGET_EXEC}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXEC, .target = TARGET_TWO}, WITNESS_NOT_SAME},
	{{.verb = AUDIT_VERB_EXIT, .target = TARGET_ZOMBIE}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXIT, .target = TARGET_SIGNALLED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXIT, .target = TARGET_LIVE}, WITNESS_RUNS},
	{{.verb = AUDIT_VERB_START, .target = TARGET_ZOMBIE}, WITNESS_ENDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_GONE}, WITNESS_GONE},
	{{.verb = AUDIT_VERB_START, .target = TARGET_HOST}, WITNESS_NOT_CONTAINED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_FILE}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .foreign = true}, WITNESS_FOREIGN},
	{{.verb = AUDIT_VERB_START}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_N}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_SHORT}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_NONE}, WITNESS_BROKEN},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_CREDENTIALS}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .no_caps = true}, WITNESS_NO_PRIVILEGE},
	{{.verb = AUDIT_VERB_CREATE, .foreign_ns = true}, WITNESS_NOT_HOST},
	{{.verb = AUDIT_VERB_CREATE, .no_proc = true}, WITNESS_BROKEN},
	{{.verb = AUDIT_VERB_CREATE, .bad_dir = true}, WITNESS_BROKEN},
	{{.verb = AUDIT_VERB_CREATE, .busy = true}, WITNESS_BROKEN},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED, .no_daemon = true}, WITNESS_NO_DAEMON},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_SILENT}, WITNESS_SILENT},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED, .kernel = KERNEL_SILENT}, WITNESS_SILENT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_DROPS}, WITNESS_EXCLUDED},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_LATE}, WITNESS_EXCLUDED},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_REFUSES}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_ALIEN}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_MUTE}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .rate = RATE_EMPTY}, WITNESS_LIMITED},
	{{.verb = AUDIT_VERB_CREATE, .rate = RATE_EMPTY, .kernel = KERNEL_REFUSES}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .rate = RATE_MUTED}, WITNESS_LIMITED},
};

static void all_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		int got = run_once(&runs[i].run, 0);

		if (got != runs[i].want)
			print_message("run %zu: %d, not %d\n", i, got, runs[i].want);
		assert_int_equal(got, runs[i].want);
	}
}

/* Each call of the longest runs fails once, with two errnos: never a record that is none, never a death. */
static void all_faults(void **state)
{
	static const size_t which[] = {2, 6, 8, 26, 31};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(which); i++)
		for (int pass = 0; pass < (i == 0 ? 2 : 1); pass++) {
			struct run r = runs[which[i]].run;

			r.errno_of_fault = pass == 0 ? EIO : EACCES;
			for (long at = 1; at < 400; at++) {
				int got = run_once(&r, at);

				assert_true(got != 100 && got <= 200);
				if (got == 200)
					break;
			}
		}
}

#endif
