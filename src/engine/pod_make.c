/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Making and removing pods.
 *
 *	make:    directory (its name is the pod's) → lock → pod.json → infra container → unlock
 *	remove:  lock → members → pod.json off → directory off
 *
 * It is a pod from the moment when pod.json is there until it is not, and
 * whoever finds a directory without one, and its lock free, sweeps it. Killed
 * between pod.json and the infra container, it is a pod whose infra container
 * is missing: `pod ps` shows it, and `pod rm` removes it.
 */
#include "engine/pod_private.h"

#include "engine/peer_choice.h"

#include "base/clock.h"
#include "engine/attest.h"
#include "engine/labels.h"
#include "engine/limits.h"
#include "engine/name_words.h"
#include "engine/remove.h"
#include "engine/stop.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#define NAME_TRIES 64

/* ---- what is wanted ---- */

int pod_share_parse(const char *text, unsigned *ret, struct err *e)
{
	unsigned set = 0;

	if (strcmp(text, "none") == 0)
		text = "";
	while (*text) {
		size_t len = strcspn(text, ","), i = 0;

		while (i < PEER_N && (strlen(peer_word((enum peer_ns)i)) != len || strncmp(peer_word((enum peer_ns)i), text, len) != 0))
			i++;
		if (i == PEER_N && len > 0)
			return err_set(e, EINVAL, "invalid kernel namespace to share: %.*s. Options are: cgroup, ipc, net, pid, user, uts or none",
				       (int)len, text);
		if (len > 0)
			set |= PEER_BIT(i);
		text += len + (text[len] == ',');
	}
	*ret = set;
	return 0;
}

/* The first option that is about the infra container's namespaces; NULL: none is. */
static const char *needs_infra(const struct container_options *o)
{
	const struct {
		const char *option;
		bool given;
	} options[] = {
		{"--network", o->network.n > 0}, {"--ip", o->ip}, {"--ip6", o->ip6}, {"--mac-address", o->mac_address},
		{"--network-alias", o->network_alias.n > 0}, {"--hostname", o->hostname}, {"--add-host", o->add_host.n > 0},
		{"--dns", o->dns.n > 0}, {"--dns-search", o->dns_search.n > 0}, {"--dns-option", o->dns_option.n > 0},
		{"--no-hosts", o->no_hosts}, {"--hosts-file", o->hosts_file}, {"--sysctl", o->sysctl.n > 0}, {"--pid", o->pid}, {"--uts", o->uts},
		{"--userns", o->userns}, {"--uidmap", o->uidmap.n > 0}, {"--gidmap", o->gidmap.n > 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].given)
			return options[i].option;
	return NULL;
}

static int check(const struct pod_wanted *w, struct err *e)
{
	const struct container_options *o = w->options;

	if (o->name && *o->name && container_name_check("pod name", o->name, e) < 0)
		return -EINVAL;
	if (!w->infra && o->publish.n > 0)
		return err_set(e, EINVAL, "you must have an infra container to publish port bindings to the host");
	if (peer_choice_refuse(o, "a pod has no other container's; a member can (run --pod)", e) < 0)
		return -ENOTSUP;
	if (!w->infra && needs_infra(o))
		return err_set(e, EINVAL, "cannot set %s without an infra container", needs_infra(o));
	if ((w->share & PEER_BIT(PEER_IPC)) && o->shm_size != SHM_SIZE_DEFAULT) {
		err_set(e, ENOTSUP, "--shm-size: the /dev/shm that members share is a directory of the user's run directory, and as large as that");
		err_hint(e, "without ipc in --share each member has one of its own, of that size");
		return -ENOTSUP;
	}
	if ((w->share & PEER_BIT(PEER_USER)) && o->pid && strcmp(o->pid, "host") == 0)
		return err_set(e, EINVAL, "--pid host and a shared user namespace exclude each other: members could trace what starts another");
	if (limits_option(o) && !(w->infra && w->share_parent))
		return err_set(e, EINVAL, "%s: the limits of a pod need an infra container, and --share-parent", limits_option(o));
	return container_options_check(o, e);
}

static struct json_object *share_json(unsigned set)
{
	/* in podman's order */
	static const enum peer_ns order[] = {PEER_CGROUP, PEER_IPC, PEER_NET, PEER_PID, PEER_USER, PEER_UTS};
	_cleanup_json_ struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < ARRAY_SIZE(order); i++)
		if ((set & PEER_BIT(order[i])) && json_append_str(list, peer_word(order[i])) < 0)
			return NULL;
	return TAKE_PTR(list);
}

/* "resources" and what asked for the first of them, when there are limits. */
static int add_limits(const struct pod_wanted *w, struct json_object *o, struct err *e)
{
	struct json_object *resources = NULL;
	int r = limits_make(w->options, &resources, e);

	if (r < 0 || !resources)
		return r;
	if (json_add(o, "resources", resources) < 0 || json_add_str(o, "limitedBy", limits_option(w->options)) < 0)
		return err_errno(e, ENOMEM, "pod.json");
	return 0;
}

static int add_choices(const struct pod_wanted *w, struct json_object *o)
{
	if (json_add_bool(o, "infra", w->infra) < 0 || json_add_str(o, "infraName", w->infra_name) < 0 ||
	    json_add(o, "share", share_json(w->infra ? w->share : 0)) < 0 || json_add_bool(o, "shareParent", w->share_parent) < 0 ||
	    json_add_str(o, "exitPolicy", w->exit_policy == POD_STOP ? "stop" : "continue") < 0 ||
	    json_add(o, "createdBy", json_object_get(w->origin->json)) < 0)
		return -ENOMEM;
	return 0;
}

static int make_spec(const struct pod_wanted *w, const char *id, const char *name, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *options = NULL, *labels = NULL;
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];
	int r = labels_resolve(w->options, NULL, &labels, e);

	if (r < 0)
		return r;
	if (!o || container_options_to_json(w->options, &options) < 0 || json_add_str(o, "id", id) < 0 || json_add_str(o, "name", name) < 0 ||
	    json_add_str(o, "created", clock_rfc3339_fixed(&now, CLOCK_UTC, time)) < 0 ||
	    json_add_int(o, "createdNs", clock_ns(&now)) < 0 || json_add(o, "options", TAKE_PTR(options)) < 0 ||
	    json_add(o, "labels", TAKE_PTR(labels)) < 0 || add_choices(w, o) < 0)
		return err_errno(e, ENOMEM, "pod.json");
	r = add_limits(w, o, e);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

/* ---- its directory ---- */

static int pods_dir(struct engine *eng, int *ret_fd, struct err *e)
{
	int r = path_own_mkdirs(eng->data_fd, ENGINE_PODS, ret_fd);

	return r < 0 ? err_errno(e, -r, "%s/%s", eng->data_path, ENGINE_PODS) : 0;
}

static bool is_pod(int dirfd)
{
	return faccessat(dirfd, "pod.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The directory, locked, and nothing in it: -EEXIST when it is a pod's. */
static int take_name(int pods_fd, const char *name, int *ret_dir, int *ret_lock, struct err *e)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		_cleanup_close_ int dir = -EBADF, lock = -EBADF;
		int r = path_own_mkdirs(pods_fd, name, &dir);

		if (r == 0 && !is_pod(dir))
			r = lock_take(dir, POD_LOCK, POD_LOCK_MS, &lock);
		if (r == -ENOENT) /* a sweep was faster */
			continue;
		if (r < 0)
			return err_errno(e, -r, "pod %s", name);
		if (is_pod(dir))
			return err_set(e, EEXIST, "adding pod to state: name \"%s\" is in use: pod already exists", name);
		r = path_own_remove_tree(dir, POD_ROOTFS);
		if (r < 0)
			return err_errno(e, -r, "pod %s", name);
		*ret_dir = TAKE_FD(dir);
		*ret_lock = TAKE_FD(lock);
		return 0;
	}
	return err_set(e, EAGAIN, "pod %s: its directory is made and removed by others", name);
}

static int choose_name(int pods_fd, const char *wanted, char **ret, int *ret_dir, int *ret_lock, struct err *e)
{
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < NAME_TRIES; i++) {
		_cleanup_free_ char *name = wanted && *wanted ? strdup(wanted) : name_words_random();

		if (!name)
			return err_errno(e, ENOMEM, "pod name");
		r = take_name(pods_fd, name, ret_dir, ret_lock, e);
		if (r == 0)
			*ret = TAKE_PTR(name);
		if (wanted && *wanted)
			break;
	}
	return r;
}

/* By the lock's holder: pod.json first, for then it is none. */
static int remove_dir(struct engine *eng, const char *name, int dirfd, struct err *e)
{
	_cleanup_close_ int pods = -EBADF;
	int r = pods_dir(eng, &pods, e);

	if (r == 0 && unlinkat(dirfd, "pod.json", 0) < 0 && errno != ENOENT)
		r = err_errno(e, errno, "remove pod %s", name);
	return r == 0 ? remove_tree(eng, pods, name, e) : r;
}

void pod_sweep(struct engine *eng)
{
	_cleanup_close_ int fd = -EBADF;
	struct dirent *d;
	DIR *dir;
	int copy, r = path_own_open(eng->data_fd, ENGINE_PODS, O_RDONLY | O_DIRECTORY, 0, &fd);

	if (r < 0)
		return;
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_closep(&copy);
		return;
	}
	while (r == 0 && (d = dir_next(dir, &r))) {
		_cleanup_close_ int one = -EBADF, lock = -EBADF;

		if (!container_name_is_valid(d->d_name) || path_own_open(fd, d->d_name, O_RDONLY | O_DIRECTORY, 0, &one) < 0 || is_pod(one))
			continue;
		if (lock_take(one, POD_LOCK, 0, &lock) == 0 && !is_pod(one))
			(void)!remove_tree(eng, fd, d->d_name, NULL);
	}
	closedir(dir);
}

/* ---- making ---- */

static int write_spec(int dirfd, struct json_object *spec, struct err *e)
{
	size_t len = 0;
	const char *text = json_text(spec, &len);
	int r = text ? path_own_write(dirfd, "pod.json", text, len, 0600, PATH_SYNC_FULL) : -ENOMEM;

	return r < 0 ? err_errno(e, -r, "pod.json") : 0;
}

static int make(struct engine *eng, const struct pod_wanted *w, struct pod **ret, struct err *e)
{
	_cleanup_json_ struct json_object *spec = NULL;
	_cleanup_close_ int pods = -EBADF, dir = -EBADF, lock = -EBADF;
	_cleanup_free_ char *name = NULL;
	char id[CONTAINER_ID_LEN + 1];
	struct pod *p = NULL;
	int r = check(w, e);

	if (r == 0)
		r = container_new_id(id) < 0 ? err_errno(e, EIO, "pod ID") : pods_dir(eng, &pods, e);
	if (r == 0)
		r = choose_name(pods, w->options->name, &name, &dir, &lock, e);
	if (r < 0)
		return r;
	r = make_spec(w, id, name, &spec, e);
	if (r == 0 && w->infra)
		r = pod_infra_make_root(dir, e);
	if (r == 0)
		r = write_spec(dir, spec, e);
	if (r == 0)
		r = pod_find(eng, name, &p, e);
	if (r == 0 && w->infra)
		r = pod_infra_make(eng, p, w, e);
	if (r < 0) {
		pod_free(p);
		(void)!remove_dir(eng, name, dir, NULL);
		return r;
	}
	*ret = p;
	return 0;
}

int pod_create(struct engine *eng, const struct pod_wanted *w, struct pod **ret, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_POD_CREATE);
	struct pod *p = NULL;
	int r;

	pod_sweep(eng);
	r = make(eng, w, &p, e);
	a.name = p ? p->name : w->options->name;
	a.ctr = p ? p->id : NULL;
	r = attest_result(eng, &a, r, e);
	if (r < 0 && p)
		(void)!pod_remove(eng, p, &(struct pod_remove_options){.force = true, .reason = REMOVE_AUTO}, NULL);
	if (r < 0)
		pod_free(p);
	else
		*ret = p;
	return r;
}

/* ---- removing ---- */

static int refuse_running(const struct pod *p, struct err *e)
{
	for (size_t i = 0; i < p->members.n; i++) {
		const struct container *c = p->members.items[i];

		if (c->pid <= 0)
			continue;
		err_set(e, EBUSY, "pod %.12s has containers that run (%s is %s): cannot be removed without force: container state improper",
			p->id, c->name, container_status_word(c->status));
		err_hint(e, "stop it first (ranby pod stop %s), or use --force", p->name);
		return -EBUSY;
	}
	return 0;
}

static int remove_member(struct engine *eng, struct container *c, const struct pod_remove_options *o, struct err *e)
{
	int r = remove_container(eng, c, &(struct remove_options){.force = o->force, .volumes = true, .grace_ms = o->grace_ms,
								 .reason = o->reason, .with_pod = true}, e);

	return r == -ENOENT ? 0 : r;
}

static int remove_locked(struct engine *eng, struct pod *p, const struct pod_remove_options *o, struct err *e)
{
	_cleanup_(pod_freep) struct pod *now = NULL;
	int r = pod_find(eng, p->id, &now, e); /* as it is under the lock */

	if (r == 0 && !o->force)
		r = refuse_running(now, e);
	/* one that does not end so is killed by its removal, or that says why not */
	else if (r == 0 && o->grace_ms != 0)
		(void)!pod_stop(eng, now, o->grace_ms, o->reason ? o->reason : "rm", NULL, NULL);
	for (size_t i = r == 0 ? now->members.n : 0; r == 0 && i-- > 0;)
		if (now->members.items[i] != now->infra)
			r = remove_member(eng, now->members.items[i], o, e);
	if (r == 0 && now->infra)
		r = remove_member(eng, now->infra, o, e);
	return r == 0 ? remove_dir(eng, p->name, p->dirfd, e) : r;
}

int pod_remove(struct engine *eng, struct pod *p, const struct pod_remove_options *o, struct err *e)
{
	struct attest a = ATTEST_INIT(AUDIT_VERB_POD_RM);
	_cleanup_close_ int lock = -EBADF;
	int r = lock_take(p->dirfd, POD_LOCK, POD_LOCK_MS, &lock);

	if (r == -ENOENT || (r == 0 && !is_pod(p->dirfd)))
		return err_set(e, ENOENT, "no pod with name or ID %s found: no such pod", p->name);
	r = r < 0 ? err_errno(e, -r, "pod %s", p->name) : remove_locked(eng, p, o, e);
	a.name = p->name;
	a.ctr = p->id;
	a.reason = o->reason;
	return attest_result(eng, &a, r, e);
}

int pod_place_hold(struct pod_place *place, struct err *e)
{
	int r = lock_take(place->pod->dirfd, POD_LOCK, POD_LOCK_MS, &place->lock_fd);

	if (r == -ENOENT || (r == 0 && !is_pod(place->pod->dirfd)))
		return err_set(e, ENOENT, "no pod with name or ID %s found: no such pod", place->pod->name);
	return r < 0 ? err_errno(e, -r, "pod %s", place->pod->name) : 0;
}
