/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The child reports its failure over a close-on-exec pipe: the end of file
 * is the success of the exec. Descriptors are moved above all targets first,
 * so that no dup2() can overwrite one that is still wanted.
 */
#include "sys/spawn.h"

#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define FD_SAFE 100 /* above 3 + SPAWN_FDS_MAX */

enum stage { STAGE_FDS, STAGE_USERNS, STAGE_FORK, STAGE_EXEC };
static const char *const stage_words[] = {
	[STAGE_FDS] = "pass descriptors",
	[STAGE_USERNS] = "enter the user namespace",
	[STAGE_FORK] = "fork",
	[STAGE_EXEC] = "execute",
};

struct report {
	int stage;
	int error;
	pid_t pid; /* detached: the program's, sent before the exec */
};

static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int move_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, FD_SAFE);
}

/* In the child: 0..2 and 3.. as asked, all else closes at the exec. `*pipe_fd` and `*exe_fd` are moved out of the way. */
static int place_fds(const struct spawn *s, int *pipe_fd, int *exe_fd, int *userns_fd)
{
	int up[SPAWN_FDS_MAX + 3];
	int *keep[] = {pipe_fd, exe_fd, userns_fd};

	for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
		if (*keep[i] >= 0 && (*keep[i] = move_up(*keep[i])) < 0)
			return -errno;
	for (size_t i = 0; i < 3 + s->n_fds; i++) {
		int from = i < 3 ? s->stdio[i] : s->fds[i - 3];

		if (i < 3 && from == SPAWN_KEEP)
			from = (int)i;
		if (i < 3 && from == -EBADF)
			up[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			up[i] = move_up(from);
		if (up[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < 3 + s->n_fds; i++)
		if (dup2(up[i], (int)i) < 0)
			return -errno;
	return fd_cloexec_from((unsigned)(3 + s->n_fds));
}

static _Noreturn void child_fail(int pipe_fd, enum stage stage, int error)
{
	struct report rep = {.stage = (int)stage, .error = error};

	(void)!write(pipe_fd, &rep, sizeof(rep));
	_exit(127);
}

static _Noreturn void child_run(const struct spawn *s, int pipe_fd)
{
	int exe_fd = s->exe_fd, userns_fd = s->userns_fd;
	char *const *envp = s->envp ? s->envp : environ;
	struct report rep = {0};
	int r;

	reset_signals();
	r = place_fds(s, &pipe_fd, &exe_fd, &userns_fd);
	if (r < 0)
		child_fail(pipe_fd, STAGE_FDS, -r);
	if (s->new_session || s->detached)
		(void)setsid();
	if (s->detached) {
		pid_t pid = fork();

		if (pid < 0)
			child_fail(pipe_fd, STAGE_FORK, errno);
		if (pid > 0)
			_exit(0);
		/* the program is on its own now; its pid is in the sender's credentials of no pipe, so say it */
		rep.pid = getpid();
		(void)!write(pipe_fd, &rep, sizeof(rep));
	}
	if (userns_fd >= 0 && setns(userns_fd, CLONE_NEWUSER) < 0)
		child_fail(pipe_fd, STAGE_USERNS, errno);
	if (exe_fd >= 0)
		execveat(exe_fd, "", s->argv, envp, AT_EMPTY_PATH);
	else
		execve(s->path, s->argv, envp);
	child_fail(pipe_fd, STAGE_EXEC, errno);
}

/* Reads the child's reports until its end of the pipe closes. */
static int read_reports(int fd, const struct spawn *s, pid_t *pid, struct err *e)
{
	struct report rep;
	int r;

	for (;;) {
		r = fd_read_exact(fd, &rep, sizeof(rep));
		if (r == -ENODATA)
			return 0;
		if (r < 0)
			return err_errno(e, -r, "start %s", s->argv[0]);
		if (rep.error == 0)
			*pid = rep.pid;
		else
			return err_errno(e, rep.error, "%s %s", stage_words[rep.stage], s->path ? s->path : s->argv[0]);
	}
}

int spawn_start(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct err *e)
{
	_cleanup_close_ int rd = -EBADF, wr = -EBADF, pidfd = -EBADF;
	pid_t child, pid;
	int p[2], r;

	if (s->n_fds > SPAWN_FDS_MAX)
		return err_set(e, E2BIG, "start %s: too many descriptors", s->argv[0]);
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	child = fork();
	if (child < 0)
		return err_errno(e, errno, "fork");
	if (child == 0)
		child_run(s, wr);
	fd_closep(&wr);
	pid = child;
	r = read_reports(rd, s, &pid, e);
	if (s->detached || r < 0)
		(void)!spawn_wait(child, NULL);
	if (r < 0)
		return r;
	if (ret_pidfd) {
		r = pidfd_open_pid(pid, &pidfd);
		if (r < 0 && r != -ESRCH)
			return err_errno(e, -r, "pidfd of %s", s->argv[0]);
		*ret_pidfd = TAKE_FD(pidfd);
	}
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
