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

int wait_child(pid_t pid, int *ret_code, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	sigset_t all;
	int status, r;

	r = pidfd_open_pid(pid, &pidfd);
	if (r < 0)
		return err_errno(e, -r, "wait for the payload");
	sigfillset(&all);
	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		int sig;

		if (got == pid) {
			*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			return 0;
		}
		if (got < 0 && errno != EINTR)
			return err_errno(e, errno, "wait for the payload");
		sig = sigwaitinfo(&all, NULL);
		if (sig > 0 && sig != SIGCHLD)
			(void)!pidfd_signal(pidfd, sig);
	}
}
