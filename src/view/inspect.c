/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * Mostly tables: a key of podman's, and where the value lies in
 * container.json or state.json. A key that podman always has is always there,
 * with its empty value where we know nothing.
 */
#include "view/inspect.h"
#include "view/inspect_parts.h"
#include "engine/exec.h"
#include "engine/exec_trail.h"
#include "engine/health.h"
#include "engine/restart.h"

#include "base/clock.h"
#include "base/signame.h"

#include <stdio.h>
#include <string.h>

enum empty { STRING, NUMBER, BOOL, LIST, MAP };

struct row {
	const char *key;
	const char *path; /* NULL: always the empty value */
	enum empty empty;
};

static struct json_object *empty_value(enum empty kind)
{
	switch (kind) {
	case STRING:
		return json_object_new_string("");
	case NUMBER:
		return json_object_new_int(0);
	case BOOL:
		return json_object_new_boolean(false);
	case LIST:
		return json_object_new_array();
	case MAP:
		break;
	}
	return json_object_new_object();
}

static int add_rows(struct json_object *o, struct json_object *from, const struct row *rows, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct json_object *v = rows[i].path && from ? json_at(from, rows[i].path) : NULL;

		r = json_add(o, rows[i].key, v ? json_object_get(v) : empty_value(rows[i].empty));
	}
	return r;
}

/* A new object of rows, added to `o` under `key`. */
static int add_object(struct json_object *o, const char *key, struct json_object *from, const struct row *rows, size_t n,
		      struct json_object **ret)
{
	struct json_object *sub = json_object_new_object();
	int r = sub ? json_add(o, key, sub) : -ENOMEM;

	if (r == 0)
		r = add_rows(sub, from, rows, n);
	if (r == 0 && ret)
		*ret = sub;
	return r;
}

static int add_time(struct json_object *o, const char *key, const struct timespec *t)
{
	return json_add_time(o, key, t);
}

/* Of nanoseconds since 1970; never where there are none. */
static struct timespec time_of(struct json_object *from, const char *key)
{
	int64_t ns = from ? json_int(from, key) : 0;

	return ns ? clock_from_ns(ns) : CLOCK_NEVER;
}

static int add_state(struct json_object *o, const struct container *c)
{
	static const struct row rows[] = {{"MonitorPid", "monitorPid", NUMBER},
		{"CgroupPath", "inForce.cgroup", STRING}};
	struct timespec never = CLOCK_NEVER, start = time_of(c->state, "startedNs"), end = {.tv_sec = c->end.finished_sec, .tv_nsec = c->end.finished_nsec};
	bool running = c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
	struct json_object *s;
	int r = add_object(o, "State", c->state, rows, ARRAY_SIZE(rows), &s);

	if (r < 0 || json_add_str(s, "OciVersion", "1.0.2") < 0 ||
	    json_add_str(s, "Status", container_status_word(c->status)) < 0 || json_add_bool(s, "Running", running) < 0 ||
	    json_add_bool(s, "Paused", c->status == CONTAINER_PAUSED) < 0 ||
	    json_add_bool(s, "OOMKilled", c->end.reason == MONITOR_REASON_OOM) < 0 ||
	    json_add_bool(s, "Dead", false) < 0 || json_add_int(s, "Pid", c->pid) < 0 ||
	    json_add_int(s, "ExitCode", c->status == CONTAINER_EXITED || c->status == CONTAINER_LOST ? c->exit_code : 0) < 0 ||
	    json_add_str(s, "Error", c->status == CONTAINER_LOST ? "how it ended is lost: its monitor was killed" : "") < 0)
		return -ENOMEM;
	if (health_has(c) && json_add(s, "Health", health_json(c)) < 0)
		return -ENOMEM;
	if (add_time(s, "StartedAt", &start) < 0)
		return -ENOMEM;
	return add_time(s, "FinishedAt", end.tv_sec ? &end : &never);
}

static int add_config(struct json_object *o, const struct container *c)
{
	static const struct row rows[] = {
		{"Hostname", "config.hostname", STRING},     {"User", "config.user.name", STRING},
		{"AttachStdin", NULL, BOOL},                 {"Tty", "config.tty", BOOL},
		{"OpenStdin", "config.openStdin", BOOL},     {"Env", "config.env", LIST},
		{"Cmd", "config.command", LIST},             {"Image", "image.name", STRING},
		{"WorkingDir", "config.workingDir", STRING}, {"Entrypoint", "config.entrypoint", LIST},
		{"Labels", "config.labels", MAP},            {"StopTimeout", "stopTimeout", NUMBER},
		{"Timeout", "options.timeout", NUMBER},
		{"CreateCommand", "createdBy.argv", LIST},   {"Umask", "options.umask", STRING},
		{"Annotations", "config.annotations", MAP},
	};
	static const struct row health[] = {
		{"Test", "config.healthcheck.test", LIST},
		{"Interval", "config.healthcheck.intervalNs", NUMBER},
		{"Timeout", "config.healthcheck.timeoutNs", NUMBER},
		{"StartPeriod", "config.healthcheck.startPeriodNs", NUMBER},
		{"Retries", "config.healthcheck.retries", NUMBER},
	};
	char sig[SIGNAME_MAX];
	struct json_object *s;
	int r = add_object(o, "Config", c->spec, rows, ARRAY_SIZE(rows), &s);

	signal_name((int)json_int(c->spec, "stopSignal"), sig);
	if (r == 0 && health_has(c))
		r = add_object(s, "Healthcheck", c->spec, health, ARRAY_SIZE(health), NULL);
	if (r == 0 && health_has(c))
		r = json_add_str(s, "HealthcheckOnFailureAction", json_str(c->spec, "config.healthcheck.onFailure"));
	if (r == 0 && json_at(c->spec, "config.secrets"))
		r = json_add(s, "Secrets", inspect_secrets(json_at(c->spec, "config.secrets")));
	return r == 0 ? json_add_str(s, "StopSignal", sig) : r;
}

static int add_host_config(struct json_object *o, const struct container *c)
{
	static const struct row rows[] = {
		{"Binds", "options.volume", LIST},           {"NetworkMode", "config.network.mode", STRING},
		{"PortBindings", NULL, MAP},                 {"AutoRemove", "options.rm", BOOL},
		{"CapAdd", "options.cap-add", LIST},         {"CapDrop", "options.cap-drop", LIST},
		{"Dns", "options.dns", LIST},                {"ExtraHosts", "options.add-host", LIST},
		{"GroupAdd", "options.group-add", LIST},     {"IpcMode", "options.ipc", STRING},
		{"PidMode", "options.pid", STRING},          {"UTSMode", "options.uts", STRING},
		{"UsernsMode", "config.userns.mode", STRING}, {"Privileged", "config.privileged", BOOL},
		{"ReadonlyRootfs", "config.readOnly", BOOL}, {"SecurityOpt", "options.security-opt", LIST},
		{"ShmSize", "options.shm-size", NUMBER},     {"Init", "options.init", BOOL},
		{"Ulimits", "options.ulimit", LIST},
		{"LogConfig", "config.log", MAP},            {"IDMappings", "config.userns", MAP},
		{"Memory", "config.resources.memory.limit", NUMBER}, {"MemorySwap", "config.resources.memory.swap", NUMBER},
		{"MemoryReservation", "config.resources.memory.reservation", NUMBER},
		{"NanoCpus", "config.nanoCpus", NUMBER},     {"CpuShares", "config.resources.cpu.shares", NUMBER},
		{"CpuPeriod", "config.resources.cpu.period", NUMBER}, {"CpuQuota", "config.resources.cpu.quota", NUMBER},
		{"CpusetCpus", "config.resources.cpu.cpus", STRING}, {"CpusetMems", "config.resources.cpu.mems", STRING},
		{"PidsLimit", "config.resources.pids.limit", NUMBER}, {"BlkioWeight", "config.resources.blockIO.weight", NUMBER},
		{"CgroupParent", "options.cgroup-parent", STRING}, {"Cgroups", "options.cgroups", STRING},
		{"CgroupMode", "options.cgroupns", STRING},
	};

	struct restart_policy p = restart_policy_of(c);
	struct json_object *host, *policy;
	int r = add_object(o, "HostConfig", c->spec, rows, ARRAY_SIZE(rows), &host);

	if (r == 0)
		r = add_object(host, "RestartPolicy", NULL, NULL, 0, &policy);
	if (r == 0)
		r = json_add_str(policy, "Name", restart_policy_word(p.kind));
	return r == 0 ? json_add_int(policy, "MaximumRetryCount", p.retries) : r;
}

/* Path and Args: what is executed, entrypoint and command in one. */
static int add_words(struct json_object *o, const struct container *c)
{
	_cleanup_(strv_done) struct strv words = {0};
	struct json_object *args = json_object_new_array();
	int r = args ? json_add(o, "Args", args) : -ENOMEM;

	if (r == 0)
		r = json_get_strv(c->spec, "config.entrypoint", &words, NULL);
	if (r == 0)
		r = json_get_strv(c->spec, "config.command", &words, NULL);
	for (size_t i = 1; r == 0 && i < words.n; i++)
		r = json_append_str(args, words.items[i]);
	return r == 0 ? json_add_str(o, "Path", words.n ? words.items[0] : "") : r;
}

static int add_paths(struct json_object *o, struct engine *eng, const struct container *c)
{
	char text[4096];
	int r;

	snprintf(text, sizeof(text), "%s/%s/%s/config.json", eng->data_path, ENGINE_CONTAINERS, c->id);
	r = json_add_str(o, "OCIConfigPath", text);
	snprintf(text, sizeof(text), "%s/%s/%s/ctr.log", eng->data_path, ENGINE_CONTAINERS, c->id);
	if (r == 0)
		r = json_add_str(o, "LogPath", text);
	return r == 0 ? json_add_str(o, "OCIRuntime", "ranby-runtime") : r;
}

static int add_execs(struct json_object *o, struct json_object *ranby, struct engine *eng, const struct container *c)
{
	struct json_object *ids = json_object_new_array(), *list = NULL;
	int r = ids ? json_add(o, "ExecIDs", ids) : -ENOMEM;

	if (r == 0)
		r = exec_list(eng, c, &list, NULL);
	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++)
		r = json_append_str(ids, json_str(json_object_array_get_idx(list, i), "id"));
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return json_add(ranby, "Execs", list);
}

static int add_ranby(struct json_object *o, struct engine *eng, const struct container *c)
{
	static const struct row of_state[] = {
		{"StartedBy", "startedBy", MAP}, {"InForce", "inForce", MAP}, {"BootID", "bootId", STRING},
		{"StartTicks", "startTicks", NUMBER}, {"Receipt", "receipt", STRING}, {"UUID", "uuid", STRING},
		{"Identity", "identity", MAP},
	};
	static const struct row of_spec[] = {
		{"CreatedBy", "createdBy", MAP},
		{"Options", "options", MAP},
		{"Seccomp", "config.seccompProfile", STRING},
		{"SeccompHash", "config.seccompHash", STRING},
		{"AppArmor", "config.apparmorState", STRING},
		{"SELinux", "config.selinux.state", STRING},
		{"Landlock", "config.landlock", LIST},
		{"Layers", "image.layers", LIST},
	};
	struct json_object *ranby, *trail = NULL;
	int r = add_object(o, "Ranby", c->state, of_state, ARRAY_SIZE(of_state), &ranby);

	if (r == 0)
		r = add_rows(ranby, c->spec, of_spec, ARRAY_SIZE(of_spec));
	if (r == 0)
		r = exec_trail_json(eng, c, &trail);
	if (r == 0 && trail)
		r = json_add(ranby, "Trail", trail);
	return r == 0 ? add_execs(o, ranby, eng, c) : r;
}

int inspect_container(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e)
{
	static const struct row rows[] = {
		{"Id", "id", STRING},
		{"Name", "name", STRING},
		{"Image", "image.id", STRING},
		{"ImageName", "image.name", STRING},
		{"ImageDigest", "image.digest", STRING},
		{"Rootfs", "image.rootfs", STRING},
		{"Dependencies", "requires", LIST},
		{"EffectiveCaps", "config.capabilities", LIST},
		{"BoundingCaps", "config.capabilities", LIST},
		{"AppArmorProfile", "config.apparmor", STRING},
		{"ProcessLabel", "config.selinux.process", STRING},
		{"MountLabel", "config.selinux.file", STRING},
		{"Driver", NULL, STRING},
		{"Pod", "pod", STRING},
		{"IsInfra", "isInfra", BOOL},
	};
	const struct timespec created = time_of(c->spec, "createdNs");
	struct json_object *settings = NULL;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? add_rows(o, c->spec, rows, ARRAY_SIZE(rows)) : -ENOMEM;

	if (r == 0)
		r = json_add_int(o, "RestartCount", restart_count(c));
	if (r == 0)
		r = add_time(o, "Created", &created);
	if (r == 0)
		r = add_words(o, c);
	if (r == 0)
		r = add_state(o, c);
	if (r == 0)
		r = add_config(o, c);
	if (r == 0)
		r = add_host_config(o, c);
	if (r == 0)
		r = inspect_network(eng, c, &settings);
	if (r == 0)
		r = json_add(o, "NetworkSettings", settings);
	if (r == 0)
		r = json_add(o, "Mounts", inspect_mounts(json_at(c->spec, "config.mounts")));
	if (r == 0)
		r = add_paths(o, eng, c);
	if (r == 0)
		r = add_ranby(o, eng, c);
	if (r < 0)
		return err_errno(e, -r, "inspect container %.12s", c->id);
	*ret = TAKE_PTR(o);
	return 0;
}
