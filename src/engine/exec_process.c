/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Copies, then changes: a key that this file does not know of (no_new_privs,
 * labels, limits) holds for the exec as it does for the container, so an exec
 * is never less confined because somebody forgot it here.
 */
#include "engine/exec_process.h"
#include "engine/capset.h"
#include "engine/env.h"
#include "engine/inforce.h"
#include "engine/root_files.h"
#include "engine/user.h"

#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/path.h"
#include "sys/procfs.h"

#include <fcntl.h>
#include <string.h>

#define CONFIG_MAX (4U << 20)
#define FUSE_PATIENCE_MS 10000 /* a busy disk, and not for ever */

static int read_process(const struct container *c, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	_cleanup_json_ struct json_object *config = NULL;
	struct json_object *process = NULL;
	int r = container_read(c, "config.json", CONFIG_MAX, &b);

	if (r < 0)
		return err_errno(e, -r, "config.json of container %.12s", c->id);
	r = json_parse(buf_str(&b), b.len, "config.json", &config, e);
	if (r == 0)
		r = json_get_object(config, "process", &process, e);
	if (r < 0 || !process)
		return r < 0 ? r : err_set(e, EINVAL, "config.json of container %.12s: no process", c->id);
	*ret = json_object_get(process);
	return 0;
}

/* The running container's databases, through its init's root, and its map. */
static int read_root(const struct container *c, struct user_files *ret, struct id_map *ret_map, struct err *e)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc p = PROC_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open_identity(&fs, c->pid, c->start_ticks, &p);
	if (r == 0) {
		fd = openat(p.dirfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			r = -errno;
		else if (!proc_is_there(&p))
			r = -ESRCH;
	}
	if (r == 0)
		r = id_map_read(p.dirfd, ret_map);
	if (r == 0 && inforce_fuse_device(c->state))
		r = root_files_read(&p, fd, FUSE_PATIENCE_MS, ret);
	else if (r == 0)
		return user_files_from_root(fd, ret, e);
	return r < 0 ? err_errno(e, -r, "root of container %.12s", c->id) : 0;
}

static int user_json(const struct user_id *u, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *groups = json_object_new_array();

	if (!o || !groups || json_add_int(o, "uid", u->uid) < 0 || json_add_int(o, "gid", u->gid) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < u->n_groups; i++)
		if (json_append(groups, json_object_new_int64(u->groups[i])) < 0)
			return -ENOMEM;
	if (json_add(o, "additionalGids", TAKE_PTR(groups)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* Capabilities of another user than the container's: see the header. */
static int set_caps(struct json_object *process, const struct strv *set, bool bounding_too)
{
	static const char *const sets[] = {"effective", "permitted", "inheritable", "ambient", "bounding"};
	struct json_object *caps = json_at(process, "capabilities");
	int r = 0;

	if (!caps) {
		caps = json_object_new_object();
		r = caps ? json_add(process, "capabilities", caps) : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sets); i++) {
		static const struct strv none = {0};
		bool given = i < 2 || (i == 4 && bounding_too);

		if (i == 4 && !bounding_too)
			continue;
		json_object_object_del(caps, sets[i]);
		r = json_add_strv(caps, sets[i], given ? set : &none);
	}
	return r;
}

static int apply_caps(const struct exec_request *q, struct json_object *process, bool other_user, bool is_root,
		      struct err *e)
{
	static const struct strv none = {0};
	_cleanup_(strv_done) struct strv caps = {0};
	int r;

	if (q->privileged) {
		r = capset_resolve(NULL, &none, &none, true, &caps, e);
		if (r == 0 && set_caps(process, &caps, true) < 0)
			r = err_errno(e, ENOMEM, "capabilities");
		return r;
	}
	if (!other_user)
		return 0;
	r = is_root ? json_get_strv(process, "capabilities.bounding", &caps, e) : 0;
	if (r == 0 && set_caps(process, &caps, false) < 0)
		r = err_errno(e, ENOMEM, "capabilities");
	return r;
}

static int apply_user(const struct exec_request *q, struct json_object *process, struct strv *env, struct err *e)
{
	_cleanup_(user_files_done) struct user_files files = {0};
	_cleanup_free_ struct user_id *u = calloc(1, sizeof(*u));
	_cleanup_free_ struct id_map *map = calloc(1, sizeof(*map));
	_cleanup_json_ struct json_object *user = NULL;
	int r;

	if (!q->user)
		return apply_caps(q, process, false, false, e);
	if (!u || !map)
		return err_errno(e, ENOMEM, "user");
	r = read_root(q->c, &files, map, e);
	if (r == 0)
		r = user_resolve(q->user, &files, NULL, u, e);
	if (r == 0)
		r = user_keep_mapped(u, map, false, e);
	if (r < 0)
		return r;
	if (user_json(u, &user) < 0)
		return err_errno(e, ENOMEM, "user");
	json_object_object_del(process, "user");
	if (json_add(process, "user", TAKE_PTR(user)) < 0)
		return err_errno(e, ENOMEM, "user");
	if (u->home[0]) {
		_cleanup_(buf_done) struct buf home = BUF_INIT;

		buf_addf(&home, "HOME=%s", u->home);
		if (buf_bad(&home) || strv_env_set(env, buf_str(&home)) < 0)
			return err_errno(e, ENOMEM, "environment");
	}
	return apply_caps(q, process, true, u->uid == 0, e);
}

static int apply_env(const struct exec_request *q, struct strv *env, struct err *e)
{
	int r = 0;

	if (q->tty && !strv_env_get(env, "TERM") && strv_add(env, "TERM=xterm") < 0)
		return err_errno(e, ENOMEM, "environment");
	for (size_t i = 0; r == 0 && q->env_file && i < q->env_file->n; i++)
		r = env_file_read(env, q->env_file->items[i], q->caller_env, e);
	for (size_t i = 0; r == 0 && q->env && i < q->env->n; i++) {
		r = env_apply(env, q->env->items[i], q->caller_env, e);
		if (r < 0)
			return err_wrap(e, r, "--env %s", q->env->items[i]);
	}
	return r;
}

static int replace(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_del(o, key);
	return json_add(o, key, value);
}

static int apply_words(const struct exec_request *q, struct json_object *process, const struct strv *env)
{
	_cleanup_(strv_done) struct strv args = {0};

	json_object_object_del(process, "args");
	json_object_object_del(process, "env");
	json_object_object_del(process, "consoleSize");
	if (strv_add_all(&args, q->command) < 0 || json_add_strv(process, "args", &args) < 0 ||
	    json_add_strv(process, "env", env) < 0 || replace(process, "terminal", json_object_new_boolean(q->tty)) < 0)
		return -ENOMEM;
	return q->workdir && *q->workdir ? replace(process, "cwd", json_object_new_string(q->workdir)) : 0;
}

int exec_process_make(const struct exec_request *q, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *process = NULL;
	_cleanup_(strv_done) struct strv env = {0};
	int r;

	if (q->workdir && *q->workdir && *q->workdir != '/')
		return err_set(e, EINVAL, "--workdir %s: not an absolute path", q->workdir);
	r = read_process(q->c, &process, e);
	if (r == 0)
		r = json_get_strv(process, "env", &env, e);
	if (r == 0)
		r = apply_user(q, process, &env, e);
	if (r == 0)
		r = apply_env(q, &env, e);
	if (r < 0)
		return r;
	if (apply_words(q, process, &env) < 0)
		return err_errno(e, ENOMEM, "process of the exec session");
	*ret = TAKE_PTR(process);
	return 0;
}
