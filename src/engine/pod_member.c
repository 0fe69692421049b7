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

#include "engine/attest.h"
#include "engine/network.h"
#include "engine/restart.h"
#include "engine/stop.h"

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
	if (o->add_host.n)
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

static int set_network(const struct pod *p, struct container_options *o)
{
	const char *mode = json_str(p->infra->spec, "config.network.mode");

	/* what is nobody's own is had again, the infra container's is joined */
	if (strcmp(mode, "host") == 0 || strchr(mode, ':'))
		return strv_add(&o->network, mode);
	return strv_addf(&o->network, "container:%s", p->infra->id);
}

/* The pod's -v, --device and --security-opt are each member's. */
static int add_lists(const struct pod *p, struct container_options *o)
{
	int r = json_get_strv(p->spec, "options.volume", &o->volume, NULL);

	if (r == 0)
		r = json_get_strv(p->spec, "options.device", &o->device, NULL);
	return r == 0 ? json_get_strv(p->spec, "options.security-opt", &o->security_opt, NULL) : r;
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
	if (!o->cgroups && json_true(p->spec, "shareParent"))
		o->cgroups = "enabled";
	if ((share & PEER_BIT(PEER_IPC)) &&
	    snprintf(ret->shm, sizeof(ret->shm), "%s/%s/" POD_SHM, eng->run_path, p->infra->id) >= (int)sizeof(ret->shm))
		return err_errno(e, ENAMETOOLONG, "pod %s", p->name);
	ret->pod = p;
	ret->share = share;
	return container_options_check(o, e);
}

/* The last one that did something has ended. */
static bool is_idle(const struct pod *p)
{
	for (size_t i = 0; i < p->members.n; i++)
		if (p->members.items[i] != p->infra && (p->members.items[i]->pid > 0 || restart_is_pending(p->members.items[i])))
			return false;
	return p->infra && p->infra->pid > 0;
}

void pod_member_ended(struct engine *eng, const struct container *c)
{
	_cleanup_(pod_freep) struct pod *p = NULL;
	struct attest who = ATTEST_INIT(AUDIT_VERB_STOP);
	int r;

	if (!*pod_id_of(c) || pod_is_infra(c) || pod_find(eng, pod_id_of(c), &p, NULL) < 0 ||
	    strcmp(json_str(p->spec, "exitPolicy"), "stop") != 0 || !is_idle(p))
		return;
	who.c = p->infra;
	who.reason = "exit-policy";
	r = attest_running(eng, &who, NULL);
	if (r == 0)
		r = stop_container(eng, p->infra, STOP_TIMEOUT_OWN, NULL);
	(void)!attest_failed(eng, &who, r, NULL);
}
