/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * "HostConfig": what was asked of the host. podman's keys, also those for which
 * a user's container on Linux has nothing to say: scripts read them all. Where
 * podman shows what came of an option, so is it here: capabilities against the
 * default set, limits as numbers, mounts as they are mounted.
 */
#include "view/inspect_parts.h"

#include "base/buf.h"
#include "base/size.h"
#include "engine/log_config.h"
#include "engine/capset.h"
#include "engine/peer.h"
#include "engine/restart.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define S(key, path) INSPECT(key, path, STRING)
#define W(key, path, word) {key, path, INSPECT_STRING, word}
#define N(key, path) INSPECT(key, path, NUMBER)
#define B(key, path) INSPECT(key, path, BOOL)
#define L(key, path) INSPECT(key, path, LIST)
#define NOTHING(key) L(key, NULL)

static const struct inspect_row rows[] = {
	S("CgroupManager", NULL), S("ContainerIDFile", "options.cidfile"), W("NetworkMode", "config.network.mode", NULL),
	B("AutoRemove", "options.rm"), S("VolumeDriver", NULL), L("VolumesFrom", "options.volumes-from"), L("Dns", "options.dns"),
	L("DnsOptions", "options.dns-option"), L("DnsSearch", "options.dns-search"), L("ExtraHosts", "options.add-host"),
	L("GroupAdd", "options.group-add"), S("Cgroup", NULL), W("Cgroups", "options.cgroups", "default"), NOTHING("Links"),
	B("Privileged", "config.privileged"), B("PublishAllPorts", "options.publish-all"), B("ReadonlyRootfs", "config.readOnly"),
	L("SecurityOpt", "options.security-opt"), S("UsernsMode", "config.userns.mode"), N("ShmSize", "options.shm-size"),
	W("Runtime", NULL, "oci"), S("Isolation", NULL), B("Init", "options.init"), N("CpuShares", "config.resources.cpu.shares"),
	N("Memory", "config.resources.memory.limit"), N("NanoCpus", "config.nanoCpus"), S("CgroupParent", "options.cgroup-parent"),
	N("BlkioWeight", "config.resources.blockIO.weight"), NOTHING("BlkioWeightDevice"), NOTHING("BlkioDeviceReadBps"),
	NOTHING("BlkioDeviceWriteBps"), NOTHING("BlkioDeviceReadIOps"), NOTHING("BlkioDeviceWriteIOps"),
	N("CpuPeriod", "config.resources.cpu.period"), N("CpuQuota", "config.resources.cpu.quota"), N("CpuRealtimePeriod", NULL),
	N("CpuRealtimeRuntime", NULL), S("CpusetCpus", "config.resources.cpu.cpus"), S("CpusetMems", "config.resources.cpu.mems"),
	N("DiskQuota", NULL), N("KernelMemory", NULL), N("MemoryReservation", "config.resources.memory.reservation"),
	N("MemorySwap", "config.resources.memory.swap"), B("OomKillDisable", NULL), N("PidsLimit", "config.resources.pids.limit"),
	N("CpuCount", NULL), N("CpuPercent", NULL), N("IOMaximumIOps", NULL), N("IOMaximumBandwidth", NULL),
};

static size_t length(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* ---- namespaces ---- */

static bool is_joined(const struct container *c, enum peer_ns ns)
{
	struct json_object *list = json_at(c->spec, "config.joined.namespaces");

	for (size_t i = 0; i < length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), peer_word(ns)) == 0)
			return true;
	return false;
}

static int add_namespaces(struct json_object *host, const struct container *c)
{
	static const struct {
		const char *key, *option, *otherwise;
		enum peer_ns ns;
	} modes[] = {
		{"IpcMode", "options.ipc", "private", PEER_IPC},
		{"PidMode", "options.pid", "private", PEER_PID},
		{"UTSMode", "options.uts", "private", PEER_UTS},
		{"CgroupMode", "options.cgroupns", "private", PEER_CGROUP},
	};
	char other[CONTAINER_ID_LEN + sizeof("container:")];
	int r = 0;

	snprintf(other, sizeof(other), "container:%s", json_str(c->spec, "config.joined.container"));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(modes); i++) {
		const char *given = json_str(c->spec, modes[i].option);

		r = json_add_str(host, modes[i].key, is_joined(c, modes[i].ns) ? other : *given ? given : modes[i].otherwise);
	}
	return r;
}

/* "0:1:2033", as podman has the lines of a map; none for one that is the default. */
static struct json_object *map_of(struct json_object *lines)
{
	_cleanup_json_ struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < length(lines); i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);
		char text[72];

		snprintf(text, sizeof(text), "%lld:%lld:%lld", (long long)json_int(line, "containerID"), (long long)json_int(line, "hostID"),
			 (long long)json_int(line, "size"));
		if (json_append_str(array, text) < 0)
			return NULL;
	}
	return TAKE_PTR(array);
}

static int add_maps(struct json_object *host, const struct container *c)
{
	struct json_object *o = json_object_new_object();

	if (json_add(host, "IDMappings", o) < 0 || json_add(o, "UidMap", map_of(json_at(c->spec, "config.userns.uidMap"))) < 0)
		return -ENOMEM;
	return json_add(o, "GidMap", map_of(json_at(c->spec, "config.userns.gidMap")));
}

/* ---- confinement ---- */

static int add_missing(struct json_object *host, const char *key, const struct strv *of, const struct strv *in)
{
	struct json_object *array = json_object_new_array();
	int r = json_add(host, key, array);

	for (size_t i = 0; r == 0 && i < of->n; i++)
		if (strv_find(in, of->items[i]) < 0)
			r = json_append_str(array, of->items[i]);
	return r;
}

/* Against the default set; a privileged one has asked for none by name. */
static int add_caps(struct json_object *host, const struct container *c)
{
	static const struct strv none = {0};
	_cleanup_(strv_done) struct strv usual = {0}, has = {0};
	int r = capset_resolve(NULL, &none, &none, json_true(c->spec, "config.privileged"), &usual, NULL);

	if (r == 0)
		r = json_get_strv(c->spec, "config.capabilities", &has, NULL);
	if (r == 0)
		r = add_missing(host, "CapAdd", &has, &usual);
	return r == 0 ? add_missing(host, "CapDrop", &usual, &has) : r;
}

/* RLIM_INFINITY is -1, as in podman. */
static int add_ulimits(struct json_object *host, const struct container *c)
{
	struct json_object *limits = json_at(c->spec, "config.rlimits"), *array = json_object_new_array();
	int r = json_add(host, "Ulimits", array);

	for (size_t i = 0; r == 0 && i < length(limits); i++) {
		struct json_object *l = json_object_array_get_idx(limits, i), *o = json_object_new_object();

		if (json_append(array, o) < 0 || json_add_str(o, "Name", json_str(l, "type")) < 0 ||
		    json_add_int(o, "Soft", (int64_t)json_object_get_uint64(json_at(l, "soft"))) < 0)
			return -ENOMEM;
		r = json_add_int(o, "Hard", (int64_t)json_object_get_uint64(json_at(l, "hard")));
	}
	return r;
}

/* ---- files ---- */

static void join(struct buf *b, struct json_object *words, const char *first)
{
	buf_adds(b, first);
	for (size_t i = 0; i < length(words); i++)
		buf_addf(b, ",%s", json_object_get_string(json_object_array_get_idx(words, i)));
}

/* One mount in podman's three shapes: a tmpfs, a device, or a bind ("SRC:DST:rw,rprivate,rbind"). */
static int add_mount(struct json_object *m, struct json_object *binds, struct json_object *tmpfs, struct json_object *devices)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	const char *destination = json_str(m, "destination"), *rw = json_true(m, "rw") ? "rw" : "ro";
	struct json_object *o;

	if (json_true(m, "device")) {
		o = json_object_new_object();
		if (json_append(devices, o) < 0 || json_add_str(o, "PathOnHost", json_str(m, "source")) < 0 ||
		    json_add_str(o, "PathInContainer", destination) < 0)
			return -ENOMEM;
		return json_add_str(o, "CgroupPermissions", "");
	}
	if (strcmp(json_str(m, "type"), "tmpfs") == 0) {
		join(&b, json_at(m, "options"), rw);
		return buf_bad(&b) ? -ENOMEM : json_add_str(tmpfs, destination, buf_str(&b));
	}
	buf_addf(&b, "%s:%s:%s,", json_at(m, "name") ? json_str(m, "name") : json_str(m, "source"), destination, rw);
	join(&b, json_at(m, "options"), json_str(m, "propagation"));
	return buf_bad(&b) ? -ENOMEM : json_append_str(binds, buf_str(&b));
}

static int add_mounts(struct json_object *host, const struct container *c)
{
	struct json_object *mounts = json_at(c->spec, "config.mounts");
	struct json_object *binds = json_object_new_array(), *tmpfs = json_object_new_object(), *devices = json_object_new_array();
	int r = json_add(host, "Binds", binds);

	if (json_add(host, "Tmpfs", tmpfs) < 0 || json_add(host, "Devices", devices) < 0)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < length(mounts); i++)
		r = add_mount(json_object_array_get_idx(mounts, i), binds, tmpfs, devices);
	return r;
}

/* ---- the rest ---- */

static int add_log(struct json_object *host, struct engine *eng, const struct container *c)
{
	struct json_object *o = json_object_new_object();
	uint64_t max = (uint64_t)json_int(c->spec, "config.log.maxSize");
	_cleanup_free_ char *path = log_config_path(eng, c);
	char size[SIZE_TEXT_SIZE];

	if (json_add(host, "LogConfig", o) < 0)
		return -ENOMEM;
	json_mark(o, JSON_STRUCT);
	if (!path || json_add_str(o, "Type", log_config_name(c)) < 0 ||
	    json_add(o, "Config", json_object_new_object()) < 0 || json_add_str(o, "Path", path) < 0 ||
	    json_add_str(o, "Tag", json_str(c->spec, "config.log.tag")) < 0)
		return -ENOMEM;
	return json_add_str(o, "Size", size_text(max, 4, "", size));
}

static int add_cgroup_conf(struct json_object *host, const struct container *c)
{
	struct json_object *given = json_at(c->spec, "options.cgroup-conf"), *o = json_object_new_object();
	int r = json_add(host, "CgroupConf", o);

	for (size_t i = 0; r == 0 && i < length(given); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(given, i)), *eq = strchr(text, '=');
		_cleanup_free_ char *file = eq ? strndup(text, (size_t)(eq - text)) : NULL;

		r = file ? json_add_str(o, file, eq + 1) : -ENOMEM;
	}
	return r;
}

/* Numbers that are given as text; what is not there is podman's default. */
static int add_numbers(struct json_object *host, const struct container *c)
{
	struct json_object *console = json_object_new_array();
	int64_t adj = json_object_get_int64(json_at(c->spec, "options.oom-score-adj"));

	if (json_add(host, "ConsoleSize", console) < 0 || json_append(console, json_object_new_int(0)) < 0 ||
	    json_append(console, json_object_new_int(0)) < 0 || json_add_int(host, "MemorySwappiness", -1) < 0)
		return -ENOMEM;
	return json_add_int(host, "OomScoreAdj", adj);
}

static int add_restart(struct json_object *host, const struct container *c)
{
	struct restart_policy p = restart_policy_of(c);
	struct json_object *policy;
	int r = inspect_add_object(host, "RestartPolicy", NULL, NULL, 0, &policy);

	if (r == 0)
		r = json_add_str(policy, "Name", restart_policy_word(p.kind));
	return r == 0 ? json_add_int(policy, "MaximumRetryCount", p.retries) : r;
}

int inspect_host_config(struct json_object *o, struct engine *eng, const struct container *c)
{
	static int (*const steps[])(struct json_object *, const struct container *) = {
		add_namespaces, add_maps, add_caps, add_ulimits, add_mounts, add_cgroup_conf, add_numbers, add_restart,
	};
	struct json_object *host;
	int r = inspect_add_object(o, "HostConfig", c->spec, rows, ARRAY_SIZE(rows), &host);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](host, c);
	if (r == 0)
		r = json_add(host, "PortBindings", inspect_ports(json_at(c->spec, "config.network.ports")));
	return r == 0 ? add_log(host, eng, c) : r;
}
