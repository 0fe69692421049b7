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
#include "engine/log_config.h"
#include "engine/restart.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/signame.h"

#include <stdio.h>
#include <string.h>

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

static int add_health(struct json_object *state, const struct container *c)
{
	static const struct inspect_row none[] = {
		INSPECT("Status", NULL, STRING), INSPECT("FailingStreak", NULL, NUMBER), INSPECT("Log", NULL, LIST),
	};

	return health_has(c) ? json_add(state, "Health", health_json(c))
			     : inspect_add_object(state, "Health", NULL, none, ARRAY_SIZE(none), NULL);
}

static int add_state(struct json_object *o, const struct container *c)
{
	static const struct inspect_row rows[] = {
		INSPECT("ConmonPid", "monitorPid", NUMBER), INSPECT("MonitorPid", "monitorPid", NUMBER),
		INSPECT("CgroupPath", "inForce.cgroup", STRING), INSPECT("Restarting", NULL, BOOL),
	};
	struct timespec never = CLOCK_NEVER, start = time_of(c->state, "startedNs"), end = {.tv_sec = c->end.finished_sec, .tv_nsec = c->end.finished_nsec};
	bool running = container_runs(c);
	struct json_object *s;
	int r = inspect_add_object(o, "State", c->status == CONTAINER_INITIALIZED ? json_at(c->state, "prepared") : c->state, rows,
				   ARRAY_SIZE(rows), &s);

	if (r < 0 || json_add_str(s, "OciVersion", "1.0.2") < 0 ||
	    json_add_str(s, "Status", container_status_word(c->status)) < 0 || json_add_bool(s, "Running", running) < 0 ||
	    json_add_bool(s, "Paused", c->status == CONTAINER_PAUSED) < 0 ||
	    json_add_bool(s, "OOMKilled", c->end.reason == MONITOR_REASON_OOM) < 0 ||
	    json_add_bool(s, "Dead", false) < 0 || json_add_int(s, "Pid", c->pid) < 0 ||
	    json_add_int(s, "ExitCode", c->status == CONTAINER_EXITED || c->status == CONTAINER_LOST ? c->exit_code : 0) < 0 ||
	    json_add_str(s, "Error", c->status == CONTAINER_LOST ? "how it ended is lost: its monitor was killed" : "") < 0)
		return -ENOMEM;
	if (add_health(s, c) < 0)
		return -ENOMEM;
	if (add_time(s, "StartedAt", &start) < 0)
		return -ENOMEM;
	if (add_time(s, "CheckpointedAt", &never) < 0 || add_time(s, "RestoredAt", &never) < 0)
		return -ENOMEM;
	return add_time(s, "FinishedAt", end.tv_sec ? &end : &never);
}

/* Four digits, as podman has it. */
static int add_umask(struct json_object *config, const struct container *c)
{
	uint32_t mask = 022;
	char text[8];

	(void)!parse_mode(json_str(c->spec, "options.umask"), &mask); /* "": the default */
	snprintf(text, sizeof(text), "%04o", mask & 07777);
	return json_add_str(config, "Umask", text);
}

static int add_config(struct json_object *o, const struct container *c)
{
	static const struct inspect_row rows[] = {
		INSPECT("Hostname", "config.hostname", STRING), INSPECT("Domainname", NULL, STRING),
		INSPECT("User", "config.user.text", STRING),  INSPECT("AttachStdin", NULL, BOOL),
		INSPECT("AttachStdout", NULL, BOOL),          INSPECT("AttachStderr", NULL, BOOL),
		INSPECT("Tty", "config.tty", BOOL),           INSPECT("OpenStdin", "config.openStdin", BOOL),
		INSPECT("StdinOnce", NULL, BOOL),             INSPECT("Env", "config.env", LIST),
		INSPECT("Cmd", "config.command", LIST),       INSPECT("Image", "image.name", STRING),
		INSPECT("Volumes", NULL, MAP),               INSPECT("WorkingDir", "config.workingDir", STRING),
		INSPECT("Entrypoint", "config.entrypoint", LIST), INSPECT("OnBuild", NULL, LIST),
		INSPECT("Labels", "config.labels", MAP),      INSPECT("StopTimeout", "stopTimeout", NUMBER),
		INSPECT("Timeout", "options.timeout", NUMBER), INSPECT("CreateCommand", "createdBy.argv", LIST),
		INSPECT("Annotations", "config.annotations", MAP), INSPECT("Passwd", "options.passwd", TRUE),
		INSPECT("SystemdMode", "config.systemd.on", BOOL),
		{"sdNotifyMode", "options.sdnotify", INSPECT_STRING, "container"},
		{"HealthcheckOnFailureAction", "config.healthcheck.onFailure", INSPECT_STRING, "none"},
	};
	static const struct inspect_row health[] = {
		INSPECT("Test", "config.healthcheck.test", LIST),
		INSPECT("Interval", "config.healthcheck.intervalNs", DURATION),
		INSPECT("Timeout", "config.healthcheck.timeoutNs", DURATION),
		INSPECT("StartPeriod", "config.healthcheck.startPeriodNs", DURATION),
		INSPECT("Retries", "config.healthcheck.retries", NUMBER),
	};
	static const struct inspect_row startup[] = {
		INSPECT("Test", "config.healthcheck.startup.test", LIST),
		INSPECT("Interval", "config.healthcheck.startup.intervalNs", DURATION),
		INSPECT("Timeout", "config.healthcheck.startup.timeoutNs", DURATION),
		INSPECT("Retries", "config.healthcheck.startup.retries", NUMBER),
		INSPECT("Successes", "config.healthcheck.startup.successes", NUMBER),
	};
	char sig[SIGNAME_MAX];
	struct json_object *s;
	int r = inspect_add_object(o, "Config", c->spec, rows, ARRAY_SIZE(rows), &s);

	signal_name((int)json_int(c->spec, "stopSignal"), sig);
	if (r == 0 && health_has(c))
		r = inspect_add_object(s, "Healthcheck", c->spec, health, ARRAY_SIZE(health), NULL);
	if (r == 0 && json_at(c->spec, "config.healthcheck.startup"))
		r = inspect_add_object(s, "StartupHealthCheck", c->spec, startup, ARRAY_SIZE(startup), NULL);
	if (r == 0 && json_at(c->spec, "config.secrets"))
		r = json_add(s, "Secrets", inspect_secrets(json_at(c->spec, "config.secrets")));
	if (r == 0)
		r = add_umask(s, c);
	return r == 0 ? json_add_str(s, "StopSignal", sig) : r;
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

/* A file in the container's directory; "" where it has none of its own. */
static int add_path(struct json_object *o, const char *key, const struct engine *eng, const struct container *c, const char *name, bool there)
{
	char text[4096] = "";

	if (there)
		snprintf(text, sizeof(text), "%s/%s/%s%s%s", eng->data_path, ENGINE_CONTAINERS, c->id, *name ? "/" : "", name);
	return json_add_str(o, key, text);
}

static bool is_word(struct json_object *spec, const char *path, const char *word)
{
	return strcmp(json_str(spec, path), word) == 0;
}

static int add_paths(struct json_object *o, struct engine *eng, const struct container *c)
{
	_cleanup_free_ char *log = log_config_path(eng, c);
	struct json_object *dns = json_at(c->spec, "options.dns");
	bool has_name = !json_true(c->spec, "options.no-hostname") && !is_word(c->spec, "options.uts", "host");
	bool has_resolv = !dns || json_object_array_length(dns) != 1 ||
			  strcmp(json_object_get_string(json_object_array_get_idx(dns, 0)), "none") != 0;

	if (!log || add_path(o, "OCIConfigPath", eng, c, "config.json", true) < 0 || json_add_str(o, "LogPath", log) < 0 ||
	    add_path(o, "StaticDir", eng, c, "", true) < 0 || add_path(o, "HostnamePath", eng, c, "hostname", has_name) < 0 ||
	    add_path(o, "HostsPath", eng, c, "hosts", !json_true(c->spec, "options.no-hosts")) < 0 ||
	    add_path(o, "ResolvConfPath", eng, c, "resolv.conf", has_resolv) < 0)
		return -ENOMEM;
	return json_add_str(o, "OCIRuntime", "ranby-runtime");
}

/* What its root is put together from. Merged it is nowhere but in the container. */
static int add_driver(struct json_object *o, struct engine *eng, const struct container *c)
{
	struct json_object *layers = json_at(c->spec, "image.layers"), *driver = json_object_new_object(), *data = json_object_new_object();
	_cleanup_(buf_done) struct buf lower = BUF_INIT;

	for (size_t i = layers ? json_object_array_length(layers) : 0; i-- > 0;)
		buf_addf(&lower, "%s%s", lower.len ? ":" : "", json_object_get_string(json_object_array_get_idx(layers, i)));
	if (json_add(o, "GraphDriver", driver) < 0 || json_add(driver, "Data", data) < 0 || buf_bad(&lower) || json_add_str(o, "Driver", "overlay") < 0 ||
	    json_add_str(driver, "Name", "overlay") < 0 || (layers && json_add_str(data, "LowerDir", buf_str(&lower)) < 0) ||
	    add_path(data, "UpperDir", eng, c, "upper", true) < 0)
		return -ENOMEM;
	return add_path(data, "WorkDir", eng, c, "work", true);
}

/* Only root has what the bounding set allows; who is another has nothing. */
static int add_effective(struct json_object *o, const struct container *c)
{
	struct json_object *caps = json_int(c->spec, "config.user.uid") == 0 ? json_at(c->spec, "config.capabilities") : NULL;

	return json_add(o, "EffectiveCaps", caps ? json_object_get(caps) : json_object_new_array());
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
	static const struct inspect_row of_state[] = {
		INSPECT("StartedBy", "startedBy", MAP), INSPECT("InForce", "inForce", MAP), INSPECT("BootID", "bootId", STRING),
		INSPECT("StartTicks", "startTicks", NUMBER), INSPECT("Receipt", "receipt", STRING), INSPECT("UUID", "uuid", STRING),
		INSPECT("Identity", "identity", MAP),
	};
	static const struct inspect_row of_spec[] = {
		INSPECT("CreatedBy", "createdBy", MAP),
		INSPECT("Options", "options", MAP),
		INSPECT("Seccomp", "config.seccompProfile", STRING),
		INSPECT("SeccompHash", "config.seccompHash", STRING),
		INSPECT("AppArmor", "config.apparmorState", STRING),
		INSPECT("SELinux", "config.selinux.state", STRING),
		INSPECT("Landlock", "config.landlock", LIST),
		INSPECT("Layers", "image.layers", LIST),
		INSPECT("ImageTrust", "image.trust", MAP),
	};
	struct json_object *ranby, *trail = NULL;
	int r = inspect_add_object(o, "Ranby", c->state, of_state, ARRAY_SIZE(of_state), &ranby);

	if (r == 0)
		r = inspect_add_rows(ranby, c->spec, of_spec, ARRAY_SIZE(of_spec));
	if (r == 0)
		r = exec_trail_json(eng, c, &trail);
	if (r == 0 && trail)
		r = json_add(ranby, "Trail", trail);
	return r == 0 ? add_execs(o, ranby, eng, c) : r;
}

int inspect_container(struct engine *eng, const struct container *c, struct json_object **ret, struct err *e)
{
	static const struct inspect_row rows[] = {
		INSPECT("Id", "id", STRING),
		INSPECT("Name", "name", STRING),
		INSPECT("Image", "image.id", STRING),
		INSPECT("ImageName", "image.name", STRING),
		INSPECT("ImageDigest", "image.digest", STRING),
		INSPECT("Rootfs", "image.rootfs", STRING),
		INSPECT("Dependencies", "requires", LIST),
		INSPECT("BoundingCaps", "config.capabilities", LIST),
		INSPECT("AppArmorProfile", "config.apparmor", STRING),
		INSPECT("ProcessLabel", "config.selinux.process", STRING),
		INSPECT("MountLabel", "config.selinux.file", STRING),
		INSPECT("Namespace", NULL, STRING),
		INSPECT("IsService", NULL, BOOL),
		INSPECT("ConmonPidFile", "options.conmon-pidfile", STRING),
		INSPECT("PidFile", "options.pidfile", STRING),
		INSPECT("Pod", "pod", STRING),
		INSPECT("IsInfra", "isInfra", BOOL),
	};
	const struct timespec created = time_of(c->spec, "createdNs");
	struct json_object *settings = NULL;
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? inspect_add_rows(o, c->spec, rows, ARRAY_SIZE(rows)) : -ENOMEM;

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
		r = inspect_host_config(o, eng, c);
	if (r == 0)
		r = inspect_network(eng, c, &settings);
	if (r == 0)
		r = json_add(o, "NetworkSettings", settings);
	if (r == 0)
		r = json_add(o, "Mounts", inspect_mounts(json_at(c->spec, "config.mounts")));
	if (r == 0)
		r = add_paths(o, eng, c);
	if (r == 0)
		r = add_driver(o, eng, c);
	if (r == 0)
		r = add_effective(o, c);
	if (r == 0)
		r = add_ranby(o, eng, c);
	if (r < 0)
		return err_errno(e, -r, "inspect container %.12s", c->id);
	*ret = TAKE_PTR(o);
	return 0;
}
