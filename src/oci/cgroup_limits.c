/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The ranby authors */
/*
 * The specification's keys are those of version 1, so three of them change
 * their meaning on the way: shares become a weight; swap, which counts memory
 * and swap together, becomes swap alone; quota and period share a file.
 *
 * -1 is "no limit" wherever the specification says so, and "max" in the file:
 * written, for an update may lift what was set before.
 */
#include "oci/cgroup_limits.h"

#include "base/buf.h"
#include "oci/runtime_config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PERIOD_DEFAULT 100000 /* microseconds */
#define SHARES_MIN 2
#define SHARES_MAX 262144

void cgroup_limits_done(struct cgroup_limits *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].file);
		free(l->items[i].value);
	}
	free(l->items);
	*l = (struct cgroup_limits){0};
}

uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	if (shares < SHARES_MIN)
		shares = SHARES_MIN;
	if (shares > SHARES_MAX)
		shares = SHARES_MAX;
	return 1 + ((shares - SHARES_MIN) * 9999) / (SHARES_MAX - SHARES_MIN);
}

uint64_t cgroup_weight_of_blkio(uint64_t weight)
{
	if (weight < 10)
		weight = 10;
	if (weight > 1000)
		weight = 1000;
	return 1 + (weight - 10) * 9999 / 990;
}

/* What is being read. */
struct reading {
	struct cgroup_limits *l;
	const char *from;
	struct err *e;
};

static int add(struct reading *x, const char *file, const char *fmt, ...) _printf_(3, 4) _must_check_;

static int add(struct reading *x, const char *file, const char *fmt, ...)
{
	struct cgroup_limit *limit;
	va_list ap;
	int n;

	if (x->l->n == CGROUP_LIMITS_MAX)
		return err_set(x->e, E2BIG, "linux.resources: more than %d limits", CGROUP_LIMITS_MAX);
	if (!x->l->items)
		x->l->items = mem_array(CGROUP_LIMITS_MAX, sizeof(*limit));
	if (!x->l->items)
		return err_errno(x->e, ENOMEM, "linux.resources");
	limit = &x->l->items[x->l->n];
	va_start(ap, fmt);
	n = vasprintf(&limit->value, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err_errno(x->e, ENOMEM, "linux.resources");
	limit->file = strdup(file);
	limit->from = x->from;
	if (!limit->file) {
		free(limit->value);
		return err_errno(x->e, ENOMEM, "linux.resources");
	}
	x->l->n++;
	return 0;
}

/* A number from a key; NOT_THERE when it is missing or null. */
enum { NOT_THERE = 1 };

static int number(const struct reading *x, struct json_object *o, const char *key, int64_t *ret)
{
	struct json_object *v = json_at(o, key);

	if (!v)
		return NOT_THERE;
	if (!json_object_is_type(v, json_type_int))
		return err_set(x->e, EINVAL, "linux.resources.%s.%s: not a number", x->from, key);
	*ret = json_object_get_int64(v);
	return 0;
}

/* A limit that is a number of its own, -1 for none. */
static int add_number(struct reading *x, struct json_object *o, const char *key, const char *file)
{
	int64_t n;
	int r = number(x, o, key, &n);

	if (r != 0)
		return r < 0 ? r : 0;
	return n < 0 ? add(x, file, "max") : add(x, file, "%" PRId64, n);
}

/* Keys that have no file in version 2: zero and false ask for nothing. */
static int refuse(const struct reading *x, struct json_object *o, const char *const *keys)
{
	for (; *keys; keys++) {
		struct json_object *v = json_at(o, *keys);

		if (v && (json_object_is_type(v, json_type_array) ? json_object_array_length(v) > 0 : json_object_get_boolean(v)))
			return err_set(x->e, ENOTSUP, "linux.resources.%s.%s: cgroup v2 has no such limit", x->from, *keys);
	}
	return 0;
}

static int read_swap(struct reading *x, struct json_object *o)
{
	int64_t swap, limit = 0;
	int r = number(x, o, "swap", &swap);

	if (r != 0 || swap == 0)
		return r < 0 ? r : 0;
	if (swap < 0)
		return add(x, "memory.swap.max", "max");
	r = number(x, o, "limit", &limit);
	if (r < 0)
		return r;
	if (limit <= 0 || swap < limit)
		return err_set(x->e, EINVAL, "linux.resources.memory.swap: counts memory too, so it cannot be less than limit");
	return add(x, "memory.swap.max", "%" PRId64, swap - limit);
}

static int read_memory(struct reading *x, struct json_object *o)
{
	static const char *const none[] = {"kernel", "kernelTCP", "disableOOMKiller", NULL};
	struct json_object *swappiness = json_at(o, "swappiness");
	int r = refuse(x, o, none);

	/* any number asks for something, zero most of all */
	if (r == 0 && swappiness)
		return err_set(x->e, ENOTSUP, "linux.resources.memory.swappiness: cgroup v2 has no such limit");
	if (r == 0)
		r = add_number(x, o, "limit", "memory.max");
	if (r == 0)
		r = read_swap(x, o);
	return r == 0 ? add_number(x, o, "reservation", "memory.low") : r;
}

static int read_bandwidth(struct reading *x, struct json_object *o)
{
	int64_t quota = 0, period = 0;
	int r = number(x, o, "quota", &quota), has_period = number(x, o, "period", &period);

	if (r < 0 || has_period < 0 || (r == NOT_THERE && has_period == NOT_THERE))
		return r < 0 ? r : has_period < 0 ? has_period : 0;
	if (period <= 0)
		period = PERIOD_DEFAULT;
	return quota > 0 ? add(x, "cpu.max", "%" PRId64 " %" PRId64, quota, period) : add(x, "cpu.max", "max %" PRId64, period);
}

/* A list of processors or memory nodes. */
static int read_set(struct reading *x, struct json_object *o, const char *key, const char *file)
{
	const char *text = NULL;
	int r = json_get_str(o, key, &text, x->e);

	if (r < 0 || !text || !*text)
		return r;
	if (strspn(text, "0123456789,-") != strlen(text))
		return err_set(x->e, EINVAL, "linux.resources.cpu.%s: not a list like 0-3,5", key);
	return add(x, file, "%s", text);
}

static int read_cpu(struct reading *x, struct json_object *o)
{
	static const char *const none[] = {"realtimeRuntime", "realtimePeriod", NULL};
	int64_t shares = 0;
	int r = refuse(x, o, none);

	if (r == 0)
		r = number(x, o, "shares", &shares);
	if (r == 0 && shares > 0)
		r = add(x, "cpu.weight", "%" PRIu64, cgroup_weight_of_shares((uint64_t)shares));
	if (r >= 0)
		r = read_bandwidth(x, o);
	if (r == 0)
		r = add_number(x, o, "burst", "cpu.max.burst");
	if (r == 0)
		r = add_number(x, o, "idle", "cpu.idle");
	if (r == 0)
		r = read_set(x, o, "cpus", "cpuset.cpus");
	return r == 0 ? read_set(x, o, "mems", "cpuset.mems") : r;
}

static int read_pids(struct reading *x, struct json_object *o)
{
	int64_t n = 0;
	int r = number(x, o, "limit", &n);

	if (r != 0)
		return r < 0 ? r : 0;
	return n > 0 ? add(x, "pids.max", "%" PRId64, n) : add(x, "pids.max", "max");
}

static int read_throttle(struct reading *x, struct json_object *o, const char *key, const char *word)
{
	struct json_object *list = json_at(o, key);
	int64_t major, minor, rate;
	int r = 0;

	if (list && !json_object_is_type(list, json_type_array))
		return err_set(x->e, EINVAL, "linux.resources.blockIO.%s: not a list", key);
	for (size_t i = 0; r == 0 && list && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (number(x, item, "major", &major) != 0 || number(x, item, "minor", &minor) != 0 ||
		    number(x, item, "rate", &rate) != 0 || major < 0 || minor < 0 || rate < 0)
			return err_set(x->e, EINVAL, "linux.resources.blockIO.%s: wants major, minor and rate", key);
		r = add(x, "io.max", "%" PRId64 ":%" PRId64 " %s=%" PRId64, major, minor, word, rate);
	}
	return r;
}

static int read_weights(struct reading *x, struct json_object *list)
{
	static const char *const none[] = {"leafWeight", NULL};
	int64_t major, minor, weight;
	int r = 0;

	if (list && !json_object_is_type(list, json_type_array))
		return err_set(x->e, EINVAL, "linux.resources.blockIO.weightDevice: not a list");
	for (size_t i = 0; r == 0 && list && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (number(x, item, "major", &major) != 0 || number(x, item, "minor", &minor) != 0 || number(x, item, "weight", &weight) != 0 ||
		    major < 0 || minor < 0 || weight <= 0)
			return err_set(x->e, EINVAL, "linux.resources.blockIO.weightDevice: wants major, minor and weight");
		r = refuse(x, item, none);
		if (r == 0)
			r = add(x, "io.weight", "%" PRId64 ":%" PRId64 " %" PRIu64, major, minor, cgroup_weight_of_blkio((uint64_t)weight));
	}
	return r;
}

static int read_block(struct reading *x, struct json_object *o)
{
	static const char *const none[] = {"leafWeight", NULL};
	static const char *const throttles[][2] = {
		{"throttleReadBpsDevice", "rbps"}, {"throttleWriteBpsDevice", "wbps"},
		{"throttleReadIOPSDevice", "riops"}, {"throttleWriteIOPSDevice", "wiops"},
	};
	int64_t weight = 0;
	int r = refuse(x, o, none);

	if (r == 0)
		r = number(x, o, "weight", &weight);
	if (r == 0 && weight > 0)
		r = add(x, "io.weight", "default %" PRIu64, cgroup_weight_of_blkio((uint64_t)weight));
	if (r >= 0)
		r = read_weights(x, json_at(o, "weightDevice"));
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(throttles); i++)
		r = read_throttle(x, o, throttles[i][0], throttles[i][1]);
	return r < 0 ? r : 0;
}

/* Files by their own names. Not those by which groups are built ("cgroup.procs"). */
static int read_unified(struct reading *x, struct json_object *o)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	int r = 0;

	json_object_object_foreach(o, file, value)
	{
		if (r < 0)
			break;
		if (!strchr(file, '.') || file[0] == '.' || strspn(file, letters) != strlen(file) || strncmp(file, "cgroup.", 7) == 0)
			return err_set(x->e, EINVAL, "linux.resources.unified: \"%.64s\" is not a file for a limit", file);
		if (!json_object_is_type(value, json_type_string))
			return err_set(x->e, EINVAL, "linux.resources.unified.%s: not a string", file);
		r = add(x, file, "%s", json_object_get_string(value));
	}
	return r;
}

static int read_huge(struct reading *x, struct json_object *list)
{
	static const char letters[] = "0123456789KMGTB";
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *size = json_str(item, "pageSize");
		char file[64];
		int64_t limit;

		if (number(x, item, "limit", &limit) != 0 || !*size || strlen(size) > 16 || strspn(size, letters) != strlen(size))
			return err_set(x->e, EINVAL, "linux.resources.hugepageLimits: wants pageSize and limit");
		snprintf(file, sizeof(file), "hugetlb.%.16s.max", size);
		r = limit < 0 ? add(x, file, "max") : add(x, file, "%" PRId64, limit);
	}
	return r;
}

/* "DEVICE hca_handle=N hca_object=N"; what is not named stays as it is. */
static int read_rdma(struct reading *x, struct json_object *o)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	static const char *const keys[][2] = {{"hcaHandles", "hca_handle"}, {"hcaObjects", "hca_object"}};
	int r = 0;

	json_object_object_foreach(o, device, limits)
	{
		_cleanup_(buf_done) struct buf b = BUF_INIT;
		int64_t n;

		if (r < 0)
			break;
		if (!*device || strspn(device, letters) != strlen(device) || !json_object_is_type(limits, json_type_object))
			return err_set(x->e, EINVAL, "linux.resources.rdma.%.64s: not the limits of a device", device);
		for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(keys); i++) {
			r = number(x, limits, keys[i][0], &n);
			if (r == 0 && (n < 0 || n > UINT32_MAX))
				return err_set(x->e, EINVAL, "linux.resources.rdma.%.64s.%s: not a number of them", device, keys[i][0]);
			if (r == 0)
				buf_addf(&b, " %s=%" PRId64, keys[i][1], n);
		}
		if (r >= 0 && buf_bad(&b))
			return err_errno(x->e, ENOMEM, "linux.resources.rdma");
		r = r >= 0 && b.len > 0 ? add(x, "rdma.max", "%s%s", device, buf_str(&b)) : r < 0 ? r : 0;
	}
	return r < 0 ? r : 0;
}

static const struct {
	const char *key;
	json_type type;
	int (*read)(struct reading *x, struct json_object *o); /* NULL: version 2 has nothing like it */
} readers[] = {
	{"memory", json_type_object, read_memory},  {"cpu", json_type_object, read_cpu},
	{"pids", json_type_object, read_pids},      {"blockIO", json_type_object, read_block},
	{"hugepageLimits", json_type_array, read_huge}, {"unified", json_type_object, read_unified},
	{"network", json_type_object, NULL},        {"rdma", json_type_object, read_rdma},
};

int cgroup_limits_read(struct json_object *resources, struct cgroup_limits *ret, struct err *e)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits l = {0};
	struct reading x = {.l = &l, .e = e};
	int r = 0;

	for (size_t i = 0; r == 0 && resources && i < ARRAY_SIZE(readers); i++) {
		struct json_object *o = json_at(resources, readers[i].key);

		x.from = readers[i].key;
		if (!o || !config_is_filled(o))
			continue;
		if (!json_object_is_type(o, readers[i].type))
			return err_set(e, EINVAL, "linux.resources.%s: of the wrong type", x.from);
		r = readers[i].read ? readers[i].read(&x, o)
				    : err_set(e, ENOTSUP, "linux.resources.%s: cgroup v2 has no such limit", x.from);
	}
	if (r < 0)
		return r;
	*ret = l;
	l = (struct cgroup_limits){0};
	return 0;
}
