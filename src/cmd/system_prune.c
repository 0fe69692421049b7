/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * ranby system prune, ranby system reset: all that is not used, and all.
 * What of it is told kernel audit and the ledger is told by each removal;
 * the ledger itself is no part of the store, and stays.
 */
#include "cmd/commands.h"
#include "cmd/image_common.h"
#include "cmd/prune.h"
#include "cmd/report.h"
#include "cmd/screen.h"
#include "base/size.h"
#include "engine/attest.h"
#include "engine/pod.h"
#include "engine/remove.h"
#include "engine/secret_store.h"
#include "sys/dir.h"
#include "sys/fd.h"
#include "view/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct prune_args {
	bool all, force, volumes;
	struct strv filter;
};

static const struct option_row prune_rows[] = {
	{'a', "all", OPT_FLAG, offsetof(struct prune_args, all), .help = "Images that have a name too"},
	{0, "filter", OPT_LIST, offsetof(struct prune_args, filter), .arg = "KEY=VALUE", .choices = "label=|label!=|until=", .help = "Only those that match: label, label!, until"},
	{'f', "force", OPT_FLAG, offsetof(struct prune_args, force), .help = "Do not ask"},
	{0, "volumes", OPT_FLAG, offsetof(struct prune_args, volumes), .help = "Volumes too"},
	OPTION_END,
};

static void prune_args_done(void *args)
{
	strv_done(&((struct prune_args *)args)->filter);
}

static int check_filters(const struct prune_args *a, struct err *e)
{
	for (size_t i = 0; i < a->filter.n; i++) {
		const char *f = a->filter.items[i];

		if (strncmp(f, "label=", 6) != 0 && strncmp(f, "label!=", 7) != 0 && strncmp(f, "until=", 6) != 0)
			return err_set(e, EINVAL, "--filter %s: label, label! and until are there", f);
	}
	return 0;
}

static int ask(const struct prune_args *a, struct err *e)
{
	printf("WARNING! This command removes:\n"
	       "\t- all stopped containers, and pods that have ended\n"
	       "\t- all networks not used by at least one container\n"
	       "%s"
	       "\t- all %s\n"
	       "\t- all %sbuild cache\n\n",
	       a->volumes ? "\t- all volumes not used by at least one container\n" : "",
	       a->all ? "images without at least one container associated with them" : "dangling images", a->all ? "" : "dangling ");
	return screen_ask("Are you sure you want to continue?", e);
}

/* What is on the disk by now. */
static int measure(const struct command_call *call, uint64_t *ret, struct err *e)
{
	_cleanup_json_ struct json_object *rows = json_object_new_array();
	_cleanup_(store_closep) struct store *st = NULL;
	_cleanup_(disk_done) struct disk d = {0};
	int r = image_store_open(call, &st, e);

	*ret = 0;
	if (r == 0)
		r = disk_read(call->engine, st, &d, e);
	if (r == 0 && (!rows || disk_summary(&d, rows) < 0))
		r = err_errno(e, ENOMEM, "sizes");
	for (size_t i = 0; r == 0 && i < json_object_array_length(rows); i++)
		*ret += (uint64_t)json_int(json_object_array_get_idx(rows, i), "RawSize");
	return r;
}

static int prune_kind(struct engine *eng, const struct prune_kind *k, const struct prune_query *q, int *code, struct err *e)
{
	_cleanup_(strv_done) struct strv ids = {0}, removed = {0};
	int own, r = k->find(eng, q, &ids, e);

	if (r < 0)
		return r;
	own = prune_remove(eng, k, &ids, &removed);
	if (own)
		*code = own;
	if (removed.n)
		puts(k->title);
	for (size_t i = 0; i < removed.n; i++)
		puts(removed.items[i]);
	return 0;
}

static int prune_run(const struct command_call *call, struct err *e)
{
	const struct prune_args *a = call->args;
	const struct prune_query q = {.filters = &a->filter, .all = a->all};
	const struct prune_kind *const kinds[] = {&prune_pods, &prune_containers, a->volumes ? &prune_volumes : NULL, &prune_images, &prune_networks};
	char text[SIZE_TEXT_SIZE];
	uint64_t before, after;
	int code = 0, r = check_filters(a, e);

	if (r == 0 && !a->force) {
		r = ask(a, e);
		if (r <= 0)
			return r;
		r = 0;
	}
	if (r == 0)
		r = measure(call, &before, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		if (kinds[i])
			r = prune_kind(call->engine, kinds[i], &q, &code, e);
	if (r == 0 && a->all)
		r = prune_builds(call->engine, true, e);
	if (r == 0)
		r = measure(call, &after, e);
	if (r == 0)
		printf("Total reclaimed space: %s\n", size_text(before > after ? before - after : 0, 4, "", text));
	return r < 0 ? r : code;
}

const struct command command_system_prune = {
	.name = "system prune",
	.operands = "[OPTIONS]",
	.summary = "Remove all that is not used",
	.needs = NEED_ENGINE,
	.rows = prune_rows,
	.args_size = sizeof(struct prune_args),
	.args_done = prune_args_done,
	.run = prune_run,
};

/* ---- reset ---- */

struct reset_args {
	bool force;
};

static const struct option_row reset_rows[] = {
	{'f', "force", OPT_FLAG, offsetof(struct reset_args, force), .help = "Do not ask"},
	OPTION_END,
};

static int ask_reset(const struct engine *eng, struct err *e)
{
	printf("WARNING! This will remove:\n"
	       "        - all containers\n"
	       "        - all pods\n"
	       "        - all images\n"
	       "        - all networks\n"
	       "        - all build cache\n"
	       "        - all secrets\n"
	       "        - all volumes\n"
	       "        - what is in the data directory: \"%s\"\n"
	       "        - what is in the run directory: \"%s\"\n",
	       eng->data_path, eng->run_path);
	return screen_ask("Are you sure you want to continue?", e);
}

static int remove_containers(struct engine *eng, struct err *e)
{
	static const struct remove_options all = {.force = true, .volumes = true, .reason = "reset"};
	_cleanup_(container_list_done) struct container_list l = {0};
	int r = container_list(eng, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		r = remove_container(eng, l.items[i], &all, e);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int remove_pods(struct engine *eng, struct err *e)
{
	static const struct pod_remove_options all = {.force = true, .reason = "reset"};
	_cleanup_(pod_list_done) struct pod_list l = {0};
	int r = pod_list(eng, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		r = pod_remove(eng, l.items[i], &all, e);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int remove_secrets(struct engine *eng, struct err *e)
{
	_cleanup_(secret_list_done) struct secret_list l = {0};
	int r = secret_list(eng, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct attest a = ATTEST_INIT(AUDIT_VERB_SECRET_RM);

		a.name = l.items[i].name;
		a.reason = "reset";
		r = attest_result(eng, &a, secret_remove(eng, l.items[i].name, e), e);
	}
	return r;
}

/* All that is left in one of our directories, in the keeper where its owners demand that. */
static int empty(struct engine *eng, int dirfd, struct err *e)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;

	if (!dir) {
		r = err_errno(e, errno, "reset");
		fd_closep(&copy);
		return r;
	}
	while (r == 0 && (d = dir_next(dir, &r)))
		r = remove_tree(eng, dirfd, d->d_name, e);
	closedir(dir);
	return r;
}

static int reset_run(const struct command_call *call, struct err *e)
{
	const struct prune_kind *const kinds[] = {&prune_volumes, &prune_images, &prune_networks};
	const struct reset_args *a = call->args;
	static const struct strv none = {0};
	const struct prune_query q = {.filters = &none, .all = true};
	int code = 0, r = a->force ? 1 : ask_reset(call->engine, e);

	if (r <= 0)
		return r;
	r = remove_pods(call->engine, e);
	if (r == 0)
		r = remove_containers(call->engine, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(strv_done) struct strv ids = {0}, removed = {0};

		r = kinds[i]->find(call->engine, &q, &ids, e);
		if (r == 0)
			code = prune_remove(call->engine, kinds[i], &ids, &removed);
		r = r < 0 ? r : code ? err_set(e, EIO, "reset: not all could be removed") : 0;
	}
	if (r == 0)
		r = remove_secrets(call->engine, e);
	if (r == 0)
		r = empty(call->engine, call->engine->data_fd, e);
	if (r == 0)
		r = empty(call->engine, call->engine->run_fd, e);
	return r;
}

const struct command command_system_reset = {
	.name = "system reset",
	.operands = "[OPTIONS]",
	.summary = "Remove all containers, images, volumes, networks and secrets",
	.needs = NEED_ENGINE,
	.rows = reset_rows,
	.args_size = sizeof(struct reset_args),
	.run = reset_run,
};
