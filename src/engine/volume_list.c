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
#include "base/suggest.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
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

static bool match_name(const struct subject *s, const char *value)
{
	regex_t re;
	bool found;

	if (regcomp(&re, value, REG_EXTENDED | REG_NOSUB) != 0)
		return strstr(s->n->name, value) != NULL;
	found = regexec(&re, s->n->name, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

static bool match_local(const struct subject *s, const char *value)
{
	(void)s;
	return strcmp(value, "local") == 0;
}

/* "KEY" or "KEY=VALUE". */
static bool match_word(struct json_object *words, const char *value)
{
	struct json_object *have;
	size_t len = strcspn(value, "=");
	_cleanup_free_ char *key = strndup(value, len);

	if (!key || !words || !json_object_object_get_ex(words, key, &have))
		return false;
	return value[len] == '\0' || strcmp(json_object_get_string(have), value + len + 1) == 0;
}

static bool match_label(const struct subject *s, const char *value)
{
	return match_word(s->n->labels, value);
}

static bool match_no_label(const struct subject *s, const char *value)
{
	return !match_label(s, value);
}

static bool match_opt(const struct subject *s, const char *value)
{
	return match_word(s->n->options, value);
}

static bool match_dangling(const struct subject *s, const char *value)
{
	bool want = false;

	(void)!parse_bool(value, &want);
	return want == (volume_user(s->containers, 0, s->n->name) == s->containers->n);
}

static int made_against(const struct subject *s, const char *value)
{
	struct timespec created = CLOCK_NEVER, now = clock_now(), at = CLOCK_NEVER;

	(void)!clock_parse_rfc3339(s->n->created, &created);
	(void)!clock_parse_moment(value, &now, &at);
	return clock_compare(&created, &at);
}

static bool match_until(const struct subject *s, const char *value)
{
	return made_against(s, value) < 0;
}

static bool match_since(const struct subject *s, const char *value)
{
	return made_against(s, value) > 0;
}

static int check_bool(const char *value)
{
	bool yes;

	return parse_bool(value, &yes);
}

static int check_moment(const char *value)
{
	struct timespec now = clock_now(), at;

	return clock_parse_moment(value, &now, &at);
}

static const struct {
	const char *key;
	bool (*match)(const struct subject *s, const char *value);
	int (*check)(const char *value); /* NULL: any */
	bool every;                      /* several values: all of them, not any */
} keys[] = {
	{"name", match_name, NULL, false},         {"driver", match_local, NULL, false},
	{"scope", match_local, NULL, false},       {"label", match_label, NULL, true},
	{"label!", match_no_label, NULL, true},    {"opt", match_opt, NULL, false},
	{"dangling", match_dangling, check_bool, false}, {"until", match_until, check_moment, false},
	{"since", match_since, check_moment, false},     {"after", match_since, check_moment, false},
};

static const char *key_word(size_t i, const void *ctx)
{
	(void)ctx;
	return i < ARRAY_SIZE(keys) ? keys[i].key : NULL;
}

static const char *value_of(const char *item, const char *key)
{
	size_t n = strlen(key);

	return strncmp(item, key, n) == 0 && item[n] == '=' ? item + n + 1 : NULL;
}

static int check_item(const char *text, struct err *e)
{
	char key[64];
	const char *near;

	if (!strchr(text, '='))
		return err_set(e, EINVAL, "filter input must be in the form of filter=value: %s is invalid", text);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = value_of(text, keys[i].key);

		if (value && keys[i].check && keys[i].check(value) < 0)
			return err_set(e, EINVAL, "filter %s: not a value for it", text);
		if (value)
			return 0;
	}
	snprintf(key, sizeof(key), "%.*s", (int)strcspn(text, "="), text);
	near = suggest(key, key_word, NULL);
	err_set(e, EINVAL, "\"%s\" is an invalid volume filter", key);
	if (near)
		err_hint(e, "did you mean %s?", near);
	return -EINVAL;
}

int volume_filter_parse(const struct strv *filters, struct volume_filter *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < filters->n; i++) {
		r = check_item(filters->items[i], e);
		if (r == 0 && strv_add(&ret->items, filters->items[i]) < 0)
			r = err_errno(e, ENOMEM, "filter");
	}
	return r;
}

void volume_filter_done(struct volume_filter *f)
{
	strv_done(&f->items);
}

static bool match_key(const struct volume_filter *f, size_t k, const struct subject *s)
{
	bool given = false, any = false, every = true;

	for (size_t i = 0; i < f->items.n; i++) {
		const char *value = value_of(f->items.items[i], keys[k].key);
		bool m = value && keys[k].match(s, value);

		given |= value != NULL;
		any |= m;
		every &= m || !value;
	}
	return !given || (keys[k].every ? every : any);
}

bool volume_filter_match(const struct volume_filter *f, const struct volume_note *n, const struct container_list *containers)
{
	const struct subject s = {n, containers};

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		if (!match_key(f, k, &s))
			return false;
	return true;
}
