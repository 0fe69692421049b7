/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The label is part of the bundle, so that a container has the same one at
 * each start: what it labelled private stays its own. Only the pair can be
 * gone, for it was promised while the container runs and no longer.
 *
 * The members of a pod that share memory or PIDs have the pair of its infra
 * container, which claims it for them.
 *
 * Whoever asked for a level by name shares it knowingly; the claim is then
 * tried, so that nobody else is given it, and not insisted on.
 */
#include "engine/start_label.h"

#include "engine/bundle_config.h"
#include "engine/engine.h"
#include "engine/etc.h"
#include "engine/peer.h"
#include "engine/relabel.h"
#include "sys/fd.h"
#include "sys/lsm.h"
#include "sys/path.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void start_label_done(struct start_label *l)
{
	fd_closep(&l->claim_fd);
}

int start_label_json(const struct label *l, const struct start_label_mount *mounts, size_t n, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int r = list ? 0 : -ENOMEM;

	if (!o || r < 0 || json_add(o, "relabel", list) < 0 || json_add_str(o, "state", label_state_name(l->state)) < 0)
		return -ENOMEM;
	if (l->state == LABEL_ON && (json_add_str(o, "process", l->process) < 0 || json_add_str(o, "file", l->file) < 0 ||
				     json_add_bool(o, "ownPair", l->own_pair) < 0 ||
				     json_add_bool(o, "ofPod", l->of_pod) < 0))
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *m = json_object_new_object();

		r = json_append(list, m);
		if (r == 0 && (json_add_str(m, "source", mounts[i].source) < 0 || json_add_bool(m, "private", mounts[i].private) < 0))
			r = -ENOMEM;
	}
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

/* ---- the pair ---- */

static int set_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_del(o, key);
	return json_add_str(o, key, value);
}

struct labels {
	const char *process, *file;
};

static int set_labels(struct json_object *config, void *ctx)
{
	const struct labels *l = ctx;
	int r = set_text(json_at(config, "process"), "selinuxLabel", l->process);

	return r == 0 ? set_text(json_at(config, "linux"), "mountLabel", l->file) : r;
}

static int change_pair(struct container *c, const struct mcs_pair *p, struct err *e)
{
	char process[SELINUX_CONTEXT_SIZE], file[SELINUX_CONTEXT_SIZE];
	struct json_object *o = json_at(c->spec, "config.selinux");
	int r = label_with_pair(json_str(o, "process"), p, process);

	if (r == 0)
		r = label_with_pair(json_str(o, "file"), p, file);
	if (r == 0)
		r = set_text(o, "process", process);
	if (r == 0)
		r = set_text(o, "file", file);
	if (r < 0)
		return err_errno(e, -r, "SELinux: another pair of categories");
	r = bundle_config_change(container_dir(c), set_labels, &(struct labels){process, file}, e);
	return r < 0 ? r : container_write_spec(c, c->spec, e);
}

/* Of the login that starts it, which need not be the one that made it. */
static int another_pair(struct container *c, struct start_label *l, struct err *e)
{
	char current[SELINUX_CONTEXT_SIZE], sensitivity[16];
	struct selinux_categories range;
	struct selinux_context own;
	struct mcs_pair p;
	int r = selinux_current(current);

	if (r == 0)
		r = selinux_context_parse(current, &own);
	if (r == 0)
		r = selinux_high_level(own.range, sensitivity, &range);
	if (r < 0)
		return err_errno(e, -r, "SELinux: the context of this login");
	r = mcs_claim_any(&range, &p, &l->claim_fd, e);
	return r < 0 ? r : change_pair(c, &p, e);
}

static int pair_of(const struct container *c, struct mcs_pair *ret)
{
	struct selinux_context context;
	int r = selinux_context_parse(json_str(c->spec, "config.selinux.process"), &context);

	return r == 0 ? mcs_pair_of(context.range, ret) : r;
}

/* The infra container, or the one whose memory or processes it shares, which runs and has claimed them, may have got others than when the member was made. */
static int follow_pod(struct engine *eng, struct container *c, struct err *e)
{
	_cleanup_(container_freep) struct container *infra = NULL;
	struct mcs_pair own, pods;
	const char *ipc = json_str(c->spec, "config.peers.ipc"), *seen = *ipc ? ipc : json_str(c->spec, "config.peers.pid");
	int r = container_load(eng, *seen ? seen : json_str(c->spec, "podInfra"), &infra, e);

	if (r < 0)
		return r;
	if (pair_of(c, &own) < 0 || pair_of(infra, &pods) < 0 || (own.a == pods.a && own.b == pods.b))
		return 0;
	return change_pair(c, &pods, e);
}

static int claim(struct container *c, struct start_label *l, struct err *e)
{
	struct json_object *o = json_at(c->spec, "config.selinux");
	struct selinux_context context;
	struct mcs_pair p;
	int r = selinux_context_parse(json_str(o, "process"), &context);

	if (r < 0)
		return err_set(e, EINVAL, "container %.12s: its SELinux label is damaged", c->id);
	r = mcs_pair_of(context.range, &p);
	if (r < 0)
		return 0; /* a level by name, of another form */
	r = mcs_claim(&p, &l->claim_fd);
	if (r == MCS_TAKEN)
		return json_true(o, "ownPair") ? another_pair(c, l, e) : 0;
	return r < 0 ? err_errno(e, -r, "SELinux: claim categories") : 0;
}

/* ---- its files ---- */

static int add(struct strv *paths, struct strv *labels, const char *path, const char *label)
{
	return path && strv_add(paths, path) == 0 && strv_add(labels, label) == 0 ? 0 : -ENOMEM;
}

static int label_files(struct engine *eng, const struct container *c, struct keeper *keeper, struct err *e)
{
	_cleanup_(strv_done) struct strv paths = {0}, labels = {0};
	struct json_object *list = json_at(c->spec, "config.selinux.relabel");
	const char *file = json_str(c->spec, "config.selinux.file");
	char shared[SELINUX_CONTEXT_SIZE];
	int r = label_shared(file, shared);

	for (const char *const *name = etc_names; r == 0 && *name; name++)
		if (faccessat(container_dir(c), *name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (strv_addf(&paths, "%s/%s/%s/%s", eng->data_path, ENGINE_CONTAINERS, c->id, *name) < 0 || strv_add(&labels, file) < 0))
			r = -ENOMEM;
	/* its root, which is no image's */
	if (r == 0 && json_true(c->spec, "isInfra") && add(&paths, &labels, json_str(c->spec, "image.rootfs"), file) < 0)
		r = -ENOMEM;
	if (r == 0 && peer_has_shm(c) &&
	    (strv_addf(&paths, "%s/%s/" PEER_SHM, eng->run_path, c->id) < 0 || strv_add(&labels, file) < 0))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && list && i < json_object_array_length(list); i++) {
		struct json_object *m = json_object_array_get_idx(list, i);

		r = add(&paths, &labels, json_str(m, "source"), json_true(m, "private") ? file : shared);
	}
	return r < 0 ? err_errno(e, -r, "SELinux: labels of its files") : relabel(&paths, &labels, keeper, e);
}

int start_label(struct engine *eng, struct container *c, struct keeper *keeper, struct start_label *ret, struct err *e)
{
	int r;

	/* without SELinux by now, the runtime refuses the label by name */
	if (!*json_str(c->spec, "config.selinux.process") || !lsm_is_enabled(LSM_SELINUX))
		return 0;
	/* the module that had it has gone */
	if (selinux_context_check(json_str(c->spec, "config.selinux.process")) == -EINVAL)
		return label_unknown(json_str(c->spec, "config.selinux.process"), json_str(c->spec, "config.selinux.file"), e);
	r = json_true(c->spec, "config.selinux.ofPod") ? follow_pod(eng, c, e) : claim(c, ret, e);
	return r < 0 ? r : label_files(eng, c, keeper, e);
}

void start_label_streams(const struct container *c, struct stdio_labels *ret)
{
	const char *file = json_str(c->spec, "config.selinux.file"), *process = json_str(c->spec, "config.selinux.process");

	*ret = (struct stdio_labels){*file ? file : NULL, *process ? process : NULL};
}
