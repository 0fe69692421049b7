/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * A container that is made in a pod: what it did not choose itself it has of
 * the pod's, and what is the pod's alone to say (ports, names of hosts, the
 * map of its IDs) it must not say. The words are podman's, so that a script
 * that looks for them finds them.
 *
 * The kernel mounts a proc, or a cgroup file system, only for who owns the
 * namespace that is shown. So a pid or cgroup namespace is shared together with the user
 * namespace, and then a member that sees the host's processes is refused: it
 * could trace what starts the other members, in a user namespace where it has
 * all capabilities.
 */
#include "engine/pod_private.h"

#include "engine/mount_spec.h"
#include "engine/network.h"

#include <stdio.h>
#include <string.h>

static bool is_default(const char *mode)
{
	return !mode || !*mode;
}

/* What it shares: what the pod does, but for what it chose. */
static unsigned share_of(const struct pod *p, const struct container_options *o)
{
	const struct {
		enum peer_ns ns;
		bool chosen;
	} choices[] = {
		{PEER_NET, o->network.n > 0},        {PEER_IPC, !is_default(o->ipc)},        {PEER_UTS, !is_default(o->uts)},
		{PEER_PID, !is_default(o->pid)},     {PEER_CGROUP, !is_default(o->cgroupns)}, {PEER_USER, false},
	};
	_cleanup_(strv_done) struct strv words = {0};
	unsigned set = 0;

	if (!p->infra || json_get_strv(p->spec, "share", &words, NULL) < 0)
		return 0;
	for (size_t i = 0; i < words.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(choices); k++)
			if (strcmp(words.items[i], peer_word(choices[k].ns)) == 0 && !choices[k].chosen)
				set |= PEER_BIT(choices[k].ns);
	return set;
}

static int check_network(const struct container_options *o, struct err *e)
{
	if (o->publish.n || o->publish_all || o->expose.n)
		return err_set(e, EINVAL, "invalid config provided: published or exposed ports must be defined when the pod is created: "
					  "network cannot be configured when it is shared with a pod");
	if (o->add_host.n || o->hosts_file)
		return err_set(e, EINVAL, "invalid config provided: extra host entries must be specified on the pod: "
					  "network cannot be configured when it is shared with a pod");
	if (o->dns.n || o->dns_search.n || o->dns_option.n)
		return err_set(e, EINVAL, "invalid config provided: name servers must be specified on the pod: "
					  "network cannot be configured when it is shared with a pod");
	return 0;
}

/*
 * The first process of a member that shares PIDs cannot be traced by anybody
 * while it comes about, and a helper that connects its network would have to.
 */
static int check_helper(const struct pod *p, const struct container_options *o, struct err *e)
{
	const char *mode = o->network.n ? o->network.items[o->network.n - 1] : "";

	if (strcmp(mode, "none") == 0 || strcmp(mode, "host") == 0 || network_peer_of(mode) || strncmp(mode, "ns:", 3) == 0)
		return 0;
	err_set(e, ENOTSUP, "pod %s shares its PIDs and not its network: a network of its own cannot be connected to a member", p->name);
	err_hint(e, "let the pod share net too, or give the member --network none");
	return -ENOTSUP;
}

static int check_member(const struct pod *p, const struct container_options *o, unsigned share, struct err *e)
{
	if (o->userns)
		return err_set(e, EINVAL, "--userns and --pod cannot be set together");
	if (p->infra && (o->uidmap.n || o->gidmap.n))
		return err_set(e, EINVAL, "cannot specify a new uid/gid map when entering a pod with an infra container: invalid argument");
	if (o->ident)
		return err_set(e, ENOTSUP, "--ident and --pod cannot be set together: what names a container would name the pod");
	if ((share & PEER_BIT(PEER_UTS)) && o->hostname)
		return err_set(e, EINVAL, "invalid config provided: cannot set hostname when joining the pod UTS namespace: invalid configuration");
	if ((share & PEER_BIT(PEER_IPC)) && o->shm_size != SHM_SIZE_DEFAULT)
		return err_set(e, EINVAL, "--shm-size: /dev/shm is the pod's, as large as the user's run directory; --ipc private has one of its own");
	if (json_at(p->spec, "resources") && o->cgroups && strcmp(o->cgroups, "disabled") == 0)
		return err_set(e, EINVAL, "--cgroups disabled: the pod has limits, and its members stay below its cgroup");
	if (json_at(p->spec, "resources") && o->cgroup_parent)
		return err_set(e, EINVAL, "--cgroup-parent: the pod has limits, and its members stay below its cgroup");
	if ((share & PEER_BIT(PEER_USER)) && o->pid && strcmp(o->pid, "host") == 0)
		return err_set(e, EINVAL, "--pid host: not in a pod that shares its user namespace: it could trace what starts the others");
	if (share & PEER_BIT(PEER_NET))
		return check_network(o, e);
	return share & PEER_BIT(PEER_PID) ? check_helper(p, o, e) : 0;
}

/* What is nobody's own is had again; NULL: the infra container's is joined. */
static const char *mode_had_again(const struct pod *p)
{
	const char *mode = json_str(p->infra->spec, "config.network.mode");

	return strcmp(mode, "host") == 0 || strchr(mode, ':') ? mode : NULL;
}

static int set_network(const struct pod *p, struct container_options *o)
{
	const char *mode = mode_had_again(p);

	return mode ? strv_add(&o->network, mode) : strv_addf(&o->network, "container:%s", p->infra->id);
}

/* The pod's words before the member's own, which are what counts where the two differ. */
static int put_before(struct strv *own, struct strv *pods)
{
	int r = strv_add_all(pods, own->items);

	if (r == 0) {
		strv_done(own);
		*own = *pods;
		*pods = (struct strv){0};
	}
	return r;
}

typedef int (*spec_fn)(const char *text, struct mount_spec *ret, struct err *e);

/* What is no grammar of its own says container_options_check(). */
static bool mounts_on(const struct strv *list, spec_fn parse, const char *destination)
{
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_(mount_spec_done) struct mount_spec m = {0};

		if (parse(list->items[i], &m, NULL) == 0 && strcmp(m.destination, destination) == 0)
			return true;
	}
	return false;
}

static bool has_own_mount(const struct container_options *o, const char *volume)
{
	_cleanup_(mount_spec_done) struct mount_spec m = {0};

	return volume_spec_parse(volume, &m, NULL) == 0 &&
	       (mounts_on(&o->volume, volume_spec_parse, m.destination) || mounts_on(&o->mount, mount_spec_parse, m.destination) ||
		mounts_on(&o->tmpfs, tmpfs_spec_parse, m.destination));
}

/* The pod's -v: but where the member has something of its own. */
static int add_volumes(const struct pod *p, struct container_options *o)
{
	_cleanup_(strv_done) struct strv all = {0}, pods = {0};
	int r = json_get_strv(p->spec, "options.volume", &all, NULL);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!has_own_mount(o, all.items[i]))
			r = strv_add(&pods, all.items[i]);
	return r == 0 ? put_before(&o->volume, &pods) : r;
}

/* The pod's -v, --device, --security-opt and --volumes-from are each member's. */
static int add_lists(const struct pod *p, struct container_options *o)
{
	const struct {
		const char *path;
		struct strv *own;
	} lists[] = {{"options.device", &o->device}, {"options.security-opt", &o->security_opt}, {"options.volumes-from", &o->volumes_from}};
	int r = add_volumes(p, o);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++) {
		_cleanup_(strv_done) struct strv pods = {0};

		r = json_get_strv(p->spec, lists[i].path, &pods, NULL);
		if (r == 0)
			r = put_before(lists[i].own, &pods);
	}
	return r;
}

static const char *or_pods(const char *own, const struct pod *p, const char *path)
{
	return own || !json_at(p->spec, path) ? own : json_str(p->spec, path);
}

/* What is one value, and the member's own where it has one. */
static void set_values(const struct pod *p, struct container_options *o, unsigned share)
{
	/* one that is removed when it ends is not started again */
	if (!o->rm)
		o->restart = or_pods(o->restart, p, "options.restart");
	o->cgroup_parent = or_pods(o->cgroup_parent, p, "options.cgroup-parent");
	o->no_hostname = o->no_hostname || json_true(p->spec, "options.no-hostname");
	if (!(share & PEER_BIT(PEER_IPC)) && o->shm_size == SHM_SIZE_DEFAULT)
		o->shm_size = (uint64_t)json_int(p->spec, "options.shm-size");
}

/* One map for all. */
static int set_map(const struct pod *p, struct container_options *o)
{
	int r = json_get_strv(p->spec, "options.uidmap", &o->uidmap, NULL);

	o->userns = json_at(p->spec, "options.userns") ? json_str(p->spec, "options.userns") : NULL;
	return r == 0 ? json_get_strv(p->spec, "options.gidmap", &o->gidmap, NULL) : r;
}

static bool is_host(const struct pod *p, const char *option)
{
	return strcmp(json_str(p->spec, option), "host") == 0;
}

/* What the pod itself has of the host is nothing to join. Returns what is. */
static unsigned set_modes(const struct pod *p, struct container_options *o, unsigned share)
{
	if (is_host(p, "options.userns"))
		share &= ~PEER_BIT(PEER_USER);
	if ((share & PEER_BIT(PEER_UTS)) && is_host(p, "options.uts")) {
		share &= ~PEER_BIT(PEER_UTS);
		o->uts = "host";
	} else if (share & PEER_BIT(PEER_UTS)) {
		o->hostname = json_str(p->infra->spec, "config.hostname");
	}
	if ((share & PEER_BIT(PEER_PID)) && is_host(p, "options.pid")) {
		share &= ~PEER_BIT(PEER_PID);
		o->pid = "host";
	}
	return share;
}

int pod_join(struct engine *eng, struct pod *p, struct container_options *o, struct pod_place *ret, struct err *e)
{
	unsigned share = share_of(p, o);
	int r = check_member(p, o, share, e);

	if (r < 0)
		return r;
	if (!p->infra && json_true(p->spec, "infra"))
		return err_set(e, ENOENT, "pod %s has lost its infra container: remove it (ranby pod rm --force %s)", p->name, p->name);
	if (share & PEER_BIT(PEER_NET))
		r = set_network(p, o);
	if (r == 0)
		r = add_lists(p, o);
	if (r == 0 && p->infra)
		r = set_map(p, o);
	if (r < 0)
		return err_errno(e, -r, "pod %s", p->name);
	share = set_modes(p, o, share);
	set_values(p, o, share);
	if (!o->cgroups && json_true(p->spec, "shareParent"))
		o->cgroups = "enabled";
	if ((share & PEER_BIT(PEER_IPC)) &&
	    snprintf(ret->shm, sizeof(ret->shm), "%s/%s/" PEER_SHM, eng->run_path, p->infra->id) >= (int)sizeof(ret->shm))
		return err_errno(e, ENAMETOOLONG, "pod %s", p->name);
	ret->pod = p;
	ret->share = share;
	return container_options_check(o, e);
}

/* ---- and back ---- */

/* Each of them once. */
static int take_out(struct strv *from, struct json_object *spec, const char *path)
{
	_cleanup_(strv_done) struct strv pods = {0}, left = {0};
	int r = json_get_strv(spec, path, &pods, NULL);

	for (size_t i = 0; r == 0 && i < from->n; i++) {
		ptrdiff_t k = strv_find(&pods, from->items[i]);

		if (k < 0)
			r = strv_add(&left, from->items[i]);
		else
			pods.items[k][0] = '\0'; /* no value of these is empty */
	}
	if (r == 0) {
		strv_done(from);
		*from = left;
		left = (struct strv){0};
	}
	return r;
}

/* Is it what set_network() gave? */
static bool is_infras(const struct pod *p, const char *network)
{
	const char *mode = mode_had_again(p), *peer = network_peer_of(network);

	return mode ? strcmp(network, mode) == 0 : peer && strcmp(peer, p->infra->id) == 0;
}

static void drop_if_pods(const char **own, const struct pod *p, const char *path)
{
	if (*own && strcmp(*own, json_str(p->spec, path)) == 0)
		*own = NULL;
}

int pod_leave(const struct pod *p, struct container_options *o, struct err *e)
{
	const struct {
		const char *path;
		struct strv *own;
	} lists[] = {{"options.volume", &o->volume}, {"options.device", &o->device}, {"options.security-opt", &o->security_opt},
		     {"options.volumes-from", &o->volumes_from}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = take_out(lists[i].own, p->spec, lists[i].path);
	if (r < 0)
		return err_errno(e, -r, "pod %s", p->name);
	if (p->infra) {
		if (o->network.n == 1 && is_infras(p, o->network.items[0]))
			strv_done(&o->network);
		if (o->hostname && strcmp(o->hostname, json_str(p->infra->spec, "config.hostname")) == 0)
			o->hostname = NULL;
		o->userns = NULL;
		strv_done(&o->uidmap);
		strv_done(&o->gidmap);
	}
	drop_if_pods(&o->uts, p, "options.uts");
	drop_if_pods(&o->pid, p, "options.pid");
	drop_if_pods(&o->restart, p, "options.restart");
	drop_if_pods(&o->cgroup_parent, p, "options.cgroup-parent");
	if (o->shm_size == (uint64_t)json_int(p->spec, "options.shm-size"))
		o->shm_size = SHM_SIZE_DEFAULT;
	o->pod = NULL;
	return 0;
}

static void drop_network(struct container_options *o)
{
	struct strv *const lists[] = {&o->network, &o->network_alias, &o->publish, &o->expose, &o->dns, &o->dns_search, &o->dns_option, &o->add_host};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		strv_done(lists[i]);
	o->ip = o->ip6 = o->mac_address = o->hosts_file = NULL;
	o->publish_all = false;
}

/* Less than the pod's: whoever chose that is not given more without being asked. */
static bool is_confined(const char *mode)
{
	return mode && (strcmp(mode, "none") == 0 || strcmp(mode, "private") == 0);
}

void pod_yield(const struct pod *p, struct container_options *o)
{
	const struct container_options nothing_chosen = {0};
	unsigned share = share_of(p, &nothing_chosen);

	if ((share & PEER_BIT(PEER_NET)) && !(o->network.n == 1 && is_confined(o->network.items[0])))
		drop_network(o);
	if ((share & PEER_BIT(PEER_IPC)) && !is_confined(o->ipc)) {
		o->ipc = NULL;
		o->shm_size = SHM_SIZE_DEFAULT;
	}
	if ((share & PEER_BIT(PEER_UTS)) && !is_confined(o->uts))
		o->uts = o->hostname = NULL;
	if ((share & PEER_BIT(PEER_PID)) && !is_confined(o->pid))
		o->pid = NULL;
	if ((share & PEER_BIT(PEER_CGROUP)) && !is_confined(o->cgroupns))
		o->cgroupns = NULL;
	if (json_at(p->spec, "resources"))
		o->cgroup_parent = NULL;
	o->userns = NULL;
	strv_done(&o->uidmap);
	strv_done(&o->gidmap);
}
