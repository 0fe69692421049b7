/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * image → map → layers → name and directory → bundle → container.json. The
 * last is what makes it a container; all before it is undone on failure, and
 * swept if we are killed (container_make.c). The image stays pinned up to
 * that moment, so that no rmi takes its layers away under us; from then on
 * the container itself says that it uses them.
 */
#include "engine/attest.h"
#include "engine/create.h"
#include "engine/bundle.h"
#include "engine/ident.h"
#include "engine/launch.h"
#include "engine/networks.h"
#include "engine/remove.h"
#include "engine/requires.h"
#include "engine/rootfs.h"
#include "engine/storage.h"
#include "engine/userns_mode.h"
#include "image/progress.h"
#include "oci/image_config.h"

#include "base/clock.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define AUTO_WAIT_MS 600000 /* for another that copies layers */

struct create {
	struct engine *eng;
	const struct create_request *q;
	struct store *store;
	struct image *image;      /* NULL with --rootfs */
	struct strv required;     /* ids */
	struct strv layers;       /* absolute, lowest first */
	struct userns_plan *plan; /* on the heap: two maps of 340 lines */
	struct container_making making;
	struct bundle_result bundle;
	struct fuse_program fuse;
	struct image **mounted;   /* type=image: pinned like its own */
	size_t n_mounted;
	int auto_lock;            /* --userns=auto: from the choice of a slice until container.json names it */
};

static void create_done(struct create *c)
{
	container_making_done(c->eng, &c->making);
	bundle_result_done(&c->bundle);
	fd_closep(&c->fuse.exe_fd);
	fd_closep(&c->auto_lock);
	image_free(c->image);
	for (size_t i = 0; i < c->n_mounted; i++)
		image_free(c->mounted[i]);
	free(c->mounted);
	store_close(c->store);
	strv_done(&c->layers);
	strv_done(&c->required);
	free(c->plan);
}

/* The store works in the keeper that we have. */
static int lend_keeper(void *ctx, int *ret_userns_fd, struct err *e)
{
	struct keeper *k = ctx;
	int fd = -EBADF, r = keeper_ready(k, e);

	if (r < 0)
		return r;
	if (k->userns_fd >= 0) {
		fd = fcntl(k->userns_fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return err_errno(e, errno, "user namespace");
	}
	*ret_userns_fd = fd;
	return 0;
}

static int open_store(struct create *c, struct err *e)
{
	int r = c->store ? 0 : storage_open(c->eng, &c->store, e);

	if (r == 0)
		store_set_keeper(c->store, lend_keeper, c->q->keeper);
	return r;
}

static int get_image(struct create *c, struct err *e)
{
	struct pull_options o = *c->q->pull;
	int r = open_store(c, e);
	bool sought = false;

	if (r < 0)
		return r;
	o.ret_sought = &sought;
	r = pull_image(c->store, c->q->image, &o, &c->image, e);
	return sought ? attest_image(c->eng, AUDIT_VERB_PULL, c->q->image, c->image, r, e) : r;
}

/* Marks what `text` (a uid_map) maps to as used. */
static void add_text(const char *text, struct id_list *used)
{
	struct id_list *l = calloc(1, sizeof(*l));

	if (l && id_list_parse(text, l) == 0)
		for (size_t i = 0; i < l->n; i++)
			(void)!id_list_add(used, l->extents[i].outside, l->extents[i].outside, l->extents[i].count);
	free(l);
}

/* --userns=auto: the ranges that other containers hold ("autoUid" and "autoGid" of their container.json). */
static int add_used(struct engine *eng, struct userns_host *h, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(eng, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		add_text(json_str(l.items[i]->spec, "autoUid"), &h->used_uid);
		add_text(json_str(l.items[i]->spec, "autoGid"), &h->used_gid);
	}
	return r;
}

/* What few containers have: a step of a build, one with a slice of IDs. */
static int add_rare(const struct create *c, struct json_object *o)
{
	_cleanup_(buf_done) struct buf uid = BUF_INIT, gid = BUF_INIT;

	if (c->q->is_build && json_add_bool(o, "isBuild", true) < 0)
		return -ENOMEM;
	if (c->plan->kind != USERNS_AUTO)
		return 0;
	id_list_text(&c->plan->map.uid, &uid);
	id_list_text(&c->plan->map.gid, &gid);
	if (buf_bad(&uid) || buf_bad(&gid) || json_add_str(o, "autoUid", buf_str(&uid)) < 0)
		return -ENOMEM;
	return json_add_str(o, "autoGid", buf_str(&gid));
}

/* --userns=auto of another's user namespace: the slice that this one has. */
static int map_of(struct create *c, const struct container *other, struct err *e)
{
	c->plan->kind = USERNS_AUTO;
	c->plan->create = c->plan->owned = true;
	return rootfs_id_map(other, &c->plan->map, e);
}

static int plan_userns(struct create *c, struct err *e)
{
	_cleanup_free_ struct userns_host *h = calloc(1, sizeof(*h));
	struct userns_mode mode;
	int r;

	c->plan = calloc(1, sizeof(*c->plan));
	if (!h || !c->plan)
		return err_errno(e, ENOMEM, "user namespace");
	r = userns_mode_parse(c->q->options, &mode, e);
	if (r < 0)
		return r;
	if (mode.kind == USERNS_AUTO && c->q->place && (c->q->place->share & PEER_BIT(PEER_USER)))
		return map_of(c, c->q->pod->infra, e);
	if (mode.kind == USERNS_AUTO && c->q->choice && c->q->choice->other[PEER_USER])
		return map_of(c, c->q->choice->other[PEER_USER], e);
	h->uid = c->eng->uid;
	h->gid = c->eng->gid;
	h->keeper = c->q->keeper->map;
	if (mode.kind == USERNS_AUTO) {
		r = lock_take(c->eng->data_fd, "userns-auto.lock", AUTO_WAIT_MS, &c->auto_lock);
		if (r < 0)
			return err_errno(e, -r, "user namespace auto: its lock");
		r = add_used(c->eng, h, e);
		if (r < 0)
			return r;
	}
	return userns_plan_make(&mode, h, c->plan, e);
}

static int layers_of(struct create *c, const struct image *image, struct strv *ret, struct err *e)
{
	_cleanup_(strv_done) struct strv dirs = {0};
	/* nothing was asked for that a script should read about: a copy of layers is our own affair */
	int r = store_layers(c->store, image, c->plan->owned ? &c->plan->map : NULL,
			     progress_if_watched(c->q->pull->progress), &dirs, e);

	for (size_t i = 0; r == 0 && i < dirs.n; i++)
		if (strv_addf(ret, "%s/%s", c->eng->data_path, dirs.items[i]) < 0)
			r = err_errno(e, ENOMEM, "layers");
	return r;
}

/* bundle_images: one that is here; it stays pinned until container.json names it. */
static int mounted_image(void *ctx, const char *text, struct strv *ret, char ret_id[static BUNDLE_IMAGE_ID_SIZE], struct err *e)
{
	struct create *c = ctx;
	struct image **grown = mem_regrow(c->mounted, c->n_mounted + 1, sizeof(struct image *));
	int r;

	if (!grown)
		return err_errno(e, ENOMEM, "image %s", text);
	c->mounted = grown;
	r = open_store(c, e);
	if (r == 0)
		r = store_resolve(c->store, text, &grown[c->n_mounted], e);
	if (r == -ENOENT)
		err_hint(e, "only an image that is here can be mounted: ranby pull %s", text);
	if (r < 0)
		return r;
	memcpy(ret_id, grown[c->n_mounted]->id, BUNDLE_IMAGE_ID_SIZE);
	return layers_of(c, grown[c->n_mounted++], ret, e);
}

/* From here on nothing is waited for that takes long, a pull or a copy of layers. */
static int start_monitor(const struct create *c, struct err *e)
{
	unsigned ident = 0;

	if (!c->q->monitor)
		return 0;
	(void)!ident_parse(c->q->options->ident, &ident, NULL); /* checked */
	return launch_ahead(ident & IDENT_SESSION, c->q->monitor, e);
}

/* Takes the name; with --replace, from the container that has it. */
static int begin(struct create *c, struct err *e)
{
	const struct container_options *o = c->q->options;
	_cleanup_(container_freep) struct container *old = NULL;
	char holder[CONTAINER_ID_LEN + 1] = "";
	int r = container_begin(c->eng, o->name, &c->making, holder, e);

	if (r != -EEXIST || !o->replace || !holder[0])
		return r;
	r = container_load(c->eng, holder, &old, e);
	if (r == 0)
		r = requires_check_free(c->eng, old, e);
	if (r == 0)
		r = remove_container(c->eng, old, &(struct remove_options){.force = true, .reason = "replace"}, e);
	return r < 0 && r != -ENOENT ? r : container_begin(c->eng, o->name, &c->making, holder, e);
}

/* When the one that --replace means has gone: a container cannot need that. */
static int find_required(struct create *c, struct err *e)
{
	return requires_resolve(c->eng, &c->q->options->requires, &c->required, e);
}

/* One group below which all of a pod's are: when they share it, and there is an infra container that holds it. */
static const char *pod_cgroup(const struct pod *p)
{
	return p && json_true(p->spec, "infra") && json_true(p->spec, "shareParent") ? p->id : NULL;
}

static void join_choice(const struct peer_choice *p, struct bundle_joined *j)
{
	const struct container *seen = p && p->other[PEER_IPC] ? p->other[PEER_IPC] : p ? p->other[PEER_PID] : NULL;

	if (!p)
		return;
	j->choice = p;
	j->set |= p->set;
	if (p->set & PEER_BIT(PEER_IPC))
		j->shm = p->shm[0] ? p->shm : NULL;
	if (seen)
		j->label = json_str(seen->spec, "config.selinux.process");
}

static int write_bundle(struct create *c, struct err *e)
{
	const struct bundle_images images = {.layers = mounted_image, .ctx = c};
	_cleanup_free_ char *dir = NULL;
	const char *cache;
	const struct pod_place *place = c->q->place;
	struct bundle_joined joined = {.set = place ? place->share : 0, .shm = place ? place->shm : NULL, .pod = pod_cgroup(c->q->pod)};
	struct bundle_input in = {
		.eng = c->eng,
		.id = c->making.id,
		.name = c->making.name,
		.options = c->q->options,
		.image = c->image ? c->image->config : NULL,
		.layers = c->image ? &c->layers : NULL,
		.images = &images,
		.command = c->q->command,
		.userns = c->plan,
		.joined = &joined,
		.keeper = c->q->keeper,
		.fuse = &c->fuse,
		.dirfd = c->making.dirfd,
		.data_dirfd = c->eng->data_fd,
		.data_dir = c->eng->data_path,
		.cache_dirfd = -EBADF,
		.caller_env = c->q->env,
		.caller_cwd = c->q->cwd,
	};

	if (asprintf(&dir, "%s/%s/%s", c->eng->data_path, ENGINE_CONTAINERS, c->making.id) < 0)
		return err_errno(e, ENOMEM, "bundle");
	in.dir = dir;
	if (joined.set) {
		joined.label = json_str(c->q->pod->infra->spec, "config.selinux.process");
		memcpy(joined.id, c->q->pod->infra->id, sizeof(joined.id));
	}
	join_choice(c->q->choice, &joined);
	/* only to be faster */
	if (engine_cache(c->eng, &in.cache_dirfd, &cache, NULL) < 0)
		in.cache_dirfd = -EBADF;
	return bundle_write(&in, &c->bundle, e);
}

static int image_json(const struct create *c, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct image *img = c->image;

	if (!o)
		return -ENOMEM;
	if (img && (json_add_str(o, "reference", c->q->image) < 0 ||
		    json_add_str(o, "name", img->name ? img->name : img->id) < 0 || json_add_str(o, "id", img->id) < 0 ||
		    json_add_str(o, "digest", img->digest.text) < 0 || json_add_strv(o, "layers", &c->layers) < 0 ||
		    (img->trust && json_add(o, "trust", json_object_get(img->trust)) < 0)))
		return -ENOMEM;
	if (!img && json_add_str(o, "rootfs", c->q->options->rootfs) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

static int add_pod(const struct create *c, struct json_object *o)
{
	const struct pod *p = c->q->pod;

	if (!p)
		return 0;
	if (json_add_str(o, "pod", p->id) < 0 || json_add_str(o, "podName", p->name) < 0)
		return -ENOMEM;
	if (json_at(p->spec, "resources") && (json_add(o, "podLimits", json_object_get(json_at(p->spec, "resources"))) < 0 ||
					      json_add_str(o, "podLimitedBy", json_str(p->spec, "limitedBy")) < 0))
		return -ENOMEM;
	if (c->q->is_infra)
		return json_add_bool(o, "isInfra", true);
	return json_add_str(o, "podInfra", p->infra ? p->infra->id : NULL);
}

static int spec_json(const struct create *c, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *image = NULL, *options = NULL;
	struct timespec now = clock_now();
	char time[CLOCK_TEXT_SIZE];

	if (!o || image_json(c, &image) < 0 || container_options_to_json(c->q->options, &options) < 0 ||
	    json_add_str(o, "id", c->making.id) < 0 || json_add_str(o, "name", c->making.name) < 0 ||
	    json_add_str(o, "created", clock_rfc3339_fixed(&now, CLOCK_UTC, time)) < 0 ||
	    json_add_int(o, "createdNs", clock_ns(&now)) < 0 || json_add(o, "image", TAKE_PTR(image)) < 0 ||
	    json_add(o, "options", TAKE_PTR(options)) < 0 ||
	    json_add(o, "config", json_object_get(c->bundle.config)) < 0 ||
	    json_add_strv(o, "anonymousVolumes", &c->bundle.anonymous) < 0 ||
	    json_add_int(o, "stopSignal", c->bundle.stop_signal) < 0 ||
	    json_add_int(o, "stopTimeout", c->bundle.stop_timeout_s) < 0 ||
	    json_add_bool(o, "nested", c->plan->create) < 0 || add_rare(c, o) < 0 || add_pod(c, o) < 0 ||
	    (c->required.n > 0 && json_add_strv(o, "requires", &c->required) < 0) ||
	    json_add(o, "createdBy", json_object_get(c->q->origin->json)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

static int commit(struct create *c, struct container **ret, struct err *e)
{
	_cleanup_json_ struct json_object *spec = NULL;
	_cleanup_close_ int networks = -EBADF;
	int r = spec_json(c, &spec);

	if (r < 0)
		return err_errno(e, -r, "container.json");
	/* who removes one looks for containers on it, and of this one nobody knows yet */
	r = networks_hold(c->eng, json_at(spec, "config.network.networks"), &networks, e);
	return r == 0 ? container_commit(c->eng, &c->making, spec, !c->q->options->rm, ret, e) : r;
}

int create_container(struct engine *eng, const struct create_request *q, struct container **ret, struct err *e)
{
	_cleanup_(create_done) struct create c = {.eng = eng, .q = q, .making = CONTAINER_MAKING_INIT, .fuse = FUSE_PROGRAM_INIT, .auto_lock = -EBADF};
	int r;

	container_sweep(eng, remove_container_dir);
	r = fuse_program_open(eng->mount_program, &c.fuse, e);
	if (r == 0 && q->image)
		r = get_image(&c, e);
	if (r == 0)
		r = plan_userns(&c, e);
	if (r == 0 && c.image)
		r = layers_of(&c, c.image, &c.layers, e);
	if (r == 0)
		r = start_monitor(&c, e);
	if (r == 0 && q->place)
		r = pod_place_hold(q->place, e);
	if (r == 0)
		r = begin(&c, e);
	if (r == 0)
		r = find_required(&c, e);
	if (r == 0)
		r = write_bundle(&c, e);
	if (r == 0)
		r = keeper_ready(q->keeper, e); /* made meanwhile; without it there is nothing to start */
	if (r == 0)
		r = commit(&c, ret, e);
	/* still in the making: it never was a container that could use them */
	if (r < 0 && c.making.lock_fd >= 0)
		bundle_discard_volumes(eng, q->keeper, c.making.id, &c.bundle.made);
	return r;
}
