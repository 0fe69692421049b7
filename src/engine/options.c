/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * One table says what is recorded, under which key, and of which type; both
 * directions walk it. Keys are the long names of podman, so that whoever reads
 * container.json knows them. What is at its zero value is not written, but
 * for flags that are true by default: those are written when they are false.
 *
 * container_options_check() asks every grammar before anything is pulled or
 * made: a bad -p must not cost a download.
 */
#include "engine/options.h"

#include "base/parse.h"
#include "base/signame.h"
#include "engine/cdi.h"
#include "engine/env.h"
#include "engine/etc.h"
#include "engine/health_spec.h"
#include "engine/hosts.h"
#include "engine/limits.h"
#include "engine/log_config.h"
#include "engine/mount_spec.h"
#include "engine/network.h"
#include "engine/sdnotify.h"
#include "engine/profile.h"
#include "engine/restart_policy.h"
#include "engine/secret_spec.h"
#include "engine/user.h"
#include "engine/userns_mode.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum kind {
	STRING,
	LIST,
	FLAG,
	FLAG_ON, /* true by default */
	U32,
	U64,
};

struct field {
	const char *key;
	enum kind kind;
	size_t offset;
};

#define F(kind, key, member) {key, kind, offsetof(struct container_options, member)}

static const struct field fields[] = {
	F(STRING, "name", name),
	F(STRING, "hostname", hostname),
	F(STRING, "user", user),
	F(STRING, "workdir", workdir),
	F(STRING, "umask", umask),
	F(STRING, "tz", tz),
	F(STRING, "entrypoint", entrypoint),
	F(STRING, "rootfs", rootfs),
	F(LIST, "env", env),
	F(LIST, "env-file", env_file),
	F(LIST, "env-merge", env_merge),
	F(LIST, "unsetenv", unsetenv),
	F(FLAG, "unsetenv-all", unsetenv_all),
	F(FLAG, "env-host", env_host),
	F(FLAG_ON, "http-proxy", http_proxy),
	F(LIST, "label", label),
	F(LIST, "label-file", label_file),
	F(LIST, "annotation", annotation),
	F(FLAG, "init", init),
	F(STRING, "stop-signal", stop_signal),
	F(U32, "stop-timeout", stop_timeout),
	F(LIST, "group-add", group_add),
	F(FLAG_ON, "passwd", passwd),
	F(STRING, "passwd-entry", passwd_entry),
	F(STRING, "group-entry", group_entry),
	F(LIST, "hostuser", hostuser),
	F(FLAG, "detach", detach),
	F(FLAG, "interactive", interactive),
	F(FLAG, "tty", tty),
	F(FLAG, "quiet", quiet),
	F(FLAG_ON, "sig-proxy", sig_proxy),
	F(FLAG, "rm", rm),
	F(FLAG, "rmi", rmi),
	F(FLAG, "replace", replace),
	F(LIST, "attach", attach),
	F(STRING, "detach-keys", detach_keys),
	F(STRING, "pidfile", pidfile),
	F(STRING, "conmon-pidfile", monitor_pidfile),
	F(STRING, "cidfile", cidfile),
	F(STRING, "pod", pod),
	F(STRING, "restart", restart),
	F(U64, "timeout", timeout),
	F(LIST, "requires", requires),
	F(STRING, "health-cmd", health_cmd),
	F(STRING, "health-interval", health_interval),
	F(STRING, "health-retries", health_retries),
	F(STRING, "health-start-period", health_start_period),
	F(STRING, "health-timeout", health_timeout),
	F(STRING, "health-on-failure", health_on_failure),
	F(STRING, "health-max-log-count", health_max_log_count),
	F(STRING, "health-max-log-size", health_max_log_size),
	F(STRING, "health-log-destination", health_log_destination),
	F(STRING, "health-startup-cmd", health_startup_cmd),
	F(STRING, "health-startup-interval", health_startup_interval),
	F(STRING, "health-startup-retries", health_startup_retries),
	F(STRING, "health-startup-success", health_startup_success),
	F(STRING, "health-startup-timeout", health_startup_timeout),
	F(FLAG, "no-healthcheck", no_healthcheck),
	F(STRING, "log-driver", log_driver),
	F(LIST, "log-opt", log_opt),
	F(STRING, "ident", ident),
	F(STRING, "trail", trail),
	F(STRING, "record-profile", record_profile),
	F(STRING, "record", record),
	F(FLAG, "record-input", record_input),
	F(FLAG, "require-audit", require_audit),
	F(STRING, "pull", pull),
	F(STRING, "platform", platform),
	F(STRING, "arch", arch),
	F(STRING, "os", os),
	F(STRING, "variant", variant),
	F(STRING, "userns", userns),
	F(STRING, "pid", pid),
	F(STRING, "ipc", ipc),
	F(STRING, "uts", uts),
	F(STRING, "cgroupns", cgroupns),
	F(STRING, "cgroups", cgroups),
	F(STRING, "memory", memory),
	F(STRING, "memory-swap", memory_swap),
	F(STRING, "memory-reservation", memory_reservation),
	F(STRING, "cpus", cpus),
	F(STRING, "cpu-shares", cpu_shares),
	F(STRING, "cpu-period", cpu_period),
	F(STRING, "cpu-quota", cpu_quota),
	F(STRING, "cpuset-cpus", cpuset_cpus),
	F(STRING, "cpuset-mems", cpuset_mems),
	F(STRING, "pids-limit", pids_limit),
	F(STRING, "blkio-weight", blkio_weight),
	F(STRING, "cgroup-parent", cgroup_parent),
	F(LIST, "cgroup-conf", cgroup_conf),
	F(LIST, "uidmap", uidmap),
	F(LIST, "gidmap", gidmap),
	F(LIST, "network", network),
	F(STRING, "ip", ip),
	F(STRING, "ip6", ip6),
	F(STRING, "mac-address", mac_address),
	F(LIST, "network-alias", network_alias),
	F(LIST, "publish", publish),
	F(LIST, "expose", expose),
	F(FLAG, "publish-all", publish_all),
	F(LIST, "dns", dns),
	F(LIST, "dns-search", dns_search),
	F(LIST, "dns-option", dns_option),
	F(LIST, "add-host", add_host),
	F(FLAG, "no-hosts", no_hosts),
	F(STRING, "hosts-file", hosts_file),
	F(FLAG, "no-hostname", no_hostname),
	F(FLAG, "read-only", read_only),
	F(FLAG_ON, "read-only-tmpfs", read_only_tmpfs),
	F(LIST, "volume", volume),
	F(LIST, "mount", mount),
	F(LIST, "tmpfs", tmpfs),
	F(LIST, "volumes-from", volumes_from),
	F(LIST, "device", device),
	F(LIST, "gpus", gpus),
	F(LIST, "cdi-spec-dirs", cdi_spec_dirs),
	F(LIST, "secret", secret),
	F(STRING, "image-volume", image_volume),
	F(U64, "shm-size", shm_size),
	F(FLAG, "privileged", privileged),
	F(LIST, "security-opt", security_opt),
	F(LIST, "default-capabilities", default_caps),
	F(LIST, "cap-add", cap_add),
	F(LIST, "cap-drop", cap_drop),
	F(LIST, "ulimit", ulimit),
	F(LIST, "sysctl", sysctl),
	F(STRING, "oom-score-adj", oom_score_adj),
	F(STRING, "systemd", systemd),
	F(U64, "shm-size-systemd", shm_size_systemd),
	F(STRING, "init-path", init_path),
	F(STRING, "personality", personality),
	F(STRING, "sdnotify", sdnotify),
};

void container_options_defaults(struct container_options *o)
{
	o->http_proxy = true;
	o->sig_proxy = true;
	o->passwd = true;
	o->read_only_tmpfs = true;
	o->tls_verify = true;
	o->stop_timeout = 10;
	o->shm_size = SHM_SIZE_DEFAULT;
}

void container_options_done(struct container_options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].kind == LIST)
			strv_done((struct strv *)(void *)((char *)o + fields[i].offset));
	json_putp(&o->source);
}

static int put_field(const struct field *f, const struct container_options *o, struct json_object *json)
{
	const void *at = (const char *)o + f->offset;
	const struct strv *list = at;

	switch (f->kind) {
	case STRING:
		return json_add_str(json, f->key, *(const char *const *)at);
	case LIST:
		return list->n > 0 ? json_add_strv(json, f->key, list) : 0;
	case FLAG:
		return *(const bool *)at ? json_add_bool(json, f->key, true) : 0;
	case FLAG_ON:
		return *(const bool *)at ? 0 : json_add_bool(json, f->key, false);
	case U32:
		return json_add_int(json, f->key, *(const uint32_t *)at);
	case U64:
		return *(const uint64_t *)at ? json_add_u64(json, f->key, *(const uint64_t *)at) : 0;
	}
	return -EINVAL;
}

int container_options_to_json(const struct container_options *o, struct json_object **ret)
{
	_cleanup_json_ struct json_object *json = json_object_new_object();
	int r = json ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++)
		r = put_field(&fields[i], o, json);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(json);
	return 0;
}

static int get_field(const struct field *f, struct json_object *json, struct container_options *o, struct err *e)
{
	void *at = (char *)o + f->offset;

	switch (f->kind) {
	case STRING:
		return json_get_str(json, f->key, (const char **)at, e);
	case LIST:
		return json_get_strv(json, f->key, at, e);
	case FLAG:
	case FLAG_ON:
		return json_get_bool(json, f->key, at, e);
	case U32:
		return json_get_u32(json, f->key, 0, UINT32_MAX, at, e);
	case U64:
		return json_get_u64(json, f->key, 0, UINT64_MAX, at, e);
	}
	return -EINVAL;
}

int container_options_from_json(struct json_object *json, struct container_options *ret, struct err *e)
{
	struct container_options o = {0};

	container_options_defaults(&o);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		int r = get_field(&fields[i], json, &o, e);

		if (r < 0) {
			container_options_done(&o);
			return r;
		}
	}
	o.source = json_object_get(json);
	*ret = o;
	return 0;
}

bool container_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(name);

	return len > 0 && len <= CONTAINER_NAME_MAX && strspn(name, letters) == len && !strchr("_.-", name[0]);
}

int container_name_check(const char *what, const char *name, struct err *e)
{
	if (container_name_is_valid(name))
		return 0;
	if (strlen(name) > CONTAINER_NAME_MAX)
		return err_set(e, EINVAL, "%s \"%.32s...\": longer than %d characters", what, name, CONTAINER_NAME_MAX);
	return err_set(e, EINVAL, "%s \"%s\": must match [a-zA-Z0-9][a-zA-Z0-9_.-]*", what, name);
}

/* One of the words, or NULL given. */
static int check_word(const char *option, const char *value, const char *const *words, const char *instead,
		      struct err *e)
{
	if (!value)
		return 0;
	for (; *words; words++)
		if (strcmp(value, *words) == 0)
			return 0;
	return err_set(e, EINVAL, "--%s %s: %s", option, value, instead);
}

/* systemd.unit(5) */
static bool is_slice(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\";
	size_t n = strlen(name);

	return n > 6 && n < 256 && strcmp(name + n - 6, ".slice") == 0 && strspn(name, letters) == n && name[0] != '.';
}

/* Another container's, or a file's: what it is is seen when the container is made (peer_choice.h). */
static bool is_peer(const char *value)
{
	return value && (network_peer_of(value) || strncmp(value, "ns:/", 4) == 0);
}

static int check_peered(const char *option, const char *value, const char *const *words, const char *instead, struct err *e)
{
	return is_peer(value) ? 0 : check_word(option, value, words, instead, e);
}

static int check_namespaces(const struct container_options *o, struct err *e)
{
	static const char *const private_or_host[] = {"", "private", "host", NULL};
	static const char *const ipc[] = {"", "private", "host", "none", "shareable", NULL};
	static const char *const cgroups[] = {"enabled", "disabled", "no-conmon", NULL};
	struct userns_mode mode;
	int r;

	r = check_peered("pid", o->pid, private_or_host, "only private, host, container:NAME and ns:PATH are supported", e);
	if (r == 0)
		r = check_peered("ipc", o->ipc, ipc, "only private, shareable, none, host, container:NAME and ns:PATH are supported", e);
	if (r == 0 && o->ipc && strcmp(o->ipc, "shareable") == 0 && o->shm_size != SHM_SIZE_DEFAULT)
		r = err_set(e, EINVAL, "--shm-size: the /dev/shm of --ipc shareable is a directory of the user's run directory, and as large as that");
	if (r == 0)
		r = check_peered("uts", o->uts, private_or_host, "only private, host, container:NAME and ns:PATH are supported", e);
	if (r == 0)
		r = check_word("cgroupns", o->cgroupns, private_or_host, "only private and host are supported", e);
	if (r == 0)
		r = check_word("cgroups", o->cgroups, cgroups, "only enabled, disabled and no-conmon are supported", e);
	if (r == 0 && o->cgroup_parent && !is_slice(o->cgroup_parent))
		r = err_set(e, EINVAL, "--cgroup-parent %s: not the name of a slice (NAME.slice)", o->cgroup_parent);
	if (r == 0 && o->uts && strcmp(o->uts, "host") == 0 && o->hostname)
		r = err_set(e, EINVAL, "--hostname and --uts host exclude each other");
	return r < 0 ? r : userns_mode_parse(o, &mode, e);
}

static int check_restart(const struct container_options *o, struct err *e)
{
	struct restart_policy p;
	int r = restart_policy_parse(o->restart, &p, e);

	if (r == 0 && o->rm && p.kind != RESTART_NO)
		r = err_set(e, EINVAL, "--rm and --restart exclude each other: what is removed cannot come back");
	return r;
}

static int check_front(const struct container_options *o, struct err *e)
{
	static const char *const pull[] = {"always", "missing", "never", "newer", "true", "false", NULL};
	static const char *const systemd[] = {"true", "false", "always", NULL};
	static const char *const trail[] = {"notify", "log", NULL};
	static const char *const streams[] = {"stdin", "stdout", "stderr", NULL};
	static const char *const image_volume[] = {"", "anonymous", "bind", "tmpfs", "ignore", NULL};
	int r = check_restart(o, e);

	if (r == 0)
		r = log_config_check(o, e);
	if (r == 0)
		r = check_word("pull", o->pull, pull, "not one of always, missing, never, newer", e);
	if (r == 0)
		r = check_word("systemd", o->systemd, systemd, "not one of true, false, always", e);
	if (r == 0)
		r = check_word("image-volume", o->image_volume, image_volume, "not one of anonymous, tmpfs, ignore", e);
	if (r == 0)
		r = check_word("trail", o->trail, trail, "not one of notify, log", e);
	for (size_t i = 0; r == 0 && i < o->attach.n; i++)
		r = check_word("attach", o->attach.items[i], streams, "not one of stdin, stdout, stderr", e);
	if (r == 0 && o->trail && o->record_profile)
		r = err_set(e, EINVAL, "--trail: a process has one listener, and the recorder has it");
	if (r == 0 && o->record_input && !o->record)
		r = err_set(e, EINVAL, "--record-input needs --record");
	if (r == 0 && o->detach && o->attach.n > 0)
		r = err_set(e, EINVAL, "--detach and --attach exclude each other");
	return r;
}

static int check_numbers(const struct container_options *o, struct err *e)
{
	uint32_t mask;
	int64_t adj;

	if (o->umask && (parse_mode(o->umask, &mask) < 0 || mask > 0777))
		return err_set(e, EINVAL, "--umask %s: not an octal mode from 0 to 0777", o->umask);
	if (o->oom_score_adj && parse_i64(o->oom_score_adj, -1000, 1000, &adj) < 0)
		return err_set(e, EINVAL, "--oom-score-adj %s: not a number from -1000 to 1000", o->oom_score_adj);
	return 0;
}

static int check_mounts(const struct container_options *o, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->volume.n; i++) {
		struct mount_spec m = {0};

		r = volume_spec_parse(o->volume.items[i], &m, e);
		mount_spec_done(&m);
	}
	for (size_t i = 0; r == 0 && i < o->mount.n; i++) {
		struct mount_spec m = {0};

		r = mount_spec_parse(o->mount.items[i], &m, e);
		mount_spec_done(&m);
	}
	for (size_t i = 0; r == 0 && i < o->secret.n; i++) {
		struct secret_spec s = {0};

		r = secret_spec_parse(o->secret.items[i], &s, e);
		secret_spec_done(&s);
	}
	for (size_t i = 0; r == 0 && i < o->tmpfs.n; i++) {
		struct mount_spec m = {0};

		r = tmpfs_spec_parse(o->tmpfs.items[i], &m, e);
		mount_spec_done(&m);
	}
	return r == 0 ? cdi_check(o, e) : r;
}

static int check_network(const struct container_options *o, struct err *e)
{
	_cleanup_(network_plan_done) struct network_plan plan = {0};

	return network_plan_make(o, NULL, &plan, e);
}

static int check_process(const struct container_options *o, struct err *e)
{
	static const char *const domains[] = {"LINUX", "LINUX32", NULL};
	_cleanup_(profile_done) struct profile profile = {0};
	int sig, r;

	r = user_check(o->user, e);
	if (r < 0)
		return err_wrap(e, r, "--user");
	r = etc_check_format("passwd-entry", o->passwd_entry, e);
	if (r == 0)
		r = etc_check_format("group-entry", o->group_entry, e);
	if (r < 0)
		return r;
	if (!o->passwd && (o->passwd_entry || o->group_entry || o->hostuser.n))
		return err_set(e, EINVAL, "--passwd=false: excludes --passwd-entry, --group-entry and --hostuser");
	if (o->workdir && *o->workdir && *o->workdir != '/')
		return err_set(e, EINVAL, "--workdir %s: must be absolute", o->workdir);
	if (o->stop_signal) {
		r = signal_parse(o->stop_signal, &sig);
		if (r < 0)
			return err_set(e, EINVAL, "--stop-signal %s: no such signal", o->stop_signal);
	}
	r = check_word("personality", o->personality, domains, "not one of LINUX, LINUX32", e);
	if (r == 0 && o->init_path && (!o->init || o->init_path[0] != '/'))
		r = err_set(e, EINVAL, "--init-path %s: an absolute path, together with --init", o->init_path);
	return r == 0 ? profile_make(o, &profile, e) : r;
}

int container_options_check(const struct container_options *o, struct err *e)
{
	static int (*const checks[])(const struct container_options *, struct err *) = {
		check_front, check_namespaces, check_numbers, check_mounts, check_network, check_process, limits_check, hosts_check, sdnotify_check, health_spec_check,
		env_check,
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int r = checks[i](o, e);

		if (r < 0)
			return r;
	}
	return 0;
}
