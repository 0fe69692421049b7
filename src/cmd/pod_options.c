/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * What podman's `pod create` has and this version does not is a row as well,
 * hidden, with the reason: nothing is accepted and then ignored.
 */
#include "cmd/pod_options.h"
#include "cmd/container_options.h"
#include "cmd/option_rows.h"
#include "cmd/make.h"
#include "engine/option_paths.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define O(member) offsetof(struct pod_options, o.member)
#define P(member) offsetof(struct pod_options, member)

#define OWN_INFRA "the infra container is ranby's own (ranby-init pause), and nothing is pulled for it"

const struct option_row pod_create_rows[] = {
	{'n', "name", OPT_STRING, O(name), .arg = "NAME", .help = "Name of the pod"},
	{0, "replace", OPT_FLAG, O(replace), .help = "Remove a pod that has the name already"},
	{'l', "label", OPT_LIST, O(label), .arg = "KEY=VALUE", .help = "Set a label"},
	{0, "label-file", OPT_LIST, O(label_file), .arg = "FILE", .help = "Read labels from a file"},
	{0, "pod-id-file", OPT_STRING, O(pod_id_file), .arg = "FILE", .help = "Write the id to a file"},
	{0, "restart", OPT_STRING, O(restart), .arg = "POLICY", .choices = RESTART_CHOICES,
	 .help = "What members do when they end: no, always, on-failure[:N], unless-stopped"},
	{0, "exit-policy", OPT_STRING, P(exit_policy), .arg = "POLICY", .choices = "continue|stop", .help = "When the last member ends: continue (the default) or stop"},
	{0, "infra", OPT_FLAG, P(infra), .group = "What is shared", .help = "Make an infra container, which holds what is shared (true)"},
	{0, "infra-name", OPT_STRING, P(infra_name), .arg = "NAME", .help = "Name of the infra container (ID-infra)"},
	{0, "share", OPT_STRING, P(share), .arg = "LIST", .choices = "net|ipc|uts|pid|cgroup|user|none", .help = "Of net, ipc, uts, pid, cgroup, user; or none (ipc,net,uts)"},
	{0, "share-parent", OPT_FLAG, P(share_parent), .help = "Members get cgroups of their own, below the pod's (true)"},

	{0, "network", OPT_LIST, O(network), .arg = "MODE", .choices = NETWORK_CHOICES, .group = "Network", .help = "As of ranby run"},
	{0, "net", OPT_LIST, O(network), .arg = "MODE", .choices = NETWORK_CHOICES, .help = "The same as --network", .hidden = true},
	{0, "network-alias", OPT_LIST, O(network_alias), .arg = "NAME", .help = "A further name on its bridge networks"},
	{0, "ip", OPT_STRING, O(ip), .arg = "ADDRESS", .help = "Its address on the one bridge network it is on"},
	{0, "ip6", OPT_STRING, O(ip6), .arg = "ADDRESS", .help = "Its IPv6 address there"},
	{0, "mac-address", OPT_STRING, O(mac_address), .arg = "ADDRESS", .help = "Its MAC address there"},
	{'p', "publish", OPT_LIST, O(publish), .arg = "[[IP:]HOST:]PORT[/PROTO]", .help = "Publish a port of the pod on the host"},
	{'h', "hostname", OPT_STRING, O(hostname), .arg = "NAME", .help = "Host name inside (the pod's name)"},
	NAME_ROWS(O),
	{0, "hosts-file", OPT_STRING, O(hosts_file), .arg = "FILE", .help = "What /etc/hosts begins with; none: nothing"},
	{0, "no-hostname", OPT_FLAG, O(no_hostname), .help = "Leave the members' /etc/hostname alone"},

	{0, "userns", OPT_STRING, O(userns), .arg = "MODE", .choices = USERNS_CHOICES, .group = "Namespaces", .help = "Of all members, who share it then: as of ranby run"},
	MAP_ROWS(O),
	{0, "pid", OPT_STRING, O(pid), .arg = "MODE", .choices = "private|host", .help = "private or host"},
	{0, "uts", OPT_STRING, O(uts), .arg = "MODE", .choices = "private|host", .help = "private or host"},
	{0, "sysctl", OPT_LIST, O(sysctl), .arg = "NAME=VALUE", .help = "Set a kernel parameter of the pod's namespaces"},

	LIMIT_ROWS(O),
	{0, "cgroup-parent", OPT_STRING, O(cgroup_parent), .arg = "SLICE", .help = "Slice of the service manager that the members' scopes go to (user.slice)"},

	{'v', "volume", OPT_LIST, O(volume), .arg = "[SRC:]DST[:OPTS]", .choices = "VOLUME", .group = "For each member", .help = "Mount a directory, a file or a volume"},
	{0, "volumes-from", OPT_LIST, O(volumes_from), .arg = "CONTAINER[:OPTS]", .choices = "CONTAINER", .help = "Mount the volumes and binds of another container"},
	{0, "device", OPT_LIST, O(device), .arg = "HOST[:DST[:rwm]]", .help = "Make a device of the host available"},
	{0, "security-opt", OPT_LIST, O(security_opt), .arg = "OPTION", .choices = SECURITY_CHOICES, .help = "As of ranby run"},
	{0, "shm-size", OPT_SIZE, O(shm_size), .arg = "SIZE", .max = INT64_MAX, .help = "Size of each /dev/shm, where ipc is not shared (64m)"},

	LIMIT_REFUSED_ROWS,
	OPTION_REFUSED(0, "infra-conmon-pidfile", "the monitor's process ID is State.MonitorPid of ranby inspect"),
	OPTION_REFUSED(0, "subuidname", "use --uidmap"),
	OPTION_REFUSED(0, "subgidname", "use --gidmap"),
	OPTION_REFUSED(0, "shm-size-systemd", "give it to the container: ranby run --shm-size-systemd"),
	OPTION_REFUSED(0, "gpus", "give them to its containers: ranby run --gpus"),
	OPTION_REFUSED(0, "infra-image", OWN_INFRA),
	OPTION_REFUSED(0, "infra-command", OWN_INFRA),
	OPTION_END,
};

void pod_options_done(void *args)
{
	struct pod_options *a = args;

	container_options_done(&a->o);
	buf_done(&a->used);
}

/* What is true by default, unless it was given. */
static void set_defaults(const struct command_call *call, struct pod_options *a)
{
	struct container_options d = a->o;
	bool has_shm = option_given(call->command->rows, call->full_argc, call->full_argv, "shm-size");
	bool *const flags[] = {&a->infra, &a->share_parent};
	static const char *const names[] = {"infra", "share-parent"};

	container_options_defaults(&d);
	if (has_shm)
		d.shm_size = a->o.shm_size;
	a->o = d;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (!option_given(call->command->rows, call->full_argc, call->full_argv, names[i]))
			*flags[i] = true;
}

/* What containers.conf has for a pod: it is the infra container's. Podman has the exit policy with the engine's. */
static int take_defaults(const struct command_call *call, struct pod_options *a, struct err *e)
{
	int r = a->infra ? container_options_of_pod(call, &a->o, &a->used, e) : 0;

	if (r == 0 && !a->exit_policy && a->o.source && *json_str(a->o.source, "engine.pod_exit_policy"))
		a->exit_policy = json_str(a->o.source, "engine.pod_exit_policy");
	return r;
}

static int check_shares(const struct command_call *call, struct pod_options *a, struct err *e)
{
	bool given = option_given(call->command->rows, call->full_argc, call->full_argv, "share");
	int r = 0;

	a->set = POD_SHARE_DEFAULT;
	if (given)
		r = pod_share_parse(a->share, &a->set, e);
	if (r < 0)
		return r;
	if (!a->infra && given && a->set)
		return err_set(e, EINVAL, "cannot set share(%s) namespaces without an infra container", a->share);
	/* one map of IDs for all; and these two can only be seen from the user namespace that owns them */
	if (a->o.userns || a->o.uidmap.n || a->o.gidmap.n || (a->set & (PEER_BIT(PEER_PID) | PEER_BIT(PEER_CGROUP))))
		a->set |= PEER_BIT(PEER_USER);
	return 0;
}

static int finish(const struct command_call *call, struct pod_options *a, struct err *e)
{
	if (a->exit_policy && strcmp(a->exit_policy, "stop") != 0 && strcmp(a->exit_policy, "continue") != 0)
		return err_set(e, EINVAL, "invalid pod exit policy: \"%s\"", a->exit_policy);
	a->policy = a->exit_policy && strcmp(a->exit_policy, "stop") == 0 ? POD_STOP : POD_CONTINUE;
	if (call->argc && a->o.name)
		return err_set(e, EINVAL, "cannot set a pod name and --name: choose one");
	if (call->argc)
		a->o.name = call->argv[0];
	return check_shares(call, a, e);
}

int pod_options_finish(const struct command_call *call, struct pod_options *a, struct err *e)
{
	int r;

	set_defaults(call, a);
	r = take_defaults(call, a, e);
	return r == 0 ? finish(call, a, e) : r;
}

static int replace(const struct command_call *call, const char *name, struct err *e)
{
	_cleanup_(pod_freep) struct pod *old = NULL;
	int r = pod_find(call->engine, name, &old, e);

	if (r == 0 && strcmp(old->name, name) == 0)
		r = pod_remove(call->engine, old, &(struct pod_remove_options){.force = true, .reason = "replace"}, e);
	if (r != -ENOENT)
		return r;
	err_clear(e);
	return 0;
}

int pod_options_create(const struct command_call *call, struct pod_options *a, struct pod **ret, struct err *e)
{
	struct origin origin = ORIGIN_INIT;
	struct keeper keeper = KEEPER_INIT;
	char cwd[PATH_MAX];
	struct pod_wanted w = {
		.options = &a->o, .infra = a->infra, .infra_name = a->infra_name, .share = a->set, .share_parent = a->share_parent,
		.exit_policy = a->policy, .origin = &origin, .keeper = &keeper, .env = environ, .cwd = getcwd(cwd, sizeof(cwd)),
	};
	int r = option_paths_fix(&a->o, w.cwd, e);

	if (r == 0 && a->o.replace && !a->o.name)
		r = err_set(e, EINVAL, "--replace: it is of a name, and without --name there is none");
	if (r == 0)
		r = origin_read(call->engine, &origin, e);
	if (r == 0)
		r = keeper_open(call->engine, &keeper, e);
	if (r == 0)
		make_notice(&keeper);
	if (r == 0 && a->o.replace)
		r = replace(call, a->o.name, e);
	if (r == 0)
		r = pod_create(call->engine, &w, ret, e);
	container_options_hint(call, r, &a->used, e);
	keeper_done(&keeper);
	origin_done(&origin);
	return r;
}
