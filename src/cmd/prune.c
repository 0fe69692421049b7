/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby container prune, image prune, network prune, volume prune. What is
 * found is removed by name, one after the other; what has come into use since
 * then stays, because each removal looks again.
 */
#include "cmd/prune.h"
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/image_filter.h"
#include "cmd/option_rows.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "build/guard.h"
#include "engine/attest.h"
#include "engine/network_use.h"
#include "engine/networks.h"
#include "engine/pod.h"
#include "engine/remove.h"
#include "engine/restart.h"
#include "engine/storage.h"
#include "engine/volume_list.h"
#include "engine/volume_remove.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "view/ps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- containers ---- */

/* It does not run, will not by itself, and is no part of what does. */
static bool may_go(const struct container *c)
{
	return c->pid <= 0 && !restart_is_pending(c) && !pod_is_infra(c) && !json_true(c->spec, "isBuild");
}

static int find_containers(struct engine *eng, const struct prune_query *q, struct strv *ids, struct err *e)
{
	_cleanup_(container_list_done) struct container_list l = {0};
	_cleanup_(ps_filter_done) struct ps_filter f = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->filters->n; i++)
		r = ps_filter_add(&f, q->filters->items[i], e);
	if (r < 0)
		return r;
	guard_sweep(eng);
	r = container_list(eng, &l, e);
	if (r == 0)
		r = ps_filter_check(&f, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (may_go(l.items[i]) && ps_filter_match(&f, l.items[i], &l) && strv_add(ids, l.items[i]->id) < 0)
			r = err_errno(e, ENOMEM, "containers");
	return r;
}

static int remove_one_container(struct engine *eng, const char *id, struct err *e)
{
	_cleanup_(container_freep) struct container *c = NULL;
	int r = container_load(eng, id, &c, e);

	return r == 0 ? remove_container(eng, c, &(struct remove_options){.reason = "prune"}, e) : r;
}

const struct prune_kind prune_containers = {
	.title = "Deleted Containers", .find = find_containers, .remove = remove_one_container,
};

/* ---- images ---- */

static int find_images(struct engine *eng, const struct prune_query *q, struct strv *ids, struct err *e)
{
	_cleanup_(image_filter_done) struct image_filter filter = {0};
	_cleanup_(image_list_done) struct image_list l = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(strv_done) struct strv uses = {0};
	int r = storage_open(eng, &st, e);

	/* what a killed build was at uses an image */
	guard_sweep(eng);
	if (r == 0)
		r = image_filter_parse(q->filters, NULL, st, eng, &filter, e);
	if (r == 0)
		r = image_uses(eng, &uses, e);
	if (r == 0)
		r = store_list(st, &l, NULL, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		const struct image *img = l.items[i];

		if (!img->is_read_only && (q->all || (img->names.n == 0 && !image_is_intermediate(&l, img))) && image_count_uses(&uses, img->id) == 0 && image_filter_match(&filter, img) &&
		    strv_add(ids, img->id) < 0)
			r = err_errno(e, ENOMEM, "images");
	}
	return r;
}

static int remove_one_image(struct engine *eng, const char *id, struct err *e)
{
	_cleanup_(store_removed_done) struct store_removed removed = {0};
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(strv_done) struct strv uses = {0};
	int r = storage_open(eng, &st, e);

	if (r == 0)
		r = image_uses(eng, &uses, e);
	if (r == 0)
		r = attest_image(eng, AUDIT_VERB_RMI, id, NULL, store_remove(st, id, true, &uses, &removed, e), e);
	return r;
}

static void sweep_images(struct engine *eng)
{
	_cleanup_(store_closep) struct store *st = NULL;

	if (storage_open(eng, &st, NULL) < 0)
		return;
	(void)!store_sweep(st, NULL);
}

const struct prune_kind prune_images = {
	.title = "Deleted Images", .find = find_images, .remove = remove_one_image, .sweep = sweep_images,
};

/* ---- volumes ---- */

static int find_volumes(struct engine *eng, const struct prune_query *q, struct strv *ids, struct err *e)
{
	_cleanup_(container_list_done) struct container_list containers = {0};
	_cleanup_(volume_filter_done) struct volume_filter f = {0};
	_cleanup_(volume_list_done) struct volume_list l = {0};
	int r = volume_filter_parse(q->filters, &f, e);

	if (r == 0)
		r = container_list(eng, &containers, e);
	if (r == 0)
		r = volume_list(eng, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (volume_user(&containers, 0, l.items[i].name) == containers.n && volume_filter_match(&f, &l.items[i], &containers) &&
		    strv_add(ids, l.items[i].name) < 0)
			r = err_errno(e, ENOMEM, "volumes");
	return r;
}

static int remove_one_volume(struct engine *eng, const char *name, struct err *e)
{
	return volume_remove(eng, name, &(struct volume_remove_options){.reason = "prune"}, e);
}

const struct prune_kind prune_volumes = {
	.title = "Deleted Volumes", .find = find_volumes, .remove = remove_one_volume, .sweep = volume_sweep,
};

/* ---- networks ---- */

static int find_networks(struct engine *eng, const struct prune_query *q, struct strv *ids, struct err *e)
{
	_cleanup_(network_list_done) struct network_list l = {0};
	_cleanup_(strv_done) struct strv filter = {0};
	int r = network_filter_parse(q->filters, &filter, e);

	if (r == 0)
		r = network_list(eng, &l, e);
	if (r == 0)
		r = network_use_mark(eng, &l, e);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		if (!l.items[i].is_used && strcmp(l.items[i].name, NETWORK_DEFAULT) != 0 && network_filter_match(&filter, &l.items[i]) &&
		    strv_add(ids, l.items[i].name) < 0)
			r = err_errno(e, ENOMEM, "networks");
	return r;
}

static int remove_one_network(struct engine *eng, const char *name, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	int r = network_load(eng, name, &n, e);

	return r == 0 ? network_use_remove(eng, &n, false, 0, "prune", e) : r;
}

const struct prune_kind prune_networks = {
	.title = "Deleted Networks", .find = find_networks, .remove = remove_one_network,
};

/* ---- the commands ---- */

int prune_remove(struct engine *eng, const struct prune_kind *k, const struct strv *ids, struct strv *removed)
{
	int code = 0;

	for (size_t i = 0; i < ids->n; i++) {
		struct err own = {0};
		int r = k->remove(eng, ids->items[i], &own);

		if (r == 0)
			r = strv_add(removed, ids->items[i]);
		if (r < 0 && r != -ENOENT && r != -EBUSY) {
			report_error(&own);
			code = report_code(&own);
		}
	}
	if (k->sweep)
		k->sweep(eng);
	return code;
}

struct prune_args {
	bool all, force, build_cache;
	struct strv filter;
};

#define PRUNE_ROWS(as_in, words)                                                                                             \
	{0, "filter", OPT_LIST, offsetof(struct prune_args, filter), .arg = "KEY=VALUE", .choices = words, .help = "Only those that match, " as_in}, \
	{'f', "force", OPT_FLAG, offsetof(struct prune_args, force), .help = "Do not ask"}

static void prune_args_done(void *args)
{
	strv_done(&((struct prune_args *)args)->filter);
}

/* 1: go on; 0: no. `listed`: what would go is named in the question. */
static int ask(const char *what, const struct strv *listed, struct err *e)
{
	puts(what);
	for (size_t i = 0; listed && i < listed->n; i++)
		puts(listed->items[i]);
	return screen_ask("Are you sure you want to continue?", e);
}

/* A cache and its lock; one that a build holds stays. */
static int drop_mount(struct engine *eng, int caches, const char *name, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	char file[NAME_MAX + 1];
	char cache[NAME_MAX + 1];
	size_t len = strlen(name);
	int r;

	/* each by its cache's name, a lock that was left alone too */
	if (len > 5 && strcmp(name + len - 5, ".lock") == 0)
		len -= 5;
	snprintf(cache, sizeof(cache), "%.*s", (int)len, name);
	if (snprintf(file, sizeof(file), "%s.lock", cache) >= (int)sizeof(file))
		return 0;
	r = lock_take(caches, file, 0, &lock);
	if (r < 0)
		return r == -EAGAIN ? 0 : err_errno(e, -r, "build cache %s", cache);
	r = remove_tree(eng, caches, cache, e);
	if (r == 0 && unlinkat(caches, file, 0) < 0 && errno != ENOENT)
		r = err_errno(e, errno, "build cache %s", file);
	return r;
}

static int drop_mounts(struct engine *eng, struct err *e)
{
	int caches = -EBADF, r = path_own_open(eng->data_fd, ENGINE_BUILD_MOUNTS, O_RDONLY | O_DIRECTORY, 0, &caches);
	DIR *dir = r < 0 ? NULL : fdopendir(caches);
	struct dirent *d;

	if (r == -ENOENT)
		return 0;
	if (!dir) {
		fd_closep(&caches);
		return err_errno(e, r < 0 ? -r : ENOMEM, "build cache");
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		r = drop_mount(eng, caches, d->d_name, e);
	closedir(dir);
	/* not empty: a build holds one */
	(void)unlinkat(eng->data_fd, ENGINE_BUILD_MOUNTS, AT_REMOVEDIR);
	return r;
}

int prune_builds(struct engine *eng, bool mounts, struct err *e)
{
	int r = remove_tree(eng, eng->data_fd, ENGINE_BUILD_CACHE, e);

	return r == 0 && mounts ? drop_mounts(eng, e) : r;
}

static int drop_build_cache(const struct command_call *call, struct err *e)
{
	const struct prune_args *a = call->args;

	return a->all || a->build_cache ? prune_builds(call->engine, a->build_cache, e) : 0;
}

static int prune(const struct command_call *call, const struct prune_kind *k, const char *warning, bool lists, struct err *e)
{
	const struct prune_args *a = call->args;
	const struct prune_query q = {.filters = &a->filter, .all = a->all};
	_cleanup_(strv_done) struct strv ids = {0}, removed = {0};
	int code, r = k->find(call->engine, &q, &ids, e);

	if (r == 0 && !a->force && (ids.n || !lists)) {
		r = ask(warning, lists ? &ids : NULL, e);
		if (r <= 0)
			return r;
	}
	if (r < 0)
		return r;
	code = prune_remove(call->engine, k, &ids, &removed);
	r = k == &prune_images ? drop_build_cache(call, e) : 0;
	for (size_t i = 0; i < removed.n; i++)
		puts(removed.items[i]);
	return r < 0 ? r : code;
}

static int container_prune_run(const struct command_call *call, struct err *e)
{
	return prune(call, &prune_containers, "WARNING! This will remove all non running containers.", false, e);
}

static int image_prune_run(const struct command_call *call, struct err *e)
{
	const struct prune_args *a = call->args;

	return prune(call, &prune_images,
		     a->all ? "WARNING! This command removes all images without at least one container associated with them." :
			      "WARNING! This command removes all dangling images.",
		     false, e);
}

static int volume_prune_run(const struct command_call *call, struct err *e)
{
	return prune(call, &prune_volumes,
		     "WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:", true, e);
}

static int network_prune_run(const struct command_call *call, struct err *e)
{
	return prune(call, &prune_networks, "WARNING! This will remove all networks not used by at least one container.", false, e);
}

static const struct option_row container_prune_rows[] = {PRUNE_ROWS("as in ps", CONTAINER_FILTER_CHOICES), OPTION_END};
static const struct option_row volume_prune_rows[] = {PRUNE_ROWS("as in volume ls", VOLUME_FILTER_CHOICES), OPTION_END};
static const struct option_row network_prune_rows[] = {PRUNE_ROWS("as in network ls", NETWORK_FILTER_CHOICES), OPTION_END};
static const struct option_row image_prune_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct prune_args, all), .help = "Also those that have a name"},
	{0, "build-cache", OPT_FLAG, offsetof(struct prune_args, build_cache), .help = "Also what RUN --mount=type=cache of builds has kept"},
	PRUNE_ROWS("as in images", IMAGE_FILTER_CHOICES),
	OPTION_END,
};

const struct command command_container_prune = {
	.name = "container prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all containers that do not run",
	.needs = NEED_ENGINE,
	.rows = container_prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = container_prune_run,
};

const struct command command_image_prune = {
	.name = "image prune",
	.operands = "[OPTIONS]",
	.summary = "Remove images that no container uses",
	.needs = NEED_ENGINE,
	.rows = image_prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = image_prune_run,
};

const struct command command_volume_prune = {
	.name = "volume prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all volumes that no container mounts",
	.needs = NEED_ENGINE,
	.rows = volume_prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = volume_prune_run,
};

const struct command command_network_prune = {
	.name = "network prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all networks that no container uses",
	.needs = NEED_ENGINE,
	.rows = network_prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = network_prune_run,
};
