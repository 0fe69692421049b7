/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The name is removed by whoever connected: from then on nobody else can, and
 * the container no longer counts as "created" (state.h). Sockets are reached
 * through /proc/self/fd/N because sun_path holds 108 bytes and a state
 * directory's path may be longer.
 */
#include "runtime/start.h"

#include "runtime/message.h"
#include "runtime/state.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

int runtime_start_connect_at(int dirfd, const char *name, int *ret_sock, struct err *e)
{
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n;

	if (s < 0)
		return err_errno(e, errno, "start socket");
	n = snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	if (n < 0 || (size_t)n >= sizeof(a.sun_path))
		return err_errno(e, ENAMETOOLONG, "start socket");
	if (connect(s, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return err_set(e, errno, "it is not waiting to be started");
		return err_errno(e, errno, "start socket");
	}
	if (unlinkat(dirfd, name, 0) < 0)
		return err_errno(e, errno, "start socket");
	*ret_sock = TAKE_FD(s);
	return 0;
}

int runtime_start_connect(int rroot_dirfd, const char *id, int *ret_sock, struct err *e)
{
	_cleanup_close_ int dir = -EBADF;
	int r;

	if (!runtime_id_is_valid(id))
		return err_set(e, EINVAL, "container %.64s: not an ID", id);
	r = path_own_open(rroot_dirfd, id, O_PATH | O_DIRECTORY, 0, &dir);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "container %s does not exist", id);
	if (r < 0)
		return err_errno(e, -r, "container %s", id);
	r = runtime_start_connect_at(dir, "start", ret_sock, e);
	return r < 0 ? err_wrap(e, r, "container %s", id) : 0;
}

int runtime_start_send(int sock, struct err *e)
{
	int r = message_send(sock, MESSAGE_START, NULL);

	return r < 0 ? err_errno(e, -r, "start the container's init") : 0;
}

int runtime_start_ready(int sock, struct err *e)
{
	enum message_type m;

	return message_receive(sock, STARTER_WAITS_READY, &m, e);
}

int runtime_start_result(int sock, struct err *e)
{
	enum message_type m;
	int r;

	r = message_receive(sock, STARTER_WAITS_CONFINED, &m, e);
	if (r == 0)
		r = message_receive(sock, STARTER_WAITS_EXEC, &m, e);
	return r;
}
