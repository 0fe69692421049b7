/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Everything comes from the host's /proc through a descriptor of the process
 * itself, so it cannot be another one's; ids are host ids, because the reader
 * is in the host's user namespace. Values are as the kernel prints them where
 * it prints words.
 */
#include "engine/inforce.h"

#include "sys/fd.h"
#include "sys/fuse_overlay.h"
#include "sys/idmap.h"
#include "sys/landlock.h"
#include "sys/loginuid.h"
#include "sys/procfs.h"
#include "sys/root_mount.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int add_cap(struct json_object *o, const char *key, uint64_t mask)
{
	char hex[24];

	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)mask);
	return json_add_str(o, key, hex);
}

static int add_ids(struct json_object *o, const char *key, const uint32_t *ids, size_t n)
{
	struct json_object *list = json_object_new_array();

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (json_append(list, json_object_new_int64(ids[i])) < 0) {
			json_object_put(list);
			return -ENOMEM;
		}
	return json_add(o, key, list);
}

static int add_status(struct json_object *o, const struct proc *p)
{
	static const char *const modes[] = {"disabled", "strict", "filter"};
	_cleanup_(proc_status_done) struct proc_status st = {0};
	int r = proc_read_status(p, &st);

	if (r < 0)
		return r;
	if (add_ids(o, "uid", st.uid, 4) < 0 || add_ids(o, "gid", st.gid, 4) < 0 ||
	    add_ids(o, "groups", st.groups, st.n_groups) < 0 || add_cap(o, "capEff", st.cap_eff) < 0 ||
	    add_cap(o, "capPrm", st.cap_prm) < 0 || add_cap(o, "capInh", st.cap_inh) < 0 ||
	    add_cap(o, "capBnd", st.cap_bnd) < 0 || add_cap(o, "capAmb", st.cap_amb) < 0)
		return -ENOMEM;
	if (st.no_new_privs >= 0 && json_add_bool(o, "noNewPrivs", st.no_new_privs) < 0)
		return -ENOMEM;
	if (st.seccomp >= 0 && st.seccomp < (int)ARRAY_SIZE(modes) && json_add_str(o, "seccomp", modes[st.seccomp]) < 0)
		return -ENOMEM;
	if (st.seccomp_filters >= 0 && json_add_int(o, "seccompFilters", st.seccomp_filters) < 0)
		return -ENOMEM;
	return 0;
}

/* What is in force by attr/current; none where no such module runs. */
static int add_label(struct json_object *o, const struct proc *p)
{
	char label[PROC_LABEL_MAX];

	return proc_read_label(p, "current", label) == 0 ? json_add_str(o, "label", label) : 0;
}

static int add_maps(struct json_object *o, const struct proc *p)
{
	_cleanup_free_ struct id_map *map = calloc(1, sizeof(*map));
	_cleanup_(buf_done) struct buf uid = BUF_INIT, gid = BUF_INIT;
	int r = map ? id_map_read(p->dirfd, map) : -ENOMEM;

	if (r < 0)
		return r;
	id_list_text(&map->uid, &uid);
	id_list_text(&map->gid, &gid);
	if (buf_bad(&uid) || buf_bad(&gid))
		return -ENOMEM;
	r = json_add_str(o, "uidMap", buf_str(&uid));
	return r == 0 ? json_add_str(o, "gidMap", buf_str(&gid)) : r;
}

static int add_namespaces(struct json_object *o, const struct proc *p)
{
	static const char *const kinds[] = {"user", "pid", "mnt", "net", "ipc", "uts", "cgroup"};
	struct json_object *list = json_object_new_object();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		uint64_t inode;

		if (proc_ns_inode(p, kinds[i], &inode) == 0)
			r = json_add_u64(list, kinds[i], inode);
	}
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return json_add(o, "namespaces", list);
}

static int add_place(struct json_object *o, const struct proc *p)
{
	_cleanup_(buf_done) struct buf cgroup = BUF_INIT;
	char exe[PATH_MAX];
	ssize_t n = readlinkat(p->dirfd, "exe", exe, sizeof(exe) - 1);

	if (n >= 0) {
		exe[n] = '\0';
		if (json_add_str(o, "exe", exe) < 0)
			return -ENOMEM;
	}
	if (proc_read_cgroup(p, &cgroup) == 0)
		return json_add_str(o, "cgroup", buf_str(&cgroup));
	return 0;
}

/* What its root is mounted from. "device" tells this mount from one that the container makes later. */
static int add_rootfs(struct json_object *o, const struct proc *p)
{
	_cleanup_close_ int root = openat(p->dirfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct json_object *rootfs;
	struct root_mount m;

	if (root < 0 || root_mount_read(p, root, &m) < 0)
		return 0;
	rootfs = json_object_new_object();
	if (json_add(o, "rootfs", rootfs) < 0 || json_add_str(rootfs, "type", m.type) < 0)
		return -ENOMEM;
	return json_add_str(rootfs, "device", m.device);
}

int inforce_add_landlock(struct json_object *in_force, struct json_object *config)
{
	struct json_object *names = json_at(config, "landlock"), *o;
	size_t n = names && json_object_is_type(names, json_type_array) ? json_object_array_length(names) : 0;

	if (n == 0)
		return 0;
	o = json_object_new_object();
	if (json_add(in_force, "landlock", o) < 0 || json_add_u64(o, "domains", n) < 0)
		return -ENOMEM;
	return json_add_int(o, "abi", landlock_abi());
}

const char *inforce_fuse_device(struct json_object *state)
{
	return strcmp(json_str(state, "inForce.rootfs.type"), FUSE_OVERLAY_TYPE) == 0 ? json_str(state, "inForce.rootfs.device") : NULL;
}

static int add_login(struct json_object *o, const struct proc *p)
{
	struct loginuid l;
	int r = loginuid_read_at(p->dirfd, &l);

	if (r == 0 && l.how != LOGINUID_ABSENT && l.how != LOGINUID_TRANSLATED)
		r = json_add_int(o, "auid", l.auid);
	if (r == 0 && l.session != LOGINUID_UNSET)
		r = json_add_int(o, "session", l.session);
	return r;
}

static int build(const struct proc *p, const char *stage, struct json_object *o)
{
	int r = json_add_str(o, "stage", stage);

	if (r == 0)
		r = json_add_int(o, "pid", p->pid);
	if (r == 0)
		r = json_add_u64(o, "startTicks", p->start_ticks);
	if (r == 0)
		r = add_status(o, p);
	if (r == 0)
		r = add_label(o, p);
	if (r == 0)
		r = add_maps(o, p);
	if (r == 0)
		r = add_namespaces(o, p);
	if (r == 0)
		r = add_place(o, p);
	if (r == 0)
		r = add_rootfs(o, p);
	return r == 0 ? add_login(o, p) : r;
}

int inforce_read(pid_t pid, uint64_t start_ticks, const char *stage, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	int r = o ? procfs_open(&fs) : -ENOMEM;

	if (r == 0)
		r = proc_open_identity(&fs, pid, start_ticks, &p);
	if (r == 0)
		r = build(&p, stage, o);
	if (r == 0 && !proc_is_there(&p))
		r = -ESRCH;
	if (r < 0)
		return err_errno(e, -r, "read what is in force for process %d", pid);
	*ret = TAKE_PTR(o);
	return 0;
}
