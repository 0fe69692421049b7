/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One table for two commands: what only run has stands first, so that create's
 * rows are the same table from a later row on.
 *
 * docker and podman have more options than this version does. Each of those is
 * a row as well, hidden, with a reason: a script that uses one is told why and
 * what to do, and no confinement or limit that was asked for is dropped.
 */
#include "cmd/container_options.h"
#include "cmd/image_common.h"
#include "cmd/option_rows.h"
#include "cmd/report.h"
#include "engine/containers_conf.h"
#include "engine/defaults.h"
#include "engine/subid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define O(member) offsetof(struct container_options, member)

#define NO_RETRY "pull the image first, as often as it takes: ranby pull"

const struct option_row container_rows[] = {
	{0, "verify", OPT_FLAG, O(verify), .group = "Recording", .help = "Add nothing to the profile: say what is outside of it"},
	/* above: CONTAINER_PROFILE_ONLY rows */
	{'d', "detach", OPT_FLAG, O(detach), .group = "How it runs", .help = "Run in the background and print the container's id"},
	{0, "detach-keys", OPT_STRING, O(detach_keys), .arg = "KEYS", .help = "Keys that detach from it (ctrl-p,ctrl-q); empty: none"},
	{0, "sig-proxy", OPT_FLAG, O(sig_proxy), .help = "Pass signals on to the payload (true)"},
	{0, "preserve-fd", OPT_LIST_CSV, O(preserve_fd), .arg = "N", .help = "Pass this descriptor on to the payload, under its number"},
	{0, "preserve-fds", OPT_U32, O(preserve_fds), .arg = "N", .max = UINT16_MAX, .help = "Pass descriptors 3 to 3+N-1 on to the payload"},
	/* above: CONTAINER_RUN_ONLY rows */
	{'i', "interactive", OPT_FLAG, O(interactive), .group = "How it runs", .help = "Keep standard input open"},
	{'a', "attach", OPT_LIST, O(attach), .arg = "STREAM", .choices = "stdin|stdout|stderr", .help = "Attach to stdin, stdout or stderr only"},
	{'t', "tty", OPT_FLAG, O(tty), .help = "Give it a terminal"},
	{0, "name", OPT_STRING, O(name), .arg = "NAME", .help = "Name of the container"},
	{0, "replace", OPT_FLAG, O(replace), .help = "Remove a container that has the name already"},
	{0, "pod", OPT_STRING, O(pod), .arg = "POD", .choices = "new:|POD", .help = "Put it into a pod; new:NAME makes one"},
	{0, "pod-id-file", OPT_STRING, O(pod_id_file), .arg = "FILE", .help = "The pod whose id is in a file"},
	{0, "rm", OPT_FLAG, O(rm), .help = "Remove the container when it exits"},
	{0, "rmi", OPT_FLAG, O(rmi), .help = "And its image, unless another container uses that (implies --rm)"},
	{0, "restart", OPT_STRING, O(restart), .arg = "POLICY", .choices = RESTART_CHOICES, .help = "What to do when it ends: no, always, on-failure[:N], unless-stopped"},
	{0, "requires", OPT_LIST_CSV, O(requires), .arg = "CONTAINER", .choices = "CONTAINER", .help = "Containers that are started before it"},
	{0, "timeout", OPT_U64, O(timeout), .arg = "SECONDS", .max = INT32_MAX, .help = "Kill it when it has run so long"},
	{0, "health-cmd", OPT_STRING, O(health_cmd), .arg = "COMMAND", .help = "Command that tells whether it does its work; none: not the image's"},
	{0, "health-interval", OPT_STRING, O(health_interval), .arg = "TIME", .help = "Time between two of them (30s); disable: only by hand"},
	{0, "health-retries", OPT_STRING, O(health_retries), .arg = "N", .help = "It is unhealthy after so many failures in a row (3)"},
	{0, "health-start-period", OPT_STRING, O(health_start_period), .arg = "TIME", .help = "Failures do not count so long after its start (0s)"},
	{0, "health-timeout", OPT_STRING, O(health_timeout), .arg = "TIME", .help = "One that takes longer has failed (30s)"},
	{0, "health-on-failure", OPT_STRING, O(health_on_failure), .arg = "ACTION", .choices = "none|kill|restart|stop", .help = "What to do when it is unhealthy: none, kill, restart, stop"},
	{0, "health-max-log-count", OPT_STRING, O(health_max_log_count), .arg = "N", .help = "How many checks are remembered (5); 0: 100"},
	{0, "health-max-log-size", OPT_STRING, O(health_max_log_size), .arg = "BYTES", .help = "How much of what each says (500); 0: 4096"},
	{0, "health-log-destination", OPT_STRING, O(health_log_destination), .arg = "WHERE", .help = "Where else: a directory; local: nowhere (the default)"},
	{0, "health-startup-cmd", OPT_STRING, O(health_startup_cmd), .arg = "COMMAND", .help = "Command that must succeed before its checks begin"},
	{0, "health-startup-interval", OPT_STRING, O(health_startup_interval), .arg = "TIME", .help = "Time between two of those (30s); disable: only by hand"},
	{0, "health-startup-retries", OPT_STRING, O(health_startup_retries), .arg = "N", .help = "It is restarted after so many failures of that; 0: never (the default)"},
	{0, "health-startup-success", OPT_STRING, O(health_startup_success), .arg = "N", .help = "How often that must succeed; 0: once (the default)"},
	{0, "health-startup-timeout", OPT_STRING, O(health_startup_timeout), .arg = "TIME", .help = "One of those that takes longer has failed (30s)"},
	{0, "no-healthcheck", OPT_FLAG, O(no_healthcheck), .help = "Leave the image's health check out"},
	{0, "stop-signal", OPT_STRING, O(stop_signal), .arg = "SIGNAL", .help = "Signal that stops it (SIGTERM, or the image's)"},
	{0, "stop-timeout", OPT_U32, O(stop_timeout), .arg = "SECONDS", .help = "Time to stop before it is killed (10)"},
	{0, "init", OPT_FLAG, O(init), .help = "Run a small init that reaps processes and passes signals on"},
	{0, "init-path", OPT_STRING, O(init_path), .arg = "FILE", .help = "With --init: this one of the host's, started with -- and the command"},
	{0, "personality", OPT_STRING, O(personality), .arg = "DOMAIN", .choices = "LINUX|LINUX32", .help = "Execution domain: LINUX, or LINUX32 for what asks uname"},
	{0, "cidfile", OPT_STRING, O(cidfile), .arg = "FILE", .help = "Write the id to a file, which must not exist"},
	{0, "pidfile", OPT_STRING, O(pidfile), .arg = "FILE", .help = "Write the payload's process ID to a file"},
	{0, "sdnotify", OPT_STRING, O(sdnotify), .arg = "MODE", .choices = "container|conmon|healthy|ignore", .help = "Who tells the service manager that it is ready: container, conmon, healthy, ignore"},
	{0, "conmon-pidfile", OPT_STRING, O(monitor_pidfile), .arg = "FILE", .help = "Write the monitor's process ID to a file"},
	{0, "log-driver", OPT_STRING, O(log_driver), .arg = "DRIVER", .choices = "k8s-file|json-file|journald|passthrough|none", .help = "Where its output is kept: k8s-file, json-file, journald, passthrough, none"},
	{0, "log-opt", OPT_LIST, O(log_opt), .arg = "NAME=VALUE", .help = "max-size=, max-file=, path=, tag=, labels=, env="},
	{0, "trail", OPT_OPTIONAL, O(trail), .arg = "MODE", .choices = "notify|log",
	 .help = "Keep a trail of its execs: notify (the monitor writes it), log (the kernel's audit log)"},
	{0, "record", OPT_OPTIONAL, O(record), .arg = "FILE", .help = "Record what it shows, for audit replay"},
	{0, "record-input", OPT_FLAG, O(record_input), .help = "And what is typed, passwords as well"},
	{0, "require-audit", OPT_FLAG, O(require_audit),
	 .help = "Start it only when kernel audit has a record of it, read back; now and later"},
	{'l', "label", OPT_LIST, O(label), .arg = "KEY=VALUE", .help = "Set a label"},
	{0, "label-file", OPT_LIST, O(label_file), .arg = "FILE", .help = "Read labels from a file"},
	{0, "annotation", OPT_LIST, O(annotation), .arg = "KEY=VALUE", .help = "Set an OCI annotation"},

	{'w', "workdir", OPT_STRING, O(workdir), .arg = "DIR", .group = "The process", .help = "Working directory"},
	{'u', "user", OPT_STRING, O(user), .arg = "USER[:GROUP]", .help = "User and group, by name or number"},
	{0, "group-add", OPT_LIST, O(group_add), .arg = "GROUP", .help = "Add a supplementary group"},
	{0, "passwd", OPT_FLAG, O(passwd), .help = "Add a line to /etc/passwd and /etc/group for a user that has none (true)"},
	{0, "passwd-entry", OPT_STRING, O(passwd_entry), .arg = "LINE", .help = "That line: $USERNAME, $UID, $GID, $NAME and $HOME are filled in"},
	{0, "group-entry", OPT_STRING, O(group_entry), .arg = "LINE", .help = "That of /etc/group: $GROUPNAME, $GID and $USERLIST are"},
	{0, "hostuser", OPT_LIST, O(hostuser), .arg = "USER", .help = "Add a user of the host to /etc/passwd, by name or number"},
	{0, "entrypoint", OPT_STRING, O(entrypoint), .arg = "COMMAND", .help = "Replace the image's entrypoint: a word or a JSON array"},
	{'e', "env", OPT_LIST, O(env), .arg = "NAME[=VALUE]", .help = "Set a variable, or pass the caller's on"},
	{0, "env-file", OPT_LIST, O(env_file), .arg = "FILE", .help = "Read variables from a file"},
	{0, "env-merge", OPT_LIST, O(env_merge), .arg = "NAME=VALUE", .help = "Change a variable of the image: PATH=\"${PATH}:/opt/bin\""},
	{0, "env-host", OPT_FLAG, O(env_host), .help = "Pass the caller's whole environment on"},
	{0, "http-proxy", OPT_FLAG, O(http_proxy), .help = "Pass the caller's proxy variables on (true)"},
	{0, "unsetenv", OPT_LIST, O(unsetenv), .arg = "NAME", .help = "Leave out a variable of the image"},
	{0, "unsetenv-all", OPT_FLAG, O(unsetenv_all), .help = "Leave out all variables of the image"},
	{0, "umask", OPT_STRING, O(umask), .arg = "MODE", .help = "File mode creation mask (0022)"},
	{0, "ulimit", OPT_LIST, O(ulimit), .arg = "NAME=SOFT[:HARD]", .help = "Set a resource limit of processes"},
	{0, "oom-score-adj", OPT_STRING, O(oom_score_adj), .arg = "N", .help = "How likely the kernel kills it when memory is short (-1000 to 1000)"},
	{0, "tz", OPT_STRING, O(tz), .arg = "ZONE", .help = "Time zone, or \"local\""},
	{0, "systemd", OPT_STRING, O(systemd), .arg = "MODE", .choices = "true|false|always",
	 .help = "What systemd as its first process wants: when it is one (true), or always"},

	{0, "pull", OPT_STRING, O(pull), .arg = "POLICY", .choices = PULL_CHOICES, .group = "The image", .help = "When to pull it: always, missing, never, newer"},
	{'q', "quiet", OPT_FLAG, O(quiet), .help = "Show no progress"},
	{0, "platform", OPT_STRING, O(platform), .arg = "OS/ARCH[/VARIANT]", .help = "Platform of the image"},
	{0, "os", OPT_STRING, O(os), .arg = "OS", .help = "Operating system of the image"},
	{0, "arch", OPT_STRING, O(arch), .arg = "ARCH", .help = "Architecture of the image"},
	{0, "variant", OPT_STRING, O(variant), .arg = "VARIANT", .help = "Variant of the architecture"},
	{0, "authfile", OPT_STRING, O(authfile), .arg = "FILE", .help = "Credentials of registries"},
	{0, "creds", OPT_STRING, O(creds), .arg = "USER[:PASSWORD]", .help = "Credentials of this registry"},
	{0, "signature-policy", OPT_STRING, O(signature_policy), .arg = "FILE", .help = "This policy.json instead of the usual ones"},
	{0, "tls-verify", OPT_FLAG, O(tls_verify), .help = "Require HTTPS and a valid certificate (true)"},
	{0, "rootfs", OPT_FLAG, O(rootfs_flag), .help = "The first operand is a directory, not an image"},
	{0, "image-volume", OPT_STRING, O(image_volume), .arg = "MODE", .choices = "anonymous|tmpfs|ignore", .help = "What becomes of the image's volumes: anonymous, tmpfs, ignore"},

	{'v', "volume", OPT_LIST, O(volume), .arg = "[SRC:]DST[:OPTS]", .choices = "VOLUME", .group = "Files", .help = "Mount a directory, a file or a volume"},
	{0, "mount", OPT_LIST, O(mount), .arg = "type=TYPE,...", .help = "Mount a bind, volume, tmpfs, image, glob, devpts or ramfs"},
	{0, "tmpfs", OPT_LIST, O(tmpfs), .arg = "DST[:OPTS]", .help = "Mount a tmpfs"},
	{0, "volumes-from", OPT_LIST, O(volumes_from), .arg = "CONTAINER[:OPTS]", .choices = "CONTAINER", .help = "Mount the volumes and binds of another container: ro, rw, z"},
	{0, "secret", OPT_LIST, O(secret), .arg = "NAME[,OPTION...]", .choices = "SECRET",
	 .help = "Give it a secret: type=mount|env, target=, uid=, gid=, mode="},
	{0, "device", OPT_LIST, O(device), .arg = "HOST[:DST[:rwm]]", .help = "Make a device of the host available, or a CDI device: vendor.com/class=name"},
	{0, "gpus", OPT_LIST, O(gpus), .arg = "GPU", .help = "The same of CDI's nvidia.com/gpu: all, a number, or device=NAME,..."},
	{0, "read-only", OPT_FLAG, O(read_only), .help = "Make the root file system read-only"},
	{0, "read-only-tmpfs", OPT_FLAG, O(read_only_tmpfs), .help = "With --read-only: writable /run, /tmp and /var/tmp (true)"},
	{0, "shm-size", OPT_SIZE, O(shm_size), .arg = "SIZE", .max = INT64_MAX, .help = "Size of /dev/shm (64m)"},
	{0, "shm-size-systemd", OPT_SIZE, O(shm_size_systemd), .arg = "SIZE", .max = INT64_MAX, .help = "Size of each tmpfs that systemd mode mounts"},

	{0, "network", OPT_LIST, O(network), .arg = "MODE", .choices = NETWORK_CHOICES, .group = "Network", .help = "pasta, slirp4netns, none, host, container:NAME, ns:PATH, or a bridge network: NAME[:ip=,ip6=,mac=,alias=]"},
	{0, "net", OPT_LIST, O(network), .arg = "MODE", .choices = NETWORK_CHOICES, .help = "The same as --network", .hidden = true},
	{0, "network-alias", OPT_LIST, O(network_alias), .arg = "NAME", .help = "A further name on its bridge networks"},
	{0, "ip", OPT_STRING, O(ip), .arg = "ADDRESS", .help = "Its address on the one bridge network it is on"},
	{0, "ip6", OPT_STRING, O(ip6), .arg = "ADDRESS", .help = "Its IPv6 address there"},
	{0, "mac-address", OPT_STRING, O(mac_address), .arg = "ADDRESS", .help = "Its MAC address there"},
	{'p', "publish", OPT_LIST, O(publish), .arg = "[[IP:]HOST:]PORT[/PROTO]", .help = "Publish a port on the host"},
	{'P', "publish-all", OPT_FLAG, O(publish_all), .help = "Publish all exposed ports on free ports of the host"},
	{0, "expose", OPT_LIST, O(expose), .arg = "PORT[/PROTO]", .help = "A port that --publish-all publishes"},
	{'h', "hostname", OPT_STRING, O(hostname), .arg = "NAME", .help = "Host name inside"},
	NAME_ROWS(O),
	{0, "hosts-file", OPT_STRING, O(hosts_file), .arg = "FILE", .help = "What /etc/hosts begins with; none: nothing"},
	{0, "no-hostname", OPT_FLAG, O(no_hostname), .help = "Leave /etc/hostname alone"},

	{0, "userns", OPT_STRING, O(userns), .arg = "MODE", .choices = USERNS_CHOICES, .group = "Namespaces", .help = "private, host, keep-id[:uid=,gid=,size=], auto[:size=], nomap"},
	{0, "ident", OPT_STRING, O(ident), .arg = "MODE[,MODE]", .choices = "uid|session|landlock",
	 .help = "What names it in audit records: uid, session, landlock"},
	MAP_ROWS(O),
	{0, "subuidname", OPT_STRING, O(subuidname), .arg = "NAME", .help = "Map the IDs that /etc/subuid gives to a name, from 0 on"},
	{0, "subgidname", OPT_STRING, O(subgidname), .arg = "NAME", .help = "The same of /etc/subgid; one of the two stands for both"},
	{0, "pid", OPT_STRING, O(pid), .arg = "MODE", .choices = "private|host|container:CONTAINER|ns:", .help = "private, host, container:NAME or ns:PATH"},
	{0, "ipc", OPT_STRING, O(ipc), .arg = "MODE", .choices = "private|shareable|none|host|container:CONTAINER|ns:", .help = "private, shareable, none, host, container:NAME or ns:PATH"},
	{0, "uts", OPT_STRING, O(uts), .arg = "MODE", .choices = "private|host|container:CONTAINER|ns:", .help = "private, host, container:NAME or ns:PATH"},
	{0, "cgroupns", OPT_STRING, O(cgroupns), .arg = "MODE", .choices = "private|host", .help = "private or host"},
	{0, "cgroups", OPT_STRING, O(cgroups), .arg = "MODE", .choices = "enabled|disabled|no-conmon", .help = "enabled (a cgroup of its own also without limits), disabled or no-conmon"},

	LIMIT_ROWS(O),
	{0, "cgroup-parent", OPT_STRING, O(cgroup_parent), .arg = "SLICE", .help = "Slice of the service manager that its scope goes to (user.slice)"},

	{0, "security-opt", OPT_LIST, O(security_opt), .arg = "OPTION", .choices = SECURITY_CHOICES, .group = "Confinement", .help = "no-new-privileges, seccomp=, seccomp-log, landlock=, profile=, apparmor=, label=, mask=, unmask=, proc-opts="},
	{0, "cap-add", OPT_LIST_CSV, O(cap_add), .arg = "CAP", .help = "Add a capability, or ALL"},
	{0, "cap-drop", OPT_LIST_CSV, O(cap_drop), .arg = "CAP", .help = "Drop a capability, or ALL"},
	{0, "sysctl", OPT_LIST, O(sysctl), .arg = "NAME=VALUE", .help = "Set a kernel parameter of the container's namespaces"},
	{0, "privileged", OPT_FLAG, O(privileged), .help = "All capabilities in its namespaces, no seccomp filter, nothing masked"},

	LIMIT_REFUSED_ROWS,
	OPTION_REFUSED(0, "device-cgroup-rule", "a user has no device cgroup: name the devices with --device"),
	OPTION_REFUSED(0, "rdt-class", "a user can join no class of resctrl, which is root's"),
	OPTION_REFUSED(0, "permissive", "nothing is confined for show: --security-opt seccomp-log says what is refused, ranby profile record what is needed"),
	OPTION_REFUSED(0, "kernel-memory", "cgroup v2 has no such limit: --memory counts the kernel's too"),
	OPTION_REFUSED(0, "link", "containers of one bridge network find each other by name"),
	OPTION_REFUSED(0, "link-local-ip", "addresses are given with --ip and --ip6"),
	OPTION_REFUSED(0, "init-ctr", "not supported yet; run it in the pod before the others: ranby run --rm --pod POD"),
	OPTION_REFUSED(0, "runtime", "the runtime is ranby-runtime"),
	OPTION_REFUSED(0, "storage-opt", "what a container writes has no limit yet; --read-only and --tmpfs DIR:size=SIZE give it so much"),
	OPTION_REFUSED(0, "isolation", "Linux has but one kind"),
	OPTION_REFUSED(0, "volume-driver", "volumes are directories; there are no drivers"),
	OPTION_REFUSED(0, "chrootdirs", "mount the files there: -v /etc/resolv.conf:DIR/etc/resolv.conf:ro, and so on"),
	OPTION_REFUSED(0, "decryption-key", OPTION_NO_DECRYPTION),
	OPTION_REFUSED(0, "seccomp-policy", "use --security-opt seccomp=FILE"),
	OPTION_REFUSED(0, "retry", NO_RETRY),
	OPTION_REFUSED(0, "retry-delay", NO_RETRY),
	OPTION_REFUSED(0, "cert-dir", "put the certificates into certs.d/HOST:PORT of ~/.config/containers or /etc/containers"),
	OPTION_REFUSED(0, "use-api-socket", "there is no daemon and no socket"),
	OPTION_REFUSED(0, "disable-content-trust", OPTION_NO_CONTENT_TRUST),
	OPTION_END,
};

void container_options_args_done(void *args)
{
	strv_done(&((struct container_options *)args)->preserve_fd);
	container_options_done(args);
}

/* Options whose default is not zero, unless they were given. */
static void set_defaults(const struct command_call *call, struct container_options *o)
{
	struct container_options d = {0};
	const struct {
		const char *name;
		void *at;
		const void *value;
		size_t size;
	} defaults[] = {
		{"http-proxy", &o->http_proxy, &d.http_proxy, sizeof(d.http_proxy)},
		{"sig-proxy", &o->sig_proxy, &d.sig_proxy, sizeof(d.sig_proxy)},
		{"passwd", &o->passwd, &d.passwd, sizeof(d.passwd)},
		{"read-only-tmpfs", &o->read_only_tmpfs, &d.read_only_tmpfs, sizeof(d.read_only_tmpfs)},
		{"tls-verify", &o->tls_verify, &d.tls_verify, sizeof(d.tls_verify)},
		{"stop-timeout", &o->stop_timeout, &d.stop_timeout, sizeof(d.stop_timeout)},
		{"shm-size", &o->shm_size, &d.shm_size, sizeof(d.shm_size)},
	};

	container_options_defaults(&d);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!option_given(call->command->rows, call->full_argc, call->full_argv, defaults[i].name))
			memcpy(defaults[i].at, defaults[i].value, defaults[i].size);
}

struct asking {
	const struct command_call *call;
	const char *const *own;
};

static bool is_given(void *ctx, const char *option)
{
	const struct asking *a = ctx;

	for (const char *const *own = a->own; own && *own; own++)
		if (strcmp(*own, option) == 0)
			return true;
	return option_given(a->call->command->rows, a->call->full_argc, a->call->full_argv, option);
}

/* What containers.conf has instead of our own defaults. `used`: the names of those, for who is told that something does not go together. */
static int defaults_of_files(const struct command_call *call, const char *const *own, struct container_options *o, struct buf *used, struct err *e)
{
	struct asking asking = {.call = call, .own = own};
	_cleanup_(containers_conf_done) struct containers_conf f = {0};
	_cleanup_(strv_done) struct strv warnings = {0};
	int r = containers_conf_read(call->engine, &f, e);

	if (r == 0)
		r = defaults_apply(&f, is_given, &asking, o, used, &warnings, e);
	for (size_t i = 0; r == 0 && i < warnings.n; i++)
		report_warning("%s", warnings.items[i]);
	return r;
}

/* Podman's variable, which goes over the files and under the options. */
static void userns_of_environment(struct container_options *o)
{
	const char *v = getenv("PODMAN_USERNS");

	if (v && *v && !o->userns && o->uidmap.n == 0 && o->gidmap.n == 0)
		o->userns = v;
}

int container_options_of_pod(const struct command_call *call, struct container_options *o, struct buf *used, struct err *e)
{
	struct asking asking = {.call = call};
	_cleanup_(containers_conf_done) struct containers_conf f = {.json = json_object_get(o->source)};
	int r = f.json ? 0 : containers_conf_read(call->engine, &f, e);

	userns_of_environment(o);
	return r == 0 ? defaults_apply_pod(&f, is_given, &asking, o, used, e) : r;
}

/* --subuidname: lines of --uidmap, host IDs on the right. Ranges lie one after the other from 1 on; here they begin with 0. */
static int add_ranges(const char *option, enum subid_kind kind, const char *name, struct strv *map, struct err *e)
{
	_cleanup_free_ struct id_list *l = calloc(1, sizeof(*l));
	int r = l ? subid_ranges(kind, (uid_t)-1, name, l, e) : err_errno(e, ENOMEM, "--%s", option);

	if (r == 0 && l->n == 0)
		r = err_set(e, ENOENT, "--%s %s: no such name in /etc/%s", option, name, kind == SUBID_USER ? "subuid" : "subgid");
	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (strv_addf(map, "%u:@%u:%u", l->extents[i].inside - 1, l->extents[i].outside, l->extents[i].count) < 0)
			r = err_errno(e, ENOMEM, "--%s", option);
	return r;
}

static int expand_names(struct container_options *o, struct err *e)
{
	const char *uid = o->subuidname ? o->subuidname : o->subgidname, *gid = o->subgidname ? o->subgidname : uid;
	int r;

	if (!uid)
		return 0;
	if (o->userns || o->uidmap.n || o->gidmap.n)
		return err_set(e, EINVAL, "--subuidname and --subgidname exclude --userns, --uidmap and --gidmap");
	r = add_ranges("subuidname", SUBID_USER, uid, &o->uidmap, e);
	return r == 0 ? add_ranges("subgidname", SUBID_GROUP, gid, &o->gidmap, e) : r;
}

/* "--word ...: ..." or "--one, --other and ...", and the caller gave none of them: a file did. */
static bool is_about_files(const struct command_call *call, const char *text)
{
	size_t end = strcspn(text, ":");
	char name[64];

	if (strncmp(text, "--", 2) != 0)
		return false;
	for (const char *at = text; at && (size_t)(at - text) < end; at = strstr(at + 2, "--")) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 2, " :=,"), at + 2);
		if (option_given(call->command->rows, call->full_argc, call->full_argv, name))
			return false;
	}
	return true;
}

void container_options_hint(const struct command_call *call, int r, const struct buf *used, struct err *e)
{
	if (r < 0 && used->len > 0 && e && !e->hint[0] && is_about_files(call, e->text))
		err_hint(e, "containers.conf (ranby info names the files) gives: %s", buf_str(used));
}

int container_options_finish(const struct command_call *call, struct err *e)
{
	return container_options_finish_but(call, NULL, e);
}

int container_options_finish_but(const struct command_call *call, const char *const *own, struct err *e)
{
	struct container_options *o = call->args;
	_cleanup_(buf_done) struct buf used = BUF_INIT;
	int r = expand_names(o, e);

	if (r < 0)
		return r;
	/* those of a container that is there have theirs */
	if (!o->source) {
		set_defaults(call, o);
		if (!o->pod && !o->pod_id_file)
			userns_of_environment(o);
		r = defaults_of_files(call, own, o, &used, e);
		if (r < 0)
			return r;
	}
	if (o->trail && !*o->trail)
		o->trail = "notify";
	if (o->rmi && o->rootfs_flag)
		return err_set(e, EINVAL, "--rmi and --rootfs exclude each other: there is no image");
	if (o->replace && !o->name)
		return err_set(e, EINVAL, "--replace: it is of a name, and without --name there is none");
	o->rm = o->rm || o->rmi;
	if (o->rootfs_flag && call->argc > 0)
		o->rootfs = call->argv[0];
	r = container_options_check(o, e);
	container_options_hint(call, r, &used, e);
	return r;
}
