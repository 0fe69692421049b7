/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * podman mounts the cgroup namespace's root writable in any case. Without a
 * group of its own that root is the group of the login: the same user's other
 * processes could be moved, frozen or killed from inside. So the group comes
 * first here, and whether there can be one is looked at when the container is
 * made; a start elsewhere, where none can be made, is refused (start.c).
 *
 * A limit that stands on the container's own group is safe from its root only
 * where the kernel takes the namespace for a border (nsdelegate), as on every
 * host that systemd has booted.
 */
#include "engine/systemd_mode.h"

#include "engine/peer.h"
#include "engine/place.h"
#include "sys/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONFIG "config.systemd"
#define UUID_LEN 32

static const char *word(const struct strv *a, const struct strv *b, size_t i)
{
	return i < a->n ? a->items[i] : i - a->n < b->n ? b->items[i - a->n] : NULL;
}

bool systemd_mode_is_init(const struct strv *entrypoint, const struct strv *command)
{
	static const char *const paths[] = {"/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init"};
	bool shell = entrypoint->n + command->n > 2 && strcmp(word(entrypoint, command, 0), "/bin/sh") == 0 &&
		     strcmp(word(entrypoint, command, 1), "-c") == 0;
	const char *name = word(entrypoint, command, shell ? 2 : 0), *slash = name ? strrchr(name, '/') : NULL;

	if (!name)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(name, paths[i]) == 0)
			return true;
	return strcmp(slash ? slash + 1 : name, "systemd") == 0;
}

static bool is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

/* Why the container's first process will not be the one of its namespaces that systemd has to be. NULL: it will. */
static const char *not_first(const struct systemd_mode_input *in)
{
	if (in->options->init)
		return "--init is the first process then";
	if (is_host(in->options->pid) || (in->joined & PEER_BIT(PEER_PID)))
		return "systemd has to be the first process of a PID namespace of its own";
	return NULL;
}

static const char *no_cgroup(const struct systemd_mode_input *in)
{
	const char *cgroups = in->options->cgroups;
	struct place place;

	if (cgroups && strcmp(cgroups, "disabled") == 0)
		return "--cgroups disabled leaves it no cgroup of its own";
	if (is_host(in->options->cgroupns) || (in->joined & PEER_BIT(PEER_CGROUP)))
		return "it has no cgroup namespace of its own, so more than its own cgroup would be writable";
	place_find(in->eng, &place);
	if (place.manager == PLACE_NONE)
		return place.why;
	if (in->limited && !cgroup_is_bounded_by_namespace())
		return "its limits could be lifted from inside: /sys/fs/cgroup is not mounted with nsdelegate";
	return NULL;
}

int systemd_mode_make(const struct systemd_mode_input *in, struct systemd_mode *ret, struct err *e)
{
	const char *word = in->options->systemd ? in->options->systemd : "true", *why;
	bool always = strcmp(word, "always") == 0;
	struct systemd_mode m = {.on = always || (strcmp(word, "true") == 0 && systemd_mode_is_init(in->entrypoint, in->command))};

	why = m.on ? not_first(in) : NULL;
	if (why && always)
		return err_set(e, EINVAL, "--systemd always: %s", why);
	m.on = m.on && !why;
	why = m.on ? no_cgroup(in) : NULL;
	if (why && always) {
		err_set(e, ENOTSUP, "--systemd always: %s", why);
		err_hint(e, "systemd boots where it can write to its own cgroup; see ranby-cgroups(7)");
		return -ENOTSUP;
	}
	if (!m.on && in->options->shm_size_systemd)
		return err_set(e, EINVAL, "--shm-size-systemd: the container is not in systemd mode: --systemd always");
	m.cgroup = m.on && !why;
	m.why = why;
	*ret = m;
	return 0;
}

static int supply(struct strv *env, const char *name, const char *value, int len)
{
	return strv_env_get(env, name) ? 0 : strv_addf(env, "%s=%.*s", name, len, value);
}

int systemd_mode_env(const struct systemd_mode *m, const char *id, struct strv *env, struct err *e)
{
	if (!m->on)
		return 0;
	/* any name will do for ConditionVirtualization=container; without one systemd takes itself for a machine's */
	if (supply(env, "container", "ranby", 5) < 0 || supply(env, "container_uuid", id, UUID_LEN) < 0)
		return err_errno(e, ENOMEM, "environment");
	return 0;
}

static bool is_mounted(const struct mount_list *l, const char *destination)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].destination, destination) == 0)
			return true;
	return false;
}

int systemd_mode_mounts(const struct systemd_mode *m, struct mount_list *l, uint64_t size, struct err *e)
{
	static const struct {
		const char *where, *mode;
	} places[] = {{"/run", "755"}, {"/run/lock", "1777"}, {"/tmp", "1777"}, {"/var/log/journal", "755"}};
	char limit[40] = "", words[128];

	if (size)
		snprintf(limit, sizeof(limit), ",size=%llu", (unsigned long long)size);
	for (size_t i = 0; m->on && i < ARRAY_SIZE(places); i++) {
		snprintf(words, sizeof(words), "nosuid,nodev,tmpcopyup,mode=%s%s", places[i].mode, limit);
		if (!is_mounted(l, places[i].where) && !mount_list_add(l, MOUNT_DEFAULT, "tmpfs", "tmpfs", places[i].where, words, e))
			return -ENOMEM;
	}
	return 0;
}

bool systemd_mode_needs_group(struct json_object *spec)
{
	return json_true(spec, CONFIG ".cgroup");
}

const char *systemd_mode_lack(struct json_object *spec)
{
	return json_str(spec, CONFIG ".lack");
}
