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

#include <linux/netlink.h>
#include <poll.h>
#include <sys/mman.h>
#include <netinet/in.h>
#include <time.h>

int witness_program(int argc, char **argv); /* main() of the program */

enum kernel_kind { KERNEL_LOGS, KERNEL_SILENT, KERNEL_DROPS, KERNEL_REFUSES, KERNEL_NOISY, KERNEL_LATE, KERNEL_ALIEN, KERNEL_MUTE, KERNEL_CHATTY, KERNEL_SHORT };
enum request_kind { REQ_WHOLE, REQ_SHORT, REQ_NONE, REQ_CREDENTIALS, REQ_ADDRESSED, REQ_PIDFD, REQ_CLOSED };
enum fault_kind { FAULT_ERRNO, FAULT_EMPTY, FAULT_NONSENSE, FAULT_HUGE };
/* what the host has not, of which the kernel is played */
enum odd { ODD_NONE, ODD_USER_NS, ODD_PID_NS, ODD_NO_PROC, ODD_NO_DAEMON, ODD_FALSE_DAEMON, ODD_OTHER_DAEMON, ODD_APPARMOR, ODD_SELINUX, ODD_FOREIGN,
	   ODD_PTS, ODD_SERIAL, ODD_NO_CGROUP, ODD_NO_CAPS, ODD_NO_LANDLOCK, ODD_OFF_LANDLOCK, ODD_CLOSED, ODD_TAKEN, ODD_GONE_LATER,
	   ODD_ENDS_LATER, ODD_OTHER_PID_NS, ODD_MAP, ODD_MAPS, ODD_LONG };

struct run {
	enum audit_verb verb;
	uint32_t flags;
	size_t resources;
	enum { TARGET_NONE, TARGET_LIVE, TARGET_EXEC, TARGET_TWO, TARGET_ZOMBIE, TARGET_HOST, TARGET_GONE, TARGET_FILE, TARGET_SIGNALLED } target;
	enum kernel_kind kernel;
	enum request_kind request;
	enum { RATE_FULL, RATE_EMPTY, RATE_MUTED } rate;
	enum odd odd;
	int errno_of_fault;
	enum fault_kind fault;
	const char *says; /* in the verb's record */
};

static struct {
	const struct run *run;
	long n, at;          /* calls so far; the one that fails, 0: none */
	int state_fd, sock_end;
	bool recorded, given, chatted;
	char last[RECORD_MAX + 1];
	unsigned listeners, looks, pid_looks;
	struct kaudit_message queue[16];
	unsigned head, tail;
	struct kaudit_message ack;
	bool acked;
	bool ending;
} k;

static bool is_odd(enum odd odd)
{
	return k.run && k.run->odd == odd;
}

static bool now_is_it(void)
{
	return !k.ending && k.at != 0 && ++k.n == k.at;
}

/* The n-th call of all. */
static bool fails(void)
{
	if (!k.run || k.run->fault != FAULT_ERRNO || !now_is_it())
		return false;
	errno = k.run->errno_of_fault ? k.run->errno_of_fault : EIO;
	return true;
}

static int memory_file(const char *text, size_t len)
{
	int fd = memfd_create("fault", 0);

	(void)!write(fd, text, len);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int text_file(const char *text)
{
	return memory_file(text, strlen(text));
}

/* The n-th of the files alone: it is empty, nonsense, or larger than anything. */
static int odd_file(void)
{
	static char huge[FACTS_SCRATCH];

	if (!k.run || k.run->fault == FAULT_ERRNO || !now_is_it())
		return -1;
	memset(huge, 'x', sizeof(huge));
	if (k.run->fault == FAULT_NONSENSE)
		return text_file("x) [\nPid:\tx\nUid:\n0::\n[]\n9 (");
	return k.run->fault == FAULT_HUGE ? memory_file(huge, sizeof(huge)) : text_file("");
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
WRAP(int, fstatfs, (int f, struct statfs *s), is_odd(ODD_NO_PROC) ? (s->f_type = 1, 0) : __real_fstatfs(f, s), -1)
WRAP(int, ioctl, (int f, unsigned long r, void *a), __real_ioctl(f, r, a) + (is_odd(ODD_FOREIGN) ? (*(uid_t *)a += 1, 0) : 0), -1)
WRAP(int, flock, (int f, int o), __real_flock(f, o), -1)
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
WRAP(ssize_t, read, (int f, void *b, size_t n), __real_read(f, b, n), -1)
WRAP(ssize_t, send, (int f, const void *b, size_t n, int o), __real_send(f, b, n, o), -1)

unsigned __real_alarm(unsigned seconds);
unsigned __wrap_alarm(unsigned seconds);
unsigned __wrap_alarm(unsigned seconds)
{
	return __real_alarm(k.run && k.run->request == REQ_NONE ? 1 : seconds); /* who waits for it has seen enough */
}

int __real_prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int __wrap_prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	(void)o, (void)a, (void)b, (void)c, (void)d;
	return fails() ? -1 : 0;
}

long __real_syscall(long n, ...);
long __wrap_syscall(long n, long a, long b, long c, long d);
long __wrap_syscall(long n, long a, long b, long c, long d)
{
	if (!k.run)
		return __real_syscall(n, a, b, c, d);
	if (fails())
		return -1;
	if (n == SYS_landlock_create_ruleset && (is_odd(ODD_NO_LANDLOCK) || is_odd(ODD_OFF_LANDLOCK))) {
		errno = is_odd(ODD_NO_LANDLOCK) ? ENOSYS : EOPNOTSUPP;
		return -1;
	}
	return n == SYS_capset && is_odd(ODD_NO_CAPS) ? -1 : 0;
}

int __real_fcntl(int fd, int cmd, long arg);
int __wrap_fcntl(int fd, int cmd, long arg);
int __wrap_fcntl(int fd, int cmd, long arg)
{
	return (is_odd(ODD_CLOSED) || is_odd(ODD_TAKEN)) && fd == 2 ? -1 : __real_fcntl(fd, cmd, arg);
}

int __real_open(const char *path, int flags, int mode);
int __wrap_open(const char *path, int flags, int mode);
int __wrap_open(const char *path, int flags, int mode)
{
	if (fails())
		return -1;
	if (strcmp(path, "/dev/null") == 0)
		return is_odd(ODD_TAKEN) ? 7 : 2;
	return strncmp(path, RATE_DIR "/", strlen(RATE_DIR "/")) == 0 ? k.state_fd : __real_open(path, flags, mode);
}

#define LINE " 1 4294967295 4294967295\n"
#define LINES LINE LINE LINE LINE
#define XXXX "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX
#define STAT(tty) "1 (a) b) S 1 1 1 " tty " 1 1 1 1 1 1 1 1 1 1 1 1 1 1 500 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0\n"
static const struct {
	enum odd odd;
	const char *path, *text;
} odd_files[] = {
	{ODD_APPARMOR, "attr/apparmor/current", "profile (enforce)\n"},
	{ODD_SELINUX, "attr/current", "a_u:a_r:a_t"},
	{ODD_PTS, "stat", STAT("34819")},
	{ODD_SERIAL, "stat", STAT("1088")},
	{ODD_NO_CGROUP, "cgroup", "3:cpu:/\n"},
	{ODD_MAP, "uid_map", "         0       1000          1\n         1     100000      65536\n"},
	{ODD_MAPS, "uid_map", LINES LINES LINES LINES},
	{ODD_FALSE_DAEMON, "/proc/4242/status", "Name:\tauditd\nUid:\t1\t1\t1\t1\nGid:\n"},
	{ODD_OTHER_DAEMON, "/proc/4242/status", "Name:\tbash\nUid:\t0\t0\t0\t0\nGid:\n"},
	{ODD_NO_DAEMON, "/proc/net/netlink", "sk Eth Pid\n00 9 1 0\n00 x\n"},
};

int __real_openat(int dir, const char *path, int flags, int mode);
int __wrap_openat(int dir, const char *path, int flags, int mode);
int __wrap_openat(int dir, const char *path, int flags, int mode)
{
	int fd;

	if (fails())
		return -1;
	fd = strcmp(path, "ns/user") == 0 ? -1 : odd_file();
	if (fd >= 0)
		return fd;
	for (size_t i = 0; i < ARRAY_SIZE(odd_files); i++)
		if (is_odd(odd_files[i].odd) && strcmp(path, odd_files[i].path) == 0)
			return text_file(odd_files[i].text);
	if (strcmp(path, "/proc/net/netlink") == 0)
		return text_file("sk Eth Pid\n0000 0 1 0\n0000 9 4242 0\n");
	if (strcmp(path, "/proc/4242/status") == 0)
		return text_file("Name:\tauditd\nUid:\t0\t0\t0\t0\nGid:\n");
	return __real_openat(dir, path, flags, mode);
}

static ssize_t link_text(char *b, const char *text)
{
	memcpy(b, text, strlen(text));
	return (ssize_t)strlen(text);
}

ssize_t __real_readlinkat(int d, const char *p, char *b, size_t n);
ssize_t __wrap_readlinkat(int d, const char *p, char *b, size_t n);
ssize_t __wrap_readlinkat(int d, const char *p, char *b, size_t n)
{
	if (fails())
		return -1;
	if (strncmp(p, "/proc/self/fdinfo/", 18) == 0 && ++k.pid_looks > 1 && is_odd(ODD_GONE_LATER))
		return link_text(b, "x\nPid:\t-1\n");
	if (strcmp(p, "/proc/4242/status") == 0) {
		errno = EINVAL;
		return -1;
	}
	if (strcmp(p, "attr/apparmor/current") == 0 && is_odd(ODD_APPARMOR)) {
		errno = EINVAL;
		return -1;
	}
	if ((strcmp(p, "ns/user") == 0 && is_odd(ODD_USER_NS)) || (strcmp(p, "ns/pid") == 0 && is_odd(ODD_PID_NS)))
		return link_text(b, "other:[1]");
	if (strcmp(p, "ns/pid") == 0 && is_odd(ODD_OTHER_PID_NS) && ++k.looks == 3)
		return link_text(b, "pid:[1]");
	if (strcmp(p, "ns/net") == 0 && is_odd(ODD_LONG))
		return link_text(b, "net:[" LONG LONG LONG LONG LONG);
	return __real_readlinkat(d, p, b, n);
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
	(void)fd;
	k.listeners++;
	if (k.run->kernel == KERNEL_LOGS || k.run->kernel == KERNEL_DROPS || k.run->kernel == KERNEL_NOISY ||
	    ((k.run->kernel == KERNEL_LATE || k.run->kernel == KERNEL_CHATTY) && k.listeners == 2))
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
	snprintf(k.last, sizeof(k.last), "%s", (const char *)m->msg_iov[1].iov_base);
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
	/* the pidfd's second look */
	if (k.run && ms == 0 && is_odd(ODD_ENDS_LATER) && ++k.looks == 2)
		return 1;
	if (k.run && ms > 0) {
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
static ssize_t answer_request(struct msghdr *m, int f)
{
	ssize_t n = __real_recvmsg(0, m, f);

	/* as an internet socket's first option, whose number is that of SCM_RIGHTS; as SO_PASSPIDFD has it (Linux 6.5) */
	if (k.run->request == REQ_ADDRESSED)
		((struct cmsghdr *)m->msg_control)->cmsg_level = IPPROTO_IP;
	if (k.run->request == REQ_PIDFD)
		((struct cmsghdr *)m->msg_control)->cmsg_type = 4;
	return n;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int f);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int f)
{
	const struct kaudit_message *from = &k.ack;
	uint16_t type = 2;

	if (fails())
		return -1;
	if (fd == 0)
		return answer_request(m, f);
	if (k.run->kernel == KERNEL_SHORT)
		return 3;
	if (!k.acked) {
		from = &k.queue[k.head++ % 16];
		type = from->type;
		if (strstr(from->text, "virt=ranby op="))
			k.given = true;
	}
	if (k.acked && k.run->kernel == KERNEL_CHATTY && !k.chatted) {
		k.chatted = true;
		type = NLMSG_DONE;
	} else {
		k.acked = false;
	}
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

static int state_file(const struct run *r)
{
	struct rate_state s = {.suppressed = r->rate == RATE_MUTED};
	struct timespec t;

	(void)__real_clock_gettime(CLOCK_BOOTTIME, &t);
	s.full_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + (r->rate == RATE_FULL ? 0 : r->rate == RATE_MUTED ? 50000 : (uint64_t)RATE_BURST * RATE_TOKEN_MS);
	return memory_file((const char *)&s, sizeof(s));
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
	q.resource[1].kind = WITNESS_RESOURCE_NET;
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

/* The outcome; 100: a record was claimed that is none; 101: no answer; 102: other words; 200: there are not so many calls. */
static int run_child(const struct run *r, long at, const int pair[static 2])
{
	struct witness_reply reply = {.outcome = WITNESS_OUTCOME_N};
	int code;

	dup2(pair[1], 0);
	k.sock_end = pair[1];
	k.state_fd = state_file(r);
	k.at = at;
	k.run = r;
	code = witness_program(1, NULL);
	k.ending = true;
	__real_alarm(0);
	if (at > 0 && k.n < at)
		return 200;
	if (recv(pair[0], &reply, sizeof(reply), MSG_DONTWAIT) != (ssize_t)sizeof(reply) || code != WITNESS_EXIT_ANSWERED)
		return 101;
	if (reply.outcome == WITNESS_RECORDED && !(k.recorded && k.given && reply.receipt.serial == 45))
		return 100;
	if (reply.outcome != WITNESS_RECORDED && reply.receipt.serial != 0)
		return 100;
	if (r->says && !strstr(k.last, r->says))
		return 102;
	return (int)reply.outcome;
}

static int run_once(const struct run *r, long at)
{
	int pair[2], fds[3], status, one = 1;
	pid_t pids[2] = {0, 0}, pid;
	size_t n = make_targets(r, fds, pids);

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	if (r->request == REQ_CREDENTIALS)
		setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	if (r->request == REQ_CLOSED)
		shutdown(pair[0], SHUT_WR);
	else
		send_request(r, pair[0], fds, n);
	pid = fork();
	if (pid == 0)
		exit(run_child(r, at, pair));
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
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define ANY -1
static const struct {
	struct run run;
	int want;
} runs[] = {
	{{.verb = AUDIT_VERB_CREATE}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_CLOSED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .resources = 3, .kernel = KERNEL_NOISY, .odd = ODD_APPARMOR}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXEC, .target = TARGET_EXEC}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXIT, .target = TARGET_ZOMBIE}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .rate = RATE_EMPTY}, WITNESS_LIMITED},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_DROPS}, WITNESS_EXCLUDED},
	/* ---- those above have each of their calls made to fail ---- */
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_SELINUX}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_NO_CGROUP, .says = " cgroup=\"\" "}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_MAP, .says = " uid-map=0:1000:1,1:100000:65536 "}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_MAPS, .says = "1:4294967295:4294967295,... "}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_LONG}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_START, .flags = WITNESS_FAILED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_KILL, .target = TARGET_LIVE}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_PTS, .says = " terminal=pts/3 "}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_SERIAL, .says = " terminal=4:64 "}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_NO_LANDLOCK}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_OFF_LANDLOCK}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXIT, .target = TARGET_SIGNALLED}, WITNESS_RECORDED},
	{{.verb = AUDIT_VERB_EXEC, .target = TARGET_TWO}, WITNESS_NOT_SAME},
	{{.verb = AUDIT_VERB_EXEC, .target = TARGET_EXEC, .odd = ODD_OTHER_PID_NS}, WITNESS_NOT_SAME},
	{{.verb = AUDIT_VERB_EXIT, .target = TARGET_LIVE}, WITNESS_RUNS},
	{{.verb = AUDIT_VERB_START, .target = TARGET_ZOMBIE}, WITNESS_ENDED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_GONE}, WITNESS_GONE},
	{{.verb = AUDIT_VERB_START, .target = TARGET_HOST}, WITNESS_NOT_CONTAINED},
	{{.verb = AUDIT_VERB_START, .target = TARGET_FILE}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_FOREIGN}, WITNESS_FOREIGN},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_GONE_LATER}, WITNESS_GONE},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .odd = ODD_ENDS_LATER}, WITNESS_ENDED},
	{{.verb = AUDIT_VERB_START}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_N}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_SHORT}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_CLOSED}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_NONE}, 128 + SIGALRM},
	{{.verb = AUDIT_VERB_CREATE, .request = REQ_CREDENTIALS}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .request = REQ_ADDRESSED}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_START, .target = TARGET_LIVE, .request = REQ_PIDFD}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_EXEC, .target = TARGET_TWO, .request = REQ_WHOLE, .flags = WITNESS_FAILED}, WITNESS_BAD_REQUEST},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_TAKEN}, 101},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_NO_CAPS}, WITNESS_NO_PRIVILEGE},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_USER_NS}, WITNESS_NOT_HOST},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_PID_NS}, WITNESS_NOT_HOST},
	{{.verb = AUDIT_VERB_CREATE, .odd = ODD_NO_PROC}, WITNESS_BROKEN},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED, .odd = ODD_NO_DAEMON}, WITNESS_NO_DAEMON},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED, .odd = ODD_FALSE_DAEMON}, WITNESS_NO_DAEMON},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED, .odd = ODD_OTHER_DAEMON}, WITNESS_NO_DAEMON},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_SILENT}, WITNESS_SILENT},
	{{.verb = AUDIT_VERB_CREATE, .flags = WITNESS_REQUIRED, .kernel = KERNEL_SILENT}, WITNESS_SILENT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_LATE}, WITNESS_EXCLUDED},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_CHATTY}, WITNESS_EXCLUDED},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_REFUSES}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_ALIEN}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_SHORT}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .kernel = KERNEL_MUTE}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .rate = RATE_EMPTY, .kernel = KERNEL_REFUSES}, WITNESS_NO_AUDIT},
	{{.verb = AUDIT_VERB_CREATE, .rate = RATE_MUTED}, WITNESS_LIMITED},
};
#define RUNS_WITH_FAULTS 8

static void all_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		int got = run_once(&runs[i].run, 0);

		if (got != runs[i].want)
			print_message("run %zu: %d, not %d\n", i, got, runs[i].want);
		assert_int_equal(got, runs[i].want);
	}
	/* who gives arguments means another program */
	assert_int_equal(witness_program(2, NULL), WITNESS_EXIT_MUTE);
}

/* Each call fails in turn, each file is not what it should be: never a record that is none, never a death but by the alarm. */
static void all_faults(void **state)
{
	static const struct {
		enum fault_kind kind;
		int error;
	} faults[] = {{FAULT_ERRNO, EIO}, {FAULT_ERRNO, EACCES}, {FAULT_ERRNO, EINVAL}, {FAULT_EMPTY, 0}, {FAULT_NONSENSE, 0}, {FAULT_HUGE, 0}};

	(void)state;
	for (size_t i = 0; i < RUNS_WITH_FAULTS; i++)
		for (size_t pass = 0; pass < ARRAY_SIZE(faults); pass++) {
			struct run r = runs[i].run;
			int got = 0;

			r.fault = faults[pass].kind;
			r.errno_of_fault = faults[pass].error;
			for (long at = 1; at < 400 && got != 200; at++) {
				got = run_once(&r, at);
				assert_true(got <= 102 ? got != 100 : got == 200 || got == 128 + SIGALRM);
			}
			assert_int_equal(got, 200);
		}
}

#endif
