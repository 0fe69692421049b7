/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * libsystemd's sd_notify(3) is a datagram: no library for that. The variable is
 * read where a command runs, so it is that of the service which starts the
 * container, also for one that another made; the monitor hands it on to the
 * checks that it runs.
 */
#include "engine/sdnotify.h"

#include "engine/pod.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char *mode_of(const char *given)
{
	return given && *given ? given : "container";
}

int sdnotify_check(const struct container_options *o, struct err *e)
{
	static const char *const modes[] = {"container", "conmon", "healthy", "ignore"};
	const char *mode = mode_of(o->sdnotify);

	if (strcmp(mode, "healthy") == 0 && o->no_healthcheck)
		return err_set(e, EINVAL, "--sdnotify healthy and --no-healthcheck exclude each other");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(mode, modes[i]) == 0)
			return 0;
	return err_set(e, EINVAL, "--sdnotify %s: not one of container, conmon, healthy, ignore", mode);
}

int sdnotify_source(const struct engine *eng, const struct container_options *o, const char **ret, struct err *e)
{
	const char *socket = eng ? eng->notify_socket : NULL;

	*ret = NULL;
	if (!socket || !*socket || strcmp(mode_of(o->sdnotify), "container") != 0)
		return 0;
	if (*socket == '/')
		*ret = socket;
	else if (o->sdnotify)
		return err_set(e, EINVAL, "--sdnotify container: NOTIFY_SOCKET has no path, and cannot be mounted; use conmon or healthy");
	return 0;
}

static void tell(const struct engine *eng, const char *text)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = eng->notify_socket ? strlen(eng->notify_socket) : 0;
	_cleanup_close_ int fd = -EBADF;

	if (len < 2 || len >= sizeof(to.sun_path) || !strchr("/@", *eng->notify_socket))
		return;
	memcpy(to.sun_path, eng->notify_socket, len);
	if (*to.sun_path == '@')
		*to.sun_path = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

void sdnotify_started(const struct engine *eng, const struct container *c, pid_t monitor)
{
	const char *mode = mode_of(json_str(c->spec, "options.sdnotify"));
	char text[64];

	if (strcmp(mode, "ignore") == 0 || pod_is_infra(c))
		return;
	snprintf(text, sizeof(text), "MAINPID=%d%s", monitor, strcmp(mode, "conmon") == 0 ? "\nREADY=1" : "");
	tell(eng, text);
}

void sdnotify_healthy(const struct engine *eng, const struct container *c)
{
	if (strcmp(json_str(c->spec, "options.sdnotify"), "healthy") == 0)
		tell(eng, "READY=1");
}
