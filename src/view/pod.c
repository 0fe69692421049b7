/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* A key that podman always has is there, with its empty value where we have nothing of the kind (NetworkOptions). */
#include "view/pod.h"

#include "base/buf.h"
#include "base/clock.h"
#include "engine/filter.h"
#include "engine/network_use.h"
#include "view/inspect_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of each member, joined by commas: id, name or status. */
static const char *member_text(const struct container *c, int what)
{
	return what == 0 ? c->id : what == 1 ? c->name : container_status_word(c->status);
}

static int add_members(struct json_object *o, const char *key, const struct pod *p, int what, bool no_trunc)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; i < p->members.n; i++)
		buf_addf(&b, "%s%.*s", i ? "," : "", what == 0 && !no_trunc ? CONTAINER_ID_SHORT : 256,
			 member_text(p->members.items[i], what));
	return buf_bad(&b) ? -ENOMEM : json_add_str(o, key, buf_str(&b));
}

static struct json_object *labels_of(const struct pod *p)
{
	struct json_object *labels = json_at(p->spec, "labels");

	return labels ? json_object_get(labels) : json_object_new_object();
}

/* The bridge networks that its infra container is on. */
static struct json_object *networks_of(const struct pod *p)
{
	_cleanup_json_ struct json_object *names = json_object_new_array();
	struct json_object *list = p->infra ? json_at(p->infra->spec, "config.network.networks") : NULL;
	size_t n = list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; names && i < n; i++)
		if (json_append_str(names, json_str(json_object_array_get_idx(list, i), "name")) < 0)
			return NULL;
	return TAKE_PTR(names);
}

static int add_networks_text(struct json_object *o, const struct pod *p)
{
	_cleanup_json_ struct json_object *names = networks_of(p);
	_cleanup_(buf_done) struct buf b = BUF_INIT;

	for (size_t i = 0; names && i < json_object_array_length(names); i++)
		buf_addf(&b, "%s%s", i ? "," : "", json_object_get_string(json_object_array_get_idx(names, i)));
	return !names || buf_bad(&b) ? -ENOMEM : json_add_str(o, "Networks", buf_str(&b));
}

int pod_row(const struct pod *p, bool no_trunc, const struct timespec *now, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct timespec created = clock_from_ns(json_int(p->spec, "createdNs"));
	char id[CONTAINER_ID_LEN + 1], infra[CONTAINER_ID_LEN + 1], ago[CLOCK_TEXT_SIZE], number[24];
	int width = no_trunc ? CONTAINER_ID_LEN : CONTAINER_ID_SHORT;

	snprintf(id, sizeof(id), "%.*s", width, p->id);
	snprintf(infra, sizeof(infra), "%.*s", width, p->infra ? p->infra->id : "");
	snprintf(number, sizeof(number), "%zu", p->members.n);
	clock_ago(&created, now, ago);
	if (!o || json_add_str(o, "ID", id) < 0 || json_add_str(o, "Id", id) < 0 || json_add_str(o, "Name", p->name) < 0 ||
	    json_add_str(o, "Status", pod_state_word(p)) < 0 || json_add_str(o, "Created", ago) < 0 ||
	    json_add_str(o, "InfraID", infra) < 0 || json_add_str(o, "InfraId", infra) < 0 ||
	    json_add_str(o, "NumberOfContainers", number) < 0 || json_add_str(o, "Cgroup", json_str(p->spec, "options.cgroup-parent")) < 0 ||
	    json_add(o, "Labels", labels_of(p)) < 0 || add_networks_text(o, p) < 0 || json_add_str(o, "Namespace", "") < 0 ||
	    add_members(o, "ContainerIds", p, 0, no_trunc) < 0 || add_members(o, "ContainerNames", p, 1, no_trunc) < 0 ||
	    add_members(o, "ContainerStatuses", p, 2, no_trunc) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

static struct json_object *members_json(const struct pod *p, const char *name_key, const char *status_key)
{
	_cleanup_json_ struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && i < p->members.n; i++) {
		const struct container *c = p->members.items[i];
		struct json_object *o = json_object_new_object();

		if (json_append(list, o) < 0 || json_add_str(o, "Id", c->id) < 0 || json_add_str(o, name_key, c->name) < 0 ||
		    json_add_str(o, status_key, container_status_word(c->status)) < 0)
			return NULL;
	}
	return TAKE_PTR(list);
}

int pod_json(const struct pod *p, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	if (!o || json_add_str(o, "Cgroup", json_str(p->spec, "options.cgroup-parent")) < 0 ||
	    json_add(o, "Containers", members_json(p, "Names", "Status")) < 0 ||
	    json_add_str(o, "Created", json_str(p->spec, "created")) < 0 || json_add_str(o, "Id", p->id) < 0 ||
	    json_add_str(o, "InfraId", p->infra ? p->infra->id : "") < 0 || json_add_str(o, "Name", p->name) < 0 ||
	    json_add_str(o, "Namespace", "") < 0 || json_add(o, "Networks", networks_of(p)) < 0 ||
	    json_add_str(o, "Status", pod_state_word(p)) < 0 || json_add(o, "Labels", labels_of(p)) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- inspect ---- */

static struct json_object *copy_or_null(const struct pod *p, const char *path)
{
	struct json_object *v = json_at(p->spec, path);

	return v ? json_object_get(v) : NULL;
}

static const char *or_private(const char *mode)
{
	return *mode ? mode : "private";
}

static struct json_object *infra_config(const struct pod *p)
{
	static const struct {
		const char *key, *path;
	} lists[] = {{"DNSServer", "options.dns"}, {"DNSSearch", "options.dns-search"}, {"DNSOption", "options.dns-option"},
		     {"HostAdd", "options.add-host"}, {"NetworkOptions", NULL}};
	_cleanup_json_ struct json_object *o = json_object_new_object(), *networks = networks_of(p);
	struct json_object *network = json_at(p->infra->spec, "config.network");
	bool on_bridge = networks && json_object_array_length(networks) > 0;
	bool no_resolv = strcmp(json_str(p->spec, "options.dns"), "none") == 0;
	int r = o ? json_add(o, "PortBindings", inspect_ports(json_at(network, "ports"))) : -ENOMEM;

	if (r < 0 || json_add_bool(o, "HostNetwork", strcmp(json_str(network, "mode"), "host") == 0) < 0 ||
	    json_add_str(o, "StaticIP", json_str(p->spec, "options.ip")) < 0 || json_add_str(o, "StaticMAC", json_str(p->spec, "options.mac-address")) < 0 ||
	    json_add_bool(o, "NoManageResolvConf", no_resolv) < 0 || json_add_bool(o, "NoManageHosts", json_true(p->spec, "options.no-hosts")) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (json_object_object_add(o, lists[i].key, lists[i].path ? copy_or_null(p, lists[i].path) : NULL) < 0)
			return NULL;
	if (!networks || json_object_object_add(o, "Networks", on_bridge ? TAKE_PTR(networks) : NULL) < 0)
		return NULL;
	if (json_add_str(o, "pid_ns", or_private(json_str(p->spec, "options.pid"))) < 0 ||
	    json_add_str(o, "userns", json_str(p->infra->spec, "config.userns.mode")) < 0 ||
	    json_add_str(o, "uts_ns", or_private(json_str(p->spec, "options.uts"))) < 0)
		return NULL;
	return TAKE_PTR(o);
}

static int add_infra(struct json_object *o, const struct pod *p)
{
	struct json_object *share = json_at(p->spec, "share");

	if (!p->infra)
		return 0;
	if (json_add_str(o, "InfraContainerID", p->infra->id) < 0 || json_add(o, "InfraConfig", infra_config(p)) < 0)
		return -ENOMEM;
	return share && json_object_array_length(share) ? json_add(o, "SharedNamespaces", json_object_get(share)) : 0;
}

static const struct limit {
	const char *key, *path;
} limits[] = {
	{"memory_limit", "resources.memory.limit"}, {"memory_swap", "resources.memory.swap"}, {"cpu_period", "resources.cpu.period"},
	{"cpu_quota", "resources.cpu.quota"}, {"cpu_shares", "resources.cpu.shares"}, {"cpuset_cpus", "resources.cpu.cpus"},
	{"cpuset_mems", "resources.cpu.mems"}, {"blkio_weight", "resources.blockIO.weight"}, {"pids_limit", "resources.pids.limit"},
};

static int add_limits(struct json_object *o, const struct pod *p)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(limits); i++) {
		struct json_object *v = json_at(p->spec, limits[i].path);

		r = v ? json_add(o, limits[i].key, json_object_get(v)) : 0;
	}
	return r;
}

int pod_inspect(const struct pod *p, struct json_object **ret)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *argv = json_at(p->spec, "createdBy.argv");

	if (!o || json_add_str(o, "Id", p->id) < 0 || json_add_str(o, "Name", p->name) < 0 ||
	    json_add_time_text(o, "Created", json_str(p->spec, "created")) < 0 ||
	    json_add(o, "CreateCommand", argv ? json_object_get(argv) : json_object_new_array()) < 0 ||
	    json_add_str(o, "ExitPolicy", json_str(p->spec, "exitPolicy")) < 0 || json_add_str(o, "State", pod_state_word(p)) < 0 ||
	    json_add_str(o, "Hostname", json_str(p->spec, "options.hostname")) < 0 || json_add(o, "Labels", labels_of(p)) < 0 ||
	    json_add_bool(o, "CreateCgroup", p->infra && json_true(p->spec, "shareParent")) < 0 ||
	    json_add_str(o, "CgroupParent", json_str(p->spec, "options.cgroup-parent")) < 0 ||
	    json_add_bool(o, "CreateInfra", json_true(p->spec, "infra")) < 0 || add_infra(o, p) < 0 || add_limits(o, p) < 0 ||
	    json_add_int(o, "NumContainers", (int64_t)p->members.n) < 0)
		return -ENOMEM;
	if (p->members.n && json_add(o, "Containers", members_json(p, "Name", "State")) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(o);
	return 0;
}

/* ---- filters ---- */

static const struct pod *as_pod(const void *subject)
{
	return subject;
}

static bool match_id(const void *s, const char *value)
{
	return filter_is_like(as_pod(s)->id, value);
}

static bool match_name(const void *s, const char *value)
{
	return filter_is_like(as_pod(s)->name, value);
}

static bool match_status(const void *s, const char *value)
{
	return strcasecmp(pod_state_word(as_pod(s)), value) == 0;
}

static bool match_label(const void *s, const char *value)
{
	return filter_has_word(json_at(as_pod(s)->spec, "labels"), value);
}

static bool match_no_label(const void *s, const char *value)
{
	return !match_label(s, value);
}

static bool any_member(const struct pod *p, int what, const char *value)
{
	for (size_t i = 0; i < p->members.n; i++) {
		const char *text = member_text(p->members.items[i], what);

		if (what == 2 ? strcmp(text, value) == 0 : filter_is_like(text, value))
			return true;
	}
	return false;
}

static bool match_ids(const void *s, const char *value)
{
	return any_member(as_pod(s), 0, value);
}

static bool match_names(const void *s, const char *value)
{
	return any_member(as_pod(s), 1, value);
}

static bool match_statuses(const void *s, const char *value)
{
	return any_member(as_pod(s), 2, value);
}

static bool match_number(const void *s, const char *value)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", as_pod(s)->members.n);
	return strcmp(number, value) == 0;
}

static bool match_network(const void *s, const char *value)
{
	const struct container *infra = as_pod(s)->infra;

	return infra && (strcmp(json_str(infra->spec, "config.network.mode"), value) == 0 || network_use_is_on(infra, value));
}

static bool match_until(const void *s, const char *value)
{
	return filter_against(json_str(as_pod(s)->spec, "created"), value) < 0;
}

static int is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(*words, value) == 0)
			return 0;
	return -EINVAL;
}

static int check_status(const char *value)
{
	static const char *const words[] = {"created", "running", "paused", "exited", "stopped", "degraded", "errored", NULL};

	return is_one_of(value, words);
}

static int check_member_status(const char *value)
{
	static const char *const words[] = {"created", "running", "paused", "exited", "lost", NULL};

	return is_one_of(value, words);
}

static const struct filter_key keys[] = {
	{"ctr-ids", match_ids, NULL, false},     {"ctr-names", match_names, NULL, false}, {"ctr-number", match_number, NULL, false},
	{"ctr-status", match_statuses, check_member_status, false}, {"id", match_id, NULL, false}, {"label", match_label, NULL, true},
	{"label!", match_no_label, NULL, true},  {"name", match_name, NULL, false},       {"network", match_network, NULL, false}, {"status", match_status, check_status, false},
	{"until", match_until, filter_check_moment, false}, {.key = NULL},
};

int pod_filter_parse(const struct strv *filters, struct strv *ret, struct err *e)
{
	return filter_parse(keys, "pod", filters, ret, e);
}

bool pod_filter_match(const struct strv *items, const struct pod *p)
{
	return filter_match(keys, items, p);
}
