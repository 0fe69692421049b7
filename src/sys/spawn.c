/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The child reports its failure over a close-on-exec socket: the end of file
 * is the success of the exec. Descriptors are moved above all targets first,
 * so that no dup2() can overwrite one that is still wanted. A detached
 * program sends a pidfd of itself before its exec: its number may be someone
 * else's by the time that we could open it.
 */
#include "sys/spawn.h"

#include "sys/fd.h"
#include "sys/pidfd.h"
#include "sys/signals.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum stage { STAGE_FDS, STAGE_USERNS, STAGE_FORK, STAGE_EXEC };
static const char *const stage_words[] = {
	[STAGE_FDS] = "pass descriptors",
	[STAGE_USERNS] = "enter the user namespace",
	[STAGE_FORK] = "fork",
	[STAGE_EXEC] = "execute",
};

struct report {
	int stage;
	int error; /* 0: no failure, but a detached program's pidfd comes along */
};

/* Above all that the child is to have: no higher, because the limit of descriptors may be low. */
static int move_up(const struct spawn *s, int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, (int)(3 + s->n_fds));
}

/* In the child: 0..2 and 3.. as asked, all else closes at the exec. `*sock` and `*exe_fd` are moved out of the way. */
static int place_fds(const struct spawn *s, int *sock, int *exe_fd, int *userns_fd)
{
	int up[SPAWN_FDS_MAX + 3];
	int *keep[] = {sock, exe_fd, userns_fd};

	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		int fd = *keep[i] < 0 ? *keep[i] : move_up(s, *keep[i]);

		if (*keep[i] >= 0 && fd < 0)
			return -errno; /* `*sock` stays: the failure is reported there */
		*keep[i] = fd;
	}
	for (size_t i = 0; i < 3 + s->n_fds; i++) {
		int from = i < 3 ? s->stdio[i] : s->fds[i - 3];
		_cleanup_close_ int null = -EBADF;

		if (i < 3 && from == SPAWN_KEEP)
			from = (int)i;
		if (i < 3 && from == -EBADF)
			from = null = open("/dev/null", O_RDWR | O_CLOEXEC);
		up[i] = from < 0 ? -1 : move_up(s, from);
		if (up[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < 3 + s->n_fds; i++)
		if (dup2(up[i], (int)i) < 0)
			return -errno;
	return fd_cloexec_from((unsigned)(3 + s->n_fds));
}

static _Noreturn void child_fail(int sock, enum stage stage, int error)
{
	struct report rep = {.stage = (int)stage, .error = error};

	(void)!fd_send(sock, &rep, sizeof(rep), NULL, 0);
	_exit(127);
}

/* After the user namespace is entered: a change of credentials may undo it (prctl(2)). */
static void tie_to(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(127);
}

static _Noreturn void child_run(const struct spawn *s, pid_t parent, int sock)
{
	int exe_fd = s->exe_fd, userns_fd = s->userns_fd, self = -EBADF;
	char *const *envp = s->envp ? s->envp : environ;
	struct report rep = {0};
	int r;

	signals_reset();
	r = place_fds(s, &sock, &exe_fd, &userns_fd);
	if (r < 0)
		child_fail(sock, STAGE_FDS, -r);
	if (s->new_session || s->detached)
		(void)setsid();
	if (s->detached) {
		pid_t pid = fork();

		if (pid < 0)
			child_fail(sock, STAGE_FORK, errno);
		if (pid > 0)
			_exit(0);
		r = pidfd_open_pid(getpid(), &self);
		if (r == 0)
			r = fd_send(sock, &rep, sizeof(rep), &self, 1);
		if (r < 0)
			child_fail(sock, STAGE_FDS, -r);
		close(self);
	}
	if (userns_fd >= 0 && setns(userns_fd, CLONE_NEWUSER) < 0)
		child_fail(sock, STAGE_USERNS, errno);
	if (s->die_with_us)
		tie_to(parent);
	if (exe_fd >= 0)
		execveat(exe_fd, "", s->argv, envp, AT_EMPTY_PATH);
	else
		execve(s->path, s->argv, envp);
	child_fail(sock, STAGE_EXEC, errno);
}

/* Reads the child's reports until its end of the socket closes; a detached program's pidfd is the caller's. */
static int read_reports(int sock, const struct spawn *s, int *pidfd, struct err *e)
{
	for (;;) {
		struct report rep;
		size_t n_fds = 1;
		int fd = -EBADF;
		ssize_t n = fd_recv(sock, &rep, sizeof(rep), &fd, &n_fds);

		if (n == 0)
			return 0;
		if (n < 0)
			return err_errno(e, (int)-n, "start %s", s->argv[0]);
		if (n_fds == 1) {
			fd_closep(pidfd);
			*pidfd = fd;
		}
		if (n != (ssize_t)sizeof(rep) || rep.stage < 0 || rep.stage >= (int)ARRAY_SIZE(stage_words))
			return err_set(e, EPROTO, "start %s: bad report", s->argv[0]);
		if (rep.error != 0)
			return err_errno(e, rep.error, "%s %s", stage_words[rep.stage], s->path ? s->path : s->argv[0]);
	}
}

int spawn_start(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	pid_t child, us = getpid();
	int p[2], r;

	if (s->n_fds > SPAWN_FDS_MAX)
		return err_set(e, E2BIG, "start %s: too many descriptors", s->argv[0]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p) < 0)
		return err_errno(e, errno, "socketpair");
	ours = p[0];
	theirs = p[1];
	child = fork();
	if (child < 0)
		return err_errno(e, errno, "fork");
	if (child == 0)
		child_run(s, us, theirs);
	fd_closep(&theirs);
	r = read_reports(ours, s, &pidfd, e);
	if (s->detached || r < 0)
		(void)!spawn_wait(child, NULL);
	if (r < 0)
		return r;
	if (ret_pidfd && !s->detached) {
		/* ours until we wait for it: the number cannot be reused */
		r = pidfd_open_pid(child, &pidfd);
		if (r < 0)
			return err_errno(e, -r, "pidfd of %s", s->argv[0]);
	}
	if (ret_pidfd)
		*ret_pidfd = TAKE_FD(pidfd);
	if (ret_pid)
		*ret_pid = s->detached ? -1 : child;
	return 0;
}

int spawn_wait(pid_t pid, int *ret_status)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (ret_status)
		*ret_status = status;
	return 0;
}
