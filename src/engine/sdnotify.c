/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * libsystemd's sd_notify(3) is a datagram: no library for that. The variable is
 * read where a command runs, so it is that of the service which starts the
 * container, also for one that another made; the monitor hands it on to the
 * checks that it runs.
 */
#include "engine/sdnotify.h"

#include "engine/bundle_config.h"
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

/* ---- at a later start ---- */

#define VARIABLE "NOTIFY_SOCKET"
#define SHOWN "notifySocket"

/* Its own, where the container has one, stays. */
static int change_env(struct json_object *o, const char *socket)
{
	static const char ours[] = VARIABLE "=" SDNOTIFY_INSIDE;
	_cleanup_(strv_done) struct strv env = {0};
	int r = json_get_strv(o, "env", &env, NULL);

	if (r < 0)
		return r;
	if (strv_find(&env, ours) >= 0)
		strv_env_unset(&env, VARIABLE);
	if (socket && !strv_env_get(&env, VARIABLE) && strv_add(&env, ours) < 0)
		return -ENOMEM;
	json_object_object_del(o, "env");
	return json_add_strv(o, "env", &env);
}

/* Last: above what else is mounted on the way to it. */
static int add_mount(struct json_object *mounts, const char *socket)
{
	_cleanup_(strv_done) struct strv options = {0};
	struct json_object *m = json_object_new_object();
	int r = json_append(mounts, m);

	if (r == 0 && (strv_add(&options, "bind") < 0 || strv_add(&options, "nosuid") < 0 || strv_add(&options, "noexec") < 0 ||
		       strv_add(&options, "nodev") < 0))
		r = -ENOMEM;
	if (r < 0)
		return r;
	return json_add_str(m, "destination", SDNOTIFY_INSIDE) < 0 || json_add_str(m, "type", "bind") < 0 ||
			       json_add_str(m, "source", socket) < 0 || json_add_strv(m, "options", &options) < 0
		       ? -ENOMEM : 0;
}

struct change {
	const char *socket; /* NULL: none */
};

/* For bundle_config_change(). */
static int change_config(struct json_object *config, void *ctx)
{
	struct json_object *mounts = json_at(config, "mounts"), *process = json_at(config, "process");
	const char *socket = ((const struct change *)ctx)->socket;
	size_t i = 0;

	if (!process || !mounts || !json_object_is_type(mounts, json_type_array))
		return -EINVAL;
	while (i < json_object_array_length(mounts))
		if (strcmp(json_str(json_object_array_get_idx(mounts, i), "destination"), SDNOTIFY_INSIDE) != 0)
			i++;
		else if (json_object_array_del_idx(mounts, i, 1) < 0)
			return -EINVAL;
	if (socket && add_mount(mounts, socket) < 0)
		return -ENOMEM;
	return change_env(process, socket);
}

/* Somebody's own mount at that place is not ours to change. */
static bool is_taken(const struct container *c)
{
	struct json_object *mounts = json_at(c->spec, "config.mounts");

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++)
		if (strcmp(json_str(json_object_array_get_idx(mounts, i), "destination"), SDNOTIFY_INSIDE) == 0)
			return true;
	return false;
}

int sdnotify_refresh(const struct engine *eng, struct container *c, struct err *e)
{
	struct json_object *config = json_at(c->spec, "config"), *mode = json_at(c->spec, "options.sdnotify");
	const struct container_options o = {.sdnotify = mode ? json_object_get_string(mode) : NULL};
	const char *socket;
	int r = sdnotify_source(eng, &o, &socket, e);

	if (r < 0)
		return r;
	/* nobody in it could say anything */
	if (pod_is_infra(c))
		socket = NULL;
	if (strcmp(json_str(config, SHOWN), socket ? socket : "") == 0 || is_taken(c))
		return 0;
	r = bundle_config_change(container_dir(c), change_config, &(struct change){socket}, e);
	if (r < 0)
		return r;
	json_object_object_del(config, SHOWN);
	if (change_env(config, socket) < 0 || json_add_str(config, SHOWN, socket) < 0)
		return err_errno(e, ENOMEM, "container.json");
	return container_write_spec(c, c->spec, e);
}

/* ---- what is told ---- */

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
