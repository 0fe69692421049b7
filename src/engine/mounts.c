/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The defaults are podman's (podman-run(1), runtime-spec "Default
 * Filesystems"), with two that depend on what the container shares with the
 * host: a sysfs shows the network namespace of its mounter and a procfs the
 * PID namespace, and the kernel lets a user namespace mount only what it
 * owns; so with the host's network or PIDs the host's own is bound instead,
 * read-only where the container's would be.
 */
#include "engine/mounts.h"
#include "engine/engine.h"
#include "engine/sdnotify.h"
#include "engine/peer.h"

#include "oci/runtime_config.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void mount_list_done(struct mount_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mount_entry *m = &l->items[i];

		free(m->type);
		free(m->source);
		free(m->destination);
		free(m->volume);
		free(m->image);
		free(m->image_id);
		free(m->subpath);
		strv_done(&m->options);
	}
	free(l->items);
	strv_done(&l->created);
	*l = (struct mount_list){0};
}

static int add_words(struct strv *v, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, ",");
		int r = strv_addf(v, "%.*s", (int)len, words);

		if (r < 0)
			return r;
		words += len + (words[len] == ',');
	}
	return 0;
}

#define MOUNTS_ROOM 32 /* what a plain container has, and some */

/* A user's wish takes the place of a default. -EEXIST: of another wish. */
static int make_room(struct mount_list *l, enum mount_origin origin, const char *destination, struct mount_entry **ret)
{
	for (size_t i = 0; i < l->n; i++) {
		struct mount_entry *m = &l->items[i];

		if (strcmp(m->destination, destination) != 0)
			continue;
		if (m->origin != MOUNT_DEFAULT || origin == MOUNT_DEFAULT)
			return -EEXIST;
		free(m->type);
		free(m->source);
		free(m->destination);
		strv_done(&m->options);
		*m = (struct mount_entry){0};
		*ret = m;
		return 0;
	}
	if (l->n == MOUNTS_MAX)
		return -E2BIG;
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : MOUNTS_ROOM;
		struct mount_entry *items = mem_regrow(l->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		memset(items + l->room, 0, (room - l->room) * sizeof(*items));
		l->items = items;
		l->room = room;
	}
	*ret = &l->items[l->n++];
	return 0;
}

struct mount_entry *mount_list_add(struct mount_list *l, enum mount_origin origin, const char *type, const char *source,
				   const char *destination, const char *words, struct err *e)
{
	struct mount_entry *m = NULL;
	int r = make_room(l, origin, destination, &m);

	if (r < 0) {
		(void)(r == -EEXIST ? err_set(e, EEXIST, "%s: two mounts have this destination", destination)
				    : err_errno(e, -r, "mount %s", destination));
		return NULL;
	}
	m->origin = origin;
	m->type = strdup(type);
	m->source = strdup(source);
	m->destination = strdup(destination);
	if (!m->type || !m->source || !m->destination || add_words(&m->options, words) < 0) {
		(void)err_errno(e, ENOMEM, "mount %s", destination);
		return NULL;
	}
	return m;
}

static unsigned depth(const char *path)
{
	unsigned n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1];
	return n;
}

void mount_lower_add(struct buf *out, const char *dir)
{
	if (out->len > 0 && out->data[out->len - 1] != '=')
		buf_addc(out, ':');
	for (; *dir; dir++) {
		if (*dir == ':' || *dir == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *dir);
	}
}

int mount_overlay_words(const struct bundle_input *in, struct strv *options)
{
	/* root's too, within a user namespace or not: layers are unpacked with opaque marks of that kind (tar/untar.h) */
	int r = strv_add(options, "userxattr");

	if (r == 0 && in->fuse->forced)
		r = strv_add(options, "mount_program=" FUSE_OVERLAY_PROGRAM);
	return r;
}

/* Stable, by depth: what lies below comes after what it lies on. Insertion: the lists are short and nearly sorted. */
void mount_list_sort(struct mount_list *l)
{
	for (size_t i = 1; i < l->n; i++) {
		struct mount_entry m = l->items[i];
		size_t k = i;

		for (; k > 0 && depth(l->items[k - 1].destination) > depth(m.destination); k--)
			l->items[k] = l->items[k - 1];
		l->items[k] = m;
	}
}

/* ---- the defaults ---- */

static bool is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

static int add_default(struct mount_list *l, const char *type, const char *source, const char *destination,
		       const char *words, struct err *e)
{
	return mount_list_add(l, MOUNT_DEFAULT, type, source, destination, words, e) ? 0 : -ENOMEM;
}

static int add_proc(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	struct mount_entry *proc;

	if (is_host(m->in->options->pid)) {
		if (m->profile->proc_options.n > 0)
			return err_set(e, EINVAL, "--security-opt proc-opts: not possible with --pid host");
		return add_default(l, "bind", "/proc", "/proc", "rbind,nosuid,noexec,nodev", e);
	}
	proc = mount_list_add(l, MOUNT_DEFAULT, "proc", "proc", "/proc", "nosuid,noexec,nodev", e);
	if (!proc)
		return -ENOMEM;
	return strv_add_all(&proc->options, m->profile->proc_options.items) < 0 ? err_errno(e, ENOMEM, "/proc") : 0;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool shares(const struct mounts_input *m, enum peer_ns ns)
{
	return m->in->joined && (m->in->joined->set & PEER_BIT(ns));
}

/* With --ipc shareable where another container can have it too (peer_choice.h); a start makes that directory. */
static int add_own_shm(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const char *mode = m->in->options->ipc;
	_cleanup_free_ char *path = NULL;
	char shm[96];

	if (mode && strcmp(mode, "shareable") == 0)
		return asprintf(&path, "%s/%s/" PEER_SHM, m->in->eng->run_path, m->in->id) < 0
			       ? err_errno(e, ENOMEM, "/dev/shm") : add_default(l, "bind", path, "/dev/shm", "bind,nosuid,noexec,nodev", e);
	snprintf(shm, sizeof(shm), "nosuid,noexec,nodev,mode=1777,size=%llu", (unsigned long long)m->in->options->shm_size);
	return add_default(l, "tmpfs", "shm", "/dev/shm", shm, e);
}

/* The kernel mounts an mqueue for who owns its namespace alone; queues can be used without. */
static int add_shared_ipc(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	int r = shares(m, PEER_USER) || !m->in->userns->create
			? add_default(l, "mqueue", "mqueue", "/dev/mqueue", "nosuid,noexec,nodev", e) : 0;

	if (r < 0 || !m->in->joined->shm)
		return r < 0 ? r : add_own_shm(l, m, e);
	return add_default(l, "bind", m->in->joined->shm, "/dev/shm", "bind,nosuid,noexec,nodev", e);
}

static int add_dev(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const struct container_options *o = m->in->options;
	int r;

	r = add_default(l, "tmpfs", "tmpfs", "/dev", "nosuid,noexec,strictatime,mode=755,size=65536k", e);
	if (r == 0)
		r = add_default(l, "devpts", "devpts", "/dev/pts",
				m->has_gid_tty ? "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"
					       : "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620",
				e);
	if (r < 0)
		return r;
	if (shares(m, PEER_IPC))
		return add_shared_ipc(l, m, e);
	if (is_host(o->ipc)) {
		/* not every host mounts one */
		r = is_dir("/dev/mqueue") ? add_default(l, "bind", "/dev/mqueue", "/dev/mqueue", "bind,nosuid,noexec,nodev", e) : 0;
		return r < 0 ? r : add_default(l, "bind", "/dev/shm", "/dev/shm", "bind,nosuid,noexec,nodev", e);
	}
	r = add_default(l, "mqueue", "mqueue", "/dev/mqueue", "nosuid,noexec,nodev", e);
	if (r < 0 || (o->ipc && strcmp(o->ipc, "none") == 0))
		return r;
	return add_own_shm(l, m, e);
}

static int add_sys(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	bool rw = m->profile->privileged;
	int r;

	/* a view of another container's network is for who is in the user namespace that owns it; for others the runtime makes it beforehand */
	if (network_is_foreign(m->network) && !(m->network == NETWORK_PEER && (!shares(m, PEER_USER) || shares(m, PEER_NET))))
		return add_default(l, "bind", "/sys", "/sys", rw ? "rbind,nosuid,noexec,nodev" : "rbind,nosuid,noexec,nodev,rro", e);
	r = add_default(l, "sysfs", "sysfs", "/sys", rw ? "nosuid,noexec,nodev" : "nosuid,noexec,nodev,ro", e);
	if (r < 0)
		return r;
	if (is_host(m->in->options->cgroupns))
		return add_default(l, "bind", "/sys/fs/cgroup", "/sys/fs/cgroup", "rbind,nosuid,noexec,nodev,rro", e);
	return add_default(l, "cgroup", "cgroup", "/sys/fs/cgroup",
			   rw || m->cgroup_is_writable ? "nosuid,noexec,nodev,relatime" : "nosuid,noexec,nodev,relatime,ro", e);
}

/* label=nested: where labels are asked for. Writable, or libselinux takes it for disabled; files of root's stay root's. */
static int add_selinuxfs(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	if (!m->profile->label.nested || m->label->state != LABEL_ON)
		return 0;
	return add_default(l, "bind", SELINUXFS, SELINUXFS, "bind,nosuid,noexec,nodev", e);
}

/* Of two that have one network, the first one's files about it. */
static int source_of(const struct mounts_input *m, const char *name, char **ret)
{
	if (m->network == NETWORK_PEER && (strcmp(name, "hosts") == 0 || strcmp(name, "resolv.conf") == 0))
		return asprintf(ret, "%s/" ENGINE_CONTAINERS "/%s/%s", m->in->data_dir, m->peer, name);
	return asprintf(ret, "%s/%s", m->in->dir, name);
}

/* The files that hosts.c makes. */
static int add_etc(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const struct container_options *o = m->in->options;
	const struct {
		const char *name;
		bool wanted;
	} files[] = {
		{"hosts", !o->no_hosts},
		{"hostname", !o->no_hostname && !is_host(o->uts)},
		{"resolv.conf", !(o->dns.n == 1 && strcmp(o->dns.items[0], "none") == 0)},
		{"passwd", m->added->passwd},
		{"group", m->added->group},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *source = NULL, *destination = NULL;

		if (!files[i].wanted)
			continue;
		if (source_of(m, files[i].name, &source) < 0 ||
		    asprintf(&destination, "/etc/%s", files[i].name) < 0)
			return err_errno(e, ENOMEM, "/etc");
		if (!mount_list_add(l, MOUNT_DEFAULT, "bind", source, destination, "bind,nosuid,noexec,nodev", e))
			return -ENOMEM;
	}
	return 0;
}

static int add_read_only_tmpfs(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	int r;

	if (!m->in->options->read_only || !m->in->options->read_only_tmpfs)
		return 0;
	r = add_default(l, "tmpfs", "tmpfs", "/run", "nosuid,nodev,mode=755,tmpcopyup", e);
	if (r == 0)
		r = add_default(l, "tmpfs", "tmpfs", "/tmp", "nosuid,nodev,mode=1777,tmpcopyup", e);
	return r < 0 ? r : add_default(l, "tmpfs", "tmpfs", "/var/tmp", "nosuid,nodev,mode=1777,tmpcopyup", e);
}

static int add_init(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	const char *own = m->in->options->init_path;
	int r;

	if (!m->in->options->init)
		return 0;
	if (is_host(m->in->options->pid))
		return err_set(e, EINVAL, "--init: not possible with --pid host");
	if (own && faccessat(AT_FDCWD, own, X_OK, 0) < 0)
		return err_errno(e, errno, "--init-path %s", own);
	r = own ? 0 : self_open_program("ranby-init", &fd, &path, e);
	return r < 0 ? r : add_default(l, "bind", own ? own : path, "/run/ranby-init", "bind,nosuid,nodev,ro", e);
}

static int add_notify(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const char *source;
	int r = sdnotify_source(m->in->eng, m->in->options, &source, e);

	return r < 0 || !source ? r : add_default(l, "bind", source, SDNOTIFY_INSIDE, "bind,nosuid,noexec,nodev", e);
}

static int add_zone(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	const char *tz = m->in->options->tz;
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;

	if (!tz)
		return 0;
	if (strcmp(tz, "local") == 0)
		path = strdup("/etc/localtime");
	else if (!*tz || *tz == '/' || strstr(tz, "..") || asprintf(&path, "/usr/share/zoneinfo/%s", tz) < 0)
		return err_set(e, EINVAL, "--tz %s: not the name of a time zone", tz);
	if (!path)
		return err_errno(e, ENOMEM, "--tz");
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "--tz %s: %s", tz, path);
	return add_default(l, "bind", path, "/etc/localtime", "bind,nosuid,noexec,nodev,ro", e);
}

int mounts_defaults(struct mount_list *l, const struct mounts_input *m, struct err *e)
{
	static int (*const steps[])(struct mount_list *, const struct mounts_input *, struct err *) = {
		add_proc, add_dev, add_sys, add_selinuxfs, add_read_only_tmpfs, add_etc, add_init, add_notify, add_zone,
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r = steps[i](l, m, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- as JSON ---- */

static int add_oci_options(struct json_object *o, const struct mount_entry *m)
{
	int r = json_add_strv(o, "options", &m->options);
	_cleanup_free_ char *word = NULL;

	if (r < 0 || !m->subpath)
		return r;
	if (asprintf(&word, CONFIG_MOUNT_SUBPATH "%s", m->subpath) < 0)
		return -ENOMEM;
	return json_append_str(json_at(o, "options"), word);
}

int mount_list_oci(const struct mount_list *l, struct json_object **ret)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < l->n; i++) {
		const struct mount_entry *m = &l->items[i];
		struct json_object *o = json_object_new_object();

		/* json_append() owns it from here on */
		if (!o || json_append(array, o) < 0 || json_add_str(o, "destination", m->destination) < 0 ||
		    json_add_str(o, "type", m->type) < 0 || json_add_str(o, "source", m->source) < 0 ||
		    add_oci_options(o, m) < 0)
			return -ENOMEM;
	}
	if (!array)
		return -ENOMEM;
	*ret = TAKE_PTR(array);
	return 0;
}

static const char *propagation(const struct mount_entry *m)
{
	static const char *const words[] = {"private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable",
					    "runbindable"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strv_find(&m->options, words[i]) >= 0)
			return words[i];
	return "rprivate";
}

/* Kinds that OCI has no word for. */
static const char *shown_type(const struct mount_entry *m)
{
	return m->volume ? "volume" : m->image ? "image" : m->type;
}

static int mount_shown(struct json_object *o, const struct mount_entry *m)
{
	if (json_add_str(o, "type", shown_type(m)) < 0 || json_add_str(o, "name", m->volume) < 0 ||
	    json_add_str(o, "source", m->image ? m->image : m->source) < 0 || json_add_str(o, "image", m->image_id) < 0 ||
	    json_add_str(o, "subpath", m->subpath) < 0 || json_add_str(o, "destination", m->destination) < 0 ||
	    json_add_str(o, "driver", m->volume ? "local" : NULL) < 0 || (m->device && json_add_bool(o, "device", true) < 0) ||
	    json_add_strv(o, "options", &m->options) < 0 || json_add_bool(o, "rw", !m->read_only) < 0)
		return -ENOMEM;
	return json_add_str(o, "propagation", propagation(m));
}

int mount_list_shown(const struct mount_list *l, struct json_object **ret)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();
	int r = array ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		struct json_object *o;

		if (l->items[i].origin == MOUNT_DEFAULT)
			continue;
		o = json_object_new_object();
		r = json_append(array, o);
		if (r == 0)
			r = mount_shown(o, &l->items[i]);
	}
	if (r == 0)
		*ret = TAKE_PTR(array);
	return r;
}
