/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * witness-ask WITNESS VERB [KEY=VALUE]...
 *
 * Asks the witness as any user may, and prints its answer:
 *	OUTCOME error=N auid=N ses=N receipt=SEC.MILLI:SERIAL uuid=U
 *
 *	pid=N, init=N      a pidfd of that process goes along
 *	fd=N               an inherited descriptor
 *	fd0=PATH           another descriptor instead of a pidfd
 *	vm=, ctr=, reason=, claim.N=, resource.KIND=   texts; \xHH is a byte
 *	flags=N, version=N, magic=N, count=N           numbers as they are
 *	cut=N, pad=N       the message is that much shorter or longer
 *	times=N            N requests, each to a witness of its own; the last answer is printed
 *	state=NAME         what the witness finds when it starts; `states` as the only operand lists the names
 * The exit status is the outcome's number.
 */
#include "audit/request.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	struct witness_request q;
	char pad[4096];
} m;
static long cut, pad, times = 1;
static int fds[8];
static size_t n_fds;

static void text(char *to, size_t size, const char *from)
{
	size_t n = 0;

	while (*from && n < size) {
		if (from[0] == '\\' && from[1] == 'x') {
			char hex[3] = {from[2], from[3], '\0'};

			to[n++] = (char)strtol(hex, NULL, 16);
			from += 4;
		} else {
			to[n++] = *from++;
		}
	}
}

static void add_fd(int fd)
{
	if (fd < 0) {
		perror("witness-ask");
		exit(126);
	}
	fds[n_fds++] = fd;
}

static void set(const char *arg)
{
	const char *v = strchr(arg, '=') + 1;
	size_t key = (size_t)(v - arg);

#define IS(name) (key == sizeof(name) && strncmp(arg, name "=", key) == 0)
	if (IS("pid") || IS("init"))
		add_fd((int)syscall(SYS_pidfd_open, atoi(v), 0));
	else if (IS("fd0"))
		add_fd(open(v, O_RDONLY | O_CLOEXEC));
	else if (IS("fd"))
		add_fd(atoi(v));
	else if (IS("vm"))
		text(m.q.vm, sizeof(m.q.vm), v);
	else if (IS("ctr"))
		text(m.q.ctr, sizeof(m.q.ctr), v);
	else if (IS("reason"))
		text(m.q.reason, sizeof(m.q.reason), v);
	else if (IS("flags"))
		m.q.flags = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("version"))
		m.q.version = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("magic"))
		m.q.magic = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("count"))
		m.q.n_resources = (uint32_t)strtoul(v, NULL, 0);
	else if (IS("cut"))
		cut = atol(v);
	else if (IS("pad"))
		pad = atol(v);
	else if (IS("times"))
		times = atol(v);
	else if (strncmp(arg, "claim.", 6) == 0)
		text(m.q.claim[atoi(arg + 6)], sizeof(m.q.claim[0]), v);
	else if (strncmp(arg, "resource.", 9) == 0) {
		struct witness_item *item = &m.q.resource[m.q.n_resources++];

		item->kind = (uint32_t)atoi(arg + 9);
		text(item->text, sizeof(item->text), v);
	} else {
		fprintf(stderr, "witness-ask: %s?\n", arg);
		exit(126);
	}
}

static int say(int sock)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(fds))];
	} control;
	struct iovec part = {&m, sizeof(m.q) + (size_t)pad - (size_t)cut};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};

	if (n_fds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n_fds * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* ---- hostile states ---- */

static char *args[3] = {(char[]){"ranby-witness"}, NULL, NULL};
static char *env[8] = {NULL};

static void limit(int what, rlim_t to)
{
	const struct rlimit l = {to, to};

	(void)setrlimit((__rlimit_resource_t)what, &l);
}

static void no_outputs(void) { close(1); close(2); }
static void many_fds(void) { for (int i = 100; i < 400; i++) dup2(0, i); }
static void no_files(void) { limit(RLIMIT_FSIZE, 0); }
static void few_fds(void) { limit(RLIMIT_NOFILE, 3); }
static void some_fds(void) { limit(RLIMIT_NOFILE, 6); }
static void no_memory(void) { limit(RLIMIT_AS, 1 << 20); }
static void some_memory(void) { limit(RLIMIT_AS, 3 << 20); }
static void no_stack(void) { limit(RLIMIT_STACK, 1 << 16); }
static void no_processes(void) { limit(RLIMIT_NPROC, 0); }
static void core(void) { limit(RLIMIT_CORE, RLIM_INFINITY); }
static void ignored(void) { for (int i = 1; i < NSIG; i++) if (i != SIGCHLD) (void)signal(i, SIG_IGN); }
static void blocked(void) { sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, NULL); }
static void alarmed(void) { const struct itimerval t = {{0, 300}, {0, 300}}; setitimer(ITIMER_REAL, &t, NULL); }
static void gone_directory(void)
{
	char name[] = "/tmp/witness-ask.XXXXXX";

	if (mkdtemp(name) && chdir(name) == 0)
		rmdir(name);
}
static void no_umask(void) { umask(0777); }
static void environment(void)
{
	env[0] = (char[]){"LD_PRELOAD=/tmp/evil.so"};
	env[1] = (char[]){"GLIBC_TUNABLES=glibc.malloc.check=3:glibc.malloc.perturb=85"};
	env[2] = (char[]){"LD_LIBRARY_PATH=/tmp"};
	env[3] = (char[]){"MALLOC_CHECK_=3"};
	env[4] = (char[]){"=nothing"};
	env[5] = (char[]){"no equals sign"};
	env[6] = NULL;
}
static void no_name(void) { args[0] = NULL; }
static void arguments(void) { args[1] = (char[]){"--help"}; }
static void full_error(void) { int fd = open("/dev/full", O_WRONLY); dup2(fd, 1); dup2(fd, 2); }
static void no_socket(void) { int fd = open("/dev/zero", O_RDONLY); dup2(fd, 0); }
static void closed_socket(void) { close(0); }
static void low_priority(void) { errno = 0; if (nice(19) < 0 && errno) _exit(125); }
static void session(void) { setsid(); }
static void subreaper(void) { prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
static void ambient(void) { prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }
static void dumpable(void) { prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static void ptracer(void) { prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); }
static void personal(void) { personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT); }
static void no_privs(void) { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static void traced(void) { ptrace(PTRACE_TRACEME, 0, 0, 0); }
static void death(void) { prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

static const struct {
	const char *name;
	void (*make)(void);
} states[] = {
	{"no-outputs", no_outputs}, {"many-fds", many_fds}, {"no-files", no_files}, {"few-fds", few_fds}, {"some-fds", some_fds},
	{"no-memory", no_memory}, {"some-memory", some_memory}, {"no-stack", no_stack}, {"no-processes", no_processes},
	{"core", core}, {"ignored", ignored}, {"blocked", blocked}, {"alarmed", alarmed}, {"gone-directory", gone_directory},
	{"no-umask", no_umask}, {"environment", environment}, {"no-name", no_name}, {"arguments", arguments},
	{"full-error", full_error}, {"no-socket", no_socket}, {"closed-socket", closed_socket}, {"low-priority", low_priority},
	{"session", session}, {"subreaper", subreaper}, {"ambient", ambient}, {"dumpable", dumpable}, {"ptracer", ptracer},
	{"personality", personal}, {"no-privs", no_privs}, {"traced", traced}, {"death", death},
};
static void (*make_state)(void);

static void set_state(const char *name)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].name, name) == 0) {
			make_state = states[i].make;
			return;
		}
	exit(126);
}

static int list_states(void)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		puts(states[i].name);
	return 0;
}

static void set_any(const char *arg)
{
	if (strncmp(arg, "state=", 6) == 0)
		set_state(arg + 6);
	else
		set(arg);
}

static int ask(const char *witness, struct witness_reply *reply)
{
	int pair[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], 0);
		if (make_state)
			make_state();
		execve(witness, args, env);
		_exit(127);
	}
	close(pair[1]);
	(void)say(pair[0]);
	if (make_state == traced && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	if (recv(pair[0], reply, sizeof(*reply), 0) != (ssize_t)sizeof(*reply))
		reply->outcome = WITNESS_OUTCOME_N;
	close(pair[0]);
	/* a traced one stops at its exec */
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static const char *const words[] = {
		"recorded", "bad-request", "no-privilege", "not-host", "gone", "ended", "runs", "not-contained",
		"foreign", "not-same", "limited", "no-daemon", "no-audit", "excluded", "silent", "broken", "mute",
	};
	struct witness_reply reply = {0};
	int status = 0;

	if (argc == 2 && strcmp(argv[1], "states") == 0)
		return list_states();
	if (argc < 3)
		return 126;
	(void)signal(SIGPIPE, SIG_IGN);
	m.q.magic = WITNESS_MAGIC;
	m.q.version = WITNESS_VERSION;
	m.q.verb = (uint32_t)atoi(argv[2]);
	for (int i = 3; i < argc; i++)
		set_any(argv[i]);
	for (long i = 0; i < times; i++)
		status = ask(argv[1], &reply);
	printf("%s status=%d error=%d auid=%u ses=%u receipt=%llu.%03u:%llu uuid=%s\n", words[reply.outcome], status,
	       reply.error, reply.auid, reply.ses, (unsigned long long)reply.receipt.sec, reply.receipt.milli,
	       (unsigned long long)reply.receipt.serial, reply.receipt.uuid);
	return (int)reply.outcome;
}
