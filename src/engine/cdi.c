/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A file that is broken is an error when it may be the one that is meant: it
 * is of the wanted kind, or does not even say of which it is. Another vendor's
 * is passed over, so that one of them does not take away the other's devices.
 *
 * YAML is read by ranby-trust, which is confined and has libyaml anyway.
 *
 * Hooks are the OCI's, and run where podman runs them, by ranby-runtime as the
 * user: those that a runtime executes on the host (prestart, createRuntime,
 * createContainer). A startContainer hook would be a program of the image,
 * before the confinement is whole; the later ones wait for nobody. Both are refused.
 */
#include "engine/cdi.h"

#include "oci/cdi.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "trust/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define GPU_KIND "nvidia.com/gpu="
#define FILE_MAX (1U << 20)
#define FILES_MAX 256
#define NAMES_MAX 256

static const char *const usual_dirs[] = {"/etc/cdi", "/var/run/cdi"};

struct document {
	char *path;
	size_t dir; /* in the order of the directories */
	struct json_object *json;
	bool used;
};

struct search {
	struct document *items;
	size_t n;
	struct buf where; /* the directories, and how many files there were */
	const struct strv *wanted;
};

void cdi_edits_done(struct cdi_edits *c)
{
	strv_done(&c->env);
	json_putp(&c->nodes);
	json_putp(&c->mounts);
	json_putp(&c->hooks);
	json_putp(&c->gids);
}

static void search_done(struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].path);
		json_putp(&s->items[i].json);
	}
	free(s->items);
	buf_done(&s->where);
}

/* ---- the names ---- */

/* "all", "0", "GPU-…", docker's "device=0,1": podman's nvidia.com/gpu=… */
static int add_gpus(const char *text, struct strv *ret, struct err *e)
{
	const char *p = strncmp(text, "device=", 7) == 0 ? text + 7 : text;

	do {
		size_t len = strcspn(p, ",");
		struct cdi_name unused;

		if (strv_addf(ret, GPU_KIND "%.*s", (int)(len < 255 ? len : 255), p) < 0)
			return err_errno(e, ENOMEM, "--gpus");
		if (cdi_name_parse(ret->items[ret->n - 1], &unused, NULL) < 0) {
			(void)err_set(e, EINVAL, "--gpus %.200s: not all, a number, or device=NAME", text);
			err_hint(e, "the devices are CDI's nvidia.com/gpu=...; others are named by --device");
			return -EINVAL;
		}
		p += len;
	} while (*p++ == ',');
	return 0;
}

static int names_of(const struct container_options *o, struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->device.n; i++) {
		struct cdi_name unused;

		if (!cdi_is_name(o->device.items[i]))
			continue;
		r = cdi_name_parse(o->device.items[i], &unused, e);
		if (r < 0)
			return err_wrap(e, r, "--device");
		if (strv_add(ret, o->device.items[i]) < 0)
			r = err_errno(e, ENOMEM, "--device");
	}
	for (size_t i = 0; r == 0 && i < o->gpus.n; i++)
		r = add_gpus(o->gpus.items[i], ret, e);
	return r == 0 && ret->n > NAMES_MAX ? err_set(e, E2BIG, "--device: more than %d CDI devices", NAMES_MAX) : r;
}

int cdi_check(const struct container_options *o, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};

	return names_of(o, &names, e);
}

/* ---- the files ---- */

/* What another could write, he could have us do. */
static int check_owner(int fd, mode_t type, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", path);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(e, EINVAL, "%s: not a regular file", path);
	if (st.st_uid != 0 || (st.st_mode & 022))
		return err_set(e, EPERM, "%s: others than root may write to it, so it is not read", path);
	return 0;
}

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static int parse_yaml(const struct buf *text, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *request = json_object_new_object(), *answer = NULL;
	int r = request && trust_add_bytes(request, "text", text->data, text->len) == 0 ? 0 : err_errno(e, ENOMEM, "YAML");

	if (r == 0)
		r = trust_worker_ask("yaml", request, &answer, e);
	if (r == 0)
		*ret = json_object_get(json_at(answer, "value"));
	return r;
}

static int read_document(int dirfd, const char *name, const char *path, struct json_object **ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	_cleanup_(buf_done) struct buf text = BUF_INIT;
	int r = fd < 0 ? err_errno(e, errno, "%s", path) : check_owner(fd, S_IFREG, path, e);

	if (r < 0)
		return r;
	r = fd_read_all(fd, FILE_MAX, &text);
	if (r < 0)
		return err_errno(e, -r, "%s", path);
	r = ends(name, ".json") ? json_parse(buf_str(&text), text.len, path, ret, e) : parse_yaml(&text, ret, e);
	return r < 0 && !ends(name, ".json") ? err_wrap(e, r, "%s", path) : r;
}

static bool is_wanted(const struct search *s, struct json_object *json)
{
	const char *kind = json && json_object_is_type(json, json_type_object) ? json_str(json, "kind") : "";
	size_t len = strlen(kind);

	for (size_t i = 0; i < s->wanted->n; i++)
		if (strncmp(s->wanted->items[i], kind, len) == 0 && s->wanted->items[i][len] == '=')
			return true;
	return !*kind;
}

static int add_document(struct search *s, int dirfd, const char *dir, size_t order, const char *name, struct err *e)
{
	_cleanup_json_ struct json_object *json = NULL;
	_cleanup_free_ char *path = NULL;
	struct document *grown;
	int r = asprintf(&path, "%s/%s", dir, name) < 0 ? err_errno(e, ENOMEM, "CDI") : read_document(dirfd, name, path, &json, e);

	if (r < 0)
		return r;
	if (!is_wanted(s, json))
		return 0;
	r = cdi_spec_check(json, e);
	if (r < 0)
		return err_wrap(e, r, "%s", path);
	grown = mem_regrow(s->items, s->n + 1, sizeof(*s->items));
	if (!grown)
		return err_errno(e, ENOMEM, "CDI");
	s->items = grown;
	s->items[s->n++] = (struct document){.path = TAKE_PTR(path), .dir = order, .json = TAKE_PTR(json)};
	return 0;
}

static int read_dir(struct search *s, const char *dir, size_t order, struct err *e)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n = 0, files = 0;
	char **names = NULL;
	int r;

	if (fd < 0 && errno == ENOENT) {
		buf_addf(&s->where, "%s%s (not there)", s->where.len ? ", " : "", dir);
		return 0;
	}
	r = fd < 0 ? err_errno(e, errno, "%s", dir) : check_owner(fd, S_IFDIR, dir, e);
	if (r < 0)
		return r;
	r = dir_sorted(fd, FILES_MAX, &names, &n);
	if (r < 0)
		return err_errno(e, -r, "%s", dir);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!ends(names[i], ".json") && !ends(names[i], ".yaml") && !ends(names[i], ".yml"))
			continue;
		files++;
		r = add_document(s, fd, dir, order, names[i], e);
	}
	dir_names_free(names, n);
	buf_addf(&s->where, "%s%s (%zu file%s)", s->where.len ? ", " : "", dir, files, files == 1 ? "" : "s");
	return r;
}

static int read_dirs(struct search *s, const struct strv *dirs, struct err *e)
{
	size_t n = dirs->n ? dirs->n : ARRAY_SIZE(usual_dirs);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_dir(s, dirs->n ? dirs->items[i] : usual_dirs[i], i, e);
	return r;
}

/* ---- what they say ---- */

static int find(struct search *s, const char *text, struct document **ret, struct json_object **ret_edits, struct err *e)
{
	struct document *best = NULL, *other = NULL;
	struct cdi_name name;
	int r = cdi_name_parse(text, &name, e);

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		struct document *d = &s->items[i];

		if (strcmp(json_str(d->json, "kind"), name.kind) != 0 || !cdi_spec_device(d->json, name.name))
			continue;
		other = best && best->dir == d->dir ? best : NULL;
		best = d;
	}
	if (r < 0)
		return r;
	if (!best) {
		(void)err_set(e, ENOENT, "--device %s: no such CDI device; looked through %s", text, buf_str(&s->where));
		err_hint(e, "the device's vendor has a tool that writes the file there: nvidia-ctk cdi generate, for one");
		return -ENOENT;
	}
	if (other)
		return err_set(e, EEXIST, "--device %s: both %s and %s describe it", text, other->path, best->path);
	*ret = best;
	*ret_edits = cdi_spec_device(best->json, name.name);
	return 0;
}

static int append_all(struct json_object **to, struct json_object *from)
{
	size_t n = from ? json_object_array_length(from) : 0;
	int r = 0;

	if (n > 0 && !*to)
		*to = json_object_new_array();
	for (size_t i = 0; r == 0 && i < n; i++)
		r = *to ? json_append(*to, json_object_get(json_object_array_get_idx(from, i))) : -ENOMEM;
	return r;
}

static int add_edits(struct json_object *edits, struct cdi_edits *c, const char *path, struct err *e)
{
	_cleanup_(strv_done) struct strv env = {0};
	int r = json_get_strv(edits, "env", &env, e);

	for (size_t i = 0; r == 0 && i < env.n; i++) {
		if (strchr(env.items[i], '=') == env.items[i] || !strchr(env.items[i], '='))
			return err_set(e, EINVAL, "%s: env: %.64s is not NAME=VALUE", path, env.items[i]);
		r = strv_env_set(&c->env, env.items[i]) < 0 ? err_errno(e, ENOMEM, "CDI") : 0;
	}
	if (r < 0)
		return r;
	if (append_all(&c->nodes, json_at(edits, "deviceNodes")) < 0 || append_all(&c->mounts, json_at(edits, "mounts")) < 0 ||
	    append_all(&c->hooks, json_at(edits, "hooks")) < 0 || append_all(&c->gids, json_at(edits, "additionalGids")) < 0 ||
	    append_all(&c->gids, json_at(edits, "additionalGIDs")) < 0)
		return err_errno(e, ENOMEM, "CDI");
	return 0;
}

int cdi_collect(const struct container_options *o, struct cdi_edits *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv names = {0};
	_cleanup_(search_done) struct search s = {.where = BUF_INIT, .wanted = &names};
	int r = names_of(o, &names, e);

	if (r == 0 && names.n > 0)
		r = read_dirs(&s, &o->cdi_spec_dirs, e);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct json_object *edits = NULL;
		struct document *d = NULL;

		if (strv_find(&names, names.items[i]) < (int)i)
			continue;
		r = find(&s, names.items[i], &d, &edits, e);
		if (r == 0 && !d->used && json_at(d->json, "containerEdits"))
			r = add_edits(json_at(d->json, "containerEdits"), ret, d->path, e);
		if (r == 0)
			r = add_edits(edits, ret, d->path, e);
		if (r == 0)
			d->used = true;
	}
	return r;
}

int cdi_apply_env(const struct cdi_edits *c, struct strv *env, struct err *e)
{
	for (size_t i = 0; i < c->env.n; i++)
		if (strv_env_set(env, c->env.items[i]) < 0)
			return err_errno(e, ENOMEM, "environment");
	return 0;
}

/* ---- hooks ---- */

static int check_hook(struct json_object *hook, struct err *e)
{
	static const char *const kinds[] = {"prestart", "createRuntime", "createContainer"};
	const char *kind = json_str(hook, "hookName"), *path = json_str(hook, "path");
	_cleanup_close_ int fd = -EBADF;
	size_t i = 0;

	while (i < ARRAY_SIZE(kinds) && strcmp(kinds[i], kind) != 0)
		i++;
	if (i == ARRAY_SIZE(kinds))
		return err_set(e, ENOTSUP, "CDI: a %.32s hook (%.200s) is not run: only prestart, createRuntime and createContainer are", kind, path);
	if (*path != '/')
		return err_set(e, EINVAL, "CDI: the hook %.200s is no absolute path", path);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "CDI: the hook %.200s", path) : check_owner(fd, S_IFREG, path, e);
}

static int add_hook(struct json_object *all, struct json_object *hook)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *kind = json_str(hook, "hookName");
	struct json_object *list = json_at(all, kind);
	int64_t timeout = cdi_number(hook, "timeout", 0);

	if (!list && (json_add(all, kind, json_object_new_array()) < 0 || !(list = json_at(all, kind))))
		return -ENOMEM;
	if (!o || json_add_str(o, "path", json_str(hook, "path")) < 0 || (timeout > 0 && json_add_int(o, "timeout", timeout) < 0) ||
	    (json_at(hook, "args") && json_add(o, "args", json_object_get(json_at(hook, "args"))) < 0) ||
	    (json_at(hook, "env") && json_add(o, "env", json_object_get(json_at(hook, "env"))) < 0))
		return -ENOMEM;
	return json_append(list, TAKE_PTR(o));
}

int cdi_hooks(const struct cdi_edits *c, struct json_object **ret, struct err *e)
{
	size_t n = c->hooks ? json_object_array_length(c->hooks) : 0;
	_cleanup_json_ struct json_object *all = n ? json_object_new_object() : NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *hook = json_object_array_get_idx(c->hooks, i);

		r = check_hook(hook, e);
		if (r == 0 && (!all || add_hook(all, hook) < 0))
			r = err_errno(e, ENOMEM, "CDI");
	}
	if (r == 0)
		*ret = TAKE_PTR(all);
	return r;
}
