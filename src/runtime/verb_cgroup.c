/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/* The verbs that work through the container's cgroup: pause, resume, update, events. */
#include "base/json.h"
#include "base/parse.h"
#include "oci/device_rules.h"
#include "oci/runtime_config.h"
#include "runtime/cgroup.h"
#include "runtime/create.h"
#include "runtime/scope.h"
#include "runtime/state.h"
#include "runtime/stats.h"
#include "runtime/verb.h"
#include "sys/cgroup.h"
#include "sys/fd.h"
#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FREEZE_TIMEOUT_MS 10000
#define RESOURCES_MAX (1U << 20)

/* A container that lives, and the group of its own. */
struct group_of {
	struct runtime_state state;
	int fd, pidfd;
	enum runtime_status status;
};
#define GROUP_OF_INIT {.state = {.pid = 0}, .fd = -EBADF, .pidfd = -EBADF}

static void group_of_done(struct group_of *g)
{
	runtime_state_done(&g->state);
	fd_closep(&g->fd);
	fd_closep(&g->pidfd);
}

static int find_group(const struct runtime_context *x, const char *id, struct group_of *g, struct err *e)
{
	int r = runtime_state_load(x->rroot, id, &g->state, e);

	if (r == 0)
		r = runtime_state_status(x->rroot, &g->state, &g->status, &g->pidfd, e);
	if (r < 0)
		return r;
	if (g->status == RUNTIME_STOPPED)
		return err_set(e, ESRCH, "container %s is not running", id);
	r = cgroup_own(x->rroot, id, &g->fd);
	if (r == -ENOENT) {
		(void)err_set(e, ENOTSUP, "container %s has no cgroup of its own", id);
		err_hint(e, "it gets one where a cgroup v2 subtree is delegated: see ranby-cgroups(7)");
		return -ENOTSUP;
	}
	return r < 0 ? err_errno(e, -r, "cgroup of container %s", id) : 0;
}

/* ---- pause, resume ---- */

static const struct option_row no_rows[] = {OPTION_END};

static int freeze(const struct verb *v, bool frozen, const struct runtime_context *x, int argc, char **argv, struct err *e)
{
	_cleanup_(group_of_done) struct group_of g = GROUP_OF_INIT;
	int first, r = verb_parse(v, argc, argv, NULL, &first, e);

	if (r == 0)
		r = find_group(x, argv[first], &g, e);
	if (r < 0)
		return r;
	if (frozen != (g.status == RUNTIME_RUNNING || g.status == RUNTIME_CREATED))
		return err_set(e, EINVAL, "container %s is %s", argv[first], runtime_status_name(g.status));
	r = cgroup_freeze(g.fd, frozen, FREEZE_TIMEOUT_MS);
	return r < 0 ? err_errno(e, -r, "%s container %s", v->name, argv[first]) : 0;
}

static int pause_verb(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	(void)ret;
	return freeze(&verb_pause, true, x, argc, argv, e);
}

static int resume(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	(void)ret;
	return freeze(&verb_resume, false, x, argc, argv, e);
}

const struct verb verb_pause = {"pause", "ID", "Stop all processes of a container for a while", no_rows, 1, 1, true, pause_verb};
const struct verb verb_resume = {"resume", "ID", "Let them go on", no_rows, 1, 1, true, resume};

/* ---- update ---- */

struct update_args {
	const char *resources;
	int64_t memory, memory_swap, memory_reservation, cpu_quota, pids;
	uint64_t cpu_period, cpu_shares;
	uint32_t blkio_weight;
	const char *cpus, *mems;
};

#define NOT_GIVEN INT64_MIN
#define AT(field) offsetof(struct update_args, field)
static const struct option_row update_rows[] = {
	{'r', "resources", OPT_STRING, AT(resources), .arg = "FILE", .help = "JSON file with linux.resources, or - for standard input"},
	{0, "memory", OPT_I64, AT(memory), .arg = "BYTES", .min = -1, .max = INT64_MAX, .help = "Limit of memory, -1: none"},
	{0, "memory-swap", OPT_I64, AT(memory_swap), .arg = "BYTES", .min = -1, .max = INT64_MAX, .help = "Limit of memory and swap together, -1: none"},
	{0, "memory-reservation", OPT_I64, AT(memory_reservation), .arg = "BYTES", .min = -1, .max = INT64_MAX, .help = "Memory that is kept for it"},
	{0, "cpu-quota", OPT_I64, AT(cpu_quota), .arg = "MICROSECONDS", .min = -1, .max = INT64_MAX, .help = "Processor time in each period, -1: no limit"},
	{0, "cpu-period", OPT_U64, AT(cpu_period), .arg = "MICROSECONDS", .min = 1000, .max = 1000000, .help = "Length of a period"},
	{0, "cpu-share", OPT_U64, AT(cpu_shares), .arg = "N", .min = 2, .max = 262144, .help = "Share of the processors, 1024 is usual"},
	{0, "cpuset-cpus", OPT_STRING, AT(cpus), .arg = "LIST", .help = "Processors that it may use"},
	{0, "cpuset-mems", OPT_STRING, AT(mems), .arg = "LIST", .help = "Memory nodes that it may use"},
	{0, "pids-limit", OPT_I64, AT(pids), .arg = "N", .min = -1, .max = INT32_MAX, .help = "Limit of tasks, -1: none"},
	{0, "blkio-weight", OPT_U32, AT(blkio_weight), .arg = "N", .min = 10, .max = 1000, .help = "Share of block devices"},
	OPTION_END,
};

/* One option as a number of linux.resources, or as a text. */
struct given {
	const char *part, *key;
	int64_t number; /* NOT_GIVEN: it was not */
	const char *text;
};

static int add_given(struct json_object *all, const struct given *g)
{
	struct json_object *part;

	if (g->number == NOT_GIVEN && !g->text)
		return 0;
	part = json_at(all, g->part);
	if (!part) {
		part = json_object_new_object();
		if (json_add(all, g->part, part) < 0)
			return -ENOMEM;
	}
	return g->text ? json_add_str(part, g->key, g->text) : json_add_int(part, g->key, g->number);
}

static int64_t unless_zero(uint64_t n)
{
	return n ? (int64_t)n : NOT_GIVEN;
}

/* The options as linux.resources has them. */
static int resources_of_options(const struct update_args *a, struct json_object *all)
{
	const struct given given[] = {
		{"memory", "limit", a->memory, NULL},
		{"memory", "swap", a->memory_swap, NULL},
		{"memory", "reservation", a->memory_reservation, NULL},
		{"cpu", "quota", a->cpu_quota, NULL},
		{"cpu", "period", unless_zero(a->cpu_period), NULL},
		{"cpu", "shares", unless_zero(a->cpu_shares), NULL},
		{"cpu", "cpus", NOT_GIVEN, a->cpus},
		{"cpu", "mems", NOT_GIVEN, a->mems},
		{"pids", "limit", a->pids, NULL},
		{"blockIO", "weight", unless_zero(a->blkio_weight), NULL},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(given); i++)
		r = add_given(all, &given[i]);
	return r;
}

static int resources_of_file(const char *path, struct json_object **ret, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int fd = strcmp(path, "-") == 0 ? fcntl(0, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, RESOURCES_MAX, &b);

	fd_closep(&fd);
	if (r < 0)
		return err_errno(e, -r, "resources %s", path);
	r = json_parse(buf_str(&b), b.len, "resources", ret, e);
	if (r == 0 && !json_object_is_type(*ret, json_type_object))
		return err_set(e, EINVAL, "resources: not an object");
	return r;
}

/* memory.checkBeforeUpdate: a limit below what is used, which the kernel would enforce by killing, is refused. */
static int check_before(int fd, struct json_object *all, struct err *e)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	int64_t limit = -1, used = 0;
	bool check = false;
	int r = json_get_bool(all, "memory.checkBeforeUpdate", &check, e);

	if (r == 0 && check)
		r = json_get_i64(all, "memory.limit", INT64_MIN, INT64_MAX, &limit, e);
	if (r < 0 || limit < 0)
		return r;
	r = cgroup_read(fd, "memory.current", &b);
	if (r == 0)
		r = parse_i64(buf_str(&b), 0, INT64_MAX, &used);
	if (r < 0)
		return r == -ENOENT ? 0 : err_errno(e, -r, "memory.current");
	return used > limit ? err_set(e, EBUSY, "memory.limit: %" PRId64 " bytes are in use already, and memory.checkBeforeUpdate is set", used) : 0;
}

/*
 * The rules of its devices are a program that stays with the group. Callers
 * send them along with limits that are to change: the same ones are no change.
 */
static int check_devices(const struct group_of *g, struct json_object *all, struct err *e)
{
	_cleanup_(runtime_config_done) struct runtime_config c = {0};
	struct device_rule now[DEVICE_RULES_MAX] = {0}, then[DEVICE_RULES_MAX] = {0};
	_cleanup_close_ int bundle = -EBADF;
	struct json_object *list = json_at(all, "devices");
	size_t n, k = 0;
	int r = list ? device_rules_read(all, now, &n, e) : 0;

	if (r < 0 || !list || json_object_array_length(list) == 0)
		return r;
	bundle = open(g->state.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = bundle < 0 ? err_errno(e, errno, "bundle %s", g->state.bundle) : runtime_read_config(bundle, &c, e);
	if (r == 0)
		r = device_rules_read(c.resources, then, &k, e);
	if (r < 0)
		return r;
	for (size_t i = 0; n == k && i < n; i++)
		if (now[i].allow != then[i].allow || now[i].type != then[i].type || now[i].major != then[i].major || now[i].minor != then[i].minor ||
		    now[i].access != then[i].access)
			k = SIZE_MAX;
	return n == k ? 0 : err_set(e, ENOTSUP, "resources: devices: other rules than those of config.json: they cannot be changed");
}

/* The files, where a wrong value is an error, then the manager, which is to keep it. */
static int update_scope(const struct runtime_context *x, const char *id, const struct group_of *g, struct json_object *all, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	const struct cgroup its = {.dir = g->fd, .path = g->state.cgroup};
	int r = cgroup_limits_read(all, &l, e);

	if (r == 0)
		r = cgroup_limit(&its, &l, e);
	return r == 0 ? scope_update(x->rroot, id, all, e) : r;
}

static int update(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	struct update_args a = {.memory = NOT_GIVEN, .memory_swap = NOT_GIVEN, .memory_reservation = NOT_GIVEN, .cpu_quota = NOT_GIVEN, .pids = NOT_GIVEN};
	_cleanup_(group_of_done) struct group_of g = GROUP_OF_INIT;
	_cleanup_json_ struct json_object *all = NULL;
	int first, r = verb_parse(&verb_update, argc, argv, &a, &first, e);

	(void)ret;
	if (r < 0)
		return r;
	if (a.resources) {
		r = resources_of_file(a.resources, &all, e);
	} else {
		all = json_object_new_object();
		r = all ? resources_of_options(&a, all) : -ENOMEM;
		if (r < 0)
			return err_errno(e, -r, "resources");
	}
	if (r == 0)
		r = find_group(x, argv[first], &g, e);
	if (r == 0)
		r = check_devices(&g, all, e);
	if (r == 0)
		r = check_before(g.fd, all, e);
	if (r == 0 && scope_is_noted(x->rroot, argv[first]))
		return update_scope(x, argv[first], &g, all, e);
	return r == 0 ? cgroup_update(g.fd, g.state.cgroup, all, e) : r;
}

const struct verb verb_update = {"update", "[OPTIONS] ID", "Change the limits of a container", update_rows, 1, 1, true, update};

/* ---- events ---- */

struct events_args {
	bool stats;
	uint64_t interval_us;
};

static const struct option_row events_rows[] = {
	{0, "stats", OPT_FLAG, offsetof(struct events_args, stats), .help = "Once, and end"},
	{0, "interval", OPT_DURATION, offsetof(struct events_args, interval_us), .arg = "TIME", .help = "Time between two, 5s when not given"},
	OPTION_END,
};

static int add_event(const char *type, const char *id, struct json_object *data, struct buf *out)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	int r = o ? json_add_str(o, "type", type) : -ENOMEM;

	if (r == 0)
		r = json_add_str(o, "id", id);
	if (r == 0)
		r = data ? json_add(o, "data", json_object_get(data)) : 0;
	if (r == 0)
		buf_addf(out, "%s\n", json_text(o, NULL));
	return r;
}

static uint64_t oom_kills(int fd)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT;
	uint64_t n = 0;

	return cgroup_read(fd, "memory.events", &b) == 0 && stats_value(buf_str(&b), "oom_kill", &n) == 0 ? n : 0;
}

static int one_event(const struct group_of *g, const char *id, uint64_t *kills, struct buf *out, struct err *e)
{
	_cleanup_json_ struct json_object *data = NULL;
	uint64_t now = oom_kills(g->fd);
	int r = now > *kills ? add_event("oom", id, NULL, out) : 0;

	*kills = now;
	if (r == 0)
		r = stats_read(g->fd, &data, e);
	if (r == 0)
		r = add_event("stats", id, data, out);
	return r < 0 && e && !e->code ? err_errno(e, -r, "events") : r;
}

static int events(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	struct events_args a = {.interval_us = 5000000};
	_cleanup_(group_of_done) struct group_of g = GROUP_OF_INIT;
	uint64_t kills;
	int first, r = verb_parse(&verb_events, argc, argv, &a, &first, e);

	if (r == 0 && a.interval_us < 1000)
		return err_set(e, EINVAL, "--interval: less than a millisecond");
	if (r == 0)
		r = find_group(x, argv[first], &g, e);
	if (r < 0)
		return r;
	kills = oom_kills(g.fd);
	for (;;) {
		r = one_event(&g, argv[first], &kills, &ret->out, e);
		if (r == 0 && !a.stats)
			r = ret->flush(&ret->out);
		if (r == -EPIPE) /* who reads has enough */
			return 0;
		if (r < 0 || a.stats)
			return r < 0 && e && !e->code ? err_errno(e, -r, "events") : r;
		r = pidfd_wait(g.pidfd, a.interval_us > INT32_MAX * 1000ULL ? INT32_MAX : (int)(a.interval_us / 1000));
		if (r != -ETIMEDOUT) /* its end is the end of its events */
			return r < 0 ? err_errno(e, -r, "events") : 0;
	}
}

const struct verb verb_events = {"events", "[OPTIONS] ID", "Print what a container uses, again and again", events_rows, 1, 1, true, events};

/* ---- what there is not ---- */

static int refuse(const struct runtime_context *x, int argc, char **argv, struct verb_result *ret, struct err *e)
{
	(void)x;
	(void)argc;
	(void)ret;
	return err_set(e, ENOTSUP, "%s: not supported: the state of processes is not saved", argv[0]);
}

const struct verb verb_checkpoint = {"checkpoint", "...", "Refused: not supported", no_rows, 0, -1, false, refuse};
const struct verb verb_restore = {"restore", "...", "Refused: not supported", no_rows, 0, -1, false, refuse};
