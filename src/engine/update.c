/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Old and new options are both made into files of a cgroup, by the way that a
 * start takes (engine/limits.h, oci/cgroup_limits.h), and the difference is
 * written: so an update and a start cannot disagree. What the new ones have no
 * file for gets the value of a group without limits.
 *
 * A container that was started without any limit is in the cgroup of its
 * login, with other processes, so nothing can be set for it alone. Moving it
 * to a group of its own is refused by the kernel where that login's cgroup is
 * not the user's; it gets the new limits when it is started again.
 *
 * Order: the kernel first, then config.json, then container.json, which is
 * what is asked whether it was done. Whoever is killed in between leaves a
 * container that runs with the new limits and starts with the old ones, or
 * with the new ones; never with half of them.
 */
#include "engine/update.h"

#include "engine/bundle_config.h"
#include "engine/limits.h"
#include "engine/place.h"
#include "engine/restart.h"
#include "engine/systemd_mode.h"
#include "oci/cgroup_limits.h"
#include "sys/cgroup.h"
#include "sys/fd.h"

#include <errno.h>
#include <string.h>

/* What a file has in a group that nobody limits (cgroup-v2). */
static const struct {
	const char *file, *value;
} unlimited[] = {
	{"memory.max", "max"}, {"memory.swap.max", "max"}, {"memory.low", "0"},  {"cpu.max", "max 100000"}, {"cpu.weight", "100"},
	/* a write of nothing is no write */
	{"cpuset.cpus", "\n"}, {"cpuset.mems", "\n"},      {"pids.max", "max"}, {"io.weight", "default 100"},
};

struct written {
	const char *file;
	struct buf before;
};

struct change {
	struct container_options before, after;
	struct json_object *old, *new; /* linux.resources */
	bool had_group;
	bool needs_group; /* systemd_mode.h */
	bool limits;         /* one is to be changed */
	const char *restart; /* likewise the policy, or NULL; borrowed */
	struct cgroup_limits old_limits, new_limits;
	struct written done[CGROUP_LIMITS_MAX];
	size_t n_done;
	struct buf *what;
};

static void change_done(struct change *x)
{
	for (size_t i = 0; i < x->n_done; i++)
		buf_done(&x->done[i].before);
	cgroup_limits_done(&x->old_limits);
	cgroup_limits_done(&x->new_limits);
	json_putp(&x->old);
	json_putp(&x->new);
	container_options_done(&x->before);
	container_options_done(&x->after);
}

static int make_limits(struct change *x, struct err *e)
{
	int r = limits_make(&x->before, &x->old, e);

	if (r == 0)
		r = limits_make(&x->after, &x->new, e);
	if (r == 0)
		r = cgroup_limits_read(x->old, &x->old_limits, e);
	return r == 0 ? cgroup_limits_read(x->new, &x->new_limits, e) : r;
}

static int check_restart(const struct container *c, const char *policy, struct err *e)
{
	struct restart_policy p;
	int r = restart_policy_parse(policy, &p, e);

	if (r == 0 && p.kind != RESTART_NO && json_true(c->spec, "options.rm"))
		return err_set(e, EINVAL, "container %s: was made with --rm, and is removed at its end: --restart cannot be changed", c->name);
	return r;
}

static int read_options(const struct container *c, const struct container_options *wanted, struct change *x, struct err *e)
{
	struct json_object *options = json_at(c->spec, "options");
	int r = container_options_from_json(options, &x->before, e);

	if (r == 0)
		r = container_options_from_json(options, &x->after, e);
	if (r < 0)
		return r;
	x->had_group = json_at(c->spec, "config.limitedBy");
	x->needs_group = systemd_mode_needs_group(c->spec);
	if (limits_change(&x->after, wanted) < 0)
		return err_errno(e, ENOMEM, "limits");
	x->limits = limits_is_given(wanted);
	x->restart = wanted->restart;
	r = limits_check(&x->after, e);
	if (r == 0 && x->needs_group && x->limits && !cgroup_is_bounded_by_namespace())
		return err_set(e, ENOTSUP, "container %s: systemd mode: limits could be lifted from inside: /sys/fs/cgroup is not mounted with nsdelegate", c->name);
	if (r == 0 && x->restart)
		r = check_restart(c, x->restart, e);
	if (r == 0)
		r = make_limits(x, e);
	return r;
}

/* ---- the kernel ---- */

static const char *value_of(const struct cgroup_limits *l, const char *file)
{
	const char *value = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->items[i].file, file) == 0)
			value = l->items[i].value;
	return value;
}

static int write_one(struct change *x, int group, const char *file, const char *value, struct err *e)
{
	struct written *w = &x->done[x->n_done];
	int r;

	if (x->n_done == ARRAY_SIZE(x->done))
		return err_set(e, E2BIG, "more than %zu limits", ARRAY_SIZE(x->done));
	*w = (struct written){.file = file, .before = BUF_INIT};
	r = cgroup_read(group, file, &w->before);
	if (r == 0)
		r = cgroup_write(group, file, value);
	if (r < 0)
		buf_done(&w->before);
	/* without swap accounting there is no swap to limit */
	if (r == -ENOENT && strcmp(file, "memory.swap.max") == 0)
		return 0;
	if (r == -ENOENT)
		return err_set(e, ENOTSUP, "%s: this kernel has no such limit", file);
	if (r < 0)
		return err_errno(e, -r, "%s = %s", file, value);
	x->n_done++;
	buf_addf(x->what, "%s%s=%s", x->what->len ? " " : "", file, value[0] == '\n' ? "" : value);
	return 0;
}

static void write_back(struct change *x, int group)
{
	while (x->n_done > 0) {
		struct written *w = &x->done[--x->n_done];

		(void)!cgroup_write(group, w->file, w->before.len ? buf_str(&w->before) : "\n");
		buf_done(&w->before);
	}
}

static int write_group(struct change *x, int group, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->new_limits.n; i++) {
		const struct cgroup_limit *l = &x->new_limits.items[i];
		const char *was = value_of(&x->old_limits, l->file);

		if (!was || strcmp(was, l->value) != 0)
			r = write_one(x, group, l->file, l->value, e);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(unlimited); i++)
		if (value_of(&x->old_limits, unlimited[i].file) && !value_of(&x->new_limits, unlimited[i].file))
			r = write_one(x, group, unlimited[i].file, unlimited[i].value, e);
	if (r < 0)
		write_back(x, group);
	return r;
}

static int no_group(const struct container *c, struct err *e)
{
	(void)err_set(e, ENOTSUP, "container %s has no cgroup of its own: it was started without limits, in that of the login", c->name);
	err_hint(e, "ranby stop, update, start; what is made with --cgroups enabled has one from the start (ranby-cgroups(7))");
	return -ENOTSUP;
}

/* `option`: the first of the new ones. *ret_fd stays -EBADF where there is nothing to write to. */
static int check(struct engine *eng, const struct container *c, const struct change *x, const char *option, int *ret_fd, struct err *e)
{
	struct place p;
	int r = 0;

	place_find(eng, &p);
	if (c->pid > 0) {
		r = place_group(eng, c, ret_fd);
		if (r == -ENOENT)
			return no_group(c, e);
		if (r == 0)
			r = cgroup_controllers(*ret_fd, &p.controllers);
		if (r < 0)
			return err_errno(e, -r, "the cgroup of container %s", c->name);
		/* wherever this command runs, the group is there */
		p.manager = p.manager == PLACE_NONE ? PLACE_CGROUPFS : p.manager;
	}
	return option ? place_check(&p, option, x->new, e) : 0;
}

/* ---- the files ---- */

static int set(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_del(o, key);
	return value ? json_add(o, key, json_object_get(value)) : 0;
}

/* What has had a group of its own keeps one, also without limits. */
static const char *limited_by(const struct change *x)
{
	const char *option = limits_option(&x->after);

	return option ? option : x->needs_group ? "--systemd" : x->had_group ? "--cgroups" : NULL;
}

static int set_limits(struct json_object *config, void *ctx)
{
	const struct change *x = ctx;
	struct json_object *o = json_at(config, "linux");
	int r = set(o, "resources", x->new);

	json_object_object_del(o, "cgroupsPath");
	/* relative: our own plan and no other engine's */
	return r == 0 && limited_by(x) ? json_add_str(o, "cgroupsPath", "ranby") : r;
}

static int set_spec(struct container *c, const struct change *x)
{
	struct json_object *config = json_at(c->spec, "config");
	const char *option = limited_by(x);
	uint64_t nano = limits_nano_cpus(&x->after);
	int r = config ? set(config, "resources", x->new) : -EINVAL;

	if (r < 0)
		return r;
	json_object_object_del(config, "limitedBy");
	json_object_object_del(config, "nanoCpus");
	if (option && (json_add_str(config, "limitedBy", option) < 0 || json_add_u64(config, "nanoCpus", nano) < 0))
		return -ENOMEM;
	r = limits_to_options(&x->after, json_at(c->spec, "options"));
	if (r == 0 && x->restart)
		r = set(json_at(c->spec, "options"), "restart", NULL);
	return r == 0 && x->restart ? json_add_str(json_at(c->spec, "options"), "restart", x->restart) : r;
}

static int write_files(struct container *c, struct change *x, struct err *e)
{
	int r = x->limits ? bundle_config_change(container_dir(c), set_limits, x, e) : 0;

	if (r < 0)
		return r;
	r = set_spec(c, x);
	return r < 0 ? err_errno(e, -r, "container %s", c->name) : container_write_spec(c, c->spec, e);
}

int update_container(struct engine *eng, struct container *c, const struct container_options *change, struct buf *what, struct err *e)
{
	_cleanup_(change_done) struct change x = {.what = what};
	_cleanup_close_ int lock = -EBADF, group = -EBADF;
	int r = container_lock(c, CONTAINER_LOCK_MS, &lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r == 0)
		r = read_options(c, change, &x, e);
	if (r == 0 && x.limits)
		r = check(eng, c, &x, limits_option(&x.after), &group, e);
	if (r == 0 && group >= 0)
		r = write_group(&x, group, e);
	if (r < 0)
		return r;
	if (x.restart)
		buf_addf(what, "%srestart=%s", what->len ? " " : "", x.restart);
	for (size_t i = 0; x.limits && group < 0 && i < x.new_limits.n; i++)
		buf_addf(what, "%s%s=%s", what->len ? " " : "", x.new_limits.items[i].file, x.new_limits.items[i].value);
	r = x.restart ? restart_update(eng, c, x.restart, e) : 0;
	if (r == 0)
		r = write_files(c, &x, e);
	if (r < 0 && group >= 0)
		write_back(&x, group);
	return r;
}
