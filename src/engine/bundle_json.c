/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Two views of one plan: config.json for the runtime (OCI runtime-spec 1.0.2,
 * nothing that a runtime other than ours would not take), and "config" of
 * container.json for inspect and for the next start.
 *
 * Building: each part is made and handed to json_add(), which owns it from
 * then on, so that the only failure left is memory and one error covers all.
 *
 * Capabilities: the bounding set is what the profile says; permitted and
 * effective are the same for root and empty for others, whom the kernel would
 * leave nothing at the exec anyway; inheritable and ambient are always empty
 * (CVE-2022-24769, CVE-2022-27649: engines that left them full).
 */
#include "engine/bundle_plan.h"

#include "base/parse.h"
#include "base/signame.h"
#include "engine/limits.h"
#include "engine/log_config.h"
#include "engine/options.h"
#include "engine/peer_choice.h"
#include "engine/sdnotify.h"
#include "engine/start_label.h"
#include "runtime/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_host(const char *mode)
{
	return mode && strcmp(mode, "host") == 0;
}

/* ---- config.json ---- */

static struct json_object *oci_user(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *user = json_object_new_object(), *groups = json_object_new_array();
	uint32_t mask = 022;
	int r = user && groups ? 0 : -ENOMEM;

	if (p->in->options->umask)
		(void)!parse_mode(p->in->options->umask, &mask);
	for (size_t i = 0; r == 0 && i < p->user.n_groups; i++)
		r = json_append(groups, json_object_new_int64(p->user.groups[i]));
	if (r < 0 || json_add_int(user, "uid", p->user.uid) < 0 || json_add_int(user, "gid", p->user.gid) < 0 ||
	    json_add_int(user, "umask", mask) < 0 || json_add(user, "additionalGids", TAKE_PTR(groups)) < 0)
		return NULL;
	return TAKE_PTR(user);
}

static struct json_object *oci_capabilities(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *caps = json_object_new_object();
	static const struct strv none = {0};
	const struct strv *held = p->user.uid == 0 ? &p->profile.caps : &none;

	if (!caps || json_add_strv(caps, "bounding", &p->profile.caps) < 0 ||
	    json_add_strv(caps, "permitted", held) < 0 || json_add_strv(caps, "effective", held) < 0)
		return NULL;
	return TAKE_PTR(caps);
}

static struct json_object *oci_rlimits(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < p->profile.n_rlimits; i++) {
		const struct profile_rlimit *l = &p->profile.rlimits[i];
		struct json_object *o = json_object_new_object();

		if (json_append(array, o) < 0 || json_add_str(o, "type", l->type) < 0 ||
		    json_add_u64(o, "soft", l->soft) < 0 || json_add_u64(o, "hard", l->hard) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

/* entrypoint and command in one, behind our init when it was asked for. */
static int oci_args(const struct bundle_plan *p, struct json_object *process)
{
	_cleanup_(strv_done) struct strv args = {0};

	if (p->in->options->init && (strv_add(&args, "/run/ranby-init") < 0 || strv_add(&args, "--") < 0))
		return -ENOMEM;
	if (strv_add_all(&args, p->entrypoint.items) < 0 || strv_add_all(&args, p->command.items) < 0)
		return -ENOMEM;
	return json_add_strv(process, "args", &args);
}

static struct json_object *oci_process(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const char *oom = p->in->options->oom_score_adj;
	int64_t adj = 0;

	if (!o || json_add_bool(o, "terminal", p->in->options->tty) < 0 || json_add(o, "user", oci_user(p)) < 0 ||
	    oci_args(p, o) < 0 || json_add_strv(o, "env", &p->env) < 0 || json_add_str(o, "cwd", p->workdir) < 0 ||
	    json_add(o, "capabilities", oci_capabilities(p)) < 0 ||
	    json_add_bool(o, "noNewPrivileges", p->profile.no_new_privs) < 0 ||
	    json_add_str(o, "apparmorProfile", p->profile.apparmor) < 0 ||
	    json_add_str(o, "selinuxLabel", *p->label.process ? p->label.process : NULL) < 0)
		return NULL;
	if (p->profile.n_rlimits > 0 && json_add(o, "rlimits", oci_rlimits(p)) < 0)
		return NULL;
	if (oom && (parse_i64(oom, -1000, 1000, &adj) < 0 || json_add_int(o, "oomScoreAdj", adj) < 0))
		return NULL;
	return TAKE_PTR(o);
}

static struct json_object *oci_root(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	/* a directory has to be there; the overlay of its own layer, the first mount, takes its place */
	const char *path = p->has_overlay ? "upper" : p->rootfs;

	if (!o || json_add_str(o, "path", path) < 0 || json_add_bool(o, "readonly", p->in->options->read_only) < 0)
		return NULL;
	return TAKE_PTR(o);
}

static bool is_joined(const struct bundle_plan *p, enum peer_ns ns)
{
	return p->in->joined && (p->in->joined->set & PEER_BIT(ns));
}

/* NULL: a new one. That of another container is known when it starts (peer.h). */
static const char *namespace_path(const struct bundle_plan *p, enum peer_ns ns)
{
	if (ns == PEER_NET && p->network.kind == NETWORK_PATH)
		return p->network.other;
	if (is_joined(p, ns) && p->in->joined->choice && p->in->joined->choice->path[ns])
		return p->in->joined->choice->path[ns];
	return (ns == PEER_NET ? p->network.kind == NETWORK_PEER : is_joined(p, ns)) ? peer_nowhere(ns) : NULL;
}

static struct json_object *oci_namespaces(const struct bundle_plan *p)
{
	const struct container_options *o = p->in->options;
	const bool wanted[PEER_N] = {
		[PEER_PID] = !is_host(o->pid),
		[PEER_NET] = p->network.kind != NETWORK_HOST,
		[PEER_IPC] = !is_host(o->ipc),
		[PEER_UTS] = !is_host(o->uts),
		[PEER_CGROUP] = !is_host(o->cgroupns),
		[PEER_USER] = p->in->userns->create,
	};
	_cleanup_json_ struct json_object *array = json_object_new_array(), *ns = json_object_new_object();

	if (!array || !ns || json_add_str(ns, "type", "mount") < 0 || json_append(array, TAKE_PTR(ns)) < 0)
		return NULL;
	for (size_t i = 0; i < PEER_N; i++) {
		if (!wanted[i])
			continue;
		ns = json_object_new_object();
		if (!ns || json_add_str(ns, "type", peer_oci_word((enum peer_ns)i)) < 0 ||
		    json_add_str(ns, "path", namespace_path(p, (enum peer_ns)i)) < 0 || json_append(array, TAKE_PTR(ns)) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json_object *oci_map(const struct id_list *l)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < l->n; i++) {
		struct json_object *line = json_object_new_object();

		if (json_append(array, line) < 0 || json_add_int(line, "containerID", l->extents[i].inside) < 0 ||
		    json_add_int(line, "hostID", l->extents[i].outside) < 0 ||
		    json_add_int(line, "size", l->extents[i].count) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json_object *oci_sysctls(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t i = 0; o && i < p->profile.sysctls.n; i++) {
		const char *text = p->profile.sysctls.items[i], *eq = strchr(text, '=');
		_cleanup_free_ char *name = strndup(text, (size_t)(eq - text));

		if (!name || json_add_str(o, name, eq + 1) < 0)
			return NULL;
	}
	return TAKE_PTR(o);
}

#define CGROUPS_PATH_SIZE (sizeof("ranby/" CGROUP_POD_PREFIX) + CONTAINER_ID_LEN)

/* What wants a cgroup of its own; NULL: nothing does. */
static const char *group_option(const struct bundle_plan *p)
{
	const char *option = limits_option(p->in->options);

	return !option && p->systemd.cgroup ? "--systemd" : option;
}

static const char *cgroups_path(const struct bundle_plan *p, char path[static CGROUPS_PATH_SIZE])
{
	bool of_pod = p->in->joined && p->in->joined->pod;

	snprintf(path, CGROUPS_PATH_SIZE, "ranby%s%s", of_pod ? "/" CGROUP_POD_PREFIX : "", of_pod ? p->in->joined->pod : "");
	return path;
}

static int add_personality(const char *domain, struct json_object *to)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!domain)
		return 0;
	return json_add_str(o, "domain", domain) < 0 ? -ENOMEM : json_add(to, "personality", TAKE_PTR(o));
}

static struct json_object *oci_linux(const struct bundle_plan *p)
{
	char path[CGROUPS_PATH_SIZE];
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct userns_plan *u = p->in->userns;

	if (!o || json_add(o, "namespaces", oci_namespaces(p)) < 0 ||
	    json_add_strv(o, "maskedPaths", &p->profile.masked) < 0 ||
	    json_add_strv(o, "readonlyPaths", &p->profile.readonly) < 0)
		return NULL;
	if (json_add_str(o, "mountLabel", p->label.state == LABEL_ON ? p->label.file : NULL) < 0)
		return NULL;
	if (u->create && !is_joined(p, PEER_USER) && (json_add(o, "uidMappings", oci_map(&u->map.uid)) < 0 ||
			  json_add(o, "gidMappings", oci_map(&u->map.gid)) < 0))
		return NULL;
	if (p->profile.sysctls.n > 0 && json_add(o, "sysctl", oci_sysctls(p)) < 0)
		return NULL;
	if (add_personality(p->in->options->personality, o) < 0)
		return NULL;
	/* a path of its own, also without limits: relative, so it is our own plan and no other engine's */
	if (group_option(p) && json_add_str(o, "cgroupsPath", cgroups_path(p, path)) < 0)
		return NULL;
	if (p->resources && json_add(o, "resources", json_object_get(p->resources)) < 0)
		return NULL;
	if (p->seccomp && json_add(o, "seccomp", json_object_get(p->seccomp)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

int bundle_plan_oci(const struct bundle_plan *p, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *mounts = NULL;

	if (!o || json_add_str(o, "ociVersion", "1.0.2") < 0 || json_add(o, "process", oci_process(p)) < 0 ||
	    json_add(o, "root", oci_root(p)) < 0 || mount_list_oci(&p->mounts, &mounts) < 0 ||
	    json_add(o, "mounts", TAKE_PTR(mounts)) < 0 || json_add(o, "linux", oci_linux(p)) < 0)
		return err_errno(e, ENOMEM, "config.json");
	/* that of others has its name already */
	if (p->hostname[0] && !is_joined(p, PEER_UTS) && json_add_str(o, "hostname", p->hostname) < 0)
		return err_errno(e, ENOMEM, "config.json");
	if (p->hooks && json_add(o, "hooks", json_object_get(p->hooks)) < 0)
		return err_errno(e, ENOMEM, "config.json");
	if (json_object_object_length(p->annotations) > 0 &&
	    json_add(o, "annotations", json_object_get(p->annotations)) < 0)
		return err_errno(e, ENOMEM, "config.json");
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- "config" of container.json ---- */

static struct json_object *shown_user(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *groups = json_object_new_array();

	for (size_t i = 0; groups && i < p->user.n_groups; i++)
		if (json_append(groups, json_object_new_int64(p->user.groups[i])) < 0)
			return NULL;
	if (!o || json_add_int(o, "uid", p->user.uid) < 0 || json_add_int(o, "gid", p->user.gid) < 0 ||
	    json_add_str(o, "name", p->user.name) < 0 || json_add_str(o, "text", p->user_text) < 0 || json_add_str(o, "home", p->user.home) < 0 ||
	    json_add(o, "groups", TAKE_PTR(groups)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

static struct json_object *shown_ports(const struct port_map *ports, size_t n)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < n; i++) {
		const struct port_map *m = &ports[i];
		struct json_object *o = json_object_new_object();

		if (json_append(array, o) < 0 || json_add_str(o, "hostIp", m->host_ip) < 0 ||
		    json_add_int(o, "hostPort", m->host_port) < 0 || json_add_int(o, "containerPort", m->container_port) < 0 ||
		    json_add_int(o, "count", m->count) < 0 || json_add_str(o, "protocol", m->udp ? "udp" : "tcp") < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

/* What a start reads (bridge.c). */
static struct json_object *shown_links(const struct network_plan *p)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < p->n_links; i++) {
		struct json_object *o = NULL;

		if (!array || network_link_json(&p->links[i], &o) < 0 || json_append(array, o) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static struct json_object *shown_network(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	bool peer = p->network.kind == NETWORK_PEER;
	const char *other = peer ? p->peer : p->network.other;
	_cleanup_(buf_done) struct buf mode = BUF_INIT;

	buf_addf(&mode, "%s%s%s", network_kind_name(p->network.kind), other && *other ? ":" : "", other ? other : "");
	if (!o || buf_bad(&mode) || json_add_str(o, "mode", buf_str(&mode)) < 0 ||
	    (peer && json_add_str(o, "container", p->peer) < 0) ||
	    (p->network.kind == NETWORK_BRIDGE && json_add(o, "networks", shown_links(&p->network)) < 0) ||
	    json_add(o, "ports", shown_ports(p->network.ports, p->network.n_ports)) < 0 ||
	    json_add(o, "exposed", shown_ports(p->network.exposed, p->network.n_exposed)) < 0 || json_add_strv(o, "helper", &p->network.helper) < 0)
		return NULL;
	return TAKE_PTR(o);
}

static struct json_object *shown_userns(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	const struct userns_plan *u = p->in->userns;

	if (!o || json_add_str(o, "mode", userns_kind_name(u->kind)) < 0 ||
	    json_add(o, "uidMap", oci_map(&u->map.uid)) < 0 || json_add(o, "gidMap", oci_map(&u->map.gid)) < 0)
		return NULL;
	return TAKE_PTR(o);
}

static struct json_object *shown_log(const struct bundle_plan *p)
{
	struct json_object *o;

	/* checked with the options */
	return log_config_shown(p->in->options, &o, NULL) < 0 ? NULL : o;
}

static struct json_object *shown_volumes(const struct bundle_plan *p)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < p->mounts.n; i++)
		if (json_append_str(array, p->mounts.items[i].volume) < 0)
			return NULL;
	return TAKE_PTR(array);
}

static int shown_joined(const struct bundle_plan *p, struct json_object *o)
{
	const struct bundle_joined *j = p->in->joined;

	unsigned chosen = j && j->choice ? j->choice->set : 0;
	int r = chosen ? json_add(o, "peers", peer_choice_json(j->choice)) : 0;

	return r == 0 && j && (j->set & ~chosen) ? json_add(o, "joined", peer_json(j->id, j->set & ~chosen)) : r;
}

/* "limitedBy" is there exactly when the container wants a cgroup. */
static int shown_limits(const struct bundle_plan *p, struct json_object *o)
{
	const char *option = group_option(p);

	if (!option)
		return 0;
	if (json_add_str(o, "limitedBy", option) < 0 || json_add_u64(o, "nanoCpus", limits_nano_cpus(p->in->options)) < 0)
		return -ENOMEM;
	return p->resources ? json_add(o, "resources", json_object_get(p->resources)) : 0;
}

static int shown_systemd(const struct bundle_plan *p, struct json_object *to)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!p->systemd.on)
		return 0;
	if (!o || json_add_bool(o, "on", true) < 0 || json_add_bool(o, "cgroup", p->systemd.cgroup) < 0 || json_add_str(o, "lack", p->systemd.why) < 0)
		return -ENOMEM;
	return json_add(to, "systemd", TAKE_PTR(o));
}

static int shown_process(const struct bundle_plan *p, struct json_object *o)
{
	const struct container_options *opts = p->in->options;
	char stop[SIGNAME_MAX];

	signal_name(p->stop_signal, stop);
	if (json_add_strv(o, "command", &p->command) < 0 || json_add_strv(o, "entrypoint", &p->entrypoint) < 0 ||
	    json_add_strv(o, "env", &p->env) < 0 || json_add_str(o, "workingDir", p->workdir) < 0 ||
	    json_add(o, "user", shown_user(p)) < 0 || json_add_str(o, "hostname", p->hostname) < 0 ||
	    json_add_str(o, "stopSignal", stop) < 0 || json_add_int(o, "stopTimeout", opts->stop_timeout) < 0 ||
	    json_add_bool(o, "tty", opts->tty) < 0 || json_add_bool(o, "openStdin", opts->interactive) < 0 ||
	    json_add(o, "labels", json_object_get(p->labels)) < 0 ||
	    json_add(o, "annotations", json_object_get(p->annotations)) < 0)
		return -ENOMEM;
	return 0;
}

/* What the next starts label anew, and with what. */
static struct json_object *shown_label(const struct bundle_plan *p)
{
	_cleanup_free_ struct start_label_mount *mounts = mem_array(p->mounts.n, sizeof(*mounts));
	struct json_object *o;
	size_t n = 0;

	for (size_t i = 0; mounts && i < p->mounts.n; i++)
		if (p->mounts.items[i].relabel)
			mounts[n++] = (struct start_label_mount){p->mounts.items[i].source, p->mounts.items[i].relabel == 'Z'};
	return mounts && start_label_json(&p->label, mounts, n, &o) == 0 ? o : NULL;
}

/* Of the service that made it; a start changes it (sdnotify.h). NULL: none. */
static const char *shown_notify(const struct bundle_plan *p)
{
	for (size_t i = 0; i < p->mounts.n; i++)
		if (p->mounts.items[i].origin == MOUNT_DEFAULT && strcmp(p->mounts.items[i].destination, SDNOTIFY_INSIDE) == 0)
			return p->mounts.items[i].source;
	return NULL;
}

static int shown_confinement(const struct bundle_plan *p, struct json_object *o)
{
	if (json_add_strv(o, "capabilities", &p->profile.caps) < 0 ||
	    json_add_str(o, "seccompProfile", profile_seccomp_name(&p->profile)) < 0 ||
	    json_add_str(o, "seccompHash", p->seccomp_hash) < 0 || json_add_strv(o, "landlock", &p->profile.landlock) < 0 ||
	    json_add_str(o, "apparmor", p->profile.apparmor ? p->profile.apparmor : "") < 0 ||
	    json_add_str(o, "apparmorState", p->profile.apparmor_state) < 0 || json_add(o, "selinux", shown_label(p)) < 0 ||
	    json_add_bool(o, "noNewPrivileges", p->profile.no_new_privs) < 0 ||
	    json_add_bool(o, "privileged", p->profile.privileged) < 0 ||
	    json_add_bool(o, "readOnly", p->in->options->read_only) < 0 || json_add(o, "rlimits", oci_rlimits(p)) < 0)
		return -ENOMEM;
	return 0;
}

int bundle_plan_shown(const struct bundle_plan *p, struct json_object **ret, struct err *e)
{
	_cleanup_json_ struct json_object *o = json_object_new_object(), *mounts = NULL;

	if (!o || shown_process(p, o) < 0 || mount_list_shown(&p->mounts, &mounts) < 0 ||
	    json_add(o, "mounts", TAKE_PTR(mounts)) < 0 || json_add(o, "network", shown_network(p)) < 0 ||
	    json_add(o, "userns", shown_userns(p)) < 0 || shown_confinement(p, o) < 0 || shown_limits(p, o) < 0 || shown_systemd(p, o) < 0 || shown_joined(p, o) < 0 ||
	    json_add_str(o, "notifySocket", shown_notify(p)) < 0 || json_add(o, "volumes", shown_volumes(p)) < 0 || json_add(o, "log", shown_log(p)) < 0 ||
	    (p->healthcheck && json_add(o, "healthcheck", json_object_get(p->healthcheck)) < 0) ||
	    (p->secrets && json_add(o, "secrets", json_object_get(p->secrets)) < 0))
		return err_errno(e, ENOMEM, "container.json");
	*ret = TAKE_PTR(o);
	return 0;
}
