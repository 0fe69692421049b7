/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What is another container's is recorded by its id, and opened at each start.
 *
 * Three things follow from the kernel. A proc is mounted only for who owns the
 * pid namespace that it shows: so another's processes are seen in its user
 * namespace, with its map of IDs, or not at all. Who has entered one user
 * namespace has no power over a second: so whatever else is joined has to
 * belong to the same. And the first process of such a container cannot be
 * traced by anybody while it comes about, so no helper connects a network of
 * its own. The shared memory of POSIX is files in /dev/shm and no part of an
 * ipc namespace: only a container made with --ipc shareable has these where
 * another can have them too.
 */
#include "engine/peer_choice.h"

#include "engine/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct option {
	enum peer_ns ns;
	const char **value;
	const char *name, *recorded;
};

void peer_choice_done(struct peer_choice *p)
{
	for (size_t i = 0; i < PEER_N; i++)
		container_freep(&p->other[i]);
}

static bool is(const struct container *c, const char *path, const char *word)
{
	return strcmp(json_str(c->spec, path), word) == 0;
}

/* In which user namespace it lives: whose; "": the keeper's. */
static const char *user_owner(const struct container *c)
{
	struct json_object *list = json_at(c->spec, "config.joined.namespaces");
	const char *peer = json_str(c->spec, "config.peers.user");

	if (*peer)
		return peer;
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), peer_word(PEER_USER)) == 0)
			return json_str(c->spec, "config.joined.container");
	return json_true(c->spec, "nested") ? c->id : "";
}

static int choose_one(struct engine *eng, const struct option *opt, struct peer_choice *p, struct err *e)
{
	const char *value = *opt->value, *name = value ? network_peer_of(value) : NULL;
	struct container **c = &p->other[opt->ns];
	int r;

	if (value && strncmp(value, "ns:", 3) == 0) {
		p->path[opt->ns] = value + 3;
		p->set |= PEER_BIT(opt->ns);
		return 0;
	}
	if (!name)
		return 0;
	r = container_find(eng, name, c, e);
	if (r < 0)
		return err_wrap(e, r, "--%s container:%s", opt->name, name);
	if (is(*c, opt->recorded, "host"))
		return err_set(e, EINVAL, "--%s container:%s: that container has the host's: --%s host", opt->name, name, opt->name);
	snprintf(p->text[opt->ns], sizeof(p->text[opt->ns]), "container:%s", (*c)->id);
	*opt->value = p->text[opt->ns];
	p->set |= PEER_BIT(opt->ns);
	return 0;
}

/* The one that it has its IPC of; "": its own alone. */
static const char *ipc_owner(const struct container *c)
{
	const char *peer = json_str(c->spec, "config.peers.ipc");
	struct json_object *list = json_at(c->spec, "config.joined.namespaces");

	if (*peer || is(c, "options.ipc", "shareable"))
		return *peer ? peer : c->id;
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), peer_word(PEER_IPC)) == 0)
			return json_str(c->spec, "config.joined.container");
	return "";
}

/* Whose /dev/shm it is: that of one may be another's. Bounded, as a damaged file could lead in a circle. */
static int shm_owner(struct engine *eng, const struct container *c, char ret[static CONTAINER_ID_LEN + 1], struct err *e)
{
	_cleanup_(container_freep) struct container *next = NULL;

	for (size_t i = 0; i < 16; i++) {
		struct container *at = NULL;
		const char *owner = ipc_owner(c);
		bool found = strcmp(owner, c->id) == 0 || json_true(c->spec, "isInfra");
		int r;

		if (found)
			memcpy(ret, c->id, CONTAINER_ID_LEN + 1);
		if (found || !*owner)
			return found ? 0 : -EINVAL;
		r = container_load(eng, owner, &at, e);
		if (r < 0)
			return r;
		container_freep(&next);
		c = next = at;
	}
	return -EINVAL;
}

static int choose_shm(struct engine *eng, const struct container_options *o, struct peer_choice *p, struct err *e)
{
	const struct container *c = p->other[PEER_IPC];
	char owner[CONTAINER_ID_LEN + 1];
	int r;

	if (!c)
		return 0;
	r = shm_owner(eng, c, owner, e);
	if (r == -EINVAL) {
		err_set(e, EINVAL, "joining IPC of container %.12s is not allowed: non-shareable IPC", c->id);
		err_hint(e, "make that one with --ipc shareable");
		return -EINVAL;
	}
	if (r < 0)
		return err_wrap(e, r, "--ipc container:%.12s: whose IPC it has", c->id);
	if (o->shm_size != SHM_SIZE_DEFAULT)
		return err_set(e, EINVAL, "--shm-size: /dev/shm is the other container's");
	return snprintf(p->shm, sizeof(p->shm), "%s/%s/" PEER_SHM, eng->run_path, owner) >= (int)sizeof(p->shm)
		       ? err_errno(e, ENAMETOOLONG, "--ipc container:%.12s", c->id) : 0;
}

static int choose_hostname(struct container_options *o, const struct peer_choice *p, struct err *e)
{
	const char *has = p->other[PEER_UTS] ? json_str(p->other[PEER_UTS]->spec, "config.hostname") : "";

	if (!(p->set & PEER_BIT(PEER_UTS)))
		return 0;
	if (o->hostname && strcmp(o->hostname, has) != 0)
		return err_set(e, EINVAL, "--hostname and --uts %s exclude each other", o->uts);
	if (*has)
		o->hostname = has;
	return 0;
}

static bool same_lines(const struct strv *a, const struct strv *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

/* Its map of IDs, as it was asked for. */
static int choose_map(const struct container *c, struct container_options *o, struct err *e)
{
	_cleanup_(strv_done) struct strv uid = {0}, gid = {0};
	const char *mode = json_at(c->spec, "options.userns") ? json_str(c->spec, "options.userns") : NULL;
	int r = json_get_strv(c->spec, "options.uidmap", &uid, NULL);

	if (r == 0)
		r = json_get_strv(c->spec, "options.gidmap", &gid, NULL);
	if (r < 0)
		return err_errno(e, -r, "the map of container %.12s", c->id);
	if ((o->userns && (!mode || strcmp(o->userns, mode) != 0)) || (o->uidmap.n > 0 && !same_lines(&o->uidmap, &uid)) ||
	    (o->gidmap.n > 0 && !same_lines(&o->gidmap, &gid)))
		return err_set(e, EINVAL, "--pid container:%.12s: its processes are seen in its user namespace alone, and another one was asked for", c->id);
	o->userns = mode;
	strv_done(&o->uidmap);
	strv_done(&o->gidmap);
	o->uidmap = uid;
	o->gidmap = gid;
	uid = gid = (struct strv){0};
	return 0;
}

static const char *network_of(const struct container_options *o)
{
	return o->network.n > 0 ? o->network.items[o->network.n - 1] : "";
}

static int check_network(struct engine *eng, const struct container_options *o, const char *owner, struct err *e)
{
	const char *mode = network_of(o), *name = network_peer_of(mode);
	_cleanup_(container_freep) struct container *c = NULL;
	int r;

	if (strcmp(mode, "none") == 0 || strcmp(mode, "host") == 0)
		return 0;
	if (!name) {
		err_set(e, ENOTSUP, "--pid container: a network of its own cannot be connected to what is in another's user namespace");
		err_hint(e, "give it that container's network too (--network container:NAME), or --network none");
		return -ENOTSUP;
	}
	r = container_find(eng, name, &c, e);
	if (r < 0)
		return err_wrap(e, r, "--network container:%s", name);
	return strcmp(user_owner(c), owner) == 0
		       ? 0 : err_set(e, EINVAL, "--network container:%s: in another user namespace than that of --pid container:", name);
}

/* What comes with another's processes. */
static int choose_user(struct engine *eng, struct container_options *o, struct peer_choice *p, struct err *e)
{
	struct container *c = p->other[PEER_PID];
	const char *owner;
	int r;

	if (o->pod)
		return err_set(e, EINVAL, "--pid container: and --pod exclude each other: what they share is in two user namespaces");
	if (o->ident)
		return err_set(e, ENOTSUP, "--pid container: and --ident exclude each other: what names a container would name two");
	if (o->init)
		return err_set(e, EINVAL, "cannot add init binary as PID 1 (PID namespace isn't private)");
	r = choose_map(c, o, e);
	owner = user_owner(c);
	if (r < 0 || !*owner)
		return r;
	for (size_t i = 0; i < PEER_N; i++) {
		if (p->path[i])
			return err_set(e, EINVAL, "--%s ns:%s: not in the user namespace of --pid container:", peer_word((enum peer_ns)i), p->path[i]);
		if (p->other[i] && strcmp(user_owner(p->other[i]), owner) != 0)
			return err_set(e, EINVAL, "--%s %s: in another user namespace than that of --pid container:", peer_word((enum peer_ns)i), p->text[i]);
	}
	r = check_network(eng, o, owner, e);
	if (r < 0)
		return r;
	p->set |= PEER_BIT(PEER_USER);
	return container_load(eng, c->id, &p->other[PEER_USER], e);
}

static int check_pid_path(const struct container_options *o, const struct peer_choice *p, struct err *e)
{
	if (o->userns && strcmp(o->userns, "host") == 0 && !o->init)
		return 0;
	return err_set(e, EINVAL, "--pid ns:%s: only with --userns host and without --init: nobody else could mount its /proc", p->path[PEER_PID]);
}

int peer_choose(struct engine *eng, struct container_options *o, struct peer_choice *ret, struct err *e)
{
	const struct option options[] = {
		{PEER_UTS, &o->uts, "uts", "options.uts"}, {PEER_IPC, &o->ipc, "ipc", "options.ipc"}, {PEER_PID, &o->pid, "pid", "options.pid"},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(options); i++)
		r = choose_one(eng, &options[i], ret, e);
	if (r == 0)
		r = choose_hostname(o, ret, e);
	if (r == 0)
		r = choose_shm(eng, o, ret, e);
	if (r == 0 && ret->other[PEER_PID])
		r = choose_user(eng, o, ret, e);
	return r == 0 && ret->path[PEER_PID] ? check_pid_path(o, ret, e) : r;
}

struct json_object *peer_choice_json(const struct peer_choice *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t i = 0; o && i < PEER_N; i++)
		if (p->other[i] && json_add_str(o, peer_word((enum peer_ns)i), p->other[i]->id) < 0)
			return NULL;
	return TAKE_PTR(o);
}

static bool is_joined(const char *mode)
{
	return mode && (network_peer_of(mode) || strncmp(mode, "ns:", 3) == 0);
}

int peer_choice_refuse(const struct container_options *o, const char *what, struct err *e)
{
	const struct {
		const char *name, *value;
	} modes[] = {{"uts", o->uts}, {"ipc", o->ipc}, {"pid", o->pid}};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (is_joined(modes[i].value))
			return err_set(e, ENOTSUP, "--%s %s: %s", modes[i].name, modes[i].value, what);
	return 0;
}
