/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The writer is a fork of the monitor, made before there is anything else to
 * inherit: it is not dumpable either, no other program is needed, and nearly
 * all of its memory is shared.
 */
#include "monitor/trail.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static void address(struct sockaddr_un *a, int dirfd)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/" TRAIL_SOCKET, dirfd);
}

static int listen_join(int run_dirfd, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;

	if (fd < 0 || (unlinkat(run_dirfd, TRAIL_SOCKET, 0) < 0 && errno != ENOENT))
		return -errno;
	address(&a, run_dirfd);
	/* the mode of the name is the socket's own while it is bound (unix(7)) */
	if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int join(int run_dirfd, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	address(&a, run_dirfd);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* In the child: its four descriptors become 3 to 6, all others close. */
static _Noreturn void become_writer(struct trail_server *s)
{
	/* with a record there is no open file, but a user namespace to join */
	int *const fds[] = {&s->control_fd, &s->first_fd, &s->join_fd, s->record ? &s->userns_fd : &s->file.fd};

	/* out of the way first, so that no dup2 hits one that is still needed */
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, 64);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = *fds[i] < 0 ? -1 : dup3(*fds[i], (int)(3 + i), O_CLOEXEC);
	if (fd_close_from(3 + (unsigned)ARRAY_SIZE(fds)) < 0 || (s->file.fd < 0 && !s->record) || s->control_fd < 0)
		_exit(EXIT_ENGINE);
	if (s->record && record_begin(s->record, s->record_path, s->userns_fd) < 0)
		_exit(EXIT_ENGINE);
	trail_serve(s);
}

static int start_writer(struct trail *t, const struct monitor_options *o, struct trail_server *s, int ours, struct err *e)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(e, errno, "writer of the exec trail");
	if (pid == 0) {
		s->container = o->id;
		become_writer(s);
	}
	t->pid = pid;
	t->control_fd = ours;
	return 0;
}

static int start(struct trail *t, const struct monitor_options *o, int run_dirfd, int *ret_init_fd, struct err *e)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, first = -EBADF, init = -EBADF, listener = -EBADF;
	struct trail_server s = {.file = TRAIL_FILE_INIT, .userns_fd = o->userns_fd};
	static struct record record;
	int control[2], channel[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return err_errno(e, errno, "exec trail");
	ours = control[0];
	theirs = control[1];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return err_errno(e, errno, "exec trail");
	first = channel[0];
	init = channel[1];
	r = listen_join(run_dirfd, &listener);
	if (r < 0)
		return err_errno(e, -r, "socket of the exec trail");
	if (o->record_calls) {
		s.record = &record;
		s.record_path = o->record_calls;
	}
	r = o->trail ? trail_file_open(&s.file, o->trail, e) : 0;
	s.control_fd = theirs;
	s.first_fd = first;
	s.join_fd = listener;
	if (r == 0)
		r = start_writer(t, o, &s, ours, e);
	trail_file_done(&s.file);
	if (r < 0)
		return r;
	(void)TAKE_FD(ours);
	*ret_init_fd = TAKE_FD(init);
	return 0;
}

int trail_start(struct trail *t, const struct monitor_options *o, int run_dirfd, int *ret_init_fd, struct err *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (o->trail || o->record_calls)
		return start(t, o, run_dirfd, ret_init_fd, e);
	if (!o->trail_of)
		return 0;
	dirfd = open(o->trail_of, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = dirfd < 0 ? -errno : join(dirfd, ret_init_fd);
	if (r < 0) {
		r = err_errno(e, -r, "the container's exec trail is not written any more");
		err_hint(e, "what would run would not be in it; start the container again");
	}
	return r;
}

void trail_poll(struct trail *t, struct pollset *set)
{
	t->slot = pollset_add(set, t->control_fd, POLLIN);
}

void trail_dispatch(struct trail *t, const struct pollset *set)
{
	if (!pollset_got(set, t->slot))
		return;
	t->end_known = recv(t->control_fd, &t->end, sizeof(t->end), MSG_DONTWAIT) == (ssize_t)sizeof(t->end);
	fd_closep(&t->control_fd);
}

void trail_finish(struct trail *t)
{
	if (t->control_fd >= 0)
		(void)!send(t->control_fd, "E", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool trail_child_ended(struct trail *t, pid_t pid)
{
	if (pid != t->pid)
		return false;
	t->pid = 0;
	return true;
}

void trail_done(struct trail *t)
{
	fd_closep(&t->control_fd);
}

bool trail_is_served(int run_dirfd)
{
	_cleanup_close_ int fd = -EBADF;

	return join(run_dirfd, &fd) == 0;
}
