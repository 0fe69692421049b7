/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The child has the rights of the container's root in that one user
 * namespace and nothing else of the container: not its mounts, not its pids,
 * so nobody in there sees it; and it cannot be traced (PR_SET_DUMPABLE). It
 * writes {result, length} and the bytes for each file into a pipe.
 *
 * When time is up it gets SIGKILL and is not waited for: the kernel holds a
 * reader whose request the server has taken until that one answers or ends.
 */
#include "engine/root_files.h"

#include "base/clock.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/pidfd.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct head {
	int32_t result;
	uint32_t len;
};

static void say(int pipe_fd, int result, const struct buf *b)
{
	struct head h = {.result = result, .len = result == 0 ? (uint32_t)b->len : 0};

	if (fd_write_all(pipe_fd, &h, sizeof(h)) < 0 || (h.len > 0 && fd_write_all(pipe_fd, b->data, b->len) < 0))
		_exit(1);
}

static _Noreturn void child(int ns, int root, int pipe_fd)
{
	static const char *const paths[] = {"etc/passwd", "etc/group"};
	int r = setns(ns, CLONE_NEWUSER) < 0 ? -errno : 0;

	/* after the change of credentials, which would undo both */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT;

		say(pipe_fd, r < 0 ? r : path_in_root_read(root, paths[i], USER_FILE_MAX, &b), &b);
	}
	_exit(0);
}

/* Exactly `len` bytes, before `until_ms`. */
static int read_until(int fd, void *data, size_t len, int64_t until_ms)
{
	char *p = data;

	while (len > 0) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t left = until_ms - clock_monotonic_ms();
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_file(int fd, struct buf *b, int64_t until_ms)
{
	struct head h;
	char *room;
	int r = read_until(fd, &h, sizeof(h), until_ms);

	if (r < 0)
		return r;
	if (h.result < 0 || h.len > USER_FILE_MAX)
		return h.result == -ENOENT ? 0 : h.result < 0 ? h.result : -EFBIG;
	room = buf_reserve(b, h.len + 1);
	if (!room)
		return -ENOMEM;
	r = read_until(fd, room, h.len, until_ms);
	if (r == 0)
		buf_commit(b, h.len);
	return r;
}

static void end(pid_t pid)
{
	_cleanup_close_ int pidfd = -EBADF;

	if (waitpid(pid, NULL, WNOHANG) == 0 && pidfd_open_pid(pid, &pidfd) == 0 && pidfd_signal(pidfd, SIGKILL) == 0)
		(void)waitpid(pid, NULL, WNOHANG);
}

int root_files_read(const struct proc *init, int root_fd, int timeout_ms, struct user_files *ret)
{
	_cleanup_close_ int ns = openat(init->dirfd, "ns/user", O_RDONLY | O_CLOEXEC), reader = -EBADF, writer = -EBADF;
	_cleanup_(user_files_done) struct user_files f = {.passwd = BUF_INIT};
	int64_t until = clock_monotonic_ms() + timeout_ms;
	int fds[2], r;
	pid_t pid;

	if (ns < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	reader = fds[0];
	writer = fds[1];
	if (!proc_is_there(init))
		return -ESRCH;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(ns, root_fd, writer);
	fd_closep(&writer);
	r = read_file(reader, &f.passwd, until);
	if (r == 0)
		r = read_file(reader, &f.group, until);
	end(pid);
	if (r < 0)
		return r;
	*ret = f;
	f = (struct user_files){.passwd = BUF_INIT};
	return 0;
}
