/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A directory below volumes/ is a volume; one whose name begins with a dot is
 * on its way out (engine/volume_remove.c). Nothing is locked: what vanishes
 * while it is read was not there.
 */
#include "engine/volume_list.h"

#include "base/clock.h"
#include "base/parse.h"
#include "engine/filter.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void volume_list_done(struct volume_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		volume_note_done(&l->items[i]);
	free(l->items);
	*l = (struct volume_list){0};
}

static int read_one(int volumes, const char *name, struct volume_note *ret)
{
	_cleanup_close_ int dir = -EBADF;
	int r = path_own_open(volumes, name, O_RDONLY | O_DIRECTORY, 0, &dir);

	return r < 0 ? r : volume_note_read(dir, name, ret);
}

static int add_one(int volumes, const char *name, struct volume_list *l)
{
	struct volume_note *grown;
	int r;

	if (l->n == VOLUMES_MAX)
		return -E2BIG;
	grown = mem_regrow(l->items, l->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->items = grown;
	r = read_one(volumes, name, &grown[l->n]);
	l->n += r == 0;
	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct volume_note *)a)->name, ((const struct volume_note *)b)->name);
}

static void dir_closep(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int read_all(int data_dirfd, struct volume_list *l)
{
	_cleanup_(dir_closep) DIR *d = NULL;
	struct dirent *entry;
	int fd = -EBADF, r = path_own_open(data_dirfd, ENGINE_VOLUMES, O_RDONLY | O_DIRECTORY, 0, &fd);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	d = fdopendir(fd);
	if (!d) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0 && (entry = dir_next(d, &r)))
		if (entry->d_name[0] != '.')
			r = add_one(dirfd(d), entry->d_name, l);
	return r;
}

int volume_list(struct engine *eng, struct volume_list *ret, struct err *e)
{
	_cleanup_(volume_list_done) struct volume_list l = {0};
	int r = read_all(eng->data_fd, &l);

	if (r < 0)
		return err_errno(e, -r, "volumes");
	if (l.n)
		qsort(l.items, l.n, sizeof(*l.items), by_name);
	*ret = l;
	l = (struct volume_list){0};
	return 0;
}

int volume_load(struct engine *eng, const char *name, struct volume_note *ret, struct err *e)
{
	_cleanup_close_ int volumes = -EBADF;
	int r = -ENOENT;

	if (*name && *name != '.' && !strchr(name, '/'))
		r = path_own_open(eng->data_fd, ENGINE_VOLUMES, O_RDONLY | O_DIRECTORY, 0, &volumes);
	if (r == 0)
		r = read_one(volumes, name, ret);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "no volume with name \"%s\" found: no such volume", name);
	return r < 0 ? err_errno(e, -r, "volume %s", name) : 0;
}

static int add_words(struct json_object *o, const char *key, struct json_object *words)
{
	return json_add(o, key, words ? json_object_get(words) : json_object_new_object());
}

/* What podman leaves out of JSON when it is false, 0 or empty. */
static int add_seldom(struct json_object *o, const struct volume_note *n, bool whole)
{
	_cleanup_(volume_plan_done) struct volume_plan plan = {0};
	int r = 0;

	(void)!volume_note_plan(n->options, &plan, NULL);
	if (whole || n->anonymous)
		r |= json_add_bool(o, "Anonymous", n->anonymous);
	if (whole || plan.has_uid)
		r |= json_add_int(o, "UID", plan.uid);
	if (whole || plan.has_gid)
		r |= json_add_int(o, "GID", plan.gid);
	if (whole)
		r |= json_add(o, "Status", json_object_new_object());
	if (whole || n->needs_fill)
		r |= json_add_bool(o, "NeedsCopyUp", n->needs_fill) | json_add_bool(o, "NeedsChown", n->needs_fill);
	return r ? -ENOMEM : 0;
}

int volume_json(const struct engine *eng, const struct volume_note *n, bool whole, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_free_ char *where = NULL;
	struct timespec created = CLOCK_NEVER;

	if (asprintf(&where, "%s/" ENGINE_VOLUMES "/%s/_data", eng->data_path, n->name) < 0)
		return -ENOMEM;
	(void)!clock_parse_rfc3339(n->created, &created);
	if (!o || json_add_str(o, "Name", n->name) < 0 || json_add_str(o, "Driver", "local") < 0 ||
	    json_add_str(o, "Mountpoint", where) < 0 || json_add_time(o, "CreatedAt", &created) < 0 ||
	    add_words(o, "Labels", n->labels) < 0 || json_add_str(o, "Scope", "local") < 0 || add_words(o, "Options", n->options) < 0 ||
	    json_add_int(o, "MountCount", 0) < 0 || add_seldom(o, n, whole) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

size_t volume_user(const struct container_list *l, size_t start, const char *name)
{
	for (size_t i = start; i < l->n; i++) {
		struct json_object *mounts = json_at(l->items[i]->spec, "config.mounts");

		for (size_t k = 0; mounts && k < json_object_array_length(mounts); k++)
			if (strcmp(json_str(json_object_array_get_idx(mounts, k), "name"), name) == 0)
				return i;
	}
	return l->n;
}

/* ---- filters ---- */

struct subject {
	const struct volume_note *n;
	const struct container_list *containers;
};

static bool match_name(const void *subject, const char *value)
{
	return filter_is_like(((const struct subject *)subject)->n->name, value);
}

static bool match_local(const void *subject, const char *value)
{
	(void)subject;
	return strcmp(value, "local") == 0;
}

static bool match_label(const void *subject, const char *value)
{
	return filter_has_word(((const struct subject *)subject)->n->labels, value);
}

static bool match_no_label(const void *subject, const char *value)
{
	return !match_label(subject, value);
}

static bool match_opt(const void *subject, const char *value)
{
	return filter_has_word(((const struct subject *)subject)->n->options, value);
}

static bool match_dangling(const void *subject, const char *value)
{
	const struct subject *s = subject;
	bool want = false;

	(void)!parse_bool(value, &want);
	return want == (volume_user(s->containers, 0, s->n->name) == s->containers->n);
}

static bool match_until(const void *subject, const char *value)
{
	return filter_against(((const struct subject *)subject)->n->created, value) < 0;
}

static bool match_since(const void *subject, const char *value)
{
	return filter_against(((const struct subject *)subject)->n->created, value) > 0;
}

static const struct filter_key keys[] = {
	{"name", match_name, NULL, false},         {"driver", match_local, NULL, false},
	{"scope", match_local, NULL, false},       {"label", match_label, NULL, true},
	{"label!", match_no_label, NULL, true},    {"opt", match_opt, NULL, false},
	{"dangling", match_dangling, filter_check_bool, false}, {"until", match_until, filter_check_moment, false},
	{"since", match_since, filter_check_moment, false},     {"after", match_since, filter_check_moment, false},
	{.key = NULL},
};

int volume_filter_parse(const struct strv *filters, struct volume_filter *ret, struct err *e)
{
	return filter_parse(keys, "volume", filters, &ret->items, e);
}

void volume_filter_done(struct volume_filter *f)
{
	strv_done(&f->items);
}

bool volume_filter_match(const struct volume_filter *f, const struct volume_note *n, const struct container_list *containers)
{
	const struct subject s = {n, containers};

	return filter_match(keys, &f->items, &s);
}
