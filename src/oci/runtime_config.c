/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Top level and process. The order of a config's keys never matters; each
 * function reads the keys of one object of the spec, under the spec's names.
 *
 * Keys of the spec that we do not do are in `refused`: present and filled
 * they are an error. Keys that nobody knows are ignored, as the spec says
 * ("Extensibility").
 */
#include "oci/runtime_config.h"

#include "sys/capname.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static const char *const refused[] = {
	"vm", "windows", "solaris", "freebsd", "zos", "linux.intelRdt", "linux.memoryPolicy", "linux.netDevices",
};

bool config_is_filled(struct json_object *o)
{
	if (json_object_is_type(o, json_type_array))
		return json_object_array_length(o) > 0;
	return json_object_is_type(o, json_type_object) && json_object_object_length(o) > 0;
}

int config_list_read(struct json_object *o, const char *path, size_t size, size_t max, config_read_item read,
		     void **ret_items, size_t *ret_n, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(o, path, &list, e);
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;
	char *items;

	if (r < 0 || n == 0)
		return r;
	if (n > max)
		return err_set(e, E2BIG, "%s: more than %zu", path, max);
	items = mem_array(n, size);
	if (!items)
		return err_errno(e, ENOMEM, "%s", path);
	/* counted at once, so that whatever a failed reader left is freed with the rest */
	*ret_items = items;
	*ret_n = n;
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_object))
			return err_set(e, EINVAL, "%s[%zu]: not an object", path, i);
		r = read(item, items + i * size, e);
		if (r < 0)
			return err_wrap(e, r, "%s[%zu]", path, i);
	}
	return 0;
}

/* ---- process ---- */

static int read_groups(struct json_object *o, struct config_process *p, struct err *e)
{
	struct json_object *list = NULL;
	int r = json_get_array(o, "user.additionalGids", &list, e);
	size_t n = r == 0 && list ? json_object_array_length(list) : 0;

	if (r < 0 || n == 0)
		return r;
	if (n > CONFIG_GROUPS_MAX)
		return err_set(e, E2BIG, "user.additionalGids: more than %d", CONFIG_GROUPS_MAX);
	p->groups = mem_array(n, sizeof(*p->groups));
	if (!p->groups)
		return err_errno(e, ENOMEM, "user.additionalGids");
	p->n_groups = n;
	for (size_t i = 0; i < n; i++) {
		struct json_object *g = json_object_array_get_idx(list, i);
		int64_t v = json_object_is_type(g, json_type_int) ? json_object_get_int64(g) : -1;

		if (v < 0 || v >= UINT32_MAX)
			return err_set(e, EINVAL, "user.additionalGids[%zu]: not a group ID", i);
		p->groups[i] = (uint32_t)v;
	}
	return 0;
}

static int read_user(struct json_object *o, struct config_process *p, struct err *e)
{
	uint32_t mask = 022;
	int r;

	r = json_get_u32(o, "user.uid", 0, UINT32_MAX - 1, &p->uid, e);
	if (r == 0)
		r = json_get_u32(o, "user.gid", 0, UINT32_MAX - 1, &p->gid, e);
	if (r == 0)
		r = json_get_u32(o, "user.umask", 0, 0777, &mask, e);
	p->umask = mask;
	return r == 0 ? read_groups(o, p, e) : r;
}

/* A name as capabilities(7) has them, of a kernel or a library that is newer than ours. */
static bool is_cap_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return strncmp(name, "CAP_", 4) == 0 && n > 4 && n <= 40 && name[n] == '\0';
}

/* What is unknown cannot be given, so it is left out, and noted for a warning (config.md, "Linux Process"). */
static int read_cap_set(struct json_object *o, const char *path, struct config_process *p, uint64_t *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	int r = json_get_strv(o, path, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (capname_add(names.items[i], ret) == 0)
			continue;
		if (!is_cap_name(names.items[i]))
			return err_set(e, EINVAL, "%s[%zu]: %.40s is no capability", path, i, names.items[i]);
		p->unknown_cap = json_object_get_string(json_object_array_get_idx(json_at(o, path), i));
	}
	return r;
}

static int read_caps(struct json_object *o, struct config_process *p, struct err *e)
{
	struct caps *c = &p->caps;
	int r;

	r = read_cap_set(o, "capabilities.bounding", p, &c->bounding, e);
	if (r == 0)
		r = read_cap_set(o, "capabilities.permitted", p, &c->permitted, e);
	if (r == 0)
		r = read_cap_set(o, "capabilities.effective", p, &c->effective, e);
	if (r == 0)
		r = read_cap_set(o, "capabilities.inheritable", p, &c->inheritable, e);
	if (r == 0)
		r = read_cap_set(o, "capabilities.ambient", p, &c->ambient, e);
	return r;
}

static int read_rlimit(struct json_object *o, void *item, struct err *e)
{
	static const struct {
		const char *name;
		int resource;
	} names[] = {
		{"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
		{"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
		{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
		{"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
		{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},
		{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}, {"RLIMIT_STACK", RLIMIT_STACK},
	};
	struct config_rlimit *l = item;
	const char *name = NULL;
	int r;

	r = json_get_str(o, "type", &name, e);
	if (r == 0)
		r = json_get_u64(o, "soft", 0, UINT64_MAX, &l->soft, e);
	if (r == 0)
		r = json_get_u64(o, "hard", 0, UINT64_MAX, &l->hard, e);
	if (r < 0)
		return r;
	if (l->soft > l->hard)
		return err_set(e, EINVAL, "soft is over hard");
	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i].name) == 0) {
			l->resource = names[i].resource;
			return 0;
		}
	return err_set(e, EINVAL, "type: %.40s is unknown", name ? name : "(none)");
}

static int read_rlimits(struct json_object *o, struct config_process *p, struct err *e)
{
	int r = config_list_read(o, "rlimits", sizeof(*p->rlimits), CONFIG_ITEMS_MAX, read_rlimit, (void **)&p->rlimits,
				 &p->n_rlimits, e);

	for (size_t i = 0; r == 0 && i < p->n_rlimits; i++)
		for (size_t k = 0; k < i; k++)
			if (p->rlimits[k].resource == p->rlimits[i].resource)
				return err_set(e, EINVAL, "rlimits[%zu]: the type is there twice", i);
	return r;
}

static int read_labels(struct json_object *o, struct config_process *p, struct err *e)
{
	int r = json_get_str(o, "apparmorProfile", &p->apparmor, e);

	if (r == 0)
		r = json_get_str(o, "selinuxLabel", &p->selinux, e);
	if (p->apparmor && (!*p->apparmor || strcmp(p->apparmor, "unconfined") == 0))
		p->apparmor = NULL;
	if (p->selinux && !*p->selinux)
		p->selinux = NULL;
	return r;
}

static int read_console(struct json_object *o, struct config_process *p, struct err *e)
{
	uint32_t rows = 0, cols = 0;
	int r = json_get_bool(o, "terminal", &p->terminal, e);

	if (r == 0)
		r = json_get_u32(o, "consoleSize.height", 0, UINT16_MAX, &rows, e);
	if (r == 0)
		r = json_get_u32(o, "consoleSize.width", 0, UINT16_MAX, &cols, e);
	p->rows = (uint16_t)rows;
	p->cols = (uint16_t)cols;
	return r;
}

static int read_oom(struct json_object *o, struct config_process *p, struct err *e)
{
	int64_t v = 0;
	int r;

	p->has_oom_score_adj = json_at(o, "oomScoreAdj") != NULL;
	r = json_get_i64(o, "oomScoreAdj", -1000, 1000, &v, e);
	p->oom_score_adj = (int32_t)v;
	return r;
}

static int check_process(const struct config_process *p, struct err *e)
{
	if (p->args.n == 0)
		return err_set(e, EINVAL, "args: missing or empty");
	if (!p->cwd || p->cwd[0] != '/')
		return err_set(e, EINVAL, "cwd: not an absolute path");
	for (size_t i = 0; i < p->env.n; i++)
		if (!strchr(p->env.items[i], '=') || p->env.items[i][0] == '=')
			return err_set(e, EINVAL, "env[%zu]: not NAME=VALUE", i);
	return 0;
}

int config_process_read(struct json_object *o, struct config_process *ret, struct err *e)
{
	typedef int (*part)(struct json_object *, struct config_process *, struct err *);
	static const part parts[] = {read_console, read_user, read_caps, read_rlimits, read_labels, read_oom, config_sched_read};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = parts[i](o, ret, e);
	if (r == 0)
		r = json_get_strv(o, "args", &ret->args, e);
	if (r == 0)
		r = json_get_strv(o, "env", &ret->env, e);
	if (r == 0)
		r = json_get_str(o, "cwd", &ret->cwd, e);
	if (r == 0)
		r = json_get_bool(o, "noNewPrivileges", &ret->no_new_privs, e);
	return r == 0 ? check_process(ret, e) : r;
}

void config_process_done(struct config_process *p)
{
	free(p->groups);
	free(p->rlimits);
	strv_done(&p->args);
	strv_done(&p->env);
	memset(p, 0, sizeof(*p));
}

/* ---- top ---- */

/* An empty one asks for nothing, but for Intel RDT: that is a group of the container's own (config-linux.md, "IntelRdt"). */
static int check_refused(struct json_object *root, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct json_object *o = json_at(root, refused[i]);

		if (o && !json_object_is_type(o, json_type_object))
			return err_set(e, EINVAL, "%s: not an object", refused[i]);
		if (config_is_filled(o) || (o && strcmp(refused[i], "linux.intelRdt") == 0))
			return err_set(e, ENOTSUP, "%s: not supported", refused[i]);
	}
	return 0;
}

static int check_version(const struct runtime_config *c, struct err *e)
{
	if (!c->oci_version)
		return err_set(e, EINVAL, "ociVersion: missing");
	if (strncmp(c->oci_version, "1.", 2) != 0)
		return err_set(e, ENOTSUP, "ociVersion: %.20s is not 1.x", c->oci_version);
	return 0;
}

static int read_name(struct json_object *o, const char *key, const char **ret, struct err *e)
{
	int r = json_get_str(o, key, ret, e);

	if (r == 0 && *ret && !**ret)
		*ret = NULL;
	if (r == 0 && *ret && strlen(*ret) > 64)
		return err_set(e, EINVAL, "%s: longer than 64 bytes", key);
	return r;
}

static int read_mount_context(struct runtime_config *c, struct err *e)
{
	struct json_object *v;
	const char *text;

	if (!c->annotations || !json_object_object_get_ex(c->annotations, CONFIG_MOUNT_CONTEXT, &v))
		return 0;
	text = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
	c->label_root_only = strcmp(text, "rootcontext") == 0;
	if (!c->label_root_only && strcmp(text, "context") != 0)
		return err_set(e, ENOTSUP, "annotations." CONFIG_MOUNT_CONTEXT ": neither context nor rootcontext");
	return 0;
}

static int read_top(struct json_object *o, struct runtime_config *c, struct err *e)
{
	int r;

	r = json_get_str(o, "ociVersion", &c->oci_version, e);
	if (r == 0)
		r = check_version(c, e);
	if (r == 0)
		r = check_refused(o, e);
	if (r == 0)
		r = json_get_str(o, "root.path", &c->root_path, e);
	if (r == 0)
		r = json_get_bool(o, "root.readonly", &c->root_readonly, e);
	if (r == 0)
		r = read_name(o, "hostname", &c->hostname, e);
	if (r == 0)
		r = read_name(o, "domainname", &c->domainname, e);
	if (r == 0)
		r = json_get_object(o, "annotations", &c->annotations, e);
	if (r == 0)
		r = read_mount_context(c, e);
	if (r == 0 && (!c->root_path || !*c->root_path))
		return err_set(e, EINVAL, "root.path: missing");
	return r;
}

static int read_process(struct json_object *o, struct runtime_config *c, struct err *e)
{
	struct json_object *p = NULL;
	int r = json_get_object(o, "process", &p, e);

	if (r < 0 || !p)
		return r;
	c->has_process = true;
	r = config_process_read(p, &c->process, e);
	return r < 0 ? err_wrap(e, r, "process") : 0;
}

int runtime_config_parse(const char *text, size_t len, struct runtime_config *ret, struct err *e)
{
	struct runtime_config c = {0};
	int r;

	r = json_parse_apart(text, len, "config.json", "linux.seccomp", &c.json, &c.seccomp, e);
	if (r < 0)
		return r;
	if (!json_object_is_type(c.json, json_type_object))
		r = err_set(e, EINVAL, "not an object");
	if (r == 0)
		r = read_top(c.json, &c, e);
	if (r == 0)
		r = read_process(c.json, &c, e);
	if (r == 0)
		r = json_get_object(c.json, "hooks", &c.hooks_json, e);
	if (r == 0 && c.hooks_json)
		r = config_hooks_read(c.hooks_json, &c.hooks, e);
	if (r == 0)
		r = config_mounts_read(c.json, &c, e);
	if (r == 0)
		r = config_linux_read(c.json, &c, e);
	if (r < 0) {
		runtime_config_done(&c);
		return err_wrap(e, r, "config.json");
	}
	*ret = c;
	return 0;
}

void runtime_config_done(struct runtime_config *c)
{
	config_process_done(&c->process);
	config_hooks_done(&c->hooks);
	for (size_t i = 0; i < c->n_mounts; i++) {
		strv_done(&c->mounts[i].options);
		free(c->mounts[i].map);
	}
	for (size_t i = 0; i < c->n_sysctls; i++)
		free(c->sysctls[i].name);
	free(c->mounts);
	free(c->namespaces);
	free(c->map);
	free(c->devices);
	free(c->sysctls);
	strv_done(&c->masked_paths);
	strv_done(&c->readonly_paths);
	free(c->seccomp);
	json_object_put(c->json);
	memset(c, 0, sizeof(*c));
}

const struct config_namespace *runtime_config_namespace(const struct runtime_config *c, int flag)
{
	for (size_t i = 0; i < c->n_namespaces; i++)
		if (c->namespaces[i].flag == flag)
			return &c->namespaces[i];
	return NULL;
}
