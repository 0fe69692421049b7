/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * waitid(2) with WNOWAIT first, always: what an ended child was is looked at
 * before its number is given back.
 */
#include "monitor/children.h"

#include "base/parse.h"
#include "monitor/pollset.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define WAIT_TRIES 100

/* Asks again when the kernel did not answer: SIGCHLD has told us once, and does not come a second time. */
static int wait_once(pid_t pid, int flags, siginfo_t *info)
{
	int r;

	info->si_pid = 0;
	for (int i = 0; i < WAIT_TRIES; i++) {
		r = waitid(pid < 0 ? P_ALL : P_PID, pid < 0 ? 0 : (id_t)pid, info, WEXITED | WNOHANG | flags);
		if (r == 0 || errno == ECHILD)
			break;
	}
	return r < 0 ? -errno : 0;
}

bool child_is_ours(pid_t pid)
{
	siginfo_t info;

	return pid > 0 && wait_once(pid, WNOWAIT, &info) == 0;
}

int child_peek(pid_t pid, pid_t *ret_pid, int *ret_status)
{
	siginfo_t info;

	if (wait_once(pid, WNOWAIT, &info) < 0 || info.si_pid == 0)
		return 0;
	*ret_pid = info.si_pid;
	*ret_status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status & 0x7f;
	return 1;
}

void child_reap(pid_t pid)
{
	siginfo_t info;

	(void)!wait_once(pid, 0, &info);
}

int child_signal(pid_t pid, int sig)
{
	_cleanup_close_ int pidfd = -EBADF;
	int r;

	if (pid <= 0)
		return -ESRCH;
	r = pidfd_open_pid(pid, &pidfd);
	return r < 0 ? r : pidfd_signal(pidfd, sig);
}

/* One sweep: SIGKILL to each child that /proc names. */
static void kill_listed(void)
{
	_cleanup_close_ int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	char text[4096];
	char *p = text;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	/* "12 345 "; one cut off at the end comes with the next sweep */
	for (char *end; (end = strchr(p, ' ')); p = end + 1) {
		uint32_t pid;

		*end = '\0';
		if (parse_u32(p, 1, INT32_MAX, &pid) == 0)
			(void)!child_signal((pid_t)pid, SIGKILL);
	}
}

void children_kill_all(int timeout_ms)
{
	int64_t until = now_ms() + timeout_ms;
	siginfo_t info;

	do {
		int r;

		kill_listed();
		while ((r = wait_once(-1, 0, &info)) == 0 && info.si_pid > 0)
			;
		if (r < 0)
			return; /* ECHILD: no more */
		(void)poll(NULL, 0, 2);
	} while (now_ms() < until);
}

/* In the order in which it changes hands. */
static bool is_or_will_be_ours(pid_t pid, pid_t maker)
{
	pid_t parent;

	return (maker > 0 && pid_parent(pid, &parent) == 0 && parent == maker) || child_is_ours(pid);
}

int child_from_pid_file(const char *path, pid_t maker, pid_t *ret_pid)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[16];
	uint32_t pid;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, " \n")] = '\0';
	if (parse_u32(text, 1, INT32_MAX, &pid) < 0)
		return -EINVAL;
	if (!is_or_will_be_ours((pid_t)pid, maker))
		return -ECHILD;
	*ret_pid = (pid_t)pid;
	return 0;
}
