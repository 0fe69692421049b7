/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
#include "runtime/wait.h"

#include "sys/fd.h"
#include "sys/pidfd.h"

#include <signal.h>
#include <sys/wait.h>

void wait_prepare(void)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

int wait_end(pid_t pid, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	sigset_t all;
	int r;

	r = pidfd_open_pid(pid, &pidfd);
	if (r < 0)
		return err_errno(e, -r, "wait for the payload");
	sigfillset(&all);
	for (;;) {
		siginfo_t info = {.si_pid = 0};
		int sig;

		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno != EINTR)
			return err_errno(e, errno, "wait for the payload");
		if (info.si_pid == pid)
			return 0;
		sig = sigwaitinfo(&all, NULL);
		if (sig > 0 && sig != SIGCHLD)
			(void)!pidfd_signal(pidfd, sig);
	}
}

int wait_child(pid_t pid, int *ret_code, struct err *e)
{
	int status, r = wait_end(pid, e);

	if (r < 0)
		return r;
	if (waitpid(pid, &status, 0) != pid)
		return err_errno(e, errno, "wait for the payload");
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}
