/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * From the options that the other was made with and the words of its command
 * line. What its pod gave it is taken out of them, and given again by the pod
 * that the new one goes to: so the rules for members are in one place.
 */
#include "cmd/clone.h"

#include "cmd/commands.h"
#include "cmd/report.h"
#include "engine/limits.h"
#include "engine/option_paths.h"
#include "engine/pod.h"
#include "engine/storage.h"
#include "image/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_TRIES 1000

/* How long `name` is without a "-clone" and number of ours. */
static int base_len(const char *name)
{
	size_t len = strlen(name), n = len;

	while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	return (int)(n > 6 && strncmp(name + n - 6, "-clone", 6) == 0 ? n - 6 : len);
}

int clone_name(struct engine *eng, const char *of, clone_taken_fn is_taken, char out[static CLONE_NAME_SIZE], struct err *e)
{
	int len = base_len(of);

	for (int i = 0; i < NAME_TRIES; i++) {
		int n = i ? snprintf(out, CLONE_NAME_SIZE, "%.*s-clone%d", len, of, i) : snprintf(out, CLONE_NAME_SIZE, "%.*s-clone", len, of);

		if (n >= CLONE_NAME_SIZE || !is_taken(eng, out))
			return 0;
	}
	return err_set(e, EEXIST, "%s-clone: all such names are in use; give one with --name", of);
}

static bool is_container(struct engine *eng, const char *name)
{
	char holder[CONTAINER_ID_LEN + 1];

	return container_name_holder(eng, name, holder) != -ENOENT;
}

/* What was of that container alone is left out. */
static void forget(struct container_options *o)
{
	o->name = NULL;
	o->cidfile = NULL;
	o->pidfile = NULL;
	o->monitor_pidfile = NULL;
	o->record = NULL;
	o->record_input = false;
	o->replace = false;
}

/* By its name, while that is still of the same image. */
static const char *image_of(struct engine *eng, const struct container *c)
{
	const char *name = json_str(c->spec, "image.name"), *id = json_str(c->spec, "image.id");
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(image_freep) struct image *img = NULL;

	if (!*id)
		return json_str(c->spec, "image.rootfs");
	if (storage_open(eng, &st, NULL) < 0 || store_resolve(st, name, &img, NULL) < 0 || strcmp(img->id, id) != 0)
		return id;
	return name;
}

/* The image and the command's words. */
static int make_words(const struct command_call *call, const struct container *c, const char *image, struct strv *ret)
{
	if (strv_add(ret, image ? image : image_of(call->engine, c)) < 0)
		return -ENOMEM;
	return json_get_strv(c->spec, "config.command", ret, NULL);
}

/* Out of the pod that the other is in, into the one that is wanted. */
static int change_pod(struct engine *eng, const struct container *c, const char *wanted, struct container_options *o, struct err *e)
{
	_cleanup_(pod_freep) struct pod *from = NULL, *to = NULL;
	int r = 0;

	o->pod_id_file = NULL;
	if (*pod_id_of(c)) {
		r = pod_find(eng, pod_id_of(c), &from, e);
		if (r == 0)
			r = pod_leave(from, o, e);
		o->pod = pod_id_of(c);
	}
	/* what a member has of its own it chose knowing of a pod */
	if (r == 0 && wanted && !from) {
		r = pod_find(eng, wanted, &to, e);
		if (r == 0 && (o->userns || o->uidmap.n || o->gidmap.n))
			report_warning("container %s: its --userns, --uidmap and --gidmap are left out, the clone has the pod's ID map", c->name);
		if (r == 0)
			pod_yield(to, o);
	}
	if (wanted)
		o->pod = wanted;
	return r;
}

/* Relative to where the other was made, wherever this one is. */
static int fix_paths(const struct container *c, struct container_options *o, char **rootfs, struct err *e)
{
	const char *cwd = json_str(c->spec, "createdBy.cwd");
	int r = option_paths_fix(o, cwd, e);

	if (r < 0 || !o->rootfs)
		return r;
	r = option_path_absolute(o->rootfs, cwd, rootfs, e);
	o->rootfs = *rootfs;
	return r;
}

/* By their ids: a name may be another's by now. */
static int set_requires(const struct container *c, const struct strv *wanted, struct strv *ret)
{
	strv_done(ret);
	return wanted ? strv_add_all(ret, wanted->items) : json_get_strv(c->spec, "requires", ret, NULL);
}

static int create(const struct command_call *call, struct container_options *o, struct strv *words, struct made *m, struct err *e)
{
	struct command_call create = *call;

	/* a line on which no option was given */
	create.command = &command_create;
	create.args = o;
	create.argc = (int)words->n;
	create.argv = words->items;
	create.full_argc = 1;
	return make_container(&create, m, e);
}

int clone_make(const struct command_call *call, const struct container *c, const struct clone_wanted *w, struct made *m, struct err *e)
{
	_cleanup_(container_options_done) struct container_options o = {0};
	_cleanup_(strv_done) struct strv words = {0};
	_cleanup_free_ char *rootfs = NULL;
	char name[CLONE_NAME_SIZE];
	int r;

	if (pod_is_infra(c)) {
		err_set(e, EINVAL, "container %s is the infra container of pod %s: it is no container by itself", c->name, json_str(c->spec, "podName"));
		err_hint(e, "clone the pod: ranby pod clone %s", json_str(c->spec, "podName"));
		return -EINVAL;
	}
	r = container_options_from_json(json_at(c->spec, "options"), &o, e);
	if (r == 0 && ((w->change && limits_change(&o, w->change) < 0) || make_words(call, c, w->image, &words) < 0 ||
		       set_requires(c, w->requires, &o.requires) < 0))
		r = err_errno(e, ENOMEM, "clone");
	if (r < 0)
		return r;
	forget(&o);
	if (w->image)
		o.rootfs = NULL;
	o.name = w->name;
	if (!o.name) {
		r = clone_name(call->engine, c->name, is_container, name, e);
		o.name = name;
	}
	if (r == 0)
		r = change_pod(call->engine, c, w->pod, &o, e);
	if (r == 0)
		r = fix_paths(c, &o, &rootfs, e);
	return r == 0 ? create(call, &o, &words, m, e) : r;
}
