/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Who owns a group is seen by who may write to it; but a user's service
 * manager owns all groups of its user, so what is writable below it is the
 * manager's business unless it says that it gave it away: by a mark on the
 * group (user.delegate, systemd 254), or asked for the unit. The manager's own
 * group carries the mark too, for it was given away to it.
 *
 * Moving a process to the manager's scope takes it out of where it is. From a
 * login session nothing is lost by that. From a batch job or a service with
 * limits it would be an escape from them, so it is not done.
 */
#include "engine/place.h"

#include "oci/cgroup_limits.h"
#include "runtime/cgroup.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/path.h"
#include "sys/user_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SLICE "user.slice" /* as podman's */
#define UNIT_TRIES 250     /* of 20 ms: an older scope of that name ends with its last process */

const char *place_manager_name(enum place_manager m)
{
	return m == PLACE_SYSTEMD ? "systemd" : m == PLACE_CGROUPFS ? "cgroupfs" : "none";
}

/* Takes the last name off a path. False at the root. */
static bool up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

static bool is_unit(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".scope") == 0 || strcmp(dot, ".service") == 0);
}

/* Is the nearest group that was given away, or is a unit's, another one than a manager's own? */
static bool is_given_to_us(int mount, const char *own, const char *runtime_dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", own);
	do {
		const char *name = strrchr(path, '/') + 1;
		_cleanup_close_ int fd = -EBADF;

		if (cgroup_open(mount, path, &fd) < 0 || !cgroup_is_ours(fd) || strncmp(name, "user@", 5) == 0)
			return false;
		if (cgroup_is_delegated(fd))
			return true;
		if (is_unit(name))
			return user_manager_delegates(runtime_dir, name);
	} while (up(path));
	return false;
}

static bool says_limit(int fd, const char *file)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	return cgroup_read(fd, file, &b) == 0 && b.len > 0 && strncmp(buf_str(&b), "max", 3) != 0;
}

/* Would a process that goes from `own` to below `manager` leave a limit behind? */
static bool would_escape(int mount, const char *own, const char *manager)
{
	static const char *const files[] = {"memory.max", "memory.high", "cpu.max", "cpuset.cpus"};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", own);
	while (path[1] && (strncmp(manager, path, strlen(path)) != 0 || manager[strlen(path)] != '/')) {
		_cleanup_close_ int fd = -EBADF;

		if (cgroup_open(mount, path, &fd) < 0)
			return true;
		for (size_t i = 0; i < ARRAY_SIZE(files); i++)
			if (says_limit(fd, files[i]))
				return true;
		(void)up(path);
	}
	return false;
}

/* Its own group, where scopes will lie: for what controllers it has. */
static void manager_path(const struct engine *eng, char out[static PATH_MAX])
{
	if (eng->rootful)
		snprintf(out, PATH_MAX, "/");
	else
		snprintf(out, PATH_MAX, "/user.slice/user-%u.slice/user@%u.service", eng->uid, eng->uid);
}

static void find_systemd(const struct engine *eng, int mount, const char *own, struct place *p)
{
	_cleanup_close_ int fd = -EBADF;
	char manager[PATH_MAX];

	manager_path(eng, manager);
	if (would_escape(mount, own, manager)) {
		p->why = "the cgroup that this runs in has limits and is not delegated to this user, and is not to be left";
		return;
	}
	p->manager = PLACE_SYSTEMD;
	p->controllers = CGROUP_ALL | CGROUP_HUGETLB;
	if (cgroup_open(mount, manager, &fd) == 0)
		(void)!cgroup_controllers(fd, &p->controllers);
}

void place_find(const struct engine *eng, struct place *ret)
{
	_cleanup_close_ int mount = -EBADF, fd = -EBADF;
	char own[PATH_MAX];
	bool manager;

	*ret = (struct place){.why = "this host has no cgroup v2, or not alone"};
	if (eng->rootful)
		snprintf(ret->runtime_dir, sizeof(ret->runtime_dir), "/run");
	else
		snprintf(ret->runtime_dir, sizeof(ret->runtime_dir), "/run/user/%u", eng->uid);
	if (cgroup_mount_open(&mount) < 0)
		return;
	ret->version2 = true;
	ret->why = "the cgroup that this runs in is out of sight";
	if (cgroup_of(0, own) < 0 || cgroup_open(mount, own, &fd) < 0)
		return;
	ret->why = "no cgroup is delegated to this user, and no service manager (systemd --user) runs for him";
	manager = user_manager_is_there(ret->runtime_dir);
	if (cgroup_is_ours(fd) && (!manager || is_given_to_us(mount, own, ret->runtime_dir))) {
		ret->manager = PLACE_CGROUPFS;
		(void)!cgroup_controllers(fd, &ret->controllers);
	} else if (manager) {
		find_systemd(eng, mount, own, ret);
	}
}

int place_check(const struct place *p, const char *option, struct json_object *resources, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	int r;

	if (p->manager == PLACE_NONE) {
		(void)err_set(e, ENOTSUP, "%s: %s", option, p->why);
		err_hint(e, "log in so that systemd --user runs (loginctl enable-linger), or see ranby-cgroups(7)");
		return -ENOTSUP;
	}
	r = cgroup_limits_read(resources, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		unsigned bit = cgroup_controller_of(l.items[i].file);

		if (!bit || (bit & p->controllers))
			continue;
		(void)err_set(e, ENOTSUP, "%s: the cgroup controller \"%.*s\" is not delegated to this user", l.items[i].file,
			      (int)strcspn(l.items[i].file, "."), l.items[i].file);
		err_hint(e, p->manager == PLACE_SYSTEMD
				    ? "an administrator can: systemctl edit user@.service, with [Service] Delegate=cpu cpuset io memory pids"
				    : "whoever delegates the cgroup that this runs in can, see ranby-cgroups(7)");
		return -ENOTSUP;
	}
	return r;
}

#define KEY_SIZE (sizeof("pod-") + CONTAINER_ID_LEN)
#define UNIT_SIZE (sizeof("ranby--.scope") + KEY_SIZE + 10)

/* Whose the scope is: the container's, or its pod's where that has limits, which hold for all that is in one group. */
static void unit_key(const struct container *c, char out[static KEY_SIZE])
{
	bool of_pod = json_at(c->spec, "podLimits");

	snprintf(out, KEY_SIZE, "%s%.64s", of_pod ? "pod-" : "", of_pod ? json_str(c->spec, "pod") : c->id);
}

/*
 * Of one start: in the scope of the one before, what clears up after it may
 * still wait for whoever starts the container again.
 */
static void unit_name(const struct container *c, pid_t monitor, char out[static UNIT_SIZE])
{
	char key[KEY_SIZE];

	unit_key(c, key);
	snprintf(out, UNIT_SIZE, "ranby-%s-%d.scope", key, (int)monitor);
}

/* The scope in a cgroup's path that is one of the container's, or of its pod's; *ret_end: how much of the path it is, with the slash. */
static int unit_in(const struct container *c, const char *path, char out[static UNIT_SIZE], size_t *ret_end)
{
	char key[KEY_SIZE], prefix[sizeof("/ranby--") + KEY_SIZE];
	const char *at;
	size_t n;

	unit_key(c, key);
	snprintf(prefix, sizeof(prefix), "/ranby-%s-", key);
	at = strstr(path, prefix);
	if (!at)
		return -ENOENT;
	n = strcspn(++at, "/");
	if (at[n] != '/' || n >= UNIT_SIZE)
		return -ENOENT;
	memcpy(out, at, n);
	out[n] = '\0';
	*ret_end = (size_t)(at - path) + n + 1;
	return 0;
}

static int out_of_reach(struct err *e)
{
	err_set(e, EPERM, "the pod's limits do not reach to here: its cgroup is elsewhere");
	err_hint(e, "start it from where the pod was started");
	return -EPERM;
}

/* A member goes to where its pod's infra container is, which has the limits. */
static int join_pod(struct engine *eng, const struct place *p, const struct container *c, pid_t monitor, struct err *e)
{
	_cleanup_(container_freep) struct container *infra = NULL;
	char theirs[PATH_MAX], unit[UNIT_SIZE];
	size_t end;
	int r = container_load(eng, json_str(c->spec, "podInfra"), &infra, e);

	if (r < 0)
		return r;
	if (infra->pid <= 0 || cgroup_of(infra->pid, theirs) < 0 || unit_in(infra, theirs, unit, &end) < 0)
		return out_of_reach(e);
	return user_manager_attach(p->runtime_dir, unit, "/" CGROUP_SUPERVISOR, monitor, e);
}

int place_monitor(struct engine *eng, const struct place *p, const struct container *c, const char *slice, pid_t monitor,
		  struct err *e)
{
	static const struct timespec pause = {.tv_nsec = 20000000};
	char unit[UNIT_SIZE], description[192];
	struct user_manager_scope s = {.unit = unit, .slice = slice ? slice : SLICE, .description = description, .pid = monitor};
	int r = -EEXIST;

	if (p->manager != PLACE_SYSTEMD)
		return 0;
	if (json_at(c->spec, "podLimits") && !json_true(c->spec, "isInfra"))
		return join_pod(eng, p, c, monitor, e);
	unit_name(c, monitor, unit);
	snprintf(description, sizeof(description), "container %.128s", json_str(c->spec, "name"));
	for (int i = 0; r == -EEXIST && i < UNIT_TRIES; i++) {
		if (i > 0)
			(void)nanosleep(&pause, NULL);
		r = user_manager_start_scope(p->runtime_dir, &s, e);
	}
	return r;
}

int place_beside(const struct engine *eng, const struct container *c, pid_t monitor, struct err *e)
{
	char theirs[PATH_MAX], own[PATH_MAX], unit[UNIT_SIZE];
	struct place p;
	size_t end;

	if (cgroup_of(c->pid, theirs) < 0 || unit_in(c, theirs, unit, &end) < 0)
		return 0;
	theirs[end] = '\0';
	/* whoever is in it already is where he should be */
	if (cgroup_of(0, own) == 0 && strncmp(own, theirs, strlen(theirs)) == 0)
		return 0;
	place_find(eng, &p);
	return user_manager_attach(p.runtime_dir, unit, "/" CGROUP_SUPERVISOR, monitor, e);
}

int place_group(const struct engine *eng, const struct container *c, int *ret_fd)
{
	_cleanup_close_ int rroot = -EBADF;
	int r = json_at(c->spec, "config.limitedBy") ? path_own_open(eng->run_fd, ENGINE_RUNTIME, O_RDONLY | O_DIRECTORY, 0, &rroot) : -ENOENT;

	return r == 0 ? cgroup_own(rroot, c->id, ret_fd) : r;
}

int place_pod(const struct engine *eng, const struct container *c, struct err *e)
{
	struct json_object *limits = json_at(c->spec, "podLimits");
	_cleanup_close_ int rroot = -EBADF;
	int r;

	if (!limits)
		return 0;
	r = path_own_open(eng->run_fd, ENGINE_RUNTIME, O_RDONLY | O_DIRECTORY, 0, &rroot);
	if (r < 0)
		return err_errno(e, -r, "cgroup of the pod");
	if (json_true(c->spec, "isInfra"))
		return cgroup_limit_pod(rroot, c->id, limits, e);
	return cgroup_same_pod(rroot, c->id, json_str(c->spec, "podInfra")) ? 0 : out_of_reach(e);
}
