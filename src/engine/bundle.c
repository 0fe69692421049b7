/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The steps, in the order in which each can say no before the next one costs
 * something: where the root is, what is run, as whom (from the image's passwd), with which
 * environment, confined by what, on which network, with which mounts (the
 * first step that makes anything: volumes), the generated files, config.json.
 *
 * Whom: the overlay is not mounted yet when a container is created, so names
 * are looked up in the stack of layers (layered.h). What a container changes in
 * its own /etc/passwd counts for `exec`, which reads it through the running
 * container's root.
 */
#include "engine/bundle.h"

#include "engine/attest.h"
#include "base/signame.h"
#include "engine/argv.h"
#include "engine/bundle_plan.h"
#include "engine/limits.h"
#include "engine/env.h"
#include "engine/etc.h"
#include "engine/health_spec.h"
#include "engine/in_keeper.h"
#include "engine/labels.h"
#include "engine/mountpoints.h"
#include "engine/mounts_parts.h"
#include "engine/sdnotify.h"
#include "engine/profile_landlock.h"
#include "engine/relabel.h"
#include "engine/secret_spec.h"
#include "engine/volumes.h"
#include "oci/image_config.h"
#include "oci/landlock.h"
#include "oci/runtime_config.h"
#include "sys/fd.h"
#include "sys/lsm_selinux.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void plan_done(struct bundle_plan *p)
{
	free(p->rootfs);
	free(p->mountpoints);
	strv_done(&p->entrypoint);
	strv_done(&p->command);
	strv_done(&p->env);
	free(p->workdir);
	free(p->user_text);
	user_files_done(&p->files);
	profile_done(&p->profile);
	json_putp(&p->seccomp);
	json_putp(&p->resources);
	json_putp(&p->labels);
	json_putp(&p->annotations);
	network_plan_done(&p->network);
	mount_list_done(&p->mounts);
	json_putp(&p->secrets);
	json_putp(&p->healthcheck);
	cdi_edits_done(&p->cdi);
	json_putp(&p->hooks);
}

void bundle_result_done(struct bundle_result *r)
{
	json_putp(&r->config);
	strv_done(&r->network_helper);
	strv_done(&r->volumes);
	strv_done(&r->made);
	strv_done(&r->anonymous);
}

/* ---- where the root is ---- */

/* DIR of --rootfs, or DIR:O for a layer of the container's own above it. */
static int plan_root(struct bundle_plan *p, struct err *e)
{
	const char *given = p->in->options->rootfs;
	size_t len;

	p->has_overlay = p->in->layers;
	if (p->in->layers)
		return 0;
	len = strlen(given);
	if (len > 2 && strcmp(given + len - 2, ":O") == 0) {
		p->has_overlay = true;
		len -= 2;
	} else if (len > 6 && strcmp(given + len - 6, ":idmap") == 0) {
		return err_set(e, ENOTSUP, "--rootfs %s: the kernel does not let a user idmap a host file system", given);
	}
	if (*given != '/' && !p->in->caller_cwd)
		return err_set(e, ENOENT, "--rootfs %s: the current directory has been removed", given);
	if (asprintf(&p->rootfs, "%s%s%.*s", *given == '/' ? "" : p->in->caller_cwd, *given == '/' ? "" : "/", (int)len, given) < 0) {
		p->rootfs = NULL;
		return err_errno(e, ENOMEM, "--rootfs");
	}
	return text_is_utf8(p->rootfs) ? 0 : err_set(e, EILSEQ, "--rootfs: not UTF-8, which an OCI bundle cannot carry");
}

/* ---- what is run, and as whom ---- */

static int check_text(const char *what, const struct strv *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++)
		if (!text_is_utf8(v->items[i]))
			return err_set(e, EILSEQ, "%s %.100s: not UTF-8, which an OCI bundle cannot carry", what, v->items[i]);
	return 0;
}

static int plan_argv(struct bundle_plan *p, struct err *e)
{
	const struct image_config *image = p->in->image;
	const struct argv_input in = {
		.entrypoint = p->in->options->entrypoint,
		.operands = p->in->command,
		.image_entrypoint = image ? &image->entrypoint : NULL,
		.image_cmd = image ? &image->cmd : NULL,
	};
	int r = argv_resolve(&in, &p->entrypoint, &p->command, e);

	if (r == 0)
		r = check_text("entrypoint", &p->entrypoint, e);
	return r < 0 ? r : check_text("command", &p->command, e);
}

static int plan_systemd(struct bundle_plan *p, struct err *e)
{
	_cleanup_json_ struct json_object *limits = NULL;
	const struct bundle_joined *j = p->in->joined;
	struct systemd_mode_input in = {
		.eng = p->in->eng, .options = p->in->options, .entrypoint = &p->entrypoint, .command = &p->command, .joined = j ? j->set : 0,
	};
	int r = limits_make(p->in->options, &limits, e);

	in.limited = limits != NULL;
	return r < 0 ? r : systemd_mode_make(&in, &p->systemd, e);
}

static int read_user_files(const struct bundle_plan *p, struct user_files *f, struct err *e)
{
	_cleanup_close_ int root = -EBADF;

	if (p->in->layers)
		return user_files_from_layers(p->in->layers, f, e);
	root = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(e, errno, "--rootfs %s", p->rootfs);
	return user_files_from_root(root, f, e);
}

/* Those of the host whom its passwd is to have. */
static int add_users(struct bundle_plan *p, struct err *e)
{
	const struct container_options *o = p->in->options;
	const struct userns_plan *u = p->in->userns;
	const struct etc_formats formats = {o->passwd_entry, o->group_entry};
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->hostuser.n; i++)
		r = etc_add_host_user(&p->files, o->hostuser.items[i], p->workdir, &formats, &p->added, e);
	if (r < 0 || u->kind != USERNS_KEEP_ID)
		return r;
	r = etc_add_user(&p->files, getuid(), getgid(), u->user_uid, u->user_gid, p->workdir, &formats, &p->added);
	return r < 0 ? err_errno(e, -r, "user of keep-id") : 0;
}

static int plan_user(struct bundle_plan *p, struct err *e)
{
	const struct bundle_input *in = p->in;
	const struct container_options *o = in->options;
	const char *who = o->user;
	char self[32];
	int r = read_user_files(p, &p->files, e);

	if (r == 0 && o->passwd)
		r = add_users(p, e);
	if (r < 0)
		return r;
	if (!who && in->userns->has_user) {
		snprintf(self, sizeof(self), "%u:%u", in->userns->user_uid, in->userns->user_gid);
		who = self;
	}
	if (!who && in->image)
		who = in->image->user;
	r = user_resolve(who, &p->files, &o->group_add, &p->user, e);
	if (r < 0)
		return o->user ? err_wrap(e, r, "--user %s", o->user) : r;
	p->user_text = strdup(who ? who : "");
	if (!p->user_text)
		return err_errno(e, ENOMEM, "user");
	if (o->passwd && !p->user.in_passwd && p->user.uid != 0) {
		r = etc_add_number(&p->files, p->user.uid, p->user.gid, p->workdir, &(struct etc_formats){o->passwd_entry, o->group_entry}, &p->added);
		if (r < 0)
			return err_errno(e, -r, "user");
	}
	return user_keep_mapped(&p->user, &in->userns->map, o->group_add.n > 0, e);
}

static int plan_workdir(struct bundle_plan *p, struct err *e)
{
	const char *image = p->in->image ? p->in->image->working_dir : "";
	const char *given = p->in->options->workdir, *dir = given && *given ? given : image;

	if (!*dir)
		dir = "/";
	/* a relative WORKDIR of an image is relative to the root */
	if (asprintf(&p->workdir, "%s%s", *dir == '/' ? "" : "/", dir) < 0) {
		p->workdir = NULL;
		return err_errno(e, ENOMEM, "working directory");
	}
	if (strlen(p->workdir) >= 4096 || !text_is_utf8(p->workdir))
		return err_set(e, EINVAL, "working directory: too long, or not UTF-8");
	return 0;
}

/* Sorted and unique, as the others are. */
static int add_group(struct bundle_plan *p, uint32_t gid, struct err *e)
{
	struct user_id *u = &p->user;
	size_t i = 0;
	uint32_t id;

	if (id_list_to_outside(&p->in->userns->map.gid, gid, &id) < 0)
		return err_set(e, ERANGE, "CDI: group %u: not in the container's ID map", gid);
	while (i < u->n_groups && u->groups[i] < gid)
		i++;
	if (i < u->n_groups && u->groups[i] == gid)
		return 0;
	if (u->n_groups == USER_GROUPS_MAX)
		return err_set(e, E2BIG, "more than %d groups", USER_GROUPS_MAX);
	memmove(&u->groups[i + 1], &u->groups[i], (u->n_groups - i) * sizeof(u->groups[0]));
	u->groups[i] = gid;
	u->n_groups++;
	return 0;
}

static int plan_cdi(struct bundle_plan *p, struct err *e)
{
	int r = cdi_collect(p->in->options, &p->cdi, e);
	size_t n = p->cdi.gids ? json_object_array_length(p->cdi.gids) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint32_t gid = (uint32_t)json_object_get_int64(json_object_array_get_idx(p->cdi.gids, i));

		/* as the specification has it, 0 says nothing: root's group is nobody's by a device */
		r = gid ? add_group(p, gid, e) : 0;
	}
	return r == 0 ? cdi_hooks(&p->cdi, &p->hooks, e) : r;
}

static int plan_env(struct bundle_plan *p, struct err *e)
{
	const char *notify;
	struct env_input in = {
		.options = p->in->options,
		.image = p->in->image ? &p->in->image->env : NULL,
		.caller = p->in->caller_env,
		.home = p->user.home,
		.hostname = p->hostname,
	};
	int r;

	hosts_hostname(p->in->options, p->in->id, p->hostname);
	r = sdnotify_source(p->in->eng, p->in->options, &notify, e);
	in.notify = r == 0 && notify ? SDNOTIFY_INSIDE : NULL;
	if (r == 0)
		r = env_resolve(&in, &p->env, e);
	if (r == 0)
		r = cdi_apply_env(&p->cdi, &p->env, e);
	if (r == 0)
		r = systemd_mode_env(&p->systemd, p->in->id, &p->env, e);
	return r < 0 ? r : check_text("environment", &p->env, e);
}

/* ---- how it is confined, stopped and described ---- */

/* Who shares memory or is seen by the others is not kept from them by categories. */
static int plan_label(struct bundle_plan *p, struct err *e)
{
	const struct bundle_joined *j = p->in->joined;
	char range[SELINUX_PART_SIZE];
	bool joins = j && j->label && (j->set & (PEER_BIT(PEER_IPC) | PEER_BIT(PEER_PID))) && label_join(&p->profile.label, j->label, range);
	int r = label_make(&p->profile.label, &p->label, e);

	if (joins)
		p->profile.label.level = NULL; /* what it borrowed ends here */
	p->label.of_pod = r == 0 && joins;
	return r;
}

static int plan_profile(struct bundle_plan *p, struct err *e)
{
	int r = profile_make(p->in->options, &p->profile, e);
	const char *text;
	size_t len;

	if (r == 0)
		r = limits_make(p->in->options, &p->resources, e);
	if (r == 0)
		r = profile_apparmor(&p->profile, e);
	if (r == 0)
		r = plan_label(p, e);
	if (r == 0)
		r = profile_seccomp(&p->profile, p->in->cache_dirfd, &p->seccomp, e);
	if (r < 0 || !p->seccomp)
		return r;
	text = json_text(p->seccomp, &len);
	if (!text)
		return err_errno(e, ENOMEM, "seccomp");
	sha256_hex(text, len, p->seccomp_hash);
	return 0;
}

static int plan_stop(struct bundle_plan *p, struct err *e)
{
	const char *name = p->in->options->stop_signal;

	if (!name && p->in->image)
		name = p->in->image->stop_signal;
	p->stop_signal = p->systemd.on ? SIGRTMIN + 3 : SIGTERM;
	if (name && *name && signal_parse(name, &p->stop_signal) < 0)
		return err_set(e, EINVAL, "stop signal %s: no such signal", name);
	return 0;
}

static int plan_health(struct bundle_plan *p, struct err *e)
{
	const char *told = p->in->options->sdnotify;
	int r = health_spec_make(p->in->options, p->in->image ? p->in->image->healthcheck : NULL, &p->healthcheck, e);

	if (r == 0 && !p->healthcheck && told && strcmp(told, "healthy") == 0)
		r = err_set(e, EINVAL, "--sdnotify healthy: there is no health check: --health-cmd");
	return r;
}

static int plan_labels(struct bundle_plan *p, struct err *e)
{
	const struct container_options *o = p->in->options;
	int r = labels_resolve(o, p->in->image ? p->in->image->labels : NULL, &p->labels, e);

	if (r < 0)
		return r;
	p->annotations = json_object_new_object();
	if (!p->annotations)
		return err_errno(e, ENOMEM, "annotations");
	for (size_t i = 0; r == 0 && i < o->annotation.n; i++)
		r = label_add(p->annotations, "annotation", o->annotation.items[i], e);
	if (r == 0 && p->profile.label.nested && p->label.state == LABEL_ON &&
	    !json_object_object_get_ex(p->annotations, CONFIG_MOUNT_CONTEXT, NULL) &&
	    json_add_str(p->annotations, CONFIG_MOUNT_CONTEXT, "rootcontext") < 0)
		return err_errno(e, ENOMEM, "annotations");
	if (r == 0 && json_object_object_get_ex(p->annotations, LANDLOCK_ANNOTATION, NULL))
		return err_set(e, EINVAL, "--annotation " LANDLOCK_ANNOTATION ": use --security-opt landlock=");
	return r;
}

/* ---- network and mounts ---- */

static int plan_network(struct bundle_plan *p, struct err *e)
{
	int r = network_plan_make(p->in->options, p->in->image ? &p->in->image->exposed_ports : NULL, &p->network, e);

	if (r == 0 && p->network.kind == NETWORK_PEER)
		r = peer_network_id(p->in->eng, p->network.other, p->peer, e);
	if (r == 0)
		r = network_plan_resolve(p->in->eng, &p->network, e);
	return r < 0 ? r : network_plan_finish(&p->network, e);
}

static int plan_mountpoints(struct bundle_plan *p, struct err *e)
{
	const struct bundle_input *in = p->in;
	int r;

	if (!in->layers || !mountpoints_fit(in->options, in->layers->n, in->userns->owned))
		return 0;
	r = mountpoints_make(in->data_dirfd, e);
	if (r == 0 && asprintf(&p->mountpoints, "%s/" MOUNTPOINTS_DIR, in->data_dir) < 0)
		r = err_errno(e, ENOMEM, "root filesystem");
	return r;
}

/* The container's root, when it is put together from layers (or from --rootfs DIR:O): the first mount. */
static int add_root(struct bundle_plan *p, struct err *e)
{
	const struct bundle_input *in = p->in;
	_cleanup_(buf_done) struct buf lower = BUF_INIT;
	struct mount_entry *root;

	if (!p->has_overlay)
		return 0;
	root = mount_list_add(&p->mounts, MOUNT_DEFAULT, "overlay", "overlay", "/", "", e);
	if (!root)
		return -ENOMEM;
	buf_adds(&lower, "lowerdir=");
	if (p->rootfs)
		mount_lower_add(&lower, p->rootfs);
	for (size_t i = p->rootfs ? 0 : in->layers->n; i-- > 0;)
		mount_lower_add(&lower, in->layers->items[i]);
	if (p->mountpoints)
		mount_lower_add(&lower, p->mountpoints);
	if (buf_bad(&lower) || strv_add(&root->options, buf_str(&lower)) < 0 ||
	    strv_addf(&root->options, "upperdir=%s/upper", in->dir) < 0 ||
	    strv_addf(&root->options, "workdir=%s/work", in->dir) < 0 ||
	    mount_overlay_words(in, &root->options) < 0)
		return err_errno(e, ENOMEM, "root filesystem");
	/* else its unmount syncs the whole filesystem below it, for files that are removed next; see start.c */
	if (in->options->rm && strv_add(&root->options, "volatile") < 0)
		return err_errno(e, ENOMEM, "root filesystem");
	return 0;
}

/* Before anything is made: they must be there now, though they are read at the start. */
static int plan_secrets(struct bundle_plan *p, struct err *e)
{
	return secret_specs_resolve(p->in->eng, &p->in->options->secret, &p->secrets, e);
}

/* A secret goes on top of everything, so that what else was wanted there could not be seen. */
static int check_secret_places(const struct bundle_plan *p, struct err *e)
{
	size_t n = p->secrets ? json_object_array_length(p->secrets) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(p->secrets, i);

		if (strcmp(json_str(o, "type"), "env") != 0 && mount_is_taken(&p->mounts, json_str(o, "target")))
			return err_set(e, EEXIST, "--secret %s: something else is mounted on %s", json_str(o, "name"), json_str(o, "target"));
	}
	return 0;
}

static int plan_mounts(struct bundle_plan *p, struct err *e)
{
	struct mounts_input m = {
		.in = p->in, .added = &p->added, .label = &p->label, .profile = &p->profile, .user = &p->user, .rootfs = p->rootfs, .network = p->network.kind, .peer = p->peer,
		.cgroup_is_writable = p->systemd.cgroup, .cdi = &p->cdi,
	};
	uint32_t id;
	int r;

	m.has_gid_tty = id_list_to_outside(&p->in->userns->map.gid, 5, &id) == 0;
	r = add_root(p, e);
	if (r == 0)
		r = mounts_defaults(&p->mounts, &m, e);
	if (r == 0)
		r = systemd_mode_mounts(&p->systemd, &p->mounts, p->in->options->shm_size_systemd, e);
	if (r == 0)
		r = mounts_wanted(&p->mounts, &m, e);
	if (r == 0)
		r = check_secret_places(p, e);
	mount_list_sort(&p->mounts);
	for (size_t i = 0; r == 0 && i < p->mounts.n; i++)
		if (!text_is_utf8(p->mounts.items[i].source) || !text_is_utf8(p->mounts.items[i].destination))
			r = err_set(e, EILSEQ, "mount %s: not UTF-8, which an OCI bundle cannot carry",
				    p->mounts.items[i].destination);
	return r;
}

/* After the mounts, which a profile may let be written. */
static int plan_landlock(struct bundle_plan *p, struct err *e)
{
	_cleanup_json_ struct json_object *list = NULL;
	int r = profile_landlock(&p->profile.landlock, &p->mounts, &list, e);

	if (r == 0 && list && json_add_str(p->annotations, LANDLOCK_ANNOTATION, json_text(list, NULL)) < 0)
		return err_errno(e, ENOMEM, "Landlock");
	return r;
}

/* ---- what is written ---- */

typedef int (*write_etc_fn)(int container_dirfd, const char *name, const struct buf *text, enum path_sync sync, struct err *e);

/* What each start writes anew has not to outlive anything: it is not synced. */
static int make_etc(int container_dirfd, const struct container_options *o, const char *id, const struct hosts_bridge *bridge,
		    write_etc_fn write, enum path_sync sync, struct err *e)
{
	_cleanup_(buf_done) struct buf hosts = BUF_INIT, name = BUF_INIT, resolv = BUF_INIT, host_resolv = BUF_INIT;
	_cleanup_(network_plan_done) struct network_plan net = {0};
	char hostname[HOSTNAME_LEN_MAX + 1];
	bool forward;
	int r;

	hosts_hostname(o, id, hostname);
	r = network_plan_make(o, NULL, &net, e);
	if (r == 0)
		r = hosts_make(o, hostname, bridge, &hosts, e);
	if (r == 0)
		r = hosts_read_resolv_conf(&host_resolv, e);
	if (r == 0)
		r = hosts_resolv_conf(o, net.kind, bridge, buf_str(&host_resolv), &resolv, &forward, e);
	buf_addf(&name, "%s\n", hostname);
	if (r == 0)
		r = write(container_dirfd, "hosts", &hosts, sync, e);
	if (r == 0)
		r = write(container_dirfd, "hostname", &name, sync, e);
	return r < 0 ? r : write(container_dirfd, "resolv.conf", &resolv, sync, e);
}

int bundle_refresh_etc(int container_dirfd, const struct container_options *o, const char *id, const struct hosts_bridge *bridge, struct err *e)
{
	return make_etc(container_dirfd, o, id, bridge, etc_write, PATH_SYNC_NONE, e);
}

int bundle_rewrite_etc(int container_dirfd, const struct container_options *o, const char *id, const struct hosts_bridge *bridge, struct err *e)
{
	return make_etc(container_dirfd, o, id, bridge, etc_rewrite, PATH_SYNC_NONE, e);
}

/*
 * What is written once has to be there when container.json is, also after a power loss; with --rm neither has. Its name
 * gets there with those of all others, container_commit().
 */
static enum path_sync once(const struct bundle_plan *p)
{
	return p->in->options->rm ? PATH_SYNC_UNSEEN : PATH_SYNC_UNSEEN_DATA;
}

static int write_config(const struct bundle_plan *p, struct err *e)
{
	_cleanup_json_ struct json_object *config = NULL;
	const char *text;
	size_t len;
	int r;

	r = bundle_plan_oci(p, &config, e);
	if (r < 0)
		return r;
	text = json_text(config, &len);
	r = text ? path_own_write(p->in->dirfd, "config.json", text, len, 0600, once(p)) : -ENOMEM;
	return r < 0 ? err_errno(e, -r, "config.json") : 0;
}

struct upper_owner {
	int fd;
	uint32_t uid, gid;
};

static int give_upper(void *ctx, struct err *e)
{
	const struct upper_owner *o = ctx;

	return fchown(o->fd, o->uid, o->gid) < 0 ? err_errno(e, errno, "upper") : 0;
}

/*
 * The overlay shows one label for all. The kernel still looks at that of the
 * file below when a mapping of it changes its protection (mprotect(2), as each
 * dynamic program does): what is made in upper has that of upper, or of work, where it is
 * made first.
 */
static int label_own(const struct bundle_plan *p, struct err *e)
{
	static const char *const own[] = {"upper", "work"};
	int r = 0;

	for (size_t i = 0; r == 0 && p->label.state == LABEL_ON && i < ARRAY_SIZE(own); i++) {
		_cleanup_close_ int fd = -EBADF;

		r = path_own_open(p->in->dirfd, own[i], O_RDONLY | O_DIRECTORY, 0, &fd);
		if (r == 0)
			r = selinux_label_fd(fd, p->label.file);
	}
	return r < 0 ? err_errno(e, -r, "SELinux label of the container's own layer") : 0;
}

/* upper and work. upper is what the container's root directory looks like: 0755, and its root's. */
static int make_upper(const struct bundle_plan *p, struct err *e)
{
	const struct id_map *map = &p->in->userns->map;
	_cleanup_close_ int upper = -EBADF;
	struct upper_owner o = {0};
	int r = path_own_mkdirs(p->in->dirfd, "work", NULL);

	if (r == 0)
		r = path_own_mkdirs(p->in->dirfd, "upper", NULL);
	if (r == 0)
		r = path_own_open(p->in->dirfd, "upper", O_RDONLY | O_DIRECTORY, 0, &upper);
	if (r < 0)
		return err_errno(e, -r, "upper");
	if (fchmod(upper, 0755) < 0)
		return err_errno(e, errno, "upper");
	r = label_own(p, e);
	if (r < 0)
		return r;
	o.fd = upper;
	if (id_list_to_outside(&map->uid, 0, &o.uid) < 0 || id_list_to_outside(&map->gid, 0, &o.gid) < 0 ||
	    (o.uid == 0 && o.gid == 0))
		return 0;
	return in_keeper(p->in->keeper, give_upper, &o, e);
}

/* The files of /etc, and whom they belong to: not to the user, whom some maps make nobody. */
static int write_etc_files(const struct bundle_plan *p, struct err *e)
{
	const struct bundle_input *in = p->in;
	uint32_t uid = 0, gid = 0;
	int r = make_etc(in->dirfd, in->options, in->id, NULL, etc_write, PATH_SYNC_UNSEEN, e);

	if (r == 0)
		r = etc_write_user(in->dirfd, &p->files, &p->added, once(p), e);
	if (r < 0 || id_list_to_outside(&in->userns->map.uid, 0, &uid) < 0 || id_list_to_outside(&in->userns->map.gid, 0, &gid) < 0)
		return r;
	return etc_give(in->dirfd, in->keeper, uid, gid, e);
}

static int label_layers(struct bundle_plan *p, struct err *e)
{
	const struct strv lowest = {.items = &p->mountpoints, .n = p->mountpoints ? 1 : 0};
	int r = relabel_layers(p->in->layers, p->label.layer, p->in->keeper, e);

	return r < 0 ? r : relabel_layers(&lowest, p->label.layer, p->in->keeper, e);
}

static int write_all(struct bundle_plan *p, struct err *e)
{
	int r = p->has_overlay ? make_upper(p, e) : 0;

	if (r == 0 && p->label.state == LABEL_ON && p->in->layers)
		r = label_layers(p, e);
	if (r == 0)
		r = write_etc_files(p, e);
	return r < 0 ? r : write_config(p, e);
}

static int give_result(struct bundle_plan *p, struct bundle_result *ret, struct err *e)
{
	int r = bundle_plan_shown(p, &ret->config, e);

	for (size_t i = 0; r == 0 && i < p->mounts.n; i++) {
		const struct mount_entry *m = &p->mounts.items[i];

		if (m->volume && (strv_add(&ret->volumes, m->volume) < 0 ||
				  (m->anonymous && strv_add(&ret->anonymous, m->volume) < 0)))
			r = err_errno(e, ENOMEM, "volumes");
	}
	if (r < 0)
		return r;
	ret->made = p->mounts.created;
	p->mounts.created = (struct strv){0};
	ret->network_helper = p->network.helper;
	p->network.helper = (struct strv){0};
	ret->stop_signal = p->stop_signal;
	ret->stop_timeout_s = p->in->options->stop_timeout;
	return 0;
}

void bundle_discard_volumes(struct engine *eng, struct keeper *keeper, const char *id, const struct strv *made)
{
	for (size_t i = 0; i < made->n; i++) {
		struct err e = {0};
		int r = volume_discard(eng->data_fd, made->items[i], keeper, &e);

		(void)!attest_volume(eng, AUDIT_VERB_VOLUME_RM, made->items[i], id, "discard", false, r, &e);
	}
}

int bundle_write(const struct bundle_input *in, struct bundle_result *ret, struct err *e)
{
	static int (*const steps[])(struct bundle_plan *, struct err *) = {
		plan_root, plan_argv,   plan_systemd, plan_workdir, plan_user, plan_cdi, plan_env,  plan_profile,
		plan_stop, plan_health, plan_labels, plan_network, plan_secrets, plan_mountpoints, plan_mounts, plan_landlock, write_all,
	};
	struct bundle_plan *p = calloc(1, sizeof(*p));
	struct bundle_result out = {0};
	int r = 0;

	if (!p)
		return err_errno(e, ENOMEM, "bundle");
	p->in = in;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](p, e);
	if (r == 0)
		r = give_result(p, &out, e);
	if (r == 0)
		*ret = out;
	else
		bundle_result_done(&out);
	if (r < 0)
		bundle_discard_volumes(in->eng, in->keeper, in->id, &p->mounts.created);
	plan_done(p);
	free(p);
	return r;
}
