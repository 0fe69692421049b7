/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The witness must be a child of whoever asks, started by the login itself:
 * the kernel stamps its records with the auid and session of the task that
 * sends them, and a daemon's would say nothing.
 *
 * Executed by descriptor, so that what was looked at is what runs. A file without the set-group-id
 * bit or not of root has no privileges either, so it is not even started.
 */
#include "audit/witness.h"

#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/self.h"
#include "sys/spawn.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ANSWER_TIMEOUT_MS 20000

void witness_request_init(struct witness_request *q, enum audit_verb verb)
{
	memset(q, 0, sizeof(*q));
	q->magic = WITNESS_MAGIC;
	q->version = WITNESS_VERSION;
	q->verb = verb;
}

void witness_text(char *to, size_t size, const char *text)
{
	size_t len = text ? strnlen(text, size - 1) : 0;

	if (len > 0)
		memcpy(to, text, len);
	to[len] = '\0';
}

const char *witness_outcome_text(enum witness_outcome o)
{
	static const char *const texts[] = {
		[WITNESS_RECORDED] = "recorded",
		[WITNESS_BAD_REQUEST] = "ranby-witness does not understand this version's request",
		[WITNESS_NO_PRIVILEGE] = "ranby-witness has no capabilities: not installed so, or under no_new_privs, nosuid or a debugger",
		[WITNESS_NOT_HOST] = "not in the host's user and pid namespaces, from which alone audit can be written",
		[WITNESS_GONE] = "the process is gone",
		[WITNESS_ENDED] = "the process has ended",
		[WITNESS_RUNS] = "the process has not ended",
		[WITNESS_NOT_CONTAINED] = "the process is in no user namespace of its own",
		[WITNESS_FOREIGN] = "the process is in somebody else's user namespace",
		[WITNESS_NOT_SAME] = "the process is not in that container",
		[WITNESS_LIMITED] = "too many audit records of this user; wait a while",
		[WITNESS_NO_DAEMON] = "no auditd is running, so nothing would be stored",
		[WITNESS_NO_AUDIT] = "the kernel refuses audit records",
		[WITNESS_EXCLUDED] = "an audit rule drops our records",
		[WITNESS_SILENT] = "audit is off, or a rule drops all records of this login",
		[WITNESS_BROKEN] = "ranby-witness failed",
	};

	return (size_t)o < ARRAY_SIZE(texts) ? texts[o] : "an answer of another version";
}

/* -ENOENT: there is none with privileges. */
static int open_program(int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (self_open_program("ranby-witness", &fd, NULL, NULL) < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	if (st.st_uid != 0 || !(st.st_mode & S_ISGID))
		return -ENOENT;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

bool witness_is_installed(void)
{
	_cleanup_close_ int fd = -EBADF;

	return open_program(&fd) == 0;
}

static int start(int exe_fd, int sock, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	char name[] = "ranby-witness", *argv[] = {name, NULL}, *envp[] = {NULL};
	struct spawn s = SPAWN_INIT;

	s.exe_fd = exe_fd;
	s.argv = argv;
	s.envp = envp;
	s.stdio[0] = sock;
	s.stdio[1] = s.stdio[2] = -EBADF;
	s.die_with_us = true;
	return spawn_start(&s, ret_pid, ret_pidfd, e);
}

static int converse(int sock, const struct witness_request *q, const int *fds, size_t n_fds, struct witness_reply *ret)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	size_t none = 0;
	ssize_t n;
	int r = fd_send(sock, q, sizeof(*q), fds, n_fds);

	/* without its capabilities it answers before it reads */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return r;
	do
		r = poll(&p, 1, ANSWER_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	n = fd_recv(sock, ret, sizeof(*ret), NULL, &none);
	if (n < 0)
		return (int)n;
	return n == (ssize_t)sizeof(*ret) && ret->magic == WITNESS_MAGIC ? 0 : -EPROTO;
}

int witness_ask(const struct witness_request *q, const int *fds, size_t n_fds, struct witness_reply *ret, struct err *e)
{
	_cleanup_close_ int exe = -EBADF, pidfd = -EBADF;
	int pair[2], status, r;
	pid_t pid;

	if (open_program(&exe) < 0) {
		*ret = (struct witness_reply){.magic = WITNESS_MAGIC, .outcome = WITNESS_NO_PRIVILEGE};
		return 0;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, "socket for ranby-witness");
	r = start(exe, pair[1], &pid, &pidfd, e);
	fd_closep(&pair[1]);
	if (r == 0) {
		r = converse(pair[0], q, fds, n_fds, ret);
		if (r < 0)
			(void)!pidfd_signal(pidfd, SIGKILL);
		(void)!spawn_wait(pid, &status);
		if (r < 0)
			(void)err_errno(e, -r, "no answer of ranby-witness");
	}
	fd_closep(&pair[0]);
	return r;
}
