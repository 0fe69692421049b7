/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * container.json says which networks a container is to be on, and its note
 * (bridge_note.h) which it is on. A running one is changed first, then the file:
 * killed in between, the next start is as it was before, and no half of it.
 */
#include "engine/network_use.h"

#include "engine/bridge.h"
#include "engine/bundle.h"
#include "engine/in_keeper.h"
#include "engine/options.h"
#include "engine/remove.h"
#include "sys/fd.h"

#include <errno.h>
#include <string.h>

static struct json_object *links_of(const struct container *c)
{
	struct json_object *list = json_at(c->spec, "config.network.networks");

	return list && json_object_is_type(list, json_type_array) ? list : NULL;
}

/* Its place in the list, or -1. */
static int place_of(const struct container *c, const char *network)
{
	struct json_object *list = links_of(c);

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_str(json_object_array_get_idx(list, i), "name"), network) == 0)
			return (int)i;
	return -1;
}

bool network_use_is_on(const struct container *c, const char *network)
{
	return place_of(c, network) >= 0;
}

int network_use_mark(struct engine *eng, struct network_list *l, struct err *e)
{
	_cleanup_(container_list_done) struct container_list all = {0};
	int r = container_list(eng, &all, e);

	for (size_t i = 0; r == 0 && i < l->n; i++)
		for (size_t k = 0; k < all.n; k++)
			l->items[i].is_used |= network_use_is_on(all.items[k], l->items[i].name);
	return r;
}

static bool is_up(const struct container *c)
{
	return c->pid > 0;
}

/* ---- its files ---- */

struct rewriting {
	const struct container *c;
	const struct hosts_bridge *hosts;
};

static int rewrite(void *ctx, struct err *e)
{
	_cleanup_(container_options_done) struct container_options o = {0};
	const struct rewriting *w = ctx;
	int r = container_options_from_json(json_at(w->c->spec, "options"), &o, e);

	return r == 0 ? bundle_rewrite_etc(container_dir(w->c), &o, w->c->id, w->hosts, e) : r;
}

static int rewrite_files(struct engine *eng, const struct container *c, const struct hosts_bridge *hosts, struct err *e)
{
	_cleanup_(keeper_done) struct keeper k = KEEPER_INIT;
	struct rewriting w = {c, hosts};
	int r = keeper_of(eng, c, &k, e);

	return r == 0 ? in_keeper(&k, rewrite, &w, e) : r;
}

/* ---- one more, one less ---- */

static int lock_bridged(struct engine *eng, struct container *c, int *ret_lock, struct err *e)
{
	int r = container_lock(c, CONTAINER_LOCK_MS, ret_lock, e);

	if (r == 0)
		r = container_refresh(eng, c, e);
	if (r == 0 && !bridge_is_on(c))
		r = err_set(e, EINVAL, "\"%s\" is not supported: invalid network mode", json_str(c->spec, "config.network.mode"));
	return r;
}

int network_use_connect(struct engine *eng, struct container *c, struct network_link *link, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_(hosts_bridge_done) struct hosts_bridge hosts = {0};
	_cleanup_close_ int lock = -EBADF, networks = -EBADF;
	struct json_object *o = NULL;
	int r = lock_bridged(eng, c, &lock, e);

	/* until the container says that it uses it */
	if (r == 0)
		r = networks_lock(eng, &networks, e);
	if (r == 0)
		r = network_load(eng, link->name, &n, e);
	if (r == 0)
		r = network_link_check(link, &n, e);
	if (r < 0)
		return r;
	memcpy(link->name, n.name, strlen(n.name) + 1); /* NETWORK_NAME_MAX */
	/* as in podman nothing is to be done then; what more was asked for would be lost */
	if (network_use_is_on(c, n.name) && !link->ip[0] && !link->ip6[0] && !link->mac[0] && link->aliases.n == 0)
		return 0;
	if (network_use_is_on(c, n.name))
		return err_set(e, EEXIST, "container %s is already connected to network \"%s\": network is already connected", c->id, n.name);
	if (json_object_array_length(links_of(c)) >= NETWORK_LINKS_MAX)
		return err_set(e, E2BIG, "container %.12s is on %d networks", c->id, NETWORK_LINKS_MAX);
	if (is_up(c))
		r = bridge_connect(eng, c, link, &hosts, e);
	if (r == 0 && is_up(c))
		r = rewrite_files(eng, c, &hosts, e);
	if (r < 0)
		return r;
	if (network_link_json(link, &o) < 0 || json_append(links_of(c), o) < 0)
		return err_errno(e, ENOMEM, "network %s", n.name);
	return container_write_spec(c, c->spec, e);
}

int network_use_disconnect(struct engine *eng, struct container *c, const char *network, struct err *e)
{
	_cleanup_(network_note_done) struct network_note n = {0};
	_cleanup_(hosts_bridge_done) struct hosts_bridge hosts = {0};
	_cleanup_close_ int lock = -EBADF;
	int place, r = lock_bridged(eng, c, &lock, e);

	if (r == 0)
		r = network_load(eng, network, &n, e);
	if (r < 0)
		return r;
	place = place_of(c, n.name);
	if (place < 0)
		return 1;
	if (is_up(c))
		r = bridge_disconnect(eng, c, n.name, &hosts, e);
	if (r == 0 && is_up(c))
		r = rewrite_files(eng, c, &hosts, e);
	if (r < 0)
		return r;
	json_object_array_del_idx(links_of(c), (size_t)place, 1);
	return container_write_spec(c, c->spec, e);
}

/* ---- removing ---- */

static int remove_users(struct engine *eng, const struct network_note *n, int grace_ms, struct err *e)
{
	_cleanup_(container_list_done) struct container_list all = {0};
	int r = container_list(eng, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		if (!network_use_is_on(all.items[i], n->name))
			continue;
		r = remove_container(eng, all.items[i], &(struct remove_options){.force = true, .grace_ms = grace_ms, .reason = "network-rm"}, e);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

static int check_unused(struct engine *eng, const struct network_note *n, struct err *e)
{
	_cleanup_(container_list_done) struct container_list all = {0};
	int r = container_list(eng, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		if (!network_use_is_on(all.items[i], n->name))
			continue;
		err_set(e, EBUSY, "\"%s\" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used",
			n->name);
		err_exit(e, 2); /* podman-network-rm(1), "Exit Status" */
		r = -EBUSY;
	}
	return r;
}

/* Containers are removed without the lock: who connects one takes the container's first. */
int network_use_remove(struct engine *eng, const struct network_note *n, bool force, int grace_ms, const char *reason, struct err *e)
{
	_cleanup_close_ int lock = -EBADF;
	int r = force ? remove_users(eng, n, grace_ms, e) : 0;

	if (r == 0)
		r = networks_lock(eng, &lock, e);
	if (r == 0)
		r = check_unused(eng, n, e);
	return r == 0 ? network_remove(eng, n, reason, e) : r;
}

/* ---- showing ---- */

static int add_container(struct engine *eng, const struct container *c, const char *network, struct json_object *to)
{
	_cleanup_json_ struct json_object *status = NULL, *o = json_object_new_object();
	struct json_object *own, *interfaces = NULL;

	if (bridge_status(eng, c, &status, NULL) < 0 || !status || !json_object_object_get_ex(status, network, &own))
		return 0;
	interfaces = json_at(own, "interfaces");
	if (!o || json_add_str(o, "name", c->name) < 0 ||
	    json_add(o, "interfaces", interfaces ? json_object_get(interfaces) : json_object_new_object()) < 0)
		return -ENOMEM;
	return json_add(to, c->id, TAKE_PTR(o));
}

int network_use_json(struct engine *eng, const struct container_list *all, const char *network, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < all->n; i++)
		if (network_use_is_on(all->items[i], network))
			r = add_container(eng, all->items[i], network, o);
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}
