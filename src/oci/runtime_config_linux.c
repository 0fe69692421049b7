/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The object "linux". Sysctls are checked here against a list by namespace: a
 * name outside it would change the host, and a value with a line break or a
 * name with ".." could reach another one (CVE-2022-0811).
 */
#include "oci/runtime_config.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static int read_namespace(struct json_object *o, void *item, struct err *e)
{
	static const struct {
		const char *name;
		int flag;
	} types[] = {
		{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS},     {"pid", CLONE_NEWPID},   {"network", CLONE_NEWNET},
		{"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},      {"cgroup", CLONE_NEWCGROUP},
		{"time", CLONE_NEWTIME},
	};
	struct config_namespace *ns = item;
	const char *type = NULL;
	int r;

	r = json_get_str(o, "type", &type, e);
	if (r == 0)
		r = json_get_str(o, "path", &ns->path, e);
	if (r < 0)
		return r;
	if (ns->path && !*ns->path)
		ns->path = NULL;
	if (ns->path && ns->path[0] != '/')
		return err_set(e, EINVAL, "path: not absolute");
	for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i].name) == 0) {
			ns->flag = types[i].flag;
			return 0;
		}
	return err_set(e, EINVAL, "type: %.20s is not supported", type ? type : "(none)");
}

static int check_namespaces(const struct runtime_config *c, struct err *e)
{
	const struct config_namespace *mnt = runtime_config_namespace(c, CLONE_NEWNS);

	for (size_t i = 0; i < c->n_namespaces; i++)
		for (size_t k = 0; k < i; k++)
			if (c->namespaces[k].flag == c->namespaces[i].flag)
				return err_set(e, EINVAL, "namespaces[%zu]: the type is there twice", i);
	if (!mnt || mnt->path)
		return err_set(e, ENOTSUP, "namespaces: a new mount namespace is needed");
	return 0;
}

static int read_extent(struct json_object *o, void *item, struct err *e)
{
	struct id_extent *x = item;
	int r;

	r = json_get_u32(o, "containerID", 0, UINT32_MAX - 1, &x->inside, e);
	if (r == 0)
		r = json_get_u32(o, "hostID", 0, UINT32_MAX - 1, &x->outside, e);
	if (r == 0)
		r = json_get_u32(o, "size", 1, UINT32_MAX, &x->count, e);
	return r;
}

static int read_id_list(struct json_object *l, const char *path, struct id_list *ret, struct err *e)
{
	_cleanup_free_ struct id_extent *x = NULL;
	size_t n = 0;
	int r;

	r = config_list_read(l, path, sizeof(*x), ID_MAP_LINES_MAX, read_extent, (void **)&x, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = id_list_add(ret, x[i].inside, x[i].outside, x[i].count);
		if (r < 0)
			return err_set(e, -r, "%s[%zu]: %s", path, i, r == -EEXIST ? "overlaps another" : "out of range");
	}
	return r;
}

int config_map_read(struct json_object *o, struct id_map *ret, struct err *e)
{
	int r = read_id_list(o, "uidMappings", &ret->uid, e);

	return r == 0 ? read_id_list(o, "gidMappings", &ret->gid, e) : r;
}

static int read_map(struct json_object *l, struct runtime_config *c, struct err *e)
{
	const struct config_namespace *user = runtime_config_namespace(c, CLONE_NEWUSER);
	bool given = config_is_filled(json_at(l, "uidMappings")) || config_is_filled(json_at(l, "gidMappings"));
	int r;

	if (!given && user && !user->path)
		return err_set(e, EINVAL, "uidMappings: missing for a new user namespace");
	if (!given || (user && user->path))
		return 0;
	if (!user)
		return err_set(e, EINVAL, "uidMappings: without a user namespace");
	c->map = mem_array(1, sizeof(*c->map));
	if (!c->map)
		return err_errno(e, ENOMEM, "uidMappings");
	r = config_map_read(l, c->map, e);
	if (r == 0 && (c->map->uid.n == 0 || c->map->gid.n == 0))
		return err_set(e, EINVAL, "uidMappings and gidMappings: both are needed");
	return r;
}

static int read_device(struct json_object *o, void *item, struct err *e)
{
	struct config_device *d = item;
	const char *type = NULL;
	uint32_t mode = 0666;
	int r;

	r = json_get_str(o, "path", &d->path, e);
	if (r == 0)
		r = json_get_str(o, "type", &type, e);
	if (r == 0)
		r = json_get_u32(o, "major", 0, UINT32_MAX, &d->major, e);
	if (r == 0)
		r = json_get_u32(o, "minor", 0, UINT32_MAX, &d->minor, e);
	if (r == 0)
		r = json_get_u32(o, "fileMode", 0, UINT32_MAX, &mode, e);
	if (r == 0)
		r = json_get_u32(o, "uid", 0, UINT32_MAX - 1, &d->uid, e);
	if (r == 0)
		r = json_get_u32(o, "gid", 0, UINT32_MAX - 1, &d->gid, e);
	if (r < 0)
		return r;
	if (!d->path || strncmp(d->path, "/dev/", 5) != 0 || strstr(d->path, ".."))
		return err_set(e, EINVAL, "path: not below /dev");
	if (!type || !type[0] || type[1] || !strchr("cubp", type[0]))
		return err_set(e, EINVAL, "type: not one of c, u, b, p");
	d->type = type[0] == 'b' ? S_IFBLK : type[0] == 'p' ? S_IFIFO : S_IFCHR;
	d->mode = mode & 07777;
	return 0;
}

/* name with '/' in place of '.', and the namespace it belongs to; 0: none, so it would be the host's. */
static int sysctl_namespace(const char *name)
{
	static const struct {
		const char *prefix;
		int flag;
	} known[] = {
		{"net/", CLONE_NEWNET},          {"fs/mqueue/", CLONE_NEWIPC},
		{"kernel/msgmax", CLONE_NEWIPC}, {"kernel/msgmnb", CLONE_NEWIPC},
		{"kernel/msgmni", CLONE_NEWIPC}, {"kernel/sem", CLONE_NEWIPC},
		{"kernel/shmall", CLONE_NEWIPC}, {"kernel/shmmax", CLONE_NEWIPC},
		{"kernel/shmmni", CLONE_NEWIPC}, {"kernel/shm_rmid_forced", CLONE_NEWIPC},
		{"kernel/domainname", CLONE_NEWUTS}, {"kernel/hostname", CLONE_NEWUTS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i].prefix);

		if (known[i].prefix[n - 1] == '/' ? strncmp(name, known[i].prefix, n) == 0 && name[n]
						  : strcmp(name, known[i].prefix) == 0)
			return known[i].flag;
	}
	return 0;
}

/* "net.ipv4.conf.eth0/1.x" and "net/ipv4/..." both: the first separator decides which one it is (sysctl(8)). */
static char *sysctl_path(const char *name)
{
	char *s = strdup(name);
	size_t first = strcspn(name, "./");

	if (!s || name[first] != '.')
		return s;
	for (char *p = s; *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return s;
}

static bool sysctl_is_clean(const char *path, const char *value)
{
	for (const char *p = path; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("/._-", *p))
			return false;
	for (const char *p = value; *p; p++)
		if (!isprint((unsigned char)*p) && *p != '\t')
			return false;
	return path[0] != '/' && !strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./") && strlen(path) < 256;
}

static int add_sysctl(struct runtime_config *c, const char *name, struct json_object *value, struct err *e)
{
	struct config_sysctl *s = &c->sysctls[c->n_sysctls];

	if (!json_object_is_type(value, json_type_string))
		return err_set(e, EINVAL, "sysctl.%.100s: not a string", name);
	s->value = json_object_get_string(value);
	s->name = sysctl_path(name);
	if (!s->name)
		return err_errno(e, ENOMEM, "sysctl");
	c->n_sysctls++;
	if (!sysctl_is_clean(s->name, s->value))
		return err_set(e, EINVAL, "sysctl.%.100s: not a sysctl's name and value", name);
	s->needs = sysctl_namespace(s->name);
	if (s->needs == 0)
		return err_set(e, EPERM, "sysctl.%.100s: not one of a namespace, it would change the host", name);
	if (!runtime_config_namespace(c, s->needs))
		return err_set(e, EPERM, "sysctl.%.100s: the container shares that namespace with the host", name);
	return 0;
}

static int read_sysctls(struct json_object *l, struct runtime_config *c, struct err *e)
{
	struct json_object *o = NULL;
	int r = json_get_object(l, "sysctl", &o, e);
	int n = r == 0 && o ? json_object_object_length(o) : 0;

	if (r < 0 || n == 0)
		return r;
	if (n > CONFIG_ITEMS_MAX)
		return err_set(e, E2BIG, "sysctl: more than %d", CONFIG_ITEMS_MAX);
	c->sysctls = mem_array((size_t)n, sizeof(*c->sysctls));
	if (!c->sysctls)
		return err_errno(e, ENOMEM, "sysctl");
	json_object_object_foreach(o, name, value) {
		r = add_sysctl(c, name, value, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_propagation(struct json_object *l, struct runtime_config *c, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t flags;
	} words[] = {
		{"private", MS_PRIVATE}, {"rprivate", MS_PRIVATE | MS_REC}, {"slave", MS_SLAVE},
		{"rslave", MS_SLAVE | MS_REC}, {"shared", MS_SHARED}, {"rshared", MS_SHARED | MS_REC},
		{"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
	};
	const char *name = NULL;
	int r = json_get_str(l, "rootfsPropagation", &name, e);

	if (r < 0 || !name || !*name)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(name, words[i].name) == 0) {
			c->rootfs_propagation = words[i].flags;
			return 0;
		}
	return err_set(e, EINVAL, "rootfsPropagation: %.20s is unknown", name);
}

static int read_paths(struct json_object *l, const char *key, struct strv *v, struct err *e)
{
	int r = json_get_strv(l, key, v, e);

	for (size_t i = 0; r == 0 && i < v->n; i++)
		if (v->items[i][0] != '/')
			return err_set(e, EINVAL, "%s[%zu]: not an absolute path", key, i);
	return r;
}

/* Mostly it is the text that was left apart; here it is when its key was spelled with escapes. */
static int read_seccomp(struct json_object *l, struct runtime_config *c, struct err *e)
{
	struct json_object *o = NULL;
	int r = json_get_object(l, "seccomp", &o, e);

	if (r < 0 || !o)
		return r;
	if (c->seccomp)
		return err_set(e, EINVAL, "seccomp: given twice");
	c->seccomp = strdup(json_text(o, NULL));
	return c->seccomp ? 0 : err_errno(e, ENOMEM, "seccomp");
}

static int read_offset(struct json_object *l, const char *clock, struct config_time_offset *t, struct err *e)
{
	char path[48];
	int r;

	snprintf(path, sizeof(path), "timeOffsets.%s", clock);
	t->given = json_at(l, path) != NULL;
	snprintf(path, sizeof(path), "timeOffsets.%s.secs", clock);
	r = json_get_i64(l, path, INT64_MIN, INT64_MAX, &t->secs, e);
	snprintf(path, sizeof(path), "timeOffsets.%s.nanosecs", clock);
	return r == 0 ? json_get_u32(l, path, 0, 999999999, &t->nanosecs, e) : r;
}

static int read_time(struct json_object *l, struct runtime_config *c, struct err *e)
{
	const struct config_namespace *ns = runtime_config_namespace(c, CLONE_NEWTIME);
	int r = read_offset(l, "monotonic", &c->monotonic, e);

	if (r == 0)
		r = read_offset(l, "boottime", &c->boottime, e);
	if (r == 0 && (c->monotonic.given || c->boottime.given) && (!ns || ns->path))
		return err_set(e, EINVAL, "timeOffsets: without a new time namespace");
	return r;
}

static int read_personality(struct json_object *l, struct runtime_config *c, struct err *e)
{
	const char *domain = NULL;
	int r = json_get_str(l, "personality.domain", &domain, e);

	if (r == 0 && config_is_filled(json_at(l, "personality.flags")))
		return err_set(e, ENOTSUP, "personality.flags: none is known");
	if (r < 0 || !json_at(l, "personality"))
		return r;
	if (!domain || (strcmp(domain, "LINUX") != 0 && strcmp(domain, "LINUX32") != 0))
		return err_set(e, EINVAL, "personality.domain: %.20s is unknown", domain ? domain : "(none)");
	c->has_personality = true;
	c->personality = strcmp(domain, "LINUX32") == 0 ? PER_LINUX32 : PER_LINUX;
	return 0;
}

static int read_rest(struct json_object *l, struct runtime_config *c, struct err *e)
{
	int r;

	r = read_paths(l, "maskedPaths", &c->masked_paths, e);
	if (r == 0)
		r = read_paths(l, "readonlyPaths", &c->readonly_paths, e);
	if (r == 0)
		r = read_propagation(l, c, e);
	if (r == 0)
		r = read_seccomp(l, c, e);
	if (r == 0)
		r = read_time(l, c, e);
	if (r == 0)
		r = read_personality(l, c, e);
	if (r == 0)
		r = json_get_object(l, "resources", &c->resources, e);
	if (r == 0)
		r = json_get_str(l, "mountLabel", &c->mount_label, e);
	if (r == 0)
		r = json_get_str(l, "cgroupsPath", &c->cgroups_path, e);
	if (c->mount_label && !*c->mount_label)
		c->mount_label = NULL;
	if (c->cgroups_path && !*c->cgroups_path)
		c->cgroups_path = NULL;
	return r;
}

static int read_linux(struct json_object *l, struct runtime_config *c, struct err *e)
{
	int r;

	r = config_list_read(l, "namespaces", sizeof(*c->namespaces), 16, read_namespace, (void **)&c->namespaces,
			     &c->n_namespaces, e);
	if (r == 0)
		r = check_namespaces(c, e);
	if (r == 0)
		r = read_map(l, c, e);
	if (r == 0)
		r = config_list_read(l, "devices", sizeof(*c->devices), CONFIG_ITEMS_MAX, read_device,
				     (void **)&c->devices, &c->n_devices, e);
	if (r == 0)
		r = read_sysctls(l, c, e);
	return r == 0 ? read_rest(l, c, e) : r;
}

int config_linux_read(struct json_object *root, struct runtime_config *c, struct err *e)
{
	struct json_object *l = NULL;
	int r = json_get_object(root, "linux", &l, e);

	if (r < 0)
		return r;
	if (!l)
		return err_set(e, EINVAL, "linux: missing");
	r = read_linux(l, c, e);
	return r < 0 ? err_wrap(e, r, "linux") : 0;
}
