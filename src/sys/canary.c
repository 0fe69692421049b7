/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A domain is logged with its first denial, and never when there is none. So
 * one is provoked before the payload runs; later ones, after an exec, are not
 * logged by default, and need not be.
 *
 * What the domain restricts must not be missed. A file system right would
 * make every mount(2) in the container fail, a network right would need a
 * rule for each port. Left is the scope of abstract unix sockets: those
 * made outside of the domain cannot be connected to. With a network namespace
 * of its own a container has none outside; with the host's, it is as well.
 * The denial: we connect to a socket that we made before we entered.
 */
#include "sys/canary.h"

#include "sys/fd.h"
#include "sys/landlock.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool canary_is_supported(void)
{
	return landlock_abi() >= LANDLOCK_ABI_LOGS;
}

/* A listening socket with an abstract name that the kernel chooses (unix(7), autobind). */
static int listen_abstract(struct sockaddr_un *ret, socklen_t *ret_len, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ret->sun_family = AF_UNIX;
	*ret_len = sizeof(*ret);
	if (fd < 0 || bind(fd, (const struct sockaddr *)ret, sizeof(sa_family_t)) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)ret, ret_len) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int canary_enter(void)
{
	const struct landlock_rights handled = {.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX};
	_cleanup_close_ int rules = -EBADF, listener = -EBADF, client = -EBADF;
	struct sockaddr_un a = {0};
	socklen_t len;
	int r;

	if (!canary_is_supported())
		return -ENOTSUP;
	r = listen_abstract(&a, &len, &listener);
	if (r < 0)
		return r;
	r = landlock_ruleset_make(&handled, &rules);
	if (r < 0)
		return r;
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (client < 0)
		return -errno;
	r = landlock_enter(rules);
	if (r < 0)
		return r;
	/* the socket was made by who we were before: the kernel says EPERM, and writes it down */
	return connect(client, (const struct sockaddr *)&a, len) < 0 && errno == EPERM ? 0 : -ENOTSUP;
}
