/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * An ID in a container is an ID of the keeper is an ID of the host, and
 * people who compare a file's owner with /etc/subuid stumble over the one in
 * the middle: subordinate IDs begin at 1 in the keeper, and a container may
 * be given any part of that. So all three are shown side by side.
 *
 * The kernel shows a namespace's map to a reader as seen from the reader's
 * own namespace: what is read of a container is inside - host, with the
 * keeper left out already. The keeper's own map puts it back in: each extent
 * is cut where an extent of the keeper begins or ends, so that in a segment
 * all three count in step.
 */
#include "view/map.h"

#include "engine/keeper.h"
#include "engine/subid.h"
#include "sys/fd.h"
#include "sys/procfs.h"

#include <stdio.h>
#include <string.h>

const char *map_source_word(enum map_source s)
{
	static const char *const words[] = {
		[MAP_KERNEL] = "kernel", [MAP_RECORDED] = "recorded", [MAP_PLANNED] = "planned"};

	return words[s];
}

void map_view_done(struct map_view *v)
{
	for (int kind = NAMES_USER; kind <= NAMES_GROUP; kind++) {
		for (size_t i = 0; i < v->of[kind].n; i++) {
			free(v->of[kind].segments[i].name);
			free(v->of[kind].segments[i].owner);
		}
		free(v->of[kind].segments);
	}
	free(v->id);
	free(v->name);
	memset(v, 0, sizeof(*v));
}

/* ---- segments ---- */

/* How many IDs from `host` on stay in one extent of the keeper (or in one gap of it); the keeper's ID, or ID_NONE. */
static uint32_t keeper_run(const struct id_list *keeper, uint32_t host, uint32_t count, uint32_t *ret_keeper)
{
	uint32_t run = count;

	*ret_keeper = ID_NONE;
	for (size_t i = 0; i < keeper->n; i++) {
		const struct id_extent *x = &keeper->extents[i];

		if (host >= x->outside && host - x->outside < x->count) {
			uint32_t left = x->count - (host - x->outside);

			*ret_keeper = x->inside + (host - x->outside);
			return left < count ? left : count;
		}
		if (x->outside > host && x->outside - host < run)
			run = x->outside - host;
	}
	return run;
}

static int add_segment(struct map_side *side, struct names *names, enum names_kind kind, struct map_segment s)
{
	struct map_segment *grown = mem_regrow(side->segments, side->n + 1, sizeof(*grown));
	const char *name = names_host(names, kind, s.host);
	struct names_range range;

	if (!grown)
		return -ENOMEM;
	side->segments = grown;
	if (name) {
		s.name = strdup(name);
		if (!s.name)
			return -ENOMEM;
	}
	if (names_range_of(names, kind, s.host, &range) == 0) {
		s.owner = strdup(range.owner);
		s.offset = range.offset;
		if (!s.owner) {
			free(s.name);
			return -ENOMEM;
		}
	}
	side->segments[side->n++] = s;
	return 0;
}

static int make_side(const struct id_list *inside, const struct id_list *keeper, struct names *names, enum names_kind kind,
		     struct map_side *side)
{
	_cleanup_free_ struct id_list *sorted = malloc(sizeof(*sorted));
	int r = 0;

	if (!sorted)
		return -ENOMEM;
	*sorted = *inside;
	id_list_normalize(sorted);
	for (size_t i = 0; i < sorted->n; i++) {
		struct id_extent x = sorted->extents[i];

		while (x.count > 0 && r == 0) {
			struct map_segment s = {.inside = x.inside, .host = x.outside, .keeper = ID_NONE};

			s.count = keeper ? keeper_run(keeper, x.outside, x.count, &s.keeper) : x.count;
			r = add_segment(side, names, kind, s);
			x.inside += s.count;
			x.outside += s.count;
			x.count -= s.count;
		}
	}
	return r;
}

int map_view_make(const struct id_map *inside, const struct id_map *keeper, struct names *names, struct map_view *ret)
{
	int r;

	ret->has_keeper = keeper != NULL;
	r = make_side(&inside->uid, keeper ? &keeper->uid : NULL, names, NAMES_USER, &ret->of[NAMES_USER]);
	if (r == 0)
		r = make_side(&inside->gid, keeper ? &keeper->gid : NULL, names, NAMES_GROUP, &ret->of[NAMES_GROUP]);
	return r;
}

/* ---- where the maps come from ---- */

static int read_live(const struct container *c, struct id_map *ret)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc init = PROC_INIT;
	int r;

	r = procfs_open(&fs);
	if (r == 0)
		r = proc_open_identity(&fs, c->pid, c->start_ticks, &init);
	return r < 0 ? r : id_map_read(init.dirfd, ret);
}

int map_read(const struct container *c, struct id_map *ret, enum map_source *ret_source, struct err *e)
{
	const char *uid, *gid;
	int r;

	if (c->pid > 0 && read_live(c, ret) == 0) {
		*ret_source = MAP_KERNEL;
		return 0;
	}
	uid = json_str(c->state, "inForce.uidMap");
	gid = json_str(c->state, "inForce.gidMap");
	if (!*uid || !*gid)
		return err_set(e, ENODATA, "container %s has no ID map: it was never started", c->name);
	r = id_list_parse(uid, &ret->uid);
	if (r == 0)
		r = id_list_parse(gid, &ret->gid);
	if (r < 0)
		return err_errno(e, -r, "recorded ID map of container %s", c->name);
	*ret_source = MAP_RECORDED;
	return 0;
}

/* What state.json says of the keeper; -ENODATA: nothing. */
static int recorded_keeper(const struct container *c, struct id_map *ret)
{
	const char *uid = json_str(c->state, "keeper.uidMap"), *gid = json_str(c->state, "keeper.gidMap");
	int r;

	if (!*uid || !*gid)
		return -ENODATA;
	r = id_list_parse(uid, &ret->uid);
	return r < 0 ? r : id_list_parse(gid, &ret->gid);
}

static int own_map(struct id_map *ret, bool *ret_on_host, struct err *e)
{
	_cleanup_(procfs_close) struct procfs fs = PROCFS_INIT;
	_cleanup_(proc_close) struct proc self = PROC_INIT;
	int r = procfs_open(&fs);

	if (r == 0)
		r = proc_open(&fs, getpid(), &self);
	if (r == 0)
		r = id_map_read(self.dirfd, ret);
	if (r < 0)
		return err_errno(e, -r, "read our own ID map");
	*ret_on_host = fs.on_host;
	return 0;
}

static int not_known_here(struct err *e)
{
	return err_set(e, EACCES, "map: the IDs of the host are not known in this user namespace");
}

/*
 * Within the keeper's namespace, as in `ranby unshare`, the kernel tells the keeper's ids; its map leads on to the
 * host's. Nothing does in any other. `keeper`: none recorded when NULL.
 */
static int to_host(const struct id_map *keeper, struct id_map *inside, struct err *e)
{
	_cleanup_free_ struct id_map *own = calloc(1, sizeof(*own));
	bool on_host = false;
	int r = own ? own_map(own, &on_host, e) : err_errno(e, ENOMEM, "map");

	if (r < 0 || on_host)
		return r;
	if (!keeper || !id_list_equal(&own->uid, &keeper->uid) || !id_list_equal(&own->gid, &keeper->gid))
		return not_known_here(e);
	r = id_map_compose(inside, keeper, own);
	if (r < 0)
		return err_errno(e, -r, "ID map of the keeper");
	*inside = *own;
	return 0;
}

int map_of_container(struct engine *eng, const struct container *c, struct names *names, struct map_view *ret, struct err *e)
{
	_cleanup_free_ struct id_map *inside = calloc(1, sizeof(*inside));
	_cleanup_free_ struct id_map *keeper = calloc(1, sizeof(*keeper));
	_cleanup_(map_view_done) struct map_view v = {0};
	bool has_keeper;
	int r;

	(void)eng;
	if (!inside || !keeper)
		return err_errno(e, ENOMEM, "map");
	r = map_read(c, inside, &v.source, e);
	if (r < 0)
		return r;
	v.keeper_source = MAP_RECORDED;
	has_keeper = recorded_keeper(c, keeper) == 0;
	if (v.source == MAP_KERNEL)
		r = to_host(has_keeper ? keeper : NULL, inside, e);
	if (r < 0)
		return r;
	r = map_view_make(inside, has_keeper ? keeper : NULL, names, &v);
	v.id = strdup(c->id);
	v.name = strdup(c->name);
	if (r < 0 || !v.id || !v.name)
		return err_errno(e, r < 0 ? -r : ENOMEM, "map");
	*ret = v;
	v = (struct map_view){0};
	return 0;
}

/* The ranges behind the user's own ID, as keeper_open() would map them. */
static int plan_keeper(struct engine *eng, struct names *names, struct id_map *ret, struct err *e)
{
	const char *name = names_host(names, NAMES_USER, eng->uid);
	int r;

	r = subid_ranges(SUBID_USER, eng->uid, name, &ret->uid, e);
	if (r == 0)
		r = subid_ranges(SUBID_GROUP, eng->uid, name, &ret->gid, e);
	if (r < 0)
		return r;
	/* without either there is one ID of each kind, and no helper is asked */
	if (ret->uid.n == 0 || ret->gid.n == 0)
		ret->uid.n = ret->gid.n = 0;
	r = id_list_add(&ret->uid, 0, eng->uid, 1);
	if (r == 0)
		r = id_list_add(&ret->gid, 0, eng->gid, 1);
	return r < 0 ? err_errno(e, -r, "subordinate ranges") : 0;
}

/* A running container's record of it: it was made so. */
static bool keeper_in_use(struct engine *eng, struct id_map *ret)
{
	struct container_list l = {0};
	bool found = false;

	if (container_list(eng, &l, NULL) < 0)
		return false;
	for (size_t i = l.n; i-- > 0 && !found;)
		found = l.items[i]->pid > 0 && recorded_keeper(l.items[i], ret) == 0;
	container_list_done(&l);
	return found;
}

int map_of_keeper(struct engine *eng, struct names *names, struct map_view *ret, struct err *e)
{
	_cleanup_free_ struct id_map *map = calloc(1, sizeof(*map));
	_cleanup_(map_view_done) struct map_view v = {0};
	bool on_host = false;
	int r;

	if (!map)
		return err_errno(e, ENOMEM, "map");
	r = own_map(map, &on_host, e);
	if (r < 0)
		return r;
	if (!eng->rootful)
		*map = (struct id_map){0};
	if (eng->rootful) {
		v.source = MAP_KERNEL;
	} else if (keeper_in_use(eng, map)) {
		v.source = MAP_RECORDED;
	} else {
		v.source = MAP_PLANNED;
		*map = (struct id_map){0};
		r = on_host ? plan_keeper(eng, names, map, e) : not_known_here(e);
	}
	if (r < 0)
		return r;
	v.keeper_source = v.source;
	r = map_view_make(map, eng->rootful ? NULL : map, names, &v);
	if (r < 0)
		return err_errno(e, -r, "map");
	*ret = v;
	v = (struct map_view){0};
	return 0;
}

/* ---- JSON ---- */

static struct json_object *segment_json(const struct map_view *v, const struct map_segment *s)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r == 0 && v->id)
		r = json_add_u64(o, "container", s->inside);
	if (r == 0 && v->has_keeper && s->keeper != ID_NONE)
		r = json_add_u64(o, "keeper", s->keeper);
	if (r == 0)
		r = json_add_u64(o, "host", s->host);
	if (r == 0)
		r = json_add_u64(o, "count", s->count);
	if (r == 0 && s->name)
		r = json_add_str(o, "hostName", s->name);
	if (r == 0 && s->owner)
		r = json_add_str(o, "rangeOwner", s->owner);
	if (r == 0 && s->owner)
		r = json_add_u64(o, "rangeOffset", s->offset);
	return r < 0 ? NULL : TAKE_PTR(o);
}

/* `o` NULL is no memory. */
static int append(struct json_object *array, struct json_object *o)
{
	return o ? json_append(array, o) : -ENOMEM;
}

static int add_gap(struct json_object *array, uint64_t from, uint64_t to)
{
	struct json_object *o;

	if (from > to)
		return 0;
	o = json_object_new_object();
	if (!o || json_add_u64(o, "from", from) < 0 || json_add_u64(o, "to", to) < 0) {
		json_object_put(o);
		return -ENOMEM;
	}
	return json_append(array, o);
}

static struct json_object *side_json(const struct map_view *v, const struct map_side *side)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *mapped = json_object_new_array(), *unmapped = json_object_new_array();
	uint64_t next = 0;
	int r = mapped && unmapped ? 0 : -ENOMEM;

	for (size_t i = 0; i < side->n && r == 0; i++) {
		const struct map_segment *s = &side->segments[i];

		r = append(mapped, segment_json(v, s));
		if (r == 0 && s->inside > next)
			r = add_gap(unmapped, next, (uint64_t)s->inside - 1);
		next = (uint64_t)s->inside + s->count;
	}
	if (r == 0)
		r = add_gap(unmapped, next, ID_NONE - 1);
	if (json_add(o, "mapped", mapped) < 0 || json_add(o, "unmapped", unmapped) < 0)
		r = -ENOMEM;
	return r < 0 ? NULL : TAKE_PTR(o);
}

struct json_object *map_json(const struct map_view *v)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	if (r == 0 && v->id)
		r = json_add_str(o, "id", v->id);
	if (r == 0 && v->id)
		r = json_add_str(o, "name", v->name);
	if (r == 0)
		r = json_add_str(o, "source", map_source_word(v->source));
	if (r == 0 && v->has_keeper)
		r = json_add_str(o, "keeperSource", map_source_word(v->keeper_source));
	if (r == 0)
		r = json_add(o, "uid", side_json(v, &v->of[NAMES_USER]));
	if (r == 0)
		r = json_add(o, "gid", side_json(v, &v->of[NAMES_GROUP]));
	return r < 0 ? NULL : TAKE_PTR(o);
}
